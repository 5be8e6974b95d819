/* Pruning: entries whose certificates have expired long enough ago. The record says so first; then the objects
 * go. What a crash leaves behind below the minimum index takes room and nothing else. */
#include <inttypes.h>

#include "codec/mtc/tbs_entry.h"
#include "service/mirror/mirror_internal.h"

/* Bundles that one call looks at: a second of work, between uploads. */
#define BUNDLES_PER_CALL 1024

/* May everything in this bundle go? An entry that is not understood may not. */
static bool is_old(const struct entry_bundle *bundle, int64_t before_s)
{
    for (unsigned i = 0; i < bundle->count; i++) {
        struct log_entry entry;
        struct tbs_entry tbs;
        if (log_entry_parse(bundle->entries[i], &entry, NULL) != STATUS_OK)
            return false;
        if (entry.type == LOG_ENTRY_NULL)
            continue;
        if (entry.type != LOG_ENTRY_TBS_CERT ||
            tbs_entry_parse(entry.data, &tbs, NULL) != STATUS_OK || tbs.not_after_s >= before_s)
            return false;
    }
    return true;
}

static enum status find_minimum(struct mirror_log *log, int64_t before_s, uint64_t *minimum,
                                struct error *err)
{
    struct entry_bundle *bundle = &(struct entry_bundle){.count = 0};
    struct tree_read t = mirror_log_reading(log);
    *minimum = log->record.min_index;
    for (unsigned i = 0; i < BUNDLES_PER_CALL; i++) {
        struct tile tile = {.is_entries = true, .index = *minimum / TILE_WIDTH, .width = TILE_WIDTH};
        unsigned width;
        if (tile_end_index(&tile) > log->record.mirrored.size)
            return STATUS_OK;
        enum status status = tree_read_tile(&t, tile, &width, err);
        if (status != STATUS_OK)
            return status;
        if (entry_bundle_parse(builder_view(&log->scratch), width, bundle, err) != STATUS_OK ||
            !is_old(bundle, before_s))
            return STATUS_OK;
        *minimum = tile_end_index(&tile);
    }
    return STATUS_OK;
}

static enum status remove_tile(struct mirror_log *log, const struct tile *tile, struct error *err)
{
    const struct object_store *store = &log->config.tiles;
    char path[TILE_PATH_SIZE];
    tile_path(tile, path);
    enum status status = store->remove(store->context, path, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The tiles of a level that end in (from, to]. */
static enum status remove_level(struct mirror_log *log, unsigned level, bool is_entries,
                                uint64_t from, uint64_t to, struct error *err)
{
    unsigned shift = TILE_HEIGHT * (level + 1);
    enum status status = STATUS_OK;
    for (uint64_t n = from >> shift; n < to >> shift && status == STATUS_OK; n++) {
        struct tile tile = {
            .is_entries = is_entries, .level = level, .index = n, .width = TILE_WIDTH};
        status = remove_tile(log, &tile, err);
    }
    return status;
}

enum status mirror_prune_log(struct mirror_log *log, int64_t before_s, struct error *err)
{
    uint64_t from = log->record.min_index, to;
    enum status status = find_minimum(log, before_s, &to, err);
    if (status != STATUS_OK || to == from)
        return status;
    struct mirror_record next = log->record;
    next.min_index = to;
    status = mirror_log_swap(log, &next, err);
    if (status == STATUS_OK)
        status = remove_level(log, 0, true, from, to, err);
    for (unsigned level = 0; level < TREE_EDGE_LEVELS && status == STATUS_OK; level++)
        status = remove_level(log, level, false, from, to, err);
    return status;
}
