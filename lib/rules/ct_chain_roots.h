/* ct_chain_roots.h - what a chain asks of the accepted roots. Private to ct_chain*.c. */
#ifndef CATHAYA_RULES_CT_CHAIN_ROOTS_H
#define CATHAYA_RULES_CT_CHAIN_ROOTS_H

#include "rules/ct_chain.h"

struct ct_chain_root {
    uint8_t *der;
    size_t der_len;
    struct certificate certificate; /* borrows from der */
    struct certificate_key *key;
    uint8_t fingerprint[HASH_SIZE];
};

/* ct_chain_roots_named is the i-th root with that subject, NULL when there are no more than CT_CHAIN_SAME_NAME_MAX. */
const struct ct_chain_root *ct_chain_roots_named(const struct ct_chain_roots *roots, struct bytes subject, size_t i);

/* ct_chain_roots_hash is the hash of fingerprints. */
const struct hash_alg *ct_chain_roots_hash(const struct ct_chain_roots *roots);

#endif
