/* The public objects of the tree: what a batch puts, and which partial tiles it makes superfluous. */
#include <stdio.h>
#include <string.h>

#include "service/issuance_log/log_internal.h"

/* An immutable object: equal to what is there, if anything is. It is put again in that case too,
 * because whoever put it may have died before a sync. */
static enum status put_immutable(struct issuance_log *log, const struct tile *tile,
                                 struct bytes value, bool is_recovery, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    char path[TILE_PATH_SIZE];
    tile_path(tile, path);
    if (!is_recovery) {
        builder_reset(&log->scratch);
        enum status status = store->get(store->context, path, &log->scratch, err);
        if (status == STATUS_OK && !bytes_equal(builder_view(&log->scratch), value))
            return error_set(err, STATUS_REFUSED,
                             "%s is there already, with other bytes: the objects are of another "
                             "history than the record; restore the newer of the two, then run fsck",
                             path);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    log->unsettled_bytes += value.len;
    return store->put(store->context, path, value, err);
}

static enum status put_full_tiles(struct issuance_log *log, bool is_recovery, struct error *err)
{
    for (size_t i = 0; i < log->growth.tile_count; i++) {
        const struct grown_tile *t = &log->growth.tiles[i];
        struct tile tile = {.level = t->level, .index = t->index, .width = TILE_WIDTH};
        enum status status = put_immutable(log, &tile, BYTES_OF(t->hashes), is_recovery, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status put_full_bundles(struct issuance_log *log, bool is_recovery, struct error *err)
{
    struct builder whole;
    builder_init(&whole, ENTRY_BUNDLE_SIZE_MAX);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < log->growth.bundle_count && status == STATUS_OK; i++) {
        const struct grown_bundle *b = &log->growth.bundles[i];
        struct tile tile = {.is_entries = true, .index = b->index, .width = TILE_WIDTH};
        struct bytes value = b->tail;
        if (b->head.len > 0) {
            builder_reset(&whole);
            builder_bytes(&whole, b->head);
            builder_bytes(&whole, b->tail);
            value = builder_view(&whole);
            status = builder_status(&whole, "entry bundle", err);
        }
        if (status == STATUS_OK)
            status = put_immutable(log, &tile, value, is_recovery, err);
    }
    builder_clear(&whole);
    return status;
}

/* The tile at the right edge of a level, as a tree of this size has it. */
static struct tile edge_tile(uint64_t size, unsigned level, bool is_entries)
{
    return (struct tile){.is_entries = is_entries,
                         .level = level,
                         .index = size >> (TILE_HEIGHT * (level + 1)),
                         .width = (unsigned)(size >> (TILE_HEIGHT * level)) % TILE_WIDTH};
}

static enum status put_partials(struct issuance_log *log, uint64_t old_size, bool is_recovery,
                                struct error *err)
{
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile old = edge_tile(old_size, level, false);
        struct tile tile = edge_tile(log_size(log), level, false);
        if (tile.width == 0 || (tile.width == old.width && tile.index == old.index))
            continue;
        struct bytes hashes = bytes_of(log->edge->hashes[level], (size_t)tile.width * HASH_SIZE);
        enum status status = put_immutable(log, &tile, hashes, is_recovery, err);
        if (status != STATUS_OK)
            return status;
    }
    struct tile bundle = edge_tile(log_size(log), 0, true);
    if (bundle.width == 0)
        return STATUS_OK;
    return put_immutable(log, &bundle, builder_view(&log->edge->bundle), is_recovery, err);
}

enum status log_put_tree(struct issuance_log *log, uint64_t old_size, bool is_recovery,
                         struct error *err)
{
    enum status status = put_full_tiles(log, is_recovery, err);
    if (status == STATUS_OK)
        status = put_full_bundles(log, is_recovery, err);
    if (status == STATUS_OK)
        status = put_partials(log, old_size, is_recovery, err);
    return status;
}

/* ---- superfluous partials ---- */

struct dropping {
    const struct object_store *store;
    char kept[TILE_PATH_SIZE]; /* or empty */
};

static enum status drop_one(void *context, const char *name, struct error *err)
{
    const struct dropping *d = context;
    if (strcmp(name, d->kept) == 0)
        return STATUS_OK;
    return d->store->remove(d->store->context, name, err);
}

static enum status drop_partials_of(struct issuance_log *log, struct tile tile, uint64_t kept_size,
                                    struct error *err)
{
    struct dropping d = {.store = &log->config.public_store, .kept = ""};
    struct tile kept = edge_tile(kept_size, tile.level, tile.is_entries);
    if (kept.index == tile.index && kept.width > 0)
        tile_path(&kept, d.kept);
    tile.width = TILE_WIDTH;
    char path[TILE_PATH_SIZE], prefix[TILE_PATH_SIZE + 4];
    tile_path(&tile, path);
    (void)snprintf(prefix, sizeof prefix, "%s.p/", path);
    return d.store->list(d.store->context, prefix, drop_one, &d, err);
}

enum status log_drop_partials(struct issuance_log *log, uint64_t old_size, uint64_t kept_size,
                              struct error *err)
{
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile tile = edge_tile(old_size, level, false);
        if (tile.width == 0 || edge_tile(log_size(log), level, false).index == tile.index)
            continue;
        enum status status = drop_partials_of(log, tile, kept_size, err);
        if (status == STATUS_OK && level == 0) {
            tile.is_entries = true;
            status = drop_partials_of(log, tile, kept_size, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
