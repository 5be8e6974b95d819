/* The tree part of fsck: every hash again, from the entry bundles up to the root. */
#include <inttypes.h>
#include <string.h>

#include "codec/mtc/log_entry.h"
#include "codec/mtc/tbs_entry.h"
#include "log_engine/log_internal.h"

/* What a tile holds according to the store, cut to the width that the tree gives it. */
static enum status get_stored(struct fsck *f, struct tile tile, struct bytes *stored,
                              struct error *err)
{
    char path[TILE_PATH_SIZE];
    bool is_there = false;
    *stored = bytes_of(NULL, 0);
    leaf_format_path(f->log->config.leaf_format, &tile, path);
    enum status status = log_fsck_get(f, &f->log->config.public_store, path, &is_there, err);
    if (status != STATUS_OK || is_there) {
        *stored = builder_view(&f->bytes);
        return status;
    }
    /* A writer that is alive may have replaced a partial object by the full one. */
    if (tile.width < TILE_WIDTH && f->log->config.is_read_only) {
        size_t len = (size_t)tile.width * HASH_SIZE;
        tile.width = TILE_WIDTH;
        leaf_format_path(f->log->config.leaf_format, &tile, path);
        status = log_fsck_get(f, &f->log->config.public_store, path, &is_there, err);
        if (is_there && !tile.is_entries && f->bytes.len == TILE_SIZE_MAX)
            *stored = bytes_of(f->bytes.data, len);
        else if (is_there)
            *stored = builder_view(&f->bytes);
    }
    if (status == STATUS_OK && !is_there)
        log_fsck_problem(f, "%s is missing: restore it from a mirror or a backup", path);
    return status;
}

/* Compares f->current with the stored tile. */
static enum status check_tile(struct fsck *f, struct tile tile, struct error *err)
{
    struct bytes stored;
    enum status status = get_stored(f, tile, &stored, err);
    if (status != STATUS_OK || stored.data == NULL)
        return status;
    f->report->tiles_checked++;
    size_t len = (size_t)tile.width * HASH_SIZE;
    if (stored.len != len || memcmp(stored.data, f->current[tile.level], len) != 0) {
        char path[TILE_PATH_SIZE];
        leaf_format_path(f->log->config.leaf_format, &tile, path);
        log_fsck_problem(f, "%s does not have the hashes of what is below it: restore it from a mirror "
                         "or a backup", path);
    }
    return STATUS_OK;
}

/* Where a reader got the full bundle for a partial one it has more entries than asked for. */
static enum status parse_front(const struct fsck *f, struct bytes bytes, unsigned width,
                               struct leaf_bundle *out)
{
    const struct leaf_format *format = f->log->config.leaf_format;
    enum status status = leaf_format_parse(format, bytes, width, out, NULL);
    if (status == STATUS_OK || !f->log->config.is_read_only)
        return status;
    return leaf_format_parse(format, bytes, TILE_WIDTH, out, NULL);
}

/* Landmarks live as long as the record says that entries do [MTC 6.4.1]. */
static void check_date(struct fsck *f, struct bytes bytes, uint64_t index)
{
    struct log_entry entry;
    struct tbs_entry tbs;
    if (log_entry_parse(bytes, &entry, NULL) == STATUS_OK && entry.type == LOG_ENTRY_TBS_CERT &&
        tbs_entry_parse(entry.data, &tbs, NULL) == STATUS_OK &&
        tbs.not_after_s > (int64_t)f->log->record.max_not_after_s)
        log_fsck_problem(f, "entry %" PRIu64 " expires after the record's max-not-after: restore the record",
                         index);
}

static void check_form(struct fsck *f, const struct stored_leaf *leaf, uint64_t index)
{
    struct error err = {.status = STATUS_OK};
    if (f->log->config.leaf_format->check(leaf->entry, index, &err) != STATUS_OK)
        log_fsck_problem(f, "entry %" PRIu64 ": %s", index, err.text);
}

/* A tree head is not older than what is in its tree [RFC6962 3.5], and an entry stands where its SCT says. */
static void check_ct(struct fsck *f, const struct stored_leaf *leaf, uint64_t index)
{
    if (leaf->time_ms > f->log->head.timestamp_ms)
        log_fsck_problem(f, "entry %" PRIu64 " has a later time than the published tree head", index);
    check_form(f, leaf, index);
}

static void check_dates(struct fsck *f, const struct leaf_bundle *bundle, struct tile tile)
{
    for (size_t i = 0; i < tile.width; i++) {
        uint64_t index = tile.index * TILE_WIDTH + i;
        if (log_is_ct(f->log))
            check_ct(f, &bundle->leaves[i], index);
        else if (log_has_landmarks(f->log))
            check_date(f, bundle->leaves[i].entry, index);
        else
            check_form(f, &bundle->leaves[i], index);
    }
}

