#include "unit/codec/codec_checks.h"

#include "codec/note/note_key.h"
#include "crypto/hash.h"

#define ED25519_SPKI "302a300506032b6570032100"
/* The key of the example in C2SP signed-note. */
#define ED25519_KEY "e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4"

/* A P-256 cosigner key, and its verifier key computed independently (Python's hashlib). */
#define P256_NAME "oid/1.3.6.1.4.1.32473.2.1"
#define P256_SPKI                                                                                  \
    "3059301306072a8648ce3d020106082a8648ce3d030107034200047a9ca793bbe3363b12fb1c28c7fe2d3e967231" \
    "ece1346f70e75d656e7bee530550eaf1a1ba2aa16afb1a6b579965e90b4f25bf934c1a7e2afd484690f1329c6d"
#define P256_VKEY                                                                                  \
    P256_NAME "+df4f65ad+/210Yy1jb3NpZ25hdHVyZS92MS8xLjIuODQwLjEwMDQ1LjQuMy4yCjBZMBMGByqGSM49AgEG" \
              "CCqGSM49AwEHA0IABHqcp5O74zY7EvscKMf+LT6WcjHs4TRvcOddZW577lMFUOrxoboqoWr7GmtXmWXp" \
              "C08lv5NMGn4q/UhGkPEynG0="

static struct algorithms *algorithms;

static int make_algorithms(void **state)
{
    (void)state;
    return algorithms_new(&algorithms, NULL) == STATUS_OK ? 0 : -1;
}

static int free_algorithms(void **state)
{
    (void)state;
    algorithms_free(algorithms);
    return 0;
}

static const struct signature_alg *algorithm(const char *name)
{
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(name));
    assert_non_null(alg);
    return alg;
}

static struct public_key *key_of(const char *alg, const char *spki_hex)
{
    struct hex spki = unhex(spki_hex);
    struct public_key *key = NULL;
    assert_int_equal(public_key_new(algorithm(alg), hex_bytes(&spki), &key, NULL), STATUS_OK);
    return key;
}

/* The verifier key and the signed note of C2SP signed-note: the signature is over the text. */
static void plain_ed25519(void **state)
{
    (void)state;
    static const char note_text[] =
        "This is an example message.\n\n\xe2\x80\x94 "
        "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRK"
        "uwHjG1Yu72IneyaQM=\n";
    struct public_key *key = key_of("ed25519", ED25519_SPKI ED25519_KEY);
    struct bytes name = bytes_of_text("example.com/foo");
    struct builder b;
    builder_init(&b, 4096);
    assert_int_equal(note_key_write_vkey_as(NOTE_KEY_ED25519, name, key, &b, NULL), STATUS_OK);
    assert_text(builder_view(&b),
                "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");

    struct note note;
    uint8_t id[NOTE_KEY_ID_SIZE];
    size_t at = 0;
    assert_int_equal(note_parse(bytes_of_text(note_text), &note, NULL), STATUS_OK);
    assert_int_equal(note_key_id_as(NOTE_KEY_ED25519, name, key, id, NULL), STATUS_OK);
    const struct note_signature *signature = note_find(&note, name, id, &at);
    assert_non_null(signature);
    builder_reset(&b);
    assert_int_equal(note_signature_payload(signature, &b, NULL), STATUS_OK);
    assert_int_equal(public_key_verify(key, note.text, builder_view(&b), NULL), STATUS_OK);
    builder_clear(&b);
    public_key_free(key);
}

static void other_algorithm(void **state)
{
    (void)state;
    struct public_key *key = key_of("ecdsa_p256_sha256", P256_SPKI);
    struct builder vkey;
    builder_init(&vkey, 4096);
    assert_int_equal(note_key_write_vkey(bytes_of_text(P256_NAME), key, &vkey, NULL), STATUS_OK);
    assert_text(builder_view(&vkey), P256_VKEY);
    uint8_t id[NOTE_KEY_ID_SIZE];
    assert_int_equal(note_key_id(bytes_of_text(P256_NAME), key, id, NULL), STATUS_OK);
    struct hex want = unhex("df4f65ad");
    assert_memory_equal(id, want.data, sizeof id);
    builder_clear(&vkey);
    public_key_free(key);
}

