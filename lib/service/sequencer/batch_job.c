/* A batch: planned, appended, and handed to those who cosign. */
#include <stdlib.h>
#include <string.h>

#include "service/sequencer/sequencer_internal.h"

/* ---- on the worker ---- */

static enum status fail(struct pooled *p, enum status status, const struct error *err)
{
    p->status = status;
    p->err = *err;
    return status;
}

/* In a log that was closed meanwhile: nothing is added to it any more, and what it has may be enough. */
static enum status find_old(struct job *job, struct pooled *p, const struct issuance_plan *plan, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    struct sequencer_batch batch;
    if (ca->find_old_batch == NULL)
        return error_set(err, STATUS_REFUSED, "the entry of this request is in log %u, which is closed", plan->log_number);
    enum status s = ca->find_old_batch(ca->context, plan->log_number, plan->index, &batch, err);
    p->is_old = true;
    if (s != STATUS_OK && s != STATUS_NOT_FOUND) {
        (void)fail(p, STATUS_AGAIN, err);
        return STATUS_OK;
    }
    if (s != STATUS_OK)
        return s;
    /* Its certificate would be refused by all who want the quorum, and a second entry is out of the question. */
    if (!cosign_is_complete(job->s, &batch, plan->index, p->profile))
        (void)fail(p, STATUS_AGAIN, &(struct error){.status = STATUS_AGAIN, .text = "the entry of this request is in a log that was "
                   "closed before its quorum had signed"});
    return STATUS_OK;
}

/* The entry that an earlier life has made for this request, if the log has it. */
static enum status find_known(struct job *job, struct pooled *p, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    const struct issuance_store *store = &job->s->config.store;
    struct issuance_plan plan;
    struct sequencer_prepared found;
    struct waiting *w;
    enum status s = store->find(store->context, p->id, &plan, err);
    if (s != STATUS_OK)
        return s;
    bool is_old = plan.log_number != job->state.log_number;
    s = ca->find_leaf(ca->context, plan.log_number, plan.index, &found, err);
    /* A closed log that cannot be read now is the matter of this request alone. */
    if (is_old && s != STATUS_OK && s != STATUS_NOT_FOUND && s != STATUS_REFUSED) {
        p->is_old = true;
        (void)fail(p, STATUS_AGAIN, err);
        return STATUS_OK;
    }
    if (s == STATUS_NOT_FOUND && plan.is_confirmed)
        return error_set(err, STATUS_REFUSED, "the entry of this request is pruned");
    if (s == STATUS_REFUSED && plan.is_confirmed)
        return error_set(err, STATUS_REFUSED, "the entry of this request is in log %u, which is closed", plan.log_number);
    if (s == STATUS_OK && memcmp(found.leaf_hash, plan.leaf_hash, HASH_SIZE) != 0)
        s = STATUS_NOT_FOUND;
    if (s == STATUS_NOT_FOUND) {
        s = store->forget(store->context, p->id, err);
        return s == STATUS_OK ? STATUS_NOT_FOUND : s;
    }
    if (s == STATUS_OK) {
        s = is_old ? find_old(job, p, &plan, err) : batch_job_add_waiting(job, plan.index, &w, err);
        /* It has its entry, and must not get another one. */
        if (s == STATUS_NOT_FOUND)
            return error_set(err, STATUS_REFUSED, "the batch of this request is pruned");
    }
    if (s == STATUS_OK) {
        p->issued = (struct sequencer_issued){plan.log_number, plan.index, found.not_before_s, found.not_after_s};
        p->prepared = found;
    }
    return s;
}

enum status batch_job_add_waiting(struct job *job, uint64_t index, struct waiting **out, struct error *err)
{
    for (*out = job->batches; *out != NULL; *out = (*out)->next)
        if ((*out)->batch.start <= index && index < (*out)->batch.end)
            return STATUS_OK;
    struct waiting *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    list_init(&w->requests);
    enum status s = job->s->config.ca.find_batch(job->s->config.ca.context, index, &w->batch, err);
    if (s != STATUS_OK) {
        free(w);
        return s;
    }
    w->next = job->batches;
    *out = job->batches = w;
    return STATUS_OK;
}

