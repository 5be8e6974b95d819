/* Closing a CT log for good. Its last tree head is kept apart from the published one, which a power cut may tear
 * when a witness's line is added to it: nobody may sign it again. */
#include <inttypes.h>
#include <string.h>

#include "log_engine/log_internal.h"

/* ---- closing ---- */

static enum status put_final(struct log_engine *log, const struct builder *note, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    enum status status = store->put(store->context, OBJECT_FINAL, builder_view(note), err);
    if (status == STATUS_OK)
        status = store->sync(store->context, err);
    store = &log->config.public_store;
    if (status == STATUS_OK)
        status = log_put_checkpoint(log, note, err);
    return status == STATUS_OK ? store->sync(store->context, err) : status;
}

static enum status close_record(struct log_engine *log, struct error *err)
{
    struct log_record next = log->record;
    next.is_closed = true;
    return log_swap_record(log, &next, err);
}

enum status log_freeze(struct log_engine *log, struct error *err)
{
    struct builder note;
    enum status status = log_check_writable(log, err);
    if (status == STATUS_OK && !log_is_ct(log))
        status = error_set(err, STATUS_USAGE, "only a CT log is frozen; an issuance log is closed for good");
    if (status != STATUS_OK || log->record.is_closed)
        return status;
    builder_init(&note, NOTE_SIZE_MAX);
    status = log_settle(log, err);
    if (status == STATUS_OK)
        status = log_sign_checkpoint(log, &note, err);
    if (status == STATUS_OK)
        status = log_append_published_lines(log, &note, err);
    if (status == STATUS_OK)
        status = put_final(log, &note, err);
    if (status == STATUS_OK)
        status = close_record(log, err);
    builder_clear(&note);
    return status == STATUS_OK ? STATUS_OK : log_die(log, status, err);
}

/* ---- opening ---- */

enum status log_read_final(struct log_engine *log, struct builder *note, struct published_checkpoint *out,
                           struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    enum status status = store->get(store->context, OBJECT_FINAL, note, err);
    if (status == STATUS_IO || status == STATUS_NO_MEMORY)
        return status;
    if (status == STATUS_OK)
        status = log_judge_checkpoint(log, builder_view(note), out, err);
    if (status == STATUS_NO_MEMORY)
        return status;
    if (status == STATUS_OK && out->is_ours && out->size == log->record.size &&
        memcmp(out->root, log->record.root, HASH_SIZE) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     OBJECT_FINAL " is missing or not the final tree head of %" PRIu64 " entries, and nothing is "
                     "signed any more: restore it from a backup, or from the published checkpoint",
                     log->record.size);
}

enum status log_publish_final(struct log_engine *log, const struct published_checkpoint *published,
                              struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct published_checkpoint final;
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    enum status status = log_read_final(log, &note, &final, err);
    if (status == STATUS_OK) {
        log->head = log->signed_head = final.head;
        bool is_there = published != NULL && published->is_ours &&
                        published->head.timestamp_ms == final.head.timestamp_ms;
        if (!is_there)
            status = log_put_checkpoint(log, &note, err);
        if (status == STATUS_OK && !is_there)
            status = store->sync(store->context, err);
    }
    builder_clear(&note);
    return status;
}

enum status log_forget_final(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    enum status status = store->remove(store->context, OBJECT_FINAL, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
