/* What is done by the clock: landmarks, and pruning in the safe order. */
#include "service/sequencer/sequencer_internal.h"

/* Plans that are forgotten with one statement. */
#define PLANS_AT_ONCE 4096

static int64_t now_ms(const struct sequencer *s)
{
    return s->config.clock.now_ms(s->config.clock.context);
}

/* ---- landmarks ---- */

static void start_landmark_timer(struct sequencer *s);

static void run_landmark(struct job *job)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    job->status = ca->allocate_landmark(ca->context, &job->flag, &job->err);
}

static void finish_landmark(struct job *job)
{
    struct sequencer *s = job->s;
    s->is_allocating = false;
    if (job->status != STATUS_OK)
        sequencer_event(s, EVENT_ERROR, "landmark-failed", job->err.text);
    else if (job->flag)
        s->is_landmark_due = false; /* otherwise at the end of the next job that has a quorum */
    if (job->status == STATUS_IO || job->status == STATUS_CONFLICT)
        sequencer_log_died(s, &job->err);
}

void schedule_try_landmark(struct sequencer *s)
{
    if (!s->is_landmark_due || s->is_allocating || !s->is_ready)
        return;
    struct job *job = job_new(s, run_landmark, finish_landmark);
    if (job == NULL)
        return;
    s->is_allocating = true;
    job_start(job);
}

static void on_landmark_timer(void *cookie)
{
    struct sequencer *s = cookie;
    s->landmark_timer = 0;
    s->is_landmark_due = true;
    schedule_try_landmark(s);
    start_landmark_timer(s);
}

static void start_landmark_timer(struct sequencer *s)
{
    uint64_t delay_ms = (uint64_t)s->config.landmark_interval_s * 1000;
    s->landmark_due_ms = now_ms(s) + (int64_t)delay_ms;
    s->landmark_timer = s->config.timer.start(s->config.timer.context, delay_ms, on_landmark_timer, s);
}

/* ---- pruning ---- */

static void start_prune_timer(struct sequencer *s);

/* Plans of entries that are pruned: the first entry that stays is not older than any that stays, so what was planned
 * before it began is gone. */
static enum status expire_plans(struct job *job, struct error *err)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    const struct issuance_store *store = &job->s->config.store;
    struct sequencer_prepared first;
    size_t removed = PLANS_AT_ONCE;
    enum status s = ca->get_state(ca->context, &job->state, err);
    if (s == STATUS_OK)
        s = ca->find_leaf(ca->context, job->state.log_number, job->state.min_index, &first, err);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK; /* no entry, or one without dates: the next time */
    int64_t before_s = now_ms(job->s) / 1000 - job->s->config.retain_s;
    if (s == STATUS_OK && first.not_before_s < before_s)
        before_s = first.not_before_s;
    while (s == STATUS_OK && removed == PLANS_AT_ONCE)
        s = store->expire(store->context, before_s, PLANS_AT_ONCE, &removed, err);
    if (s == STATUS_OK && store->has_uncommitted(store->context))
        s = store->commit(store->context, err);
    else if (store->has_uncommitted(store->context))
        store->rollback(store->context);
    return s;
}

/* Entries go by the limit that was announced, not by that of now. */
static void run_prune(struct job *job)
{
    struct sequencer *s = job->s;
    const struct sequencer_ca *ca = &s->config.ca;
    int64_t passed_s = (now_ms(s) - s->announced_ms + 999) / 1000;
    job->status = ca->prune(ca->context, s->config.retain_s + (passed_s > 0 ? passed_s : 0), &job->err);
    if (job->status != STATUS_OK)
        return;
    job->flag = expire_plans(job, &job->err) != STATUS_OK; /* the log is as it should be all the same */
}

static void finish_prune(struct job *job)
{
    struct sequencer *s = job->s;
    sequencer_event(s, job->status == STATUS_OK ? EVENT_INFO : EVENT_ERROR,
                    job->status == STATUS_OK ? "log-pruned" : "prune-failed", job->status == STATUS_OK ? "" : job->err.text);
    if (job->flag)
        sequencer_event(s, EVENT_ERROR, "plans-not-expired", job->err.text);
    if (job->status == STATUS_IO || job->status == STATUS_CONFLICT)
        sequencer_log_died(s, &job->err);
    start_prune_timer(s);
}

static void on_grace_over(void *cookie)
{
    struct sequencer *s = cookie;
    s->prune_timer = 0;
    struct job *job = s->is_ready ? job_new(s, run_prune, finish_prune) : NULL;
    if (job == NULL)
        start_prune_timer(s);
    else
        job_start(job);
}

static void run_look(struct job *job)
{
    const struct sequencer_ca *ca = &job->s->config.ca;
    job->status = ca->get_state(ca->context, &job->state, &job->err);
    if (job->status == STATUS_OK)
        job->status = ca->next_min_index(ca->context, job->s->config.retain_s, &job->number, &job->err);
}

static void finish_look(struct job *job)
{
    struct sequencer *s = job->s;
    if (job->status != STATUS_OK)
        sequencer_event(s, EVENT_ERROR, "prune-failed", job->err.text);
    if (job->status != STATUS_OK || job->number <= job->state.min_index) {
        start_prune_timer(s);
        return;
    }
    if (s->config.announce_min_index != NULL)
        s->config.announce_min_index(s->config.announce_context, job->state.log_number, job->number);
    s->announced_ms = now_ms(s);
    s->prune_timer = s->config.timer.start(s->config.timer.context, (uint64_t)s->config.prune_grace_s * 1000,
                                           on_grace_over, s);
}

static void on_prune_timer(void *cookie)
{
    struct sequencer *s = cookie;
    s->prune_timer = 0;
    struct job *job = s->is_ready ? job_new(s, run_look, finish_look) : NULL;
    if (job == NULL)
        start_prune_timer(s);
    else
        job_start(job);
}

static void start_prune_timer(struct sequencer *s)
{
    s->prune_timer = s->config.timer.start(s->config.timer.context, (uint64_t)s->config.prune_interval_s * 1000,
                                           on_prune_timer, s);
}

/* ---- both ---- */

void schedule_start(struct sequencer *s)
{
    if (s->config.landmark_interval_s > 0)
        start_landmark_timer(s);
    if (s->config.prune_interval_s > 0)
        start_prune_timer(s);
}

void schedule_stop(struct sequencer *s)
{
    s->config.timer.cancel(s->config.timer.context, s->landmark_timer);
    s->config.timer.cancel(s->config.timer.context, s->prune_timer);
}
