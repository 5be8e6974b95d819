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

/* ---- configuration ---- */

static bool is_same_key(const struct public_key *a, const struct public_key *b)
{
    return bytes_equal(public_key_spki(a), public_key_spki(b));
}

/* One key under two names would count twice, and the log's own as somebody else's [GM-8]. */
static enum status check_external_key(const struct log_config *config, size_t number, struct error *err)
{
    const struct log_external *e = &config->externals[number];
    for (size_t i = 0; i < config->cosigner_count; i++)
        if (is_same_key(config->cosigners[i].key, e->key))
            return error_set(err, STATUS_USAGE, "%s has the key of a cosigner of the log itself", e->name);
    for (size_t i = 0; i < number; i++)
        if (is_same_key(config->externals[i].key, e->key))
            return error_set(err, STATUS_USAGE, "%s and %s have one key", e->name, config->externals[i].name);
    return STATUS_OK;
}

static enum status check_external(const struct log_config *config, const struct log_external *e,
                                  struct error *err)
{
    char name[TAI_NAME_SIZE];
    if (e->name == NULL || e->key == NULL || !note_is_name(bytes_of_text(e->name)))
        return error_set(err, STATUS_USAGE, "a mirror or witness needs a name and a key");
    if (e->id.len == 0)
        return STATUS_OK;
    tai_name(&e->id, name);
    if (strcmp(name, e->name) != 0)
        return error_set(err, STATUS_USAGE, "cosigner %s must have the note name %s [C2SP mtc-tlog]",
                         e->name, name);
    if (e->key_type == NOTE_KEY_ED25519 || e->key_type == NOTE_KEY_ED25519_COSIGNATURE)
        return error_set(err, STATUS_USAGE, "%s: Ed25519 notes of C2SP cannot cosign subtrees", e->name);
    for (size_t i = 0; i < config->cosigner_count; i++)
        if (tai_equal(&config->cosigners[i].id, &e->id))
            return error_set(err, STATUS_USAGE, "%s is a cosigner of the log itself", e->name);
    return STATUS_OK;
}

static enum status check_externals(const struct log_config *config, struct error *err)
{
    if (config->external_count > LOG_EXTERNALS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d mirrors and witnesses", LOG_EXTERNALS_MAX);
    for (size_t i = 0; i < config->external_count; i++) {
        enum status status = check_external(config, &config->externals[i], err);
        if (status != STATUS_OK)
            return status;
        for (size_t j = 0; j < i; j++)
            if (strcmp(config->externals[i].name, config->externals[j].name) == 0)
                return error_set(err, STATUS_USAGE, "%s is configured twice", config->externals[i].name);
        status = check_external_key(config, i, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status check_config(const struct log_config *config, struct error *err)
{
    struct tai ca;
    uint16_t number;
    if (!tai_split_log_id(&config->log_id, &ca, &number))
        return error_set(err, STATUS_USAGE, "the log ID is not of the form CA.0.N [MTC 5.2]");
    if (config->hash == NULL || config->cosigner_count == 0 ||
        config->cosigner_count > LOG_COSIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "a log needs a hash and 1 to %d cosigners",
                         LOG_COSIGNERS_MAX);
    if (!tai_equal(&config->cosigners[0].id, &ca))
        return error_set(err, STATUS_USAGE, "the first cosigner is not the CA of the log [MTC 5.4]");
    return check_externals(config, err);
}

/* In the order of an MTCProof; two of one ID would be two answers to one question [MTC 6.2]. */
static enum status sort_cosigners(struct log_engine *log, struct error *err)
{
    size_t count = log->config.cosigner_count;
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
    enum status status = check_config(config, err);
    if (status != STATUS_OK)
        return status;
    struct log_engine *log = calloc(1, sizeof *log);
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a log");
    log->config = *config;
    tai_name(&config->log_id, log->origin);
    builder_init(&log->record_text, RECORD_MAX);
    tree_edge_init(&log->edges[0]);
    tree_edge_init(&log->edges[1]);
    log->edge = &log->edges[0];
    log->next_edge = &log->edges[1];
    builder_init(&log->bundle, ENTRY_BUNDLE_SIZE_MAX);
    log->bundle_index = UINT64_MAX;
    builder_init(&log->read_batch_bytes, BATCH_OBJECT_SIZE_MAX);
    builder_init(&log->staged, STAGED_BATCH_SIZE_MAX);
    builder_init(&log->scratch, STAGED_BATCH_SIZE_MAX);
    landmarks_init(&log->landmarks);
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
