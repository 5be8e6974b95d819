/* The client of one peer: what to do next, and when. */
#include "service/cosigning/cosigning_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX 1024

static void go_on(struct cosigning *c);

/* ---- life ---- */

static void drop(struct cosigning *c)
{
    if (--c->references > 0)
        return;
    builder_clear(&c->seen_note);
    builder_clear(&c->signed_note);
    builder_clear(&c->ticket);
    free(c);
}

enum status cosigning_new(const struct cosigning_config *config, struct cosigning **out, struct error *err)
{
    const struct cosigning_peer *peer = &config->peer;
    if (peer->name == NULL || peer->key == NULL || peer->submission_url == NULL)
        return error_set(err, STATUS_USAGE, "a mirror or witness needs a name, a key and a URL");
    if (strlen(peer->submission_url) > URL_MAX / 2 ||
        (peer->monitoring_url != NULL && strlen(peer->monitoring_url) > URL_MAX / 2))
        return error_set(err, STATUS_USAGE, "%s: its URL is too long", peer->name);
    struct cosigning *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    const char *labels = config->metrics_labels != NULL ? config->metrics_labels : "";
    c->config = *config;
    c->references = 1;
    builder_init(&c->seen_note, NOTE_SIZE_MAX);
    builder_init(&c->signed_note, NOTE_SIZE_MAX);
    builder_init(&c->ticket, MIRROR_INFO_TICKET_MAX);
    c->random = (uint64_t)config->clock.now_ms(config->clock.context) ^ (uintptr_t)c;
    c->signed_metric = metrics_counter(config->metrics, "cathaya_cosignatures_total", labels,
                                       "Cosignatures of mirrors and witnesses that verified");
    c->failed_metric = metrics_counter(config->metrics, "cathaya_cosigning_failures_total", labels,
                                       "Requests to mirrors and witnesses that failed");
    c->refused_metric = metrics_counter(config->metrics, "cathaya_cosigning_refused_total", labels,
                                        "Answers of mirrors and witnesses that contradict our log or do not verify");
    c->lag_metric = metrics_gauge(config->metrics, "cathaya_cosigning_lag_entries", labels,
                                  "Entries that a mirror or witness has not signed yet");
    *out = c;
    return STATUS_OK;
}

void cosigning_free(struct cosigning *c)
{
    if (c == NULL)
        return;
    c->is_stopped = true;
    c->config.timer.cancel(c->config.timer.context, c->timer);
    c->config.timer.cancel(c->config.timer.context, c->watch_timer);
    drop(c);
}

const struct cosigning_peer *cosigning_peer(const struct cosigning *c)
{
    return &c->config.peer;
}

struct cosigning_state cosigning_state(const struct cosigning *c)
{
    return (struct cosigning_state){c->seen_size, c->signed_size, c->wanted_count, c->failures,
                                    c->has_contradicted, c->is_proven};
}

/* ---- reporting ---- */

void cosigning_event(struct cosigning *c, enum event_level level, const char *what, const char *reason)
{
    events_report(&c->config.events, level, what, {"peer", c->config.peer.name},
                  {"log", c->config.origin}, {"reason", reason});
}

static void on_timer(void *cookie)
{
    struct cosigning *c = cookie;
    c->timer = 0;
    c->conflicts = 0;
    go_on(c);
}

