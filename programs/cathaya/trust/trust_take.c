#include "trust/trust_take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_record_store.h"
#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_latest.h"
#include "input.h"
#include "output.h"
#include "trust/trust_accept.h"
#include "trust/trust_take_report.h"

#define URL_MAX 2048

/* What is being asked for. */
enum phase { PHASE_SOURCE, PHASE_LATEST, PHASE_ROTATION, PHASE_DELTA, PHASE_BUNDLE };

struct trust_take {
    struct trust_take_settings settings;
    void (*done)(void *cookie, int exit_status);
    void *cookie;
    struct posix_record_store *lock;
    struct trust_versions_settings versions_settings;
    struct trust_accept accept;
    struct trust_take_report report;
    struct trust_latest latest;
    enum phase phase;
    uint64_t rotation;         /* that is asked for */
    char what[URL_MAX];        /* for reasons: path or URL of what is being looked at */
    bool has_delta_failed;
    size_t first_rotation;     /* nothing is held: the rotation that is tried next */
    struct error first_error;  /* nothing is held: why the newest bundle was not taken */
    struct builder envelope;   /* that is being judged */
    struct trust_versions *versions;
    size_t anchor;             /* that is being compared */
    int64_t began_ms;
};

static void plan(struct trust_take *t);

static int64_t now_ms(const struct trust_take *t)
{
    return t->settings.clock.now_ms(t->settings.clock.context);
}

/* ---- the end ---- */

static void fail(struct trust_take *t, enum status status, struct error *err)
{
    (void)error_prefix(err, status, "%s", t->what);
    t->done(t->cookie, output_failure(ROLE_OBJECT, err));
}

static void succeed(struct trust_take *t)
{
    t->report.bundle_bytes = t->accept.held->memory.len;
    t->report.now_s = now_ms(t) / 1000;
    trust_take_report_print(&t->report, t->accept.held, t->settings.is_json);
    t->done(t->cookie, EXIT_YES);
}

/* ---- asking ---- */

static void on_fetched(void *cookie, const struct fetch_response *response);

static void ask(struct trust_take *t, enum phase phase, const char *url, size_t max, uint32_t timeout_ms)
{
    struct error err = {.status = STATUS_OK};
    struct fetch_request request = {.method = "GET", .url = t->what, .ca_file = t->settings.ca_file, .timeout_ms = timeout_ms,
                                    .response_max = max};
    enum status s = STATUS_OK;
    t->phase = phase;
    if (snprintf(t->what, sizeof t->what, "%s", url) >= (int)sizeof t->what)
        s = error_set(&err, STATUS_USAGE, "the URL is too long");
    else if (now_ms(t) - t->began_ms > TRUST_TAKE_ALL_MS)
        s = error_set(&err, STATUS_IO, "it takes too long; what has come so far is held, and the next update goes on from it");
    if (s == STATUS_OK)
        s = t->settings.fetch.start(t->settings.fetch.context, &request, on_fetched, t, &err);
    if (s != STATUS_OK)
        fail(t, s, &err);
}

static void ask_below(struct trust_take *t, enum phase phase, const char *name, uint64_t number, size_t max, uint32_t timeout_ms)
{
    char url[URL_MAX];
    int len = number == 0 ? snprintf(url, sizeof url, "%s/%s", t->settings.url, name)
                          : snprintf(url, sizeof url, "%s/%s/%llu", t->settings.url, name, (unsigned long long)number);
    if (len >= (int)sizeof url)
        url[0] = '\0'; /* which is none */
    ask(t, phase, url, max, timeout_ms);
}

static void ask_bundle(struct trust_take *t)
{
    ask_below(t, PHASE_BUNDLE, "bundle", 0, TRUST_ENVELOPE_SIZE_MAX, TRUST_TAKE_FETCH_MS);
}

