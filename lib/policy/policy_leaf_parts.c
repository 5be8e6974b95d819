#include "policy/policy_leaf_parts.h"

#include <inttypes.h>
#include <string.h>

#include "codec/asn1/der.h"

static const uint8_t oid_ext_key_usage[] = {0x55, 0x1d, 0x25};
static const uint8_t key_purposes[] = {0x2b, 6, 1, 5, 5, 7, 3}; /* id-kp */

/* ---- keys ---- */

static enum policy_outcome check_rsa(struct policy_view *view, const struct policy_key *key, const char *what)
{
    int64_t bits = (int64_t)key->rsa_bits, least = policy_view_limit(view, POLICY_LIMIT_RSA_BITS_MIN),
            most = policy_view_limit(view, POLICY_LIMIT_RSA_BITS_MAX), exponent = policy_view_limit(view, POLICY_LIMIT_RSA_EXPONENT_MIN);
    if (bits < least || bits > most)
        return policy_view_broken(view, "%s is RSA of %" PRId64 " bits; %" PRId64 " to %" PRId64 " are good", what, bits, least, most);
    if (bits % 8 != 0)
        return policy_view_broken(view, "%s is RSA of %" PRId64 " bits, which are no whole bytes", what, bits);
    /* Old roots have 3, which is allowed and not advised; by 1 a signature is the message. */
    if (key->rsa_exponent % 2 == 0 || key->rsa_exponent == 1 || (key == &view->key && key->rsa_exponent < (uint64_t)exponent))
        return policy_view_broken(view, "%s is RSA with exponent %" PRIu64, what, key->rsa_exponent);
    return POLICY_KEPT;
}

enum policy_outcome policy_leaf_check_key(struct policy_view *view, const struct policy_key *key, bool is_mtc, const char *what)
{
    switch (key->kind) {
    case POLICY_KEY_SM2:
    case POLICY_KEY_P256:
    case POLICY_KEY_P384:
    case POLICY_KEY_P521:
        return POLICY_KEPT;
    case POLICY_KEY_RSA:
        return check_rsa(view, key, what);
    case POLICY_KEY_ED25519:
    case POLICY_KEY_MLDSA:
        return is_mtc ? POLICY_KEPT : policy_view_broken(view, "%s is of a kind that only Merkle Tree Certificates have", what);
    case POLICY_KEY_UNKNOWN:
        break;
    }
    return policy_view_broken(view, "%s is of no kind that certificates are issued for", what);
}

/* ---- purposes ---- */

void policy_leaf_purposes_init(struct policy_leaf_purposes *purposes, const struct policy_view *view)
{
    const struct extension *e = policy_view_extension(view, BYTES_OF(oid_ext_key_usage));
    struct reader r;
    *purposes = (struct policy_leaf_purposes){.is_there = e != NULL, .is_critical = e != NULL && e->is_critical};
    reader_init(&r, e != NULL ? e->value : (struct bytes){NULL, 0});
    if (e == NULL || !der_enter(&r, DER_SEQUENCE, &purposes->list))
        reader_init(&purposes->list, (struct bytes){NULL, 0});
}

bool policy_leaf_purposes_next(struct policy_leaf_purposes *purposes, struct bytes *oid)
{
    struct der_element one;
    if (reader_is_at_end(&purposes->list) || !der_tagged(&purposes->list, DER_OID, &one))
        return false;
    *oid = one.contents;
    purposes->count++;
    return true;
}

bool policy_leaf_has_purpose(const struct policy_view *view, struct bytes oid)
{
    struct policy_leaf_purposes purposes;
    struct bytes one;
    policy_leaf_purposes_init(&purposes, view);
    while (policy_leaf_purposes_next(&purposes, &one))
        if (bytes_equal(one, oid))
            return true;
    return false;
}

bool policy_leaf_has_kp(const struct policy_view *view, uint8_t last)
{
    uint8_t oid[sizeof key_purposes + 1];
    memcpy(oid, key_purposes, sizeof key_purposes);
    oid[sizeof key_purposes] = last;
    return policy_leaf_has_purpose(view, BYTES_OF(oid));
}

/* ---- signatures ---- */

#define RSA 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1
#define RSA_ROW(last) {DER_SEQUENCE, 13, DER_OID, 9, RSA, last, DER_NULL, 0}
#define SHA2(last) DER_SEQUENCE, 13, DER_OID, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last, DER_NULL, 0
#define PSS(hash, salt)                                                                                                          \
    {DER_SEQUENCE, 0x41, DER_OID, 9, RSA, 10, DER_SEQUENCE, 0x34, 0xa0, 15, SHA2(hash), 0xa1, 28, DER_SEQUENCE, 26, DER_OID, 9, RSA, 8, \
     SHA2(hash), 0xa2, 3, 2, 1, salt}

static const uint8_t rsa_rows[][15] = {RSA_ROW(11), RSA_ROW(12), RSA_ROW(13)};
static const uint8_t pss_rows[][67] = {PSS(1, 32), PSS(2, 48), PSS(3, 64)};
static const uint8_t ecdsa_rows[][12] = {
    {DER_SEQUENCE, 10, DER_OID, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2},
    {DER_SEQUENCE, 10, DER_OID, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3},
    {DER_SEQUENCE, 10, DER_OID, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4},
};
/* 1.2.156.10197.1.501, without parameters, and as many CAs write it. */
static const uint8_t sm2_row[] = {DER_SEQUENCE, 10, DER_OID, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75};
static const uint8_t sm2_null_row[] = {DER_SEQUENCE, 12, DER_OID, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75, DER_NULL, 0};
/* OIDs with SHA-1 and MD5, by what their identifiers begin with. */
static const uint8_t rsa_md5[] = {DER_OID, 9, RSA, 4}, rsa_sha1[] = {DER_OID, 9, RSA, 5};
static const uint8_t ecdsa_sha1[] = {DER_OID, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1};

static bool is_row(struct bytes algorithm, const uint8_t *rows, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(algorithm, bytes_of(rows + i * size, size)))
            return true;
    return false;
}

static bool has_oid(struct bytes algorithm, const uint8_t *oid, size_t len)
{
    return algorithm.len >= 2 + len && memcmp(algorithm.data + 2, oid, len) == 0;
}

enum policy_signature policy_leaf_signature(struct bytes algorithm)
{
    if (is_row(algorithm, sm2_row, sizeof sm2_row, 1) || is_row(algorithm, sm2_null_row, sizeof sm2_null_row, 1))
        return POLICY_SIGNATURE_SM2;
    if (is_row(algorithm, ecdsa_rows[0], sizeof ecdsa_rows[0], 3))
        return POLICY_SIGNATURE_ECDSA;
    if (is_row(algorithm, rsa_rows[0], sizeof rsa_rows[0], 3) || is_row(algorithm, pss_rows[0], sizeof pss_rows[0], 3))
        return POLICY_SIGNATURE_RSA;
    if (has_oid(algorithm, rsa_md5, sizeof rsa_md5) || has_oid(algorithm, rsa_sha1, sizeof rsa_sha1) ||
        has_oid(algorithm, ecdsa_sha1, sizeof ecdsa_sha1))
        return POLICY_SIGNATURE_SHA1;
    return POLICY_SIGNATURE_OTHER;
}