static uint64_t next_random(struct cosigning *c)
{
    c->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = c->random;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Twice as long after each failure, and up to half of that less, so that many CAs do not come back together. */
static void wait_for_next(struct cosigning *c)
{
    uint64_t delay = c->config.retry_min_ms > 0 ? c->config.retry_min_ms : 1;
    for (unsigned i = 1; i < c->failures && delay < c->config.retry_max_ms; i++)
        delay *= 2;
    if (delay > c->config.retry_max_ms)
        delay = c->config.retry_max_ms;
    delay -= next_random(c) % (delay / 2 + 1);
    c->config.timer.cancel(c->config.timer.context, c->timer);
    c->timer = c->config.timer.start(c->config.timer.context, delay, on_timer, c);
}

void cosigning_fail(struct cosigning *c, const char *what, const char *reason)
{
    c->failures++;
    metric_add(c->failed_metric, 1);
    /* The first failure is an event; of a peer that stays away nobody wants a line a minute. */
    cosigning_event(c, (c->failures & (c->failures - 1)) == 0 ? EVENT_WARNING : EVENT_DEBUG, what, reason);
    wait_for_next(c);
}

void cosigning_fail_answer(struct cosigning *c, const char *what, const struct fetch_response *response)
{
    char reason[160];
    if (response->failure != FETCH_NO_FAILURE)
        (void)snprintf(reason, sizeof reason, "%s", response->failure_text);
    else
        (void)snprintf(reason, sizeof reason, "status %d", response->status);
    cosigning_fail(c, what, reason);
}

void cosigning_refuse(struct cosigning *c, enum status status, const struct error *err)
{
    metric_add(c->refused_metric, 1);
    if (status != STATUS_REFUSED || c->config.peer.monitoring_url == NULL) {
        cosigning_fail(c, "cosignature-refused", err->text);
        return;
    }
    cosigning_event(c, EVENT_WARNING, "cosignature-refused", err->text);
    compare_step_start(c, err->text);
}

void cosigning_progress(struct cosigning *c)
{
    if (c->failures > 0)
        cosigning_event(c, EVENT_INFO, "cosigner-back", "it answers again");
    c->failures = 0;
    c->conflicts = 0;
}

bool cosigning_conflict(struct cosigning *c, const char *what)
{
    if (++c->conflicts <= COSIGNING_CONFLICTS_MAX)
        return true;
    cosigning_fail(c, what, "it says another size every time");
    return false;
}

/* ---- steps ---- */

struct step *step_new(struct cosigning *c, void (*run)(struct step *step))
{
    struct step *step = calloc(1, sizeof *step);
    if (step == NULL) {
        cosigning_fail(c, "cosigner-failed", "out of memory");
        return NULL;
    }
    step->c = c;
    step->run = run;
    step->err.status = STATUS_OK;
    builder_init(&step->note, NOTE_SIZE_MAX);
    builder_init(&step->ticket, NOTE_SIZE_MAX); /* of a mirror, or a note that it has signed */
    builder_init(&step->other, NOTE_SIZE_MAX);
    /* One package may be as large as a bundle can. */
    builder_init(&step->body, 4 * COSIGNING_UPLOAD_BYTES_MAX);
    c->references++;
    return step;
}

static struct wanted *find_wanted(struct cosigning *c, struct subtree subtree)
{
    for (size_t i = 0; i < c->wanted_count; i++)
        if (subtree_equal(c->wanted[i].subtree, subtree))
            return &c->wanted[i];
    return NULL;
}

/* The step is over: the next may begin. */
static void step_end(struct step *step)
{
    struct cosigning *c = step->c;
    struct wanted *wanted = step->is_subtree ? find_wanted(c, step->subtree) : NULL;
    if (step->is_subtree)
        c->asked_count--;
    else if (!step->is_watch)
        c->busy_count--;
    if (wanted != NULL)
        wanted->is_asked = false;
    builder_clear(&step->note);
    builder_clear(&step->ticket);
    builder_clear(&step->body);
    builder_clear(&step->other);
    free(step);
    go_on(c);
    drop(c);
}

static void on_answer(void *cookie, const struct fetch_response *response)
{
    struct step *step = cookie;
    if (!step->c->is_stopped && !step->c->is_proven && response->failure != FETCH_STOPPED)
        step->answer(step, response);
    step_end(step);
}

static enum status send_step(struct step *step)
{
    const struct cosigning_config *config = &step->c->config;
    bool is_get = step->content_type == NULL;
    char url[URL_MAX];
    (void)snprintf(url, sizeof url, "%s/%s", is_get ? config->peer.monitoring_url : config->peer.submission_url,
                   step->path);
    struct fetch_request request = {
        .method = is_get ? "GET" : "POST",
        .url = url,
        .body = is_get ? (struct bytes){NULL, 0} : builder_view(&step->body),
        .content_type = step->content_type,
        .is_gzip = step->is_gzip,
        .address = config->peer.address,
        .ca_file = config->peer.ca_file,
        .timeout_ms = config->timeout_ms,
        .response_max = is_get ? NOTE_SIZE_MAX : COSIGNING_ANSWER_MAX,
    };
    return config->fetch.start(config->fetch.context, &request, on_answer, step, &step->err);
}

static void run_step(void *cookie)
{
    struct step *step = cookie;
    step->run(step);
}

static void on_done(void *cookie)
{
    struct step *step = cookie;
    struct cosigning *c = step->c;
    if (c->is_stopped) {
        step_end(step);
        return;
    }
    if (step->status == STATUS_OK && step->path != NULL)
        step->status = send_step(step);
    if (step->status == STATUS_OK && step->path != NULL)
        return; /* on_answer goes on */
    if (step->status != STATUS_OK)
        cosigning_fail(c, "cosigner-failed", step->err.text);
    else
        step->answer(step, NULL);
    step_end(step);
}

void step_start(struct step *step)
{
    struct cosigning *c = step->c;
    if (step->is_subtree)
        c->asked_count++;
    else if (!step->is_watch)
        c->busy_count++;
    c->config.worker.submit(c->config.worker.context, run_step, on_done, step);
}

/* ---- what is next ---- */

/* The newest first: somebody waits for those. */
static void ask_for_subtrees(struct cosigning *c)
{
    for (size_t i = c->wanted_count; i-- > 0 && c->asked_count < COSIGNING_SUBTREES_AT_ONCE;)
        if (!c->wanted[i].is_asked && c->wanted[i].subtree.end <= c->signed_size)
            subtree_step_start(c, i);
}

static void go_on(struct cosigning *c)
{
    bool is_mirror = c->config.peer.role == COSIGNING_MIRROR;
    metric_set(c->lag_metric, (double)(c->seen_size - (c->signed_size < c->seen_size ? c->signed_size : c->seen_size)));
    if (c->is_stopped || c->is_proven || c->timer != 0 || c->seen_size == 0)
        return;
    if (is_mirror && c->signed_size > 0)
        ask_for_subtrees(c);
    if (c->busy_count > 0 || c->timer != 0 || c->signed_size >= c->seen_size)
        return;
    /* A slow mirror must get to the entries, however fast our log grows. */
    if (!is_mirror || (c->pending_size < c->seen_size && !c->is_upload_due))
        checkpoint_step_start(c);
    else
        upload_step_start(c);
}

void cosigning_see(struct cosigning *c, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    if (size <= c->seen_size || c->is_stopped)
        return;
    builder_reset(&c->seen_note);
    builder_bytes(&c->seen_note, note);
    if (!builder_is_good(&c->seen_note)) {
        cosigning_fail(c, "cosigner-failed", "out of memory");
        return;
    }
    c->seen_size = size;
    memcpy(c->seen_root, root, HASH_SIZE);
    go_on(c);
}

static void forget_oldest(struct cosigning *c)
{
    size_t at = 0;
    while (at + 1 < c->wanted_count && c->wanted[at].is_asked)
        at++;
    c->wanted_count--;
    memmove(&c->wanted[at], &c->wanted[at + 1], (c->wanted_count - at) * sizeof *c->wanted);
    cosigning_event(c, EVENT_WARNING, "cosignature-given-up", "too many batches wait for this mirror");
}

void cosigning_want(struct cosigning *c, struct subtree subtree, const uint8_t hash[HASH_SIZE])
{
    if (c->is_stopped || c->config.peer.role != COSIGNING_MIRROR || find_wanted(c, subtree) != NULL)
        return;
    if (c->wanted_count == COSIGNING_WANTED_MAX)
        forget_oldest(c);
    struct wanted *w = &c->wanted[c->wanted_count++];
    *w = (struct wanted){.subtree = subtree};
    memcpy(w->hash, hash, HASH_SIZE);
    go_on(c);
}
