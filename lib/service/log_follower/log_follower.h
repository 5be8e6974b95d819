/* log_follower.h - follows one log, of any of three kinds, and believes nothing of it that is not signed or does not lead to
 * what is signed: RFC 6962, static-ct-api, and issuance logs of Merkle Tree CAs (tlog-tiles) with their mirrors.
 *
 * A round, every interval_ms:
 *   1. the tree heads of the log, and of its mirrors, are fetched and judged alone: signature, time, MMD, state, size;
 *   2. each that is new is proven to be one history with the head that is trusted so far (get-sth-consistency, or tiles). Two
 *      that are not: a finding with evidence, and the follower stays on the branch that it has;
 *   3. the entries up to the log's head are fetched side by side, hashed, parsed and handed over in order; the root that they
 *      give has to be the head's: that head is trusted from now on;
 *   4. landmarks (mtc) and SCTs whose inclusion somebody asks for (log_follower_check) are looked at.
 * What is known is durable in the object store: a follower that starts again goes on where it was.
 *
 * All functions and callbacks are on the event loop's thread, except `look`.
 */
#ifndef CATHAYA_SERVICE_LOG_FOLLOWER_LOG_FOLLOWER_H
#define CATHAYA_SERVICE_LOG_FOLLOWER_LOG_FOLLOWER_H

#include "base/builder.h"
#include "crypto/key.h"
#include "ports/clock.h"
#include "ports/fetch.h"
#include "ports/log_feed.h"
#include "ports/object_store.h"
#include "ports/timer.h"
#include "ports/work.h"
#include "rules/log_finding.h"
#include "rules/trust_store.h"

#define LOG_FOLLOWER_NAME_MAX    63 /* [a-z0-9._-]: it is the name of a folder too */
#define LOG_FOLLOWER_URL_MAX     512
#define LOG_FOLLOWER_MIRRORS_MAX 16
/* SCTs whose inclusion is asked for and not yet known. */
#define LOG_FOLLOWER_CHECKS_MAX 10000
/* Entries that the listener may hold without having kept them: memory of a monitor that cannot deliver. */
#define LOG_FOLLOWER_UNKEPT_MAX 65536
/* Clocks of logs and ours may differ by so much before a time counts as one of the future. */
#define LOG_FOLLOWER_SKEW_MS 60000

enum log_kind { LOG_KIND_RFC6962, LOG_KIND_STATIC_CT, LOG_KIND_MTC };
#define LOG_KINDS 3

/* log_kind_name: "rfc6962", "static-ct", "mtc"; log_kind_parse is the inverse. */
const char *log_kind_name(enum log_kind kind);
MUST_USE bool log_kind_parse(const char *name, enum log_kind *out);

enum followed_state { FOLLOWED_USABLE, FOLLOWED_READONLY, FOLLOWED_RETIRED };

/* What is followed. Texts are copied; key, ca, store and source are borrowed for the follower's life. */
struct followed_log {
    const char *name; /* in findings, and the folder of its state */
    enum log_kind kind;
    const struct hash_alg *hash;
    const char *url;     /* the monitoring prefix, without a slash at its end. mtc: with the log number. NULL with a source */
    const char *origin;  /* of checkpoints. NULL: static-ct: the submission prefix, or url, without scheme; mtc: as the CA's ID says */
    const char *submission_url; /* of static-ct, for the origin alone; NULL: url */
    /* CT */
    const struct public_key *key;
    uint64_t mmd_ms; /* 0: is not looked at (mtc) */
    bool has_interval;
    int64_t not_after_start_s, not_after_end_s; /* [start, end) */
    enum followed_state state;
    bool has_final; /* readonly, retired: the final tree head of a log list */
    uint64_t final_size;
    uint8_t final_root[HASH_SIZE];
    /* mtc: whose log it is, and which cosigners a checkpoint needs (requirements of the store) */
    const struct trust_ca *ca;
    const struct trust_store *store;
    uint16_t log_number;
    uint64_t minimum_index; /* entries below may be pruned, and are not asked for; all others may not */
    /* Others that serve the same log: URL prefixes without a slash at the end (below which the log stands itself, or, as C2SP
     * has it, in a folder named after the hash of its origin). */
    const char *const *mirrors;
    size_t mirror_count;
    uint64_t mirror_lag_ms; /* a mirror that does not have what we trusted so long ago is stale; 0: the greater of MMD and a minute */
    const struct object_store *source; /* objects (checkpoint, tile/...) are read from here, on workers, instead of from url */
    const char *ca_file;               /* for https; NULL: the system's */
};

struct follower_options {
    uint64_t interval_ms;    /* between rounds; 0: one round alone, see round_done */
    unsigned parallel;       /* requests at once; 0: 6 */
    unsigned requests_per_s; /* 0: 50 */
    bool is_keeping;         /* the listener calls log_follower_kept */
    bool is_heads_only;      /* entries are not fetched: consistency by proofs alone */
    bool is_from_now;        /* without a state: begin at the head, not at entry 0; not for rfc6962 */
    bool is_retelling;       /* findings that were told before the restart are told again */
    bool is_any_certificate; /* https without checking the server */
};

struct follower_ports {
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct object_store state; /* put and sync are called on the loop's thread, a few times a round at most */
    struct work_port work;     /* a pool */
    const struct algorithms *algorithms; /* for evidence; borrowed */
};

