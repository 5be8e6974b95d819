/* Verifier keys: what note_key writes is read again, and nothing else. */
#include "unit/checks.h"

#include <stdio.h>

#include "codec/note/vkey.h"

/* C2SP signed-note's example. */
#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static struct algorithms *algorithms;

static int set_up(void **state)
{
    (void)state;
    return algorithms_new(&algorithms, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    algorithms_free(algorithms);
    return 0;
}

static enum status parse(const char *text, struct error *err)
{
    struct vkey vkey;
    enum status s = vkey_parse(bytes_of_text(text), algorithms, &vkey, err);
    if (s == STATUS_OK)
        vkey_clear(&vkey);
    return s;
}

static void the_example_is_read(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct vkey vkey;
    OK(vkey_parse(bytes_of_text(EXAMPLE), algorithms, &vkey, &err));
    assert_string_equal(vkey.name, "example.com/foo");
    assert_int_equal(vkey.type, NOTE_KEY_ED25519);
    assert_hex(BYTES_OF(vkey.key_id), "530d903a");
    vkey_clear(&vkey);
}

static void every_algorithm_comes_back(void **state)
{
    (void)state;
    static const char *const names[] = {"sm2_sm3", "ecdsa_p256_sha256", "ecdsa_p384_sha384", "ed25519",
                                        "mldsa44", "mldsa65", "mldsa87"};
    struct error err = {.status = STATUS_OK};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct private_key *key;
        struct vkey vkey;
        struct builder text;
        builder_init(&text, VKEY_TEXT_MAX);
        OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text(names[i])), &key, &err));
        const struct public_key *public_key = private_key_public(key);
        OK(note_key_write_vkey(bytes_of_text("oid/1.3.6.1.4.1.32473.5"), public_key, &text, &err));
        OK(vkey_parse(builder_view(&text), algorithms, &vkey, &err));
        assert_bytes(public_key_spki(vkey.key), public_key_spki(public_key));
        assert_string_equal(public_key_alg(vkey.key)->name, names[i]);
        vkey_clear(&vkey);
        text.data[text.len - 5] ^= 1; /* another key, so another ID; or no key at all */
        assert_int_equal(vkey_parse(builder_view(&text), algorithms, &vkey, &err), STATUS_MALFORMED);
        builder_clear(&text);
        private_key_free(key);
    }
}

/* The key ID is that of the LogID; the key itself stands in the text. */
static void keys_of_ct_logs_come_back(void **state)
{
    (void)state;
    static const char *const names[] = {"sm2_sm3", "ecdsa_p256_sha256", "ed25519"};
    struct error err = {.status = STATUS_OK};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct private_key *key;
        struct vkey vkey;
        struct builder text;
        uint8_t id[NOTE_KEY_ID_SIZE];
        struct bytes name = bytes_of_text("ct.example/2027h1");
        builder_init(&text, VKEY_TEXT_MAX);
        OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text(names[i])), &key, &err));
        enum status s = note_key_write_vkey_as(NOTE_KEY_RFC6962, name, private_key_public(key), &text, &err);
        assert_int_equal(s, i < 2 ? STATUS_OK : STATUS_USAGE);
        if (s == STATUS_OK) {
            OK(vkey_parse(builder_view(&text), algorithms, &vkey, &err));
            OK(note_key_id_as(NOTE_KEY_RFC6962, name, private_key_public(key), id, &err));
            assert_memory_equal(vkey.key_id, id, sizeof id);
            assert_int_equal(vkey.type, NOTE_KEY_RFC6962);
            assert_bytes(public_key_spki(vkey.key), public_key_spki(private_key_public(key)));
            assert_string_equal(public_key_alg(vkey.key)->name, names[i]);
            vkey_clear(&vkey);
        }
        builder_clear(&text);
        private_key_free(key);
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
        enum status status;
    } bad[] = {
        {"", "expected", STATUS_MALFORMED},
        {"example.com/foo", "expected", STATUS_MALFORMED},
        {"example.com/foo+530d903a", "expected", STATUS_MALFORMED},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "name", STATUS_MALFORMED},
        {"a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "name", STATUS_MALFORMED},
        {"example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "hex", STATUS_MALFORMED},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "key ID", STATUS_MALFORMED},
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "key ID", STATUS_MALFORMED},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n", "base64", STATUS_MALFORMED},
        {"example.com/foo+530d903a+", "no key", STATUS_MALFORMED},
        {"example.com/foo+530d903a+AQ==", "not a key", STATUS_MALFORMED},
        {"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "type 02", STATUS_REFUSED},
        {"example.com/foo+530d903a+/25vCg==", "identifier", STATUS_REFUSED},
        {"example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "none of SM2 or P-256", STATUS_REFUSED},
    };
    struct error err = {.status = STATUS_OK};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(parse(bad[i].text, &err), &err, bad[i].status, bad[i].reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read),
        cmocka_unit_test(every_algorithm_comes_back),
        cmocka_unit_test(keys_of_ct_logs_come_back),
        cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
