/* What scans gave becomes notifications and rows, and is said to be kept in the order of its log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/monitor/monitor_internal.h"

#define HELD_RETRY_MS 1000
#define HOUR_MS 3600000
#define STATS_EVERY_MS 600000
/* Rows that one transaction looks at for pruning, beside those that it adds. */
#define PRUNE_AT_ONCE 2000

static void take_free(struct take *t)
{
    monitor_found_free(t->found);
    free(t);
}

/* Of a log, as far as everything before is durable too. */
static void advance(struct monitor *m, size_t number)
{
    struct monitor_log *log = m->logs[number];
    uint64_t before = log->kept_end;
    while (log->first != NULL && log->first->is_told && log->first->is_indexed) {
        struct take *t = log->first;
        log->first = t->next;
        if (log->first == NULL)
            log->last = NULL;
        log->kept_end = t->end > before ? t->end : before; /* after a failure some come again */
        take_free(t);
    }
    if (log->kept_end != before && !m->is_stopping && m->config.kept != NULL)
        m->config.kept(m->config.context, number, log->kept_end);
}

/* ---- telling ---- */

static bool is_odd(enum notification_event event)
{
    return event == NOTIFICATION_UNREADABLE || event == NOTIFICATION_UNKNOWN_ENTRY || event == NOTIFICATION_CA_CERTIFICATE;
}

bool monitor_is_too_odd(struct monitor *m, struct monitor_log *log, bool is_critical)
{
    int64_t now = monitor_now_ms(m);
    if (log->odd_hour != now / HOUR_MS) {
        log->odd_hour = now / HOUR_MS;
        log->odd_count = log->critical_count = 0;
    }
    unsigned *count = is_critical ? &log->critical_count : &log->odd_count;
    bool is_too_odd = ++*count > MONITOR_ODD_MAX;
    metric_add(m->suppressed, is_too_odd ? 1 : 0);
    return is_too_odd;
}

/* Somebody who fills a log with odd entries shall not fill a mailbox: the hour's first ones, and where the others begin. */
static void suppress(struct monitor *m, struct monitor_log *log, struct monitor_found *found)
{
    int64_t now = monitor_now_ms(m);
    for (size_t i = 0; i < found->notifications.count; i++) {
        struct notification **n = array_at(&found->notifications, i), *summary = NULL;
        if (is_odd((*n)->event) && monitor_is_too_odd(m, log, false)) {
            struct error err;
            /* Made once: those after it are known. Without memory for it the entry itself is told. */
            if (notification_new_suppressed(log->name, log->url, *(uint64_t *)array_at(&found->indices, i), now, &summary,
                                            &err) == STATUS_OK) {
                notification_free(*n);
                *n = summary;
            }
        }
    }
}

static void told(void *cookie, enum status status, const struct error *err)
{
    struct take *t = cookie;
    struct monitor *m = t->m;
    size_t log = t->log;
    (void)err;
    m->job_count--;
    if (status == STATUS_OK) { /* otherwise the notifier is done for, and says so */
        t->is_told = true;
        advance(m, log);
    }
}

static void retry_held(void *cookie);

/* The queue has room, or the take is held until it has. */
static void tell(struct monitor *m, struct take *t)
{
    struct array *list = &t->found->notifications;
    if (notifier_waiting_count(m->notifier) + list->count > NOTIFIER_WAITING_HIGH) {
        t->next_held = m->held;
        m->held = t;
        if (m->held_timer == 0)
            m->held_timer = m->config.timer.start(m->config.timer.context, HELD_RETRY_MS, retry_held, m);
        return;
    }
    size_t count = list->count;
    list->count = 0; /* they are the notifier's */
    m->job_count++;
    notifier_add(m->notifier, list->items, count, told, t);
}

static void retry_held(void *cookie)
{
    struct monitor *m = cookie;
    struct take *list = m->held;
    m->held = NULL;
    m->held_timer = 0;
    for (struct take *t = list, *next; t != NULL; t = next) {
        next = t->next_held;
        tell(m, t);
    }
}

/* ---- the index ---- */

struct index_job {
    struct monitor *m;
    struct take *list;
    int64_t prune_before_s; /* 0: no */
    bool wants_stats;
    struct domain_index_stats stats;
    uint64_t row_count, pruned;
    enum status status;
    struct error err;
};

