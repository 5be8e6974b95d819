/* What an operator orders: an end for good, pruning; and the lines of witnesses. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ct_log/ct_log_internal.h"

static void tell(ct_log_done *done, void *cookie, enum status status, const struct error *err)
{
    if (done != NULL)
        done(cookie, status, err);
}

/* ---- freezing ---- */

struct freezing {
    struct ct_log *log;
    enum status status;
    struct error err;
    bool is_stopped, is_closed;
    struct log_tree_head head;
    struct builder note;
};

static void run_freezing(void *cookie)
{
    struct freezing *f = cookie;
    struct ct_log_store *store = &f->log->store;
    f->status = ct_log_store_check(store, &f->err);
    if (f->status == STATUS_OK)
        f->status = log_freeze(store->engine, &f->err);
    if (f->status != STATUS_OK && store->engine != NULL)
        f->status = ct_log_store_failed(store, f->status, &f->err);
    f->is_stopped = store->engine == NULL;
    if (f->is_stopped)
        return;
    f->is_closed = log_state(store->engine).is_closed;
    f->head = *log_tree_head(store->engine);
    struct error ignored;
    if (store->config->on_tree_head != NULL && log_read_published(store->engine, &f->note, &ignored) != STATUS_OK)
        builder_reset(&f->note);
}

static void end_freezing(void *cookie)
{
    struct freezing *f = cookie;
    struct ct_log *log = f->log;
    ct_log_done *done = log->freeze_done;
    ct_log_job_ended(log);
    log->is_freezing = log->is_freeze_running = false;
    log->freeze_done = NULL;
    if (f->is_stopped) {
        ct_log_died(log, &f->err);
    } else {
        log->is_frozen = f->is_closed;
        ct_log_published(log, &f->head, &f->note);
    }
    if (f->status == STATUS_OK) {
        if (log->state < CT_LOG_READONLY) {
            log->state = CT_LOG_READONLY;
            log->state_since_s = (int64_t)(f->head.timestamp_ms / 1000);
        }
        ct_log_report(log, EVENT_INFO, "ct-log-frozen", "origin", log->origin);
        ct_log_publish_list(log);
    }
    tell(done, log->freeze_cookie, f->status, &f->err);
    builder_clear(&f->note);
    free(f);
}

void ct_log_go_on(struct ct_log *log)
{
    if (!log->is_freezing || log->is_freeze_running || log->judging_count > 0 || log->batch_count > 0 || log->queue != NULL)
        return;
    struct freezing *f = calloc(1, sizeof *f);
    if (f == NULL) {
        ct_log_done *done = log->freeze_done;
        struct error err;
        log->is_freezing = false;
        log->freeze_done = NULL;
        tell(done, log->freeze_cookie, error_set(&err, STATUS_NO_MEMORY, "out of memory"), &err);
        return;
    }
    f->log = log;
    builder_init(&f->note, NOTE_SIZE_MAX);
    log->is_freeze_running = true;
    ct_log_submit_job(log, &log->config.work, run_freezing, end_freezing, f);
}

void ct_log_freeze(struct ct_log *log, ct_log_done *done, void *cookie)
{
    struct error err = {.status = STATUS_OK};
    if (log->is_frozen) {
        tell(done, cookie, STATUS_OK, &err);
        return;
    }
    if (log->is_freezing) {
        tell(done, cookie, error_set(&err, STATUS_CONFLICT, "the log is being frozen already"), &err);
        return;
    }
    log->is_freezing = true;
    log->freeze_done = done;
    log->freeze_cookie = cookie;
    ct_log_flush(log);
    ct_log_go_on(log);
}

/* ---- pruning ---- */

struct pruning {
    struct ct_log *log;
    ct_log_done *done;
    void *cookie;
    enum status status;
    struct error err;
    bool is_stopped;
    uint64_t removed_count;
    struct log_state state;
};

static void run_pruning(void *cookie)
{
    struct pruning *p = cookie;
    struct ct_log_store *store = &p->log->store;
    p->status = ct_log_store_check(store, &p->err);
    if (p->status == STATUS_OK)
        p->status = log_prune_below(store->engine, log_state(store->engine).size, &p->removed_count, &p->err);
    if (p->status != STATUS_OK && store->engine != NULL)
        p->status = ct_log_store_failed(store, p->status, &p->err);
    p->is_stopped = store->engine == NULL;
    if (!p->is_stopped)
        p->state = log_state(store->engine);
}

