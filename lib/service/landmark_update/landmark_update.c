#include "service/landmark_update/landmark_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/landmark_update/landmark_answer.h"
#include "service/landmark_update/log_prefix.h"

struct tile_fetch {
    struct landmark_update *update;
    struct tile_set_tile *tile;
    bool is_full;
};

static void begin_prefix(struct landmark_update *u);

/* ---- the end ---- */

static void finish(struct landmark_update *u, enum status status, size_t new_landmarks, bool is_changed)
{
    struct landmark_update_result result = {.status = status,
                                            .error = u->first.status != STATUS_OK ? &u->first : &u->failure,
                                            .bundle = &u->bundle,
                                            .note = builder_view(&u->note),
                                            .is_changed = is_changed,
                                            .new_landmarks = new_landmarks,
                                            .tile_count = u->tile_count,
                                            .evidence = builder_view(&u->evidence),
                                            .url = u->prefix};
    u->done(u->cookie, &result);
    if (u->has_tiles)
        tile_set_clear(&u->tiles);
    trust_bundle_clear(&u->bundle);
    hasher_clear(&u->hasher);
    builder_clear(&u->list_text);
    builder_clear(&u->note);
    builder_clear(&u->proof);
    builder_clear(&u->evidence);
    free(u);
}

/* The next prefix, or the end: what failed for another reason than being absent is what is told. */
static void give_up_prefix(struct landmark_update *u)
{
    if (u->first.status == STATUS_OK && u->failure.status != STATUS_NOT_FOUND)
        (void)error_set(&u->first, u->failure.status, "%s: %s", u->prefix, u->failure.text);
    bool is_over = u->failure.status == STATUS_CONFLICT || u->failure.status == STATUS_NO_MEMORY;
    if (is_over)
        (void)error_set(&u->first, u->failure.status, "%s: %s", u->prefix, u->failure.text);
    u->prefix_at++;
    if (is_over)
        finish(u, u->first.status, 0, false);
    else
        begin_prefix(u);
}

/* ---- what the tree says ---- */

/* ---- tiles ---- */

static void fetch_tiles(struct landmark_update *u);

static void succeed(struct landmark_update *u, size_t new_landmarks)
{
    const struct trust_bundle_log *held = u->log->held != NULL ? trust_bundle_log_at(u->log->held, 0) : NULL;
    const struct trust_bundle_log *log = trust_bundle_log_at(&u->bundle, 0);
    bool is_changed = held == NULL || new_landmarks > 0 || held->landmark_count != log->landmark_count ||
                      u->held.size != u->checkpoint.size;
    u->bundle.version = u->log->held != NULL ? u->log->held->version + 1 : 1;
    u->bundle.issued_s = landmark_answer_now_s(u);
    u->first.status = u->failure.status = STATUS_OK;
    finish(u, STATUS_OK, new_landmarks, is_changed);
}

static void ask_the_tree(struct landmark_update *u)
{
    size_t new_landmarks = 0;
    bool is_list_good = u->list_status == STATUS_OK;
    enum status s = is_list_good ? landmark_answer_evaluate(u, &new_landmarks, &u->failure) : landmark_answer_held(u, &u->failure);
    if (s == STATUS_OK && !is_list_good) {
        s = u->list_status;
        u->failure = u->list_error;
    }
    if (s == STATUS_OK) {
        succeed(u, new_landmarks);
    } else if (s == STATUS_AGAIN) {
        u->tile_at = 0;
        fetch_tiles(u);
    } else {
        u->failure.status = s;
        give_up_prefix(u);
    }
}

/* The first failure of a prefix is the one that counts. */
static void fail(struct landmark_update *u, const struct error *err)
{
    if (!u->has_failed)
        u->failure = *err;
    u->has_failed = true;
}

