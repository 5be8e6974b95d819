#include "crypto/jws_key.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/builder.h"
#include "crypto/context.h"
#include "crypto/evp_key.h"

/* Of P-384's field. */
#define COORDINATE_MAX 48
/* SEQUENCE and two INTEGERs, each with a header and a leading zero; all lengths are below 128. */
#define ECDSA_DER_MAX (2 + 2 * (3 + COORDINATE_MAX))
/* Larger exponents only cost the verifier; 65537 is what everybody has [BR 6.1.6]. */
#define RSA_EXPONENT_LEN_MAX 4

struct jws_key {
    enum jws_alg alg;
    EVP_PKEY *pkey;
    unsigned char *spki; /* OPENSSL_free */
    size_t spki_len;
    atomic_size_t owner_count;
};

static const struct row {
    enum jws_alg alg;
    const char *name, *group, *digest;
    size_t coordinate_len;
} rows[] = {
    {JWS_ES256, "ES256", "P-256", "SHA256", 32},
    {JWS_ES384, "ES384", "P-384", "SHA384", COORDINATE_MAX},
    {JWS_RS256, "RS256", NULL, "SHA256", 0},
    {JWS_EDDSA, "EdDSA", NULL, NULL, 0},
    {JWS_HS256, "HS256", NULL, "SHA256", 0},
    {JWS_HS384, "HS384", NULL, "SHA384", 0},
    {JWS_HS512, "HS512", NULL, "SHA512", 0},
};

static const struct row *row_of(enum jws_alg alg)
{
    return &rows[alg - JWS_ES256];
}

const char *jws_key_alg_name(enum jws_alg alg)
{
    return row_of(alg)->name;
}

enum jws_alg jws_key_alg_parse(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].alg;
    return 0;
}

static bool has_good_point(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(context_library(), pkey, context_properties());
    bool is_good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return is_good;
}

/* The library's check of an RSA modulus looks for primes: milliseconds, and a tenth of a second for the
 * largest, for whoever sends us one. A bad modulus harms the one who chose it; so it is left out.
 * Takes pkey, which is NULL when the library refused the numbers. */
static enum status finish(enum jws_alg alg, EVP_PKEY *pkey, struct jws_key **out, struct error *err)
{
    const char *name = row_of(alg)->name;
    bool is_good = pkey != NULL && (alg == JWS_RS256 || has_good_point(pkey));
    (void)context_openssl_reason();
    if (!is_good) {
        EVP_PKEY_free(pkey);
        return error_set(err, STATUS_REFUSED, "the numbers are no good public key for %s", name);
    }
    struct jws_key *key = calloc(1, sizeof *key);
    size_t len = 0;
    if (key != NULL)
        len = evp_key_write_spki(pkey, &key->spki);
    if (len == 0) {
        EVP_PKEY_free(pkey);
        free(key);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    key->alg = alg;
    key->pkey = pkey;
    key->spki_len = len;
    atomic_init(&key->owner_count, 1);
    *out = key;
    return STATUS_OK;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(context_library(), type, context_properties());
    EVP_PKEY *pkey = NULL;
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

enum status jws_key_new_ec(enum jws_alg alg, struct bytes x, struct bytes y, struct jws_key **out,
                           struct error *err)
{
    *out = NULL;
    const struct row *row = row_of(alg);
    if (x.len != row->coordinate_len || y.len != row->coordinate_len)
        return error_set(err, STATUS_MALFORMED, "coordinates on %s have %zu bytes, not %zu and %zu",
                         row->group, row->coordinate_len, x.len, y.len);
    uint8_t point[1 + 2 * COORDINATE_MAX] = {4}; /* uncompressed */
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);
    char group[16];
    memcpy(group, row->group, strlen(row->group) + 1);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * x.len),
        OSSL_PARAM_END,
    };
    return finish(alg, from_params("EC", params), out, err);
}

