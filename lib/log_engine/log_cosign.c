/* The cosignatures over the covering subtrees of a batch [MTC 6.3]. */
#include <inttypes.h>
#include <string.h>

#include "log_engine/log_internal.h"

/* Longest signatures of all cosigners over both subtrees. */
#define SIGNATURES_SIZE_MAX ((size_t)2 * LOG_COSIGNERS_MAX * SIGNATURE_SIZE_MAX)

struct cosigned_message log_message(const struct log_engine *log, struct bytes cosigner, uint64_t timestamp_s,
                                    struct subtree subtree, const uint8_t hash[HASH_SIZE])
{
    struct cosigned_message m = {.cosigner_name = cosigner,
                                 .log_origin = bytes_of_text(log->origin),
                                 .timestamp = timestamp_s,
                                 .subtree = subtree};
    memcpy(m.hash, hash, HASH_SIZE);
    return m;
}

/* Signatures are appended to `signatures`, which moves as it grows: lengths now, addresses later. */
static enum status sign_subtree(struct log_engine *log, struct cosigned_subtree *s,
                                struct builder *signatures, struct error *err)
{
    struct subtree_prover prover = log_prover(log);
    s->cosignature_count = log->config.cosigner_count;
    for (size_t i = 0; i < log->config.cosigner_count; i++) {
        const struct cosigner *c = &log->cosigners[i];
        char name[TAI_NAME_SIZE];
        tai_name(&c->id, name);
        struct cosigned_message m = log_message(log, bytes_of_text(name), 0, s->subtree, s->hash);
        size_t before = signatures->len;
        enum status status = c->sign(c->context, &m, &prover, signatures, err);
        if (status != STATUS_OK)
            return status;
        s->cosignatures[i].cosigner_id = c->id;
        s->cosignatures[i].signature = bytes_of(NULL, signatures->len - before);
        if (s->cosignatures[i].signature.len == 0)
            return error_set(err, STATUS_IO, "cosigner %s gave an empty signature", name);
    }
    return STATUS_OK;
}

static void set_addresses(struct batch_object *object, const struct builder *signatures)
{
    const uint8_t *at = signatures->data;
    for (size_t i = 0; i < object->subtree_count; i++) {
        for (size_t j = 0; j < object->subtrees[i].cosignature_count; j++) {
            struct bytes *signature = &object->subtrees[i].cosignatures[j].signature;
            signature->data = at;
            at += signature->len;
        }
    }
}

static enum status prove(void *context, struct subtree s, struct builder *proof, struct error *err)
{
    struct log_engine *log = context;
    struct node_source source = log_node_source(log);
    return proof_make_consistency(&log->hasher, &source, s, log_size(log), proof, err);
}

struct subtree_prover log_prover(struct log_engine *log)
{
    return (struct subtree_prover){.context = log, .prove = prove};
}

/* The object of the batch as the tree has it, without cosignatures yet. */
static enum status describe(struct log_engine *log, uint64_t number, struct subtree batch,
                            struct batch_object *object, struct error *err)
{
    struct subtree cover[2];
    struct node_source source = log_node_source(log);
    object->number = number;
    object->start = batch.start;
    object->end = batch.end;
    object->subtree_count = batch_object_cover(batch.start, batch.end, cover);
    for (size_t i = 0; i < object->subtree_count; i++) {
        struct cosigned_subtree *s = &object->subtrees[i];
        s->subtree = cover[i];
        s->cosignature_count = 0;
        enum status status = proof_subtree_hash(&log->hasher, &source, cover[i], s->hash, err);
        if (status != STATUS_OK)
            return status;
    }
    return hasher_status(&log->hasher, err);
}

enum status log_verify_cosignature(struct log_engine *log, const struct cosigned_subtree *s,
                                   const char *name, const struct public_key *key,
                                   struct bytes signature, struct error *err)
{
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    struct cosigned_message m = log_message(log, bytes_of_text(name), 0, s->subtree, s->hash);
    builder_init_fixed(&message, memory, sizeof memory);
    enum status status = cosigned_message_write(&m, &message, err);
    if (status != STATUS_OK)
        return status;
    return public_key_verify(key, builder_view(&message), signature, err);
}

const struct log_external *log_external_by_id(const struct log_engine *log, const struct tai *id)
{
    for (size_t i = 0; i < log->config.external_count; i++)
        if (log->config.externals[i].id.len > 0 && tai_equal(&log->config.externals[i].id, id))
            return &log->config.externals[i];
    return NULL;
}

static enum status verify_own(struct log_engine *log, const struct cosigned_subtree *s,
                              const struct cosigner *c, struct bytes signature, struct error *err)
{
    char name[TAI_NAME_SIZE];
    tai_name(&c->id, name);
    return log_verify_cosignature(log, s, name, c->key, signature, err);
}

