#include "unit/csr_maker.h"

#include <openssl/pem.h>

#include "crypto/key.h"

#define SLH_DSA "slh_dsa_sha2_128f" /* as a configuration would name it: no code does */

static struct algorithms *table;
static struct error err;
static const struct bytes message = {(const uint8_t *)"the message", 11};

static const char *const names[] = {"sm2_sm3", "ecdsa_p256_sha256", "ecdsa_p384_sha384", "ed25519",
                                    "mldsa44", "mldsa65",           "mldsa87",           SLH_DSA};

static int open_table(void **state)
{
    (void)state;
    if (algorithms_new(&table, &err) != STATUS_OK)
        return -1;
    return algorithms_add(table, SLH_DSA, "2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f", "", &err) == STATUS_OK ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    algorithms_free(table);
    return 0;
}

static const struct signature_alg *by_name(const char *name)
{
    const struct signature_alg *alg = algorithms_by_name(table, bytes_of_text(name));
    assert_non_null(alg);
    return alg;
}

static struct private_key *generate(const char *name)
{
    struct private_key *key;
    OK(private_key_generate(by_name(name), &key, &err));
    return key;
}

/* A signature to heap_free. */
static struct bytes sign(const struct private_key *key, struct bytes text)
{
    struct builder b;
    builder_init(&b, SIGNATURE_SIZE_MAX);
    OK(private_key_sign(key, text, &b, &err));
    struct bytes out = heap_copy(builder_view(&b));
    builder_clear(&b);
    return out;
}

static struct public_key *public_of(const struct signature_alg *alg, struct bytes spki)
{
    struct public_key *key;
    OK(public_key_new(alg, spki, &key, &err));
    return key;
}

/* The key from PEM has the same public half and signs as the first one does. */
static void through_pem(const struct private_key *key, const struct public_key *public)
{
    struct builder pem;
    struct private_key *again;
    builder_init(&pem, KEY_PEM_MAX);
    OK(private_key_write_pem(key, &pem, &err));
    assert_memory_equal(pem.data, "-----BEGIN PRIVATE KEY-----\n", 28);
    OK(private_key_from_pem(public_key_alg(public), builder_view(&pem), &again, &err));
    assert_bytes(public_key_spki(private_key_public(again)), public_key_spki(public));
    struct bytes signature = sign(again, message);
    OK(public_key_verify(public, message, signature, &err));
    heap_free(signature);
    private_key_free(again);
    builder_clear(&pem);
}

static void assert_refused(const struct public_key *key, struct bytes text, struct bytes signature)
{
    assert_says(public_key_verify(key, text, signature, &err), &err, STATUS_REFUSED, "is not of this message by this key");
}

static void assert_spoiled_are_refused(const struct public_key *key, struct bytes signature)
{
    uint8_t *data = (uint8_t *)(uintptr_t)signature.data;
    const size_t places[] = {0, 1, signature.len / 2, signature.len - 1};
    for (size_t i = 0; i < LENGTH(places); i++) {
        data[places[i]] ^= 1;
        assert_refused(key, message, signature);
        data[places[i]] ^= 1;
    }
    assert_refused(key, message, bytes_of(NULL, 0));
    struct bytes shorter = heap_copy(bytes_of(signature.data, signature.len - 1));
    assert_refused(key, message, shorter);
    heap_free(shorter);
    struct builder longer;
    builder_init(&longer, SIGNATURE_SIZE_MAX + 1);
    builder_bytes(&longer, signature);
    builder_u8(&longer, 0);
    assert_refused(key, message, builder_view(&longer));
    builder_clear(&longer);
}

static void every_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        const struct signature_alg *alg = by_name(names[i]);
        struct private_key *key = generate(names[i]), *other = generate(names[i]);
        assert_ptr_equal(public_key_alg(private_key_public(key)), alg);
        struct public_key *public = public_of(alg, public_key_spki(private_key_public(key)));
        assert_bytes(public_key_spki(public), public_key_spki(private_key_public(key)));
        struct bytes signature = sign(key, message);
        OK(public_key_verify(public, message, signature, &err));
        assert_refused(public, bytes_of_text("the messagE"), signature);
        assert_refused(public, bytes_of(NULL, 0), signature);
        assert_refused(private_key_public(other), message, signature);
        assert_spoiled_are_refused(public, signature);
        /* still good after all that */
        OK(public_key_verify(public, message, signature, &err));
        through_pem(key, public);
        heap_free(signature);
        public_key_free(public);
        private_key_free(key);
        private_key_free(other);
    }
    public_key_free(NULL);
    private_key_free(NULL);
}

