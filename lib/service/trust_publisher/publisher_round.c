/* Following the logs, and what the report says of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/note/note.h"
#include "rules/trust_contents.h"
#include "service/landmark_update/log_round.h"
#include "service/trust_publisher/publisher_parts.h"

/* CAs that are asked at once, when nobody says otherwise. */
#define PARALLEL 8
/* A log that lies says so every hour; a few of its lies are enough. */
#define EVIDENCE_PER_LOG_MAX 16
#define EVIDENCE_NAME_SIZE (sizeof "evidence/" + TAI_TEXT_SIZE + 24)

struct round {
    struct trust_publisher *p;
    void (*done)(void *publisher);
};

/* ---- the report ---- */

static struct trust_publisher_log *entry_of(struct trust_publisher *p, const struct tai *ca_id, uint16_t log_number)
{
    struct array *logs = &p->report.logs;
    for (size_t i = 0; i < logs->count; i++) {
        struct trust_publisher_log *log = array_at(logs, i);
        if (tai_equal(&log->ca_id, ca_id) && log->log_number == log_number)
            return log;
    }
    const struct trust_publisher_log fresh = {.ca_id = *ca_id, .log_number = log_number};
    return array_insert(logs, logs->count, &fresh, "logs", NULL) == STATUS_OK ? array_at(logs, logs->count - 1) : NULL;
}

void publisher_clear_report(struct trust_publisher *p)
{
    for (size_t i = 0; i < p->report.logs.count; i++) {
        struct trust_publisher_log *log = array_at(&p->report.logs, i);
        free(log->url);
        free(log->reason);
        free(log->evidence);
    }
    array_clear(&p->report.logs);
    array_clear(&p->report.deltas);
    p->report = (struct trust_publisher_report){
        .error = &p->error,
        .logs = array_of(sizeof(struct trust_publisher_log), TRUST_BUNDLE_LOGS_MAX),
        .deltas = array_of(sizeof(struct trust_publisher_delta), TRUST_PUBLISHER_DELTAS_MAX)};
}

static void count_log(const struct trust_publisher *p, struct trust_publisher_log *log)
{
    const struct trust_state_log *held = trust_state_find(&p->state, &log->ca_id, log->log_number);
    struct note *note = calloc(1, sizeof *note);
    struct checkpoint checkpoint;
    if (held != NULL) {
        const struct trust_bundle_log *of = trust_bundle_log_at(&held->bundle, 0);
        for (size_t i = 0; i < of->landmark_count; i++)
            log->landmark_count += trust_bundle_landmark_at(&held->bundle, of, i)->expiry_s >= p->report.issued_s;
        log->newest_landmark = of->landmark_count > 0 ? of->first_landmark + of->landmark_count - 1 : 0;
    }
    if (held != NULL && note != NULL && held->note.len > 0 && note_parse(held->note, note, NULL) == STATUS_OK &&
        checkpoint_parse(note->text, &checkpoint, NULL) == STATUS_OK)
        log->tree_size = checkpoint.size;
    free(note);
}

static int compare(const void *a, const void *b)
{
    const struct trust_publisher_log *x = a, *y = b;
    int order = tai_compare(&x->ca_id, &y->ca_id);
    return order != 0 ? order : (int)x->log_number - (int)y->log_number;
}

void publisher_count_logs(struct trust_publisher *p)
{
    struct array *logs = &p->report.logs;
    if (logs->count > 1)
        qsort(logs->items, logs->count, logs->item_size, compare);
    for (size_t i = 0; i < logs->count; i++)
        count_log(p, array_at(logs, i));
}

/* ---- what the round asks and says ---- */

static void held(void *context, const struct tai *ca_id, uint16_t log_number, struct log_round_held *out)
{
    const struct round *r = context;
    const struct trust_state_log *log = trust_state_find(&r->p->state, ca_id, log_number);
    if (log != NULL)
        *out = (struct log_round_held){&log->bundle, log->note, log->revocations};
}

static void tell(const struct trust_publisher *p, const struct tai *ca_id, uint16_t log_number, enum event_level level,
                 const char *what, const char *text)
{
    char id[TAI_TEXT_SIZE], number[8];
    tai_text(ca_id, id);
    (void)snprintf(number, sizeof number, "%u", log_number);
    events_report(&p->config.events, level, what, {"ca", id}, {"log", number}, {"reason", text});
}

