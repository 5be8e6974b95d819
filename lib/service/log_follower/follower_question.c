/* Questions on a signed tree: one after the other. The answers of a log are believed when they lead to the root. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ct_json/ct_json.h"
#include "merkle/node.h"
#include "service/log_follower/follower_internal.h"

static void on_next(void *cookie);

static void question_free(struct question *q)
{
    builder_clear(&q->proof);
    free(q);
}

/* A thousand answers that are there already are no thousand calls deep. */
static void run_soon(struct log_follower *f)
{
    if (f->questions == NULL || f->is_stopping)
        return;
    f->under_way++;
    (void)f->ports.timer.start(f->ports.timer.context, 0, on_next, f);
}

static void drop_tiles(struct log_follower *f)
{
    if (f->has_tiles)
        tile_set_clear(&f->tiles);
    f->has_tiles = false;
}

static void finish(struct question *q, enum status status)
{
    struct log_follower *f = q->f;
    q->status = status;
    if (status != STATUS_OK)
        drop_tiles(f); /* what is wrong there is asked for again */
    q->done(q->cookie, q); /* the queue is not empty meanwhile: who asks again comes behind */
    f->questions = q->next;
    question_free(q);
    run_soon(f);
}

static bool is_root(const struct question *q, const uint8_t root[HASH_SIZE])
{
    return hasher_is_good(&q->f->hasher) && memcmp(root, q->root, HASH_SIZE) == 0;
}

/* ---- tiles ---- */

static void fetch_tiles(struct question *q);

static enum status evaluate_part(struct question *q, struct subtree part)
{
    builder_reset(&q->proof);
    return tile_set_evaluate(&q->f->tiles, part, q->root, q->hash, &q->proof, &q->err);
}

static enum status evaluate_frontier(struct question *q)
{
    struct log_follower *f = q->f;
    struct node_source source = tile_set_source(&f->tiles);
    uint8_t root[HASH_SIZE];
    enum status first = evaluate_part(q, (struct subtree){0, q->size});
    f->tiles.has_missing = false;
    enum status s = frontier_load(&q->frontier, &source, q->size, &q->err);
    if (s == STATUS_OK && (first == STATUS_AGAIN || f->tiles.has_missing))
        return STATUS_AGAIN;
    if (s != STATUS_OK || first != STATUS_OK)
        return s != STATUS_OK ? s : first;
    frontier_root(&q->frontier, &f->hasher, root);
    return memcmp(root, q->hash, HASH_SIZE) == 0 && hasher_is_good(&f->hasher)
               ? STATUS_OK
               : error_set(&q->err, STATUS_REFUSED, "tiles: they do not lead to the signed root");
}

static enum status evaluate(struct question *q)
{
    struct subtree part = {0, q->size};
    if (q->kind == QUESTION_FRONTIER)
        return evaluate_frontier(q);
    if (q->kind == QUESTION_LEAF)
        part = (struct subtree){q->index, q->index + 1};
    else if (q->kind == QUESTION_HASH)
        return error_set(&q->err, STATUS_USAGE, "a log of tiles knows no hashes");
    return evaluate_part(q, part);
}

static void ask_tiles(struct question *q)
{
    enum status s = evaluate(q);
    if (s != STATUS_AGAIN) {
        finish(q, s);
        return;
    }
    q->tile_at = 0;
    fetch_tiles(q);
}

static void on_tile(void *cookie, struct get *g);

static enum status start_tile(struct question *q, const struct tile *tile, struct error *err)
{
    char path[TILE_PATH_SIZE];
    tile_path(tile, path);
    return follower_get_start(q->f, q->from, path, "tile", TILE_SIZE_MAX, tile->width < TILE_WIDTH, on_tile, q, err);
}

static void fail(struct question *q, enum status status, const struct error *err)
{
    if (!q->has_failed) {
        q->err = *err;
        q->err.status = status;
    }
    q->has_failed = true;
}

