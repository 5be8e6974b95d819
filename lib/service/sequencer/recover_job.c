/* What an earlier life has left: plans that may or may not have become entries, and batches that lack
 * cosignatures. */
#include <stdlib.h>
#include <string.h>

#include "service/sequencer/sequencer_internal.h"

#define PLANS_AT_ONCE 256

/* The log says what became of a plan. */
static enum status settle_plan(struct job *job, const struct issuance_plan *plan, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    const struct issuance_store *store = &job->s->config.store;
    struct sequencer_prepared found;
    enum status s = ca->find_leaf(ca->context, plan->log_number, plan->index, &found, err);
    if (s == STATUS_OK && memcmp(found.leaf_hash, plan->leaf_hash, HASH_SIZE) == 0)
        return store->confirm(store->context, plan->log_number, plan->index, plan->index + 1, err);
    if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        return store->forget(store->context, plan->request, err);
    /* Of a closed log that cannot be looked at: it stays as it is, and keeps nobody else from being served. */
    return s == STATUS_REFUSED || plan->log_number != job->state.log_number ? STATUS_OK : s;
}

static enum status settle_plans(struct job *job, struct error *err)
{
    const struct issuance_store *store = &job->s->config.store;
    struct issuance_plan *plans = calloc(PLANS_AT_ONCE, sizeof *plans);
    uint16_t after_log = 0;
    uint64_t after_index = 0;
    size_t count = PLANS_AT_ONCE;
    bool is_first = true;
    enum status s = plans != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    while (s == STATUS_OK && (is_first || count == PLANS_AT_ONCE)) {
        is_first = false;
        s = store->list_unconfirmed(store->context, after_log, after_index, plans, PLANS_AT_ONCE, &count, err);
        for (size_t i = 0; i < count && s == STATUS_OK; i++) {
            after_log = plans[i].log_number;
            after_index = plans[i].index;
            s = settle_plan(job, &plans[i], err);
        }
    }
    free(plans);
    if (s == STATUS_OK && store->has_uncommitted(store->context))
        s = store->commit(store->context, err);
    return s;
}

/* The newest batches. */
static enum status find_batches(struct job *job, struct error *err)
{
    uint64_t end = job->state.size;
    for (unsigned i = 0; i < SEQUENCER_START_BATCHES && end > job->state.min_index; i++) {
        struct waiting *w;
        enum status s = batch_job_add_waiting(job, end - 1, &w, err);
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        end = w->batch.start;
    }
    return STATUS_OK;
}

static enum status recover(struct job *job, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    const struct issuance_store *store = &job->s->config.store;
    if (store->has_uncommitted(store->context))
        store->rollback(store->context);
    enum status s = job->flag ? ca->reopen(ca->context, err) : STATUS_OK;
    if (s == STATUS_OK)
        s = ca->get_state(ca->context, &job->state, err);
    if (s == STATUS_OK)
        s = settle_plans(job, err);
    if (s == STATUS_OK)
        s = find_batches(job, err);
    if (s == STATUS_OK)
        s = ca->read_published(ca->context, &job->note, &job->size, job->root, err);
    return s;
}

static void run(struct job *job)
{
    job->status = recover(job, &job->err);
}

/* Who waited when the log stopped waits on: what was kept meanwhile is in the log. */
static void refresh_waiting(struct sequencer *s, struct job *job)
{
    for (struct waiting *w = s->waiting; w != NULL; w = w->next)
        for (struct waiting *found = job->batches; found != NULL; found = found->next)
            if (found->batch.start == w->batch.start)
                w->batch = found->batch;
}

static void finish(struct job *job)
{
    struct sequencer *s = job->s;
    s->is_recovering = false;
    if (job->status != STATUS_OK) {
        s->is_recovering = true; /* so that it is said */
        sequencer_log_died(s, &job->err);
        return;
    }
    s->is_ready = true;
    sequencer_event(s, EVENT_INFO, "log-ready", "plans of earlier lives are settled");
    refresh_waiting(s, job);
    for (struct waiting *w = job->batches; w != NULL; w = w->next)
        cosign_ask(s, &w->batch);
    for (struct waiting *w = s->waiting; w != NULL; w = w->next)
        cosign_ask(s, &w->batch);
    if (job->size > 0)
        sequencer_show(s, job->size, job->root, builder_view(&job->note));
    cosign_complete(s);
}

void recover_job_start(struct sequencer *s, bool is_reopening)
{
    struct job *job = job_new(s, run, finish);
    struct error err;
    if (job == NULL) {
        (void)error_set(&err, STATUS_NO_MEMORY, "out of memory");
        s->is_recovering = true;
        sequencer_log_died(s, &err);
        return;
    }
    job->flag = is_reopening;
    s->is_recovering = true;
    job_start(job);
}
