/* Reading the tree: nothing from the public store is believed before it has led to the root. */
#include <inttypes.h>
#include <string.h>

#include "merkle/node.h"
#include "log_engine/log_internal.h"
#include "tiled_tree/tree_read.h"

static struct tree_read reading(struct log_engine *log)
{
    return (struct tree_read){.store = &log->config.public_store,
                              .hasher = &log->hasher,
                              .scratch = &log->scratch,
                              .min_index = log->record.min_index,
                              .cache = &log->cache,
                              .edge = log->edge,
                              .growth = &log->growth};
}

enum status log_load_edge(struct log_engine *log, uint64_t size, const uint8_t root[HASH_SIZE],
                          struct error *err)
{
    struct tree_read t = reading(log);
    return tree_read_edge(&t, size, root, log->edge, err);
}

enum status log_tile_nodes(struct log_engine *log, unsigned level, uint64_t index,
                           uint8_t (**nodes)[HASH_SIZE], struct error *err)
{
    struct tree_read t = reading(log);
    return tree_read_nodes(&t, level, index, nodes, err);
}

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE],
                             struct error *err)
{
    struct tree_read t = reading(context);
    return tree_read_node(&t, level, index, out, err);
}

struct node_source log_node_source(struct log_engine *log)
{
    return (struct node_source){.context = log, .read = read_node};
}

/* ---- entries ---- */

enum status log_read_bundle(struct log_engine *log, uint64_t bundle_index, struct error *err)
{
    unsigned width = tile_width(log_size(log), 0, bundle_index), got;
    log->bundle_index = UINT64_MAX;
    builder_reset(&log->bundle);
    if (width < TILE_WIDTH) {
        builder_bytes(&log->bundle, builder_view(&log->edge->bundle));
    } else {
        struct tile tile = {.is_entries = true, .index = bundle_index, .width = width};
        struct tree_read t = reading(log);
        enum status status = tree_read_tile(&t, tile, &got, err);
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

enum status log_check_index(const struct log_engine *log, uint64_t index, struct error *err)
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

enum status log_read_entry(struct log_engine *log, uint64_t index, struct builder *out,
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
