/* The part of tls_names.h that is about keys and the signatures of certificates. */
#include "rules/tls_names.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const uint16_t sm2_13[] = {0x0708};
static const uint16_t p256_13[] = {0x0403}, p384_13[] = {0x0503}, p521_13[] = {0x0603};
/* In TLS 1.2 the scheme names a hash alone [RFC8446 4.2.3]: first the one that fits the curve. */
static const uint16_t p256_12[] = {0x0403, 0x0503, 0x0603};
static const uint16_t p384_12[] = {0x0503, 0x0603, 0x0403};
static const uint16_t p521_12[] = {0x0603, 0x0503, 0x0403};
static const uint16_t ed25519_both[] = {0x0807}, ed448_both[] = {0x0808};
static const uint16_t rsa_13[] = {0x0804, 0x0805, 0x0806};
static const uint16_t rsa_12[] = {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601};
static const uint16_t pss_both[] = {0x0809, 0x080a, 0x080b};
static const uint16_t mldsa44_13[] = {0x0904}, mldsa65_13[] = {0x0905}, mldsa87_13[] = {0x0906};

struct key_row {
    const char *key_type;
    const char *group; /* NULL: the type has none */
    struct tls_codes tls13;
    struct tls_codes tls12;
};

#define NO_CODES ((struct tls_codes){NULL, 0})

/* Curves by the names that EVP, IANA and SEC give them. */
static const struct key_row key_rows[] = {
    {"SM2", NULL, {sm2_13, LENGTH(sm2_13)}, {NULL, 0}},
    {"EC", "P-256", {p256_13, LENGTH(p256_13)}, {p256_12, LENGTH(p256_12)}},
    {"EC", "prime256v1", {p256_13, LENGTH(p256_13)}, {p256_12, LENGTH(p256_12)}},
    {"EC", "secp256r1", {p256_13, LENGTH(p256_13)}, {p256_12, LENGTH(p256_12)}},
    {"EC", "P-384", {p384_13, LENGTH(p384_13)}, {p384_12, LENGTH(p384_12)}},
    {"EC", "secp384r1", {p384_13, LENGTH(p384_13)}, {p384_12, LENGTH(p384_12)}},
    {"EC", "P-521", {p521_13, LENGTH(p521_13)}, {p521_12, LENGTH(p521_12)}},
    {"EC", "secp521r1", {p521_13, LENGTH(p521_13)}, {p521_12, LENGTH(p521_12)}},
    {"ED25519", NULL, {ed25519_both, LENGTH(ed25519_both)}, {ed25519_both, LENGTH(ed25519_both)}},
    {"ED448", NULL, {ed448_both, LENGTH(ed448_both)}, {ed448_both, LENGTH(ed448_both)}},
    {"RSA", NULL, {rsa_13, LENGTH(rsa_13)}, {rsa_12, LENGTH(rsa_12)}},
    {"RSA-PSS", NULL, {pss_both, LENGTH(pss_both)}, {pss_both, LENGTH(pss_both)}},
    {"ML-DSA-44", NULL, {mldsa44_13, LENGTH(mldsa44_13)}, {NULL, 0}},
    {"ML-DSA-65", NULL, {mldsa65_13, LENGTH(mldsa65_13)}, {NULL, 0}},
    {"ML-DSA-87", NULL, {mldsa87_13, LENGTH(mldsa87_13)}, {NULL, 0}},
};

static bool is_key_row(const struct key_row *row, const char *key_type, const char *group)
{
    if (!bytes_is_text(bytes_of_text(key_type), row->key_type))
        return false;
    return row->group == NULL || (group != NULL && bytes_is_text(bytes_of_text(group), row->group));
}

struct tls_codes tls_names_key_schemes(const char *key_type, const char *group, bool is_tls13)
{
    for (size_t i = 0; i < LENGTH(key_rows); i++)
        if (is_key_row(&key_rows[i], key_type, group))
            return is_tls13 ? key_rows[i].tls13 : key_rows[i].tls12;
    return NO_CODES;
}

struct oid_row {
    uint8_t len;
    uint8_t oid[9];
    uint16_t scheme;
};

/* [RFC8017 C], [RFC5758 3.2], [GM 1], [RFC8410 3], [RFC9881 3]. */
static const struct oid_row oid_rows[] = {
    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05}, 0x0201},
    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}, 0x0401},
    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c}, 0x0501},
    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d}, 0x0601},
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}, 0x0403},
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03}, 0x0503},
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04}, 0x0603},
    {8, {0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75}, 0x0708},
    {3, {0x2b, 0x65, 0x70}, 0x0807},
    {3, {0x2b, 0x65, 0x71}, 0x0808},
    {9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11}, 0x0904},
    {9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12}, 0x0905},
    {9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13}, 0x0906},
};

uint16_t tls_names_certificate_scheme(struct bytes oid)
{
    for (size_t i = 0; i < LENGTH(oid_rows); i++)
        if (bytes_equal(oid, bytes_of(oid_rows[i].oid, oid_rows[i].len)))
            return oid_rows[i].scheme;
    return 0;
}
