/* The entries up to a head: several batches at once, put together in order. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/ct/leaf.h"
#include "service/log_follower/follower_batch.h"

static bool is_busy(const struct log_follower *f)
{
    for (size_t i = 0; i < FOLLOWER_SLOTS; i++)
        if (f->slots[i].state == SLOT_FETCHING || f->slots[i].state == SLOT_WORKING)
            return true;
    return false;
}

/* What was put together since the last state is forgotten: it comes again in the next round. */
static void end(struct log_follower *f)
{
    for (size_t i = 0; i < FOLLOWER_SLOTS; i++)
        if (f->slots[i].state == SLOT_READY)
            follower_batch_reset(&f->slots[i]);
    if (f->has_entries_failed) {
        f->frontier = f->saved;
        f->snapshot_count = 0;
        if (f->kept_size > f->saved.size)
            f->kept_size = f->saved.size;
    }
    follower_step_done(f);
}

static void fail(struct log_follower *f, enum status status, const struct error *err)
{
    if (!f->has_entries_failed)
        follower_round_fail(f, status, err);
    f->has_entries_failed = true;
}

/* ---- which are asked for ---- */

static struct batch *free_slot(struct log_follower *f)
{
    for (size_t i = 0; i < FOLLOWER_SLOTS; i++)
        if (f->slots[i].state == SLOT_FREE)
            return &f->slots[i];
    return NULL;
}

/* A log of RFC 6962 may give fewer than it was asked for: then there is a gap behind what was put together. */
static bool find_gap(const struct log_follower *f, uint64_t *end_of_gap)
{
    *end_of_gap = f->plan_at;
    for (size_t i = 0; i < FOLLOWER_SLOTS; i++) {
        const struct batch *b = &f->slots[i];
        if (b->state == SLOT_FREE)
            continue;
        if (b->start == f->frontier.size)
            return false;
        if (b->start < *end_of_gap)
            *end_of_gap = b->start;
    }
    return f->plan_at > f->frontier.size;
}

static void plan_tile(struct log_follower *f, struct batch *b)
{
    uint64_t first = f->plan_at - f->plan_at % TILE_WIDTH, left = f->target_size - first;
    b->start = f->plan_at;
    b->skip = (unsigned)(f->plan_at - first);
    b->width = left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
    b->count = b->asked = b->width - b->skip;
    b->is_full_tried = false;
    f->plan_at += b->count;
}

static void plan_range(struct log_follower *f, struct batch *b)
{
    uint64_t end_of_gap;
    bool is_gap = find_gap(f, &end_of_gap);
    uint64_t start = is_gap ? f->frontier.size : f->plan_at, stop = is_gap ? end_of_gap : f->target_size;
    uint64_t count = stop - start < f->chunk ? stop - start : f->chunk;
    b->start = start;
    b->skip = 0;
    b->count = b->asked = (size_t)count;
    if (!is_gap)
        f->plan_at += count;
}

static void write_path(const struct log_follower *f, const struct batch *b, char path[FOLLOWER_PATH_MAX])
{
    struct tile tile = {.is_entries = true, .index = b->start / TILE_WIDTH, .width = b->is_full_tried ? TILE_WIDTH : b->width};
    char name[TILE_PATH_SIZE];
    if (f->log.kind == LOG_KIND_RFC6962) {
        (void)snprintf(path, FOLLOWER_PATH_MAX, "ct/v1/get-entries?start=%" PRIu64 "&end=%" PRIu64, b->start,
                       b->start + b->asked - 1);
        return;
    }
    tile_path_in(&tile, f->log.kind == LOG_KIND_MTC ? "entries" : "data", name);
    (void)snprintf(path, FOLLOWER_PATH_MAX, "%s", name);
}

static void on_body(void *cookie, struct get *g);

