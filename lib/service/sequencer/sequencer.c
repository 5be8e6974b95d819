/* The pool, and when a job starts. */
#include "service/sequencer/sequencer_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

void list_init(struct list *list)
{
    *list = (struct list){.first = NULL};
    list->last = &list->first;
}

void list_add(struct list *list, struct pooled *p)
{
    if (list->last == NULL)
        list_init(list);
    p->next = NULL;
    *list->last = p;
    list->last = &p->next;
    list->count++;
}

struct pooled *list_take(struct list *list)
{
    struct pooled *p = list->first;
    if (p == NULL)
        return NULL;
    list->first = p->next;
    list->count--;
    if (list->first == NULL)
        list->last = &list->first;
    p->next = NULL;
    return p;
}

/* ---- requests by ID ---- */

static struct pooled **bucket_of(struct sequencer *s, const uint8_t id[ISSUANCE_REQUEST_SIZE])
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a: IDs are ours, nobody chooses them to collide */
    for (size_t i = 0; i < ISSUANCE_REQUEST_SIZE; i++)
        h = (h ^ id[i]) * UINT64_C(1099511628211);
    return &s->buckets[(h ^ h >> 32) % BUCKETS];
}

static struct pooled *find(struct sequencer *s, const uint8_t id[ISSUANCE_REQUEST_SIZE])
{
    struct pooled *p = *bucket_of(s, id);
    while (p != NULL && memcmp(p->id, id, ISSUANCE_REQUEST_SIZE) != 0)
        p = p->next_bucket;
    return p;
}

static void unlink_bucket(struct sequencer *s, struct pooled *p)
{
    struct pooled **at = bucket_of(s, p->id);
    while (*at != NULL && *at != p)
        at = &(*at)->next_bucket;
    if (*at == p)
        *at = p->next_bucket;
}

static void free_pooled(struct pooled *p)
{
    builder_clear(&p->names);
    builder_clear(&p->spki);
    free(p);
}

void sequencer_answer(struct sequencer *s, struct pooled *p, enum status status, const struct error *err)
{
    int64_t now_ms = s->config.clock.now_ms(s->config.clock.context);
    unlink_bucket(s, p);
    if (status == STATUS_OK)
        metric_observe(s->total_time, (double)(now_ms - p->submitted_ms) / 1000);
    else
        metric_add(s->refused, 1);
    struct sequencer_issued issued = p->issued;
    struct error reason = {.status = STATUS_OK};
    if (status != STATUS_OK && err != NULL)
        reason = *err;
    while (p != NULL) {
        struct pooled *twin = p->twins;
        p->done(p->cookie, status, &issued, &reason);
        free_pooled(p);
        p = twin;
    }
}

/* ---- jobs ---- */

static void drop(struct sequencer *s)
{
    if (--s->references == 0)
        free(s);
}

struct job *job_new(struct sequencer *s, void (*run)(struct job *job), void (*finish)(struct job *job))
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    *job = (struct job){.s = s, .run = run, .finish = finish, .err = {.status = STATUS_OK}};
    list_init(&job->requests);
    builder_init(&job->note, (size_t)1 << 20);
    return job;
}

static void run_job(void *cookie)
{
    struct job *job = cookie;
    job->run(job);
}

static void free_job(struct job *job)
{
    while (job->batches != NULL) {
        struct waiting *w = job->batches;
        job->batches = w->next;
        free(w);
    }
    if (job->clear != NULL)
        job->clear(job);
    builder_clear(&job->note);
    free(job);
}

static void job_done(void *cookie)
{
    struct job *job = cookie;
    struct sequencer *s = job->s;
    if (!s->is_stopped || job->is_always_finished)
        job->finish(job);
    /* The owner has gone meanwhile; its requests were answered, only their memory is left. */
    struct pooled *p;
    while ((p = list_take(&job->requests)) != NULL)
        free_pooled(p);
    free_job(job);
    drop(s);
}

void job_start(struct job *job)
{
    job->s->references++;
    job->s->config.worker.submit(job->s->config.worker.context, run_job, job_done, job);
}