static void end_pruning(void *cookie)
{
    struct pruning *p = cookie;
    struct ct_log *log = p->log;
    char index[24];
    ct_log_job_ended(log);
    if (p->is_stopped)
        ct_log_died(log, &p->err);
    else
        log->min_index = p->state.min_index;
    (void)snprintf(index, sizeof index, "%" PRIu64, log->min_index);
    if (p->status != STATUS_OK)
        ct_log_report(log, EVENT_WARNING, "ct-log-prune-failed", "reason", p->err.text);
    else if (p->removed_count > 0)
        ct_log_report(log, EVENT_INFO, "ct-log-pruned", "minimum_index", index);
    tell(p->done, p->cookie, p->status, &p->err);
    free(p);
}

static enum status check_prune(const struct ct_log *log, int64_t retain_s, struct error *err)
{
    const struct ct_log_config *config = &log->config;
    int64_t now_s = config->clock.now_ms(config->clock.context) / 1000;
    if (config->not_after_end_s == 0)
        return error_set(err, STATUS_AGAIN, "the log has no interval that could end");
    if (!log->is_frozen)
        return error_set(err, STATUS_AGAIN, "the log is not frozen: freeze it first, so that its last tree head stays");
    if (retain_s < 0 || now_s - config->not_after_end_s < retain_s)
        return error_set(err, STATUS_AGAIN, "the log is kept for %" PRId64 " s more", config->not_after_end_s + retain_s - now_s);
    return STATUS_OK;
}

void ct_log_prune(struct ct_log *log, int64_t retain_s, ct_log_done *done, void *cookie)
{
    struct error err;
    enum status status = check_prune(log, retain_s, &err);
    struct pruning *p = status == STATUS_OK ? calloc(1, sizeof *p) : NULL;
    if (status == STATUS_OK && p == NULL)
        status = error_set(&err, STATUS_NO_MEMORY, "out of memory");
    if (status != STATUS_OK) {
        tell(done, cookie, status, &err);
        return;
    }
    *p = (struct pruning){.log = log, .done = done, .cookie = cookie};
    ct_log_submit_job(log, &log->config.work, run_pruning, end_pruning, p);
}

/* ---- witnesses ---- */

struct adding_line {
    struct ct_log *log;
    uint64_t size, timestamp_s;
    char name[CT_LOG_ORIGIN_MAX + 1];
    struct builder signature;
    enum status status;
    struct error err;
    bool is_stopped;
};

static void run_adding(void *cookie)
{
    struct adding_line *a = cookie;
    struct ct_log_store *store = &a->log->store;
    size_t added;
    a->status = ct_log_store_check(store, &a->err);
    const struct log_checkpoint_addition line = {
        .name = a->name, .timestamp_s = a->timestamp_s, .signature = builder_view(&a->signature)};
    if (a->status == STATUS_OK) {
        a->status = log_add_checkpoint_cosignatures(store->engine, a->size, &line, 1, &added, &a->err);
        /* The tree has grown meanwhile: the next line will be for what is published then. */
        if (a->status == STATUS_IO || a->status == STATUS_NO_MEMORY)
            a->status = ct_log_store_failed(store, a->status, &a->err);
    }
    a->is_stopped = store->engine == NULL;
}

static void end_adding(void *cookie)
{
    struct adding_line *a = cookie;
    struct ct_log *log = a->log;
    ct_log_job_ended(log);
    if (a->is_stopped)
        ct_log_died(log, &a->err);
    else if (a->status != STATUS_OK && a->status != STATUS_CONFLICT)
        ct_log_report(log, EVENT_WARNING, "ct-log-line-refused", "reason", a->err.text);
    builder_clear(&a->signature);
    free(a);
}

void ct_log_add_line(struct ct_log *log, uint64_t size, const char *name, uint64_t timestamp_s, struct bytes signature)
{
    struct adding_line *a = calloc(1, sizeof *a);
    if (a == NULL || log->is_dead || strlen(name) > CT_LOG_ORIGIN_MAX) {
        free(a);
        return;
    }
    *a = (struct adding_line){.log = log, .size = size, .timestamp_s = timestamp_s};
    (void)snprintf(a->name, sizeof a->name, "%s", name);
    builder_init(&a->signature, SIGNATURE_SIZE_MAX);
    builder_bytes(&a->signature, signature);
    ct_log_submit_job(log, &log->config.work, run_adding, end_adding, a);
}