static void on_tile(void *cookie, struct get *g)
{
    struct question *q = cookie;
    struct tile asked = {.level = 0};
    struct error err = g->err;
    enum status s = tile_parse_path(bytes_of_text(g->path), &asked, &err);
    struct tile_set_tile *tile = s == STATUS_OK ? tile_set_find(&q->f->tiles, &asked) : NULL;
    q->under_way--;
    if (tile == NULL) {
        s = STATUS_USAGE;
    } else if (g->status == STATUS_NOT_FOUND && asked.width < TILE_WIDTH && !q->has_failed) {
        /* Where the partial one has gone, the full one holds it. */
        asked.width = TILE_WIDTH;
        s = start_tile(q, &asked, &err);
        q->under_way += s == STATUS_OK;
    } else if (g->status != STATUS_OK) {
        s = g->status;
        err = g->err;
    } else {
        s = tile_set_put(tile, builder_view(&g->body), &err);
    }
    if (s != STATUS_OK)
        fail(q, s, &err);
    fetch_tiles(q);
}

/* A tile that is under way has no hashes either: tile_at goes over the array once. */
static void fetch_tiles(struct question *q)
{
    struct tile_set_tile *tile;
    struct error err = {.status = STATUS_OK};
    while (!q->has_failed && (tile = tile_set_next(&q->f->tiles, &q->tile_at)) != NULL) {
        enum status s = start_tile(q, &tile->tile, &err);
        if (s != STATUS_OK)
            fail(q, s, &err);
        q->under_way += s == STATUS_OK;
    }
    if (q->under_way > 0)
        return;
    if (q->has_failed)
        finish(q, q->err.status);
    else
        ask_tiles(q);
}

static void run_tiles(struct question *q)
{
    struct log_follower *f = q->f;
    bool is_same = f->has_tiles && f->tiles_from == q->from && f->tiles.tree_size == q->tree_size &&
                   memcmp(f->tiles_root, q->root, HASH_SIZE) == 0 &&
                   f->tiles.tiles.count < TILE_SET_MAX / 2; /* thousands of SCTs have their leaves in as many tiles */
    if (!is_same) {
        drop_tiles(f);
        tile_set_init(&f->tiles, q->tree_size, &f->hasher);
        f->has_tiles = true;
        f->tiles_from = q->from;
        memcpy(f->tiles_root, q->root, HASH_SIZE);
    }
    ask_tiles(q);
}

/* ---- RFC 6962 ---- */

static enum status take_consistency(struct question *q, struct bytes body)
{
    uint8_t root[HASH_SIZE];
    struct subtree part = {0, q->size};
    builder_reset(&q->proof);
    enum status s = ct_json_parse_consistency(body, &q->proof, &q->err);
    if (s == STATUS_OK)
        s = proof_evaluate_consistency(&q->f->hasher, part, q->tree_size, q->expected, builder_view(&q->proof), q->hash, root,
                                       &q->err);
    if (s == STATUS_OK && !is_root(q, root))
        s = error_set(&q->err, STATUS_REFUSED, "the consistency proof does not lead to the signed root");
    return s;
}

static enum status check_path(struct question *q, struct bytes path)
{
    uint8_t root[HASH_SIZE];
    struct subtree tree = {0, q->tree_size};
    enum status s = proof_evaluate_inclusion(&q->f->hasher, tree, q->index, q->hash, path, root, &q->err);
    if (s == STATUS_OK && !is_root(q, root))
        s = error_set(&q->err, STATUS_REFUSED, "the inclusion proof does not lead to the signed root");
    return s;
}

static enum status take_entry(struct question *q, struct bytes body)
{
    struct ct_json_blobs blobs;
    enum status s = ct_json_parse_entry_and_proof(body, &blobs, &q->err);
    if (s != STATUS_OK)
        return s;
    node_leaf_hash(&q->f->hasher, blobs.items[0], q->hash);
    builder_reset(&q->proof);
    builder_bytes(&q->proof, blobs.items[2]);
    s = check_path(q, blobs.items[2]);
    ct_json_blobs_clear(&blobs);
    return s;
}

static enum status take_inclusion(struct question *q, struct bytes body)
{
    builder_reset(&q->proof);
    enum status s = ct_json_parse_inclusion(body, &q->index, &q->proof, &q->err);
    return s == STATUS_OK ? check_path(q, builder_view(&q->proof)) : s;
}