void sequencer_event(struct sequencer *s, enum event_level level, const char *what, const char *reason)
{
    events_report(&s->config.events, level, what, {"reason", reason});
}

/* ---- life ---- */

static void make_metrics(struct sequencer *s)
{
    struct metrics *m = s->config.metrics;
    const char *labels = s->config.metrics_labels != NULL ? s->config.metrics_labels : "";
    s->pool_wait = metrics_histogram(m, "cathaya_sequencer_pool_wait_seconds", labels, "From submission to the start of its job");
    s->append_time = metrics_histogram(m, "cathaya_sequencer_append_seconds", labels, "From the start of a job to its batch being in the log");
    s->cosign_time = metrics_histogram(m, "cathaya_sequencer_cosign_seconds", labels, "From the batch being in the log to its quorum");
    s->total_time = metrics_histogram(m, "cathaya_sequencer_total_seconds", labels, "From submission to a complete certificate");
    s->pool_size = metrics_gauge(m, "cathaya_sequencer_pool_requests", labels, "Requests in the pool");
    s->entries = metrics_counter(m, "cathaya_sequencer_entries_total", labels, "Entries appended");
    s->batches = metrics_counter(m, "cathaya_sequencer_batches_total", labels, "Batches appended");
    s->refused = metrics_counter(m, "cathaya_sequencer_failed_total", labels, "Requests answered without a certificate");
}

enum status sequencer_new(const struct sequencer_config *config, struct sequencer **out, struct error *err)
{
    if (config->peer_count > SEQUENCER_PEERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d mirrors and witnesses", SEQUENCER_PEERS_MAX);
    if (config->batch_entries_max == 0 || config->batch_entries_max > SEQUENCER_BATCH_MAX ||
        config->pool_entries_max == 0)
        return error_set(err, STATUS_USAGE, "a batch has 1 to %d entries, and the pool room for some", SEQUENCER_BATCH_MAX);
    struct sequencer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a sequencer");
    s->config = *config;
    s->references = 1;
    s->last_addition = &s->additions;
    list_init(&s->pool);
    make_metrics(s);
    recover_job_start(s, false);
    schedule_start(s);
    *out = s;
    return STATUS_OK;
}

/* Everything is answered that somebody waits for; jobs on the worker keep what they work on. */
static void answer_all(struct sequencer *s)
{
    struct error err;
    (void)error_set(&err, STATUS_AGAIN, "the CA is stopping: ask again");
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct pooled *p = s->buckets[i]; p != NULL; p = p->next_bucket) {
            for (struct pooled *twin = p; twin != NULL; twin = twin->twins)
                twin->done(twin->cookie, STATUS_AGAIN, &p->issued, &err);
        }
    }
}

static void free_twins(struct pooled *p)
{
    for (struct pooled *twin = p->twins; twin != NULL;) {
        struct pooled *next = twin->twins;
        free_pooled(twin);
        twin = next;
    }
    p->twins = NULL;
}

void sequencer_free(struct sequencer *s)
{
    struct pooled *p;
    if (s == NULL)
        return;
    s->is_stopped = true;
    s->config.timer.cancel(s->config.timer.context, s->timer);
    s->config.timer.cancel(s->config.timer.context, s->reopen_timer);
    schedule_stop(s);
    answer_all(s);
    for (size_t i = 0; i < BUCKETS; i++)
        for (p = s->buckets[i]; p != NULL; p = p->next_bucket)
            free_twins(p);
    while ((p = list_take(&s->pool)) != NULL)
        free_pooled(p);
    cosign_clear(s);
    drop(s);
}

struct sequencer_status sequencer_status(const struct sequencer *s)
{
    int64_t left_ms = s->landmark_due_ms - s->config.clock.now_ms(s->config.clock.context);
    return (struct sequencer_status){
        .is_ready = s->is_ready,
        .has_job = s->has_batch_job || s->waiting != NULL,
        .pool_count = s->pool.count,
        .pool_bytes = s->pool_bytes,
        .waiting_count = s->waiting_count,
        .landmark_in_s = left_ms > 0 ? (uint64_t)(left_ms + 999) / 1000 : 0,
    };
}

