/* issuer.h - from CSR to certificate: what a Merkle Tree CA puts into its log, and what it takes out
 * again [MTC 6]. Keeps the public keys of subjects, of which the log holds only hashes. */
#ifndef CATHAYA_SERVICE_ISSUER_ISSUER_H
#define CATHAYA_SERVICE_ISSUER_ISSUER_H

#include "base/array.h"
#include "codec/landmarks/landmarks.h"
#include "codec/mtc/mtc_proof.h"
#include "codec/mtc/tbs_entry.h"
#include "merkle/proof.h"
#include "policy/lint.h"
#include "ports/clock.h"
#include "ports/cosigner.h"
#include "ports/object_store.h"

/* More cosigners than any policy asks for. */
#define ISSUER_COSIGNATURES_MAX 16
/* CSRs that are issued for in one batch. */
#define ISSUER_BATCH_MAX 1024

/* What one certificate is issued for: names and a key that have been checked. Everything is borrowed. */
struct issuer_request {
    const struct certificate_profile *profile; /* lifetime, backdate, clientAuth and policy are looked at */
    struct bytes general_names;        /* contents of GeneralNames */
    struct bytes spki;                 /* whole */
    int64_t not_before_s, not_after_s; /* both ends count [RFC5280 4.1.2.5]; 0: the profile's, from now */
};

/* An entry that is ready to be appended. */
struct issuer_entry {
    size_t offset, len; /* in the batch's memory */
    int64_t not_before_s, not_after_s;
    uint8_t leaf_hash[HASH_SIZE];
};

/* Entries that will be appended together: what they are is known before the log knows of them. */
struct issuer_batch {
    struct builder memory;
    struct array entries; /* of struct issuer_entry */
};

static inline struct issuer_entry *issuer_batch_at(const struct issuer_batch *batch, size_t i)
{
    return array_at(&batch->entries, i);
}

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

struct recent_keys;

/* All pointers are borrowed. One thread at a time. */
struct issuer {
    const struct draft *draft;
    struct tai ca_id;
    int64_t not_before_s, not_after_s; /* of the CA certificate, inclusive both */
    const struct cosigner *cosigners; /* the CA's first; no certificate is issued for their keys */
    size_t cosigner_count;
    uint16_t log_number;
    struct hasher *hasher; /* of draft->hash */
    struct certificate_profile profile; /* of what issuer_issue issues; requests bring their own */
    const struct lint_subject *lint;    /* its policy and names: every entry is linted first; NULL: none is */
    /* What the linter would refuse is told here, and issued: where somebody has said so. at is the entry's number in its batch, from 0.
     * NULL: it is refused. */
    void (*on_findings)(void *context, size_t at, const struct lint_report *report);
    void *findings_context;
    struct issuer_log log;
    struct object_store subject_keys; /* by hash: "ab/cdef..." */
    struct recent_keys *recent_keys;  /* so that certificates just issued need no store; may be NULL */
    struct clock_port clock;
};

/* issuer_write_entry appends the MTCLogEntry of a request that is issued at now_s, and says from when to
 * when it is valid. */
MUST_USE enum status issuer_write_entry(const struct issuer *issuer,
                                        const struct issuer_request *request, int64_t now_s,
                                        struct builder *out, int64_t *not_before_s,
                                        int64_t *not_after_s, struct error *err);

/* issuer_batch_init starts an empty batch of at most max entries and size_max bytes; issuer_batch_clear
 * must follow. */
void issuer_batch_init(struct issuer_batch *batch, size_t max, size_t size_max);
void issuer_batch_clear(struct issuer_batch *batch);

/* issuer_prepare adds the entry of a request to a batch, and puts its key where certificates find it; that
 * is not durable yet. STATUS_REFUSED: the key is one of a cosigner, or the linter says which rule;
 * STATUS_MALFORMED: spki is none; STATUS_LIMIT: the batch is full; STATUS_USAGE when the clock is outside
 * the CA certificate: what it would put into the log stays there for ever. After a failure the batch is as
 * it was. */
MUST_USE enum status issuer_prepare(const struct issuer *issuer, const struct issuer_request *request,
                                    struct issuer_batch *batch, struct error *err);

/* issuer_append makes the keys durable and appends the batch: all or nothing. */
MUST_USE enum status issuer_append(const struct issuer *issuer, const struct issuer_batch *batch,
                                   uint64_t *first_index, struct error *err);

/* issuer_issue checks the CSRs (DER), keeps their keys and appends their entries as one batch, by the
 * issuer's own profile: all or nothing. *first_index is that of csrs[0]. STATUS_MALFORMED or STATUS_REFUSED with the reason, and
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

/* recent_keys_new makes a memory of the keys that were put last; recent_keys_free takes NULL too. */
MUST_USE enum status recent_keys_new(struct recent_keys **out, struct error *err);
void recent_keys_free(struct recent_keys *keys);

#endif
