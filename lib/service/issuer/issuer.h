/* issuer.h - from CSR to certificate: what a Merkle Tree CA puts into its log, and what it takes out
 * again [MTC 6]. Keeps the public keys of subjects, of which the log holds only hashes. */
#ifndef CATHAYA_SERVICE_ISSUER_ISSUER_H
#define CATHAYA_SERVICE_ISSUER_ISSUER_H

#include "codec/landmarks/landmarks.h"
#include "codec/mtc/mtc_proof.h"
#include "codec/mtc/tbs_entry.h"
#include "merkle/proof.h"
#include "ports/clock.h"
#include "ports/cosigner.h"
#include "ports/object_store.h"

/* More cosigners than any policy asks for. */
#define ISSUER_COSIGNATURES_MAX 16
/* CSRs that are issued for in one batch. */
#define ISSUER_BATCH_MAX 1024

/* What every certificate of a CA has in common. */
struct issuer_profile {
    int64_t lifetime_s;   /* notAfter - notBefore + 1: both ends count [RFC5280 4.1.2.5] */
    int64_t backdate_s;   /* notBefore is this long ago, for clients whose clocks are late */
    bool has_client_auth; /* extKeyUsage clientAuth beside serverAuth */
    struct bytes policy_oid; /* contents of the one policy OID; empty: no certificatePolicies */
};

/* What the issuer needs of an issuance log. */
struct issuer_log {
    void *context;
    /* append makes the entries durable and sequenced before it returns; the first gets *first. */
    enum status (*append)(void *context, const struct bytes *entries, const int64_t *not_after_s,
                          size_t count, uint64_t *first, struct error *err);
    enum status (*read_entry)(void *context, uint64_t index, struct builder *out, struct error *err);
    /* read_cosignatures gives the batch's covering subtree with index in it and what was signed over
     * it, in canonical order; memory holds what out borrows. */
    enum status (*read_cosignatures)(void *context, uint64_t index, struct subtree *subtree,
                                     struct builder *memory,
                                     struct cosignature out[ISSUER_COSIGNATURES_MAX], size_t *count,
                                     struct error *err);
    const struct landmarks *(*landmarks)(void *context);
    struct node_source (*node_source)(void *context);
};

/* All pointers are borrowed. One thread at a time. */
struct issuer {
    const struct draft *draft;
    struct tai ca_id;
    int64_t not_before_s, not_after_s; /* of the CA certificate, inclusive both */
    const struct cosigner *cosigners; /* the CA's first; no certificate is issued for their keys */
    size_t cosigner_count;
    uint16_t log_number;
    struct hasher *hasher; /* of draft->hash */
    struct issuer_profile profile;
    struct issuer_log log;
    struct object_store subject_keys; /* by hash: "ab/cdef..." */
    struct clock_port clock;
};

/* issuer_write_entry appends the MTCLogEntry for a key and its names (contents of GeneralNames), valid
 * from now_s - backdate. */
MUST_USE enum status issuer_write_entry(const struct issuer *issuer, struct bytes general_names,
                                        struct bytes spki, struct bytes spki_algorithm,
                                        int64_t now_s, struct builder *out, int64_t *not_after_s,
                                        struct error *err);

/* issuer_issue checks the CSRs (DER), keeps their keys and appends their entries as one batch: all or
 * nothing. *first_index is that of csrs[0]. STATUS_MALFORMED or STATUS_REFUSED with the reason, and
 * *bad_csr says which; then nothing has changed. STATUS_USAGE when the clock is outside the CA
 * certificate: what it would put into the log stays there for ever. */
MUST_USE enum status issuer_issue(const struct issuer *issuer, const struct bytes *csrs,
                                  size_t count, uint64_t *first_index, size_t *bad_csr,
                                  struct error *err);

/* issuer_write_standalone appends the standalone certificate (DER) of an entry [MTC 6.3].
 * STATUS_NOT_FOUND: no such entry, a pruned one, or one whose key is not kept here. */
MUST_USE enum status issuer_write_standalone(const struct issuer *issuer, uint64_t index,
                                             struct builder *out, struct error *err);

/* issuer_write_landmark appends the landmark-relative certificate (DER) of an entry, and says relative
 * to which landmark [MTC 6.4.4]. STATUS_AGAIN when no landmark contains it yet. */
MUST_USE enum status issuer_write_landmark(const struct issuer *issuer, uint64_t index,
                                           struct builder *out, uint64_t *landmark,
                                           struct error *err);

#endif
