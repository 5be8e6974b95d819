/* Reading the tree: nothing from the public store is believed before it has led to the root. */
#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "merkle/node.h"
#include "service/issuance_log/log_internal.h"

/* Gets a tile or bundle into log->scratch. Where the partial object has gone, the full one holds it
 * [C2SP tlog-tiles]; *width is how much was got. */
static enum status get_tile(struct issuance_log *log, struct tile tile, unsigned *width,
                            struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    char path[TILE_PATH_SIZE];
    tile_path(&tile, path);
    builder_reset(&log->scratch);
    enum status status = store->get(store->context, path, &log->scratch, err);
    if (status == STATUS_NOT_FOUND && tile.width < TILE_WIDTH) {
        tile.width = TILE_WIDTH;
        tile_path(&tile, path);
        builder_reset(&log->scratch);
        status = store->get(store->context, path, &log->scratch, err);
    }
    *width = tile.width;
    if (status != STATUS_NOT_FOUND)
        return status;
    if (tile_end_index(&tile) <= log->record.min_index)
        return error_set(err, STATUS_NOT_FOUND, "%s is pruned", path);
    return error_set(err, STATUS_REFUSED, "%s is missing: restore it from a mirror or a backup, then run fsck", path);
}

static enum status get_hashes(struct issuance_log *log, struct tile tile,
                              uint8_t (*hashes)[HASH_SIZE], struct error *err)
{
    unsigned width;
    enum status status = get_tile(log, tile, &width, err);
    if (status != STATUS_OK)
        return status;
    if (log->scratch.len != (size_t)width * HASH_SIZE)
        return error_set(err, STATUS_REFUSED, "tile %u/%" PRIu64 " has %zu bytes, not %u: restore it from a mirror or a backup, then run fsck",
                         tile.level, tile.index, log->scratch.len, width * HASH_SIZE);
    memcpy(hashes, log->scratch.data, (size_t)tile.width * HASH_SIZE);
    return STATUS_OK;
}

/* ---- the right edge ---- */

static enum status check_bundle(struct issuance_log *log, struct bytes bytes, unsigned width,
                                struct error *err)
{
    struct entry_bundle parsed;
    uint8_t hashes[TILE_WIDTH][HASH_SIZE];
    enum status status = entry_bundle_parse(bytes, width, &parsed, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_REFUSED, "the partial entry bundle is damaged: restore it from a mirror or a backup, then run fsck");
    hasher_many(&log->hasher, 0, parsed.entries, width, hashes);
    if (memcmp(hashes, log->edge->hashes[0], (size_t)width * HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "the partial entry bundle does not hash to its tile: restore it from a mirror or a backup, then run fsck");
    return STATUS_OK;
}

static enum status load_partial_bundle(struct issuance_log *log, struct tile tile,
                                       struct error *err)
{
    unsigned width;
    tile.is_entries = true;
    enum status status = get_tile(log, tile, &width, err);
    if (status != STATUS_OK)
        return status;
    struct reader r;
    struct bytes entry;
    reader_init(&r, builder_view(&log->scratch));
    for (unsigned i = 0; i < tile.width; i++) {
        if (!entry_bundle_next(&r, &entry))
            return error_set(err, STATUS_REFUSED, "the partial entry bundle is damaged: restore it from a mirror or a backup, then run fsck");
    }
    /* Of a full bundle only the front belongs to this tree. */
    builder_bytes(&log->edge->bundle, bytes_of(log->scratch.data, reader_offset(&r)));
    if (width == tile.width && !reader_is_at_end(&r))
        return error_set(err, STATUS_REFUSED, "the partial entry bundle is too long: restore it from a mirror or a backup, then run fsck");
    return check_bundle(log, builder_view(&log->edge->bundle), tile.width, err);
}

enum status log_load_edge(struct issuance_log *log, uint64_t size, const uint8_t root[HASH_SIZE],
                          struct error *err)
{
    struct tree_edge *edge = log->edge;
    uint8_t found[HASH_SIZE];
    builder_reset(&edge->bundle);
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++) {
        struct tile tile = {.level = level,
                            .index = size >> (TILE_HEIGHT * (level + 1)),
                            .width = (unsigned)(size >> (TILE_HEIGHT * level)) % TILE_WIDTH};
        if (tile.width == 0)
            continue;
        enum status status = get_hashes(log, tile, edge->hashes[level], err);
        if (status == STATUS_OK && level == 0)
            status = load_partial_bundle(log, tile, err);
        if (status != STATUS_OK)
            return status;
    }
    tree_edge_set_size(edge, size, &log->hasher);
    tree_edge_root(edge, &log->hasher, found);
    enum status status = hasher_status(&log->hasher, err);
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

static const struct grown_tile *find_grown(const struct issuance_log *log, const struct tile *tile)
{
    for (size_t i = 0; i < log->growth.tile_count; i++) {
        const struct grown_tile *t = &log->growth.tiles[i];
        if (t->level == tile->level && t->index == tile->index)
            return t;
    }
    return NULL;
}

/* A full tile is right when its root is what the tile above says. The recursion ends at the right
 * edge, which is in memory and was checked against the record. */
static enum status load_checked(struct issuance_log *log, const struct tile *tile,
                                struct error *err)
{
    uint8_t expected[HASH_SIZE], hashes[TILE_WIDTH][HASH_SIZE], (*above)[HASH_SIZE];
    enum status status = log_tile_nodes(log, tile->level + 1, tile->index / TILE_WIDTH, &above, err);
    if (status != STATUS_OK)
        return status;
    memcpy(expected, above[tile->index % TILE_WIDTH], HASH_SIZE);
    status = get_hashes(log, *tile, hashes, err);
    if (status != STATUS_OK)
        return status;
    struct tile_cache_slot *slot = tile_cache_take(&log->cache, tile);
    tree_edge_tile_nodes(&log->hasher, hashes[0], TILE_WIDTH, slot->nodes);
    if (hasher_is_good(&log->hasher) &&
        memcmp(slot->nodes[TILE_NODES_ROOT], expected, HASH_SIZE) == 0)
        return STATUS_OK;
    slot->width = 0;
    return error_set(err, STATUS_REFUSED,
                     "tile %u/%" PRIu64 " is not the one that the tree has: restore it from a mirror or a backup, then run fsck", tile->level,
                     tile->index);
}

enum status log_tile_nodes(struct issuance_log *log, unsigned level, uint64_t index,
                           uint8_t (**nodes)[HASH_SIZE], struct error *err)
{
    struct tile tile = {
        .level = level, .index = index, .width = tile_width(log_size(log), level, index)};
    if (level >= TREE_EDGE_LEVELS || tile.width == 0)
        return error_set(err, STATUS_NOT_FOUND, "no tile %u/%" PRIu64 " in a tree of %" PRIu64,
                         level, index, log_size(log));
    struct tile_cache_slot *slot = tile_cache_find(&log->cache, &tile);
    const struct grown_tile *grown = slot == NULL ? find_grown(log, &tile) : NULL;
    if (slot == NULL && tile.width == TILE_WIDTH && grown == NULL) {
        enum status status = load_checked(log, &tile, err);
        if (status != STATUS_OK)
            return status;
        slot = tile_cache_find(&log->cache, &tile);
    }
    if (slot == NULL) {
        slot = tile_cache_take(&log->cache, &tile);
        tree_edge_tile_nodes(&log->hasher,
                             grown != NULL ? grown->hashes[0] : log->edge->hashes[level][0],
                             tile.width, slot->nodes);
    }
    *nodes = slot->nodes;
    return hasher_status(&log->hasher, err);
}

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE],
                             struct error *err)
{
    struct issuance_log *log = context;
    const struct frontier *f = &log->edge->frontier;
    if (level < 64 && ((f->size >> level) & 1) != 0 && index == (f->size >> level) - 1) {
        memcpy(out, f->hashes[level], HASH_SIZE);
        return STATUS_OK;
    }
    struct tile tile;
    unsigned first, count;
    uint8_t(*nodes)[HASH_SIZE];
    tile_of_node(f->size, level, index, &tile, &first, &count);
    enum status status = log_tile_nodes(log, tile.level, tile.index, &nodes, err);
    if (status != STATUS_OK)
        return status;
    unsigned k = level % TILE_HEIGHT;
    memcpy(out, nodes[tree_edge_node_offset(k) + (first >> k)], HASH_SIZE);
    return STATUS_OK;
}

