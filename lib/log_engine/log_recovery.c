/* What makes a committed batch readable, on every batch and after a crash, and what makes it last. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log_engine/log_internal.h"

/* ---- apply ---- */

static void step_to_next_edge(struct log_engine *log)
{
    struct tree_edge *old = log->edge;
    log->edge = log->next_edge;
    log->next_edge = old;
    log->bundle_index = UINT64_MAX;
    if (log->growth.newest_ms > log->newest_ms)
        log->newest_ms = log->growth.newest_ms;
    tree_edge_root(log->edge, &log->hasher, log->root);
}

/* The tree is signed before its subtrees: a signer compares them with the newest tree that it knows. It is
 * published when what it promises is there. */
enum status log_apply(struct log_engine *log, uint64_t number, struct error *err)
{
    struct builder checkpoint;
    struct subtree batch = {.start = log_size(log)};
    builder_init(&checkpoint, NOTE_SIZE_MAX);
    step_to_next_edge(log);
    batch.end = log_size(log);
    enum status status = log_put_tree(log, batch.start, false, err);
    if (status == STATUS_OK)
        status = log_sign_checkpoint(log, &checkpoint, err);
    if (status == STATUS_OK && log_keeps_batches(log))
        status = log_put_batch_object(log, number, batch, false, err);
    if (status == STATUS_OK)
        status = log_put_checkpoint(log, &checkpoint, err);
    if (status == STATUS_OK)
        status = log_drop_partials(log, batch.start, log->record.settled_size, err);
    builder_clear(&checkpoint);
    return status;
}

/* ---- settle ---- */

