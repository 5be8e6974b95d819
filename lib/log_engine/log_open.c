/* Founding and opening a log: what must be true before anything is written. */
#include <inttypes.h>
#include <string.h>

#include "merkle/node.h"
#include "log_engine/log_internal.h"

/* ---- founding ---- */

static enum status found_something(void *context, const char *name, struct error *err)
{
    (void)context;
    return error_set(err, STATUS_CONFLICT, "%s", name);
}

/* Objects without a record: the record was lost, and a new one would fork the log. */
static enum status check_no_objects(struct log_engine *log, struct error *err)
{
    const struct object_store *public_store = &log->config.public_store;
    const struct object_store *private_store = &log->config.private_store;
    struct published_checkpoint checkpoint;
    struct error found = {.status = STATUS_OK};
    enum status status = log_read_checkpoint(log, &checkpoint, &found);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    else if (status == STATUS_OK || status == STATUS_MALFORMED)
        status = error_set(&found, STATUS_CONFLICT, OBJECT_CHECKPOINT);
    if (status == STATUS_OK)
        status = public_store->list(public_store->context, "tile/", found_something, NULL, &found);
    if (status == STATUS_OK)
        status = private_store->list(private_store->context, FOLDER_STAGED "/", found_something,
                                     NULL, &found);
    if (status == STATUS_OK)
        status = private_store->list(private_store->context, FOLDER_BATCH "/", found_something,
                                     NULL, &found);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status != STATUS_CONFLICT)
        return error_set(err, status, "%s", found.text);
    return error_set(err, STATUS_REFUSED,
                     "there is no record of this log, but %s is there: restore the record from a "
                     "backup that is not older than the checkpoint, or open the next log number",
                     found.text);
}

static enum status found(struct log_engine *log, struct error *err)
{
    const struct record_store *store = &log->config.record;
    enum status status = store->load(store->context, &log->record_text, err);
    if (status == STATUS_OK)
        return error_set(err, STATUS_CONFLICT, "%s has a record already", log->origin);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = check_no_objects(log, err);
    if (status != STATUS_OK)
        return status;
    struct log_record record = {.first_batch = 1, .first_landmark = 1};
    memcpy(record.origin, log->origin, sizeof record.origin);
    size_t len = strlen(log->config.hash->name);
    if (len > LOG_RECORD_HASH_NAME_MAX)
        return error_set(err, STATUS_USAGE, "the name of the hash is too long");
    memcpy(record.hash_name, log->config.hash->name, len + 1);
    node_empty_hash(&log->hasher, record.root);
    memcpy(record.settled_root, record.root, HASH_SIZE);
    status = hasher_status(&log->hasher, err);
    return status != STATUS_OK ? status : log_swap_record(log, &record, err);
}

enum status log_create(const struct log_config *config, struct error *err)
{
    struct log_engine *log;
    if (config->is_read_only)
        return error_set(err, STATUS_USAGE, "a log is not founded for reading only");
    enum status status = log_new(config, &log, err);
    if (status != STATUS_OK)
        return status;
    status = found(log, err);
    log_free(log);
    return status;
}

/* ---- opening ---- */

static enum status load_record(struct log_engine *log, struct error *err)
{
    const struct record_store *store = &log->config.record;
    builder_reset(&log->record_text);
    enum status status = store->load(store->context, &log->record_text, err);
    if (status == STATUS_NOT_FOUND) {
        status = check_no_objects(log, err);
        return status != STATUS_OK ? status
                                   : error_set(err, STATUS_NOT_FOUND, "%s does not exist: it has no "
                                               "record", log->origin);
    }
    if (status != STATUS_OK)
        return status;
    status = log_record_parse(builder_view(&log->record_text), &log->record, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "restore the record from a backup");
    if (strcmp(log->record.origin, log->origin) != 0)
        return error_set(err, STATUS_REFUSED, "the record is that of %s, not of %s",
                         log->record.origin, log->origin);
    if (strcmp(log->record.hash_name, log->config.hash->name) != 0)
        return error_set(err, STATUS_REFUSED, "the log has the hash %s, not %s",
                         log->record.hash_name, log->config.hash->name);
    if (log->record.size > LOG_SIZE_MAX)
        return error_set(err, STATUS_REFUSED, "the record has more entries than a log can");
    return STATUS_OK;
}

