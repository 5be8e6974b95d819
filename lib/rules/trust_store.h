/* trust_store.h - what a relying party is configured with [MTC 7.1]: CAs, cosigners and which of them
 * are required, trusted subtrees, revoked ranges. Filled once, then shared by threads and never
 * changed. */
#ifndef CATHAYA_RULES_TRUST_STORE_H
#define CATHAYA_RULES_TRUST_STORE_H

#include "codec/mtc/ca_certificate.h"
#include "crypto/key.h"
#include "merkle/subtree.h"

#define TRUST_CAS_MAX 1024
/* A certificate's good cosigners are a set of this many bits. */
#define TRUST_COSIGNERS_MAX 256
/* A few for each of a few hundred CAs. */
#define TRUST_REQUIREMENTS_MAX 2048
/* 338 subtrees a log [MTC 6.4.2] and a thousand logs are far below. */
#define TRUST_SUBTREES_MAX 4000000
#define TRUST_REVOKED_MAX 1000000

struct trust_ca {
    const struct draft *draft;
    struct tai id;
    struct bytes name; /* whole Name; borrows from der */
    struct public_key *key;
    uint64_t min_serial, max_serial;
    int64_t not_before_s, not_after_s; /* of the CA certificate, inclusive */
    uint8_t *der; /* the CA certificate */
    size_t der_len;
};

struct trust_cosigner {
    struct tai id;
    struct public_key *key;
};

/* needed of these cosigners must have signed certificates of this CA. */
struct trust_requirement {
    struct tai ca_id; /* len 0: of every CA */
    size_t needed;
    size_t count;
    struct tai ids[TRUST_COSIGNERS_MAX];
    uint16_t operators[TRUST_COSIGNERS_MAX]; /* cosigners of one number, other than 0, count once [GM-45] */
};

struct trust_store;

/* trust_store_new gives an empty store; algorithms is borrowed for its life. trust_store_free takes it
 * back (NULL is fine). */
MUST_USE enum status trust_store_new(const struct algorithms *algorithms, struct trust_store **out,
                                     struct error *err);
void trust_store_free(struct trust_store *store);

/* trust_store_add_ca adds a Merkle Tree CA by its certificate in DER (copied). STATUS_CONFLICT when
 * there is a CA of that ID. */
MUST_USE enum status trust_store_add_ca(struct trust_store *store, struct bytes der,
                                        struct error *err);

/* trust_store_add_cosigner adds a further cosigner; spki is a DER SubjectPublicKeyInfo. One ID has
 * one key and one key one ID [GM 1]: STATUS_CONFLICT otherwise. */
MUST_USE enum status trust_store_add_cosigner(struct trust_store *store, const struct tai *id,
                                              struct bytes alg_name, struct bytes spki,
                                              struct error *err);

/* trust_store_require adds: at least needed of these cosigners, beside the CA cosigner, which is
 * always required. STATUS_USAGE for a cosigner that is not there, or more needed than listed. */
MUST_USE enum status trust_store_require(struct trust_store *store, size_t needed,
                                         const struct tai *ids, size_t id_count, struct error *err);

/* trust_store_require_for adds the same for certificates of one CA; operators (NULL: none) are count numbers. */
MUST_USE enum status trust_store_require_for(struct trust_store *store, const struct tai *ca_id, size_t needed,
                                             const struct tai *ids, const uint16_t *operators, size_t id_count,
                                             struct error *err);

/* trust_store_add_subtree adds a trusted subtree. STATUS_CONFLICT when it is there with another hash. */
MUST_USE enum status trust_store_add_subtree(struct trust_store *store, const struct tai *ca_id,
                                             uint16_t log_number, struct subtree subtree,
                                             const uint8_t hash[HASH_SIZE], struct error *err);

/* trust_store_add_revoked adds the serial numbers first..last, both inclusive, of a CA. */
MUST_USE enum status trust_store_add_revoked(struct trust_store *store, const struct tai *ca_id,
                                             uint64_t first, uint64_t last, struct error *err);

/* ---- questions; all of them are safe from many threads ---- */

/* trust_store_find_ca is the CA with this whole issuer Name, NULL when there is none. */
const struct trust_ca *trust_store_find_ca(const struct trust_store *store, struct bytes name);

/* trust_store_find_ca_by_id is the CA of that ID, NULL when there is none: for who asks now and then. */
const struct trust_ca *trust_store_find_ca_by_id(const struct trust_store *store, const struct tai *id);

/* trust_store_find_cosigner is the cosigner with this binary ID and its number (below
 * TRUST_COSIGNERS_MAX), NULL when there is none. */
const struct trust_cosigner *trust_store_find_cosigner(const struct trust_store *store,
                                                       struct bytes id, size_t *number);

/* trust_store_cosigner is the cosigner with that number. */
const struct trust_cosigner *trust_store_cosigner(const struct trust_store *store, size_t number);

/* trust_store_find_subtree is the trusted hash, NULL when the subtree is not a trusted one. */
const uint8_t *trust_store_find_subtree(const struct trust_store *store, const struct tai *ca_id,
                                        uint16_t log_number, struct subtree subtree);

bool trust_store_is_revoked(const struct trust_store *store, const struct tai *ca_id,
                            uint64_t serial);

/* trust_store_requirements borrows the requirements. */
const struct trust_requirement *trust_store_requirements(const struct trust_store *store,
                                                         size_t *count);

/* trust_requirement_is_for says whether a requirement speaks of certificates of a CA. */
static inline bool trust_requirement_is_for(const struct trust_requirement *requirement, const struct tai *ca_id)
{
    return requirement->ca_id.len == 0 || tai_equal(&requirement->ca_id, ca_id);
}

/* trust_store_count_signed is how many count of those that have signed: has_signed is asked for each ID. */
size_t trust_store_count_signed(const struct trust_requirement *requirement,
                                bool (*has_signed)(const void *context, const struct tai *id), const void *context);

/* trust_store_is_empty: has nothing been added yet? */
bool trust_store_is_empty(const struct trust_store *store);

/* trust_store_revoked gives revoked range i; false behind the last one. trust_store_subtree_count is how many
 * subtrees are trusted. */
bool trust_store_revoked(const struct trust_store *store, size_t i, struct tai *ca_id, uint64_t *first, uint64_t *last);
size_t trust_store_subtree_count(const struct trust_store *store);

#endif
