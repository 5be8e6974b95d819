/* Reading the tree: nothing from the public store is believed before it has led to the root. */
#include <inttypes.h>
#include <string.h>

#include "log_engine/log_internal.h"
#include "tiled_tree/tree_read.h"

static struct tree_read reading(struct log_engine *log)
{
    return (struct tree_read){.store = &log->config.public_store,
                              .format = log->config.leaf_format,
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
        status = leaf_format_parse(log->config.leaf_format, builder_view(&log->bundle), width, &log->parsed, err);
    if (status == STATUS_MALFORMED)
        return error_set(err, STATUS_REFUSED, "entry bundle %" PRIu64 " is damaged: restore it from a mirror or a backup, then run fsck",
                         bundle_index);
    if (status == STATUS_OK)
        log->bundle_index = bundle_index; /* whoever makes the tree grow resets it: it may be a partial one */
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

/* log->parsed becomes the bundle of an index, and *nodes what its leaves must hash to. */
static enum status load_bundle(struct log_engine *log, uint64_t bundle_index, uint8_t (**nodes)[HASH_SIZE],
                               struct error *err)
{
    enum status status = STATUS_OK;
    if (log->bundle_index != bundle_index)
        status = log_read_bundle(log, bundle_index, err);
    return status == STATUS_OK ? log_tile_nodes(log, 0, bundle_index, nodes, err) : status;
}

static enum status check_leaf(const uint8_t found[HASH_SIZE], const uint8_t wanted[HASH_SIZE], uint64_t index,
                              struct error *err)
{
    if (memcmp(found, wanted, HASH_SIZE) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "entry %" PRIu64 " does not hash to its leaf in the tree: restore it from a mirror or a backup, then run fsck", index);
}

enum status log_read_entry(struct log_engine *log, uint64_t index, struct builder *out,
                           struct error *err)
{
    uint8_t(*nodes)[HASH_SIZE], found[1][HASH_SIZE];
    enum status status = log_check_index(log, index, err);
    if (status == STATUS_OK)
        status = load_bundle(log, index / TILE_WIDTH, &nodes, err);
    if (status != STATUS_OK)
        return status;
    const struct stored_leaf *leaf = &log->parsed.leaves[index % TILE_WIDTH];
    leaf_format_hash(log->config.leaf_format, &log->hasher, leaf, 1, found);
    status = check_leaf(found[0], nodes[index % TILE_WIDTH], index, err);
    if (status != STATUS_OK)
        return status;
    builder_bytes(out, leaf->entry);
    return builder_status(out, "log entry", err);
}

enum status log_read_entries(struct log_engine *log, uint64_t start, uint64_t end,
                             enum status (*each)(void *context, uint64_t index,
                                                 const struct stored_leaf *leaf,
                                                 const uint8_t hash[HASH_SIZE], struct error *err),
                             void *context, struct error *err)
{
    uint8_t(*nodes)[HASH_SIZE], found[TILE_WIDTH][HASH_SIZE];
    if (start >= end)
        return log_check_alive(log, err);
    enum status status = log_check_index(log, start, err);
    if (status == STATUS_OK)
        status = log_check_index(log, end - 1, err);
    for (uint64_t at = start; at < end && status == STATUS_OK;) {
        unsigned first = (unsigned)(at % TILE_WIDTH);
        uint64_t bundle = at / TILE_WIDTH, left = end - at;
        unsigned count = left < TILE_WIDTH - first ? (unsigned)left : TILE_WIDTH - first;
        status = load_bundle(log, bundle, &nodes, err);
        if (status != STATUS_OK)
            break;
        const struct stored_leaf *leaves = log->parsed.leaves + first;
        leaf_format_hash(log->config.leaf_format, &log->hasher, leaves, count, found);
        status = hasher_status(&log->hasher, err);
        for (unsigned i = 0; i < count && status == STATUS_OK; i++, at++) {
            status = check_leaf(found[i], nodes[first + i], at, err);
            if (status == STATUS_OK)
                status = each(context, at, &leaves[i], found[i], err);
        }
    }
    return status;
}
