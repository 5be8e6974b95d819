#include "unit/csr_maker.h"

#include "crypto/subject_key.h"

static struct error err;

static void assert_described(struct bytes spki, const char *want)
{
    char text[SUBJECT_KEY_TEXT_SIZE];
    subject_key_describe(spki, text, sizeof text);
    assert_string_equal(text, want);
}

/* Checks, describes and frees spki. */
static void allowed(struct bytes spki, const char *name)
{
    assert_ok(subject_key_check(spki, &err), &err, name);
    assert_ok(subject_key_check_form(spki, &err), &err, name);
    assert_described(spki, name);
    heap_free(spki);
}

static void refused(struct bytes spki, enum status status, const char *fragment, const char *name)
{
    assert_says(subject_key_check(spki, &err), &err, status, fragment);
    /* The form alone says the same, but of numbers that only look like some. */
    if (strstr(fragment, "numbers") == NULL)
        assert_says(subject_key_check_form(spki, &err), &err, status, fragment);
    else
        assert_ok(subject_key_check_form(spki, &err), &err, name);
    assert_described(spki, name);
    heap_free(spki);
}

static struct bytes generated(const char *type, const char *group, unsigned bits)
{
    EVP_PKEY *key = maker_key(type, group, bits);
    struct bytes spki = maker_spki(key);
    EVP_PKEY_free(key);
    return spki;
}

static void good_keys(void **state)
{
    (void)state;
    allowed(generated("SM2", NULL, 0), "SM2");
    allowed(generated("EC", "P-256", 0), "P-256");
    allowed(generated("EC", "P-384", 0), "P-384");
    allowed(generated("EC", "P-521", 0), "P-521");
    allowed(generated("ED25519", NULL, 0), "Ed25519");
    allowed(generated("ML-DSA-44", NULL, 0), "ML-DSA-44");
    allowed(generated("ML-DSA-65", NULL, 0), "ML-DSA-65");
    allowed(generated("ML-DSA-87", NULL, 0), "ML-DSA-87");
    allowed(generated("RSA", NULL, 2048), "RSA-2048");
}

/* The points of these two are looked at without decoding the key: nothing else may be taken for one. */
static void known_curves(void **state)
{
    static const char *const types[][2] = {{"EC", "P-256"}, {"SM2", NULL}};
    (void)state;
    for (size_t i = 0; i < LENGTH(types); i++) {
        struct bytes spki = generated(types[i][0], types[i][1], 0);
        const char *name = types[i][1] != NULL ? types[i][1] : types[i][0];
        for (size_t at = 0; at < spki.len; at++) {
            struct bytes changed = heap_copy(spki);
            ((uint8_t *)(uintptr_t)changed.data)[at] ^= 0x20;
            if (subject_key_check(changed, &err) == STATUS_OK)
                fail_msg("%s with byte %zu changed is still a key", name, at);
            heap_free(changed);
        }
        /* x as large as the prime, or larger; and the other curve's OID over this point */
        struct bytes large = heap_copy(spki);
        memset((uint8_t *)(uintptr_t)large.data + large.len - 64, 0xff, 32);
        refused(large, STATUS_MALFORMED, "not a key", "unknown");
        struct bytes other = generated(types[1 - i][0], types[1 - i][1], 0);
        memcpy((uint8_t *)(uintptr_t)other.data + other.len - 64, spki.data + spki.len - 64, 64);
        refused(other, STATUS_MALFORMED, "not a key", "unknown");
        refused(heap_copy(bytes_of(spki.data, spki.len - 1)), STATUS_MALFORMED, "not a key", "unknown");
        allowed(spki, name);
    }
}

static void other_kinds(void **state)
{
    (void)state;
    refused(generated("EC", "secp224r1", 0), STATUS_REFUSED, "secp224r1; allowed are SM2, P-256", "secp224r1");
    refused(generated("EC", "secp256k1", 0), STATUS_REFUSED, "secp256k1; allowed", "secp256k1");
    refused(generated("EC", "brainpoolP256r1", 0), STATUS_REFUSED, "brainpoolP256r1; allowed", "brainpoolP256r1");
    refused(generated("ED448", NULL, 0), STATUS_REFUSED, "ED448; allowed", "ED448");
    refused(generated("X25519", NULL, 0), STATUS_REFUSED, "X25519; allowed", "X25519");
    refused(generated("ML-KEM-768", NULL, 0), STATUS_REFUSED, "ML-KEM-768; allowed", "ML-KEM-768");
    refused(generated("SLH-DSA-SHA2-128f", NULL, 0), STATUS_REFUSED, "SLH-DSA-SHA2-128f; allowed", "SLH-DSA-SHA2-128f");
    refused(generated("RSA-PSS", NULL, 2048), STATUS_REFUSED, "RSA-PSS; allowed", "RSA-PSS");
}

/* A number of exactly that many bits: a product of odd primes, so none is small. */
static BIGNUM *modulus(int bits)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_new(), *prime = BN_new();
    BN_one(n);
    while (BN_num_bits(n) < bits - 256) {
        assert_int_equal(BN_generate_prime_ex(prime, 128, 0, NULL, NULL, NULL), 1);
        BN_mul(n, n, prime, ctx);
    }
    /* the last factor: a prime that brings it to the length wanted */
    BIGNUM *low = BN_new(), *candidate = BN_new();
    BN_zero(low);
    BN_set_bit(low, bits - 1);
    BN_div(candidate, NULL, low, n, ctx);
    BN_set_bit(candidate, 0);
    do
        BN_add_word(candidate, 2);
    while (BN_check_prime(candidate, ctx, NULL) != 1);
    BN_mul(n, n, candidate, ctx);
    assert_int_equal(BN_num_bits(n), bits);
    BN_free(low);
    BN_free(candidate);
    BN_free(prime);
    BN_CTX_free(ctx);
    return n;
}