/* What an answer is, as a status: only a whole body of 200 is one. */
static enum status read_answer(const struct landmark_update *u, const struct fetch_response *r, const char *what, struct error *err)
{
    if (r->failure != FETCH_NO_FAILURE)
        return error_set(err, STATUS_IO, "%s: %s", what, r->failure_text);
    if (r->status == 404 || r->status == 410)
        return error_set(err, STATUS_NOT_FOUND, "%s: not there (%d)", what, r->status);
    if (r->status != 200)
        return error_set(err, STATUS_IO, "%s: status %d", what, r->status);
    if (r->is_cut)
        return error_set(err, STATUS_LIMIT, "%s: longer than it can be", what);
    if (u->ports.clock.now_ms(u->ports.clock.context) - u->began_ms > LANDMARK_UPDATE_TOTAL_MS)
        return error_set(err, STATUS_IO, "%s: the log is too slow: more than %d s", what, LANDMARK_UPDATE_TOTAL_MS / 1000);
    return STATUS_OK;
}

static enum status start_fetch(const struct landmark_update *u, const char *path, size_t max, fetch_done *done, void *cookie,
                               struct error *err)
{
    char url[LANDMARK_UPDATE_URL_MAX + TILE_PATH_SIZE];
    (void)snprintf(url, sizeof url, "%s/%s", u->prefix, path);
    struct fetch_request request = {.method = "GET", .url = url, .ca_file = u->log->ca_file, .timeout_ms = LANDMARK_UPDATE_FETCH_MS,
                                    .response_max = max};
    return u->ports.fetch.start(u->ports.fetch.context, &request, done, cookie, err);
}

static void on_tile(void *cookie, const struct fetch_response *r);

static enum status start_tile(struct tile_fetch *f, struct error *err)
{
    char path[TILE_PATH_SIZE];
    struct tile tile = f->tile->tile;
    if (f->is_full)
        tile.width = TILE_WIDTH;
    tile_path(&tile, path);
    return start_fetch(f->update, path, TILE_SIZE_MAX, on_tile, f, err);
}

static void on_tile(void *cookie, const struct fetch_response *r)
{
    struct tile_fetch *f = cookie;
    struct landmark_update *u = f->update;
    struct error err = {.status = STATUS_OK};
    enum status s = read_answer(u, r, "tile", &err);
    if (s == STATUS_NOT_FOUND && !f->is_full && f->tile->tile.width < TILE_WIDTH && !u->has_failed) {
        f->is_full = true;
        s = start_tile(f, &err);
        if (s == STATUS_OK)
            return;
    }
    if (s == STATUS_OK)
        s = tile_set_put(f->tile, r->body, &err);
    /* A tile that is absent is a broken log, not an absent one. */
    if (s == STATUS_NOT_FOUND)
        err.status = STATUS_REFUSED;
    if (s != STATUS_OK)
        fail(u, &err);
    u->tile_count += s == STATUS_OK;
    u->under_way--;
    free(f);
    fetch_tiles(u);
}

