#include "crypto/subject_key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "crypto/curve_point.h"
#include "crypto/evp_key.h"

#define ALLOWED "allowed are SM2, P-256, P-384, P-521, RSA-2048 to RSA-8192, Ed25519 and ML-DSA-44/65/87"

/* Keys without a size or curve to look at: EVP's name and ours. */
static const struct plain_key {
    const char *evp_name, *name;
} plain_keys[] = {
    {"SM2", "SM2"},
    {"ED25519", "Ed25519"},
    {"ML-DSA-44", "ML-DSA-44"},
    {"ML-DSA-65", "ML-DSA-65"},
    {"ML-DSA-87", "ML-DSA-87"},
};
#define PLAIN_KEY_COUNT (sizeof plain_keys / sizeof plain_keys[0])

static const struct curve {
    const char *group, *name;
} curves[] = {
    {"prime256v1", "P-256"},
    {"secp384r1", "P-384"},
    {"secp521r1", "P-521"},
};
#define CURVE_COUNT (sizeof curves / sizeof curves[0])

static EVP_PKEY *decode(struct bytes spki)
{
    if (spki.len > SUBJECT_KEY_SPKI_MAX)
        return NULL;
    const unsigned char *at = spki.data;
    EVP_PKEY *pkey = d2i_PUBKEY_ex(NULL, &at, (long)spki.len, context_library(), context_properties());
    (void)context_openssl_reason();
    return pkey;
}

/* Names the key; says whether its kind and size are allowed. */
static bool classify(EVP_PKEY *pkey, char *out, size_t size)
{
    char group[48] = "";
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        int bits = EVP_PKEY_get_bits(pkey);
        (void)snprintf(out, size, "RSA-%d", bits);
        return bits >= SUBJECT_KEY_RSA_BITS_MIN && bits <= SUBJECT_KEY_RSA_BITS_MAX && bits % 8 == 0;
    }
    for (size_t i = 0; i < PLAIN_KEY_COUNT; i++)
        if (EVP_PKEY_is_a(pkey, plain_keys[i].evp_name)) {
            (void)snprintf(out, size, "%s", plain_keys[i].name);
            return true;
        }
    if (EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1) {
        for (size_t i = 0; i < CURVE_COUNT; i++)
            if (strcmp(group, curves[i].group) == 0) {
                (void)snprintf(out, size, "%s", curves[i].name);
                return true;
            }
        (void)snprintf(out, size, "%s", group);
        return false;
    }
    const char *type = EVP_PKEY_get0_type_name(pkey);
    (void)snprintf(out, size, "%s", type != NULL ? type : "unknown");
    return false;
}

static enum status check_rsa_exponent(EVP_PKEY *pkey, struct error *err)
{
    BIGNUM *e = NULL;
    /* An odd number of more than 16 bits is 2^16 + 1 or more. */
    bool is_allowed = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
                      BN_num_bits(e) > 16;
    BN_free(e);
    if (is_allowed)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "subject key: RSA with a public exponent that is even or below %d",
                     SUBJECT_KEY_RSA_EXPONENT_MIN);
}

/* The library's own check of the numbers: modulus without small factors, point on the curve. */
static enum status check_numbers(EVP_PKEY *pkey, const char *name, struct error *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(context_library(), pkey, context_properties());
    bool is_good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (is_good)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "subject key: %s key with bad numbers: %s", name,
                     context_openssl_reason());
}

static enum status check(EVP_PKEY *pkey, struct bytes spki, bool has_numbers, struct error *err)
{
    char name[SUBJECT_KEY_TEXT_SIZE];
    if (!classify(pkey, name, sizeof name))
        return error_set(err, STATUS_REFUSED, "subject key: %s; " ALLOWED, name);
    bool is_rsa = EVP_PKEY_is_a(pkey, "RSA");
    enum status s = is_rsa ? check_rsa_exponent(pkey, err) : STATUS_OK;
    if (s == STATUS_OK && has_numbers && (is_rsa || EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_is_a(pkey, "SM2")))
        s = check_numbers(pkey, name, err);
    if (s == STATUS_OK && !evp_key_is_canonical(pkey, spki))
        s = error_set(err, STATUS_MALFORMED,
                      "subject key: %s key that is not in its canonical encoding", name);
    return s;
}

static enum status check_spki(struct bytes spki, bool has_numbers, struct error *err)
{
    if (curve_point_name(spki) != NULL)
        return STATUS_OK;
    EVP_PKEY *pkey = decode(spki);
    if (pkey == NULL)
        return error_set(err, STATUS_MALFORMED, "subject key: not a key that can be read; " ALLOWED);
    enum status s = check(pkey, spki, has_numbers, err);
    EVP_PKEY_free(pkey);
    return s;
}

enum status subject_key_check(struct bytes spki, struct error *err)
{
    return check_spki(spki, true, err);
}

enum status subject_key_check_form(struct bytes spki, struct error *err)
{
    return check_spki(spki, false, err);
}

void subject_key_describe(struct bytes spki, char *out, size_t size)
{
    const char *name = curve_point_name(spki);
    EVP_PKEY *pkey = name == NULL ? decode(spki) : NULL;
    if (name != NULL)
        (void)snprintf(out, size, "%s", name);
    else if (pkey != NULL)
        (void)classify(pkey, out, size);
    else
        (void)snprintf(out, size, "unknown");
    EVP_PKEY_free(pkey);
}

enum status subject_key_of_private(struct bytes pem, struct builder *spki, struct error *err)
{
    unsigned char *der = NULL;
    EVP_PKEY *pkey = evp_key_read_pem(pem);
    size_t len = pkey != NULL ? evp_key_write_spki(pkey, &der) : 0;
    if (len > 0)
        builder_bytes(spki, bytes_of(der, len));
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    (void)context_openssl_reason();
    return len > 0 ? builder_status(spki, "public key", err) : error_set(err, STATUS_MALFORMED, "no private key in PEM without a pass phrase");
}
