/* Requests to the log and its mirrors: so many at once, so many a second, and later when they ask for that. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/log_follower/follower_internal.h"

static void pump(struct log_follower *f);

static void get_free(struct get *g)
{
    builder_clear(&g->body);
    free(g);
}

const char *follower_source_name(const struct source *s)
{
    return s->store != NULL ? "objects" : s->url;
}

bool follower_ended(struct log_follower *f)
{
    f->under_way--;
    if (!f->is_stopping)
        return false;
    if (f->under_way == 0 && f->stopped != NULL) {
        void (*stopped)(void *) = f->stopped;
        f->stopped = NULL;
        stopped(f->stopped_cookie);
    }
    return true;
}

static void append(struct log_follower *f, struct get *g)
{
    struct get *last = f->waiting;
    while (last != NULL && last->next != NULL)
        last = last->next;
    g->next = NULL;
    g->previous = last;
    if (last != NULL)
        last->next = g;
    else
        f->waiting = g;
}

static void take_out(struct log_follower *f, struct get *g)
{
    if (g->previous != NULL)
        g->previous->next = g->next;
    else
        f->waiting = g->next;
    if (g->next != NULL)
        g->next->previous = g->previous;
}

static void put_first(struct log_follower *f, struct get *g)
{
    g->previous = NULL;
    g->next = f->waiting;
    if (g->next != NULL)
        g->next->previous = g;
    f->waiting = g;
}

/* ---- what came ---- */

static uint64_t random_below(struct log_follower *f, uint64_t bound)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return bound == 0 ? 0 : f->random % bound;
}

static void back_off(struct log_follower *f, struct get *g)
{
    struct source *s = g->from;
    unsigned doublings = s->failures < 16 ? s->failures : 16;
    uint64_t delay = (uint64_t)FOLLOWER_BACKOFF_MIN_MS << doublings;
    if (delay > FOLLOWER_BACKOFF_MAX_MS)
        delay = FOLLOWER_BACKOFF_MAX_MS;
    if (delay < g->retry_after_ms)
        delay = g->retry_after_ms;
    s->failures++;
    int64_t until = follower_now_ms(f) + (int64_t)(delay + random_below(f, delay / 2));
    if (until > s->backoff_until_ms)
        s->backoff_until_ms = until;
}

static void tell_contact(struct log_follower *f, const struct get *g)
{
    if (f->callbacks.contact == NULL)
        return;
    bool is_good = g->status == STATUS_OK || (g->status == STATUS_NOT_FOUND && g->may_be_absent);
    struct followed_contact contact = {.endpoint = g->endpoint, .source = follower_source_name(g->from), .is_good = is_good,
                                       .status = g->http_status, .duration_ms = follower_now_ms(f) - g->began_ms,
                                       .failure = is_good ? "" : g->err.text};
    f->callbacks.contact(f->cookie, &contact);
}

/* A mirror keeps a log below its number's prefix, or below the hash of its origin: the first answer says which. */
static bool is_elsewhere(struct get *g)
{
    struct source *s = g->from;
    if (!s->is_mirror || s->has_answered || g->status == STATUS_OK)
        return false;
    if (g->status != STATUS_NOT_FOUND || s->is_by_hash)
        return s->is_by_hash = false;
    return s->is_by_hash = true;
}

/* A log that says 429 is asked fewer things at once from then on. */
static void adapt(const struct log_follower *f, struct get *g)
{
    struct source *s = g->from;
    unsigned most = f->options.parallel * FOLLOWER_WINDOW_ONE;
    if (g->http_status == 429)
        s->window = s->window / 2 > FOLLOWER_WINDOW_ONE ? s->window / 2 : FOLLOWER_WINDOW_ONE;
    else if (g->status == STATUS_OK && s->window < most)
        s->window++;
}

static bool may_try_again(const struct get *g)
{
    unsigned most = g->http_status == 429 && !g->from->is_mirror ? FOLLOWER_BUSY_ATTEMPTS : g->attempts_max;
    return g->status == STATUS_IO && g->is_transient && g->attempts < most;
}