static enum status fetch_tile(struct landmark_update *u, struct tile_set_tile *tile, struct error *err)
{
    struct tile_fetch *f = malloc(sizeof *f);
    if (f == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *f = (struct tile_fetch){u, tile, false};
    enum status s = start_tile(f, err);
    if (s == STATUS_OK)
        u->under_way++;
    else
        free(f);
    return s;
}

/* A tile that is under way has no hashes either: tile_at goes over the array once. */
static void fetch_tiles(struct landmark_update *u)
{
    struct tile_set_tile *tile;
    struct error err = {.status = STATUS_OK};
    while (!u->has_failed && u->under_way < LANDMARK_UPDATE_PARALLEL &&
           (tile = tile_set_next(&u->tiles, &u->tile_at)) != NULL)
        if (fetch_tile(u, tile, &err) != STATUS_OK)
            fail(u, &err);
    if (u->under_way > 0)
        return;
    if (u->has_failed)
        give_up_prefix(u);
    else
        ask_the_tree(u);
}

/* ---- checkpoint and landmarks ---- */

static enum status judge_checkpoint(struct landmark_update *u, struct error *err)
{
    enum status s = landmark_check_checkpoint(u->log, builder_view(&u->note), &u->checkpoint, err);
    if (s == STATUS_OK)
        s = landmark_check_size(&u->held, &u->checkpoint, err);
    if (s == STATUS_CONFLICT)
        landmark_answer_write_evidence(u, EVIDENCE_TWO_ROOTS, NULL);
    if (s != STATUS_OK)
        return s;
    /* A list that is wrong waits: first it is looked whether the log lies, which is worse. */
    u->list_status = landmarks_parse(builder_view(&u->list_text), landmark_answer_now_s(u), &u->list, &u->list_error);
    if (u->list_status == STATUS_OK)
        u->list_status = landmark_check_list(u->log, &u->list, &u->checkpoint, &u->list_error);
    return STATUS_OK;
}

static void on_checkpoint(void *cookie, const struct fetch_response *r)
{
    struct landmark_update *u = cookie;
    enum status s = read_answer(u, r, "checkpoint", &u->failure);
    builder_reset(&u->note);
    if (s == STATUS_OK) {
        builder_bytes(&u->note, r->body);
        s = builder_status(&u->note, "checkpoint", &u->failure);
    }
    if (s == STATUS_OK)
        s = judge_checkpoint(u, &u->failure);
    if (s != STATUS_OK) {
        u->failure.status = s;
        give_up_prefix(u);
        return;
    }
    if (u->has_tiles)
        tile_set_clear(&u->tiles);
    tile_set_init(&u->tiles, u->checkpoint.size, &u->hasher);
    u->has_tiles = true;
    ask_the_tree(u);
}

/* A mirror serves no landmarks: those of the prefix before are good for its checkpoint too. */
static void on_landmarks(void *cookie, const struct fetch_response *r)
{
    struct landmark_update *u = cookie;
    enum status s = read_answer(u, r, "landmarks", &u->failure);
    if (s == STATUS_OK) {
        builder_reset(&u->list_text);
        builder_bytes(&u->list_text, r->body);
        s = builder_status(&u->list_text, "landmarks", &u->failure);
    } else if (s == STATUS_NOT_FOUND && u->list_text.len > 0) {
        s = STATUS_OK;
    }
    if (s == STATUS_OK)
        s = start_fetch(u, "checkpoint", NOTE_SIZE_MAX, on_checkpoint, u, &u->failure);
    if (s == STATUS_OK)
        return;
    u->failure.status = s;
    give_up_prefix(u);
}

/* ---- prefixes ---- */

static enum status start_prefix(struct landmark_update *u, struct error *err)
{
    u->has_failed = false;
    u->began_ms = u->ports.clock.now_ms(u->ports.clock.context);
    return start_fetch(u, "landmarks", LANDMARKS_SIZE_MAX, on_landmarks, u, err);
}

static void begin_prefix(struct landmark_update *u)
{
    int64_t since_ms = u->ports.clock.now_ms(u->ports.clock.context) - u->started_ms;
    while (since_ms <= LANDMARK_UPDATE_ALL_MS && log_prefix_set(u->log, u->prefix_at, u->prefix)) {
        if (start_prefix(u, &u->failure) == STATUS_OK)
            return;
        u->prefix_at++;
    }
    finish(u, u->first.status != STATUS_OK ? u->first.status : u->failure.status, 0, false);
}

static enum status read_held(struct landmark_update *u, struct error *err)
{
    if (u->log->held == NULL || u->log->held_note.len == 0)
        return STATUS_OK;
    return error_prefix(err, landmark_check_parse(u->log->held_note, &u->held, err), "the checkpoint that is held");
}

enum status landmark_update_start(const struct landmark_update_ports *ports, const struct landmark_update_log *log,
                                  landmark_update_done *done, void *cookie, struct error *err)
{
    struct landmark_update *u = calloc(1, sizeof *u);
    if (u == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *u = (struct landmark_update){.ports = *ports, .log = log, .done = done, .cookie = cookie};
    builder_init(&u->list_text, LANDMARKS_SIZE_MAX);
    builder_init(&u->note, NOTE_SIZE_MAX);
    builder_init(&u->proof, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    builder_init(&u->evidence, EVIDENCE_SIZE_MAX);
    trust_bundle_init(&u->bundle);
    enum status s = read_held(u, err);
    u->started_ms = ports->clock.now_ms(ports->clock.context);
    if (s == STATUS_OK && !log_prefix_set(log, 0, u->prefix))
        s = error_set(err, STATUS_USAGE, "no URL is known that serves the log, or it is too long");
    if (s == STATUS_OK)
        s = hasher_init(&u->hasher, log->ca->draft->hash, err);
    if (s == STATUS_OK) {
        s = start_prefix(u, err);
        if (s == STATUS_OK)
            return s;
        hasher_clear(&u->hasher);
    }
    free(u);
    return s;
}
