/* Handshakes with a key that is somewhere else. */
#include <signal.h>

#include "unit/tls/server_world.h"

#include <openssl/provider.h>

/* Somebody who has the key, and looks at what is to be signed. */
struct holder {
    EVP_PKEY *key;
    size_t signed_count;
    bool is_refusing, is_lying;
    uint16_t scheme;
    char id[32];
};

static bool is_certificate_verify(struct bytes message)
{
    static const char context[] = "TLS 1.3, server CertificateVerify";
    if (message.len < 64 + sizeof context + 32)
        return false;
    for (size_t i = 0; i < 64; i++)
        if (message.data[i] != ' ')
            return false;
    return memcmp(message.data + 64, context, sizeof context) == 0;
}

static enum status sign(void *context, uint16_t scheme, struct bytes id, struct bytes message, struct builder *signature,
                        struct error *error)
{
    struct holder *holder = context;
    char id_text[32] = {0};
    if (holder->is_refusing)
        return error_set(error, STATUS_REFUSED, "the holder says no");
    if (!is_certificate_verify(message) || id.len >= sizeof id_text)
        return error_set(error, STATUS_REFUSED, "that is no CertificateVerify");
    if (id.len > 0)
        memcpy(id_text, id.data, id.len);
    memcpy(holder->id, id_text, sizeof id_text);
    holder->scheme = scheme;
    holder->signed_count++;
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    if (id.len > 0)
        params[0] = OSSL_PARAM_construct_octet_string("distid", id_text, id.len);
    const char *digest = scheme == 0x0708 ? "SM3" : scheme == 0x0403 ? "SHA256" : scheme == 0x0503 ? "SHA384" : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t out[8192];
    size_t len = sizeof out;
    bool ok = EVP_DigestSignInit_ex(ctx, NULL, digest, context_library(), context_properties(), holder->key, params) == 1 &&
              EVP_DigestSign(ctx, out, &len, message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok)
        return error_set(error, STATUS_IO, "no signature");
    if (holder->is_lying)
        out[len - 1] ^= 1;
    builder_bytes(signature, bytes_of(out, len));
    return STATUS_OK;
}

static EVP_PKEY *new_key(const char *type)
{
    if (strncmp(type, "P-", 2) == 0)
        return EVP_EC_gen(type);
    return strcmp(type, "SM2") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2") : EVP_PKEY_Q_keygen(NULL, NULL, type);
}

/* A certificate for the key: a Merkle Tree one, since that needs no signature. */
static void write_chain(EVP_PKEY *key, struct builder *chain)
{
    struct builder properties;
    X509 *cert = world_certificate(key, "DNS:" NAME, WORLD_AT_S - 3600, WORLD_AT_S + DAY);
    builder_init(&properties, 65536);
    write_properties("32473.1", 0, &properties);
    put_pem(chain, PROPERTIES_PEM_LABEL, builder_view(&properties));
    forge_proof(cert, 100);
    put_certificate(chain, cert);
    builder_clear(&properties);
    X509_free(cert);
}

static struct tls_server *server_with(struct tls_credential *credential)
{
    struct tls_site site = {.credentials = &credential, .credential_count = 1, .is_default = true, .stage = STAGE_LANDMARK};
    return server_of(sites_of(&site, 1), NULL);
}

