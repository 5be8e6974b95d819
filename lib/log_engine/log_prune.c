/* Pruning [C2SP tlog-tiles]: the record says first what may be gone, then it goes, then the record says
 * that it is gone. A crash in between leaves work that the next prune does again. */
#include "log_engine/log_internal.h"

/* The newest landmark that expired more than retain_s seconds ago: no certificate that is younger
 * needs an entry before its tree's end. 0 when there is none. */
static enum status find_expired(struct log_engine *log, int64_t retain_s, uint64_t *number,
                                uint64_t *tree_size, struct error *err)
{
    struct landmarks *list = &log->old_landmarks;
    int64_t limit_s = log->config.clock.now_ms(log->config.clock.context) / 1000 - retain_s;
    uint64_t low = log->record.first_landmark, high = log->record.landmark;
    *number = *tree_size = 0;
    while (low <= high) {
        uint64_t middle = low + (high - low) / 2;
        enum status status = log_read_landmarks(log, middle, list, err);
        /* A prune that was cut short has removed it: older than what is left. */
        bool is_gone = status == STATUS_NOT_FOUND && log->record.removed_index < log->record.min_index;
        if (status != STATUS_OK && !is_gone)
            return status;
        if (!is_gone && list->at[0].expiry_s >= limit_s) {
            high = middle - 1;
            continue;
        }
        if (!is_gone) {
            *number = middle;
            *tree_size = list->at[0].tree_size;
        }
        low = middle + 1;
    }
    return STATUS_OK;
}

static enum status remove_one(const struct object_store *store, const char *path, uint64_t *count,
                              struct error *err)
{
    enum status status = store->remove(store->context, path, err);
    if (status == STATUS_OK)
        ++*count;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_tiles(struct log_engine *log, struct tile tile, uint64_t *count,
                                struct error *err)
{
    unsigned height = TILE_HEIGHT * (tile.level + 1);
    for (uint64_t index = log->record.removed_index >> height;
         index < log->record.min_index >> height; index++) {
        char path[TILE_PATH_SIZE];
        tile.index = index;
        leaf_format_path(log->config.leaf_format, &tile, path);
        enum status status = remove_one(&log->config.public_store, path, count, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status remove_tree(struct log_engine *log, uint64_t *count, struct error *err)
{
    struct tile bundle = {.is_entries = true, .width = TILE_WIDTH};
    enum status status = remove_tiles(log, bundle, count, err);
    for (unsigned level = 0; level < TREE_EDGE_LEVELS && status == STATUS_OK; level++) {
        struct tile tile = {.level = level, .width = TILE_WIDTH};
        status = remove_tiles(log, tile, count, err);
    }
    return status;
}

/* Batches that end at or below the minimum index; *first is the first that stays. */
static enum status remove_batches(struct log_engine *log, uint64_t *first, uint64_t *count,
                                  struct error *err)
{
    struct builder memory;
    struct batch_object object;
    enum status status = STATUS_OK;
    if (!log_keeps_batches(log))
        return STATUS_OK;
    builder_init(&memory, BATCH_OBJECT_SIZE_MAX);
    for (; *first <= log->record.settled_batch; ++*first) {
        status = log_read_batch_object(log, *first, &memory, &object, err);
        if (status == STATUS_NOT_FOUND)
            continue; /* by a prune that was cut short */
        if (status != STATUS_OK || object.end > log->record.min_index)
            break;
        char path[OBJECT_PATH_SIZE];
        object_path(FOLDER_BATCH, *first, path);
        status = remove_one(&log->config.private_store, path, count, err);
        if (status != STATUS_OK)
            break;
    }
    builder_clear(&memory);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_landmark_lists(struct log_engine *log, uint64_t first_kept,
                                         uint64_t *count, struct error *err)
{
    for (uint64_t number = log->record.first_landmark; number < first_kept; number++) {
        char path[OBJECT_PATH_SIZE];
        object_path(FOLDER_LANDMARKS, number, path);
        enum status status = remove_one(&log->config.private_store, path, count, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status raise_min_index(struct log_engine *log, uint64_t min_index, struct error *err)
{
    if (min_index <= log->record.min_index)
        return STATUS_OK;
    struct log_record next = log->record;
    next.min_index = min_index;
    return log_swap_record(log, &next, err);
}

static enum status remove_all(struct log_engine *log, uint64_t first_landmark, uint64_t *count,
                              struct error *err)
{
    const struct object_store *public_store = &log->config.public_store;
    const struct object_store *private_store = &log->config.private_store;
    struct log_record next = log->record;
    enum status status = remove_tree(log, count, err);
    if (status == STATUS_OK)
        status = remove_batches(log, &next.first_batch, count, err);
    if (status == STATUS_OK)
        status = remove_landmark_lists(log, first_landmark, count, err);
    if (status == STATUS_OK)
        status = public_store->sync(public_store->context, err);
    if (status == STATUS_OK)
        status = private_store->sync(private_store->context, err);
    if (status != STATUS_OK)
        return status;
    next.removed_index = next.min_index;
    if (first_landmark > next.first_landmark)
        next.first_landmark = first_landmark;
    return log_swap_record(log, &next, err);
}

static enum status check_retain(const struct log_engine *log, int64_t retain_s, struct error *err)
{
    enum status status = log_check_writable(log, err);
    if (status == STATUS_OK && retain_s < 0)
        status = error_set(err, STATUS_USAGE, "entries are kept for 0 seconds or more");
    return status;
}

enum status log_next_min_index(struct log_engine *log, int64_t retain_s, uint64_t *min_index,
                               struct error *err)
{
    uint64_t landmark, tree_size;
    enum status status = check_retain(log, retain_s, err);
    if (status == STATUS_OK)
        status = find_expired(log, retain_s, &landmark, &tree_size, err);
    if (status != STATUS_OK)
        return status;
    *min_index = tree_size - tree_size % TILE_WIDTH;
    if (*min_index < log->record.min_index)
        *min_index = log->record.min_index;
    return STATUS_OK;
}

enum status log_prune(struct log_engine *log, int64_t retain_s, uint64_t *removed_count,
                      struct error *err)
{
    uint64_t landmark, tree_size;
    *removed_count = 0;
    enum status status = check_retain(log, retain_s, err);
    if (status == STATUS_OK)
        status = find_expired(log, retain_s, &landmark, &tree_size, err);
    if (status == STATUS_OK)
        status = log_settle(log, err);
    if (status != STATUS_OK)
        return status;
    status = raise_min_index(log, tree_size - tree_size % TILE_WIDTH, err);
    if (status == STATUS_OK && log->record.removed_index < log->record.min_index)
        status = remove_all(log, landmark, removed_count, err);
    return status == STATUS_OK ? STATUS_OK : log_die(log, status, err);
}

enum status log_prune_below(struct log_engine *log, uint64_t min_index, uint64_t *removed_count,
                            struct error *err)
{
    *removed_count = 0;
    enum status status = log_check_writable(log, err);
    if (status == STATUS_OK && !log_is_ct(log))
        status = error_set(err, STATUS_USAGE, "an issuance log is pruned by its landmarks [MTC 6.4]");
    if (status == STATUS_OK)
        status = log_settle(log, err);
    if (status != STATUS_OK)
        return status;
    if (min_index > log_size(log))
        min_index = log_size(log);
    status = raise_min_index(log, min_index - min_index % TILE_WIDTH, err);
    if (status == STATUS_OK && log->record.removed_index < log->record.min_index)
        status = remove_all(log, 0, removed_count, err);
    return status == STATUS_OK ? STATUS_OK : log_die(log, status, err);
}