/* ---- what comes ---- */

/* Any may be NULL. cookie is that of log_follower_new. */
struct follower_callbacks {
    /* look is called on a worker's thread, for several batches side by side, in no order: what costs time (parsing, matching)
     * belongs here. What it returns is given to entries, which frees it; drop frees it when entries is never called. It
     * must not touch what is not its own without a lock. */
    void *(*look)(void *cookie, const struct followed_batch *batch);
    void (*drop)(void *cookie, void *look_result);
    /* entries comes once for each batch, in order of index. They are hashed, but the head that vouches for them may come
     * later (progress). After a restart or a failure the last ones may come again: with is_keeping all that were not said to be
     * kept, see log_follower_kept. */
    void (*entries)(void *cookie, const struct followed_batch *batch);
    /* progress: all entries below verified_size lead to a signed head. */
    void (*progress)(void *cookie, uint64_t verified_size);
    void (*finding)(void *cookie, const struct log_finding *finding);
    void (*contact)(void *cookie, const struct followed_contact *contact);
    void (*tree_head)(void *cookie, const struct followed_head *head);
    /* round_done: a round has ended; status STATUS_OK: everything up to the head is verified. */
    void (*round_done)(void *cookie, enum status status, const struct error *err);
};

struct log_follower;

/* log_follower_new reads the state. STATUS_USAGE for a configuration that cannot be, STATUS_IO when the state cannot be read. */
MUST_USE enum status log_follower_new(const struct followed_log *log, const struct follower_options *options,
                                      const struct follower_ports *ports, const struct follower_callbacks *callbacks,
                                      void *cookie, struct log_follower **out, struct error *err);

/* log_follower_start begins the first round, soon. */
void log_follower_start(struct log_follower *f);

/* log_follower_stop: no callback but drop comes after it, and `stopped` (may be NULL) is called when everything under way has
 * ended, never before it returns; then log_follower_free is allowed. */
void log_follower_stop(struct log_follower *f, void (*stopped)(void *cookie), void *cookie);

/* log_follower_free needs a follower that was never started, or has stopped. NULL is fine. */
void log_follower_free(struct log_follower *f);

/* log_follower_kept: what came with `entries` below this index is durable. Only so far does the state go; when too much is not kept
 * (LOG_FOLLOWER_UNKEPT_MAX), no more entries are fetched. May be called from within `entries`. */
void log_follower_kept(struct log_follower *f, uint64_t end);

/* ---- questions ---- */

struct follower_status {
    uint64_t head_size;     /* newest head of the log that is signed and consistent */
    uint64_t seen_size;     /* entries that were handed over */
    uint64_t verified_size; /* ...and lead to a head */
    uint64_t head_timestamp_ms;
    int64_t contact_ms; /* last good answer; 0: none */
    int64_t backoff_until_ms; /* 0: none */
    uint64_t entry_count, request_count, finding_count; /* since the start */
    const char *failure; /* why the last round ended early; "" */
};

void log_follower_status(const struct log_follower *f, struct follower_status *out);

/* log_follower_head is the newest head that is trusted; false: none yet. Borrowed until the next callback. */
bool log_follower_head(const struct log_follower *f, struct followed_head *out);

/* log_follower_view judges a head that somebody else has seen (gossip): it has to be signed, and of one history with ours, which
 * is asked in the next round. from names who says so, for findings. CT: size, timestamp, root and signature; mtc: signature is the
 * checkpoint, and the others are not looked at. STATUS_REFUSED when it is not signed: nothing is known then; STATUS_LIMIT. */
MUST_USE enum status log_follower_view(struct log_follower *f, const struct followed_head *head, const char *from,
                                       struct error *err);

/* Is an entry in the log? Copied. */
struct follower_check {
    const char *name;        /* what it is, for findings */
    uint8_t leaf_hash[HASH_SIZE];
    uint64_t timestamp_ms;   /* of the SCT */
    bool has_index;
    uint64_t index;          /* leaf_index of the SCT */
    struct bytes sct;        /* SerializedSCT, for evidence; may be empty */
    struct bytes leaf;       /* the MerkleTreeLeaf: what the SCT signs; may be empty */
};

enum follower_answer {
    FOLLOWER_INCLUDED,
    FOLLOWER_NOT_YET,      /* there is no head yet that must have it */
    FOLLOWER_NOT_INCLUDED, /* it should be there: a finding was made */
    FOLLOWER_UNKNOWN       /* the log did not answer */
};

struct follower_answered {
    enum follower_answer answer;
    uint64_t index;       /* FOLLOWER_INCLUDED */
    uint64_t head_size, head_timestamp_ms; /* the first head that we saw that contains it; else the newest */
    int64_t delay_ms;     /* from the SCT to that head's time: FOLLOWER_INCLUDED */
    const char *text;     /* why, when not included or unknown */
};

typedef void follower_answered_function(void *cookie, const struct follower_answered *answered);

/* log_follower_check asks; done is called exactly once, later: with FOLLOWER_NOT_YET and FOLLOWER_UNKNOWN only at the end of the
 * only round (interval_ms 0) or when it stops, for otherwise it is asked again in the next one. STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE enum status log_follower_check(struct log_follower *f, const struct follower_check *check,
                                        follower_answered_function *done, void *cookie, struct error *err);

#endif
