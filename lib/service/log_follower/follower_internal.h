/* follower_internal.h - the parts of a follower. Inside service/log_follower.
 *
 *   follower_get.c       requests: bounded, paced, tried again
 *   follower_head.c      a tree head: read, verified, judged alone
 *   follower_question.c  what a tree says: is this its prefix, what is its leaf
 *   follower_compare.c   heads of mirrors and of others, against ours
 *   follower_entries.c   which entries are fetched, and their order;  follower_batch.c: what a worker does with them
 *   follower_issuers.c   the issuers that entries of a static-ct log name
 *   follower_check.c     inclusion of SCTs;  follower_landmarks.c
 *   follower_report.c    findings;  follower_proof.c: their evidence
 *   follower_state.c     what is kept
 *   follower_round.c     the steps of a round
 */
#ifndef CATHAYA_SERVICE_LOG_FOLLOWER_FOLLOWER_INTERNAL_H
#define CATHAYA_SERVICE_LOG_FOLLOWER_FOLLOWER_INTERNAL_H

#include "base/array.h"
#include "codec/ct/ct_suite.h"
#include "codec/ct/tree_head.h"
#include "codec/evidence/evidence.h"
#include "codec/landmarks/landmarks.h"
#include "merkle/frontier.h"
#include "merkle/tile_set.h"
#include "service/log_follower/log_follower.h"

/* Batches at once: some are fetched while workers have others and one waits for its turn. */
#define FOLLOWER_SLOTS 16
#define FOLLOWER_TEXT_MAX  256
/* Findings that wait for their proof: one lie is told well, a hundred of a kind need no hundred proofs. */
#define FOLLOWER_PROOFS_MAX 8
#define FOLLOWER_WINDOW_ONE 16 /* of struct source.window */
#define FOLLOWER_TIMEOUT_MS 30000
/* A request is tried so often before its round has failed: with the delays below, for a minute. */
#define FOLLOWER_ATTEMPTS       7
/* 429 is an answer of a log that works: whoever keeps asking politely gets everything in the end. */
#define FOLLOWER_BUSY_ATTEMPTS  60
#define FOLLOWER_BACKOFF_MIN_MS 500
#define FOLLOWER_BACKOFF_MAX_MS 60000
/* Who asks for more patience than this is asked again all the same. */
#define FOLLOWER_RETRY_AFTER_MAX_S 3600
/* Signed heads that are remembered: for SCTs (which one was the first that has it) and as evidence. */
#define FOLLOWER_HISTORY_MAX 32
/* Views of others that wait for the next round. */
#define FOLLOWER_VIEWS_MAX 64
/* Snapshots of the frontier that wait until the listener has kept what is before them, one in so many entries. */
#define FOLLOWER_SNAPSHOTS_MAX  8
#define FOLLOWER_SNAPSHOT_EVERY 65536
/* What was told is not told again. */
#define FOLLOWER_TOLD_MAX 1024
/* Issuers that entries name; the public WebPKI has some 5,000. */
#define FOLLOWER_ISSUERS_MAX 16384
#define FOLLOWER_STATE_MAX ((size_t)8 * 1024 * 1024)
#define FOLLOWER_UNREACHABLE_MS ((int64_t)3600 * 1000)
#define FOLLOWER_PATH_MAX 200

/* A signed head, owned. */
struct view {
    bool is_there;
    uint64_t size, timestamp_ms;
    uint8_t root[HASH_SIZE];
    uint8_t *signature; /* as in struct followed_head */
    size_t signature_len;
    int64_t seen_ms;
};

/* Somebody who serves the log: itself, or a mirror. */
struct source {
    char url[LOG_FOLLOWER_URL_MAX];
    const struct object_store *store; /* instead */
    bool is_mirror;
    bool is_by_hash;   /* the log stands below the hash of its origin */
    bool has_answered; /* so is_by_hash is known */
    struct view view;  /* the newest that it showed */
    bool has_failed;   /* to show one, this round */
    int64_t good_ms;   /* last good head; 0: none */
    int64_t failing_since_ms;
    int64_t backoff_until_ms;
    unsigned failures; /* one after the other */
    unsigned window;   /* requests at once, in 16ths: halved by 429, grows by 1/16 with each answer */
    unsigned fetching;
    int64_t behind_since_ms; /* mirror: has not what we trust, since then; 0: it has */
    bool is_told_stale, is_told_unreachable, is_told_head_stale, is_told_short, is_told_future;
    int64_t short_since_ms; /* mtc: too few cosigners, since then; 0: enough */
    bool is_new;            /* the view came in this round */
    bool is_to_compare;     /* and was not compared yet */
};

