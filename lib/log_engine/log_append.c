/* Appending a batch: stage, commit, apply, and settle from time to time. */
#include <inttypes.h>
#include <string.h>

#include "log_engine/log_internal.h"

static enum status check_batch(const struct log_engine *log, const struct log_entry_input *entries,
                               size_t count, struct error *err)
{
    const struct leaf_format *format = log->config.leaf_format;
    if (log->record.is_closed)
        return error_set(err, STATUS_REFUSED, "%s is closed for good: append to the next log",
                         log->origin);
    if (count == 0 || count > LOG_BATCH_ENTRIES_MAX)
        return error_set(err, STATUS_LIMIT, "a batch has 1 to %d entries", LOG_BATCH_ENTRIES_MAX);
    if (log_size(log) > format->size_max || count > format->size_max - log_size(log))
        return error_set(err, STATUS_LIMIT, "the log is full: a log has at most %" PRIu64 " entries", format->size_max);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].entry.len > format->entry_max)
            return error_set(err, STATUS_LIMIT, "entry %zu of the batch has %zu bytes, more than %zu",
                             i, entries[i].entry.len, format->entry_max);
        enum status status = format->check(entries[i].entry, log_size(log) + i, err);
        if (status != STATUS_OK)
            return error_prefix(err, status, "entry %zu of the batch", i);
        if (entries[i].not_after_s < 0)
            return error_set(err, STATUS_USAGE, "entry %zu of the batch ends before 1970", i);
    }
    return STATUS_OK;
}

/* Makes the staged object in log->staged, the edge that it leads to, and its description. */
static enum status make_staged(struct log_engine *log, const struct log_entry_input *entries,
                               size_t count, struct staged_batch *batch, struct error *err)
{
    struct builder *staged = &log->staged;
    uint8_t header_memory[STAGED_BATCH_HEADER_SIZE];
    struct builder header;
    builder_reset(staged);
    (void)builder_space(staged, STAGED_BATCH_HEADER_SIZE);
    batch->max_not_after_s = log->record.max_not_after_s;
    for (size_t i = 0; i < count; i++) {
        log->config.leaf_format->append(staged, entries[i].entry);
        if ((uint64_t)entries[i].not_after_s > batch->max_not_after_s)
            batch->max_not_after_s = (uint64_t)entries[i].not_after_s;
    }
    enum status status = builder_status(staged, "batch", err);
    if (status != STATUS_OK)
        return status;
    batch->number = log->record.batch + 1;
    batch->old_size = log_size(log);
    batch->new_size = batch->old_size + count;
    batch->entries = bytes_of(staged->data + STAGED_BATCH_HEADER_SIZE,
                              staged->len - STAGED_BATCH_HEADER_SIZE);
    status = tree_edge_grow(log->edge, log->next_edge, &log->hasher, batch->entries, count,
                            &log->growth, err);
    if (status != STATUS_OK)
        return status;
    tree_edge_root(log->next_edge, &log->hasher, batch->new_root);
    builder_init_fixed(&header, header_memory, sizeof header_memory);
    staged_batch_write_header(batch, &header);
    memcpy(staged->data, header_memory, sizeof header_memory);
    return hasher_status(&log->hasher, err);
}

static enum status stage(struct log_engine *log, const struct staged_batch *batch,
                         struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    char path[OBJECT_PATH_SIZE];
    object_path(FOLDER_STAGED, batch->number, path);
    enum status status = store->put(store->context, path, builder_view(&log->staged), err);
    if (status == STATUS_OK)
        status = store->sync(store->context, err);
    log->unsettled_bytes += log->staged.len;
    return status;
}

static enum status commit(struct log_engine *log, const struct staged_batch *batch,
                          struct error *err)
{
    struct log_record next = log->record;
    next.batch = batch->number;
    next.size = batch->new_size;
    memcpy(next.root, batch->new_root, HASH_SIZE);
    next.max_not_after_s = batch->max_not_after_s;
    return log_swap_record(log, &next, err);
}

enum status log_append(struct log_engine *log, const struct log_entry_input *entries,
                       size_t entry_count, uint64_t *first_index, struct error *err)
{
    struct staged_batch batch;
    enum status status = log_check_writable(log, err);
    if (status == STATUS_OK)
        status = check_batch(log, entries, entry_count, err);
    if (status == STATUS_OK)
        status = make_staged(log, entries, entry_count, &batch, err);
    if (status != STATUS_OK)
        return status; /* nothing has been touched: the log lives on */
    status = stage(log, &batch, err);
    if (status == STATUS_OK)
        status = commit(log, &batch, err);
    if (status == STATUS_OK)
        status = log_apply(log, batch.number, err);
    if (status != STATUS_OK)
        return log_die(log, status, err);
    *first_index = batch.old_size;
    if (log->record.batch - log->record.settled_batch >= LOG_SETTLE_BATCHES ||
        log->unsettled_bytes >= LOG_SETTLE_BYTES)
        return log_settle(log, err);
    return STATUS_OK;
}
