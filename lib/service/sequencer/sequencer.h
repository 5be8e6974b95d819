/* sequencer.h - from a pool of requests to complete certificates [MTC 6.3].
 *
 * A job at a time: what is in the pool when the interval since the last job has passed becomes a batch.
 *   1. plan     index and leaf hash of every request are made durable
 *   2. append   the batch is in the log, signed by the CA
 *   3. cosign   mirrors are asked for the batch's subtrees and the checkpoint; what comes is kept with it
 *   4. complete each request whose subtree has what its profile asks for
 * The job ends when all of its requests are complete. A slow mirror goes on beside it; without a quorum the
 * job waits, the pool fills, and submitters are told so. A request is known by its ID for good: after a crash
 * too it gets the entry that it has, and never a second one.
 *
 * Runs on the thread of the event loop; the tables of the log and the issuance store are used on the CA's
 * serial worker alone.
 */
#ifndef CATHAYA_SERVICE_SEQUENCER_SEQUENCER_H
#define CATHAYA_SERVICE_SEQUENCER_SEQUENCER_H

#include "codec/tai/tai.h"
#include "crypto/hash.h"
#include "merkle/subtree.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/issuance_store.h"
#include "ports/timer.h"
#include "ports/work.h"
#include "rules/certificate_profile.h"

/* Cosigners of one subtree; as many as the log keeps. */
#define SEQUENCER_COSIGNERS_MAX 16
/* Mirrors and witnesses of one CA. */
#define SEQUENCER_PEERS_MAX 32
/* A batch may not be longer than the log's own limit. */
#define SEQUENCER_BATCH_MAX 65536
/* Downloads under way; each is one job on the worker. */
#define SEQUENCER_READS_MAX 8192
/* Cosignatures that wait to be written: every peer has a few requests under way at most. */
#define SEQUENCER_ADDITIONS_MAX 1024
/* Batches whose missing cosignatures are asked for when the CA starts. */
#define SEQUENCER_START_BATCHES 16

/* ---- what the sequencer needs of the CA; on the worker only ---- */

struct sequencer_entry {
    const struct certificate_profile *profile;
    struct bytes general_names, spki;
    int64_t not_before_s, not_after_s; /* 0: the profile's */
};

struct sequencer_prepared {
    int64_t not_before_s, not_after_s;
    uint8_t leaf_hash[HASH_SIZE];
};

struct sequencer_log_state {
    uint16_t log_number;
    uint64_t size, min_index;
    bool is_closed;
};

struct sequencer_batch {
    uint64_t start, end;
    size_t subtree_count;
    struct sequencer_subtree {
        struct subtree subtree;
        uint8_t hash[HASH_SIZE];
        size_t cosigner_count;
        struct tai cosigners[SEQUENCER_COSIGNERS_MAX];
    } subtrees[2];
};

struct sequencer_addition {
    struct subtree subtree;
    struct tai id;
    struct bytes signature;
};

enum sequencer_form { SEQUENCER_STANDALONE, SEQUENCER_LANDMARK };

struct sequencer_ca {
    void *context;
    /* get_state; a failure means that the log has stopped. */
    enum status (*get_state)(void *context, struct sequencer_log_state *out, struct error *err);
    /* reopen closes a log that has stopped, and opens and recovers it. */
    enum status (*reopen)(void *context, struct error *err);
    /* clear begins a batch; prepare adds an entry to it (STATUS_REFUSED, STATUS_MALFORMED: this one never;
     * STATUS_USAGE: the clock; STATUS_LIMIT: not in this batch); append appends all of it. */
    void (*clear)(void *context);
    enum status (*prepare)(void *context, const struct sequencer_entry *entry,
                           struct sequencer_prepared *out, struct error *err);
    enum status (*append)(void *context, uint64_t *first, struct error *err);
    /* find_leaf gives the leaf hash at an index and the validity of its entry: STATUS_NOT_FOUND when the log
     * has no such entry, STATUS_REFUSED when it is of a log that cannot be looked at any more. */
    enum status (*find_leaf)(void *context, uint16_t log_number, uint64_t index,
                             struct sequencer_prepared *out, struct error *err);
    enum status (*find_batch)(void *context, uint64_t index, struct sequencer_batch *out, struct error *err);
    /* find_old_batch is the same for a log that is closed. NULL: only the current one can be looked at. */
    enum status (*find_old_batch)(void *context, uint16_t log_number, uint64_t index, struct sequencer_batch *out,
                                  struct error *err);
    /* read_published appends the note of the newest checkpoint, with its size and root. */
    enum status (*read_published)(void *context, struct builder *note, uint64_t *size,
                                  uint8_t root[HASH_SIZE], struct error *err);
    /* add_cosignatures keeps those of one batch, durably. */
    enum status (*add_cosignatures)(void *context, uint64_t index, const struct sequencer_addition *additions,
                                    size_t count, struct error *err);
    /* add_line adds a line to the published checkpoint; STATUS_CONFLICT when it has another size by now. */
    enum status (*add_line)(void *context, uint64_t size, const char *name, uint64_t timestamp_s,
                            struct bytes signature, struct error *err);
    enum status (*allocate_landmark)(void *context, bool *is_new, struct error *err);
    /* next_min_index is what prune would raise the minimum index to. */
    enum status (*next_min_index)(void *context, int64_t retain_s, uint64_t *min_index, struct error *err);
    enum status (*prune)(void *context, int64_t retain_s, struct error *err);
    /* write_chain appends the PEM; *is_partial, which is false before: there will be more properties in a moment. STATUS_AGAIN: no
     * landmark yet. */
    enum status (*write_chain)(void *context, uint16_t log_number, uint64_t index, enum sequencer_form form,
                               bool with_properties, struct builder *pem, bool *is_partial, struct error *err);
};