static void ask_rotation(struct trust_take *t, uint64_t version)
{
    t->rotation = version;
    ask_below(t, PHASE_ROTATION, "bundles", version, TRUST_ENVELOPE_SIZE_MAX, TRUST_TAKE_FETCH_MS);
}

/* ---- one envelope ---- */

static void commit(struct trust_take *t, bool is_compared)
{
    struct error err = {.status = STATUS_OK};
    bool is_changed;
    enum status s = trust_accept_commit(&t->accept, builder_view(&t->envelope), is_compared, &is_changed, &err);
    if (s != STATUS_OK) {
        fail(t, s, &err);
        return;
    }
    t->report.is_changed |= is_changed;
    t->report.log = t->accept.held->checkpoint.size == 0 ? TRUST_TAKE_NO_LOG : is_compared ? TRUST_TAKE_COMPARED : TRUST_TAKE_NOT_COMPARED;
    t->report.way = !is_changed ? TRUST_TAKE_NOTHING
                    : t->phase == PHASE_SOURCE ? TRUST_TAKE_FILE
                    : t->phase == PHASE_DELTA ? TRUST_TAKE_DELTA : TRUST_TAKE_BUNDLE;
    if (t->phase == PHASE_ROTATION) {
        t->report.rotation_count++;
        plan(t);
    } else {
        succeed(t);
    }
}

static void compare(struct trust_take *t);

static void on_compared(void *cookie, enum status status, struct error *err)
{
    struct trust_take *t = cookie;
    if (status != STATUS_OK) {
        fail(t, status, err);
        return;
    }
    t->anchor++;
    compare(t);
}

/* With each checkpoint that is held, one after the other. */
static void compare(struct trust_take *t)
{
    struct error err = {.status = STATUS_OK};
    if (t->versions != NULL)
        t->report.bytes += trust_versions_fetched(t->versions);
    trust_versions_free(t->versions);
    t->versions = NULL;
    if (t->settings.url == NULL || t->phase == PHASE_SOURCE || t->accept.offered.size == 0) {
        commit(t, false);
    } else if (t->anchor == t->accept.anchor_count) {
        commit(t, true);
    } else {
        t->versions_settings.keys = t->accept.pins.keys;
        enum status s = trust_versions_start(&t->versions_settings, &t->accept.anchors[t->anchor], &t->accept.offered, on_compared, t,
                                             &t->versions, &err);
        if (s != STATUS_OK)
            fail(t, s, &err);
    }
}

/* Nothing is held, and its signatures are none of ours: perhaps keys have changed since ours were pinned. Rotations are tried in
 * order; those before our time are not ours either. */
static bool try_rotations(struct trust_take *t, enum status status, const struct error *err)
{
    if (t->accept.held != NULL || status != STATUS_REFUSED || (t->phase != PHASE_BUNDLE && t->phase != PHASE_ROTATION))
        return false;
    if (t->phase == PHASE_BUNDLE)
        t->first_error = *err;
    while (t->first_rotation < t->latest.rotation_count) {
        uint64_t version = t->latest.rotations[t->first_rotation++];
        if (version < t->latest.version) {
            ask_rotation(t, version);
            return true;
        }
    }
    return false;
}

static void refuse(struct trust_take *t, enum status status, struct error *err)
{
    if (t->phase == PHASE_DELTA) {
        output_error("%s: %s; the whole bundle is asked for", t->what, err->text);
        t->has_delta_failed = true;
        ask_bundle(t);
        return;
    }
    if (try_rotations(t, status, err))
        return;
    if (t->first_error.status != STATUS_OK)
        *err = t->first_error;
    fail(t, status, err);
}

