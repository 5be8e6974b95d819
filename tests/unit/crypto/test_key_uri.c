/* Keys by URI: files, and a provider's that keeps them to itself. */
#include "unit/checks.h"

#include <stdio.h>
#include <unistd.h>

#include "crypto/key.h"

static struct error err;
static struct algorithms *algorithms;

static const struct signature_alg *by_name(const char *name)
{
    return algorithms_by_name(algorithms, bytes_of_text(name));
}

static void signs(const struct private_key *key)
{
    struct builder signature;
    struct public_key *public;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    OK(private_key_sign(key, bytes_of_text("hello"), &signature, &err));
    /* By what others know of it. */
    OK(public_key_new(public_key_alg(private_key_public(key)), public_key_spki(private_key_public(key)), &public, &err));
    OK(public_key_verify(public, bytes_of_text("hello"), builder_view(&signature), &err));
    OK(public_key_verify(private_key_public(key), bytes_of_text("hello"), builder_view(&signature), &err));
    assert_int_equal(public_key_verify(public, bytes_of_text("hullo"), builder_view(&signature), &err), STATUS_REFUSED);
    public_key_free(public);
    builder_clear(&signature);
}

static void a_token_keeps_its_key(void **state)
{
    (void)state;
    struct private_key *key, *same, *other;
    struct builder pem;
    builder_init(&pem, KEY_PEM_MAX);
    OK(private_key_from_uri(by_name("ed25519"), "cathayatest:alice", PROVIDER, &key, &err));
    signs(key);
    assert_int_not_equal(private_key_write_pem(key, &pem, &err), STATUS_OK);
    assert_int_equal(pem.len, 0);
    OK(private_key_from_uri(by_name("ed25519"), "cathayatest:alice", PROVIDER, &same, &err));
    OK(private_key_from_uri(by_name("ed25519"), "cathayatest:bob", PROVIDER, &other, &err));
    assert_bytes(public_key_spki(private_key_public(same)), public_key_spki(private_key_public(key)));
    assert_false(bytes_equal(public_key_spki(private_key_public(other)), public_key_spki(private_key_public(key))));
    private_key_free(key);
    signs(same);
    private_key_free(same);
    private_key_free(other);
    builder_clear(&pem);
}

/* The provider is loaded, and what needs none is as it was. */
static void others_are_not_touched(void **state)
{
    (void)state;
    struct private_key *key;
    OK(private_key_generate(by_name("ed25519"), &key, &err));
    signs(key);
    private_key_free(key);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *alg, *uri, *provider;
        enum status status;
        const char *says;
    } rows[] = {
        {"ed25519", "cathayatest:none", PROVIDER, STATUS_NOT_FOUND, "no private key"},
        {"ed25519", "cathayatest:two", PROVIDER, STATUS_MALFORMED, "more than one"},
        {"ed25519", "cathayatest:liar", PROVIDER, STATUS_REFUSED, "does not sign"},
        {"sm2_sm3", "cathayatest:alice", PROVIDER, STATUS_MALFORMED, "not a key of algorithm sm2_sm3"},
        {"ed25519", "cathayatest:alice", "/nonexistent/x.so", STATUS_USAGE, "/nonexistent/x.so"},
        {"ed25519", "no-such-scheme:alice", "", STATUS_NOT_FOUND, "no private key"},
        {"ed25519", "file:/nonexistent/key.pem", "", STATUS_NOT_FOUND, "no private key"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct private_key *key;
        enum status s = private_key_from_uri(by_name(rows[i].alg), rows[i].uri, rows[i].provider, &key, &err);
        assert_says(s, &err, rows[i].status, rows[i].says);
        assert_null(key);
    }
}

static void a_file(void **state)
{
    (void)state;
    static const char *const names[] = {"sm2_sm3", "ed25519", "mldsa44", "ecdsa_p256_sha256"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct private_key *made, *key;
        struct builder pem;
        char path[] = "/tmp/key-uri-XXXXXX", uri[64];
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        builder_init(&pem, KEY_PEM_MAX);
        OK(private_key_generate(by_name(names[i]), &made, &err));
        OK(private_key_write_pem(made, &pem, &err));
        assert_int_equal(write(fd, pem.data, pem.len), (ssize_t)pem.len);
        (void)close(fd);
        (void)snprintf(uri, sizeof uri, "file:%s", path);
        OK(private_key_from_uri(by_name(names[i]), uri, "", &key, &err));
        assert_bytes(public_key_spki(private_key_public(key)), public_key_spki(private_key_public(made)));
        signs(key);
        (void)unlink(path);
        private_key_free(key);
        private_key_free(made);
        builder_clear(&pem);
    }
}

int main(void)
{
    struct error e;
    if (algorithms_new(&algorithms, &e) != STATUS_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file),
        cmocka_unit_test(a_token_keeps_its_key),
        cmocka_unit_test(others_are_not_touched),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_file),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    algorithms_free(algorithms);
    return failed;
}
