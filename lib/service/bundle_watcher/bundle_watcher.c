#include "service/bundle_watcher/bundle_watcher.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/bundle_watcher/watcher_parts.h"

#define FETCH_MS 60000
#define CHECKED_MAX 8192

static int64_t now_ms(const struct bundle_watcher *w)
{
    return w->config.clock.now_ms(w->config.clock.context);
}

/* ---- findings ---- */

void watcher_find(struct bundle_watcher *w, enum finding_id id, const char *source, struct bytes evidence, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const struct log_finding finding = {.id = id, .severity = log_finding_severity_of(id), .log = w->config.name, .source = source,
                                        .text = text, .seen_ms = now_ms(w), .evidence = evidence};
    if (w->callbacks.finding != NULL && !w->is_stopping)
        w->callbacks.finding(w->cookie, &finding);
}

/* ---- asking ---- */

static void tell_contact(struct bundle_watcher *w, const struct fetch_response *r, bool is_good)
{
    const struct followed_contact contact = {.endpoint = w->endpoint, .source = w->config.url, .is_good = is_good, .status = r->status,
                                             .duration_ms = now_ms(w) - w->asked_ms, .failure = r->failure_text};
    if (is_good)
        w->contact_ms = now_ms(w);
    if (w->callbacks.contact != NULL)
        w->callbacks.contact(w->cookie, &contact);
}

static void end_stop(struct bundle_watcher *w)
{
    void (*stopped)(void *cookie) = w->stopped;
    if (stopped != NULL)
        stopped(w->stopped_cookie);
}

static void on_answer(void *cookie, const struct fetch_response *r)
{
    struct bundle_watcher *w = cookie;
    struct error err = {.status = STATUS_OK};
    enum status s = STATUS_OK;
    w->is_asking = false;
    w->is_cut = r->status == 200 && r->is_cut;
    if (w->is_stopping) {
        end_stop(w);
        return;
    }
    if (r->failure != FETCH_NO_FAILURE)
        s = error_set(&err, STATUS_IO, "%s: %s", w->url, r->failure_text);
    else if (r->status == 404 || r->status == 410)
        s = error_set(&err, STATUS_NOT_FOUND, "%s: not there", w->url);
    else if (r->status != 200 || r->is_cut)
        s = error_set(&err, STATUS_IO, "%s: status %d%s", w->url, r->status, r->is_cut ? ", too long" : "");
    tell_contact(w, r, s == STATUS_OK || s == STATUS_NOT_FOUND);
    w->answered(w, s, r->body, &err);
}

void watcher_get(struct bundle_watcher *w, const char *prefix, const char *path, const char *endpoint, size_t max,
                 void (*answered)(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err))
{
    struct error err = {.status = STATUS_OK};
    (void)snprintf(w->url, sizeof w->url, "%s/%s", prefix, path);
    const struct fetch_request request = {.method = "GET", .url = w->url, .ca_file = w->config.ca_file, .timeout_ms = FETCH_MS,
                                          .response_max = max};
    w->answered = answered;
    w->endpoint = endpoint;
    w->asked_ms = now_ms(w);
    w->is_asking = true;
    enum status s = w->config.fetch.start(w->config.fetch.context, &request, on_answer, w, &err);
    if (s == STATUS_OK)
        return;
    w->is_asking = false;
    watcher_end_tree(w);
    watcher_end_round(w, s, &err);
}

/* ---- trees ---- */

enum status watcher_begin_tree(struct bundle_watcher *w, const char *prefix, const struct hash_alg *hash, uint64_t size,
                               void (*ask_tree)(struct bundle_watcher *w),
                               void (*tree_failed)(struct bundle_watcher *w, enum status status, const struct error *err),
                               struct error *err)
{
    enum status s = hasher_init(&w->hasher, hash, err);
    if (s != STATUS_OK)
        return s;
    (void)snprintf(w->tile_prefix, sizeof w->tile_prefix, "%s", prefix);
    tile_set_init(&w->tiles, size, &w->hasher);
    w->has_tiles = true;
    w->ask_tree = ask_tree;
    w->tree_failed = tree_failed;
    w->is_full_asked = false;
    return STATUS_OK;
}