static void failed(void *context, const struct tai *ca_id, uint16_t log_number, enum status status, const char *text)
{
    const struct round *r = context;
    struct trust_publisher_log *log = entry_of(r->p, ca_id, log_number);
    bool is_away = status == STATUS_IO || status == STATUS_AGAIN;
    tell(r->p, ca_id, log_number, is_away ? EVENT_WARNING : EVENT_ERROR, is_away ? "log-not-followed" : "log-refused", text);
    /* A refusal is worse than an absence. */
    bool is_worse = log != NULL && (log->status == STATUS_OK ||
                                    (!is_away && (log->status == STATUS_IO || log->status == STATUS_AGAIN)));
    if (!is_worse)
        return;
    free(log->reason);
    log->status = status;
    log->reason = strdup(text);
}

static enum status count_one(void *context, const char *name, struct error *err)
{
    (void)name;
    (void)err;
    ++*(size_t *)context;
    return STATUS_OK;
}

/* Evidence of one log stands below evidence/LOG-ID/. */
static void keep_evidence(void *context, const struct tai *ca_id, uint16_t log_number, struct bytes file)
{
    struct round *r = context;
    const struct object_store *store = &r->p->config.state;
    struct error err = {.status = STATUS_OK};
    struct tai id;
    char text[TAI_TEXT_SIZE], name[EVIDENCE_NAME_SIZE];
    size_t count = 0;
    if (tai_log_id(ca_id, log_number, &id, &err) != STATUS_OK)
        return;
    tai_text(&id, text);
    (void)snprintf(name, sizeof name, "evidence/%s/", text);
    enum status s = store->list(store->context, name, count_one, &count, &err);
    if (s == STATUS_OK && count >= EVIDENCE_PER_LOG_MAX)
        return;
    (void)snprintf(name, sizeof name, "evidence/%s/%lld", text,
                   (long long)(r->p->config.clock.now_ms(r->p->config.clock.context) / 1000));
    if (s == STATUS_OK)
        s = store->put(store->context, name, file, &err); /* durable with the version */
    struct trust_publisher_log *log = entry_of(r->p, ca_id, log_number);
    if (s != STATUS_OK)
        tell(r->p, ca_id, log_number, EVENT_ERROR, "evidence-not-kept", err.text);
    else if (log != NULL && log->evidence == NULL)
        log->evidence = strdup(name);
}

static void ended(void *context, const struct log_round_result *result)
{
    struct round *r = context;
    struct error err = {.status = STATUS_OK};
    struct trust_publisher_log *log = entry_of(r->p, result->ca_id, result->log_number);
    if (log != NULL) {
        log->new_landmarks = result->new_landmarks;
        log->url = result->url != NULL ? strdup(result->url) : NULL;
    }
    if (!result->is_changed)
        return;
    enum status s = trust_state_set(&r->p->state, result->bundle, result->note, result->revocations, &err);
    if (s != STATUS_OK)
        failed(r, result->ca_id, result->log_number, s, err.text);
}

static void done(void *context)
{
    struct round *r = context;
    struct trust_publisher *p = r->p;
    void (*next)(void *publisher) = r->done;
    free(r);
    next(p);
}

/* ---- start ---- */

static enum status make_contents(struct trust_publisher *p, struct error *err)
{
    const struct trust_contents_settings settings = {.now_s = p->began_ms / 1000};
    const struct trust_bundle *bundle = p->input->bundle;
    size_t dropped = 0;
    char text[24];
    enum status s = trust_contents_new(&bundle, 1, p->config.algorithms, &settings, &p->contents, err);
    if (s == STATUS_OK)
        s = trust_state_fit(&p->state, p->contents->store, &dropped, err);
    (void)snprintf(text, sizeof text, "%zu", dropped);
    if (dropped > 0)
        events_report(&p->config.events, EVENT_WARNING, "landmarks-dropped", {"logs", text},
                      {"reason", "the registry has another key or other rules for their CAs"});
    return s;
}

enum status publisher_follow(struct trust_publisher *p, void (*next)(void *publisher), struct error *err)
{
    struct round *r = malloc(sizeof *r);
    if (r == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *r = (struct round){p, next};
    enum status s = make_contents(p, err);
    if (s == STATUS_OK) {
        const struct log_round_settings settings = {.ports = {p->config.fetch, p->config.clock},
                                                    .bundle = p->input->bundle,
                                                    .store = p->contents->store,
                                                    .ca_file = p->config.ca_file,
                                                    .parallel = p->config.parallel == 0 ? PARALLEL : p->config.parallel,
                                                    .context = r,
                                                    .held = held,
                                                    .failed = failed,
                                                    .evidence = keep_evidence,
                                                    .ended = ended,
                                                    .done = done};
        s = log_round_start(&settings, err);
    }
    if (s != STATUS_OK)
        free(r);
    return s;
}
