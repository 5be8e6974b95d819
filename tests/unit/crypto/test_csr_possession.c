#include "unit/csr_maker.h"

#include "crypto/csr_possession.h"

static struct error err;
static const struct maker_signing by_itself = {NULL, NULL, NULL};

static struct maker_signing with(const char *digest)
{
    return (struct maker_signing){digest, NULL, NULL};
}

static void accepted(struct bytes csr)
{
    OK(csr_possession_verify(csr, &err));
    heap_free(csr);
}

static void refused(struct bytes csr, enum status status, const char *fragment)
{
    assert_says(csr_possession_verify(csr, &err), &err, status, fragment);
    heap_free(csr);
}

/* Any one bit of what is signed, and of the signature. */
static void spoiled(EVP_PKEY *key, struct maker_signing how)
{
    struct bytes csr = maker_csr(key, "DNS:www.example.com", how);
    uint8_t *data = (uint8_t *)(uintptr_t)csr.data;
    /* a letter of the common name, a byte late in the names, the last byte of the signature */
    const uint8_t *name = memmem(csr.data, csr.len, "www.example.com", 15);
    assert_non_null(name);
    size_t first = (size_t)(name - csr.data), rest = first + 15;
    const uint8_t *again = memmem(csr.data + rest, csr.len - rest, "www.example.com", 15);
    assert_non_null(again);
    const size_t places[] = {first, (size_t)(again - csr.data) + 14, csr.len - 1};
    for (size_t i = 0; i < LENGTH(places); i++) {
        data[places[i]] ^= 1;
        assert_says(csr_possession_verify(csr, &err), &err, STATUS_REFUSED, "no proof of possession");
        data[places[i]] ^= 1;
    }
    accepted(csr);
}