static BIGNUM *number(BN_ULONG value)
{
    BIGNUM *n = BN_new();
    BN_set_word(n, value);
    return n;
}

static void rsa_sizes(void **state)
{
    (void)state;
    allowed(maker_rsa_spki(modulus(2048), number(65537)), "RSA-2048");
    allowed(maker_rsa_spki(modulus(3072), number(65537)), "RSA-3072");
    allowed(maker_rsa_spki(modulus(8192), number(65537)), "RSA-8192");
    refused(maker_rsa_spki(modulus(1024), number(65537)), STATUS_REFUSED, "RSA-1024; allowed", "RSA-1024");
    refused(maker_rsa_spki(modulus(2040), number(65537)), STATUS_REFUSED, "RSA-2040; allowed", "RSA-2040");
    refused(maker_rsa_spki(modulus(2050), number(65537)), STATUS_REFUSED, "RSA-2050; allowed", "RSA-2050");
    refused(maker_rsa_spki(modulus(8200), number(65537)), STATUS_REFUSED, "RSA-8200; allowed", "RSA-8200");
}

static void rsa_exponents(void **state)
{
    (void)state;
    static const BN_ULONG bad[] = {1, 3, 17, 65535, 65536, 65538};
    for (size_t i = 0; i < LENGTH(bad); i++)
        refused(maker_rsa_spki(modulus(2048), number(bad[i])), STATUS_REFUSED, "exponent that is even or below 65537",
                "RSA-2048");
    allowed(maker_rsa_spki(modulus(2048), number(65539)), "RSA-2048");
    allowed(maker_rsa_spki(modulus(2048), number(0x100000001)), "RSA-2048");
}

static void rsa_moduli(void **state)
{
    (void)state;
    BIGNUM *even = modulus(2048);
    BN_clear_bit(even, 0);
    refused(maker_rsa_spki(even, number(65537)), STATUS_REFUSED, "bad numbers", "RSA-2048");
    BIGNUM *small_factor = modulus(2041);
    BN_mul_word(small_factor, 251);
    refused(maker_rsa_spki(small_factor, number(65537)), STATUS_REFUSED, "bad numbers", "RSA-2048");
    BIGNUM *prime = BN_new();
    assert_int_equal(BN_generate_prime_ex(prime, 2048, 0, NULL, NULL, NULL), 1);
    refused(maker_rsa_spki(prime, number(65537)), STATUS_REFUSED, "bad numbers", "RSA-2048");
}

static void canonical(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"},
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"},
        {OSSL_PKEY_PARAM_EC_ENCODING, "explicit"},
    };
    static const char *const keys[][3] = {{"SM2", NULL, "SM2"}, {"EC", "P-256", "P-256"}, {"EC", "P-521", "P-521"}};
    for (size_t k = 0; k < LENGTH(keys); k++) {
        EVP_PKEY *key = maker_key(keys[k][0], keys[k][1], 0);
        for (size_t f = 0; f < LENGTH(forms); f++)
            refused(maker_spki_as(key, forms[f][0], forms[f][1]), STATUS_MALFORMED, "canonical", keys[k][2]);
        EVP_PKEY_free(key);
    }
    /* a byte behind the key */
    struct bytes spki = generated("ED25519", NULL, 0);
    struct builder b;
    builder_init(&b, 100);
    builder_bytes(&b, spki);
    builder_u8(&b, 0);
    refused(heap_copy(builder_view(&b)), STATUS_MALFORMED, "canonical", "Ed25519");
    builder_clear(&b);
    heap_free(spki);
}

static void no_keys(void **state)
{
    (void)state;
    refused(heap_copy(bytes_of(NULL, 0)), STATUS_MALFORMED, "not a key", "unknown");
    refused(heap_hex("3000"), STATUS_MALFORMED, "not a key", "unknown");
    refused(heap_hex("300a300506032b65700301 00"), STATUS_MALFORMED, "not a key", "unknown");
    /* a point that is not on the curve */
    struct bytes spki = generated("EC", "P-256", 0);
    ((uint8_t *)(uintptr_t)spki.data)[spki.len - 1] ^= 1;
    refused(spki, STATUS_MALFORMED, "not a key", "unknown");
    /* the point at infinity */
    refused(heap_hex("3019301306072a8648ce3d020106082a8648ce3d030107 03020000"), STATUS_REFUSED, "bad numbers", "P-256");
    struct bytes longer = maker_rsa_spki(modulus(8192), number(65537));
    uint8_t *room = calloc(1, SUBJECT_KEY_SPKI_MAX + 1);
    memcpy(room, longer.data, longer.len);
    heap_free(longer);
    refused(bytes_of(room, SUBJECT_KEY_SPKI_MAX + 1), STATUS_MALFORMED, "not a key", "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_keys),     cmocka_unit_test(known_curves), cmocka_unit_test(other_kinds), cmocka_unit_test(rsa_sizes),
        cmocka_unit_test(rsa_exponents), cmocka_unit_test(rsa_moduli),  cmocka_unit_test(canonical),
        cmocka_unit_test(no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