static void keys_of_each_type_sign(void **state)
{
    (void)state;
    static const struct {
        const char *type, *signature, *id;
        uint16_t scheme;
    } rows[] = {
        {"SM2", "sm2sig_sm3", "TLSv1.3+GM+Cipher+Suite", 0x0708},
        {"P-256", "ecdsa_secp256r1_sha256", "", 0x0403},
        {"P-384", "ecdsa_secp384r1_sha384", "", 0x0503},
        {"ED25519", "ed25519", "", 0x0807},
        {"ML-DSA-44", "mldsa44", "", 0x0904},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct holder holder = {.key = new_key(rows[i].type)};
        struct remote_signer signer = {.context = &holder, .sign = sign};
        struct tls_credential *credential = NULL;
        struct tls_server_report report;
        struct builder chain;
        bool is_gm = i == 0;
        builder_init(&chain, 65536);
        assert_non_null(holder.key);
        write_chain(holder.key, &chain);
        struct tls_credential_settings settings = {.chain_pem = builder_view(&chain), .key_remote = &signer};
        OK(tls_credential_new(&settings, &credential, &err));
        assert_int_equal(holder.signed_count, 1); /* it has been tried */
        assert_int_equal(tls_credential_facts(credential)->kind, is_gm ? CREDENTIAL_GM_STANDALONE : CREDENTIAL_INTL_STANDALONE);
        struct tls_server *server = server_with(credential);
        struct offer offer = {.groups = is_gm ? GM_GROUPS : INTL_GROUPS, .suites = is_gm ? GM_SUITE : INTL_SUITES,
                              .schemes = "sm2sig_sm3:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519:mldsa44",
                              .has_anchors = true, .anchors = {"32473.1"}};
        expect(server, &offer, &report);
        assert_int_equal(holder.signed_count, 2);
        assert_string_equal(report.signature, rows[i].signature);
        assert_int_equal(holder.scheme, rows[i].scheme);
        assert_string_equal(holder.id, rows[i].id);
        /* A holder that refuses, or lies, is no handshake; and no crash. */
        holder.is_refusing = true;
        expect_failure(server, &offer, TLS_FAILURE_INTERNAL, "the holder says no");
        holder.is_refusing = false;
        expect(server, &offer, &report);
        tls_server_free(server);
        tls_credential_free(credential);
        builder_clear(&chain);
        EVP_PKEY_free(holder.key);
    }
}

static void what_does_not_fit(void **state)
{
    (void)state;
    struct holder holder = {.key = new_key("SM2")}, other = {.key = new_key("SM2")};
    struct remote_signer signer = {.context = &other, .sign = sign};
    struct tls_credential *credential = NULL;
    struct builder chain, rsa_chain;
    builder_init(&chain, 65536);
    builder_init(&rsa_chain, 65536);
    write_chain(holder.key, &chain);
    struct tls_credential_settings settings = {.chain_pem = builder_view(&chain), .key_remote = &signer};
    assert_says(tls_credential_new(&settings, &credential, &err), &err, STATUS_USAGE, "not the leaf's");
    signer.context = &holder;
    holder.is_lying = true;
    assert_says(tls_credential_new(&settings, &credential, &err), &err, STATUS_USAGE, "not the leaf's");
    holder.is_refusing = true;
    assert_says(tls_credential_new(&settings, &credential, &err), &err, STATUS_USAGE, "the holder says no");
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    write_chain(rsa, &rsa_chain);
    settings.chain_pem = builder_view(&rsa_chain);
    assert_says(tls_credential_new(&settings, &credential, &err), &err, STATUS_USAGE, "type RSA");
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(holder.key);
    EVP_PKEY_free(other.key);
    builder_clear(&chain);
    builder_clear(&rsa_chain);
}

/* Who refuses TLS 1.2 is not chosen there, also with an OCSP response's copy; and who is away needs no proof. */
static void only_tls13_and_away(void **state)
{
    (void)state;
    struct holder holder = {.key = new_key("P-256"), .is_refusing = true};
    struct remote_signer signer = {.context = &holder, .sign = sign, .is_tls13_only = true, .is_away = true};
    struct tls_credential *credential = NULL, *copy = NULL;
    struct builder chain;
    builder_init(&chain, 65536);
    write_chain(holder.key, &chain);
    struct tls_credential_settings settings = {.chain_pem = builder_view(&chain), .key_remote = &signer};
    OK(tls_credential_new(&settings, &credential, &err));
    assert_int_equal(holder.signed_count, 0);
    OK(tls_credential_with_ocsp(credential, bytes_of(NULL, 0), WORLD_AT_S, &copy, &err));
    assert_int_equal(tls_credential_facts(credential)->candidate->schemes12.count, 0);
    assert_int_equal(tls_credential_facts(copy)->candidate->schemes12.count, 0);
    assert_int_equal(tls_credential_facts(copy)->candidate->schemes13.count, 1);
    tls_credential_free(credential);
    tls_credential_free(copy);
    EVP_PKEY_free(holder.key);
    builder_clear(&chain);
}

/* Nobody else's search for SM2 finds the provider. */
static void others_do_not_notice(void **state)
{
    (void)state;
    EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(context_library(), "SM2", context_properties());
    assert_non_null(found);
    assert_string_equal(OSSL_PROVIDER_get0_name(EVP_KEYMGMT_get0_provider(found)), "default");
    EVP_KEYMGMT_free(found);
    assert_null(EVP_SIGNATURE_fetch(context_library(), "CATHAYA-REMOTE", NULL));
    ERR_clear_error();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_each_type_sign),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(only_tls13_and_away),
        cmocka_unit_test(others_do_not_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