/* The leaf hashes of a bundle into f->current[0]; of the stored tile, when the bundle is no help. */
static enum status hash_bundle(struct fsck *f, struct tile tile, struct error *err)
{
    struct leaf_bundle *parsed = &f->log->parsed;
    struct bytes stored;
    f->log->bundle_index = UINT64_MAX;
    tile.is_entries = true;
    enum status status = get_stored(f, tile, &stored, err);
    if (status != STATUS_OK)
        return status;
    if (stored.data != NULL && parse_front(f, stored, tile.width, parsed) == STATUS_OK) {
        leaf_format_hash(f->log->config.leaf_format, &f->log->hasher, parsed->leaves, tile.width, f->current[0]);
        f->report->entries_checked += tile.width;
        check_dates(f, parsed, tile);
        return hasher_status(&f->log->hasher, err);
    }
    if (stored.data != NULL)
        log_fsck_problem(f, "entry bundle %" PRIu64 " is damaged: restore it from a mirror or a backup",
                         tile.index);
    tile.is_entries = false;
    status = get_stored(f, tile, &stored, err);
    if (status == STATUS_OK && stored.len == (size_t)tile.width * HASH_SIZE)
        memcpy(f->current[0], stored.data, stored.len);
    return status;
}

/* The tiles that cover the minimum index have hashes of entries that are pruned: taken as they are,
 * the root vouches for them. */
static enum status prefill(struct fsck *f, struct error *err)
{
    uint64_t size = log_size(f->log), min_index = f->log->record.min_index;
    for (unsigned level = 1; level < TREE_EDGE_LEVELS; level++) {
        unsigned first = (unsigned)(min_index >> (TILE_HEIGHT * level)) % TILE_WIDTH;
        struct tile tile = {.level = level, .index = min_index >> (TILE_HEIGHT * (level + 1))};
        tile.width = tile_width(size, level, tile.index);
        struct bytes stored;
        if (first == 0 || tile.width == 0)
            continue;
        enum status status = get_stored(f, tile, &stored, err);
        if (status != STATUS_OK)
            return status;
        if (stored.len >= (size_t)first * HASH_SIZE)
            memcpy(f->current[level], stored.data, (size_t)first * HASH_SIZE);
    }
    return STATUS_OK;
}

/* Takes the root of a full tile one level up, and checks that tile when it is full. */
static enum status climb(struct fsck *f, uint64_t tile_index, struct error *err)
{
    uint8_t nodes[TILE_NODES][HASH_SIZE];
    for (unsigned level = 0; level + 1 < TREE_EDGE_LEVELS; level++) {
        tree_edge_tile_nodes(&f->log->hasher, f->current[level][0], TILE_WIDTH, nodes);
        unsigned at = (unsigned)(tile_index % TILE_WIDTH);
        memcpy(f->current[level + 1][at], nodes[TILE_NODES_ROOT], HASH_SIZE);
        if (at != TILE_WIDTH - 1)
            break;
        tile_index /= TILE_WIDTH;
        struct tile tile = {.level = level + 1, .index = tile_index, .width = TILE_WIDTH};
        enum status status = check_tile(f, tile, err);
        if (status != STATUS_OK)
            return status;
    }
    return hasher_status(&f->log->hasher, err);
}

static enum status check_edge(struct fsck *f, struct error *err)
{
    struct log_engine *log = f->log;
    struct tree_edge *edge = log->next_edge; /* free between two batches */
    uint64_t size = log_size(log);
    uint8_t root[HASH_SIZE];
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile tile = {.level = level,
                            .index = size >> (TILE_HEIGHT * (level + 1)),
                            .width = tree_edge_width(log->edge, level)};
        memcpy(edge->hashes[level], f->current[level], sizeof edge->hashes[level]);
        /* Level 0 was checked with its bundle. */
        enum status status =
            level > 0 && tile.width > 0 ? check_tile(f, tile, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
    }
    tree_edge_set_size(edge, size, &log->hasher);
    tree_edge_root(edge, &log->hasher, root);
    if (memcmp(root, log->root, HASH_SIZE) != 0)
        log_fsck_problem(f, "the entries do not lead to the root of the record (%" PRIu64 " entries): "
                         "the objects named above differ from those that were signed", size);
    return hasher_status(&log->hasher, err);
}

enum status log_fsck_tree(struct fsck *f, struct error *err)
{
    uint64_t size = log_size(f->log);
    enum status status = prefill(f, err);
    for (uint64_t at = f->log->record.min_index; at < size && status == STATUS_OK; at += TILE_WIDTH) {
        struct tile tile = {.index = at / TILE_WIDTH, .width = tile_width(size, 0, at / TILE_WIDTH)};
        status = hash_bundle(f, tile, err);
        if (status == STATUS_OK)
            status = check_tile(f, tile, err);
        if (status == STATUS_OK && tile.width == TILE_WIDTH)
            status = climb(f, tile.index, err);
        if (f->progress != NULL && tile.index % 64 == 0)
            f->progress(f->context, at, size);
    }
    return status == STATUS_OK ? check_edge(f, err) : status;
}
