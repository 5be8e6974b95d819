#include "tiled_tree/tree_read.h"

#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "merkle/node.h"
#include "tiled_tree/tree_write.h"

#define RESTORE "restore it from a mirror or a backup, then run fsck"

enum status tree_read_tile(const struct tree_read *t, struct tile tile, unsigned *width,
                           struct error *err)
{
    const struct object_store *store = t->store;
    char path[TILE_PATH_SIZE];
    leaf_format_path(t->format, &tile, path);
    builder_reset(t->scratch);
    enum status status = store->get(store->context, path, t->scratch, err);
    if (status == STATUS_NOT_FOUND && tile.width < TILE_WIDTH) {
        tile.width = TILE_WIDTH;
        leaf_format_path(t->format, &tile, path);
        builder_reset(t->scratch);
        status = store->get(store->context, path, t->scratch, err);
    }
    *width = tile.width;
    if (status != STATUS_NOT_FOUND)
        return status;
    if (tile_end_index(&tile) <= t->min_index)
        return error_set(err, STATUS_NOT_FOUND, "%s is pruned", path);
    return error_set(err, STATUS_REFUSED, "%s is missing: " RESTORE, path);
}

static enum status get_hashes(const struct tree_read *t, struct tile tile,
                              uint8_t (*hashes)[HASH_SIZE], struct error *err)
{
    unsigned width;
    enum status status = tree_read_tile(t, tile, &width, err);
    if (status != STATUS_OK)
        return status;
    if (t->scratch->len != (size_t)width * HASH_SIZE)
        return error_set(err, STATUS_REFUSED, "tile %u/%" PRIu64 " has %zu bytes, not %u: " RESTORE,
                         tile.level, tile.index, t->scratch->len, width * HASH_SIZE);
    memcpy(hashes, t->scratch->data, (size_t)tile.width * HASH_SIZE);
    return STATUS_OK;
}

/* ---- the right edge ---- */

