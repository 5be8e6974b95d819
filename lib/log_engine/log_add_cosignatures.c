/* Cosignatures of others, added to the object of a batch.
 *
 * A store may tear what it replaces, and the object in FOLDER_BATCH may hold signatures that certificates
 * were made from. So the new object is first put under its own name in FOLDER_COSIGNED, with a hash behind
 * it, and synced; only then does it replace the old one. What was left there by an earlier life is put once
 * more when the log is opened; it is removed when a later sync has made its replacement durable.
 *
 *   struct { opaque object[n]; HashValue hash; } Cosigned;   // HASH(object)
 */
#include <inttypes.h>
#include <string.h>

#include "log_engine/log_internal.h"

static enum status sync_private(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    enum status status = store->sync(store->context, err);
    return status == STATUS_OK ? log_forget_cosigned(log, err) : status;
}

static bool is_moving(const struct log_engine *log, uint64_t number)
{
    for (size_t i = 0; i < log->moving_count; i++)
        if (log->moving_batches[i] == number)
            return true;
    return false;
}

/* ---- checking ---- */

static struct cosigned_subtree *find_subtree(struct batch_object *object, struct subtree wanted)
{
    for (size_t i = 0; i < object->subtree_count; i++)
        if (subtree_equal(object->subtrees[i].subtree, wanted))
            return &object->subtrees[i];
    return NULL;
}

static enum status add_one(struct log_engine *log, struct batch_object *object,
                           const struct log_addition *addition, size_t *added, struct error *err)
{
    char id[TAI_TEXT_SIZE];
    struct cosigned_subtree *s = find_subtree(object, addition->subtree);
    const struct log_external *e = log_external_by_id(log, &addition->cosigner_id);
    tai_text(&addition->cosigner_id, id);
    if (e == NULL)
        return error_set(err, STATUS_REFUSED, "cosigner %s is not configured", id);
    if (s == NULL)
        return error_set(err, STATUS_REFUSED, "[%" PRIu64 ", %" PRIu64 ") does not cover a part of batch %" PRIu64,
                         addition->subtree.start, addition->subtree.end, object->number);
    if (addition->signature.len == 0 || addition->signature.len > SIGNATURE_SIZE_MAX)
        return error_set(err, STATUS_REFUSED, "cosigner %s: a signature of %zu bytes", id,
                         addition->signature.len);
    enum status status = log_verify_cosignature(log, s, e->name, e->key, addition->signature, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "cosigner %s over [%" PRIu64 ", %" PRIu64 ")", id,
                            addition->subtree.start, addition->subtree.end);
    for (size_t i = 0; i < s->cosignature_count; i++)
        if (tai_equal(&s->cosignatures[i].cosigner_id, &addition->cosigner_id))
            return STATUS_OK;
    if (s->cosignature_count == LOG_COSIGNERS_MAX)
        return error_set(err, STATUS_LIMIT, "batch %" PRIu64 " has %d cosignatures already", object->number,
                         LOG_COSIGNERS_MAX);
    struct log_cosignature cosignature = {addition->cosigner_id, addition->signature};
    *added += batch_object_insert(s, &cosignature);
    return STATUS_OK;
}

/* ---- keeping ---- */

static enum status write_cosigned(struct log_engine *log, const struct batch_object *object,
                                  struct builder *out, struct error *err)
{
    uint8_t hash[HASH_SIZE];
    enum status status = batch_object_write(object, out, err);
    if (status != STATUS_OK)
        return status;
    hasher_one(&log->hasher, builder_view(out), hash);
    builder_bytes(out, BYTES_OF(hash));
    status = builder_status(out, "batch object", err);
    return status == STATUS_OK ? hasher_status(&log->hasher, err) : status;
}

static enum status keep(struct log_engine *log, const struct batch_object *object, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    char path[OBJECT_PATH_SIZE];
    struct builder bytes;
    builder_init(&bytes, BATCH_OBJECT_SIZE_MAX + HASH_SIZE);
    enum status status = STATUS_OK;
    /* Its replacement of the last time may not be durable, and the next put could tear what vouches for it. */
    if (log->moving_count >= LOG_MOVING_MAX || is_moving(log, object->number))
        status = sync_private(log, err);
    if (status == STATUS_OK)
        status = write_cosigned(log, object, &bytes, err);
    object_path(FOLDER_COSIGNED, object->number, path);
    if (status == STATUS_OK)
        status = store->put(store->context, path, builder_view(&bytes), err);
    if (status == STATUS_OK)
        status = sync_private(log, err);
    object_path(FOLDER_BATCH, object->number, path);
    if (status == STATUS_OK)
        status = store->put(store->context, path, bytes_of(bytes.data, bytes.len - HASH_SIZE), err);
    if (status == STATUS_OK)
        log->moving_batches[log->moving_count++] = object->number;
    builder_clear(&bytes);
    return status;
}

