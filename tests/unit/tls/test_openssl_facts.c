/* What lib/rules says about OpenSSL: the names of rules/tls_names, and which certificates are served to a
 * client with signature_algorithms_cert (decision 17). A test that fails with a newer OpenSSL says which
 * rule can go. */
#include "unit/checks.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "rules/client_hello.h"
#include "rules/client_profiles.h"
#include "tls/proof_name.h"

/* OpenSSL's macros cast const away. */
static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void names(void **state)
{
    (void)state;
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    assert_non_null(ctx);
    const struct tls_group_name *group;
    for (size_t i = 0; (group = tls_names_group_at(i)) != NULL; i++)
        if (group->openssl_name != NULL && SSL_CTX_set1_groups_list(ctx, unconst(group->openssl_name)) != 1)
            fail_msg("group %s", group->openssl_name);
    const struct tls_scheme_name *scheme;
    for (size_t i = 0; (scheme = tls_names_scheme_at(i)) != NULL; i++)
        if (scheme->openssl_name != NULL && SSL_CTX_set1_sigalgs_list(ctx, unconst(scheme->openssl_name)) != 1)
            fail_msg("scheme %s", scheme->openssl_name);
    SSL_CTX_free(ctx);
}

static bool has_suite(SSL_CTX *ctx, uint16_t code)
{
    STACK_OF(SSL_CIPHER) *list = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++)
        if (SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(list, i)) == code)
            return true;
    return false;
}

static void suites(void **state)
{
    (void)state;
    const struct tls_suite_name *suite;
    for (size_t i = 0; (suite = tls_names_suite_at(i)) != NULL; i++) {
        if (suite->openssl_name == NULL)
            continue;
        SSL_CTX *ctx = SSL_CTX_new(TLS_method());
        assert_int_equal(suite->is_tls13 ? SSL_CTX_set_ciphersuites(ctx, suite->openssl_name)
                                         : SSL_CTX_set_cipher_list(ctx, suite->openssl_name), 1);
        if (!has_suite(ctx, suite->code))
            fail_msg("%s is not %04x", suite->openssl_name, suite->code);
        SSL_CTX_free(ctx);
    }
}

/* What OpenSSL writes for a profile is what we read: the lists, in their order. */
static void assert_same(struct tls_codes got, struct tls_codes want, const char *profile, const char *what)
{
    for (size_t i = 0; i < want.count; i++)
        if (i >= got.count || got.codes[i] != want.codes[i])
            fail_msg("%s: %s %zu", profile, what, i);
}

static void apply(SSL_CTX *ctx, const struct client_profile *profile)
{
    struct builder b;
    builder_init(&b, 4096);
    tls_names_openssl_suites(profile->suites, true, &b);
    builder_u8(&b, 0);
    assert_int_equal(SSL_CTX_set_ciphersuites(ctx, (const char *)b.data), 1);
    builder_reset(&b);
    tls_names_openssl_suites(profile->suites, false, &b);
    builder_u8(&b, 0);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, (const char *)b.data), 1);
    builder_reset(&b);
    client_profiles_openssl_groups(profile, &b);
    builder_u8(&b, 0);
    assert_int_equal(SSL_CTX_set1_groups_list(ctx, unconst((const char *)b.data)), 1);
    builder_reset(&b);
    tls_names_openssl_schemes(profile->schemes, &b);
    builder_u8(&b, 0);
    assert_int_equal(SSL_CTX_set1_sigalgs_list(ctx, unconst((const char *)b.data)), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, profile->has_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION), 1);
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, profile->has_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION), 1);
    builder_clear(&b);
}

static struct client_hello hello;

static void profiles(void **state)
{
    (void)state;
    struct error err;
    const struct client_profile *profile;
    for (size_t i = 0; (profile = client_profiles_at(i)) != NULL; i++) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        apply(ctx, profile);
        SSL *ssl = SSL_new(ctx);
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        assert_int_equal(SSL_set_tlsext_host_name(ssl, unconst("www.example.com")), 1);
        SSL_set_connect_state(ssl);
        SSL_do_handshake(ssl);
        uint8_t sent[8192];
        int len = BIO_read(SSL_get_wbio(ssl), sent, sizeof sent);
        assert_true(len > 0);
        struct builder memory;
        builder_init(&memory, CLIENT_HELLO_SIZE_MAX);
        OK(client_hello_load(bytes_of(sent, (size_t)len), TRUST_ANCHOR_LIST_CODE_POINT, &memory, &hello, &err));
        struct choice_client got = client_hello_offer(&hello);
        assert_true(bytes_is_text(got.server_name, "www.example.com"));
        assert_int_equal(got.has_tls13, profile->has_tls13);
        assert_int_equal(got.has_tls12, profile->has_tls12);
        assert_same(got.suites, profile->suites, profile->name, "suite");
        assert_same(got.groups, profile->groups, profile->name, "group");
        assert_int_equal(got.groups.count, profile->groups.count);
        assert_same(got.key_shares, profile->key_shares, profile->name, "key share");
        assert_int_equal(got.key_shares.count, profile->key_shares.count);
        assert_same(got.schemes, profile->schemes, profile->name, "scheme");
        builder_clear(&memory);
        SSL_free(ssl);
        SSL_CTX_free(ctx);
    }
}

/* ---- extension 50 ---- */

static EVP_PKEY *make_key(const char *type, const char *group)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    if (group != NULL)
        assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, group), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Self-signed. For an MTC the algorithm's name is exchanged afterwards: nobody checks the signature here. */