/* Signed by another key of the same kind. */
static void of_another(const char *type, const char *group, unsigned bits, struct maker_signing how)
{
    EVP_PKEY *key = maker_key(type, group, bits), *other = maker_key(type, group, bits);
    refused(maker_sign(maker_request(key, NULL), other, how), STATUS_REFUSED, "no proof of possession");
    spoiled(key, how);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void every_kind(void **state)
{
    (void)state;
    of_another("SM2", NULL, 0, with("SM3"));
    of_another("EC", "P-256", 0, with("SHA256"));
    of_another("EC", "P-384", 0, with("SHA384"));
    of_another("EC", "P-521", 0, with("SHA512"));
    of_another("ED25519", NULL, 0, by_itself);
    of_another("ML-DSA-44", NULL, 0, by_itself);
    of_another("ML-DSA-65", NULL, 0, by_itself);
    of_another("ML-DSA-87", NULL, 0, by_itself);
    of_another("RSA", NULL, 2048, with("SHA256"));
}

/* OpenSSL before 4.0 signs with the empty ID. */
static void sm2_ids(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    spoiled(key, (struct maker_signing){"SM3", "", NULL});
    spoiled(key, (struct maker_signing){"SM3", "1234567812345678", NULL});
    accepted(maker_csr(key, NULL, (struct maker_signing){"SM3", "", NULL}));
    static const char *const others[] = {"ALICE123@YAHOO.COM", "1", "12345678123456789", "TLSv1.3+GM+Cipher+Suite"};
    for (size_t i = 0; i < LENGTH(others); i++)
        refused(maker_csr(key, NULL, (struct maker_signing){"SM3", others[i], NULL}), STATUS_REFUSED,
                "no proof of possession");
    EVP_PKEY_free(key);
}

static void rsa_digests(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("RSA", NULL, 2048);
    static const char *const good[] = {"SHA256", "SHA384", "SHA512"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        accepted(maker_csr(key, NULL, with(good[i])));
        accepted(maker_csr(key, NULL, (struct maker_signing){good[i], NULL, good[i]}));
    }
    refused(maker_csr(key, NULL, with("SHA1")), STATUS_REFUSED, "signed with sha1WithRSAEncryption; allowed");
    refused(maker_csr(key, NULL, with("MD5")), STATUS_REFUSED, "signed with md5WithRSAEncryption; allowed");
    refused(maker_csr(key, NULL, with("SHA224")), STATUS_REFUSED, "signed with sha224WithRSAEncryption; allowed");
    refused(maker_csr(key, NULL, (struct maker_signing){"SHA1", NULL, "SHA256"}), STATUS_REFUSED,
            "bad parameters of signature algorithm rsassaPss");
    refused(maker_csr(key, NULL, (struct maker_signing){"SHA256", NULL, "SHA1"}), STATUS_REFUSED,
            "bad parameters of signature algorithm rsassaPss");
    EVP_PKEY_free(key);
}

static void ecdsa_digests(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("EC", "P-256", 0);
    accepted(maker_csr(key, NULL, with("SHA384")));
    accepted(maker_csr(key, NULL, with("SHA512")));
    refused(maker_csr(key, NULL, with("SHA1")), STATUS_REFUSED, "signed with ecdsa-with-SHA1; allowed");
    refused(maker_csr(key, NULL, with("SHA3-256")), STATUS_REFUSED, "allowed are");
    EVP_PKEY_free(key);
}

static void weak_keys(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("RSA", NULL, 1024);
    refused(maker_csr(key, NULL, with("SHA256")), STATUS_REFUSED, "subject key: RSA-1024; allowed");
    EVP_PKEY_free(key);
    key = maker_key("EC", "secp224r1", 0);
    refused(maker_csr(key, NULL, with("SHA256")), STATUS_REFUSED, "subject key: secp224r1; allowed");
    EVP_PKEY_free(key);
    key = maker_key("ED448", NULL, 0);
    refused(maker_csr(key, NULL, by_itself), STATUS_REFUSED, "subject key: ED448; allowed");
    EVP_PKEY_free(key);
}

static struct bytes labelled(EVP_PKEY *key, const char *digest, const char *identifier)
{
    struct bytes label = heap_hex(identifier);
    struct bytes csr = maker_csr_labelled(key, with(digest), label);
    heap_free(label);
    return csr;
}

#define SM2_OID "06082a811ccf55018375"
#define ECDSA_SHA256_OID "06082a8648ce3d040302"
#define RSA_SHA256_OID "06092a864886f70d01010b"
#define PSS_OID "06092a864886f70d01010a"

/* Parameters: NULL where it belongs or is tolerated, nothing anywhere else. */
static void parameters(void **state)
{
    (void)state;
    EVP_PKEY *sm2 = maker_key("SM2", NULL, 0), *ec = maker_key("EC", "P-256", 0), *rsa = maker_key("RSA", NULL, 2048);
    EVP_PKEY *ed = maker_key("ED25519", NULL, 0);
    accepted(labelled(sm2, "SM3", "300a" SM2_OID));
    accepted(labelled(sm2, "SM3", "300c" SM2_OID "0500"));
    refused(labelled(sm2, "SM3", "300d" SM2_OID "020100"), STATUS_REFUSED, "bad parameters");
    accepted(labelled(ec, "SHA256", "300a" ECDSA_SHA256_OID));
    refused(labelled(ec, "SHA256", "300c" ECDSA_SHA256_OID "0500"), STATUS_REFUSED, "bad parameters");
    accepted(labelled(rsa, "SHA256", "300d" RSA_SHA256_OID "0500"));
    accepted(labelled(rsa, "SHA256", "300b" RSA_SHA256_OID));
    refused(labelled(rsa, "SHA256", "300e" RSA_SHA256_OID "020100"), STATUS_REFUSED, "bad parameters");
    accepted(labelled(ed, NULL, "3005 06032b6570"));
    refused(labelled(ed, NULL, "3007 06032b6570 0500"), STATUS_REFUSED, "bad parameters");
    /* PSS: none (SHA-1 is the default), not a SEQUENCE, no hash in MGF1, another mask function */
    refused(labelled(rsa, "SHA256", "300b" PSS_OID), STATUS_REFUSED, "bad parameters");
    refused(labelled(rsa, "SHA256", "300d" PSS_OID "0500"), STATUS_REFUSED, "bad parameters");
    refused(labelled(rsa, "SHA256", "300d" PSS_OID "3000"), STATUS_REFUSED, "bad parameters");
    refused(labelled(rsa, "SHA256", "301c" PSS_OID "300f a00d300b0609608648016503040201"), STATUS_REFUSED, "bad parameters");
    refused(labelled(rsa, "SHA256", "302b" PSS_OID "301e a00d300b0609608648016503040201 a10d300b06092a864886f70d010108"),
            STATUS_REFUSED, "bad parameters");
    refused(labelled(rsa, "SHA256", "3032" PSS_OID "3025 a00d300b0609608648016503040201"
                                    "a114 3012 06032a0304 300b0609608648016503040201"),
            STATUS_REFUSED, "bad parameters");
    EVP_PKEY_free(sm2);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ed);
}

