#include "codec/asn1/der.h"
#include "policy/policy_rule.h"

static const struct curve {
    struct bytes oid;
    enum policy_key_kind kind;
} curves[] = {
    {{(const uint8_t *)"\x2a\x81\x1c\xcf\x55\x01\x82\x2d", 8}, POLICY_KEY_SM2}, /* 1.2.156.10197.1.301 */
    {{(const uint8_t *)"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8}, POLICY_KEY_P256},
    {{(const uint8_t *)"\x2b\x81\x04\x00\x22", 5}, POLICY_KEY_P384},
    {{(const uint8_t *)"\x2b\x81\x04\x00\x23", 5}, POLICY_KEY_P521},
};

static enum policy_key_kind read_curve(struct reader *parameters)
{
    struct der_element oid;
    if (!der_tagged(parameters, DER_OID, &oid))
        return POLICY_KEY_UNKNOWN;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (bytes_equal(oid.contents, curves[i].oid))
            return curves[i].kind;
    return POLICY_KEY_UNKNOWN;
}

/* RSAPublicKey ::= SEQUENCE { modulus, publicExponent } [RFC8017 A.1.1] */
static void read_rsa(struct bytes bits, struct policy_key *key)
{
    struct reader r, fields;
    struct der_element modulus;
    reader_init(&r, bits);
    if (!der_enter(&r, DER_SEQUENCE, &fields) || !der_tagged(&fields, DER_INTEGER, &modulus) || modulus.contents.len == 0)
        return;
    struct bytes n = modulus.contents;
    if (n.data[0] == 0)
        n = bytes_of(n.data + 1, n.len - 1);
    key->rsa_bits = n.len * 8;
    for (uint8_t top = n.len > 0 ? n.data[0] : 0x80; key->rsa_bits > 0 && (top & 0x80) == 0; top = (uint8_t)(top << 1)) {
        if (top == 0)
            break;
        key->rsa_bits--;
    }
    if (!der_read_u64(&fields, &key->rsa_exponent))
        key->rsa_exponent = UINT64_MAX;
    key->kind = POLICY_KEY_RSA;
}

struct policy_key policy_key_read(struct bytes spki)
{
    static const struct bytes rsa = {(const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9},
                              ec = {(const uint8_t *)"\x2a\x86\x48\xce\x3d\x02\x01", 7},
                              ed25519 = {(const uint8_t *)"\x2b\x65\x70", 3},
                              mldsa = {(const uint8_t *)"\x60\x86\x48\x01\x65\x03\x04\x03", 8}; /* .17 to .19 follow */
    struct policy_key key = {.kind = POLICY_KEY_UNKNOWN};
    struct reader r, fields, algorithm;
    struct der_element oid, bits;
    reader_init(&r, spki);
    if (!der_enter(&r, DER_SEQUENCE, &fields) || !der_enter(&fields, DER_SEQUENCE, &algorithm) ||
        !der_tagged(&algorithm, DER_OID, &oid) || !der_tagged(&fields, DER_BIT_STRING, &bits) || bits.contents.len == 0)
        return key;
    if (bytes_equal(oid.contents, ec))
        key.kind = read_curve(&algorithm);
    else if (bytes_equal(oid.contents, rsa))
        read_rsa(bytes_of(bits.contents.data + 1, bits.contents.len - 1), &key);
    else if (bytes_equal(oid.contents, ed25519))
        key.kind = POLICY_KEY_ED25519;
    else if (oid.contents.len == mldsa.len + 1 && bytes_equal(bytes_of(oid.contents.data, mldsa.len), mldsa))
        key.kind = oid.contents.data[mldsa.len] >= 17 && oid.contents.data[mldsa.len] <= 19 ? POLICY_KEY_MLDSA : POLICY_KEY_UNKNOWN;
    return key;
}