static int64_t now_s(const struct job *job)
{
    const struct clock_port *clock = &job->s->config.clock;
    return clock->now_ms(clock->context) / 1000;
}

static enum status prepare(struct job *job, struct pooled *p, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    struct sequencer_entry entry = {p->profile, builder_view(&p->names), builder_view(&p->spki),
                                    p->not_before_s, p->not_after_s};
    p->is_left = p->is_planned = p->is_old = false;
    p->status = STATUS_OK;
    enum status s = find_known(job, p, err);
    if (s == STATUS_OK)
        return s;
    if (s == STATUS_NOT_FOUND && p->new_until_s != 0 && now_s(job) > p->new_until_s)
        s = error_set(err, STATUS_REFUSED, "the request has waited for so long that what was validated for it may not be "
                      "relied on any more [BR 3.2.2.8, 4.2.1]: make a new order");
    if (s == STATUS_NOT_FOUND)
        s = ca->prepare(ca->context, &entry, &p->prepared, err);
    if (s == STATUS_OK) {
        p->is_planned = true;
        job->number++;
        return s;
    }
    if (s == STATUS_LIMIT && job->number > 0) {
        p->is_left = true;
        return STATUS_OK;
    }
    if (s == STATUS_REFUSED || s == STATUS_MALFORMED || s == STATUS_LIMIT) {
        (void)fail(p, s == STATUS_LIMIT ? STATUS_REFUSED : s, err);
        return STATUS_OK;
    }
    /* The clock is outside the CA certificate, the store or the log have failed: it is nobody's request. */
    return s == STATUS_USAGE ? STATUS_AGAIN : s;
}