/* ---- submitting ---- */

static struct pooled *copy_request(const struct sequencer_request *request, sequencer_done *done, void *cookie)
{
    struct pooled *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    const struct sequencer_entry *e = &request->entry;
    memcpy(p->id, request->id, sizeof p->id);
    p->profile = e->profile;
    p->not_before_s = e->not_before_s;
    p->not_after_s = e->not_after_s;
    p->new_until_s = request->new_until_s;
    p->done = done;
    p->cookie = cookie;
    builder_init(&p->names, e->general_names.len);
    builder_init(&p->spki, e->spki.len);
    builder_bytes(&p->names, e->general_names);
    builder_bytes(&p->spki, e->spki);
    p->size = sizeof *p + e->general_names.len + e->spki.len;
    if (builder_is_good(&p->names) && builder_is_good(&p->spki))
        return p;
    free_pooled(p);
    return NULL;
}

enum status sequencer_submit(struct sequencer *s, const struct sequencer_request *request,
                             sequencer_done *done, void *cookie, struct error *err)
{
    size_t size = sizeof(struct pooled) + request->entry.general_names.len + request->entry.spki.len;
    if (s->pool.count >= s->config.pool_entries_max || size > s->config.pool_bytes_max ||
        s->pool_bytes > s->config.pool_bytes_max - size)
        return error_set(err, STATUS_LIMIT, "%zu requests wait to be sequenced: try again in a moment",
                         s->pool.count);
    struct pooled *p = copy_request(request, done, cookie);
    if (p == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    p->submitted_ms = s->config.clock.now_ms(s->config.clock.context);
    struct pooled *first = find(s, p->id);
    if (first != NULL) {
        p->twins = first->twins;
        first->twins = p;
        return STATUS_OK;
    }
    struct pooled **bucket = bucket_of(s, p->id);
    p->next_bucket = *bucket;
    *bucket = p;
    list_add(&s->pool, p);
    s->pool_bytes += p->size;
    metric_set(s->pool_size, (double)s->pool.count);
    sequencer_go_on(s);
    return STATUS_OK;
}

/* ---- when ---- */

static void on_timer(void *cookie)
{
    struct sequencer *s = cookie;
    s->timer = 0;
    sequencer_go_on(s);
}

void sequencer_go_on(struct sequencer *s)
{
    if (s->is_stopped || !s->is_ready || s->has_batch_job || s->waiting != NULL || s->pool.count == 0 ||
        s->timer != 0)
        return;
    int64_t now_ms = s->config.clock.now_ms(s->config.clock.context);
    int64_t since_ms = now_ms - s->job_started_ms;
    /* A clock that was set back must not hold the next job for long. */
    if (s->has_started && since_ms >= 0 && since_ms < (int64_t)s->config.interval_ms) {
        uint64_t delay = s->config.interval_ms - (uint64_t)since_ms;
        s->timer = s->config.timer.start(s->config.timer.context, delay, on_timer, s);
        return;
    }
    s->has_started = true;
    s->job_started_ms = now_ms;
    batch_job_start(s);
}

static void on_reopen(void *cookie)
{
    struct sequencer *s = cookie;
    s->reopen_timer = 0;
    recover_job_start(s, true);
}

void sequencer_log_died(struct sequencer *s, const struct error *err)
{
    if (s->is_ready || s->is_recovering)
        sequencer_event(s, EVENT_ERROR, "log-stopped", err->text);
    s->is_ready = s->is_recovering = false;
    if (s->reopen_timer == 0 && !s->is_stopped)
        s->reopen_timer = s->config.timer.start(s->config.timer.context, s->config.reopen_ms, on_reopen, s);
}

void sequencer_show(struct sequencer *s, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    for (size_t i = 0; i < s->config.peer_count; i++)
        s->config.peers[i].see(s->config.peers[i].context, size, root, note);
}
