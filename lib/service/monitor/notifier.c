#include "service/monitor/notifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "service/monitor/notifier_parts.h"

#define EXPIRE_MS ((uint64_t)24 * 3600 * 1000)
#define EARLIER_S ((int64_t)30 * 86400)

/* ---- the queue ---- */

void notifier_waiting_free(struct waiting *w)
{
    if (w == NULL)
        return;
    free(w->json);
    free(w);
}

void notifier_append(struct notifier *n, struct waiting *w)
{
    w->previous = n->last;
    w->next = NULL;
    if (n->last != NULL)
        n->last->next = w;
    else
        n->first = w;
    n->last = w;
    n->waiting_count++;
    metric_set(n->waiting_metric, (double)n->waiting_count);
}

void notifier_fail(struct notifier *n, const struct error *err)
{
    if (n->has_failed)
        return;
    n->has_failed = true;
    n->failure = *err;
    events_report(&n->config.events, EVENT_ERROR, "queue-not-kept", {"reason", err->text});
}

/* ---- adding ---- */

struct adding {
    struct notifier *n;
    struct notification **notifications; /* the new ones */
    size_t count;
    notifier_done *done;
    void *cookie;
    enum status status;
    struct error err;
};

static void add_run(void *cookie)
{
    struct adding *a = cookie;
    if (a->status == STATUS_OK)
        a->status = notifier_store_put(&a->n->config, a->notifications, a->count, &a->err);
}

static void queue_one(struct notifier *n, struct notification *from)
{
    struct waiting *w = calloc(1, sizeof *w);
    if (w == NULL) { /* it is durable: the next process tells it */
        notification_free(from);
        return;
    }
    memcpy(w->id, from->id, sizeof w->id);
    w->json = from->json;
    from->json = NULL;
    notification_free(from);
    notifier_append(n, w);
}

static void add_done(void *cookie)
{
    struct adding *a = cookie;
    struct notifier *n = a->n;
    n->job_count--;
    n->adding_count -= a->count;
    for (size_t i = 0; i < a->count; i++) {
        if (a->status == STATUS_OK)
            queue_one(n, a->notifications[i]);
        else
            notification_free(a->notifications[i]);
    }
    if (a->status == STATUS_IO || a->status == STATUS_NO_MEMORY)
        notifier_fail(n, &a->err);
    else if (a->status != STATUS_OK)
        events_report(&n->config.events, EVENT_ERROR, "notifications-not-taken", {"reason", a->err.text});
    metric_add(n->taken_metric, a->status == STATUS_OK ? (double)a->count : 0);
    if (a->done != NULL)
        a->done(a->cookie, a->status, &a->err);
    free(a->notifications);
    free(a);
    notifier_deliver_pump(n);
}

/* With nothing to deliver to, what is found is noted as seen, and shown by its event. */
static enum status select_new(struct adding *a, struct notification **from, size_t count)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        bool is_new = false;
        if (s == STATUS_OK)
            s = seen_set_add(&a->n->seen, from[i]->id, from[i]->expires_s, &is_new, &a->err);
        if (is_new)
            a->notifications[a->count++] = from[i];
        else
            notification_free(from[i]);
        metric_add(a->n->known_metric, is_new ? 0 : 1);
    }
    return s;
}

void notifier_add(struct notifier *n, struct notification **notifications, size_t count, notifier_done *done,
                  void *cookie)
{
    struct adding *a = calloc(1, sizeof *a);
    struct notification **copy = calloc(count + 1, sizeof *copy);
    if (a == NULL || copy == NULL) {
        struct error err;
        free(a);
        free(copy);
        for (size_t i = 0; i < count; i++)
            notification_free(notifications[i]);
        (void)error_set(&err, STATUS_NO_MEMORY, "no memory for the queue");
        notifier_fail(n, &err); /* nobody could be told later */
        return;
    }
    *a = (struct adding){.n = n, .notifications = copy, .done = done, .cookie = cookie};
    if (n->has_failed) {
        a->err = n->failure;
        a->status = STATUS_IO;
    } else if (n->waiting_count + n->adding_count + count > NOTIFIER_WAITING_MAX) {
        a->status = error_set(&a->err, STATUS_LIMIT, "%d notifications wait for delivery", NOTIFIER_WAITING_MAX);
    }
    if (a->status == STATUS_OK)
        a->status = select_new(a, notifications, count);
    else
        for (size_t i = 0; i < count; i++)
            notification_free(notifications[i]);
    n->adding_count += a->count;
    n->job_count++;
    n->config.work.submit(n->config.work.context, add_run, add_done, a);
}

/* ---- expiry ---- */

struct expiry {
    struct notifier *n;
    int64_t now_s;
    enum status status;
    struct error err;
};