struct node_source log_node_source(struct issuance_log *log)
{
    return (struct node_source){.context = log, .read = read_node};
}

/* ---- entries ---- */

enum status log_read_bundle(struct issuance_log *log, uint64_t bundle_index, struct error *err)
{
    unsigned width = tile_width(log_size(log), 0, bundle_index), got;
    log->bundle_index = UINT64_MAX;
    builder_reset(&log->bundle);
    if (width < TILE_WIDTH) {
        builder_bytes(&log->bundle, builder_view(&log->edge->bundle));
    } else {
        struct tile tile = {.is_entries = true, .index = bundle_index, .width = width};
        enum status status = get_tile(log, tile, &got, err);
        if (status != STATUS_OK)
            return status;
        builder_bytes(&log->bundle, builder_view(&log->scratch));
    }
    enum status status = builder_status(&log->bundle, "entry bundle", err);
    if (status == STATUS_OK)
        status = entry_bundle_parse(builder_view(&log->bundle), width, &log->parsed, err);
    if (status == STATUS_MALFORMED)
        return error_set(err, STATUS_REFUSED, "entry bundle %" PRIu64 " is damaged: restore it from a mirror or a backup, then run fsck",
                         bundle_index);
    if (status == STATUS_OK && width == TILE_WIDTH)
        log->bundle_index = bundle_index; /* a partial one would be stale after the next batch */
    return status;
}

enum status log_check_index(const struct issuance_log *log, uint64_t index, struct error *err)
{
    enum status status = log_check_alive(log, err);
    if (status != STATUS_OK)
        return status;
    if (index >= log_size(log))
        return error_set(err, STATUS_NOT_FOUND, "no entry %" PRIu64 ": the log has %" PRIu64, index,
                         log_size(log));
    if (index < log->record.min_index)
        return error_set(err, STATUS_NOT_FOUND,
                         "entry %" PRIu64 " is pruned: the minimum index is %" PRIu64, index,
                         log->record.min_index);
    return STATUS_OK;
}

enum status log_read_entry(struct issuance_log *log, uint64_t index, struct builder *out,
                           struct error *err)
{
    enum status status = log_check_index(log, index, err);
    if (status != STATUS_OK)
        return status;
    if (log->bundle_index != index / TILE_WIDTH) {
        status = log_read_bundle(log, index / TILE_WIDTH, err);
        if (status != STATUS_OK)
            return status;
    }
    uint8_t(*nodes)[HASH_SIZE], found[HASH_SIZE];
    struct bytes entry = log->parsed.entries[index % TILE_WIDTH];
    status = log_tile_nodes(log, 0, index / TILE_WIDTH, &nodes, err);
    if (status != STATUS_OK)
        return status;
    node_leaf_hash(&log->hasher, entry, found);
    if (memcmp(found, nodes[index % TILE_WIDTH], HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "entry %" PRIu64 " does not hash to its leaf in the tree: restore it from a mirror or a backup, then run fsck", index);
    builder_bytes(out, entry);
    return builder_status(out, "log entry", err);
}
