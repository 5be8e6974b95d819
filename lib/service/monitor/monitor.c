#include "service/monitor/monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/monitor/monitor_internal.h"

#define STOP_POLL_MS 20

int64_t monitor_now_ms(const struct monitor *m)
{
    return m->config.clock.now_ms(m->config.clock.context);
}

/* ---- watch list ---- */

void monitor_set_watch(struct monitor *m, struct monitor_watch *watch)
{
    (void)pthread_mutex_lock(&m->watch_lock);
    struct monitor_watch *old = m->watch;
    m->watch = watch;
    (void)pthread_mutex_unlock(&m->watch_lock);
    monitor_watch_release(old);
}

struct monitor_watch *monitor_watch_of(struct monitor *m)
{
    (void)pthread_mutex_lock(&m->watch_lock);
    struct monitor_watch *watch = monitor_watch_keep(m->watch);
    (void)pthread_mutex_unlock(&m->watch_lock);
    return watch;
}

/* ---- logs ---- */

static void figure_name(const char *folder, const char *log, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%s/%s", folder, log);
}

/* What is there and cannot be read is an error: figures of 90 days are not begun anew in silence. */
static enum status load(struct monitor *m, struct monitor_log *log, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    struct builder text;
    builder_init(&text, UPTIME_TEXT_MAX);
    figure_name("uptime", log->name, name);
    enum status s = m->config.state.get(m->config.state.context, name, &text, err);
    if (s == STATUS_OK)
        s = uptime_read(builder_view(&text), &log->uptime, err);
    builder_reset(&text);
    if (s == STATUS_OK || s == STATUS_NOT_FOUND) {
        figure_name("facts", log->name, name);
        s = m->config.state.get(m->config.state.context, name, &text, err);
    }
    if (s == STATUS_OK)
        s = log_facts_read(builder_view(&text), &log->facts, err);
    builder_clear(&text);
    log->uptime.is_dirty = log->facts.is_dirty = false;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static void make_log_metrics(struct monitor *m, struct monitor_log *log)
{
    struct metrics *r = m->config.metrics;
    (void)snprintf(log->labels, sizeof log->labels, "log=\"%s\"", log->name);
    log->size_metric = metrics_gauge(r, "cathaya_monitor_log_tree_size", log->labels, "Entries in the newest tree head.");
    log->verified_metric = metrics_gauge(r, "cathaya_monitor_log_verified", log->labels, "Entries that were verified.");
    log->behind_metric = metrics_gauge(r, "cathaya_monitor_log_behind", log->labels, "Entries that are still to be looked at.");
    log->contact_metric =
        metrics_gauge(r, "cathaya_monitor_log_contact_age_seconds", log->labels, "Since the log last answered well.");
    log->entries_metric = metrics_counter(r, "cathaya_monitor_entries_total", log->labels, "Entries that were compared with the watch list.");
    log->findings_metric = metrics_counter(r, "cathaya_monitor_findings_total", log->labels, "Findings about the log.");
}

enum status monitor_add_log(struct monitor *m, const struct monitor_log_config *config, size_t *number, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    if (m->log_count == MONITOR_LOGS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d logs", MONITOR_LOGS_MAX);
    figure_name("uptime", config->name, name);
    if (strlen(config->name) > MONITOR_NAME_MAX || !object_name_is_valid(name))
        return error_set(err, STATUS_USAGE, "%.80s: a log's name has 1 to %d of a-z 0-9 . _ -", config->name, MONITOR_NAME_MAX);
    for (size_t i = 0; i < m->log_count; i++)
        if (strcmp(m->logs[i]->name, config->name) == 0)
            return error_set(err, STATUS_CONFLICT, "%s: two logs of this name", config->name);
    struct monitor_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a log");
    (void)snprintf(log->name, sizeof log->name, "%s", config->name);
    (void)snprintf(log->url, sizeof log->url, "%s", config->url);
    log->mmd_s = config->mmd_s;
    log->uptime.interval_ms = m->config.interval_ms;
    log->uptime.gap_ms = 10 * m->config.interval_ms > 3 * m->config.probe_ms ? 10 * m->config.interval_ms : 3 * m->config.probe_ms;
    enum status s = load(m, log, err);
    if (s != STATUS_OK) {
        free(log);
        return error_prefix(err, s, "what is kept of %s", config->name);
    }
    make_log_metrics(m, log);
    *number = m->log_count;
    m->logs[m->log_count++] = log;
    return STATUS_OK;
}

void monitor_set_progress(struct monitor *m, size_t number, const struct monitor_progress *progress)
{
    struct log_facts *f = &m->logs[number]->facts;
    f->is_dirty = f->is_dirty || f->tree_size != progress->tree_size || f->verified_size != progress->verified_size ||
                  f->tree_head_ms != progress->tree_head_ms;
    f->tree_size = progress->tree_size;
    f->verified_size = progress->verified_size;
    f->tree_head_ms = progress->tree_head_ms;
    if (progress->contact_ms > f->contact_ms)
        f->contact_ms = progress->contact_ms;
    if (f->first_ms == 0)
        f->first_ms = f->contact_ms;
}

/* ---- findings ---- */

void monitor_finding(struct monitor *m, size_t number, const struct log_finding *finding)
{
    struct monitor_log *log = m->logs[number];
    struct notification *n, *summary;
    struct error err;
    if (notification_new_finding(finding, log->url, &n, &err) != STATUS_OK) {
        events_report(&m->config.events, EVENT_ERROR, "finding-not-told", {"log", log->name}, {"reason", err.text});
        return;
    }
    if (finding->has_index && !notifier_has(m->notifier, n->id) && monitor_is_too_odd(m, log, finding->severity == FINDING_CRITICAL) &&
        notification_new_suppressed(log->name, log->url, finding->index, monitor_now_ms(m), &summary, &err) == STATUS_OK) {
        log_facts_note(&log->facts, finding->id, finding->seen_ms);
        metric_add(log->findings_metric, 1);
        notification_free(n);
        notifier_add(m->notifier, &summary, 1, NULL, NULL);
        return;
    }
    /* A follower that starts again tells again what it told before. */
    if (!notifier_has(m->notifier, n->id)) {
        enum event_level level = finding->is_over || finding->severity == FINDING_NOTICE ? EVENT_INFO
                                 : finding->severity == FINDING_WARNING                  ? EVENT_WARNING
                                                                                         : EVENT_ERROR;
        if (!finding->is_over)
            log_facts_note(&log->facts, finding->id, finding->seen_ms);
        metric_add(log->findings_metric, 1);
        events_report(&m->config.events, level, finding->is_over ? "finding-over" : "finding", {"log", log->name},
                      {"finding", log_finding_name(finding->id)}, {"text", finding->text});
    }
    notifier_add(m->notifier, &n, 1, NULL, NULL);
}

/* ---- contacts ---- */

/* "https://log.example:8443/path" is "log.example:8443". */
static struct monitor_host *host_of(struct monitor *m, const char *url)
{
    const char *begin = url != NULL ? strstr(url, "://") : NULL;
    char name[256];
    if (begin == NULL)
        return NULL;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(begin + 3, "/"), begin + 3);
    for (size_t i = 0; i < m->host_count; i++)
        if (strcmp(m->hosts[i].name, name) == 0)
            return &m->hosts[i];
    if (m->host_count == MONITOR_HOSTS_MAX)
        return NULL;
    struct monitor_host *host = &m->hosts[m->host_count++];
    (void)snprintf(host->name, sizeof host->name, "%s", name);
    return host;
}

/* Nobody else has answered lately, who would have: it may be us. Who follows one host alone cannot tell. */
static bool is_ours(const struct monitor *m, const struct monitor_host *host, int64_t now)
{
    int64_t window = (int64_t)m->config.interval_ms * 3 > 120000 ? (int64_t)m->config.interval_ms * 3 : 120000;
    bool is_any = false;
    for (size_t i = 0; i < m->host_count; i++) {
        if (&m->hosts[i] == host || m->hosts[i].good_ms == 0)
            continue;
        if (now - m->hosts[i].good_ms <= window)
            return false;
        is_any = true;
    }
    return is_any;
}

void monitor_contact(struct monitor *m, size_t number, const struct followed_contact *contact)
{
    struct monitor_log *log = m->logs[number];
    struct monitor_host *host = host_of(m, contact->source);
    int64_t now = monitor_now_ms(m);
    if (contact->is_good && host != NULL)
        host->good_ms = now;
    if (contact->source == NULL || strcmp(contact->source, log->url) != 0) /* a mirror */
        return;
    if (contact->is_good)
        log->facts.contact_ms = now;
    /* Who answers 429 is there, and says when to come again. */
    uptime_note(&log->uptime, contact->endpoint, contact->is_good || contact->status == 429, is_ours(m, host, now), now);
}

/* ---- figures that are kept ---- */

struct flush {
    struct monitor *m;
    struct array texts; /* struct flushed */
    enum status status;
    struct error err;
};

struct flushed {
    char name[OBJECT_NAME_MAX + 1];
    struct builder text;
};

static void flush_run(void *cookie)
{
    struct flush *f = cookie;
    const struct object_store *state = &f->m->config.state;
    for (size_t i = 0; i < f->texts.count && f->status == STATUS_OK; i++) {
        struct flushed *one = array_at(&f->texts, i);
        f->status = builder_status(&one->text, one->name, &f->err);
        if (f->status == STATUS_OK)
            f->status = state->put(state->context, one->name, builder_view(&one->text), &f->err);
    }
    if (f->status == STATUS_OK)
        f->status = state->sync(state->context, &f->err);
}

static void flush_done(void *cookie)
{
    struct flush *f = cookie;
    f->m->job_count--;
    if (f->status != STATUS_OK)
        events_report(&f->m->config.events, EVENT_ERROR, "figures-not-kept", {"reason", f->err.text});
    for (size_t i = 0; i < f->texts.count; i++)
        builder_clear(&((struct flushed *)array_at(&f->texts, i))->text);
    array_clear(&f->texts);
    free(f);
}

static void add_text(struct flush *f, const char *folder, const struct monitor_log *log, bool is_uptime)
{
    struct flushed one;
    struct error err;
    figure_name(folder, log->name, one.name);
    builder_init(&one.text, is_uptime ? UPTIME_TEXT_MAX : LOG_FACTS_TEXT_MAX);
    if (is_uptime)
        uptime_write(&log->uptime, &one.text);
    else
        log_facts_write(&log->facts, &one.text);
    if (array_insert(&f->texts, f->texts.count, &one, "figures", &err) != STATUS_OK)
        builder_clear(&one.text);
}

enum status monitor_write_figures(const struct monitor *m, struct bytes log, bool is_uptime, struct builder *out)
{
    for (size_t i = 0; i < m->log_count; i++) {
        if (!bytes_is_text(log, m->logs[i]->name))
            continue;
        if (is_uptime)
            uptime_write(&m->logs[i]->uptime, out);
        else
            log_facts_write(&m->logs[i]->facts, out);
        return builder_status(out, "figures", NULL);
    }
    return STATUS_NOT_FOUND;
}

static void keep_figures(struct monitor *m)
{
    struct flush *f = calloc(1, sizeof *f);
    if (f == NULL)
        return; /* the next time */
    *f = (struct flush){.m = m, .texts = array_of(sizeof(struct flushed), (size_t)2 * MONITOR_LOGS_MAX)};
    for (size_t i = 0; i < m->log_count; i++) {
        struct monitor_log *log = m->logs[i];
        if (log->uptime.is_dirty)
            add_text(f, "uptime", log, true);
        if (log->facts.is_dirty)
            add_text(f, "facts", log, false);
        log->uptime.is_dirty = log->facts.is_dirty = false;
    }
    m->job_count++;
    m->config.state_work.submit(m->config.state_work.context, flush_run, flush_done, f);
}

static void flush(void *cookie)
{
    struct monitor *m = cookie;
    keep_figures(m);
    m->flush_timer = m->config.timer.start(m->config.timer.context, m->config.flush_ms, flush, m);
}

/* ---- life ---- */

static void make_metrics(struct monitor *m)
{
    struct metrics *r = m->config.metrics;
    m->hits = metrics_counter(r, "cathaya_monitor_hits_total", "", "Certificates that the watch list hits.");
    m->authorized = metrics_counter(r, "cathaya_monitor_authorized_total", "", "Certificates that are known to their owner.");
    m->broken = metrics_counter(r, "cathaya_monitor_unreadable_total", "", "Entries whose certificate cannot be read to its end.");
    m->unknown = metrics_counter(r, "cathaya_monitor_unknown_entries_total", "", "Entries of unknown types.");
    m->suppressed = metrics_counter(r, "cathaya_monitor_suppressed_total", "", "Odd entries that were not told one by one.");
    m->rows = metrics_counter(r, "cathaya_monitor_index_rows_total", "", "Entries that were put into the index of names.");
}

enum status monitor_new(const struct monitor_config *config, struct monitor **out, struct error *err)
{
    struct monitor *m = calloc(1, sizeof *m);
    *out = NULL;
    if (m == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a monitor");
    m->config = *config;
    m->to_index_end = &m->to_index;
    (void)pthread_mutex_init(&m->watch_lock, NULL);
    make_metrics(m);
    const struct notifier_config settings = {.clock = config->clock,
                                             .timer = config->timer,
                                             .work = config->state_work,
                                             .state = config->state,
                                             .files = config->files,
                                             .events = config->events,
                                             .metrics = config->metrics,
                                             .actions = config->actions,
                                             .action_count = config->action_count};
    enum status s = notifier_new(&settings, &m->notifier, err);
    if (s != STATUS_OK) {
        monitor_free(m);
        return s;
    }
    *out = m;
    return STATUS_OK;
}

void monitor_start(struct monitor *m)
{
    notifier_start(m->notifier);
    m->flush_timer = m->config.timer.start(m->config.timer.context, m->config.flush_ms, flush, m);
}

static void poll_stopped(void *cookie)
{
    struct monitor *m = cookie;
    m->stop_timer = 0;
    if (m->job_count > 0 || !notifier_is_idle(m->notifier)) {
        m->stop_timer = m->config.timer.start(m->config.timer.context, STOP_POLL_MS, poll_stopped, m);
        return;
    }
    m->stopped(m->stopped_cookie);
}

void monitor_stop(struct monitor *m, void (*done)(void *cookie), void *cookie)
{
    const struct timer_port *timer = &m->config.timer;
    m->is_stopping = true;
    m->stopped = done;
    m->stopped_cookie = cookie;
    timer->cancel(timer->context, m->flush_timer);
    timer->cancel(timer->context, m->held_timer);
    notifier_stop(m->notifier);
    keep_figures(m);
    m->stop_timer = timer->start(timer->context, 0, poll_stopped, m);
}

void monitor_free(struct monitor *m)
{
    if (m == NULL)
        return;
    monitor_take_drop_all(m);
    for (size_t i = 0; i < m->log_count; i++)
        free(m->logs[i]);
    notifier_free(m->notifier);
    monitor_watch_release(m->watch);
    (void)pthread_mutex_destroy(&m->watch_lock);
    free(m);
}

const char *monitor_why_not_ready(const struct monitor *m)
{
    const char *why = notifier_why_not(m->notifier);
    if (why == NULL && m->has_index_failed)
        why = m->index_error.text;
    for (size_t i = 0; i < m->log_count && why == NULL; i++)
        if (m->logs[i]->is_lost)
            why = "entries of a log could not be looked at: see the events";
    return why;
}
