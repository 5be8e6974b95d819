/* sequencer_internal.h - what the files of the sequencer share; private to service/sequencer. */
#ifndef CATHAYA_SERVICE_SEQUENCER_SEQUENCER_INTERNAL_H
#define CATHAYA_SERVICE_SEQUENCER_SEQUENCER_INTERNAL_H

#include "service/sequencer/sequencer.h"

#define BUCKETS 16384
#define SUBTREES_MAX 2

/* A request, from the pool to its answer. */
struct pooled {
    struct pooled *next;        /* in the pool, or in the job */
    struct pooled *next_bucket; /* of the same hash of the ID */
    struct pooled *twins;       /* the same request once more: answered with this one */
    uint8_t id[ISSUANCE_REQUEST_SIZE];
    const struct certificate_profile *profile;
    struct builder names, spki;
    int64_t not_before_s, not_after_s, new_until_s;
    size_t size;
    int64_t submitted_ms;
    sequencer_done *done;
    void *cookie;
    /* filled on the worker */
    enum status status;
    bool is_left;    /* did not fit: back into the pool */
    bool is_planned; /* new, and in this batch */
    bool is_old;     /* its entry is in a log that is closed, and complete */
    struct sequencer_prepared prepared;
    struct sequencer_issued issued;
    struct error err;
};

struct list {
    struct pooled *first, **last;
    size_t count;
};

/* A batch that somebody waits for. */
struct waiting {
    struct waiting *next;
    struct sequencer_batch batch;
    struct list requests;
};

struct addition {
    struct addition *next;
    bool is_line;
    bool is_kept; /* set on the worker */
    struct subtree subtree;
    struct tai id;
    char name[TAI_NAME_SIZE + 128];
    uint64_t size, timestamp_s;
    struct builder signature;
};

struct sequencer {
    struct sequencer_config config;
    unsigned references; /* the owner and every job */
    bool is_stopped;
    bool is_ready, is_recovering;
    struct list pool;
    size_t pool_bytes;
    struct pooled *buckets[BUCKETS];
    bool has_batch_job; /* on the worker */
    struct waiting *waiting;
    size_t waiting_count;
    int64_t job_started_ms, appended_ms;
    bool has_started; /* a job, ever */
    uint64_t timer;   /* of the next job */
    struct addition *additions, **last_addition;
    size_t addition_count;
    bool has_dropped; /* a cosignature that there was no room for: it is to be asked for again */
    bool is_adding;
    size_t read_count;
    uint64_t landmark_timer, prune_timer, reopen_timer;
    int64_t landmark_due_ms;
    bool is_landmark_due, is_allocating;
    int64_t announced_ms;
    struct metric *pool_wait, *append_time, *cosign_time, *total_time, *pool_size, *entries, *batches, *refused;
};

/* A job that is on the worker and comes back. */
struct job {
    struct sequencer *s;
    void (*run)(struct job *job);
    void (*finish)(struct job *job); /* on the loop; not called when the sequencer has been freed */
    void (*clear)(struct job *job);  /* what it holds */
    enum status status;
    struct error err;
    void *data;
    /* what most of them need */
    struct list requests;
    struct waiting *batches;
    struct sequencer_log_state state;
    struct builder note;
    uint64_t size, number;
    uint8_t root[HASH_SIZE];
    bool flag;
    bool is_always_finished; /* finish is called although the sequencer has been freed */
};

/* ---- sequencer.c ---- */

struct job *job_new(struct sequencer *s, void (*run)(struct job *job), void (*finish)(struct job *job));
void job_start(struct job *job);
void sequencer_event(struct sequencer *s, enum event_level level, const char *what, const char *reason);

void list_init(struct list *list);
void list_add(struct list *list, struct pooled *p);
struct pooled *list_take(struct list *list);

/* sequencer_answer tells a request, and its twins, what became of it, and frees it. */
void sequencer_answer(struct sequencer *s, struct pooled *p, enum status status, const struct error *err);

/* sequencer_go_on starts the next job when it is time. */
void sequencer_go_on(struct sequencer *s);

/* sequencer_log_died: the log has stopped; nothing is sequenced until it is open again. */
void sequencer_log_died(struct sequencer *s, const struct error *err);

/* sequencer_show tells the peers of the newest checkpoint. */
void sequencer_show(struct sequencer *s, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note);

/* ---- batch_job.c ---- */
void batch_job_start(struct sequencer *s);
/* batch_job_add_waiting finds or adds the batch of an index; for the worker. */
MUST_USE enum status batch_job_add_waiting(struct job *job, uint64_t index, struct waiting **out, struct error *err);

/* ---- recover_job.c ---- */
void recover_job_start(struct sequencer *s, bool is_reopening);

/* ---- cosign.c ---- */
/* cosign_ask asks every mirror for what a batch has not got of it. */
void cosign_ask(struct sequencer *s, const struct sequencer_batch *batch);
/* cosign_is_complete: has the entry at index of the batch what the profile asks for? On any thread. */
bool cosign_is_complete(const struct sequencer *s, const struct sequencer_batch *batch, uint64_t index,
                        const struct certificate_profile *profile);
/* cosign_complete answers what is complete in all batches that somebody waits for. */
void cosign_complete(struct sequencer *s);
void cosign_clear(struct sequencer *s);

/* ---- schedule.c ---- */
void schedule_start(struct sequencer *s);
void schedule_stop(struct sequencer *s);
/* schedule_try_landmark allocates a landmark if one is due. */
void schedule_try_landmark(struct sequencer *s);

#endif
