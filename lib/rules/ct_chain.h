/* ct_chain.h - does a submitted chain lead to a root that the log accepts [RFC6962 3.1]?
 *
 * Every certificate must be signed by the key of the next, and the issuer's name be the next one's subject; issuers must say
 * cA TRUE. The root may be left out or be the last; what comes behind an accepted root is left out. Nothing else is judged: no dates, no constraints, no uses, no
 * revocation, for a log records what CAs sign, also when they should not have.
 */
#ifndef CATHAYA_RULES_CT_CHAIN_H
#define CATHAYA_RULES_CT_CHAIN_H

#include "codec/x509/certificate.h"
#include "crypto/certificate_key.h"
#include "crypto/hash.h"

/* Leaf, issuers and root. The longest public chains have five. */
#define CT_CHAIN_DEPTH_MAX 10
/* As public logs have it; one certificate has CERTIFICATE_SIZE_MAX. */
#define CT_CHAIN_SIZE_MAX ((size_t)512 * 1024)
/* CCADB has some 700 TLS roots; operators accept old ones for years. */
#define CT_CHAIN_ROOTS_MAX 4096
/* Roots of one name (keys that were changed) that are tried for one chain. */
#define CT_CHAIN_SAME_NAME_MAX 8

/* ---- accepted roots: filled while configuring, then shared by threads and never changed ---- */

struct ct_chain_roots;

/* ct_chain_roots_new makes an empty set; hash is the log's, of fingerprints. */
MUST_USE enum status ct_chain_roots_new(const struct hash_alg *hash, struct ct_chain_roots **out, struct error *err);
void ct_chain_roots_free(struct ct_chain_roots *roots);

/* ct_chain_roots_add copies a certificate in DER; the same one again is fine. Not asked for: that it is signed by itself.
 * STATUS_MALFORMED when it cannot be read or its key is of no known algorithm; STATUS_LIMIT. */
MUST_USE enum status ct_chain_roots_add(struct ct_chain_roots *roots, struct bytes der, struct error *err);
size_t ct_chain_roots_count(const struct ct_chain_roots *roots);
/* Borrowed DER and fingerprint (HASH_SIZE bytes) of root i, in the order of adding. */
struct bytes ct_chain_roots_at(const struct ct_chain_roots *roots, size_t i);
const uint8_t *ct_chain_roots_fingerprint(const struct ct_chain_roots *roots, size_t i);
/* ct_chain_roots_has: is there one with that fingerprint? */
bool ct_chain_roots_has(const struct ct_chain_roots *roots, const uint8_t fingerprint[HASH_SIZE]);

/* ---- what is known of issuers from earlier chains ---- */

/* An issuer whose signature was verified: by the key of the certificate with that fingerprint. */
struct ct_chain_issuer {
    struct certificate_key *key;
    uint8_t signer[HASH_SIZE];
};

/* The owner says who shares it and locks it. find gives what is known of the certificate with that fingerprint, NULL when
 * nothing; it must stay until the call of ct_chain_build ends. add takes the key, also when it keeps nothing of it. */
struct ct_chain_cache {
    void *context;
    const struct ct_chain_issuer *(*find)(void *context, const uint8_t fingerprint[HASH_SIZE]);
    void (*add)(void *context, const uint8_t fingerprint[HASH_SIZE], const struct ct_chain_issuer *issuer);
};

/* ---- a chain ---- */

struct ct_chain {
    struct certificate leaf;       /* parsed; borrows from the submission */
    size_t issuer_count;           /* at least 1, below CT_CHAIN_DEPTH_MAX */
    struct bytes issuers[CT_CHAIN_DEPTH_MAX]; /* DER, the leaf's issuer first, the root last; borrow from submission or roots */
    uint8_t fingerprints[CT_CHAIN_DEPTH_MAX][HASH_SIZE]; /* of the issuers, by the log's hash: certificate_chain of a TileLeaf */
    struct bytes issuer_spki;      /* of issuers[0]: for precert_key_hash */
};

/* ct_chain_build reads count certificates in DER, the leaf first, each the issuer of the one before. cache may be NULL.
 * STATUS_MALFORMED for a certificate that cannot be read; STATUS_LIMIT; STATUS_REFUSED when a name or a signature does
 * not fit, an issuer is no CA, or no accepted root ends the chain, with the number of the certificate. A leaf that is an
 * accepted root itself is taken. Thread-safe with a thread-safe cache. */
MUST_USE enum status ct_chain_build(const struct ct_chain_roots *roots, const struct bytes *chain, size_t count,
                                    const struct ct_chain_cache *cache, struct ct_chain *out, struct error *err);

#endif