static enum status fetch(struct log_follower *f, struct batch *b, struct error *err)
{
    char path[FOLLOWER_PATH_MAX];
    bool is_json = f->log.kind == LOG_KIND_RFC6962;
    write_path(f, b, path);
    b->state = SLOT_FETCHING;
    enum status s = follower_get_start(f, &f->sources[0], path, is_json ? "get-entries" : "data", b->body.max,
                                       !is_json && b->width < TILE_WIDTH && !b->is_full_tried, on_body, b, err);
    if (s != STATUS_OK)
        b->state = SLOT_FREE;
    return s;
}

static bool may_plan(const struct log_follower *f)
{
    uint64_t end_of_gap;
    if (f->has_entries_failed || (f->options.is_keeping && f->plan_at - f->kept_size >= LOG_FOLLOWER_UNKEPT_MAX))
        return false;
    return f->plan_at < f->target_size || (f->log.kind == LOG_KIND_RFC6962 && find_gap(f, &end_of_gap));
}

void follower_entries_pump(struct log_follower *f)
{
    struct batch *b;
    struct error err = {.status = STATUS_OK};
    if (f->is_committing)
        return;
    while (may_plan(f) && (b = free_slot(f)) != NULL) {
        if (f->log.kind == LOG_KIND_RFC6962)
            plan_range(f, b);
        else
            plan_tile(f, b);
        enum status s = fetch(f, b, &err);
        if (s != STATUS_OK)
            fail(f, s, &err);
    }
    bool is_through = f->has_entries_failed || f->frontier.size == f->target_size;
    if (is_through && !is_busy(f))
        end(f);
}

void follower_entries_begin(struct log_follower *f)
{
    f->has_entries_failed = false;
    f->plan_at = f->frontier.size;
    f->target_size = f->next_head.is_there && f->next_head.size > f->trusted.size ? f->next_head.size : f->trusted.size;
    f->chunk = LOG_FEED_BATCH_MAX;
    f->most_given = 0;
    follower_entries_pump(f);
}

/* ---- what came ---- */

static void tell_missing(struct log_follower *f, const struct batch *b, const struct get *g)
{
    char text[FOLLOWER_TEXT_MAX];
    bool is_pruned = f->log.kind == LOG_KIND_MTC;
    (void)snprintf(text, sizeof text, "%.100s: not served (%d), and the tree head of %" PRIu64 " entries has them",
                   g->path, g->http_status, f->target_size);
    follower_report(f, &(struct report){.id = is_pruned ? FINDING_PRUNED_EARLY : FINDING_MISSING_ENTRY, .text = text,
                                        .has_index = true, .index = b->start, .about = g->path});
}

static void on_worked(void *cookie);

static void work(struct log_follower *f, struct batch *b)
{
    const struct view *v = &f->trusted, *h = &f->next_head;
    b->state = SLOT_WORKING;
    b->now_ms = follower_now_ms(f);
    b->limits = (struct view_limits){.old_size = v->size, .old_timestamp_ms = v->timestamp_ms,
                                     .new_timestamp_ms = h->is_there ? h->timestamp_ms : v->timestamp_ms};
    f->under_way++;
    f->ports.work.submit(f->ports.work.context, follower_batch_run, on_worked, b);
}

static void on_body(void *cookie, struct get *g)
{
    struct batch *b = cookie;
    struct log_follower *f = b->f;
    struct error err = g->err;
    enum status s = g->status;
    if (s == STATUS_OK && !f->has_entries_failed) {
        struct builder body = b->body;
        b->body = g->body;
        g->body = body;
        work(f, b);
        return;
    }
    if (s == STATUS_NOT_FOUND && f->log.kind != LOG_KIND_RFC6962 && b->width < TILE_WIDTH && !b->is_full_tried &&
        !f->has_entries_failed) {
        b->is_full_tried = true;
        s = fetch(f, b, &err);
        if (s == STATUS_OK)
            return;
    }
    /* The head has them: whatever the log says instead. */
    bool is_missing = s == STATUS_NOT_FOUND || (f->log.kind == LOG_KIND_RFC6962 && g->http_status == 400);
    if (is_missing && !f->has_entries_failed)
        tell_missing(f, b, g);
    if (s != STATUS_OK)
        fail(f, s, &err);
    b->state = SLOT_FREE;
    follower_entries_pump(f);
}

