/* cosigning.h - the client of one mirror or witness of our log [C2SP tlog-mirror, tlog-witness].
 *
 * It is told of every new checkpoint and of the subtrees that want a cosignature, and sees to it, for as
 * long as it takes, that the peer is brought to the newest checkpoint and signs them:
 *
 *   add-checkpoint   with the proof from the size that the peer says it has
 *   add-entries      (mirrors) in requests of at most 32 packages, from where the peer says it stands
 *   sign-subtree     (mirrors) for all that is wanted, a few at a time
 *
 * One round at a time; after a failure the next one waits longer each time, with jitter. A peer that was
 * away for days is brought up request by request. Everything that comes back is verified over hashes of our
 * own tree before it is handed on; lines of keys that are not the peer's are ignored.
 *
 * What a mirror publishes is looked at when it contradicts, when a signature of it does not verify, and now and
 * then: it may tell others something else. Once it is proven to have signed two views it is not asked any more.
 *
 * Runs on the thread of the event loop; what is asked of the log runs on the log's serial worker.
 */
#ifndef CATHAYA_SERVICE_COSIGNING_COSIGNING_H
#define CATHAYA_SERVICE_COSIGNING_COSIGNING_H

#include "codec/note/checkpoint_verify.h"
#include "codec/tai/tai.h"
#include "merkle/subtree.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/timer.h"
#include "ports/work.h"

/* Subtrees that wait for one mirror: with a batch a second, two minutes of it being away while its
 * cosignatures are not needed to go on. The oldest are forgotten beyond that. */
#define COSIGNING_WANTED_MAX 256
/* Requests for subtrees under way at once: both of a batch, and a few of older ones. */
#define COSIGNING_SUBTREES_AT_ONCE 4
/* An upload's entries, beside the limit of 32 packages: what is held in memory for one mirror. */
#define COSIGNING_UPLOAD_BYTES_MAX ((size_t)8 << 20)

enum cosigning_role { COSIGNING_MIRROR, COSIGNING_WITNESS };

/* Borrowed for the life of the client. */
struct cosigning_peer {
    enum cosigning_role role;
    const char *name;             /* of its note signatures */
    enum note_key_type key_type;
    const struct public_key *key;
    struct tai id;                /* of a mirror */
    const char *submission_url;   /* prefix, without a slash at its end; here and below */
    const char *monitoring_url;   /* to compare its view when it contradicts; NULL: unknown */
    const char *ca_file;          /* NULL: the system's */
    const char *address;          /* to connect to; NULL: that of the URL */
};

/* What our log can say; called on its worker only. Sizes are at most the log's. */
struct cosigning_log {
    void *context;
    /* make_consistency appends the proof of s in the tree of tree_size [MTC 4.4]. */
    enum status (*make_consistency)(void *context, struct subtree s, uint64_t tree_size,
                                    struct builder *out, struct error *err);
    enum status (*subtree_hash)(void *context, struct subtree s, uint8_t out[HASH_SIZE],
                                struct error *err);
    /* read_entries appends entries [start, end), each with a 16-bit length. STATUS_NOT_FOUND: pruned. */
    enum status (*read_entries)(void *context, uint64_t start, uint64_t end, struct builder *out,
                                struct error *err);
};

/* What becomes of it; on the thread of the event loop. Verified, and borrowed for the call. */
struct cosigning_results {
    void *context;
    void (*on_checkpoint)(void *context, const struct cosigning_peer *peer, uint64_t size,
                          uint64_t timestamp_s, struct bytes signature);
    void (*on_subtree)(void *context, const struct cosigning_peer *peer, struct subtree subtree,
                       struct bytes signature);
    /* keep_evidence gets a file of codec/evidence: somebody signed two views. */
    void (*keep_evidence)(void *context, struct bytes evidence);
};

struct cosigning_config {
    struct cosigning_peer peer;
    const char *origin;                 /* of the log; borrowed, as is all below */
    const struct hash_alg *hash;
    struct checkpoint_verifier ca;      /* to know our own key again in what a peer shows */
    struct cosigning_log log;
    struct cosigning_results results;
    struct work_port worker;            /* the log's, serial */
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    const char *metrics_labels;         /* `peer="NAME"`, or "" */
    uint32_t timeout_ms;                /* of a request */
    uint32_t retry_min_ms, retry_max_ms; /* after the first failure; at most */
    uint32_t watch_ms;                  /* between looks at what a mirror publishes; 0: only when it contradicts */
};

struct cosigning;

MUST_USE enum status cosigning_new(const struct cosigning_config *config, struct cosigning **out,
                                   struct error *err);

/* cosigning_free ends the client: nothing is reported any more. The memory goes when the last request and
 * the last job have ended. NULL is fine. */
void cosigning_free(struct cosigning *c);

/* cosigning_see tells of a checkpoint of ours: size, root and the note as it is published, which is copied.
 * One that is not larger than the newest is ignored. */
void cosigning_see(struct cosigning *c, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note);

/* cosigning_want asks a mirror for its cosignature over a subtree of ours, within the newest checkpoint.
 * Twice is once; a witness is never asked. */
void cosigning_want(struct cosigning *c, struct subtree subtree, const uint8_t hash[HASH_SIZE]);

const struct cosigning_peer *cosigning_peer(const struct cosigning *c);

/* Where it stands, for status pages and tests. */
struct cosigning_state {
    uint64_t seen_size, signed_size; /* of our newest checkpoint; of the newest that it has signed */
    size_t wanted_count;
    unsigned failure_count;          /* in a row */
    bool has_contradicted;
    bool is_proven; /* it has signed two views, and the evidence is kept: it is not asked any more */
};
struct cosigning_state cosigning_state(const struct cosigning *c);

#endif