/* Somebody who cosigns; on the thread of the loop. */
struct sequencer_peer {
    const char *name; /* of its note signatures */
    struct tai id;    /* len 0: a witness, never asked for subtrees */
    void *context;
    void (*see)(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note);
    void (*want)(void *context, struct subtree subtree, const uint8_t hash[HASH_SIZE]);
};

struct sequencer_config {
    struct sequencer_ca ca;
    struct issuance_store store; /* on the worker */
    const struct sequencer_peer *peers; /* borrowed */
    size_t peer_count;
    /* Beside each profile's mirrors_min: is_met is asked with the note names of all that have signed a
     * subtree. NULL: nothing more is needed. */
    bool (*is_quorum)(void *context, const char *const *names, size_t count);
    void *quorum_context;
    struct work_port worker;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    const char *metrics_labels; /* `ca="NAME"`, or "" */
    size_t pool_entries_max, pool_bytes_max, batch_entries_max;
    uint32_t interval_ms;       /* between the starts of two jobs */
    uint32_t reopen_ms;         /* how soon a log that has stopped is opened again */
    uint32_t landmark_interval_s; /* 0: none are made here */
    uint32_t prune_interval_s;  /* 0: nothing is pruned here */
    int64_t retain_s;           /* after their landmark's end */
    uint32_t prune_grace_s;     /* between the announcement and the pruning */
    /* announce_min_index: clients are told before entries go; on the loop. May be NULL. */
    void (*announce_min_index)(void *context, uint16_t log_number, uint64_t min_index);
    void *announce_context;
};

/* ---- requests ---- */

struct sequencer_request {
    uint8_t id[ISSUANCE_REQUEST_SIZE]; /* for good */
    struct sequencer_entry entry;      /* copied, but the profile */
    int64_t new_until_s; /* a new entry is not made later: STATUS_REFUSED; one that is there is given. 0: whenever */
};

struct sequencer_issued {
    uint16_t log_number;
    uint64_t index;
    int64_t not_before_s, not_after_s;
};

/* STATUS_OK: complete. STATUS_REFUSED, STATUS_MALFORMED: never. STATUS_AGAIN, STATUS_IO: not now; the same
 * request may be submitted again, then or by another process. */
typedef void sequencer_done(void *cookie, enum status status, const struct sequencer_issued *issued,
                            const struct error *err);
typedef void sequencer_read_done(void *cookie, enum status status, struct bytes pem, int64_t retry_after_s,
                                 const struct error *err);

struct sequencer;

/* sequencer_new starts by looking at what an earlier life has left. */
MUST_USE enum status sequencer_new(const struct sequencer_config *config, struct sequencer **out,
                                   struct error *err);

/* sequencer_free ends: requests under way are answered STATUS_AGAIN before it returns. After it only reads are
 * answered whose jobs are under way. Memory goes when the last job has ended, until which the log must stay
 * open. NULL is fine. */
void sequencer_free(struct sequencer *s);

/* sequencer_submit puts a request into the pool; done is called once, later. STATUS_LIMIT: the pool is full,
 * try again in a moment; then done is not called. */
MUST_USE enum status sequencer_submit(struct sequencer *s, const struct sequencer_request *request,
                                      sequencer_done *done, void *cookie, struct error *err);

/* sequencer_read makes the PEM chain of an entry; done is called once, later. STATUS_LIMIT: too many. */
MUST_USE enum status sequencer_read(struct sequencer *s, uint16_t log_number, uint64_t index,
                                    enum sequencer_form form, bool with_properties, sequencer_read_done *done,
                                    void *cookie, struct error *err);

/* sequencer_on_subtree and sequencer_on_checkpoint take cosignatures as they come, verified. */
void sequencer_on_subtree(struct sequencer *s, const struct tai *id, struct subtree subtree, struct bytes signature);
void sequencer_on_checkpoint(struct sequencer *s, const char *name, uint64_t size, uint64_t timestamp_s,
                             struct bytes signature);

struct sequencer_status {
    bool is_ready;  /* what was left is settled, and the log takes entries */
    bool has_job;   /* a batch waits for its cosignatures, or is being made */
    size_t pool_count, pool_bytes, waiting_count;
    uint64_t landmark_in_s; /* until the next may be made */
};
struct sequencer_status sequencer_status(const struct sequencer *s);

#endif
