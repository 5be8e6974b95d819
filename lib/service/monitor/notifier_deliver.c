/* The notifier's calls of actions, and the notes of what is done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "service/monitor/notifier_parts.h"

struct call {
    struct notifier *n;
    struct waiting *w;
    size_t action;
};

/* ---- keeping what is done ---- */

struct kept {
    uint8_t id[NOTIFICATION_ID_SIZE];
    char *text; /* NULL: everything is done, it goes */
};

/* One job at a time keeps what has changed since the last one. */
struct keeping {
    struct notifier *n;
    struct kept *items;
    size_t count;
    enum status status;
    struct error err;
};

static void keep_run(void *cookie)
{
    struct keeping *k = cookie;
    const struct object_store *state = &k->n->config.state;
    for (size_t i = 0; i < k->count && k->status == STATUS_OK; i++) {
        char name[NOTIFIER_NAME_SIZE];
        notifier_store_queue_name(k->items[i].id, name);
        if (k->items[i].text != NULL)
            k->status = state->put(state->context, name, bytes_of_text(k->items[i].text), &k->err);
        else
            k->status = state->remove(state->context, name, &k->err);
        if (k->status == STATUS_NOT_FOUND)
            k->status = STATUS_OK;
    }
    if (k->status == STATUS_OK)
        k->status = state->sync(state->context, &k->err);
}

static void keep_done(void *cookie)
{
    struct keeping *k = cookie;
    struct notifier *n = k->n;
    n->is_keeping = false;
    n->job_count--;
    if (k->status != STATUS_OK)
        notifier_fail(n, &k->err);
    for (size_t i = 0; i < k->count; i++)
        free(k->items[i].text);
    free(k->items);
    free(k);
    notifier_deliver_keep(n);
}

static bool is_all_done(const struct notifier *n, const struct waiting *w)
{
    return w->done == (uint32_t)((1ULL << n->config.action_count) - 1);
}

static char *kept_text(const struct notifier *n, const struct waiting *w)
{
    char *text = NULL;
    struct builder out;
    builder_init(&out, NOTIFICATION_JSON_MAX + 4096);
    builder_printf(&out, "%s\ndone", w->json);
    for (size_t i = 0; i < n->config.action_count; i++)
        if ((w->done >> i & 1) != 0)
            builder_printf(&out, " %s", n->config.actions[i].name);
    builder_text(&out, "\n");
    if (builder_is_good(&out))
        text = text_dup(builder_view(&out));
    builder_clear(&out);
    return text;
}

static void remove_waiting(struct notifier *n, struct waiting *w)
{
    if (n->last == w)
        n->last = w->previous;
    LIST_REMOVE(n->first, w);
    n->waiting_count--;
    metric_set(n->waiting_metric, (double)n->waiting_count);
    notifier_waiting_free(w);
}

void notifier_deliver_keep(struct notifier *n)
{
    size_t count = 0;
    for (const struct waiting *w = n->first; w != NULL; w = w->next)
        count += w->is_dirty;
    if (count == 0 || n->is_keeping || n->has_failed)
        return;
    struct keeping *k = calloc(1, sizeof *k);
    struct kept *items = calloc(count, sizeof *items);
    if (k == NULL || items == NULL) { /* it is done twice after a crash, and tried again with the next one */
        free(k);
        free(items);
        return;
    }
    *k = (struct keeping){.n = n, .items = items};
    for (struct waiting *w = n->first, *next; w != NULL; w = next) {
        next = w->next;
        if (!w->is_dirty)
            continue;
        w->is_dirty = false;
        memcpy(items[k->count].id, w->id, sizeof w->id);
        items[k->count++].text = is_all_done(n, w) ? NULL : kept_text(n, w);
        if (is_all_done(n, w))
            remove_waiting(n, w);
    }
    n->is_keeping = true;
    n->job_count++;
    n->config.work.submit(n->config.work.context, keep_run, keep_done, k);
}

/* ---- calls ---- */

static int64_t retry_ms(unsigned failures)
{
    int64_t delay = NOTIFIER_RETRY_FIRST_MS;
    for (unsigned i = 1; i < failures && delay < NOTIFIER_RETRY_MAX_MS; i++)
        delay *= 2;
    return delay < NOTIFIER_RETRY_MAX_MS ? delay : NOTIFIER_RETRY_MAX_MS;
}

static void report_failure(struct notifier *n, const struct notifier_action_state *a, int64_t delay_ms)
{
    char delay[32];
    (void)snprintf(delay, sizeof delay, "%lld", (long long)delay_ms / 1000);
    events_report(&n->config.events, EVENT_WARNING, "notification-not-delivered", {"action", a->action.name},
                  {"reason", a->failure}, {"again-in-s", delay});
}

static void called(void *cookie, enum status status, const struct error *err)
{
    struct call *call = cookie;
    struct notifier *n = call->n;
    struct waiting *w = call->w;
    struct notifier_action_state *a = &n->actions[call->action];
    a->under_way--;
    w->under_way--;
    w->actions[call->action].is_under_way = false;
    if (status == STATUS_OK) {
        a->delivered++;
        a->failure[0] = '\0';
        metric_add(a->good, 1);
        w->done |= 1U << call->action;
        w->is_dirty = true;
    } else {
        int64_t delay = retry_ms(++w->actions[call->action].failures);
        w->actions[call->action].next_ms = n->config.clock.now_ms(n->config.clock.context) + delay;
        (void)snprintf(a->failure, sizeof a->failure, "%s", err != NULL ? err->text : "failed");
        metric_add(a->bad, 1);
        report_failure(n, a, delay);
    }
    free(call);
    notifier_deliver_keep(n);
    notifier_deliver_pump(n);
}

static void start_call(struct notifier *n, struct waiting *w, size_t i)
{
    struct notifier_action *action = &n->actions[i].action;
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return; /* the next pump tries again */
    *call = (struct call){n, w, i};
    n->actions[i].under_way++;
    w->under_way++;
    w->actions[i].is_under_way = true;
    action->start(action->context, w->json, called, call);
}

static void fire(void *cookie)
{
    struct notifier *n = cookie;
    n->timer = 0;
    notifier_deliver_pump(n);
}

/* How many actions can take no more now. */
static size_t count_busy(const struct notifier *n)
{
    size_t busy = 0;
    for (size_t i = 0; i < n->config.action_count; i++)
        busy += n->actions[i].under_way >= NOTIFIER_UNDER_WAY_MAX;
    return busy;
}

void notifier_deliver_pump(struct notifier *n)
{
    int64_t now = n->config.clock.now_ms(n->config.clock.context), next = INT64_MAX;
    if (!n->is_running)
        return;
    for (struct waiting *w = n->first; w != NULL && count_busy(n) < n->config.action_count; w = w->next) {
        for (size_t i = 0; i < n->config.action_count; i++) {
            if ((w->done >> i & 1) != 0 || w->actions[i].is_under_way)
                continue;
            if (w->actions[i].next_ms > now)
                next = w->actions[i].next_ms < next ? w->actions[i].next_ms : next;
            else if (n->actions[i].under_way < NOTIFIER_UNDER_WAY_MAX)
                start_call(n, w, i);
        }
    }
    n->config.timer.cancel(n->config.timer.context, n->timer);
    n->timer = next == INT64_MAX ? 0
                                 : n->config.timer.start(n->config.timer.context, (uint64_t)(next - now), fire, n);
}