void watcher_end_tree(struct bundle_watcher *w)
{
    if (!w->has_tiles)
        return;
    tile_set_clear(&w->tiles);
    hasher_clear(&w->hasher);
    w->has_tiles = false;
}

static void ask_tile(struct bundle_watcher *w);

static void on_tile(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err)
{
    enum status s = status == STATUS_OK ? tile_set_put(w->asked_tile, body, err) : status;
    if (s == STATUS_NOT_FOUND && w->asked_tile->tile.width < TILE_WIDTH && !w->is_full_asked) {
        w->is_full_asked = true; /* the tree has grown since */
        ask_tile(w);
        return;
    }
    w->is_full_asked = false;
    if (s == STATUS_OK) {
        watcher_fetch_tiles(w);
        return;
    }
    if (s == STATUS_NOT_FOUND || s == STATUS_REFUSED)
        watcher_find(w, FINDING_BAD_CONSISTENCY, w->url, bytes_of(NULL, 0), "a tile that the checkpoint speaks of is not there: %s",
                     err->text);
    watcher_end_tree(w);
    w->tree_failed(w, s, err);
}

static void ask_tile(struct bundle_watcher *w)
{
    char path[TILE_PATH_SIZE];
    struct tile tile = w->asked_tile->tile;
    if (w->is_full_asked)
        tile.width = TILE_WIDTH;
    tile_path(&tile, path);
    watcher_get(w, w->tile_prefix, path, "tile", TILE_SIZE_MAX, on_tile);
}

/* One after the other: they are few. */
void watcher_fetch_tiles(struct bundle_watcher *w)
{
    size_t at = 0;
    w->asked_tile = tile_set_next(&w->tiles, &at);
    if (w->asked_tile == NULL)
        w->ask_tree(w);
    else
        ask_tile(w);
}

/* ---- rounds ---- */

static void begin_round(void *cookie);

static void check_age(struct bundle_watcher *w)
{
    int64_t age_ms = now_ms(w) - w->issued_s * 1000;
    if (w->version > 0 && w->config.late_ms > 0 && age_ms > (int64_t)w->config.late_ms)
        watcher_find(w, FINDING_VERSION_LATE, w->config.url, bytes_of(NULL, 0), "the newest version is %llu, of %lld seconds ago",
                     (unsigned long long)w->version, (long long)(age_ms / 1000));
}

void watcher_end_round(struct bundle_watcher *w, enum status status, const struct error *err)
{
    const struct bundle_watcher_status now = {w->version, w->held.size, w->issued_s, w->contact_ms};
    if (w->has_bundle)
        trust_bundle_clear(&w->bundle);
    w->has_bundle = false;
    w->seen_count = 0;
    check_age(w);
    if (w->callbacks.progress != NULL)
        w->callbacks.progress(w->cookie, &now);
    if (w->callbacks.round_done != NULL)
        w->callbacks.round_done(w->cookie, status, err);
    w->timer = w->config.timer.start(w->config.timer.context, w->config.interval_ms, begin_round, w);
}

static void begin_round(void *cookie)
{
    struct bundle_watcher *w = cookie;
    w->timer = 0;
    w->identities.has_failed = false;
    if (!w->identities.is_waiting)
        builder_reset(&w->newest);
    watcher_ask_versions(w);
}

/* ---- life ---- */

static enum status take_pins(struct bundle_watcher *w, struct error *err)
{
    enum status s = watcher_take_keys(w, w->config.keys, err);
    if (s == STATUS_OK && w->keys.count == 0)
        s = error_set(err, STATUS_USAGE, "no keys");
    return s == STATUS_REFUSED || s == STATUS_MALFORMED ? STATUS_USAGE : s;
}