struct batch;
struct batch_note;
struct get;
/* body is good during the call; the callee may take it by swapping the builder. */
typedef void got_function(void *cookie, struct get *g);

struct get {
    struct get *next, *previous;
    struct log_follower *f;
    struct source *from;
    char path[FOLLOWER_PATH_MAX];
    const char *endpoint;
    size_t max;
    unsigned attempts_max;
    bool may_be_absent; /* 404 is an answer */
    got_function *done;
    void *cookie;
    unsigned attempts;
    int64_t began_ms;
    /* the answer: STATUS_OK, STATUS_NOT_FOUND (404, 410), STATUS_LIMIT, STATUS_IO */
    enum status status;
    int http_status;
    bool is_transient;
    uint64_t retry_after_ms;
    struct builder body;
    struct error err;
};

/* What a tree is asked. */
enum question_kind {
    QUESTION_PREFIX,   /* the hash of its first `size` entries */
    QUESTION_LEAF,     /* the leaf hash at index */
    QUESTION_HASH,     /* where is this leaf hash? rfc6962 alone */
    QUESTION_FRONTIER  /* the frontier of its first `size` entries; not for rfc6962 */
};

struct question {
    struct question *next;
    struct log_follower *f;
    enum question_kind kind;
    struct source *from;
    uint64_t tree_size;
    uint8_t root[HASH_SIZE];
    uint64_t size, index;
    uint8_t hash[HASH_SIZE]; /* QUESTION_HASH: what is looked for; otherwise the answer */
    uint8_t expected[HASH_SIZE]; /* QUESTION_PREFIX of rfc6962: a proof of powers of two starts from this */
    struct frontier frontier;
    struct builder proof;
    enum status status; /* STATUS_OK: the answer leads to root. STATUS_REFUSED: what came does not. STATUS_NOT_FOUND, STATUS_IO */
    struct error err;
    void (*done)(void *cookie, struct question *q);
    void *cookie;
    size_t tile_at, under_way;
    bool has_failed;
};

/* A finding that waits for its proof; leaf is owned. */
struct proof_wanted {
    enum finding_id id;
    uint64_t index;
    char text[FOLLOWER_TEXT_MAX + 64];
    uint8_t *leaf;
    size_t leaf_len;
    struct view old; /* late-merge: the head that lacks it */
};

struct check_wanted {
    struct check_wanted *next;
    char *name;
    uint8_t leaf_hash[HASH_SIZE];
    uint64_t timestamp_ms;
    bool has_index;
    uint64_t index;
    uint8_t *sct, *leaf;
    size_t sct_len, leaf_len;
    follower_answered_function *done;
    void *cookie;
    char failure[160]; /* why the log gave no answer that can be used; "" */
};

struct other_view {
    struct view view;
    char from[LOG_FOLLOWER_URL_MAX];
    struct source *source; /* a mirror's; NULL: told */
};

/* In this order. The landmarks first: they are never beyond a head that is fetched after them. */
enum round_step {
    STEP_IDLE,
    STEP_LANDMARKS,
    STEP_HEADS,
    STEP_HISTORY,
    STEP_ENTRIES,
    STEP_ISSUERS,
    STEP_COMPARE,
    STEP_PROOFS,
    STEP_CHECKS
};

struct log_follower {
    struct follower_ports ports;
    struct follower_options options;
    struct follower_callbacks callbacks;
    void *cookie;

    /* the log */
    char name[LOG_FOLLOWER_NAME_MAX + 1], origin[LOG_FOLLOWER_URL_MAX], key_name[LOG_FOLLOWER_URL_MAX];
    char ca_file[LOG_FOLLOWER_URL_MAX];
    struct followed_log log; /* its texts are not looked at after log_follower_new */
    const struct ct_suite *suite;
    const struct public_key *key;
    struct source sources[1 + LOG_FOLLOWER_MIRRORS_MAX]; /* [0] is the log itself */
    size_t source_count;

