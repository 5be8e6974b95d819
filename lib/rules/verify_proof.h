/* verify_proof.h - verifying a certificate's "signature": the MTCProof [MTC 7.2]. */
#ifndef CATHAYA_RULES_VERIFY_PROOF_H
#define CATHAYA_RULES_VERIFY_PROOF_H

#include "codec/mtc/mtc_proof.h"
#include "codec/x509/certificate.h"
#include "rules/trust_store.h"

enum proof_basis {
    PROOF_BY_TRUSTED_SUBTREE, /* a landmark's: no signature was needed */
    PROOF_BY_COSIGNERS
};

/* What was found, as far as verification came. */
struct proof_verdict {
    const struct trust_ca *ca;
    uint64_t serial;
    uint16_t log_number;
    uint64_t index;
    struct subtree subtree;
    uint8_t entry_hash[HASH_SIZE];
    uint8_t subtree_hash[HASH_SIZE];
    enum proof_basis basis;
    bool has_ca_signature;
    uint8_t good_cosigners[TRUST_COSIGNERS_MAX / 8]; /* bit per cosigner number */
};

/* proof_verdict_has says whether cosigner `number` of the store has signed. */
static inline bool proof_verdict_has(const struct proof_verdict *v, size_t number)
{
    return (v->good_cosigners[number / 8] >> (number % 8) & 1) != 0;
}

/* verify_proof runs the procedure on a certificate that parsed. STATUS_OK is the only yes;
 * STATUS_NOT_FOUND: no CA of the store issued it; STATUS_MALFORMED, STATUS_REFUSED with the reason.
 * Allocates nothing itself; hashers are the calling thread's. is_without_subtrees: the store's trusted subtrees are
 * not looked at. */
MUST_USE enum status verify_proof(const struct trust_store *store, struct hasher_set *hashers,
                                  const struct certificate *cert, bool is_without_subtrees,
                                  struct proof_verdict *verdict, struct error *err);

#endif
