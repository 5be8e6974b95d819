#include "unit/csr_maker.h"

#include "crypto/certificate_key.h"

/* AlgorithmIdentifiers. */
#define SM2_SM3 "300a 06082a811ccf55018375"
#define SM2_SM3_NULL "300c 06082a811ccf55018375 0500"
#define ECDSA_SHA256 "300a 06082a8648ce3d040302"
#define ECDSA_SHA256_NULL "300c 06082a8648ce3d040302 0500"
#define ECDSA_SHA1 "3009 06072a8648ce3d0401"
#define RSA_SHA256 "300d 06092a864886f70d01010b 0500"
#define RSA_SHA1 "300d 06092a864886f70d010105 0500"
#define ED25519 "3005 06032b6570"

static const char message[] = "a TBSCertificate";

/* On the heap. */
static struct bytes sign(EVP_PKEY *key, const char *digest, const char *sm2_id)
{
    size_t len = 8192;
    uint8_t *signature = malloc(len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (void *)(uintptr_t)sm2_id,
                                          sm2_id != NULL ? strlen(sm2_id) : 0),
        OSSL_PARAM_END};
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, sm2_id != NULL ? params : NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)message, sizeof message - 1), 1);
    EVP_MD_CTX_free(ctx);
    return bytes_of(signature, len);
}

static enum status verify(const struct certificate_key *key, const char *algorithm_hex, struct bytes signature,
                          struct error *err)
{
    struct bytes algorithm = heap_hex(algorithm_hex);
    enum status s = certificate_key_verify(key, algorithm, bytes_of(message, sizeof message - 1), signature, err);
    heap_free(algorithm);
    return s;
}

static struct certificate_key *key_of(EVP_PKEY *pkey)
{
    struct certificate_key *key;
    struct error err;
    struct bytes spki = maker_spki(pkey);
    OK(certificate_key_new(spki, &key, &err));
    heap_free(spki);
    return key;
}

static void pairs(void **state)
{
    (void)state;
    static const struct {
        const char *type, *group;
        unsigned bits;
        const char *digest, *sm2_id, *algorithm;
        enum status want;
    } rows[] = {
        {"SM2", NULL, 0, "SM3", "1234567812345678", SM2_SM3, STATUS_OK},
        {"SM2", NULL, 0, "SM3", "1234567812345678", SM2_SM3_NULL, STATUS_OK},
        {"SM2", NULL, 0, "SM3", "", SM2_SM3, STATUS_REFUSED},                        /* OpenSSL 3's, never in certificates */
        {"SM2", NULL, 0, "SM3", "TLSv1.3+GM+Cipher+Suite", SM2_SM3, STATUS_REFUSED}, /* TLS's */
        {"SM2", NULL, 0, "SM3", "1234567812345678", ECDSA_SHA256, STATUS_REFUSED},
        {"EC", "P-256", 0, "SHA256", NULL, ECDSA_SHA256, STATUS_OK},
        {"EC", "P-521", 0, "SHA256", NULL, ECDSA_SHA256, STATUS_OK},
        {"EC", "P-256", 0, "SHA256", NULL, ECDSA_SHA256_NULL, STATUS_REFUSED},
        {"EC", "P-256", 0, "SHA256", NULL, SM2_SM3, STATUS_REFUSED},
        {"EC", "P-256", 0, "SHA1", NULL, ECDSA_SHA1, STATUS_REFUSED},
        {"RSA", NULL, 2048, "SHA256", NULL, RSA_SHA256, STATUS_OK},
        {"RSA", NULL, 1024, "SHA256", NULL, RSA_SHA256, STATUS_OK}, /* old roots */
        {"RSA", NULL, 2048, "SHA1", NULL, RSA_SHA1, STATUS_REFUSED},
        {"RSA", NULL, 2048, "SHA256", NULL, ED25519, STATUS_REFUSED},
        {"ED25519", NULL, 0, NULL, NULL, ED25519, STATUS_OK},
        {"ED25519", NULL, 0, NULL, NULL, "3000", STATUS_REFUSED},
        {"ED25519", NULL, 0, NULL, NULL, "", STATUS_REFUSED},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct error err;
        EVP_PKEY *pkey = maker_key(rows[i].type, rows[i].group, rows[i].bits);
        struct certificate_key *key = key_of(pkey);
        struct bytes signature = sign(pkey, rows[i].digest, rows[i].sm2_id);
        enum status s = verify(key, rows[i].algorithm, signature, &err);
        if (s != rows[i].want)
            fail_msg("row %zu: %s", i, status_name(s));
        if (s == STATUS_OK) {
            ((uint8_t *)(uintptr_t)signature.data)[signature.len - 1] ^= 1;
            assert_says(verify(key, rows[i].algorithm, signature, &err), &err, STATUS_REFUSED, "not by the issuer's key");
        }
        heap_free(signature);
        certificate_key_free(key);
        EVP_PKEY_free(pkey);
    }
}

static void no_keys(void **state)
{
    (void)state;
    struct certificate_key *key;
    struct error err;
    static const char *const rows[] = {"", "3000", "300d 0609 2a864886f70d010101 0500 030100"};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct bytes spki = heap_hex(rows[i]);
        assert_int_equal(certificate_key_new(spki, &key, &err), STATUS_MALFORMED);
        assert_null(key);
        heap_free(spki);
    }
    EVP_PKEY *small = maker_key("RSA", NULL, 768);
    struct bytes spki = maker_spki(small);
    assert_says(certificate_key_new(spki, &key, &err), &err, STATUS_MALFORMED, "RSA-768");
    heap_free(spki);
    EVP_PKEY_free(small);
    /* Bytes behind it. */
    EVP_PKEY *good = maker_key("EC", "P-256", 0);
    spki = maker_spki(good);
    uint8_t longer[256] = {0};
    memcpy(longer, spki.data, spki.len);
    assert_int_equal(certificate_key_new(bytes_of(longer, spki.len + 1), &key, &err), STATUS_MALFORMED);
    heap_free(spki);
    EVP_PKEY_free(good);
    certificate_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs), cmocka_unit_test(no_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