    /* requests */
    struct get *waiting; /* in order */
    unsigned under_way;  /* requests and jobs */
    unsigned fetching;
    int64_t next_request_ms;
    uint64_t pump_timer, round_timer;
    uint64_t random;

    /* what is known */
    struct hasher hasher;
    struct view trusted; /* V */
    struct view history[FOLLOWER_HISTORY_MAX]; /* oldest first; those that were trusted before, and V */
    size_t history_count;
    struct frontier frontier; /* of the entries that were handed over */
    uint64_t verified_size, kept_size;
    struct frontier snapshots[FOLLOWER_SNAPSHOTS_MAX];
    size_t snapshot_count;
    struct frontier saved; /* what the state has, or may have */
    uint64_t told[FOLLOWER_TOLD_MAX];
    size_t told_count;
    struct builder landmarks, new_landmarks; /* the list that was good last, and the one of this round; empty: none */
    uint64_t state_sequence;
    bool is_dirty; /* the state is to be saved */
    bool is_store_lost; /* a sync failed: what is on disk is unknown */

    /* the round */
    enum round_step step;
    size_t heads_under_way;
    struct view next_head; /* H */
    enum status round_status;
    struct error round_error;
    bool is_stopping;
    void (*stopped)(void *cookie);
    void *stopped_cookie;

    /* questions: one after the other */
    struct question *questions;
    struct tile_set tiles; /* of one tree */
    bool has_tiles;
    struct source *tiles_from;
    uint8_t tiles_root[HASH_SIZE];

    /* entries */
    struct batch *slots; /* FOLLOWER_SLOTS */
    uint64_t plan_at, target_size, chunk, most_given; /* rfc6962: entries that are asked for at once, and that came at most */
    bool has_entries_failed, is_committing;

    struct array issuers; /* follower_issuers.c */
    size_t issuers_under_way;

    struct other_view others[FOLLOWER_VIEWS_MAX];
    size_t other_count, other_at;
    struct proof_wanted proofs[FOLLOWER_PROOFS_MAX];
    size_t proof_count;
    struct check_wanted *checks;
    size_t check_count;
    struct check_wanted *checking;

    /* What a head needs (proofs, entries) is not given, since then; 0: it is. A log that shows heads and nothing else hides something. */
    int64_t withheld_since_ms;
    bool is_told_withheld;

    uint64_t entry_count, request_count, finding_count;
};

static inline int64_t follower_now_ms(const struct log_follower *f)
{
    return f->ports.clock.now_ms(f->ports.clock.context);
}
static inline bool follower_is_ct(const struct log_follower *f)
{
    return f->log.kind != LOG_KIND_MTC;
}

/* ---- follower_get.c ---- */

/* get_start asks for <prefix>/<path>; done comes later, exactly once, unless the follower stops. STATUS_NO_MEMORY. */
MUST_USE enum status follower_get_start(struct log_follower *f, struct source *from, const char *path, const char *endpoint,
                                        size_t max, bool may_be_absent, got_function *done, void *cookie, struct error *err);
void follower_get_drop_all(struct log_follower *f);
/* follower_ended: a request or job has ended; true: the follower has stopped meanwhile. */
bool follower_ended(struct log_follower *f);

/* ---- views ---- */
void view_clear(struct view *v);
MUST_USE enum status view_copy(struct view *to, const struct view *from, struct error *err);
static inline bool view_is_same(const struct view *a, const struct view *b)
{
    return a->size == b->size && __builtin_memcmp(a->root, b->root, HASH_SIZE) == 0;
}

/* ---- follower_head.c ---- */

/* follower_head_read reads and verifies what a source served. STATUS_MALFORMED, STATUS_REFUSED (signature), STATUS_NO_MEMORY;
 * *is_short: signed by the log, but by too few cosigners. */
MUST_USE enum status follower_head_read(struct log_follower *f, struct bytes body, struct view *out, bool *is_short,
                                        struct error *err);
/* follower_head_verify verifies a head that was told. */
MUST_USE enum status follower_head_verify(struct log_follower *f, const struct followed_head *head, struct view *out,
                                          struct error *err);
const char *follower_head_path(const struct log_follower *f);

/* ---- follower_question.c ---- */
MUST_USE enum status follower_ask(struct log_follower *f, const struct question *q, struct error *err);
void follower_questions_drop(struct log_follower *f);