static void empty_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct private_key *key = generate(names[i]);
        struct bytes signature = sign(key, bytes_of(NULL, 0));
        OK(public_key_verify(private_key_public(key), bytes_of(NULL, 0), signature, &err));
        heap_free(signature);
        private_key_free(key);
    }
}

/* Every key under every algorithm but its own. */
static void wrong_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct private_key *key = generate(names[i]), *none;
        struct builder pem;
        builder_init(&pem, KEY_PEM_MAX);
        OK(private_key_write_pem(key, &pem, &err));
        for (size_t k = 0; k < LENGTH(names); k++) {
            if (k == i)
                continue;
            struct public_key *public;
            struct bytes spki = public_key_spki(private_key_public(key));
            assert_says(public_key_new(by_name(names[k]), spki, &public, &err), &err, STATUS_MALFORMED, names[k]);
            assert_null(public);
            assert_says(private_key_from_pem(by_name(names[k]), builder_view(&pem), &none, &err), &err,
                        STATUS_MALFORMED, names[k]);
            assert_null(none);
        }
        builder_clear(&pem);
        private_key_free(key);
    }
}

static void assert_bad_spki(const struct signature_alg *alg, struct bytes spki, const char *fragment)
{
    struct public_key *key;
    struct bytes copy = heap_copy(spki);
    assert_says(public_key_new(alg, copy, &key, &err), &err, STATUS_MALFORMED, fragment);
    assert_null(key);
    heap_free(copy);
}

/* Bytes behind it, or a length in more bytes than needed. */
static void laxly_encoded(const struct signature_alg *alg, struct bytes spki)
{
    struct builder b;
    builder_init(&b, KEY_SPKI_MAX);
    builder_bytes(&b, spki);
    builder_u8(&b, 0);
    assert_bad_spki(alg, builder_view(&b), "canonical");
    builder_reset(&b);
    bool is_short = spki.data[1] < 0x80;
    builder_u8(&b, spki.data[0]);
    builder_u8(&b, is_short ? 0x81 : 0x83);
    builder_bytes(&b, is_short ? bytes_of(NULL, 0) : bytes_of("\0", 1));
    builder_bytes(&b, is_short ? bytes_of(spki.data + 1, spki.len - 1) : bytes_of(spki.data + 2, spki.len - 2));
    assert_bad_spki(alg, builder_view(&b), "key of");
    builder_clear(&b);
    assert_bad_spki(alg, bytes_of(spki.data, spki.len - 1), "not a key");
    assert_bad_spki(alg, bytes_of(NULL, 0), "not a key");
}

static void lax_encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct private_key *key = generate(names[i]);
        laxly_encoded(by_name(names[i]), public_key_spki(private_key_public(key)));
        private_key_free(key);
    }
    struct public_key *key;
    uint8_t longer[KEY_SPKI_MAX + 1] = {0};
    assert_says(public_key_new(by_name("mldsa44"), BYTES_OF(longer), &key, &err), &err, STATUS_LIMIT, "4096");
}

/* One point has several encodings, and a curve two; one of them is a key of ours. */
static void points(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type, *group;
    } keys[] = {{"sm2_sm3", "SM2", NULL}, {"ecdsa_p256_sha256", "EC", "P-256"}, {"ecdsa_p384_sha384", "EC", "P-384"}};
    static const char *const forms[][2] = {
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"},
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"},
        {OSSL_PKEY_PARAM_EC_ENCODING, "explicit"},
    };
    for (size_t i = 0; i < LENGTH(keys); i++) {
        EVP_PKEY *key = maker_key(keys[i].type, keys[i].group, 0);
        struct bytes spki = maker_spki(key);
        struct public_key *public = public_of(by_name(keys[i].name), spki);
        assert_bytes(public_key_spki(public), spki);
        public_key_free(public);
        /* a point that is not on the curve */
        ((uint8_t *)(uintptr_t)spki.data)[spki.len - 1] ^= 1;
        assert_bad_spki(by_name(keys[i].name), spki, "not a key");
        heap_free(spki);
        for (size_t f = 0; f < LENGTH(forms); f++) {
            spki = maker_spki_as(key, forms[f][0], forms[f][1]);
            assert_bad_spki(by_name(keys[i].name), spki, "canonical");
            heap_free(spki);
        }
        EVP_PKEY_free(key);
    }
}

/* A private key file that writes its public half in a lax form still has the one public key. */
static void private_key_with_lax_point(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    char *pem;
    long len = BIO_get_mem_data(bio, &pem);
    struct private_key *ours;
    OK(private_key_from_pem(by_name("sm2_sm3"), bytes_of(pem, (size_t)len), &ours, &err));
    assert_bytes(public_key_spki(private_key_public(ours)), spki);
    private_key_free(ours);
    BIO_free(bio);
    heap_free(spki);
    EVP_PKEY_free(key);
}

