/* What a monitor says of itself. */
#include <jansson.h>

#include "base/civil_time.h"
#include "service/monitor/monitor_internal.h"

static void set_integer(json_t *object, const char *name, int64_t value)
{
    (void)json_object_set_new(object, name, json_integer(value));
}

/* Seconds since then; null when it never was. */
static void set_age(json_t *object, const char *name, int64_t then_ms, int64_t now_ms)
{
    (void)json_object_set_new(object, name, then_ms == 0 ? json_null() : json_integer((now_ms - then_ms) / 1000));
}

static json_t *endpoint_json(const struct uptime *u, size_t i, int64_t now_ms)
{
    json_t *object = json_object();
    struct uptime_figures f;
    uptime_figures(u, i, now_ms, &f);
    (void)json_object_set_new(object, "endpoint", json_string(u->endpoints[i].name));
    (void)json_object_set_new(object, "uptime", json_real(f.ratio));
    set_integer(object, "good", (int64_t)f.good);
    set_integer(object, "bad", (int64_t)f.bad);
    set_integer(object, "days", f.days);
    set_integer(object, "longest_outage_s", f.longest_outage_ms / 1000);
    return object;
}

static uint64_t behind(const struct monitor_log *log)
{
    uint64_t seen = log->taken_end > log->facts.verified_size ? log->taken_end : log->facts.verified_size;
    return log->facts.tree_size > seen ? log->facts.tree_size - seen : 0;
}

/* With nothing under way all that was verified is durable, also what an earlier process has kept. */
static uint64_t kept(const struct monitor_log *log)
{
    return log->first == NULL && log->facts.verified_size > log->kept_end ? log->facts.verified_size : log->kept_end;
}

static json_t *log_json(const struct monitor_log *log, int64_t now_ms)
{
    const struct log_facts *f = &log->facts;
    json_t *object = json_object(), *endpoints = json_array(), *findings = json_object();
    struct uptime_figures lowest;
    size_t at;
    (void)json_object_set_new(object, "name", json_string(log->name));
    (void)json_object_set_new(object, "url", json_string(log->url));
    set_integer(object, "tree_size", (int64_t)f->tree_size);
    set_integer(object, "verified", (int64_t)f->verified_size);
    set_integer(object, "kept", (int64_t)kept(log));
    set_integer(object, "behind", (int64_t)behind(log));
    set_integer(object, "entries", (int64_t)f->entry_count);
    set_age(object, "tree_head_age_s", f->tree_head_ms, now_ms);
    set_age(object, "contact_age_s", f->contact_ms, now_ms);
    (void)json_object_set_new(object, "uptime", uptime_minimum(&log->uptime, now_ms, &at, &lowest) ? json_real(lowest.ratio)
                                                                                                   : json_null());
    for (size_t i = 0; i < log->uptime.endpoint_count; i++)
        (void)json_array_append_new(endpoints, endpoint_json(&log->uptime, i, now_ms));
    for (int i = 0; i < FINDING_IDS; i++)
        if (f->findings[i].count > 0)
            set_integer(findings, log_finding_name((enum finding_id)i), (int64_t)f->findings[i].count);
    (void)json_object_set_new(object, "endpoints", endpoints);
    (void)json_object_set_new(object, "findings", findings);
    return object;
}

static json_t *watch_json(struct monitor *m)
{
    static const char *const words[WATCH_KINDS] = {"domains", "subtrees", "addresses", "organisations", "keys", "authorized"};
    struct monitor_watch *watch = monitor_watch_of(m);
    json_t *object = json_object();
    for (int i = 0; i < WATCH_KINDS && watch != NULL; i++)
        set_integer(object, words[i], (int64_t)watch_list_count(monitor_watch_list(watch), (enum watch_kind)i));
    monitor_watch_release(watch);
    return object;
}

static json_t *actions_json(const struct monitor *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->config.action_count; i++) {
        json_t *object = json_object();
        const char *failure = notifier_last_failure(m->notifier, i);
        (void)json_object_set_new(object, "action", json_string(m->config.actions[i].name));
        set_integer(object, "delivered", (int64_t)notifier_delivered_count(m->notifier, i));
        (void)json_object_set_new(object, "failure", failure[0] != '\0' ? json_string(failure) : json_null());
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *index_json(const struct monitor *m)
{
    json_t *object = json_object();
    const struct domain_index_stats *s = &m->index_stats;
    set_integer(object, "entries", (int64_t)s->entry_count);
    set_integer(object, "names", (int64_t)s->name_count);
    set_integer(object, "bytes", (int64_t)s->byte_count);
    set_integer(object, "bytes_per_entry", s->entry_count > 0 ? (int64_t)(s->byte_count / s->entry_count) : 0);
    set_integer(object, "pruned", (int64_t)m->pruned_count);
    (void)json_object_set_new(object, "failure", m->has_index_failed ? json_string(m->index_error.text) : json_null());
    return object;
}

struct json_t *monitor_status(struct monitor *m)
{
    int64_t now = monitor_now_ms(m);
    json_t *object = json_object(), *logs = json_array();
    char time[CIVIL_TIME_TEXT_SIZE];
    const char *why = monitor_why_not_ready(m);
    civil_time_format(now / 1000, time);
    (void)json_object_set_new(object, "time", json_string(time));
    (void)json_object_set_new(object, "ready", json_boolean(why == NULL));
    (void)json_object_set_new(object, "why_not", why != NULL ? json_string(why) : json_null());
    for (size_t i = 0; i < m->log_count; i++)
        (void)json_array_append_new(logs, log_json(m->logs[i], now));
    (void)json_object_set_new(object, "logs", logs);
    (void)json_object_set_new(object, "watch", watch_json(m));
    set_integer(object, "notifications_waiting", (int64_t)notifier_waiting_count(m->notifier));
    (void)json_object_set_new(object, "actions", actions_json(m));
    if (m->config.index != NULL)
        (void)json_object_set_new(object, "index", index_json(m));
    return object;
}

void monitor_set_metrics(struct monitor *m)
{
    int64_t now = monitor_now_ms(m);
    for (size_t i = 0; i < m->log_count; i++) {
        struct monitor_log *log = m->logs[i];
        metric_set(log->size_metric, (double)log->facts.tree_size);
        metric_set(log->verified_metric, (double)log->facts.verified_size);
        metric_set(log->behind_metric, (double)behind(log));
        if (log->facts.contact_ms > 0)
            metric_set(log->contact_metric, (double)(now - log->facts.contact_ms) / 1000);
    }
}