/* What was published can never be taken back: a record that is behind it is not the log's record. */
static enum status check_not_behind(const struct log_engine *log,
                                    const struct published_checkpoint *published,
                                    struct error *err)
{
    if (published->size > log->record.size)
        return error_set(err, STATUS_REFUSED,
                         "the record has %" PRIu64 " entries, the published checkpoint %" PRIu64
                         ": the record is an old copy; restore the newest, or open the next log "
                         "number",
                         log->record.size, published->size);
    if (published->size == log->record.size &&
        memcmp(published->root, log->record.root, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "the record and the published checkpoint of %" PRIu64 " entries have "
                         "different roots: restore the record that belongs to this log, or open the "
                         "next log number",
                         published->size);
    return STATUS_OK;
}

/* The tree that was published must be a prefix of the one that the record has. */
static enum status check_prefix(struct log_engine *log,
                                const struct published_checkpoint *published, struct error *err)
{
    if (!published->is_ours || published->size < log->record.min_index)
        return STATUS_OK;
    uint8_t hash[HASH_SIZE];
    struct node_source source = log_node_source(log);
    struct subtree prefix = {.start = 0, .end = published->size};
    enum status status = proof_subtree_hash(&log->hasher, &source, prefix, hash, err);
    if (status != STATUS_OK)
        return status;
    if (memcmp(hash, published->root, HASH_SIZE) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "the published checkpoint of %" PRIu64 " entries is of another history than "
                     "the record: restore the record that belongs to this log, or open the next "
                     "log number",
                     published->size);
}

/* published: NULL for nothing that can be read. */
static enum status publish_what_is(struct log_engine *log, const struct published_checkpoint *published,
                                   struct error *err)
{
    if (log_is_final(log))
        return log_publish_final(log, published, err);
    enum status status = log_is_ct(log) ? log_forget_final(log, err) : STATUS_OK;
    /* Of a CT log a younger tree head of the same tree may have been lost in a power cut: somebody may have seen it. */
    bool is_right = published != NULL && published->is_complete && published->size == log->record.size && !log_is_ct(log);
    if (status == STATUS_OK && !is_right)
        status = log_publish_again(log, published != NULL, err);
    else if (status == STATUS_OK && published->has_quorum)
        log->quorum_size = published->size;
    return status;
}

static enum status open_writer(struct log_engine *log, struct error *err)
{
    struct published_checkpoint published;
    enum status found = log_read_checkpoint(log, &published, err);
    if (found == STATUS_IO || found == STATUS_NO_MEMORY)
        return found;
    /* Torn or gone: a crash can do that, and the record says what to publish again. */
    bool has_checkpoint = found == STATUS_OK;
    if (has_checkpoint && published.is_ours)
        log->head = log->signed_head = published.head;
    enum status status = has_checkpoint ? check_not_behind(log, &published, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = log_restore_cosigned(log, err);
    if (status == STATUS_OK)
        status = log_recover(log, err);
    if (status == STATUS_OK && has_checkpoint)
        status = check_prefix(log, &published, err);
    if (status == STATUS_OK)
        status = publish_what_is(log, has_checkpoint ? &published : NULL, err);
    if (status == STATUS_OK)
        status = log_load_landmarks(log, err);
    return status == STATUS_OK ? log_settle(log, err) : status;
}

/* A reader stands on the published checkpoint, whose objects the writer has put before it. The
 * checkpoint is read first: the record can then only be ahead. */
static enum status open_reader(struct log_engine *log, struct error *err)
{
    struct published_checkpoint published;
    enum status status = log_read_checkpoint(log, &published, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_MALFORMED)
        status = STATUS_AGAIN;
    else if (status == STATUS_OK && !published.is_ours)
        status = error_set(err, STATUS_REFUSED,
                           "the published checkpoint is not signed by the %s's key", log_has_landmarks(log) ? "CA" : "log");
    enum status record_status = load_record(log, status == STATUS_AGAIN ? NULL : err);
    if (record_status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "%s does not exist", log->origin);
    if (status == STATUS_OK)
        status = record_status;
    if (status == STATUS_OK)
        status = check_not_behind(log, &published, err);
    if (status == STATUS_OK)
        status = log_load_edge(log, published.size, published.root, err);
    if (status == STATUS_REFUSED && log->record.settled_batch != log->record.batch)
        status = STATUS_AGAIN;
    if (status == STATUS_OK)
        status = log_load_landmarks(log, err);
    if (status == STATUS_OK && log->landmarks.at[0].tree_size > published.size)
        status = STATUS_AGAIN; /* written between our two looks */
    if (status == STATUS_AGAIN)
        return error_set(err, STATUS_AGAIN, "the log is being written, or a crash left it to be "
                                            "recovered: open it for writing once, or try again");
    if (status == STATUS_OK) {
        memcpy(log->root, published.root, HASH_SIZE);
        log->head = published.head;
    }
    return status;
}

enum status log_open(const struct log_config *config, struct log_engine **out, struct error *err)
{
    struct log_engine *log;
    enum status status = log_new(config, &log, err);
    if (status != STATUS_OK)
        return status;
    if (config->is_read_only) {
        status = open_reader(log, err);
    } else {
        status = load_record(log, err);
        if (status == STATUS_OK)
            status = open_writer(log, err);
    }
    if (status != STATUS_OK) {
        log_free(log);
        return status;
    }
    *out = log;
    return STATUS_OK;
}