static enum status plan(struct job *job, struct error *err)
{
    const struct issuance_store *store = &job->s->config.store;
    struct issuance_plan *plans = calloc(job->number, sizeof *plans);
    if (plans == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    size_t count = 0;
    for (struct pooled *p = job->requests.first; p != NULL; p = p->next) {
        if (!p->is_planned)
            continue;
        struct issuance_plan *out = &plans[count];
        p->issued = (struct sequencer_issued){job->state.log_number, job->state.size + count,
                                              p->prepared.not_before_s, p->prepared.not_after_s};
        memcpy(out->request, p->id, sizeof out->request);
        memcpy(out->leaf_hash, p->prepared.leaf_hash, sizeof out->leaf_hash);
        out->log_number = job->state.log_number;
        out->index = p->issued.index;
        out->planned_s = now_s(job);
        count++;
    }
    enum status s = store->plan(store->context, plans, count, err);
    if (s == STATUS_OK)
        s = store->commit(store->context, err);
    free(plans);
    return s;
}

static enum status append(struct job *job, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    const struct issuance_store *store = &job->s->config.store;
    uint64_t first;
    struct waiting *w;
    enum status s = plan(job, err);
    if (s != STATUS_OK)
        return s;
    s = ca->append(ca->context, &first, err);
    if (s == STATUS_OK && first != job->state.size)
        s = error_set(err, STATUS_CONFLICT, "somebody else has appended to the log");
    if (s != STATUS_OK) {
        job->flag = true; /* the log has stopped */
        return s;
    }
    /* Durable with the next plan; until then the log itself says it. */
    s = store->confirm(store->context, job->state.log_number, first, first + job->number, err);
    return s == STATUS_OK ? batch_job_add_waiting(job, first, &w, err) : s;
}

static enum status run_all(struct job *job, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    enum status s = ca->get_state(ca->context, &job->state, err);
    if (s != STATUS_OK) {
        job->flag = true;
        return s;
    }
    if (job->state.is_closed)
        return error_set(err, STATUS_AGAIN, "log %u is closed for good: the CA needs its next log", job->state.log_number);
    ca->clear(ca->context);
    for (struct pooled *p = job->requests.first; p != NULL && s == STATUS_OK; p = p->next)
        s = prepare(job, p, err);
    if (s == STATUS_OK && job->number > 0)
        s = append(job, err);
    if (s == STATUS_OK)
        s = ca->read_published(ca->context, &job->note, &job->size, job->root, err);
    ca->clear(ca->context);
    return s;
}

static void run(struct job *job)
{
    const struct issuance_store *store = &job->s->config.store;
    job->status = run_all(job, &job->err);
    if (job->status != STATUS_OK && store->has_uncommitted(store->context))
        store->rollback(store->context);
}

/* ---- on the loop ---- */

static void answer_failed(struct sequencer *s, struct job *job)
{
    struct pooled *p;
    enum status status = job->status == STATUS_IO ? STATUS_IO : STATUS_AGAIN;
    struct error err = job->err;
    err.status = status;
    sequencer_event(s, EVENT_ERROR, "batch-failed", job->err.text);
    while ((p = list_take(&job->requests)) != NULL) {
        if (p->status == STATUS_OK)
            sequencer_answer(s, p, status, &err);
        else
            sequencer_answer(s, p, p->status, &p->err);
    }
    if (job->flag)
        sequencer_log_died(s, &job->err);
}

static void take_batches(struct sequencer *s, struct job *job)
{
    while (job->batches != NULL) {
        struct waiting *w = job->batches;
        job->batches = w->next;
        w->next = s->waiting;
        s->waiting = w;
        cosign_ask(s, &w->batch);
    }
}

static struct waiting *find_waiting(struct sequencer *s, uint64_t index)
{
    struct waiting *w = s->waiting;
    while (w != NULL && (index < w->batch.start || index >= w->batch.end))
        w = w->next;
    return w;
}

/* What did not fit comes first in the next job. */
static void put_back(struct sequencer *s, struct list *left)
{
    struct pooled *p;
    while ((p = list_take(&s->pool)) != NULL)
        list_add(left, p);
    list_init(&s->pool);
    while ((p = list_take(left)) != NULL)
        list_add(&s->pool, p);
}

static void hand_on(struct sequencer *s, struct job *job)
{
    struct list left;
    struct pooled *p;
    list_init(&left);
    while ((p = list_take(&job->requests)) != NULL) {
        bool is_waiting = p->status == STATUS_OK && !p->is_left && !p->is_old;
        struct waiting *w = is_waiting ? find_waiting(s, p->issued.index) : NULL;
        if (p->is_left) {
            s->pool_bytes += p->size;
            list_add(&left, p);
        } else if (w == NULL) {
            sequencer_answer(s, p, p->status, &p->err);
        } else {
            list_add(&w->requests, p);
            s->waiting_count++;
        }
    }
    put_back(s, &left);
}

static void finish(struct job *job)
{
    struct sequencer *s = job->s;
    s->has_batch_job = false;
    s->appended_ms = s->config.clock.now_ms(s->config.clock.context);
    if (job->status != STATUS_OK) {
        answer_failed(s, job);
        sequencer_go_on(s);
        return;
    }
    metric_observe(s->append_time, (double)(s->appended_ms - s->job_started_ms) / 1000);
    metric_add(s->entries, (double)job->number);
    metric_add(s->batches, job->number > 0 ? 1 : 0);
    take_batches(s, job);
    hand_on(s, job);
    sequencer_show(s, job->size, job->root, builder_view(&job->note));
    cosign_complete(s);
}

void batch_job_start(struct sequencer *s)
{
    struct job *job = job_new(s, run, finish);
    struct pooled *p;
    if (job == NULL) {
        sequencer_event(s, EVENT_ERROR, "batch-failed", "out of memory");
        return; /* the next submission tries again */
    }
    while (job->requests.count < s->config.batch_entries_max && (p = list_take(&s->pool)) != NULL) {
        s->pool_bytes -= p->size;
        metric_observe(s->pool_wait, (double)(s->job_started_ms - p->submitted_ms) / 1000);
        list_add(&job->requests, p);
    }
    metric_set(s->pool_size, (double)s->pool.count);
    s->has_batch_job = true;
    job_start(job);
}