static void index_run(void *cookie)
{
    struct index_job *job = cookie;
    const struct domain_index *index = job->m->config.index;
    for (const struct take *t = job->list; t != NULL && job->status == STATUS_OK; t = t->next_index) {
        job->status = index->add(index->context, t->found->rows.items, t->found->rows.count, &job->err);
        job->row_count += t->found->rows.count;
    }
    if (job->status == STATUS_OK && job->prune_before_s > 0)
        job->status = index->prune(index->context, job->prune_before_s, PRUNE_AT_ONCE, &job->pruned, &job->err);
    if (job->status == STATUS_OK)
        job->status = index->commit(index->context, &job->err);
    if (job->status == STATUS_OK && job->wants_stats)
        job->status = index->stats(index->context, &job->stats, &job->err);
    if (job->status != STATUS_OK)
        index->rollback(index->context);
}

static void index_done(void *cookie)
{
    struct index_job *job = cookie;
    struct monitor *m = job->m;
    m->is_indexing = false;
    m->job_count--;
    m->pruned_count += job->pruned;
    if (job->status == STATUS_OK && job->wants_stats)
        m->index_stats = job->stats;
    if (job->status != STATUS_OK) {
        m->has_index_failed = true;
        m->index_error = job->err;
        events_report(&m->config.events, EVENT_ERROR, "index-not-written", {"reason", job->err.text});
    } else {
        metric_add(m->rows, (double)job->row_count);
    }
    for (struct take *t = job->list, *next; t != NULL; t = next) {
        next = t->next_index;
        size_t log = t->log;
        t->is_indexed = job->status == STATUS_OK;
        if (t->is_indexed)
            advance(m, log);
    }
    free(job);
    monitor_take_start_index(m);
}

/* All that waits becomes one transaction. */
void monitor_take_start_index(struct monitor *m)
{
    if (m->is_indexing || m->has_index_failed || m->to_index == NULL || m->config.index == NULL)
        return;
    struct index_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return; /* with the next batch */
    int64_t now = monitor_now_ms(m);
    *job = (struct index_job){.m = m, .list = m->to_index, .wants_stats = now - m->stats_ms >= STATS_EVERY_MS};
    if (job->wants_stats)
        m->stats_ms = now;
    if (m->config.retention_s > 0)
        job->prune_before_s = now / 1000 - (int64_t)m->config.retention_s;
    m->to_index = NULL;
    m->to_index_end = &m->to_index;
    m->is_indexing = true;
    m->job_count++;
    m->config.index_work.submit(m->config.index_work.context, index_run, index_done, job);
}

static void queue_rows(struct monitor *m, struct take *t)
{
    t->next_index = NULL;
    *m->to_index_end = t;
    m->to_index_end = &t->next_index;
    monitor_take_start_index(m);
}

/* ---- taking ---- */

static void count(struct monitor *m, struct monitor_log *log, const struct monitor_found *found)
{
    log->facts.entry_count += found->entry_count;
    log->facts.is_dirty = true;
    metric_add(log->entries_metric, (double)found->entry_count);
    metric_add(m->hits, (double)found->hit_count);
    metric_add(m->authorized, (double)found->authorized_count);
    metric_add(m->broken, (double)found->broken_count);
    metric_add(m->unknown, (double)found->unknown_count);
}

void monitor_take(struct monitor *m, size_t number, uint64_t end, struct monitor_found *found)
{
    struct monitor_log *log = m->logs[number];
    struct take *t = calloc(1, sizeof *t);
    log->taken_end = end;
    if (t == NULL || found == NULL) {
        if (!log->is_lost)
            events_report(&m->config.events, EVENT_ERROR, "entries-not-looked-at", {"log", log->name},
                          {"reason", "no memory; they come again after a restart"});
        log->is_lost = true;
        free(t);
        monitor_found_free(found);
        return;
    }
    *t = (struct take){.m = m, .log = number, .end = end, .found = found};
    if (log->is_lost) { /* nothing behind the hole counts as kept */
        take_free(t);
        return;
    }
    if (log->last != NULL)
        log->last->next = t;
    else
        log->first = t;
    log->last = t;
    count(m, log, found);
    suppress(m, log, found);
    t->is_told = found->notifications.count == 0;
    t->is_indexed = m->config.index == NULL || found->rows.count == 0;
    bool has_rows = !t->is_indexed;
    if (!t->is_told)
        tell(m, t);
    if (has_rows)
        queue_rows(m, t);
    if (log->first != NULL && log->first->is_told && log->first->is_indexed)
        advance(m, number);
}

void monitor_take_drop_all(struct monitor *m)
{
    for (size_t i = 0; i < m->log_count; i++)
        for (struct take *t = m->logs[i]->first, *next; t != NULL; t = next) {
            next = t->next;
            take_free(t);
        }
}