static enum status check_bundle(const struct tree_read *t, const struct tree_edge *edge,
                                unsigned width, struct error *err)
{
    struct leaf_bundle parsed;
    uint8_t hashes[TILE_WIDTH][HASH_SIZE];
    enum status status = leaf_format_parse(t->format, builder_view(&edge->bundle), width, &parsed, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_REFUSED, "the partial entry bundle is damaged: " RESTORE);
    leaf_format_hash(t->format, t->hasher, parsed.leaves, width, hashes);
    if (memcmp(hashes, edge->hashes[0], (size_t)width * HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "the partial entry bundle does not hash to its tile: " RESTORE);
    return STATUS_OK;
}

static enum status load_partial_bundle(const struct tree_read *t, struct tile tile,
                                       struct tree_edge *edge, struct error *err)
{
    unsigned width;
    tile.is_entries = true;
    enum status status = tree_read_tile(t, tile, &width, err);
    if (status != STATUS_OK)
        return status;
    struct reader r;
    struct stored_leaf leaf;
    reader_init(&r, builder_view(t->scratch));
    for (unsigned i = 0; i < tile.width; i++) {
        if (!t->format->next(&r, &leaf))
            return error_set(err, STATUS_REFUSED, "the partial entry bundle is damaged: " RESTORE);
    }
    /* Of a full bundle only the front belongs to this tree. */
    builder_bytes(&edge->bundle, bytes_of(t->scratch->data, reader_offset(&r)));
    if (width == tile.width && !reader_is_at_end(&r))
        return error_set(err, STATUS_REFUSED, "the partial entry bundle is too long: " RESTORE);
    return check_bundle(t, edge, tile.width, err);
}

enum status tree_read_edge(const struct tree_read *t, uint64_t size, const uint8_t root[HASH_SIZE],
                           struct tree_edge *edge, struct error *err)
{
    uint8_t found[HASH_SIZE];
    builder_reset(&edge->bundle);
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile tile = tree_write_edge_tile(size, level, false);
        if (tile.width == 0)
            continue;
        enum status status = get_hashes(t, tile, edge->hashes[level], err);
        if (status == STATUS_OK && level == 0)
            status = load_partial_bundle(t, tile, edge, err);
        if (status != STATUS_OK)
            return status;
    }
    tree_edge_set_size(edge, size, t->hasher);
    tree_edge_root(edge, t->hasher, found);
    enum status status = hasher_status(t->hasher, err);
    if (status != STATUS_OK)
        return status;
    if (memcmp(found, root, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "the tiles of the tree of %" PRIu64 " entries do not lead to the root that "
                         "the record has: restore the tiles from a mirror or a backup, then run fsck",
                         size);
    return STATUS_OK;
}

/* ---- tiles and nodes ---- */

static const struct grown_tile *find_grown(const struct tree_read *t, const struct tile *tile)
{
    for (size_t i = 0; t->growth != NULL && i < t->growth->tile_count; i++) {
        const struct grown_tile *grown = &t->growth->tiles[i];
        if (grown->level == tile->level && grown->index == tile->index)
            return grown;
    }
    return NULL;
}

/* A full tile is right when its root is what the tile above says. The recursion ends at the right
 * edge, which is in memory and was checked against the record. */
static enum status load_checked(const struct tree_read *t, const struct tile *tile,
                                struct error *err)
{
    uint8_t expected[HASH_SIZE], hashes[TILE_WIDTH][HASH_SIZE], (*above)[HASH_SIZE];
    enum status status = tree_read_nodes(t, tile->level + 1, tile->index / TILE_WIDTH, &above, err);
    if (status != STATUS_OK)
        return status;
    memcpy(expected, above[tile->index % TILE_WIDTH], HASH_SIZE);
    status = get_hashes(t, *tile, hashes, err);
    if (status != STATUS_OK)
        return status;
    struct tile_cache_slot *slot = tile_cache_take(t->cache, tile);
    tree_edge_tile_nodes(t->hasher, hashes[0], TILE_WIDTH, slot->nodes);
    if (hasher_is_good(t->hasher) &&
        memcmp(slot->nodes[TILE_NODES_ROOT], expected, HASH_SIZE) == 0)
        return STATUS_OK;
    slot->width = 0;
    return error_set(err, STATUS_REFUSED,
                     "tile %u/%" PRIu64 " is not the one that the tree has: " RESTORE, tile->level,
                     tile->index);
}

enum status tree_read_nodes(const struct tree_read *t, unsigned level, uint64_t index,
                            uint8_t (**nodes)[HASH_SIZE], struct error *err)
{
    uint64_t size = tree_edge_size(t->edge);
    struct tile tile = {.level = level, .index = index, .width = tile_width(size, level, index)};
    if (level >= TREE_EDGE_LEVELS || tile.width == 0)
        return error_set(err, STATUS_NOT_FOUND, "no tile %u/%" PRIu64 " in a tree of %" PRIu64,
                         level, index, size);
    struct tile_cache_slot *slot = tile_cache_find(t->cache, &tile);
    const struct grown_tile *grown = slot == NULL ? find_grown(t, &tile) : NULL;
    if (slot == NULL && tile.width == TILE_WIDTH && grown == NULL) {
        enum status status = load_checked(t, &tile, err);
        if (status != STATUS_OK)
            return status;
        slot = tile_cache_find(t->cache, &tile);
    }
    if (slot == NULL) {
        slot = tile_cache_take(t->cache, &tile);
        tree_edge_tile_nodes(t->hasher,
                             grown != NULL ? grown->hashes[0] : t->edge->hashes[level][0],
                             tile.width, slot->nodes);
    }
    *nodes = slot->nodes;
    return hasher_status(t->hasher, err);
}

enum status tree_read_node(const struct tree_read *t, unsigned level, uint64_t index,
                           uint8_t out[HASH_SIZE], struct error *err)
{
    const struct frontier *f = &t->edge->frontier;
    if (level < 64 && ((f->size >> level) & 1) != 0 && index == (f->size >> level) - 1) {
        memcpy(out, f->hashes[level], HASH_SIZE);
        return STATUS_OK;
    }
    struct tile tile;
    unsigned first, count;
    uint8_t(*nodes)[HASH_SIZE];
    tile_of_node(f->size, level, index, &tile, &first, &count);
    enum status status = tree_read_nodes(t, tile.level, tile.index, &nodes, err);
    if (status != STATUS_OK)
        return status;
    unsigned k = level % TILE_HEIGHT;
    memcpy(out, nodes[tree_edge_node_offset(k) + (first >> k)], HASH_SIZE);
    return STATUS_OK;
}