static void settle(struct get *g)
{
    struct log_follower *f = g->f;
    f->fetching--;
    g->from->fetching--;
    adapt(f, g);
    if (follower_ended(f)) {
        get_free(g);
        return;
    }
    if (g->status == STATUS_IO && g->is_transient)
        back_off(f, g);
    else
        g->from->failures = 0;
    bool is_withheld = g->status != STATUS_OK && g->status != STATUS_NOT_FOUND && g->from == &f->sources[0] && f->step != STEP_HEADS;
    if (is_withheld && !f->is_stopping)
        follower_withheld(f, &g->err);
    if (may_try_again(g) || is_elsewhere(g)) {
        tell_contact(f, g);
        put_first(f, g);
        pump(f);
        return;
    }
    if (g->status == STATUS_OK)
        g->from->has_answered = true;
    tell_contact(f, g);
    if (!f->is_stopping)
        g->done(g->cookie, g);
    get_free(g);
    if (!f->is_stopping)
        pump(f);
}

static void read_retry_after(struct get *g, struct bytes value)
{
    uint64_t seconds;
    g->retry_after_ms = 0;
    if (text_parse_u64(value, UINT32_MAX, &seconds))
        g->retry_after_ms = 1000 * (seconds < FOLLOWER_RETRY_AFTER_MAX_S ? seconds : FOLLOWER_RETRY_AFTER_MAX_S);
}

static enum status judge_response(struct get *g, const struct fetch_response *r)
{
    g->is_transient = true;
    if (r->failure != FETCH_NO_FAILURE)
        return error_set(&g->err, STATUS_IO, "%s: %s", g->endpoint, r->failure_text);
    if (r->status == 429 || r->status >= 500 || r->status == 408)
        return error_set(&g->err, STATUS_IO, "%s: status %d", g->endpoint, r->status);
    g->is_transient = false;
    /* Logs of RFC 6962 say 400 for a range that they do not have. */
    if (r->status == 404 || r->status == 410 || (r->status == 400 && strcmp(g->endpoint, "get-entries") == 0))
        return error_set(&g->err, STATUS_NOT_FOUND, "%s: not there (%d): %s", g->endpoint, r->status, g->path);
    if (r->status != 200)
        return error_set(&g->err, STATUS_IO, "%s: status %d: %s", g->endpoint, r->status, g->path);
    if (r->is_cut)
        return error_set(&g->err, STATUS_LIMIT, "%s: longer than %zu bytes: %s", g->endpoint, g->max, g->path);
    builder_reset(&g->body);
    builder_bytes(&g->body, r->body);
    return builder_status(&g->body, g->endpoint, &g->err);
}

static void on_response(void *cookie, const struct fetch_response *r)
{
    struct get *g = cookie;
    g->http_status = r->status;
    read_retry_after(g, r->retry_after);
    g->status = judge_response(g, r);
    settle(g);
}

/* ---- objects instead ---- */

static void read_object(void *cookie)
{
    struct get *g = cookie;
    const struct object_store *store = g->from->store;
    builder_reset(&g->body);
    g->is_transient = false;
    g->status = store->get(store->context, g->path, &g->body, &g->err);
    g->http_status = g->status == STATUS_OK ? 200 : g->status == STATUS_NOT_FOUND ? 404 : 0;
}

static void on_object(void *cookie)
{
    settle(cookie);
}

/* ---- sending ---- */

static enum status write_url(const struct get *g, struct builder *url)
{
    builder_text(url, g->from->url);
    builder_u8(url, '/');
    if (g->from->is_by_hash) {
        uint8_t digest[HASH_SIZE];
        const struct bytes origin = bytes_of_text(g->f->origin);
        if (!hash_label_sha256(&origin, 1, digest))
            return STATUS_NO_MEMORY;
        text_write_hex(url, BYTES_OF(digest));
        builder_u8(url, '/');
    }
    builder_text(url, g->path);
    builder_u8(url, '\0');
    return builder_status(url, "URL", NULL);
}