static enum status remove_staged(struct log_engine *log, uint64_t first, uint64_t last,
                                 struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    for (uint64_t number = first; number <= last; number++) {
        char path[OBJECT_PATH_SIZE];
        object_path(FOLDER_STAGED, number, path);
        enum status status = store->remove(store->context, path, err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

enum status log_settle(struct log_engine *log, struct error *err)
{
    const struct object_store *public_store = &log->config.public_store;
    const struct object_store *private_store = &log->config.private_store;
    uint64_t old_batch = log->record.settled_batch, old_size = log->record.settled_size;
    if (old_batch == log->record.batch && log->moving_count == 0)
        return STATUS_OK;
    enum status status = public_store->sync(public_store->context, err);
    if (status == STATUS_OK)
        status = private_store->sync(private_store->context, err);
    if (status == STATUS_OK)
        status = log_forget_cosigned(log, err);
    if (status == STATUS_OK) {
        struct log_record next = log->record;
        next.settled_batch = next.batch;
        next.settled_size = next.size;
        memcpy(next.settled_root, next.root, HASH_SIZE);
        status = log_swap_record(log, &next, err);
    }
    /* Only now: before the swap a crash would need them. */
    if (status == STATUS_OK)
        status = remove_staged(log, old_batch + 1, log->record.batch, err);
    if (status == STATUS_OK)
        status = log_drop_partials(log, old_size, log->record.settled_size, err);
    log->unsettled_bytes = 0;
    return status == STATUS_OK ? STATUS_OK : log_die(log, status, err);
}

/* ---- what is staged ---- */

/* Reads staged batch `number`, which must go on from the edge as it is, and grows the next edge. */
static enum status grow_from_staged(struct log_engine *log, uint64_t number, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    struct staged_batch batch;
    uint8_t root[HASH_SIZE];
    char path[OBJECT_PATH_SIZE];
    object_path(FOLDER_STAGED, number, path);
    builder_reset(&log->staged);
    enum status status = store->get(store->context, path, &log->staged, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_REFUSED,
                         "%s is missing, and the record needs it: restore it from a backup", path);
    if (status == STATUS_OK)
        status = staged_batch_parse(builder_view(&log->staged), &batch, err);
    if (status == STATUS_OK && (batch.number != number || batch.old_size != log_size(log)))
        status = error_set(err, STATUS_MALFORMED, "it does not follow the batch before");
    if (status == STATUS_OK)
        status = tree_edge_grow(log->edge, log->next_edge, &log->hasher, batch.entries,
                                batch.new_size - batch.old_size, &log->growth, err);
    if (status == STATUS_OK) {
        tree_edge_root(log->next_edge, &log->hasher, root);
        if (memcmp(root, batch.new_root, HASH_SIZE) != 0)
            status = error_set(err, STATUS_MALFORMED, "its entries do not lead to its root");
    }
    if (status != STATUS_MALFORMED)
        return status;
    (void)error_prefix(err, status, "%s is damaged, restore it from a backup", path);
    if (err != NULL)
        err->status = STATUS_REFUSED;
    return STATUS_REFUSED;
}

/* Nothing is signed on the word of a staged object: first all of them together must lead from the
 * settled tree to the root that the record has. */
static enum status check_staged(struct log_engine *log, struct error *err)
{
    for (uint64_t n = log->record.settled_batch + 1; n <= log->record.batch; n++) {
        enum status status = grow_from_staged(log, n, err);
        if (status != STATUS_OK)
            return status;
        step_to_next_edge(log);
    }
    if (log_size(log) != log->record.size || memcmp(log->root, log->record.root, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "the staged batches do not lead to the tree of the record (%" PRIu64
                         " entries): restore record and staged batches from one backup",
                         log->record.size);
    return STATUS_OK;
}

static enum status load_settled(struct log_engine *log, struct error *err)
{
    enum status status =
        log_load_edge(log, log->record.settled_size, log->record.settled_root, err);
    memcpy(log->root, log->record.settled_root, HASH_SIZE);
    return status;
}

/* ---- leftovers ---- */

static enum status remove_leftover(void *context, const char *name, struct error *err)
{
    const struct log_engine *log = context;
    const struct object_store *store = &log->config.private_store;
    uint64_t number;
    if (object_path_parse(FOLDER_STAGED, name, &number) && number > log->record.settled_batch &&
        number <= log->record.batch)
        return STATUS_OK;
    return store->remove(store->context, name, err);
}

/* Staged batches beyond the record were never committed, so nothing of them was signed or
 * acknowledged; those up to the settled one are superfluous. */
static enum status remove_leftovers(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    return store->list(store->context, FOLDER_STAGED "/", remove_leftover, log, err);
}

/* ---- recover ---- */

/* Puts the trees of all batches again, up to the record's. sizes[i]: where batch i after the settled ones
 * begins; one more for the end. */
static enum status put_trees(struct log_engine *log, uint64_t *sizes, struct error *err)
{
    enum status status = load_settled(log, err);
    for (uint64_t n = log->record.settled_batch + 1; n <= log->record.batch && status == STATUS_OK; n++) {
        uint64_t old_size = log_size(log);
        status = grow_from_staged(log, n, err);
        if (status != STATUS_OK)
            return status;
        step_to_next_edge(log);
        *sizes++ = old_size;
        status = log_put_tree(log, old_size, true, err);
        if (status == STATUS_OK)
            status = log_drop_partials(log, old_size, log->record.settled_size, err);
    }
    *sizes = log_size(log);
    return status;
}

/* Cosigners may have signed the last tree, a tree before, or none: so the last one is signed first, and
 * all subtrees are proved in it. The note is not needed: what is not published yet is signed again then. */
static enum status cosign_again(struct log_engine *log, const uint64_t *sizes, struct error *err)
{
    struct builder checkpoint;
    builder_init(&checkpoint, NOTE_SIZE_MAX);
    enum status status = log_sign_checkpoint(log, &checkpoint, err);
    builder_clear(&checkpoint);
    for (uint64_t n = log->record.settled_batch + 1; n <= log->record.batch && status == STATUS_OK; n++) {
        const uint64_t *batch = sizes + (n - log->record.settled_batch - 1);
        status = log_put_batch_object(log, n, (struct subtree){batch[0], batch[1]}, true, err);
    }
    return status;
}

enum status log_recover(struct log_engine *log, struct error *err)
{
    uint64_t count = log->record.batch - log->record.settled_batch;
    enum status status = load_settled(log, err);
    if (status == STATUS_OK && count > 0)
        status = check_staged(log, err);
    if (status == STATUS_OK && count > 0) {
        uint64_t *sizes = calloc(count + 1, sizeof *sizes);
        status = sizes == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory") : put_trees(log, sizes, err);
        if (status == STATUS_OK && log_keeps_batches(log))
            status = cosign_again(log, sizes, err);
        free(sizes);
    }
    return status == STATUS_OK ? remove_leftovers(log, err) : status;
}