/* ---- follower_entries.c ---- */
/* follower_entries_begin fetches up to next_head; follower_entries_ended of follower_round.c is called at the end. */
void follower_entries_begin(struct log_follower *f);
void follower_entries_pump(struct log_follower *f);
MUST_USE enum status follower_slots_init(struct log_follower *f, struct error *err);
void follower_slots_clear(struct log_follower *f);

/* ---- follower_issuers.c ---- */
void follower_issuers_init(struct log_follower *f);
/* follower_issuers_note notes those of a batch; follower_issuers_begin fetches the ones that are not known, and is a step. */
void follower_issuers_note(struct log_follower *f, const struct followed_batch *batch);
void follower_issuers_begin(struct log_follower *f);

/* ---- follower_report.c ---- */
struct report {
    enum finding_id id;
    const char *source; /* NULL: the log's URL */
    const char *text;
    bool is_over, has_index, is_repeated; /* is_repeated: told again even if it was told */
    bool is_of_anybody; /* the same finding whoever comes with it: somebody may have many addresses */
    uint64_t index;
    struct bytes evidence;
    const char *about; /* what makes it the same finding again; NULL: text */
};
/* follower_report tells a finding, unless it was told before. */
void follower_report(struct log_follower *f, const struct report *r);
const char *follower_source_name(const struct source *s);

/* ---- follower_proof.c ---- */
/* Evidence files, appended to out: nothing when it cannot be written. part and proof with EVIDENCE_NOT_A_PREFIX alone. */
void follower_write_two(struct log_follower *f, enum evidence_kind kind, const struct view *a, const struct view *b,
                        const uint8_t *part, struct bytes proof, const char *where, struct builder *out);
struct leaf_evidence {
    enum evidence_kind kind;
    const struct view *first, *second; /* heads; second NULL when there is one */
    struct bytes leaf; /* MerkleTreeLeaf */
    uint64_t index;
    struct bytes sct;
    const uint8_t *other_hash; /* EVIDENCE_SCT_NOT_HONOURED: what is at the index */
    struct bytes proof;
};
void follower_write_leaf(struct log_follower *f, const struct leaf_evidence *e, const char *where, struct builder *out);
/* follower_proofs_begin fetches the proofs that findings of this round wait for, then calls follower_step_done. */
void follower_proofs_begin(struct log_follower *f);
void follower_proof_want(struct log_follower *f, const struct batch_note *note, const struct view *old);
void follower_proofs_drop(struct log_follower *f);

/* follower_withheld: the log has not given what its head needs. follower_given: it has, or something of it. */
void follower_withheld(struct log_follower *f, const struct error *err);
void follower_given(struct log_follower *f);

/* ---- the other steps; each ends with follower_step_done ---- */
void follower_compare_begin(struct log_follower *f);
void follower_landmarks_begin(struct log_follower *f);
void follower_checks_begin(struct log_follower *f);
/* follower_checks_end answers what could not be answered. */
void follower_checks_end(struct log_follower *f, enum follower_answer answer, const char *text);
void follower_step_done(struct log_follower *f);
void follower_round_fail(struct log_follower *f, enum status status, const struct error *err);
void follower_round_begin(void *cookie);
/* follower_heads_begin fetches and judges; next_head is there when the log shows a head to be followed. */
void follower_heads_begin(struct log_follower *f);
void follower_history_begin(struct log_follower *f);
/* follower_other_add notes a view that is to be compared; takes its signature. */
void follower_other_add(struct log_follower *f, struct view *v, const char *from, struct source *source);
void follower_landmarks_judge(struct log_follower *f);
/* follower_lag_ms is how long somebody may lack what is there. */
int64_t follower_lag_ms(const struct log_follower *f);
/* follower_trust makes a view that was proven the one that is trusted. */
MUST_USE enum status follower_trust(struct log_follower *f, const struct view *v, struct error *err);

/* ---- follower_state.c ---- */
MUST_USE enum status follower_state_load(struct log_follower *f, struct error *err);
/* follower_state_save saves what the listener has kept, when something has changed. */
MUST_USE enum status follower_state_save(struct log_follower *f, struct error *err);
void follower_snapshot(struct log_follower *f);

#endif