static void on_json(void *cookie, struct get *g)
{
    struct question *q = cookie;
    enum status s = g->status;
    struct bytes body = builder_view(&g->body);
    if (s != STATUS_OK) {
        q->err = g->err;
        /* Logs say "not found" of a hash as they like. */
        if (q->kind == QUESTION_HASH && g->http_status == 400)
            s = STATUS_NOT_FOUND;
    } else if (q->kind == QUESTION_PREFIX) {
        s = take_consistency(q, body);
    } else if (q->kind == QUESTION_LEAF) {
        s = take_entry(q, body);
    } else {
        s = take_inclusion(q, body);
    }
    if (s == STATUS_MALFORMED)
        s = STATUS_REFUSED;
    finish(q, s);
}

static void write_hash(const struct question *q, struct builder *path)
{
    char memory[64];
    struct builder base64;
    builder_init_fixed(&base64, memory, sizeof memory);
    text_write_base64(&base64, BYTES_OF(q->hash));
    for (size_t i = 0; i < base64.len; i++) {
        if (memory[i] == '+' || memory[i] == '/' || memory[i] == '=')
            builder_printf(path, "%%%02X", (unsigned)memory[i]);
        else
            builder_u8(path, (uint8_t)memory[i]);
    }
}

static enum status run_json(struct question *q)
{
    char memory[FOLLOWER_PATH_MAX];
    struct builder path;
    const char *endpoint = "get-sth-consistency";
    builder_init_fixed(&path, memory, sizeof memory);
    if (q->kind == QUESTION_PREFIX) {
        builder_printf(&path, "ct/v1/get-sth-consistency?first=%" PRIu64 "&second=%" PRIu64, q->size, q->tree_size);
    } else if (q->kind == QUESTION_LEAF) {
        endpoint = "get-entry-and-proof";
        builder_printf(&path, "ct/v1/get-entry-and-proof?leaf_index=%" PRIu64 "&tree_size=%" PRIu64, q->index, q->tree_size);
    } else if (q->kind == QUESTION_HASH) {
        endpoint = "get-proof-by-hash";
        builder_text(&path, "ct/v1/get-proof-by-hash?hash=");
        write_hash(q, &path);
        builder_printf(&path, "&tree_size=%" PRIu64, q->tree_size);
    } else {
        return error_set(&q->err, STATUS_USAGE, "no log of RFC 6962 knows its frontier");
    }
    builder_u8(&path, '\0');
    return follower_get_start(q->f, q->from, memory, endpoint, CT_JSON_ENTRIES_MAX, q->kind == QUESTION_HASH, on_json, q, &q->err);
}

/* ---- the queue ---- */

/* What needs no answer of anybody. */
static bool is_trivial(struct question *q)
{
    if (q->kind != QUESTION_PREFIX || (q->size != 0 && q->size != q->tree_size))
        return false;
    if (q->size == 0)
        node_empty_hash(&q->f->hasher, q->hash);
    else
        memcpy(q->hash, q->root, HASH_SIZE);
    return true;
}

static void run(struct log_follower *f)
{
    struct question *q = f->questions;
    enum status s = STATUS_OK;
    bool is_outside = q->kind == QUESTION_LEAF ? q->index >= q->tree_size : q->kind != QUESTION_HASH && q->size > q->tree_size;
    if (is_outside) {
        finish(q, error_set(&q->err, STATUS_NOT_FOUND, "the tree is smaller"));
    } else if (is_trivial(q)) {
        finish(q, STATUS_OK);
    } else if (f->log.kind != LOG_KIND_RFC6962) {
        run_tiles(q);
    } else {
        s = run_json(q);
        if (s != STATUS_OK)
            finish(q, s);
    }
}

static void on_next(void *cookie)
{
    struct log_follower *f = cookie;
    if (!follower_ended(f) && f->questions != NULL)
        run(f);
}

enum status follower_ask(struct log_follower *f, const struct question *question, struct error *err)
{
    struct question *q = malloc(sizeof *q), **last = &f->questions;
    if (q == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *q = *question;
    q->f = f;
    q->next = NULL;
    q->err = (struct error){.status = STATUS_OK};
    builder_init(&q->proof, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    bool is_first = f->questions == NULL;
    while (*last != NULL)
        last = &(*last)->next;
    *last = q;
    /* done never comes before this returns. */
    if (is_first)
        run_soon(f);
    return STATUS_OK;
}

void follower_questions_drop(struct log_follower *f)
{
    while (f->questions != NULL) {
        struct question *q = f->questions;
        f->questions = q->next;
        question_free(q);
    }
    drop_tiles(f);
}