static void bad_pem(void **state)
{
    (void)state;
    static char longer[KEY_PEM_MAX + 1];
    struct private_key *key;
    assert_says(private_key_from_pem(by_name("sm2_sm3"), bytes_of_text("hello"), &key, &err), &err, STATUS_MALFORMED,
                "not an unencrypted PEM private key");
    assert_says(private_key_from_pem(by_name("sm2_sm3"), bytes_of(NULL, 0), &key, &err), &err, STATUS_MALFORMED,
                "not an unencrypted PEM private key");
    assert_says(private_key_from_pem(by_name("sm2_sm3"), BYTES_OF(longer), &key, &err), &err, STATUS_LIMIT, "16384");
    /* with a pass phrase: refused, and nobody is asked for it */
    EVP_PKEY *pkey = maker_key("SM2", NULL, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
    char *pem;
    long len = BIO_get_mem_data(bio, &pem);
    assert_says(private_key_from_pem(by_name("sm2_sm3"), bytes_of(pem, (size_t)len), &key, &err), &err,
                STATUS_MALFORMED, "not an unencrypted PEM private key");
    assert_null(key);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static struct bytes evp_sm2_sign(EVP_PKEY *key, const char *id)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    if (id != NULL)
        params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (char *)(uintptr_t)id, strlen(id));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t out[100];
    size_t len = sizeof out;
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SM3", NULL, NULL, key, params), 1);
    assert_int_equal(EVP_DigestSign(ctx, out, &len, message.data, message.len), 1);
    EVP_MD_CTX_free(ctx);
    return heap_copy(bytes_of(out, len));
}

static int evp_sm2_verify(EVP_PKEY *key, const char *id, struct bytes signature)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (char *)(uintptr_t)id, strlen(id)),
                            OSSL_PARAM_END};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, "SM3", NULL, NULL, key, params), 1);
    int result = EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len);
    EVP_MD_CTX_free(ctx);
    return result;
}

/* [GM 1] the ID is 1234567812345678 and no other. */
static void sm2_id(void **state)
{
    (void)state;
    static const char *const other_ids[] = {"", "ALICE123@YAHOO.COM", "TLSv1.3+GM+Cipher+Suite", "123456781234567",
                                            "12345678123456789"};
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes spki = maker_spki(key);
    struct public_key *public = public_of(by_name("sm2_sm3"), spki);
    struct bytes signature = evp_sm2_sign(key, "1234567812345678");
    OK(public_key_verify(public, message, signature, &err));
    heap_free(signature);
    for (size_t i = 0; i < LENGTH(other_ids); i++) {
        signature = evp_sm2_sign(key, other_ids[i]);
        assert_refused(public, message, signature);
        heap_free(signature);
    }
    public_key_free(public);
    heap_free(spki);
    EVP_PKEY_free(key);

    struct private_key *ours = generate("sm2_sm3");
    signature = sign(ours, message);
    spki = public_key_spki(private_key_public(ours));
    const unsigned char *at = spki.data;
    key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    assert_int_equal(evp_sm2_verify(key, "1234567812345678", signature), 1);
    for (size_t i = 0; i < LENGTH(other_ids); i++)
        assert_int_not_equal(evp_sm2_verify(key, other_ids[i], signature), 1);
    EVP_PKEY_free(key);
    heap_free(signature);
    private_key_free(ours);
}

static void signature_appends_and_keeps_to_limits(void **state)
{
    (void)state;
    struct private_key *key = generate("mldsa44");
    struct builder b;
    builder_init(&b, 3000);
    builder_text(&b, "before");
    OK(private_key_sign(key, message, &b, &err));
    assert_int_equal(b.len, 6 + 2420);
    OK(public_key_verify(private_key_public(key), message, bytes_of(b.data + 6, 2420), &err));
    assert_says(private_key_sign(key, message, &b, &err), &err, STATUS_LIMIT, "signature");
    builder_clear(&b);
    builder_init(&b, 20);
    assert_says(private_key_write_pem(key, &b, &err), &err, STATUS_LIMIT, "private key");
    builder_clear(&b);
    private_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm), cmocka_unit_test(empty_message),
        cmocka_unit_test(wrong_type),      cmocka_unit_test(lax_encodings),
        cmocka_unit_test(points),          cmocka_unit_test(private_key_with_lax_point),
        cmocka_unit_test(bad_pem),         cmocka_unit_test(sm2_id),
        cmocka_unit_test(signature_appends_and_keeps_to_limits),
    };
    return cmocka_run_group_tests(tests, open_table, close_table);
}