static enum status send_request(struct log_follower *f, struct get *g)
{
    char memory[2 * LOG_FOLLOWER_URL_MAX];
    struct builder url;
    builder_init_fixed(&url, memory, sizeof memory);
    enum status s = write_url(g, &url);
    if (s != STATUS_OK)
        return error_set(&g->err, s, "%s: the URL is too long", g->endpoint);
    struct fetch_request request = {.method = "GET", .url = memory, .timeout_ms = FOLLOWER_TIMEOUT_MS, .response_max = g->max,
                                    .accepts_gzip = true, .is_any_certificate = f->options.is_any_certificate,
                                    .ca_file = f->ca_file[0] != '\0' ? f->ca_file : NULL};
    return f->ports.fetch.start(f->ports.fetch.context, &request, on_response, g, &g->err);
}

static void send_later_failed(void *cookie)
{
    settle(cookie);
}

static void send_get(struct log_follower *f, struct get *g)
{
    int64_t now = follower_now_ms(f);
    int64_t step = 1000 / (int64_t)f->options.requests_per_s;
    int64_t burst = now - step * (int64_t)f->options.parallel;
    f->next_request_ms = (f->next_request_ms > burst ? f->next_request_ms : burst) + step;
    take_out(f, g);
    g->attempts++;
    g->began_ms = now;
    g->http_status = 0;
    g->retry_after_ms = 0;
    f->fetching++;
    g->from->fetching++;
    f->under_way++;
    f->request_count++;
    if (g->from->store != NULL) {
        f->ports.work.submit(f->ports.work.context, read_object, on_object, g);
        return;
    }
    g->status = send_request(f, g);
    if (g->status == STATUS_OK)
        return;
    /* Too many are under way elsewhere in the process: as if the log had asked for patience. */
    g->is_transient = g->status == STATUS_LIMIT;
    g->status = STATUS_IO;
    (void)f->ports.timer.start(f->ports.timer.context, 0, send_later_failed, g);
}

static void on_pump(void *cookie)
{
    struct log_follower *f = cookie;
    f->pump_timer = 0;
    pump(f);
}

static void pump(struct log_follower *f)
{
    int64_t now = follower_now_ms(f), wake = INT64_MAX;
    struct get *g = f->waiting;
    while (g != NULL && !f->is_stopping && f->fetching < f->options.parallel) {
        struct get *next = g->next;
        bool is_local = g->from->store != NULL;
        int64_t at = is_local ? now : f->next_request_ms > g->from->backoff_until_ms ? f->next_request_ms : g->from->backoff_until_ms;
        bool is_narrow = g->from->fetching >= (g->from->window + FOLLOWER_WINDOW_ONE - 1) / FOLLOWER_WINDOW_ONE;
        if (is_narrow) {
            g = next;
            continue;
        }
        if (at <= now)
            send_get(f, g);
        else if (at < wake)
            wake = at;
        g = next;
    }
    if (wake == INT64_MAX || f->is_stopping || f->fetching >= f->options.parallel)
        return;
    if (f->pump_timer != 0)
        f->ports.timer.cancel(f->ports.timer.context, f->pump_timer);
    f->pump_timer = f->ports.timer.start(f->ports.timer.context, (uint64_t)(wake - now), on_pump, f);
}

enum status follower_get_start(struct log_follower *f, struct source *from, const char *path, const char *endpoint, size_t max,
                               bool may_be_absent, got_function *done, void *cookie, struct error *err)
{
    struct get *g = calloc(1, sizeof *g);
    if (g == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *g = (struct get){.f = f, .from = from, .endpoint = endpoint, .max = max, .attempts_max = FOLLOWER_ATTEMPTS,
                      .may_be_absent = may_be_absent, .done = done, .cookie = cookie};
    /* The log goes on without a mirror that does not answer. */
    if (from->is_mirror)
        g->attempts_max = 1;
    (void)snprintf(g->path, sizeof g->path, "%s", path);
    builder_init(&g->body, max);
    append(f, g);
    pump(f);
    return STATUS_OK;
}

void follower_get_drop_all(struct log_follower *f)
{
    while (f->waiting != NULL) {
        struct get *g = f->waiting;
        f->waiting = g->next;
        get_free(g);
    }
}