/* The key ID of a type, put together by hand from the raw key or the whole SubjectPublicKeyInfo. */
static void assert_key_id(enum note_key_type type, const struct public_key *key,
                          const char *identifier, size_t raw_start)
{
    struct bytes name = bytes_of_text("oid/1.3.6.1.4.1.32473.9"), spki = public_key_spki(key);
    uint8_t type_byte = (uint8_t)type, digest[HASH_SIZE], id[NOTE_KEY_ID_SIZE];
    const struct bytes parts[] = {name, bytes_of_text("\n"), bytes_of(&type_byte, 1),
                                  bytes_of_text(identifier),
                                  bytes_of(spki.data + raw_start, spki.len - raw_start)};
    assert_true(hash_label_sha256(parts, COUNT_OF(parts), digest));
    assert_int_equal(note_key_id_as(type, name, key, id, NULL), STATUS_OK);
    assert_memory_equal(id, digest, sizeof id);
}

static void every_algorithm(void **state)
{
    (void)state;
    static const struct {
        const char *alg, *identifier;
        enum note_key_type type;
        size_t raw_start;
    } cases[] = {
        {"sm2_sm3", "mtc-cosignature/v1/1.2.156.10197.1.501\n", NOTE_KEY_OTHER, 0},
        {"ecdsa_p384_sha384", "mtc-cosignature/v1/1.2.840.10045.4.3.3\n", NOTE_KEY_OTHER, 0},
        {"ed25519", "mtc-cosignature/v1/1.3.101.112\n", NOTE_KEY_OTHER, 0},
        {"ed25519", "", NOTE_KEY_ED25519, 12},
        {"ed25519", "", NOTE_KEY_ED25519_COSIGNATURE, 12},
        {"mldsa44", "", NOTE_KEY_MLDSA44_COSIGNATURE, 22},
        {"mldsa65", "mtc-cosignature/v1/2.16.840.1.101.3.4.3.18\n", NOTE_KEY_OTHER, 0},
        {"mldsa87", "mtc-cosignature/v1/2.16.840.1.101.3.4.3.19\n", NOTE_KEY_OTHER, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct private_key *key = NULL;
        assert_int_equal(private_key_generate(algorithm(cases[i].alg), &key, NULL), STATUS_OK);
        assert_key_id(cases[i].type, private_key_public(key), cases[i].identifier,
                      cases[i].raw_start);
        private_key_free(key);
    }
}

static void refused(void **state)
{
    (void)state;
    struct public_key *p256 = key_of("ecdsa_p256_sha256", P256_SPKI);
    struct public_key *ed25519 = key_of("ed25519", ED25519_SPKI ED25519_KEY);
    struct bytes name = bytes_of_text("a");
    uint8_t id[NOTE_KEY_ID_SIZE];
    struct error err;
    struct builder b;
    builder_init(&b, 16);
    assert_int_equal(note_key_id_as(NOTE_KEY_ED25519, name, p256, id, &err), STATUS_USAGE);
    assert_says(&err, STATUS_USAGE, "ecdsa_p256_sha256 has no note type 01");
    assert_int_equal(note_key_id_as(NOTE_KEY_MLDSA44_COSIGNATURE, name, ed25519, id, &err),
                     STATUS_USAGE);
    assert_int_equal(note_key_id_as((enum note_key_type)2, name, p256, id, &err), STATUS_USAGE);
    assert_int_equal(note_key_id(bytes_of_text("a b"), p256, id, &err), STATUS_USAGE);
    assert_int_equal(note_key_id(bytes_of_text(""), p256, id, &err), STATUS_USAGE);
    assert_int_equal(note_key_write_vkey(bytes_of_text("a+b"), p256, &b, &err), STATUS_USAGE);
    assert_int_equal(b.len, 0);
    assert_int_equal(note_key_write_vkey(name, p256, &b, &err), STATUS_LIMIT);
    builder_clear(&b);
    public_key_free(p256);
    public_key_free(ed25519);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_ed25519),
        cmocka_unit_test(other_algorithm),
        cmocka_unit_test(every_algorithm),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, make_algorithms, free_algorithms);
}
