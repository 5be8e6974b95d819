/* Final certificates to the logs: in the background, a few at a time, again until the logs have them.
 *
 * Whoever asks a log for a precertificate must not see it as a certificate that nobody has; logs that have both say more. Nothing
 * waits for it: the objects submit/<instance>/<order> are the queue, and a sweep takes the first of them behind the last sweep's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "service/classic_issuer/classic_internal.h"

/* So many at a time: logs have limits. It is also what a busy CA issues while logs answer. */
#define SWEEP_MAX 128
/* What has just been issued waits for others of its kind. */
#define SOON_MS 1000
/* After a sweep in which a log did not take something. */
#define AGAIN_MS 60000
/* Logs that have not taken it in this time never will; the precertificate is logged in any case. */
#define GIVE_UP_S ((int64_t)7 * 86400)

struct one {
    struct classic_publisher *publisher;
    acme_id order;
    uint8_t instance[CLASSIC_INSTANCE_SIZE];
    char policy[PROFILE_NAME_SIZE];
    bool is_gm, is_done; /* to be removed from the queue */
    int64_t since_s;
    struct builder der;
};

struct classic_publisher {
    struct classic_issuer *issuer;
    struct one ones[SWEEP_MAX];
    size_t count, waiting; /* of this sweep; those whose logs have not answered */
    acme_id after;         /* where the last sweep ended */
    bool is_sweeping, is_wanted, has_more, has_failed;
    uint64_t timer;
    struct error err;
    enum status status;
};

static void start_sweep(void *cookie);

/* ---- the queue's objects ---- */

enum status classic_publish_note(const struct classic_job *job, struct error *err)
{
    uint8_t memory[9 + PROFILE_NAME_SIZE];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    builder_u64(&b, (uint64_t)classic_now_s(job->issuer));
    builder_u8(&b, job->profile->is_gm);
    builder_text(&b, job->profile->ct_policy);
    return classic_objects_put(job->issuer, "submit", job->order, builder_view(&b), err);
}

/* "submit/<instance>/<order>" */
static bool read_name(const char *name, struct one *out)
{
    static const size_t at = sizeof "submit/" - 1, digits = 2 * (size_t)CLASSIC_INSTANCE_SIZE;
    return strlen(name) > at + digits + 1 && text_parse_hex(bytes_of(name + at, digits), out->instance, CLASSIC_INSTANCE_SIZE) &&
           text_parse_u64(bytes_of_text(name + at + digits + 1), UINT64_MAX, &out->order);
}

/* Keeps the first SWEEP_MAX behind `after`, in order. */
static enum status collect(void *context, const char *name, struct error *err)
{
    struct classic_publisher *p = context;
    struct one found = {.publisher = p};
    (void)err;
    if (!read_name(name, &found) || found.order <= p->after)
        return STATUS_OK;
    size_t at = p->count;
    while (at > 0 && p->ones[at - 1].order > found.order)
        at--;
    p->has_more = p->has_more || p->count == SWEEP_MAX;
    if (at == SWEEP_MAX)
        return STATUS_OK;
    size_t kept = p->count < SWEEP_MAX ? p->count++ : SWEEP_MAX - 1;
    memmove(&p->ones[at + 1], &p->ones[at], (kept - at) * sizeof p->ones[0]);
    p->ones[at] = found;
    return STATUS_OK;
}

static enum status load(struct classic_publisher *p, struct one *one)
{
    const struct object_store *store = &p->issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    uint8_t memory[9 + PROFILE_NAME_SIZE];
    struct builder note;
    struct reader r;
    uint64_t since_s;
    uint8_t is_gm;
    builder_init_fixed(&note, memory, sizeof memory);
    classic_order_name("submit", one->instance, one->order, name);
    enum status s = store->get(store->context, name, &note, &p->err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, builder_view(&note));
    bool ok = reader_u64(&r, &since_s) && reader_u8(&r, &is_gm) && reader_left(&r) < sizeof one->policy;
    if (ok) {
        one->since_s = (int64_t)since_s;
        one->is_gm = is_gm != 0;
        memcpy(one->policy, reader_rest(&r).data, reader_left(&r));
        classic_order_name("signed", one->instance, one->order, name);
        s = store->get(store->context, name, &one->der, &p->err);
    }
    /* A note that nobody can read, or of nothing, is only in the way. */
    one->is_done = !ok || s == STATUS_NOT_FOUND;
    return one->is_done ? STATUS_OK : s;
}

static void run_load(void *cookie)
{
    struct classic_publisher *p = cookie;
    const struct object_store *store = &p->issuer->config.store;
    p->count = 0;
    p->has_more = false;
    p->has_failed = p->has_failed && p->after != 0; /* of a round */
    p->status = store->list(store->context, "submit/", collect, p, &p->err);
    for (size_t i = 0; i < p->count; i++)
        builder_init(&p->ones[i].der, CLASSIC_LEAF_MAX);
    for (size_t i = 0; p->status == STATUS_OK && i < p->count; i++)
        p->status = load(p, &p->ones[i]);
}