/* ---- in order ---- */

static void tell_notes(struct log_follower *f, struct batch *b)
{
    for (size_t i = 0; i < b->note_count; i++) {
        const struct batch_note *n = &b->notes[i];
        if (n->needs_proof)
            follower_proof_want(f, n, &f->trusted);
        else
            follower_report(f, &(struct report){.id = n->id, .text = n->text, .has_index = true, .index = n->index});
    }
    if (b->notes_left_out > 0) {
        char text[FOLLOWER_TEXT_MAX];
        (void)snprintf(text, sizeof text, "entries %" PRIu64 " to %" PRIu64 ": %zu more like these", b->start,
                       b->start + b->count - 1, b->notes_left_out);
        follower_report(f, &(struct report){.id = b->notes[0].id, .text = text, .has_index = true, .index = b->start});
    }
}

/* A batch whose form is wrong: nothing of it can be hashed. */
static void tell_broken(struct log_follower *f, const struct batch *b)
{
    char text[FOLLOWER_TEXT_MAX];
    enum finding_id id = b->status == STATUS_REFUSED ? FINDING_UNKNOWN_ENTRY_TYPE : FINDING_MALFORMED_ENTRY;
    if (b->status == STATUS_NO_MEMORY)
        return;
    (void)snprintf(text, sizeof text, "the entries from %" PRIu64 " on cannot be read: %.150s", b->start, b->err.text);
    follower_report(f, &(struct report){.id = id, .text = text, .has_index = true, .index = b->start});
}

static bool check_root(struct log_follower *f, const struct view *v)
{
    uint8_t root[HASH_SIZE];
    char text[FOLLOWER_TEXT_MAX];
    struct error err;
    frontier_root(&f->frontier, &f->hasher, root);
    if (hasher_is_good(&f->hasher) && memcmp(root, v->root, HASH_SIZE) == 0)
        return true;
    (void)snprintf(text, sizeof text, "the entries from %" PRIu64 " to %" PRIu64
                                      " that are served do not give the root of the tree head that has them",
                   f->saved.size, v->size - 1);
    follower_report(f, &(struct report){.id = FINDING_ROOT_MISMATCH, .text = text, .about = text});
    (void)error_set(&err, STATUS_REFUSED, "%s", text);
    fail(f, STATUS_REFUSED, &err);
    return false;
}

/* The heads on the way: the one that is trusted, when the entries are behind it, and the one that is followed. */
static bool pass_heads(struct log_follower *f)
{
    const struct view *heads[] = {&f->trusted, &f->next_head};
    for (size_t i = 0; i < 2; i++)
        if (heads[i]->is_there && heads[i]->size == f->frontier.size && !check_root(f, heads[i]))
            return false;
    return true;
}

static bool has_head_inside(const struct log_follower *f, const struct batch *b)
{
    const struct view *heads[] = {&f->trusted, &f->next_head};
    for (size_t i = 0; i < 2; i++)
        if (heads[i]->is_there && heads[i]->size > b->start && heads[i]->size < b->start + b->count)
            return true;
    return false;
}

static bool append(struct log_follower *f, struct batch *b)
{
    if (b->has_root && !has_head_inside(f, b)) {
        if (!frontier_append_subtree(&f->frontier, &f->hasher, TILE_HEIGHT, b->root))
            return false;
        return pass_heads(f);
    }
    for (size_t i = 0; i < b->count; i++)
        if (!frontier_append(&f->frontier, &f->hasher, b->leaf_hashes[i]) || !pass_heads(f))
            return false;
    return true;
}