/* A signature that is good, under the name of an algorithm for other keys. */
static void algorithm_of_another_key(void **state)
{
    (void)state;
    EVP_PKEY *sm2 = maker_key("SM2", NULL, 0), *ec = maker_key("EC", "P-256", 0), *rsa = maker_key("RSA", NULL, 2048);
    static const char fragment[] = "does not go with its key";
    refused(labelled(sm2, "SM3", "300a" ECDSA_SHA256_OID), STATUS_REFUSED, fragment);
    refused(labelled(ec, "SHA256", "300a" SM2_OID), STATUS_REFUSED, fragment);
    refused(labelled(rsa, "SHA256", "300a" ECDSA_SHA256_OID), STATUS_REFUSED, fragment);
    refused(labelled(ec, "SHA256", "300d" RSA_SHA256_OID "0500"), STATUS_REFUSED, fragment);
    /* the right key, but another digest than it was signed with */
    refused(labelled(ec, "SHA384", "300a" ECDSA_SHA256_OID), STATUS_REFUSED, "no proof of possession");
    /* an OID that nobody knows */
    refused(labelled(ec, "SHA256", "3005 06032a0304"), STATUS_REFUSED, "signed with 1.2.3.4; allowed");
    EVP_PKEY_free(sm2);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
}

static void not_a_request(void **state)
{
    (void)state;
    static const char fragment[] = "not PKCS#10 in DER";
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes csr = maker_csr(key, "DNS:www.example.com", with("SM3"));
    refused(heap_copy(bytes_of(NULL, 0)), STATUS_MALFORMED, fragment);
    refused(heap_hex("3000"), STATUS_MALFORMED, fragment);
    for (size_t len = 1; len < csr.len; len += 7)
        refused(heap_copy(bytes_of(csr.data, len)), STATUS_MALFORMED, fragment);
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    builder_bytes(&b, csr);
    builder_u8(&b, 0);
    refused(heap_copy(builder_view(&b)), STATUS_MALFORMED, fragment);
    /* indefinite length: BER */
    builder_reset(&b);
    builder_u16(&b, 0x3080);
    assert_int_equal(csr.data[1], 0x82);
    builder_bytes(&b, bytes_of(csr.data + 4, csr.len - 4));
    builder_u16(&b, 0);
    refused(heap_copy(builder_view(&b)), STATUS_MALFORMED, fragment);
    builder_clear(&b);
    heap_free(csr);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind), cmocka_unit_test(sm2_ids),
        cmocka_unit_test(rsa_digests), cmocka_unit_test(ecdsa_digests),
        cmocka_unit_test(weak_keys), cmocka_unit_test(parameters),
        cmocka_unit_test(algorithm_of_another_key), cmocka_unit_test(not_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
