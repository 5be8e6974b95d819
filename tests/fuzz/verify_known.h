/* verify_known.h - what of a certificate is proven: all but its cosignatures. Shared by the fuzz target of
 * verification and by the program that makes its world. */
#ifndef CATHAYA_TESTS_FUZZ_VERIFY_KNOWN_H
#define CATHAYA_TESTS_FUZZ_VERIFY_KNOWN_H

#include "codec/x509/certificate.h"
#include "crypto/hash.h"

static inline size_t verify_known_u16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* SHA-256 of the TBSCertificate and of the MTCProof up to its cosignatures; der has been accepted. */
static inline bool verify_known_hash(struct bytes der, uint8_t out[HASH_SIZE])
{
    struct certificate cert;
    if (certificate_parse(der, &cert, NULL) != STATUS_OK)
        return false;
    const uint8_t *proof = cert.signature_value.data;
    size_t path = 2 + verify_known_u16(proof) + 12;
    size_t len = path + 2 + verify_known_u16(proof + path);
    const struct bytes parts[] = {cert.tbs, bytes_of(proof, len)};
    return len <= cert.signature_value.len && hash_label_sha256(parts, 2, out);
}

#endif
