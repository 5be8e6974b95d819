/* What happens without a submission: new tree heads in time, a log that has stopped is opened again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "service/ct_log/ct_log_internal.h"

#define REOPEN_DEFAULT_MS 5000

static int64_t now_ms(const struct ct_log *log)
{
    return log->config.clock.now_ms(log->config.clock.context);
}

/* ---- tree heads ---- */

void ct_log_show(struct ct_log *log)
{
    const struct ct_log_metrics *m = &log->metrics;
    metric_set(m->size, (double)log->head.size);
    metric_set(m->tree_head_time, (double)log->head.timestamp_ms / 1000);
    metric_set(m->index_size, (double)log->index_size);
    metric_set(m->roots, (double)ct_chain_roots_count(log->roots->set));
    metric_set(m->pending, (double)log->pending_entries);
}

void ct_log_published(struct ct_log *log, const struct log_tree_head *head, const struct builder *note)
{
    bool is_new = head->timestamp_ms != log->head.timestamp_ms || head->size != log->head.size;
    log->head = *head;
    ct_log_show(log);
    if (is_new && note->len > 0 && log->config.on_tree_head != NULL)
        log->config.on_tree_head(log->config.context, head->size, head->root, builder_view(note));
    ct_log_plan_refresh(log);
}

struct refresh {
    struct ct_log *log;
    enum status status;
    struct error err;
    bool is_stopped;
    struct log_tree_head head;
    struct builder note;
};

static void run_refresh(void *cookie)
{
    struct refresh *r = cookie;
    struct ct_log_store *store = &r->log->store;
    r->status = ct_log_store_check(store, &r->err);
    if (r->status == STATUS_OK)
        r->status = log_refresh_checkpoint(store->engine, &r->err);
    /* A key that is away for a moment stops nothing. */
    if (r->status != STATUS_OK && store->engine != NULL && log_has_failed(store->engine))
        r->status = ct_log_store_failed(store, r->status, &r->err);
    r->is_stopped = store->engine == NULL;
    if (r->is_stopped)
        return;
    r->head = *log_tree_head(store->engine);
    struct error ignored;
    if (store->config->on_tree_head != NULL && log_read_published(store->engine, &r->note, &ignored) != STATUS_OK)
        builder_reset(&r->note);
}

static void on_refresh_timer(void *cookie);

static void wait_to_refresh(struct ct_log *log, uint64_t delay_ms)
{
    const struct timer_port *timer = &log->config.timer;
    if (log->refresh_timer == 0 && !log->is_stopping)
        log->refresh_timer = timer->start(timer->context, delay_ms, on_refresh_timer, log);
}

static void end_refresh(void *cookie)
{
    struct refresh *r = cookie;
    struct ct_log *log = r->log;
    ct_log_job_ended(log);
    log->is_refreshing = false;
    if (r->is_stopped) {
        ct_log_died(log, &r->err);
    } else {
        if (r->status != STATUS_OK) {
            ct_log_report(log, EVENT_WARNING, "ct-log-tree-head-not-refreshed", "reason", r->err.text);
            wait_to_refresh(log, (uint64_t)log->config.refresh_s * 1000); /* not as soon as it is due: it is overdue */
        }
        ct_log_published(log, &r->head, &r->note);
    }
    builder_clear(&r->note);
    free(r);
}

static void on_refresh_timer(void *cookie)
{
    struct ct_log *log = cookie;
    log->refresh_timer = 0;
    if (log->is_frozen || log->is_dead || log->is_stopping || log->is_refreshing)
        return;
    /* A batch has published a younger one meanwhile, or is about to. */
    if (now_ms(log) - (int64_t)log->head.timestamp_ms < (int64_t)log->config.refresh_s * 1000 || log->batch_count > 0) {
        ct_log_plan_refresh(log);
        return;
    }
    struct refresh *r = calloc(1, sizeof *r);
    if (r == NULL) {
        ct_log_plan_refresh(log);
        return;
    }
    r->log = log;
    builder_init(&r->note, NOTE_SIZE_MAX);
    log->is_refreshing = true;
    ct_log_submit_job(log, &log->config.work, run_refresh, end_refresh, r);
}

void ct_log_plan_refresh(struct ct_log *log)
{
    int64_t delay_ms = (int64_t)log->head.timestamp_ms + (int64_t)log->config.refresh_s * 1000 - now_ms(log);
    if (log->refresh_timer != 0 || log->is_frozen || log->is_dead || log->is_stopping)
        return;
    /* Also when the clock was set, either way. */
    if (delay_ms > (int64_t)log->config.refresh_s * 1000)
        delay_ms = (int64_t)log->config.refresh_s * 1000;
    wait_to_refresh(log, delay_ms < 100 ? 100 : (uint64_t)delay_ms);
}

/* ---- a failure ---- */

struct reopening {
    struct ct_log *log;
    enum status status;
    struct error err;
    struct log_tree_head head;
    struct log_state state;
    uint64_t index_size;
};

static void run_reopening(void *cookie)
{
    struct reopening *r = cookie;
    struct ct_log_store *store = &r->log->store;
    const struct ct_index *index = &r->log->config.index;
    r->status = ct_log_store_reopen(store, &r->err);
    if (r->status != STATUS_OK)
        return;
    r->head = *log_tree_head(store->engine);
    r->state = log_state(store->engine);
    struct error ignored;
    if (index->get_size(index->context, &r->index_size, &ignored) != STATUS_OK)
        r->index_size = 0;
}

static void end_reopening(void *cookie)
{
    struct reopening *r = cookie;
    struct ct_log *log = r->log;
    const struct builder none = {0};
    ct_log_job_ended(log);
    log->is_dead = false;
    if (r->status != STATUS_OK) {
        ct_log_died(log, &r->err);
    } else {
        log->is_frozen = r->state.is_closed;
        log->min_index = r->state.min_index;
        log->index_size = r->index_size;
        ct_log_report(log, EVENT_INFO, "ct-log-reopened", "origin", log->origin);
        ct_log_published(log, &r->head, &none);
        ct_log_go_on(log);
    }
    free(r);
}

static void on_reopen_timer(void *cookie)
{
    struct ct_log *log = cookie;
    struct reopening *r = calloc(1, sizeof *r);
    log->reopen_timer = 0;
    if (log->is_stopping) {
        free(r);
        return;
    }
    if (r == NULL) {
        const struct error err = {.text = "out of memory"};
        log->is_dead = false;
        ct_log_died(log, &err);
        return;
    }
    r->log = log;
    ct_log_submit_job(log, &log->config.work, run_reopening, end_reopening, r);
}

void ct_log_died(struct ct_log *log, const struct error *err)
{
    const struct timer_port *timer = &log->config.timer;
    uint32_t delay_ms = log->config.reopen_ms != 0 ? log->config.reopen_ms : REOPEN_DEFAULT_MS;
    if (log->is_dead)
        return;
    log->is_dead = true;
    ct_log_report(log, EVENT_ERROR, "ct-log-stopped", "reason", err->text);
    if (!log->is_stopping)
        log->reopen_timer = timer->start(timer->context, delay_ms, on_reopen_timer, log);
}