static EVP_PKEY *rsa_from_numbers(struct bytes n, struct bytes e)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    if (bld != NULL && modulus != NULL && exponent != NULL &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        params = OSSL_PARAM_BLD_to_param(bld);
    if (params != NULL)
        pkey = from_params("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

static bool is_number(struct bytes b)
{
    return b.len > 0 && b.data[0] != 0;
}

enum status jws_key_new_rsa(struct bytes n, struct bytes e, struct jws_key **out, struct error *err)
{
    *out = NULL;
    if (!is_number(n) || !is_number(e))
        return error_set(err, STATUS_MALFORMED, "an RSA number is empty or starts with a zero byte");
    size_t bits = n.len * 8;
    for (unsigned top = n.data[0]; (top & 0x80) == 0; top <<= 1)
        bits--;
    if (bits < JWS_RSA_BITS_MIN || bits > JWS_RSA_BITS_MAX)
        return error_set(err, STATUS_REFUSED, "RSA key of %zu bits; allowed are %d to %d", bits,
                         JWS_RSA_BITS_MIN, JWS_RSA_BITS_MAX);
    bool is_one = e.len == 1 && e.data[0] == 1;
    if (e.len > RSA_EXPONENT_LEN_MAX || is_one || (e.data[e.len - 1] & 1) == 0 ||
        (n.data[n.len - 1] & 1) == 0)
        return error_set(err, STATUS_REFUSED,
                         "RSA modulus or exponent is even, or the exponent is not 3 to 2^32 - 1");
    return finish(JWS_RS256, rsa_from_numbers(n, e), out, err);
}

enum status jws_key_new_ed25519(struct bytes x, struct jws_key **out, struct error *err)
{
    *out = NULL;
    if (x.len != 32)
        return error_set(err, STATUS_MALFORMED, "an Ed25519 key has 32 bytes, not %zu", x.len);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(context_library(), "ED25519",
                                                    context_properties(), x.data, x.len);
    return finish(JWS_EDDSA, pkey, out, err);
}

struct jws_key *jws_key_ref(struct jws_key *key)
{
    atomic_fetch_add(&key->owner_count, 1);
    return key;
}

void jws_key_free(struct jws_key *key)
{
    if (key == NULL || atomic_fetch_sub(&key->owner_count, 1) != 1)
        return;
    EVP_PKEY_free(key->pkey);
    OPENSSL_free(key->spki);
    free(key);
}

enum jws_alg jws_key_alg(const struct jws_key *key)
{
    return key->alg;
}

struct bytes jws_key_spki(const struct jws_key *key)
{
    return bytes_of(key->spki, key->spki_len);
}

/* An INTEGER of a big-endian number of fixed length. */
static void write_integer(struct builder *b, struct bytes fixed)
{
    while (fixed.len > 1 && fixed.data[0] == 0)
        fixed = bytes_of(fixed.data + 1, fixed.len - 1);
    bool has_high_bit = (fixed.data[0] & 0x80) != 0;
    builder_u8(b, 0x02);
    builder_u8(b, (uint8_t)(fixed.len + has_high_bit));
    if (has_high_bit)
        builder_u8(b, 0);
    builder_bytes(b, fixed);
}

/* r || s as the DER that EVP wants. [RFC7518 3.4] */
static bool write_ecdsa_der(struct bytes signature, size_t coordinate_len, struct builder *out)
{
    if (signature.len != 2 * coordinate_len)
        return false;
    builder_u8(out, 0x30);
    size_t mark = builder_open_vector(out, 1);
    write_integer(out, bytes_of(signature.data, coordinate_len));
    write_integer(out, bytes_of(signature.data + coordinate_len, coordinate_len));
    builder_close_vector(out, mark, 1);
    return builder_is_good(out);
}

static enum status refuse(const struct row *row, struct error *err)
{
    return error_set(err, STATUS_REFUSED, "the %s signature is not of this message by this key", row->name);
}

enum status jws_key_verify(const struct jws_key *key, struct bytes message, struct bytes signature,
                           struct error *err)
{
    const struct row *row = row_of(key->alg);
    uint8_t memory[ECDSA_DER_MAX];
    struct builder der;
    builder_init_fixed(&der, memory, sizeof memory);
    if (row->coordinate_len > 0) {
        if (!write_ecdsa_der(signature, row->coordinate_len, &der))
            return refuse(row, err);
        signature = builder_view(&der);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, NULL, row->digest, context_library(),
                                               context_properties(), key->pkey, NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return error_set(err, STATUS_NO_MEMORY, "%s: the crypto library cannot verify: %s", row->name,
                         context_openssl_reason());
    }
    int result = EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len);
    EVP_MD_CTX_free(ctx);
    if (result == 1)
        return STATUS_OK;
    (void)context_openssl_reason();
    return refuse(row, err);
}

enum status jws_key_mac(enum jws_alg alg, struct bytes secret, struct bytes message,
                        uint8_t out[JWS_MAC_MAX], size_t *len, struct error *err)
{
    if (alg < JWS_HS256 || secret.len == 0)
        return error_set(err, STATUS_USAGE, "not a MAC algorithm, or an empty key");
    if (EVP_Q_mac(context_library(), "HMAC", context_properties(), row_of(alg)->digest, NULL,
                  secret.data, secret.len, message.data, message.len, out, JWS_MAC_MAX, len) == NULL)
        return error_set(err, STATUS_NO_MEMORY, "HMAC failed: %s", context_openssl_reason());
    return STATUS_OK;
}