static void run_remove(void *cookie)
{
    struct classic_publisher *p = cookie;
    const struct object_store *store = &p->issuer->config.store;
    bool has_removed = false;
    for (size_t i = 0; p->status == STATUS_OK && i < p->count; i++) {
        char name[OBJECT_NAME_MAX + 1];
        if (!p->ones[i].is_done)
            continue;
        classic_order_name("submit", p->ones[i].instance, p->ones[i].order, name);
        enum status s = store->remove(store->context, name, &p->err);
        p->status = s == STATUS_NOT_FOUND ? STATUS_OK : s;
        has_removed = true;
    }
    if (has_removed)
        p->status = classic_objects_sync(store, p->status, &p->err);
}

/* ---- a sweep, on the loop ---- */

static void report(const struct classic_publisher *p, enum event_level level, const char *what, acme_id order, const char *reason)
{
    const struct classic_issuer_config *config = &p->issuer->config;
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, order);
    if (config->events.report != NULL)
        events_report(&config->events, level, what, {"ca", config->ca}, {"order", number}, {"reason", reason});
}

static void set_timer(struct classic_publisher *p, uint64_t delay_ms)
{
    const struct timer_port *timer = &p->issuer->config.timer;
    if (p->issuer->is_stopping || p->timer != 0 || timer->start == NULL)
        return;
    p->timer = timer->start(timer->context, delay_ms, start_sweep, p);
}

static void end_sweep(void *cookie)
{
    struct classic_publisher *p = cookie;
    bool had_any = p->count > 0;
    if (p->status != STATUS_OK)
        report(p, EVENT_ERROR, "ct-submit-failed", 0, p->err.text);
    /* Behind the last one it begins at the first again. */
    p->after = p->has_more ? p->ones[p->count - 1].order : 0;
    for (size_t i = 0; i < p->count; i++)
        builder_clear(&p->ones[i].der);
    p->count = 0;
    p->is_sweeping = false;
    bool is_round_over = p->after == 0;
    if (p->status != STATUS_OK || (is_round_over && p->has_failed))
        set_timer(p, AGAIN_MS);
    else if (!is_round_over || had_any || p->is_wanted)
        set_timer(p, is_round_over ? SOON_MS : 0);
    p->is_wanted = false;
}

static void answered_all(struct classic_publisher *p)
{
    const struct work_port *worker = &p->issuer->config.worker;
    if (p->issuer->is_stopping)
        end_sweep(p);
    else
        worker->submit(worker->context, run_remove, end_sweep, p);
}

static void give_up_late(struct classic_publisher *p, struct one *one, const char *reason)
{
    p->has_failed = true;
    if (classic_now_s(p->issuer) - one->since_s < GIVE_UP_S)
        return;
    one->is_done = true;
    report(p, EVENT_WARNING, "ct-submit-given-up", one->order, reason);
}

static void taken_or_not(void *cookie, enum status status, struct bytes scts, const struct error *err)
{
    struct one *one = cookie;
    struct classic_publisher *p = one->publisher;
    (void)scts;
    if (status == STATUS_OK)
        one->is_done = true;
    else
        give_up_late(p, one, err->text);
    if (--p->waiting == 0)
        answered_all(p);
}

static void done_load(void *cookie)
{
    struct classic_publisher *p = cookie;
    const struct classic_issuer_config *config = &p->issuer->config;
    p->waiting = 1; /* this loop */
    for (size_t i = 0; p->status == STATUS_OK && !p->issuer->is_stopping && i < p->count; i++) {
        struct one *one = &p->ones[i];
        const struct bytes chain[] = {builder_view(&one->der), config->certificate};
        struct sct_request request = {.policy = one->policy, .is_gm = one->is_gm, .chain = chain, .chain_count = 2};
        struct error err = {.status = STATUS_OK};
        if (one->is_done)
            continue;
        p->waiting++;
        if (config->scts.start(config->scts.context, &request, taken_or_not, one, &err) != STATUS_OK) {
            p->waiting--;
            give_up_late(p, one, err.text);
        }
    }
    if (--p->waiting == 0)
        answered_all(p);
}

static void start_sweep(void *cookie)
{
    struct classic_publisher *p = cookie;
    const struct work_port *worker = &p->issuer->config.worker;
    p->timer = 0;
    if (p->is_sweeping || p->issuer->is_stopping)
        return;
    p->is_sweeping = true;
    p->status = STATUS_OK;
    worker->submit(worker->context, run_load, done_load, p);
}

void classic_publish_soon(struct classic_issuer *issuer)
{
    struct classic_publisher *p = issuer->publisher;
    if (p == NULL)
        return;
    p->is_wanted = p->is_sweeping;
    if (!p->is_sweeping)
        set_timer(p, SOON_MS);
}

enum status classic_publish_new(struct classic_issuer *issuer, struct error *err)
{
    if (issuer->config.scts.start == NULL)
        return STATUS_OK;
    issuer->publisher = calloc(1, sizeof *issuer->publisher);
    if (issuer->publisher == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    issuer->publisher->issuer = issuer;
    return STATUS_OK;
}

void classic_publish_stop(struct classic_issuer *issuer)
{
    struct classic_publisher *p = issuer->publisher;
    if (p == NULL || p->timer == 0)
        return;
    issuer->config.timer.cancel(issuer->config.timer.context, p->timer);
    p->timer = 0;
}

void classic_publish_free(struct classic_issuer *issuer)
{
    struct classic_publisher *p = issuer->publisher;
    for (size_t i = 0; p != NULL && i < p->count; i++)
        builder_clear(&p->ones[i].der);
    free(p);
}
