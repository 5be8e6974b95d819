/* The 322 proofs of transparency-dev/merkle (testdata/subtreeinclusion, subtreeconsistency), with
 * SHA-256: good ones, and each of them spoiled in many ways. They are not part of this repository:
 * without them the test is skipped, and in CI it fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/builder.h"
#include "base/text.h"
#include "merkle/proof.h"

#define CASE_COUNT 322
#define SKIPPED 77 /* CTest's SKIP_RETURN_CODE */
#define FILE_SIZE_MAX 65536
#define PATH_SIZE 4096

static char vectors[PATH_SIZE];

/* Whole numbers become strings: the files use all 64 bits, and jansson's integers have a sign. */
static void quote_numbers(struct bytes in, struct builder *out)
{
    bool is_in_string = false, is_in_number = false;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.data[i];
        /* The files have no escapes; a backslash would end up as a parse error. */
        is_in_string ^= c == '"';
        bool is_digit = !is_in_string && c >= '0' && c <= '9';
        if (is_digit != is_in_number)
            builder_u8(out, '"');
        is_in_number = is_digit;
        builder_u8(out, c);
    }
}

static json_t *read_case(const char *path)
{
    static uint8_t text[FILE_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    assert_true(feof(file) && !ferror(file));
    fclose(file);
    assert_null(memchr(text, '\\', len));

    struct builder quoted;
    builder_init(&quoted, 2 * FILE_SIZE_MAX);
    quote_numbers(bytes_of(text, len), &quoted);
    json_error_t error;
    json_t *value =
        json_loadb((const char *)quoted.data, quoted.len, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        fail_msg("%s: line %d: %s", path, error.line, error.text);
    builder_clear(&quoted);
    return value;
}

static uint64_t number_of(json_t *object, const char *name)
{
    uint64_t value = 0;
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    assert_true(text_parse_u64(bytes_of_text(text), UINT64_MAX, &value));
    return value;
}

static void append_base64(json_t *string, struct builder *out)
{
    const char *text = json_string_value(string);
    assert_non_null(text);
    assert_true(text_parse_base64(bytes_of_text(text), out));
}

/* Where the files say "some other hash" they have a word of 9 or 12 bytes. It stands for itself,
 * filled up with zeros, so that it is our code that judges it. */
static void append_hash(json_t *string, struct builder *out)
{
    static const uint8_t zeros[HASH_SIZE];
    size_t before = out->len;
    append_base64(string, out);
    assert_true(out->len - before <= HASH_SIZE);
    builder_bytes(out, bytes_of(zeros, HASH_SIZE - (out->len - before)));
}

/* False for the empty string: no hash at all, which a caller of ours cannot even say. */
static bool hash_of(json_t *object, const char *name, uint8_t hash[HASH_SIZE])
{
    struct builder b;
    json_t *string = json_object_get(object, name);
    builder_init_fixed(&b, hash, HASH_SIZE);
    append_hash(string, &b);
    assert_true(builder_is_good(&b));
    return json_string_length(string) != 0;
}

static void proof_of(json_t *object, struct builder *out)
{
    json_t *proof = json_object_get(object, "proof"), *item;
    assert_true(json_is_array(proof) || json_is_null(proof));
    size_t i;
    json_array_foreach(proof, i, item) append_hash(item, out);
    assert_true(builder_is_good(out));
}

struct totals {
    unsigned inclusions, consistencies, good, bad, incomplete;
};

static struct totals totals;

static enum status check_inclusion(struct hasher *h, json_t *object, struct bytes proof)
{
    struct subtree s = {number_of(object, "start"), number_of(object, "end")};
    uint8_t leaf[HASH_SIZE], root[HASH_SIZE], computed[HASH_SIZE];
    if (!hash_of(object, "leafHash", leaf) || !hash_of(object, "root", root)) {
        totals.incomplete++;
        return STATUS_MALFORMED;
    }
    enum status status =
        proof_evaluate_inclusion(h, s, number_of(object, "leafIdx"), leaf, proof, computed, NULL);
    if (status == STATUS_OK && memcmp(computed, root, HASH_SIZE) != 0)
        status = STATUS_REFUSED;
    return status;
}

static enum status check_consistency(struct hasher *h, json_t *object, struct bytes proof)
{
    struct subtree s = {number_of(object, "start"), number_of(object, "end")};
    uint8_t subtree_hash[HASH_SIZE], root[HASH_SIZE];
    assert_true(hash_of(object, "root1", subtree_hash) && hash_of(object, "root2", root));
    return proof_check_consistency(h, s, number_of(object, "size"), subtree_hash, root, proof,
                                   NULL);
}

static enum status check_case(json_t *object)
{
    struct hasher h;
    struct builder proof;
    assert_int_equal(hasher_init(&h, &hash_sha256, NULL), STATUS_OK);
    builder_init(&proof, 65536);
    bool is_inclusion = json_object_get(object, "leafIdx") != NULL;
    proof_of(object, &proof);
    enum status status = is_inclusion ? check_inclusion(&h, object, builder_view(&proof))
                                      : check_consistency(&h, object, builder_view(&proof));
    is_inclusion ? totals.inclusions++ : totals.consistencies++;
    builder_clear(&proof);
    hasher_clear(&h);
    return status;
}

static int visit(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)where;
    size_t len = strlen(path);
    if (type != FTW_F || len < 5 || strcmp(path + len - 5, ".json") != 0)
        return 0;
    json_t *object = read_case(path);
    json_t *want_error = json_object_get(object, "wantErr");
    assert_true(json_is_boolean(want_error));
    enum status status = check_case(object);
    if ((status != STATUS_OK) != json_is_true(want_error))
        fail_msg("%s: got %s, wantErr is %s", path, status_name(status),
                 json_is_true(want_error) ? "true" : "false");
    status == STATUS_OK ? totals.good++ : totals.bad++;
    json_decref(object);
    return 0;
}

static void all_cases(void **state)
{
    (void)state;
    totals = (struct totals){0};
    assert_int_equal(nftw(vectors, visit, 8, FTW_PHYS), 0);
    print_message(
        "%u inclusion and %u consistency proofs: %u taken, %u refused, %u of them for want "
        "of a hash\n",
        totals.inclusions, totals.consistencies, totals.good, totals.bad, totals.incomplete);
    assert_int_equal(totals.good + totals.bad, CASE_COUNT);
    assert_true(totals.inclusions > 100 && totals.consistencies > 100 && totals.good > 10);
    assert_true(totals.incomplete < 30);
}

static bool find_vectors(void)
{
    const char *shared = getenv("CATHAYA_SHARED_VECTORS");
    if (shared == NULL || shared[0] == '\0')
        shared = CATHAYA_SHARED_VECTORS_DEFAULT;
    struct stat info;
    int len = snprintf(vectors, sizeof vectors, "%s/merkle-proofs/testdata", shared);
    return len > 0 && (size_t)len < sizeof vectors && stat(vectors, &info) == 0 &&
           S_ISDIR(info.st_mode);
}

int main(void)
{
    if (!find_vectors()) {
        const char *ci = getenv("CI");
        bool is_ci = ci != NULL && strcmp(ci, "true") == 0;
        print_message("%s: no vectors in %s (CATHAYA_SHARED_VECTORS names the directory above)\n",
                      is_ci ? "failed" : "skipped", vectors);
        return is_ci ? EXIT_FAILURE : SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