static void commit(struct log_follower *f, struct batch *b)
{
    struct error err = b->err;
    if (b->status != STATUS_OK) {
        tell_broken(f, b);
        fail(f, b->status, &err);
    } else if (append(f, b)) {
        uint64_t stop = b->start + b->count;
        follower_given(f);
        /* One that ends at a border of its own gives fewer now and then: the most that came says what it gives at once. */
        if (b->count > f->most_given)
            f->most_given = b->count;
        if (b->count < b->asked)
            f->chunk = f->most_given;
        f->entry_count += b->count;
        tell_notes(f, b);
        follower_issuers_note(f, &b->view);
        if (f->callbacks.entries != NULL && !f->is_stopping) {
            /* The listener has the result from here on. */
            struct followed_batch view = b->view;
            b->view.look_result = NULL;
            f->callbacks.entries(f->cookie, &view);
        }
        if (!f->options.is_keeping)
            f->kept_size = stop;
        follower_snapshot(f);
    } else if (!f->has_entries_failed) {
        (void)error_set(&err, STATUS_NO_MEMORY, "the tree cannot be hashed");
        fail(f, STATUS_NO_MEMORY, &err);
    }
    follower_batch_reset(b);
}

static void commit_ready(struct log_follower *f)
{
    f->is_committing = true;
    for (size_t i = 0; i < FOLLOWER_SLOTS && !f->is_stopping && !f->has_entries_failed;) {
        struct batch *b = &f->slots[i];
        bool is_next = b->state == SLOT_READY && b->start == f->frontier.size;
        if (is_next)
            commit(f, b);
        i = is_next ? 0 : i + 1;
    }
    f->is_committing = false;
}

/* ---- a data tile that cannot be read whole ---- */

static void on_hashes(void *cookie, struct get *g);

static enum status fetch_hashes(struct log_follower *f, struct batch *b, bool is_full, struct error *err)
{
    struct tile tile = {.index = b->start / TILE_WIDTH, .width = is_full ? TILE_WIDTH : b->width};
    char path[TILE_PATH_SIZE];
    tile_path(&tile, path);
    b->state = SLOT_FETCHING;
    return follower_get_start(f, &f->sources[0], path, "tile", TILE_SIZE_MAX, tile.width < TILE_WIDTH, on_hashes, b, err);
}

static void on_hashes(void *cookie, struct get *g)
{
    struct batch *b = cookie;
    struct log_follower *f = b->f;
    struct error err = g->err;
    enum status s = g->status;
    if (s == STATUS_NOT_FOUND && strstr(g->path, ".p/") != NULL && !f->has_entries_failed) {
        s = fetch_hashes(f, b, true, &err);
        if (s == STATUS_OK)
            return;
    }
    if (s == STATUS_OK && g->body.len < (size_t)b->width * HASH_SIZE)
        s = error_set(&err, STATUS_REFUSED, "a tile of hashes that is too short");
    if (s == STATUS_OK && !f->has_entries_failed) {
        builder_reset(&b->hash_tile);
        builder_bytes(&b->hash_tile, builder_view(&g->body));
        work(f, b);
        return;
    }
    if (s != STATUS_OK)
        fail(f, s, &err);
    follower_batch_reset(b);
    follower_entries_pump(f);
}

static void on_worked(void *cookie)
{
    struct batch *b = cookie;
    struct log_follower *f = b->f;
    struct error err;
    b->state = SLOT_READY;
    if (follower_ended(f))
        return;
    if (b->status == STATUS_AGAIN && !f->has_entries_failed) {
        enum status s = fetch_hashes(f, b, false, &err);
        if (s == STATUS_OK)
            return;
        fail(f, s, &err);
    }
    if (f->has_entries_failed)
        follower_batch_reset(b);
    commit_ready(f);
    if (!f->is_stopping)
        follower_entries_pump(f);
}

enum status follower_slots_init(struct log_follower *f, struct error *err)
{
    f->slots = calloc(FOLLOWER_SLOTS, sizeof *f->slots);
    if (f->slots == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = STATUS_OK;
    for (size_t i = 0; i < FOLLOWER_SLOTS && s == STATUS_OK; i++)
        s = follower_batch_init(&f->slots[i], f, err);
    return s;
}

void follower_slots_clear(struct log_follower *f)
{
    for (size_t i = 0; f->slots != NULL && i < FOLLOWER_SLOTS; i++)
        follower_batch_clear(&f->slots[i]);
    free(f->slots);
}
