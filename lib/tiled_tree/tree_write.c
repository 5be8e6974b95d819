#include "tiled_tree/tree_write.h"

#include <stdio.h>
#include <string.h>

#include "base/reader.h"

/* An immutable object: equal to what is there, if anything is. It is put again in that case too,
 * because whoever put it may have died before a sync. */
static enum status put_immutable(struct tree_write *w, const struct tile *tile, struct bytes value,
                                 struct error *err)
{
    const struct object_store *store = w->store;
    char path[TILE_PATH_SIZE];
    leaf_format_path(w->format, tile, path);
    if (!w->is_replacing) {
        builder_reset(w->scratch);
        enum status status = store->get(store->context, path, w->scratch, err);
        if (status == STATUS_OK && !bytes_equal(builder_view(w->scratch), value))
            return error_set(err, STATUS_REFUSED,
                             "%s is there already, with other bytes: the objects are of another "
                             "history than the record; restore the newer of the two, then run fsck",
                             path);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    w->put_bytes += value.len;
    return store->put(store->context, path, value, err);
}

static enum status put_full_tiles(struct tree_write *w, const struct tree_growth *growth,
                                  struct error *err)
{
    for (size_t i = 0; i < growth->tile_count; i++) {
        const struct grown_tile *t = &growth->tiles[i];
        struct tile tile = {.level = t->level, .index = t->index, .width = TILE_WIDTH};
        enum status status = put_immutable(w, &tile, BYTES_OF(t->hashes), err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status put_full_bundles(struct tree_write *w, const struct tree_growth *growth,
                                    struct error *err)
{
    struct builder whole;
    builder_init(&whole, leaf_format_bundle_max(w->format));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < growth->bundle_count && status == STATUS_OK; i++) {
        const struct grown_bundle *b = &growth->bundles[i];
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
            status = put_immutable(w, &tile, value, err);
    }
    builder_clear(&whole);
    return status;
}

struct tile tree_write_edge_tile(uint64_t size, unsigned level, bool is_entries)
{
    return (struct tile){.is_entries = is_entries,
                         .level = level,
                         .index = size >> (TILE_HEIGHT * (level + 1)),
                         .width = (unsigned)(size >> (TILE_HEIGHT * level)) % TILE_WIDTH};
}

static enum status put_partials(struct tree_write *w, const struct tree_edge *edge,
                                uint64_t old_size, struct error *err)
{
    uint64_t size = tree_edge_size(edge);
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile old = tree_write_edge_tile(old_size, level, false);
        struct tile tile = tree_write_edge_tile(size, level, false);
        if (tile.width == 0 || (tile.width == old.width && tile.index == old.index))
            continue;
        struct bytes hashes = bytes_of(edge->hashes[level], (size_t)tile.width * HASH_SIZE);
        enum status status = put_immutable(w, &tile, hashes, err);
        if (status != STATUS_OK)
            return status;
    }
    struct tile bundle = tree_write_edge_tile(size, 0, true);
    if (bundle.width == 0)
        return STATUS_OK;
    return put_immutable(w, &bundle, builder_view(&edge->bundle), err);
}

enum status tree_write_full(struct tree_write *w, const struct tree_growth *growth,
                            struct error *err)
{
    enum status status = put_full_tiles(w, growth, err);
    return status == STATUS_OK ? put_full_bundles(w, growth, err) : status;
}

/* The front of the edge's bundle: `width` entries. */
static struct bytes front_of_bundle(const struct tree_edge *edge, unsigned width)
{
    struct reader r;
    struct stored_leaf leaf;
    reader_init(&r, builder_view(&edge->bundle));
    for (unsigned i = 0; i < width; i++)
        if (!edge->format->next(&r, &leaf))
            break;
    return bytes_of(edge->bundle.data, reader_offset(&r));
}

enum status tree_write_partials_within(struct tree_write *w, const struct tree_edge *edge,
                                       uint64_t size, struct error *err)
{
    enum status status = STATUS_OK;
    for (unsigned level = 0; level < TREE_EDGE_LEVELS && status == STATUS_OK; level++) {
        struct tile here = tree_write_edge_tile(tree_edge_size(edge), level, false);
        struct tile tile = tree_write_edge_tile(size, level, false);
        if (tile.width == 0 || tile.index != here.index)
            continue;
        struct bytes hashes = bytes_of(edge->hashes[level], (size_t)tile.width * HASH_SIZE);
        status = put_immutable(w, &tile, hashes, err);
        if (status != STATUS_OK || level > 0)
            continue;
        tile.is_entries = true;
        status = put_immutable(w, &tile, front_of_bundle(edge, tile.width), err);
    }
    return status;
}

enum status tree_write_growth(struct tree_write *w, const struct tree_growth *growth,
                              const struct tree_edge *edge, uint64_t old_size, struct error *err)
{
    enum status status = tree_write_full(w, growth, err);
    if (status == STATUS_OK)
        status = put_partials(w, edge, old_size, err);
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

static enum status drop_partials_of(const struct object_store *store, const struct leaf_format *format,
                                    struct tile tile, uint64_t kept_size, struct error *err)
{
    struct dropping d = {.store = store, .kept = ""};
    struct tile kept = tree_write_edge_tile(kept_size, tile.level, tile.is_entries);
    if (kept.index == tile.index && kept.width > 0)
        leaf_format_path(format, &kept, d.kept);
    tile.width = TILE_WIDTH;
    char path[TILE_PATH_SIZE], prefix[TILE_PATH_SIZE + 4];
    leaf_format_path(format, &tile, path);
    (void)snprintf(prefix, sizeof prefix, "%s.p/", path);
    return store->list(store->context, prefix, drop_one, &d, err);
}

enum status tree_write_drop_partials(const struct object_store *store, const struct leaf_format *format,
                                     uint64_t old_size, uint64_t new_size, uint64_t kept_size,
                                     struct error *err)
{
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile tile = tree_write_edge_tile(old_size, level, false);
        if (tile.width == 0 || tree_write_edge_tile(new_size, level, false).index == tile.index)
            continue;
        enum status status = drop_partials_of(store, format, tile, kept_size, err);
        if (status == STATUS_OK && level == 0) {
            tile.is_entries = true;
            status = drop_partials_of(store, format, tile, kept_size, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