static void offer(struct trust_take *t)
{
    struct error err = {.status = STATUS_OK};
    enum status s = trust_accept_judge(&t->accept, builder_view(&t->envelope), now_ms(t) / 1000, t->phase == PHASE_ROTATION, &err);
    /* Whoever serves an older one than he says himself holds something back. */
    if (s == STATUS_OK && (t->phase == PHASE_BUNDLE || t->phase == PHASE_DELTA) && t->accept.fresh->bundle.version < t->latest.version)
        s = error_set(&err, STATUS_REFUSED, "it is version %llu, and `latest` says %llu", (unsigned long long)t->accept.fresh->bundle.version,
                      (unsigned long long)t->latest.version);
    /* With another one the way would not get shorter. */
    if (s == STATUS_OK && t->phase == PHASE_ROTATION && t->accept.fresh->bundle.version != t->rotation)
        s = error_set(&err, STATUS_REFUSED, "it is version %llu", (unsigned long long)t->accept.fresh->bundle.version);
    /* What is proven to be a lie is said: the whole bundle in its place would hide it. */
    if (s == STATUS_CONFLICT) {
        fail(t, s, &err);
        return;
    }
    if (s != STATUS_OK) {
        refuse(t, s, &err);
        return;
    }
    t->first_error.status = STATUS_OK;
    t->anchor = 0;
    compare(t);
}

/* What came is an envelope, or a delta that makes one of what is held. */
static enum status make_envelope(struct trust_take *t, struct bytes content, struct error *err)
{
    struct trust_delta delta;
    builder_reset(&t->envelope);
    if (!trust_delta_is(content)) {
        builder_bytes(&t->envelope, content);
        return builder_status(&t->envelope, "trust bundle", err);
    }
    if (t->accept.held == NULL)
        return error_set(err, STATUS_REFUSED, "a delta, and there is no bundle that it could be applied to");
    enum status s = trust_delta_parse(content, &delta, err);
    return s == STATUS_OK ? trust_delta_apply(&delta, t->accept.held->bundle_bytes, &t->envelope, err) : s;
}

/* A delta from a server is taken as one only, and what is no delta from elsewhere too. */
static void take(struct trust_take *t, struct bytes content)
{
    struct error err = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    bool is_delta = trust_delta_is(content);
    t->report.bytes += content.len;
    if ((t->phase == PHASE_DELTA && !is_delta) || ((t->phase == PHASE_BUNDLE || t->phase == PHASE_ROTATION) && is_delta))
        s = error_set(&err, STATUS_MALFORMED, "not what it is asked for");
    if (s == STATUS_OK)
        s = make_envelope(t, content, &err);
    if (s == STATUS_OK)
        offer(t);
    else
        refuse(t, s, &err);
}

/* ---- what to ask for ---- */

/* Whoever has nothing but what has expired holds something back, or is gone. */
static void nothing_new(struct trust_take *t)
{
    struct error err = {.status = STATUS_OK};
    enum status s = bundle_signature_check_time(&t->accept.held->bundle, now_ms(t) / 1000, &err);
    if (s == STATUS_OK)
        succeed(t);
    else
        fail(t, error_prefix(&err, s, "there is nothing newer than version %llu", (unsigned long long)t->accept.pins.held_version), &err);
}

static void plan(struct trust_take *t)
{
    struct error err = {.status = STATUS_OK};
    uint64_t held = t->accept.pins.held_version, rotation = trust_latest_rotation(&t->latest, held);
    const struct trust_latest_delta *delta = held != 0 ? trust_latest_delta(&t->latest, held) : NULL;
    if (t->latest.version < held)
        fail(t, error_set(&err, STATUS_REFUSED, "version %llu is older than version %llu, which is held",
                          (unsigned long long)t->latest.version, (unsigned long long)held), &err);
    else if (t->latest.version == held)
        nothing_new(t);
    else if (held != 0 && rotation != 0 && rotation < t->latest.version)
        ask_rotation(t, rotation);
    else if (delta != NULL && !t->has_delta_failed && delta->size < t->latest.bundle_size)
        ask_below(t, PHASE_DELTA, "delta", held, delta->size, TRUST_TAKE_FETCH_MS);
    else
        ask_bundle(t);
}