/* Those of others: they were verified before they were kept, but disks rot. */
static enum status verify_externals(struct log_engine *log, const struct cosigned_subtree *s,
                                    struct error *err)
{
    for (size_t j = 0; j < s->cosignature_count; j++) {
        const struct log_external *e = log_external_by_id(log, &s->cosignatures[j].cosigner_id);
        if (e == NULL)
            continue;
        enum status status =
            log_verify_cosignature(log, s, e->name, e->key, s->cosignatures[j].signature, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Cosigners that are configured no more may be there too. */
static enum status verify_subtree(struct log_engine *log, const struct cosigned_subtree *s,
                                  size_t wanted, struct error *err)
{
    size_t found = 0;
    bool has_ca = false;
    for (size_t j = 0; j < s->cosignature_count; j++) {
        for (size_t i = 0; i < log->config.cosigner_count; i++) {
            if (!tai_equal(&s->cosignatures[j].cosigner_id, &log->cosigners[i].id))
                continue;
            enum status status =
                verify_own(log, s, &log->cosigners[i], s->cosignatures[j].signature, err);
            if (status != STATUS_OK)
                return status;
            has_ca = has_ca || tai_equal(&log->cosigners[i].id, &log->config.cosigners[0].id);
            found++;
        }
    }
    if (!has_ca || found < wanted)
        return error_set(err, STATUS_NOT_FOUND, "a configured cosigner has not signed");
    return verify_externals(log, s, err);
}

enum status log_verify_batch_object(struct log_engine *log, const struct batch_object *object,
                                    size_t wanted, struct error *err)
{
    for (size_t i = 0; i < object->subtree_count; i++) {
        enum status status = verify_subtree(log, &object->subtrees[i], wanted, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* An earlier life may have got as far as the object: does it say what the tree says? */
static bool is_of_tree(struct bytes stored, const struct batch_object *want, struct batch_object *have)
{
    if (batch_object_parse(stored, have, NULL) != STATUS_OK || have->number != want->number ||
        have->start != want->start || have->end != want->end)
        return false;
    for (size_t i = 0; i < want->subtree_count; i++) {
        if (memcmp(have->subtrees[i].hash, want->subtrees[i].hash, HASH_SIZE) != 0)
            return false;
    }
    return true;
}

static bool is_own(const struct log_engine *log, const struct tai *id)
{
    for (size_t i = 0; i < log->config.cosigner_count; i++)
        if (tai_equal(&log->cosigners[i].id, id))
            return true;
    return false;
}

/* What others have signed is kept when our own part is signed anew; what does not verify is not. */
static void keep_externals(struct log_engine *log, const struct batch_object *have,
                           struct batch_object *object)
{
    for (size_t i = 0; i < object->subtree_count; i++) {
        struct cosigned_subtree *to = &object->subtrees[i];
        const struct cosigned_subtree *from = &have->subtrees[i];
        for (size_t j = 0; j < from->cosignature_count; j++) {
            const struct log_cosignature *c = &from->cosignatures[j];
            const struct log_external *e = log_external_by_id(log, &c->cosigner_id);
            if (e != NULL && !is_own(log, &c->cosigner_id) && to->cosignature_count < LOG_COSIGNERS_MAX &&
                log_verify_cosignature(log, to, e->name, e->key, c->signature, NULL) == STATUS_OK)
                (void)batch_object_insert(to, c);
        }
    }
}

/* have: what an earlier life put for the same tree, or NULL. */
static enum status sign_and_write(struct log_engine *log, struct batch_object *object,
                                  const struct batch_object *have, struct builder *out,
                                  struct error *err)
{
    struct builder signatures;
    builder_init(&signatures, SIGNATURES_SIZE_MAX);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < object->subtree_count && status == STATUS_OK; i++)
        status = sign_subtree(log, &object->subtrees[i], &signatures, err);
    if (status == STATUS_OK)
        status = builder_status(&signatures, "cosignatures", err);
    if (status == STATUS_OK) {
        set_addresses(object, &signatures);
        if (have != NULL)
            keep_externals(log, have, object);
        status = batch_object_write(object, out, err);
    }
    builder_clear(&signatures);
    return status;
}

enum status log_put_batch_object(struct log_engine *log, uint64_t number, struct subtree batch,
                                 bool is_recovery, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    struct batch_object object, have;
    struct builder bytes, stored;
    char path[OBJECT_PATH_SIZE];
    object_path(FOLDER_BATCH, number, path);
    builder_init(&bytes, BATCH_OBJECT_SIZE_MAX);
    builder_init(&stored, BATCH_OBJECT_SIZE_MAX);
    enum status status = describe(log, number, batch, &object, err);
    bool is_there = status == STATUS_OK && is_recovery &&
                    store->get(store->context, path, &stored, NULL) == STATUS_OK &&
                    is_of_tree(builder_view(&stored), &object, &have);
    /* A certificate may have been made from it. */
    bool is_kept = is_there &&
                   log_verify_batch_object(log, &have, log->config.cosigner_count, NULL) == STATUS_OK;
    if (status == STATUS_OK && !is_kept)
        status = sign_and_write(log, &object, is_there ? &have : NULL, &bytes, err);
    struct builder *value = is_kept ? &stored : &bytes;
    /* Put in any case: what an earlier process put without a sync is not durable yet. */
    if (status == STATUS_OK)
        status = store->put(store->context, path, builder_view(value), err);
    log->unsettled_bytes += value->len;
    builder_clear(&bytes);
    builder_clear(&stored);
    return status;
}

/* ---- reading ---- */

enum status log_read_batch_object(struct log_engine *log, uint64_t number, struct builder *memory,
                                  struct batch_object *out, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    char path[OBJECT_PATH_SIZE];
    object_path(FOLDER_BATCH, number, path);
    builder_reset(memory);
    enum status status = store->get(store->context, path, memory, err);
    if (status != STATUS_OK)
        return status;
    status = batch_object_parse(builder_view(memory), out, err);
    if (status == STATUS_OK && out->number == number)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "%s is damaged: restore it from a mirror or a backup, then run fsck", path);
}

/* Binary search for the batch that contains index. */
enum status log_find_batch(struct log_engine *log, uint64_t index, struct builder *memory,
                           struct batch_object *out, struct error *err)
{
    uint64_t low = log->record.first_batch, high = log->record.batch;
    /* Most of what is asked for is new. */
    for (uint64_t middle = high; low <= high; middle = low + (high - low) / 2) {
        enum status status = log_read_batch_object(log, middle, memory, out, err);
        /* A reader may know of a batch that the writer has only committed yet. */
        bool is_beyond = status == STATUS_NOT_FOUND && log->config.is_read_only &&
                         middle > log->record.settled_batch;
        /* A prune that was cut short has removed it: what is left is newer. */
        bool is_pruned = status == STATUS_NOT_FOUND && !is_beyond &&
                         log->record.removed_index < log->record.min_index;
        if (status == STATUS_NOT_FOUND && !is_beyond && !is_pruned)
            return error_set(err, STATUS_REFUSED, "the object of batch %" PRIu64 " is missing: restore it from a mirror or a backup, then run fsck",
                             middle);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        if (is_beyond || (!is_pruned && index < out->start))
            high = middle - 1;
        else if (is_pruned || index >= out->end)
            low = middle + 1;
        else
            return STATUS_OK;
    }
    return error_set(err, STATUS_NOT_FOUND, "the batch of entry %" PRIu64 " is pruned", index);
}

enum status log_check_batches(const struct log_engine *log, struct error *err)
{
    if (log_keeps_batches(log))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s cosigns no subtrees of batches", log->origin);
}

/* log_find_batch for an entry that is there, from memory if it is of the batch that was asked for last. */
static enum status find_again(struct log_engine *log, uint64_t index, struct error *err)
{
    const struct batch_object *object = &log->read_batch;
    enum status status = log_check_batches(log, err);
    if (status == STATUS_OK)
        status = log_check_index(log, index, err);
    if (status != STATUS_OK || (log->read_batch_number != 0 && object->start <= index && index < object->end))
        return status;
    log->read_batch_number = 0;
    status = log_find_batch(log, index, &log->read_batch_bytes, &log->read_batch, err);
    /* What a reader has in memory may get cosignatures behind its back. */
    if (status == STATUS_OK && !log->config.is_read_only)
        log->read_batch_number = log->read_batch.number;
    return status;
}

enum status log_read_cosignatures(struct log_engine *log, uint64_t index, struct subtree *subtree,
                                  struct builder *memory,
                                  struct log_cosignature out[LOG_COSIGNERS_MAX], size_t *count,
                                  struct error *err)
{
    enum status status = find_again(log, index, err);
    if (status != STATUS_OK)
        return status;
    const struct cosigned_subtree *s = &log->read_batch.subtrees[0];
    if (!subtree_contains(s->subtree, index))
        s = &log->read_batch.subtrees[1];
    *subtree = s->subtree;
    *count = s->cosignature_count;
    memcpy(out, s->cosignatures, s->cosignature_count * sizeof *out);
    builder_reset(memory);
    for (size_t i = 0; i < *count; i++)
        builder_bytes(memory, out[i].signature);
    status = builder_status(memory, "cosignatures", err);
    for (size_t i = 0, at = 0; i < *count && status == STATUS_OK; at += out[i].signature.len, i++)
        out[i].signature.data = memory->data + at;
    return status;
}

enum status log_batch_of(struct log_engine *log, uint64_t index, struct log_batch *out,
                         struct error *err)
{
    enum status status = find_again(log, index, err);
    if (status != STATUS_OK)
        return status;
    const struct batch_object *object = &log->read_batch;
    out->number = object->number;
    out->start = object->start;
    out->end = object->end;
    out->subtree_count = object->subtree_count;
    for (size_t i = 0; i < object->subtree_count; i++) {
        const struct cosigned_subtree *s = &object->subtrees[i];
        struct log_batch_subtree *to = &out->subtrees[i];
        to->subtree = s->subtree;
        memcpy(to->hash, s->hash, HASH_SIZE);
        to->cosigner_count = s->cosignature_count;
        for (size_t j = 0; j < s->cosignature_count; j++)
            to->cosigners[j] = s->cosignatures[j].cosigner_id;
    }
    return STATUS_OK;
}
