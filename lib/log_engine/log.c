/* A log in memory: making and freeing it, and the rules that every change obeys. */
#include <stdlib.h>
#include <string.h>

#include "log_engine/log_internal.h"

/* ---- life and death ---- */

enum status log_check_alive(const struct log_engine *log, struct error *err)
{
    if (log->failure.status == STATUS_OK)
        return STATUS_OK;
    return error_set(err, log->failure.status, "the log stopped, open it again: %s",
                     log->failure.text);
}

bool log_has_failed(const struct log_engine *log)
{
    return log->failure.status != STATUS_OK;
}

enum status log_check_writable(const struct log_engine *log, struct error *err)
{
    enum status status = log_check_alive(log, err);
    if (status == STATUS_OK && log->config.is_read_only)
        return error_set(err, STATUS_REFUSED, "the log was opened for reading only");
    return status;
}

enum status log_die(struct log_engine *log, enum status status, struct error *err)
{
    if (log->failure.status == STATUS_OK)
        (void)error_set(&log->failure, status, "%s", err != NULL ? err->text : status_name(status));
    return status;
}

enum status log_swap_record(struct log_engine *log, const struct log_record *next,
                            struct error *err)
{
    const struct record_store *store = &log->config.record;
    struct builder text;
    builder_init(&text, RECORD_MAX);
    enum status status = log_record_write(next, &text, err);
    if (status == STATUS_OK)
        status = store->swap(store->context, builder_view(&log->record_text), builder_view(&text),
                             err);
    if (status == STATUS_OK) {
        log->record = *next;
        builder_reset(&log->record_text);
        builder_bytes(&log->record_text, builder_view(&text));
        status = builder_status(&log->record_text, "log record", err);
    }
    builder_clear(&text);
    return status;
}

struct log_state log_state(const struct log_engine *log)
{
    struct log_state state = {.size = log_size(log),
                              .batch_count = log->record.batch,
                              .min_index = log->record.min_index,
                              .max_not_after_s = (int64_t)log->record.max_not_after_s,
                              .is_closed = log->record.is_closed};
    memcpy(state.root, log->root, HASH_SIZE);
    return state;
}

/* ---- making and freeing ---- */

/* In the order of an MTCProof; two of one ID would be two answers to one question [MTC 6.2]. */
static enum status sort_cosigners(struct log_engine *log, struct error *err)
{
    size_t count = log->config.is_plain ? 0 : log->config.cosigner_count; /* they sign no subtrees, and need no ID */
    for (size_t i = 0; i < count; i++) {
        struct cosigner c = log->config.cosigners[i];
        size_t at = i;
        for (; at > 0 && tai_compare(&log->cosigners[at - 1].id, &c.id) > 0; at--)
            log->cosigners[at] = log->cosigners[at - 1];
        if (at > 0 && tai_equal(&log->cosigners[at - 1].id, &c.id))
            return error_set(err, STATUS_USAGE, "two cosigners have one ID");
        log->cosigners[at] = c;
    }
    return STATUS_OK;
}

void log_free(struct log_engine *log)
{
    hasher_clear(&log->hasher);
    builder_clear(&log->record_text);
    tree_edge_clear(&log->edges[0]);
    tree_edge_clear(&log->edges[1]);
    tree_growth_clear(&log->growth);
    tile_cache_clear(&log->cache);
    builder_clear(&log->bundle);
    builder_clear(&log->read_batch_bytes);
    builder_clear(&log->staged);
    builder_clear(&log->scratch);
    free(log);
}

enum status log_new(const struct log_config *config, struct log_engine **out, struct error *err)
{
    enum status status = log_config_check(config, err);
    if (status != STATUS_OK)
        return status;
    struct log_engine *log = calloc(1, sizeof *log);
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a log");
    log->config = *config;
    if (config->leaf_format == NULL)
        log->config.leaf_format = log_is_ct(log) ? &leaf_format_ct : &leaf_format_mtc;
    builder_init(&log->record_text, RECORD_MAX);
    tree_edge_init(&log->edges[0], log->config.leaf_format);
    tree_edge_init(&log->edges[1], log->config.leaf_format);
    log->edge = &log->edges[0];
    log->next_edge = &log->edges[1];
    builder_init(&log->bundle, leaf_format_bundle_max(log->config.leaf_format));
    log->bundle_index = UINT64_MAX;
    builder_init(&log->read_batch_bytes, BATCH_OBJECT_SIZE_MAX);
    builder_init(&log->staged, STAGED_BATCH_SIZE_MAX);
    builder_init(&log->scratch, log_object_size_max(log));
    landmarks_init(&log->landmarks);
    status = log_config_origin(config, log->origin, err);
    if (status == STATUS_OK)
        status = hasher_init(&log->hasher, config->hash, err);
    if (status == STATUS_OK)
        status = tile_cache_init(&log->cache, err);
    if (status == STATUS_OK)
        status = sort_cosigners(log, err);
    if (status != STATUS_OK) {
        log_free(log);
        return status;
    }
    *out = log;
    return STATUS_OK;
}

/* ---- closing ---- */

void log_abandon(struct log_engine *log)
{
    if (log != NULL)
        log_free(log);
}

enum status log_close(struct log_engine *log, struct error *err)
{
    if (log == NULL)
        return STATUS_OK;
    enum status status = log_check_alive(log, err);
    if (status == STATUS_OK && !log->config.is_read_only)
        status = log_settle(log, err);
    log_free(log);
    return status;
}