static void take_latest(struct trust_take *t, struct bytes content)
{
    struct error err = {.status = STATUS_OK};
    enum status s = trust_latest_parse(content, &t->latest, &err);
    t->report.bytes += content.len;
    if (s == STATUS_OK)
        plan(t);
    else
        fail(t, s, &err);
}

static void on_fetched(void *cookie, const struct fetch_response *response)
{
    struct trust_take *t = cookie;
    struct error err = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    if (response->failure == FETCH_STOPPED)
        return; /* by whoever frees this */
    if (response->failure != FETCH_NO_FAILURE)
        s = error_set(&err, STATUS_IO, "%s", response->failure_text);
    else if (response->status != 200)
        s = error_set(&err, STATUS_IO, "status %d", response->status);
    else if (response->is_cut)
        s = error_set(&err, STATUS_LIMIT, "longer than it can be");
    if (s != STATUS_OK)
        refuse(t, s, &err);
    else if (t->phase == PHASE_LATEST)
        take_latest(t, response->body);
    else
        take(t, response->body);
}

/* ---- beginning ---- */

static void take_file(struct trust_take *t)
{
    struct error err = {.status = STATUS_OK};
    struct builder content;
    builder_init(&content, TRUST_ENVELOPE_SIZE_MAX);
    enum status s = input_read(t->settings.source, TRUST_ENVELOPE_SIZE_MAX, &content, &err);
    /* Its reason begins with the path already. */
    if (s != STATUS_OK)
        t->done(t->cookie, output_failure(ROLE_OBJECT, &err));
    else
        take(t, builder_view(&content));
    builder_clear(&content);
}

static bool is_url(const char *source)
{
    return strncmp(source, "http://", 7) == 0 || strncmp(source, "https://", 8) == 0;
}

static enum status open_take(struct trust_take *t, struct error *err)
{
    t->versions_settings = (struct trust_versions_settings){.dir = t->settings.dir, .url = t->settings.url, .ca_file = t->settings.ca_file,
                                                            .fetch = t->settings.fetch, .clock = t->settings.clock};
    enum status s = posix_record_store_open(t->settings.dir, false, &t->lock, err);
    if (s == STATUS_OK)
        s = trust_accept_open(&t->versions_settings, t->settings.algorithms, &t->accept, err);
    t->began_ms = now_ms(t);
    t->report = (struct trust_take_report){.dir = t->settings.dir, .before = t->accept.pins.held_version};
    return s;
}

enum status trust_take_start(const struct trust_take_settings *settings, void (*done)(void *cookie, int exit_status), void *cookie,
                             struct trust_take **out, struct error *err)
{
    struct trust_take *t = calloc(1, sizeof *t);
    const char *source = settings->source;
    *out = NULL;
    if (t == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    t->settings = *settings;
    t->done = done;
    t->cookie = cookie;
    builder_init(&t->envelope, TRUST_ENVELOPE_SIZE_MAX);
    enum status s = open_take(t, err);
    if (s != STATUS_OK) {
        trust_take_free(t);
        return s;
    }
    *out = t;
    if (source == NULL)
        ask_below(t, PHASE_LATEST, "latest", 0, TRUST_LATEST_SIZE_MAX, TRUST_TAKE_LATEST_MS);
    else if (is_url(source))
        ask(t, PHASE_SOURCE, source, TRUST_ENVELOPE_SIZE_MAX, TRUST_TAKE_FETCH_MS);
    else {
        (void)snprintf(t->what, sizeof t->what, "%s", source);
        take_file(t);
    }
    return STATUS_OK;
}

void trust_take_free(struct trust_take *take)
{
    if (take == NULL)
        return;
    trust_versions_free(take->versions);
    trust_accept_close(&take->accept);
    builder_clear(&take->envelope);
    posix_record_store_close(take->lock);
    free(take);
}
