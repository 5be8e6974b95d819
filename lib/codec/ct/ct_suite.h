/* ct_suite.h - the two kinds of CT log, as one table [GM 4]: which hash, which signature.
 *
 *   name  hash     algorithm          DigitallySigned
 *   gm    SM3      sm2_sm3            07 08
 *   intl  SHA-256  ecdsa_p256_sha256  04 03
 *
 * The hash is that of the tree, of the LogID, of issuer_key_hash and of issuers' fingerprints.
 */
#ifndef CATHAYA_CODEC_CT_CT_SUITE_H
#define CATHAYA_CODEC_CT_CT_SUITE_H

#include "crypto/algorithm.h"
#include "crypto/hash.h"

struct ct_suite {
    const char *name;                 /* "gm", "intl": in configurations and log lists */
    const struct hash_alg *hash;
    const char *algorithm;            /* a name of crypto/algorithm.h */
    uint16_t signature;               /* both bytes of SignatureAndHashAlgorithm, as in an SCT */
    const char *root_member;          /* "sm3_root_hash", "sha256_root_hash": in JSON */
};

extern const struct ct_suite ct_suite_gm, ct_suite_intl;

/* ct_suite_by_name is NULL when there is none. */
const struct ct_suite *ct_suite_by_name(struct bytes name);

/* ct_suite_by_algorithm is the suite whose logs sign with that; NULL for an algorithm that no CT log signs with. */
const struct ct_suite *ct_suite_by_algorithm(const struct signature_alg *alg);

/* ct_suite_hash is the suite's hash of one message: a LogID is that of a DER SubjectPublicKeyInfo.
 * STATUS_NO_MEMORY. Who hashes much keeps a hasher. */
MUST_USE enum status ct_suite_hash(const struct ct_suite *suite, struct bytes message,
                                   uint8_t out[HASH_SIZE], struct error *err);

#endif