enum status bundle_watcher_new(const struct bundle_watcher_config *config, const struct bundle_watcher_callbacks *callbacks,
                               void *cookie, struct bundle_watcher **out, struct error *err)
{
    struct bundle_watcher *w = calloc(1, sizeof *w);
    *out = NULL;
    if (w == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    w->config = *config;
    w->callbacks = *callbacks;
    w->cookie = cookie;
    trust_bundle_init(&w->key_section);
    builder_init(&w->key_bytes, TRUST_BUNDLE_SIZE_MAX);
    builder_init(&w->note, NOTE_SIZE_MAX);
    builder_init(&w->now_note, NOTE_SIZE_MAX);
    builder_init(&w->newest, TRUST_BUNDLE_SIZE_MAX);
    builder_init(&w->gossip.note, NOTE_SIZE_MAX);
    builder_init(&w->last.signature, SIGNATURE_SIZE_MAX);
    for (size_t i = 0; i < SEEN_MAX; i++)
        builder_init(&w->seen[i].note, NOTE_SIZE_MAX);
    w->checked = array_of(sizeof(struct checked_log), CHECKED_MAX);
    enum status s = strlen(config->url) + sizeof "/log" > BUNDLE_WATCHER_URL_MAX ? error_set(err, STATUS_USAGE, "the URL is too long")
                                                                                : take_pins(w, err);
    if (s == STATUS_OK)
        s = watcher_read_state(w, err);
    if (s != STATUS_OK) {
        bundle_watcher_free(w);
        return s;
    }
    *out = w;
    return STATUS_OK;
}

void bundle_watcher_start(struct bundle_watcher *w)
{
    w->is_started = true;
    w->timer = w->config.timer.start(w->config.timer.context, 0, begin_round, w);
}

static void stopped_later(void *cookie)
{
    end_stop(cookie);
}

void bundle_watcher_stop(struct bundle_watcher *w, void (*stopped)(void *cookie), void *cookie)
{
    w->is_stopping = true;
    w->stopped = stopped;
    w->stopped_cookie = cookie;
    w->config.timer.cancel(w->config.timer.context, w->timer);
    if (!w->is_asking)
        w->timer = w->config.timer.start(w->config.timer.context, 0, stopped_later, w);
}

void bundle_watcher_free(struct bundle_watcher *w)
{
    if (w == NULL)
        return;
    watcher_end_tree(w);
    if (w->has_bundle)
        trust_bundle_clear(&w->bundle);
    trust_bundle_clear(&w->key_section);
    bundle_keys_clear(&w->keys);
    watcher_clear_checked(w);
    builder_clear(&w->key_bytes);
    builder_clear(&w->note);
    builder_clear(&w->now_note);
    builder_clear(&w->newest);
    builder_clear(&w->gossip.note);
    builder_clear(&w->last.signature);
    for (size_t i = 0; i < SEEN_MAX; i++)
        builder_clear(&w->seen[i].note);
    free(w);
}

/* ---- gossip ---- */

bool bundle_watcher_head(const struct bundle_watcher *w, struct followed_head *out)
{
    *out = (struct followed_head){.size = w->held.size, .timestamp_ms = (uint64_t)w->issued_s * 1000, .signature = builder_view(&w->note)};
    memcpy(out->root, w->held.root, HASH_SIZE);
    return w->held.size > 0;
}

enum status bundle_watcher_view(struct bundle_watcher *w, struct bytes note, const char *from, struct error *err)
{
    struct version_checkpoint checkpoint;
    enum status s = version_proof_read_checkpoint(note, &w->keys, &checkpoint, err);
    if (s != STATUS_OK)
        return s == STATUS_NO_MEMORY ? s : STATUS_REFUSED;
    if (w->has_gossip)
        return error_set(err, STATUS_LIMIT, "another checkpoint waits to be compared");
    builder_reset(&w->gossip.note);
    builder_bytes(&w->gossip.note, note);
    s = builder_status(&w->gossip.note, "checkpoint", err);
    if (s != STATUS_OK)
        return s;
    w->gossip.checkpoint = checkpoint;
    w->gossip.checkpoint.note = builder_view(&w->gossip.note);
    (void)snprintf(w->gossip.from, sizeof w->gossip.from, "%s", from);
    w->has_gossip = true;
    return STATUS_OK;
}