static X509 *make_leaf(EVP_PKEY *key, const EVP_MD *digest, bool is_mtc)
{
    X509 *leaf = X509_new();
    X509_set_version(leaf, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(leaf), 1);
    X509_gmtime_adj(X509_getm_notBefore(leaf), -60);
    X509_gmtime_adj(X509_getm_notAfter(leaf), 3600);
    X509_set_pubkey(leaf, key);
    assert_true(X509_sign(leaf, key, digest) > 0);
    if (!is_mtc)
        return leaf;
    /* 1.3.6.1.5.5.7.6.67 in place of the algorithm; then it is read anew. */
    const X509_ALGOR *outer;
    X509_get0_signature(NULL, &outer, leaf);
    X509_ALGOR *both[] = {(X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(leaf), (X509_ALGOR *)(uintptr_t)outer};
    for (size_t i = 0; i < LENGTH(both); i++)
        X509_ALGOR_set0(both[i], OBJ_txt2obj("1.3.6.1.5.5.7.6.67", 1), V_ASN1_UNDEF, NULL);
    uint8_t *der = NULL;
    int len = i2d_re_X509_tbs(leaf, &der);
    assert_true(len > 0);
    OPENSSL_free(der);
    der = NULL;
    len = i2d_X509(leaf, &der);
    const uint8_t *at = der;
    X509 *again = d2i_X509(NULL, &at, len);
    assert_non_null(again);
    OPENSSL_free(der);
    X509_free(leaf);
    return again;
}

/* OpenSSL's client sends no extension 50: it is put in front of the others of a record that it wrote. */
static size_t add_extension_50(uint8_t *record, size_t len, struct tls_codes schemes)
{
    struct builder extension;
    builder_init(&extension, 256);
    builder_u16(&extension, 50);
    builder_u16(&extension, (uint16_t)(2 + 2 * schemes.count));
    builder_u16(&extension, (uint16_t)(2 * schemes.count));
    for (size_t i = 0; i < schemes.count; i++)
        builder_u16(&extension, schemes.codes[i]);
    size_t added = extension.len, at = 5 + 4 + 34;
    at += 1 + (size_t)record[at];
    at += 2 + (size_t)(record[at] << 8 | record[at + 1]);
    at += 1 + (size_t)record[at];
    memmove(record + at + 2 + added, record + at + 2, len - at - 2);
    memcpy(record + at + 2, extension.data, added);
    /* The lengths of extensions, message and record. */
    const size_t lengths[] = {at, 7, 3};
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        size_t longer = (size_t)(record[lengths[i]] << 8 | record[lengths[i] + 1]) + added;
        record[lengths[i]] = (uint8_t)(longer >> 8);
        record[lengths[i] + 1] = (uint8_t)longer;
    }
    builder_clear(&extension);
    return len + added;
}

static SSL *make_side(SSL_CTX *ctx, bool is_gm)
{
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION), 1);
    assert_int_equal(SSL_CTX_set_ciphersuites(ctx, is_gm ? "TLS_SM4_GCM_SM3" : "TLS_AES_128_GCM_SHA256"), 1);
    assert_int_equal(SSL_CTX_set1_groups_list(ctx, unconst(is_gm ? "curveSM2" : "X25519")), 1);
    SSL *ssl = SSL_new(ctx);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    return ssl;
}

/* Does the server answer with its flight? schemes.codes NULL: no extension 50. */
static bool is_served(bool is_gm, bool is_mtc, struct tls_codes schemes)
{
    EVP_PKEY *key = is_gm ? make_key("SM2", NULL) : make_key("EC", "P-256");
    X509 *leaf = make_leaf(key, is_gm ? EVP_sm3() : EVP_sha256(), is_mtc);
    SSL_CTX *server_ctx = SSL_CTX_new(TLS_server_method()), *client_ctx = SSL_CTX_new(TLS_client_method());
    SSL *server = make_side(server_ctx, is_gm), *client = make_side(client_ctx, is_gm);
    assert_int_equal(SSL_use_cert_and_key(server, leaf, key, NULL, 1), 1);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    SSL_do_handshake(client);
    uint8_t record[2048];
    int len = BIO_read(SSL_get_wbio(client), record, 1536);
    assert_true(len > 0);
    if (schemes.codes != NULL)
        len = (int)add_extension_50(record, (size_t)len, schemes);
    BIO_write(SSL_get_rbio(server), record, len);
    int done = SSL_do_handshake(server);
    bool is_waiting = SSL_get_error(server, done) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(server_ctx);
    SSL_CTX_free(client_ctx);
    X509_free(leaf);
    EVP_PKEY_free(key);
    return is_waiting;
}

static void extension_50(void **state)
{
    (void)state;
    static const uint16_t ecdsa[] = {0x0403, 0x0804}, with_sm2[] = {0x0403, 0x0708}, rsa[] = {0x0804, 0x0401};
    const struct tls_codes none = {NULL, 0};
    assert_true(proof_name_register());
    for (int is_gm = 0; is_gm <= 1; is_gm++)
        for (int is_mtc = 0; is_mtc <= 1; is_mtc++)
            assert_true(is_served(is_gm, is_mtc, none));
    /* CHOICE_SM2_WITH_EXTENSION_50 */
    assert_false(is_served(true, false, TLS_CODES_OF(with_sm2)));
    /* CHOICE_CERTIFICATE_SCHEME: an MTC goes for sm2sig_sm3, in both worlds. */
    for (int is_gm = 0; is_gm <= 1; is_gm++) {
        assert_true(is_served(is_gm, true, TLS_CODES_OF(with_sm2)));
        assert_false(is_served(is_gm, true, TLS_CODES_OF(ecdsa)));
    }
    assert_true(is_served(false, false, TLS_CODES_OF(ecdsa)));
    assert_false(is_served(false, false, TLS_CODES_OF(rsa)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(suites),
        cmocka_unit_test(profiles),
        cmocka_unit_test(extension_50),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