enum status log_add_cosignatures(struct log_engine *log, uint64_t index,
                                 const struct log_addition *additions, size_t count, size_t *added,
                                 struct error *err)
{
    struct batch_object object;
    struct builder memory;
    *added = 0;
    enum status status = log_check_writable(log, err);
    if (status == STATUS_OK)
        status = log_check_batches(log, err);
    if (status == STATUS_OK)
        status = log_check_index(log, index, err);
    if (status != STATUS_OK)
        return status;
    builder_init(&memory, BATCH_OBJECT_SIZE_MAX);
    status = log_find_batch(log, index, &memory, &object, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_one(log, &object, &additions[i], added, err);
    if (status == STATUS_OK && *added > 0) {
        status = keep(log, &object, err);
        if (status != STATUS_OK)
            (void)log_die(log, status, err);
    }
    log->read_batch_number = 0;
    builder_clear(&memory);
    return status;
}

enum status log_forget_cosigned(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    while (log->moving_count > 0) {
        char path[OBJECT_PATH_SIZE];
        object_path(FOLDER_COSIGNED, log->moving_batches[log->moving_count - 1], path);
        enum status status = store->remove(store->context, path, err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        log->moving_count--;
    }
    return STATUS_OK;
}

/* ---- after a crash ---- */

static enum status note_leftover(void *context, const char *name, struct error *err)
{
    struct log_engine *log = context;
    const struct object_store *store = &log->config.private_store;
    uint64_t number;
    /* Of a batch that is pruned, or of none at all. */
    if (!object_path_parse(FOLDER_COSIGNED, name, &number) || number < log->record.first_batch ||
        number > log->record.batch)
        return store->remove(store->context, name, err);
    if (log->moving_count == LOG_MOVING_LEFT_MAX)
        return error_set(err, STATUS_LIMIT, "more objects in " FOLDER_COSIGNED "/ than a crash can leave");
    log->moving_batches[log->moving_count++] = number;
    return STATUS_OK;
}

/* Is it whole? One that is not was never acknowledged, and the object of the batch is as it was. */
static bool is_whole(struct log_engine *log, struct bytes bytes, uint64_t number)
{
    struct batch_object object;
    uint8_t hash[HASH_SIZE];
    if (bytes.len < HASH_SIZE)
        return false;
    struct bytes value = bytes_of(bytes.data, bytes.len - HASH_SIZE);
    hasher_one(&log->hasher, value, hash);
    return hasher_is_good(&log->hasher) &&
           memcmp(hash, bytes.data + value.len, HASH_SIZE) == 0 &&
           batch_object_parse(value, &object, NULL) == STATUS_OK && object.number == number;
}

static enum status restore(struct log_engine *log, uint64_t number, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    struct builder bytes;
    char path[OBJECT_PATH_SIZE];
    builder_init(&bytes, BATCH_OBJECT_SIZE_MAX + HASH_SIZE);
    object_path(FOLDER_COSIGNED, number, path);
    enum status status = store->get(store->context, path, &bytes, err);
    if (status == STATUS_OK && is_whole(log, builder_view(&bytes), number)) {
        object_path(FOLDER_BATCH, number, path);
        status = store->put(store->context, path, bytes_of(bytes.data, bytes.len - HASH_SIZE), err);
    }
    builder_clear(&bytes);
    return status == STATUS_LIMIT ? STATUS_OK : status;
}

/* Recovery may put the object of an unsettled batch once more, so what vouches for it stays until
 * everything is settled. */
enum status log_restore_cosigned(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    enum status status = store->list(store->context, FOLDER_COSIGNED "/", note_leftover, log, err);
    for (size_t i = 0; i < log->moving_count && status == STATUS_OK; i++)
        status = restore(log, log->moving_batches[i], err);
    return status;
}
