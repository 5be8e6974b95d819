/* The text formats against files that other implementations made: too large for this repository, they
 * stand where the environment's CATHAYA_SHARED_VECTORS says. */
#include "unit/codec/codec_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "codec/landmarks/landmarks.h"
#include "codec/mtc/ca_certificate.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/note/checkpoint.h"
#include "codec/note/timestamped_signature.h"
#include "codec/note/note_key.h"
#include "codec/pem/pem.h"
#include "codec/properties/properties.h"
#include "codec/tiles/entry_bundle.h"

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define PATH_SIZE 512

#define SKIPPED 77 /* CTest's SKIP_RETURN_CODE */

static const char *root;

static bool find_vectors(void)
{
    root = getenv("CATHAYA_SHARED_VECTORS");
    if (root == NULL || root[0] == '\0')
        root = CATHAYA_SHARED_VECTORS_DEFAULT;
    struct stat info;
    return stat(root, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The file below the vectors, to be cleared; false when there is none. */
static bool read_if_there(const char *name, struct builder *out)
{
    char path[PATH_SIZE];
    assert_true(snprintf(path, sizeof path, "%s/%s", root, name) < (int)sizeof path);
    builder_init(out, FILE_MAX);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    char block[4096];
    size_t len;
    while ((len = fread(block, 1, sizeof block, file)) > 0)
        builder_bytes(out, bytes_of(block, len));
    assert_int_equal(fclose(file), 0);
    assert_true(builder_is_good(out));
    return true;
}

static void read_vector(const char *name, struct builder *out)
{
    if (!read_if_there(name, out))
        fail_msg("%s is missing", name);
}

/* ---- checkpoints ---- */

static void assert_same_note(struct bytes input, const struct note *note)
{
    struct builder again, payload;
    builder_init(&again, NOTE_SIZE_MAX);
    builder_init(&payload, NOTE_SIZE_MAX);
    assert_int_equal(note_write_text(note->text, &again, NULL), STATUS_OK);
    for (size_t i = 0; i < note->signature_count; i++) {
        builder_reset(&payload);
        assert_int_equal(note_signature_payload(&note->signatures[i], &payload, NULL), STATUS_OK);
        assert_int_equal(note_write_signature(note->signatures[i].name, note->signatures[i].key_id,
                                              builder_view(&payload), &again, NULL), STATUS_OK);
    }
    assert_bytes(builder_view(&again), input);
    builder_clear(&again);
    builder_clear(&payload);
}

static void assert_same_checkpoint(const struct note *note, struct checkpoint *checkpoint)
{
    struct builder again;
    builder_init(&again, NOTE_SIZE_MAX);
    assert_int_equal(checkpoint_parse(note->text, checkpoint, NULL), STATUS_OK);
    assert_int_equal(checkpoint_write(checkpoint, &again, NULL), STATUS_OK);
    assert_bytes(builder_view(&again), note->text);
    builder_clear(&again);
}

/* The key of the CA cosigner, out of the CA certificate. */
static struct public_key *ca_key(const struct algorithms *algorithms, const char *path,
                                 struct tai *id)
{
    struct builder text, der;
    read_vector(path, &text);
    builder_init(&der, PEM_DER_MAX);
    struct pem_reader r;
    struct pem_block block;
    pem_reader_init(&r, builder_view(&text), PEM_STRICT);
    assert_int_equal(pem_next(&r, &block, &der, NULL), STATUS_OK);
    struct ca_certificate ca;
    assert_int_equal(ca_certificate_parse(builder_view(&der), &ca, NULL), STATUS_OK);
    *id = ca.id;
    const struct signature_alg *alg = algorithms_by_identifier(algorithms, ca.sig_alg);
    assert_non_null(alg);
    struct public_key *key = NULL;
    assert_int_equal(public_key_new(alg, ca.spki, &key, NULL), STATUS_OK);
    builder_clear(&text);
    builder_clear(&der);
    return key;
}

static void assert_ca_signed(const struct note *note, const struct checkpoint *checkpoint,
                             const struct public_key *key, const struct tai *ca)
{
    char name[TAI_NAME_SIZE];
    tai_name(ca, name);
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    assert_int_equal(note_key_id(bytes_of_text(name), key, key_id, NULL), STATUS_OK);
    size_t at = 0;
    const struct note_signature *line = note_find(note, bytes_of_text(name), key_id, &at);
    assert_non_null(line);
    struct builder payload, message;
    builder_init(&payload, NOTE_SIZE_MAX);
    builder_init(&message, COSIGNED_MESSAGE_MAX);
    assert_int_equal(note_signature_payload(line, &payload, NULL), STATUS_OK);
    struct timestamped_signature cosignature;
    assert_int_equal(timestamped_signature_parse(builder_view(&payload), &cosignature, NULL), STATUS_OK);
    struct cosigned_message m = {.cosigner_name = bytes_of_text(name),
                                 .log_origin = checkpoint->origin,
                                 .timestamp = cosignature.timestamp_s,
                                 .subtree = {0, checkpoint->size}};
    memcpy(m.hash, checkpoint->root, HASH_SIZE);
    assert_int_equal(cosigned_message_write(&m, &message, NULL), STATUS_OK);
    struct error err = {.text = ""};
    if (public_key_verify(key, builder_view(&message), cosignature.signature, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    message.data[message.len - 1] ^= 1;
    assert_int_equal(public_key_verify(key, builder_view(&message), cosignature.signature, NULL),
                     STATUS_REFUSED);
    builder_clear(&payload);
    builder_clear(&message);
}

static void check_checkpoint(const char *directory, uint64_t size, size_t signature_count)
{
    char path[PATH_SIZE];
    struct builder input;
    struct note note;
    struct checkpoint checkpoint;
    assert_true(snprintf(path, sizeof path, "%s/checkpoint", directory) > 0);
    read_vector(path, &input);
    assert_int_equal(note_parse(builder_view(&input), &note, NULL), STATUS_OK);
    assert_int_equal(note.signature_count, signature_count);
    assert_same_note(builder_view(&input), &note);
    assert_same_checkpoint(&note, &checkpoint);
    assert_int_equal(checkpoint.size, size);

    struct algorithms *algorithms = NULL;
    struct tai ca, log_id, parent;
    uint16_t log_number;
    assert_int_equal(algorithms_new(&algorithms, NULL), STATUS_OK);
    assert_true(snprintf(path, sizeof path, "%s/ca_cert.pem", directory) > 0);
    struct public_key *key = ca_key(algorithms, path, &ca);
    assert_int_equal(tai_parse_name(checkpoint.origin, &log_id, NULL), STATUS_OK);
    assert_true(tai_split_log_id(&log_id, &parent, &log_number));
    assert_true(tai_equal(&parent, &ca));
    assert_int_equal(log_number, 1);
    assert_ca_signed(&note, &checkpoint, key, &ca);
    public_key_free(key);
    algorithms_free(algorithms);
    builder_clear(&input);
}

static void checkpoints(void **state)
{
    (void)state;
    check_checkpoint("plants-demo/plants-06", 2036, 4);
    check_checkpoint("plants-demo/plants-07", 2036, 4);
    check_checkpoint("cactus-live", 18, 1);
}

/* Their ML-DSA-44 line has no timestamp; the format of notes is the same. */
static void older_checkpoints(void **state)
{
    (void)state;
    static const char *const names[] = {"plants-demo/plants-04/checkpoint",
                                        "plants-demo/plants-05/checkpoint"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct builder input;
        struct note note;
        struct checkpoint checkpoint;
        read_vector(names[i], &input);
        assert_int_equal(note_parse(builder_view(&input), &note, NULL), STATUS_OK);
        assert_same_note(builder_view(&input), &note);
        assert_same_checkpoint(&note, &checkpoint);
        builder_clear(&input);
    }
}

/* ---- landmarks ---- */

static void check_landmarks(const char *name, int64_t now_s, uint64_t latest, size_t active_count)
{
    static struct landmarks list;
    struct builder input, again;
    read_vector(name, &input);
    builder_init(&again, LANDMARKS_SIZE_MAX);
    assert_int_equal(landmarks_parse(builder_view(&input), now_s, &list, NULL), STATUS_OK);
    assert_int_equal(list.latest, latest);
    assert_int_equal(landmarks_active_count(&list, now_s), active_count);
    assert_int_equal(landmarks_write(&list, &again, NULL), STATUS_OK);
    assert_bytes(builder_view(&again), builder_view(&input));
    builder_clear(&input);
    builder_clear(&again);
}

static void landmark_lists(void **state)
{
    (void)state;
    check_landmarks("plants-demo/plants-06/landmarks", 1793000000, 2, 2);
    check_landmarks("plants-demo/plants-07/landmarks", 1793000000, 2, 2);
    check_landmarks("cactus-live/landmarks", 1793000000, 7, 7);
}

/* ---- PEM files and properties ---- */

/* Reads all blocks; the properties, when there are some, come first and are written again. */
static bool check_pem(const char *name, struct properties *list)
{
    static struct error err;
    struct builder text, der, again;
    if (!read_if_there(name, &text))
        return false;
    builder_init(&der, PEM_DER_MAX);
    builder_init(&again, FILE_MAX);
    struct pem_reader r;
    struct pem_block block;
    enum status status;
    pem_reader_init(&r, builder_view(&text), PEM_STRICT);
    while ((status = pem_next(&r, &block, &der, &err)) == STATUS_OK) {
        bool is_list = bytes_is_text(block.label, PROPERTIES_PEM_LABEL);
        if (is_list)
            assert_int_equal(properties_parse(builder_view(&der), PROPERTIES_WITH_PATTERNS, list,
                                              &err), STATUS_OK);
        builder_reset(&again);
        assert_int_equal(pem_write(is_list ? PROPERTIES_PEM_LABEL : PEM_CERTIFICATE,
                                   builder_view(&der), &again, NULL), STATUS_OK);
        assert_bytes(builder_view(&again), block.source);
        builder_reset(&der);
    }
    if (status != STATUS_NOT_FOUND)
        fail_msg("%s: %s", name, err.text);
    assert_true(r.block_count >= 1);
    builder_clear(&text);
    builder_clear(&der);
    builder_clear(&again);
    return true;
}

static void assert_same_list(const struct properties *got, const struct properties *want)
{
    struct builder a, b;
    builder_init(&a, PROPERTIES_SIZE_MAX);
    builder_init(&b, PROPERTIES_SIZE_MAX);
    assert_int_equal(properties_write(got, PROPERTIES_WITH_PATTERNS, &a, NULL), STATUS_OK);
    assert_int_equal(properties_write(want, PROPERTIES_WITH_PATTERNS, &b, NULL), STATUS_OK);
    assert_bytes(builder_view(&a), builder_view(&b));
    builder_clear(&a);
    builder_clear(&b);
}

/* What the files say, and what we would have written for the same certificate. */
static void properties_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t landmark; /* 0: standalone */
    } files[] = {
        {"plants-demo/upstream-plants-07/cert_2121_landmark.pem", 3},
        {"plants-demo/upstream-plants-07/cert_33_1.pem", 1},
        {"plants-demo/plants-07/cert_10_0.pem", 0},
        {"plants-demo/plants-07/cert_10_1.pem", 0},
        {"plants-demo/plants-07/cert_10_2.pem", 1},
        {"plants-demo/plants-07/cert_2034_0.pem", 0},
        {"plants-demo/plants-07/cert_2034_1.pem", 2},
        {"plants-demo/plants-06/cert_33_0.pem", 0},
        {"plants-demo/plants-06/cert_33_1.pem", 1},
    };
    static struct properties got, want;
    struct tai ca;
    assert_int_equal(tai_parse_text(bytes_of_text("32473.1"), &ca, NULL), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        got = want = (struct properties){.group_count = 0};
        assert_true(check_pem(files[i].name, &got));
        if (files[i].landmark == 0)
            assert_int_equal(properties_standalone(&ca, &want, NULL), STATUS_OK);
        else
            assert_int_equal(properties_landmark(&ca, 1, files[i].landmark, &want, NULL),
                             STATUS_OK);
        assert_same_list(&got, &want);
    }
}

static void live_certificates(void **state)
{
    (void)state;
    static struct properties list;
    for (unsigned i = 0; i < 12; i++) {
        char name[PATH_SIZE], id[TAI_TEXT_SIZE];
        assert_true(snprintf(name, sizeof name, "cactus-live/standalone_%u.pem", i) > 0);
        assert_true(check_pem(name, &list));
        tai_text(&list.trust_anchor_id, id);
        assert_string_equal(id, "44363.47.1.99");
        assert_true(snprintf(name, sizeof name, "cactus-live/landmark_relative_%u.pem", i) > 0);
        assert_true(check_pem(name, &list));
        tai_text(&list.trust_anchor_id, id);
        assert_memory_equal(id, "44363.47.1.99.1.1.", 18);
    }
    assert_true(check_pem("cactus-live/ca_cert.pem", &list));
    assert_true(check_pem("boringssl/crypto/x509/test/mtc/ca_cert.pem", &list));
}

/* ---- entry bundles ---- */

static void check_bundle(const char *name, unsigned count)
{
    struct builder input, again;
    read_vector(name, &input);
    builder_init(&again, ENTRY_BUNDLE_SIZE_MAX);
    struct entry_bundle bundle;
    assert_int_equal(entry_bundle_parse(builder_view(&input), count, &bundle, NULL), STATUS_OK);
    for (unsigned i = 0; i < bundle.count; i++)
        entry_bundle_append(&again, bundle.entries[i]);
    assert_bytes(builder_view(&again), builder_view(&input));
    assert_int_equal(entry_bundle_parse(builder_view(&input), count - 1, &bundle, NULL),
                     STATUS_MALFORMED);
    builder_clear(&input);
    builder_clear(&again);
}

static void bundles(void **state)
{
    (void)state;
    check_bundle("plants-demo/plants-07/tile/entries/000", 256);
    check_bundle("plants-demo/plants-07/tile/entries/007.p/244", 244);
    check_bundle("cactus-live/tile/entries/000.p/18", 18);
}

int main(void)
{
    if (!find_vectors()) {
        const char *ci = getenv("CI");
        bool is_ci = ci != NULL && strcmp(ci, "true") == 0;
        print_message("%s: no vectors in %s (CATHAYA_SHARED_VECTORS names the directory)\n",
                      is_ci ? "failed" : "skipped", root);
        return is_ci ? EXIT_FAILURE : SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoints),       cmocka_unit_test(older_checkpoints),
        cmocka_unit_test(landmark_lists),    cmocka_unit_test(properties_of_others),
        cmocka_unit_test(live_certificates), cmocka_unit_test(bundles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
