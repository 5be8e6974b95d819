/* The log entries that the draft's own demonstration made of one TBSCertificate, of -05, -06 and -07.
 * They are not part of this repository: without them the test is skipped, and in CI it fails. */
#include "unit/codec/der_parts.h"

#include <stdio.h>

#include "codec/mtc/tbs_entry.h"
#include "merkle/node.h"

#define SKIPPED 77 /* CTest's SKIP_RETURN_CODE */
#define LINE_SIZE 4096

static struct error err;
static FILE *file;

/* A certificate round the TBSCertificate, so that it can be parsed: its algorithm and no signature. */
static struct bytes certificate_of(struct bytes tbs, bool is_07)
{
    struct builder b;
    builder_init(&b, PARTS_SIZE_MAX);
    builder_bytes(&b, tbs);
    parts_hex(&b, is_07 ? "300a06082b06010505070643" : "300c060a2b0601040182da4b2f00");
    parts_hex(&b, "030100");
    parts_wrap(&b, 0, 0x30);
    struct bytes out = heap_copy(builder_view(&b));
    builder_clear(&b);
    return out;
}

static void check_row(bool is_07, const char *tbs_hex, const char *entry_hex)
{
    struct bytes tbs = heap_hex(tbs_hex), want = heap_hex(entry_hex);
    struct bytes der = certificate_of(tbs, is_07);
    struct certificate cert;
    struct log_entry entry;
    struct tbs_entry e;
    struct hasher h;
    uint8_t fast[HASH_SIZE], slow[HASH_SIZE];
    OK(certificate_parse(der, &cert, &err));
    OK(log_entry_parse(want, &entry, &err));
    assert_int_equal(entry.type, LOG_ENTRY_TBS_CERT);
    OK(tbs_entry_parse(entry.data, &e, &err));
    assert_bytes(e.issuer, cert.issuer);
    assert_int_equal(e.not_before_s, 1577836800);
    assert_int_equal(e.not_after_s, 1609459199);
    OK(hasher_init(&h, &hash_sha256, &err));
    hasher_one(&h, cert.spki, slow);
    assert_bytes(e.spki_hash, BYTES_OF(slow));
    node_leaf_hash(&h, want, slow);
    tbs_entry_leaf_hash(&h, &cert, entry.extensions, fast);
    assert_memory_equal(fast, slow, HASH_SIZE);
    hasher_clear(&h);

    struct builder b;
    builder_init(&b, PARTS_SIZE_MAX);
    log_entry_write_start(&b, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&e, &b);
    assert_bytes(builder_view(&b), want);
    builder_clear(&b);
    heap_free(tbs);
    heap_free(want);
    heap_free(der);
}

static void rows(void **state)
{
    (void)state;
    static const char *const versions[] = {"plants-05", "plants-06", "plants-07"};
    size_t seen = 0;
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, file) != NULL) {
        char *tbs = strchr(line, '\t');
        char *entry = tbs != NULL ? strchr(tbs + 1, '\t') : NULL;
        line[strcspn(line, "\n")] = '\0';
        if (entry == NULL)
            continue;
        *tbs++ = *entry++ = '\0';
        for (size_t i = 0; i < LENGTH(versions); i++)
            if (strcmp(line, versions[i]) == 0) {
                check_row(i == 2, tbs, entry);
                seen++;
            }
    }
    assert_int_equal(seen, LENGTH(versions));
}

int main(void)
{
    const char *shared = getenv("CATHAYA_SHARED_VECTORS"), *ci = getenv("CI");
    char path[LINE_SIZE];
    (void)snprintf(path, sizeof path, "%s/plants-demo/vectors/entry_vectors.tsv",
                   shared != NULL && shared[0] != '\0' ? shared : CATHAYA_SHARED_VECTORS_DEFAULT);
    file = fopen(path, "r");
    if (file == NULL) {
        bool is_ci = ci != NULL && strcmp(ci, "true") == 0;
        fprintf(stderr, "%s: no %s; set CATHAYA_SHARED_VECTORS to where the vectors are\n",
                is_ci ? "failed" : "skipped", path);
        return is_ci ? 1 : SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    fclose(file);
    return result;
}