static void expire_run(void *cookie)
{
    struct expiry *e = cookie;
    e->status = notifier_store_expire(&e->n->config, e->now_s, &e->err);
}

static void expire_done(void *cookie)
{
    struct expiry *e = cookie;
    e->n->job_count--;
    if (e->status != STATUS_OK)
        notifier_fail(e->n, &e->err);
    free(e);
}

static void expire(void *cookie)
{
    struct notifier *n = cookie;
    struct expiry *e = calloc(1, sizeof *e);
    struct error err;
    n->expire_timer = n->config.timer.start(n->config.timer.context, EXPIRE_MS, expire, n);
    if (e == NULL || n->has_failed) {
        free(e);
        return;
    }
    *e = (struct expiry){.n = n, .now_s = n->config.clock.now_ms(n->config.clock.context) / 1000};
    enum status s = seen_set_expire(&n->seen, e->now_s, &err);
    while (s == STATUS_OK && n->seen.count > NOTIFIER_SEEN_MAX) { /* what would expire next goes earlier */
        e->now_s += EARLIER_S;
        s = seen_set_expire(&n->seen, e->now_s, &err);
    }
    n->job_count++;
    n->config.work.submit(n->config.work.context, expire_run, expire_done, e);
}

/* ---- life ---- */

static void make_metrics(struct notifier *n)
{
    struct metrics *m = n->config.metrics;
    n->waiting_metric = metrics_gauge(m, "cathaya_monitor_notifications_waiting", "", "Notifications that wait for an action.");
    n->taken_metric = metrics_counter(m, "cathaya_monitor_notifications_total", "", "Notifications that were made.");
    n->known_metric = metrics_counter(m, "cathaya_monitor_notifications_known_total", "",
                                      "Findings that had been told before: the certificate of a precertificate, another log.");
    for (size_t i = 0; i < n->config.action_count; i++) {
        struct notifier_action_state *a = &n->actions[i];
        (void)snprintf(a->labels, sizeof a->labels, "action=\"%.32s\"", a->action.name);
        a->good = metrics_counter(m, "cathaya_monitor_deliveries_total", a->labels, "Notifications that were delivered.");
        a->bad = metrics_counter(m, "cathaya_monitor_delivery_failures_total", a->labels, "Deliveries that failed and are tried again.");
    }
}

enum status notifier_new(const struct notifier_config *config, struct notifier **out, struct error *err)
{
    struct notifier *n = calloc(1, sizeof *n);
    *out = NULL;
    if (n == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the queue");
    n->config = *config;
    for (size_t i = 0; i < config->action_count; i++)
        n->actions[i].action = config->actions[i];
    make_metrics(n);
    enum status s = config->action_count > NOTIFIER_ACTIONS_MAX
                        ? error_set(err, STATUS_LIMIT, "more than %d actions", NOTIFIER_ACTIONS_MAX)
                        : notifier_store_load(n, err);
    if (s != STATUS_OK) {
        notifier_free(n);
        return s;
    }
    *out = n;
    return STATUS_OK;
}

void notifier_free(struct notifier *n)
{
    if (n == NULL)
        return;
    for (struct waiting *w = n->first, *next; w != NULL; w = next) {
        next = w->next;
        notifier_waiting_free(w);
    }
    seen_set_clear(&n->seen);
    free(n);
}

void notifier_start(struct notifier *n)
{
    n->is_running = true;
    n->expire_timer = n->config.timer.start(n->config.timer.context, EXPIRE_MS, expire, n);
    notifier_deliver_keep(n);
    notifier_deliver_pump(n);
}

void notifier_stop(struct notifier *n)
{
    n->is_running = false;
    n->config.timer.cancel(n->config.timer.context, n->timer);
    n->config.timer.cancel(n->config.timer.context, n->expire_timer);
    n->timer = n->expire_timer = 0;
}

bool notifier_is_idle(const struct notifier *n)
{
    for (size_t i = 0; i < n->config.action_count; i++)
        if (n->actions[i].under_way > 0)
            return false;
    return n->job_count == 0;
}

size_t notifier_waiting_count(const struct notifier *n)
{
    return n->waiting_count + n->adding_count;
}

uint64_t notifier_delivered_count(const struct notifier *n, size_t action)
{
    return n->actions[action].delivered;
}

const char *notifier_last_failure(const struct notifier *n, size_t action)
{
    return n->actions[action].failure;
}

const char *notifier_why_not(const struct notifier *n)
{
    return n->has_failed ? n->failure.text : NULL;
}

bool notifier_has(const struct notifier *n, const uint8_t id[NOTIFICATION_ID_SIZE])
{
    return seen_set_has(&n->seen, id);
}
