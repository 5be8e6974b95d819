/* What the worker does with a batch: give every entry its place, and append. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ct/sct_list.h"
#include "service/ct_log/ct_log_internal.h"

/* ---- the same submission twice in one batch ---- */

struct seen {
    size_t *slots; /* number of the entry plus 1; 0: free */
    size_t slot_count;
};

static enum status seen_init(struct seen *seen, size_t entry_count, struct error *err)
{
    seen->slot_count = 2 * entry_count + 1;
    seen->slots = calloc(seen->slot_count, sizeof *seen->slots);
    return seen->slots != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
}

/* The first entry of the batch with this submission; entry `i` is remembered when there is none. */
static const struct ct_log_entry *seen_find(struct seen *seen, const struct ct_log_batch *batch, size_t i)
{
    const struct ct_log_entry *entry = batch->entries[i];
    uint64_t first;
    memcpy(&first, entry->submission, sizeof first);
    for (size_t slot = first % seen->slot_count;; slot = (slot + 1) % seen->slot_count) {
        if (seen->slots[slot] == 0) {
            seen->slots[slot] = i + 1;
            return NULL;
        }
        const struct ct_log_entry *other = batch->entries[seen->slots[slot] - 1];
        if (memcmp(other->submission, entry->submission, HASH_SIZE) == 0)
            return other;
    }
}

/* ---- planning ---- */

static enum status choose_time(const struct ct_log_store *store, uint64_t *timestamp_ms, struct error *err)
{
    const struct clock_port *clock = &store->config->clock;
    int64_t now_ms = clock->now_ms(clock->context);
    uint64_t head_ms = log_tree_head(store->engine)->timestamp_ms;
    if (now_ms <= 0 || (uint64_t)now_ms + CT_LOG_CLOCK_BEHIND_MAX_MS < head_ms)
        return error_set(err, STATUS_AGAIN, "the clock is %" PRId64 " ms behind the last tree head: set it", (int64_t)head_ms - now_ms);
    *timestamp_ms = (uint64_t)now_ms > head_ms ? (uint64_t)now_ms : head_ms;
    return STATUS_OK;
}

static enum status set_place(struct ct_log_entry *entry, bool is_new, uint64_t index, uint64_t timestamp_ms,
                             struct error *err)
{
    struct builder extensions;
    builder_init_fixed(&extensions, entry->extensions, sizeof entry->extensions);
    enum status status = sct_write_leaf_index(index, &extensions, err);
    if (status == STATUS_USAGE)
        return error_set(err, STATUS_REFUSED, "the log is full: an SCT has room for 2^40 entries");
    entry->is_new = is_new;
    entry->index = index;
    entry->tile.leaf.timestamp_ms = timestamp_ms;
    entry->tile.leaf.extensions = builder_view(&extensions);
    return status == STATUS_OK ? builder_status(&extensions, "extensions", err) : status;
}

static enum status place_entry(struct ct_log_store *store, struct ct_log_batch *batch, struct seen *seen, size_t i,
                               uint64_t timestamp_ms, struct error *err)
{
    const struct ct_index *port = &store->config->index;
    struct ct_log_entry *entry = batch->entries[i];
    const struct ct_log_entry *twin = seen_find(seen, batch, i);
    uint64_t index, old_ms;
    if (twin != NULL)
        return set_place(entry, false, twin->index, twin->tile.leaf.timestamp_ms, err);
    enum status status = port->find_submission(port->context, entry->submission, &index, &old_ms, err);
    if (status == STATUS_OK)
        return set_place(entry, false, index, old_ms, err);
    if (status != STATUS_NOT_FOUND)
        return error_prefix(err, status, "index");
    status = set_place(entry, true, batch->first + batch->new_count, timestamp_ms, err);
    batch->new_count++;
    return status;
}

static enum status place_all(struct ct_log_store *store, struct ct_log_batch *batch, struct error *err)
{
    struct seen seen = {0};
    uint64_t timestamp_ms = 0;
    enum status status = choose_time(store, &timestamp_ms, err);
    if (status == STATUS_OK)
        status = seen_init(&seen, batch->entry_count, err);
    for (size_t i = 0; i < batch->entry_count && status == STATUS_OK; i++)
        status = place_entry(store, batch, &seen, i, timestamp_ms, err);
    free(seen.slots);
    return status;
}

/* ---- what is appended ---- */

static enum status write_run(struct ct_log_batch *batch, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0, n = 0; i < batch->entry_count && status == STATUS_OK; i++) {
        const struct ct_log_entry *entry = batch->entries[i];
        if (!entry->is_new)
            continue;
        batch->inputs[n].not_after_s = entry->not_after_s > 0 ? entry->not_after_s : 0;
        batch->rows[n].index = entry->index;
        batch->rows[n].timestamp_ms = entry->tile.leaf.timestamp_ms;
        memcpy(batch->rows[n++].submission, entry->submission, HASH_SIZE);
        status = leaf_tile_write(&entry->tile, &batch->run, err);
    }
    return status == STATUS_OK ? builder_status(&batch->run, "a batch", err) : status;
}

/* The run is read as everybody will read it: an entry that cannot be read shall not be logged. */
static enum status hash_run(struct ct_log_store *store, struct ct_log_batch *batch, struct error *err)
{
    struct reader r;
    reader_init(&r, builder_view(&batch->run));
    for (size_t n = 0; n < batch->new_count; n++) {
        struct leaf_tile tile;
        const uint8_t *start = r.at;
        enum status status = leaf_tile_next(&r, &tile, err);
        if (status != STATUS_OK)
            return error_prefix(err, STATUS_REFUSED, "entry %zu of the batch cannot be read", n);
        batch->inputs[n].entry = bytes_of(start, (size_t)(r.at - start));
        leaf_hash(&store->hasher, tile.timestamped, batch->rows[n].leaf_hash);
    }
    return hasher_status(&store->hasher, err);
}

static enum status put_objects(struct ct_log_store *store, const struct ct_log_batch *batch, struct error *err)
{
    for (const struct ct_log_submission *s = batch->submissions; s != NULL; s = s->next) {
        for (size_t i = 0; i < s->object_count; i++) {
            enum status status = ct_log_store_put_object(store, &s->objects[i], err);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status make_run(struct ct_log_store *store, struct ct_log_batch *batch, struct error *err)
{
    if (batch->new_count == 0)
        return STATUS_OK;
    batch->inputs = calloc(batch->new_count, sizeof *batch->inputs);
    batch->rows = calloc(batch->new_count, sizeof *batch->rows);
    if (batch->inputs == NULL || batch->rows == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status status = write_run(batch, err);
    return status == STATUS_OK ? hash_run(store, batch, err) : status;
}

static enum status plan(struct ct_log_store *store, struct ct_log_batch *batch, struct error *err)
{
    enum status status = ct_log_store_check(store, err);
    if (status == STATUS_OK && store->is_index_behind)
        status = ct_log_store_catch_up(store, err);
    if (status != STATUS_OK)
        return status;
    struct log_state state = log_state(store->engine);
    if (state.is_closed)
        return error_set(err, STATUS_REFUSED, "this log is read-only");
    batch->first = state.size;
    status = place_all(store, batch, err);
    if (status == STATUS_OK)
        status = make_run(store, batch, err);
    if (status == STATUS_OK && batch->new_count > 0) {
        status = put_objects(store, batch, err);
        if (status != STATUS_OK)
            return ct_log_store_failed(store, status, err);
    }
    return status;
}

void ct_log_plan(struct ct_log_store *store, struct ct_log_batch *batch)
{
    batch->status = plan(store, batch, &batch->err);
    batch->is_planned = batch->status == STATUS_OK;
    batch->is_stopped = store->engine == NULL;
}

/* ---- appending ---- */

static enum status append_new(struct ct_log_store *store, struct ct_log_batch *batch, struct error *err)
{
    const struct object_store *public_store = &store->engine_config.public_store;
    uint64_t first = 0;
    enum status status = STATUS_OK;
    if (log_state(store->engine).size != batch->first)
        return error_set(err, STATUS_AGAIN, "the log was opened again meanwhile");
    /* Every issuer that an entry names must be served, whatever happens. */
    if (store->has_unsynced)
        status = public_store->sync(public_store->context, err);
    if (status == STATUS_OK) {
        store->has_unsynced = false;
        status = log_append(store->engine, batch->inputs, batch->new_count, &first, err);
    }
    return status == STATUS_OK ? status : ct_log_store_failed(store, status, err);
}

/* The entries are in the log, whatever the index says: what it misses it gets from the tree. */
static void add_to_index(struct ct_log_store *store, struct ct_log_batch *batch)
{
    const struct ct_index *port = &store->config->index;
    enum status status = STATUS_OK;
    for (size_t n = 0; n < batch->new_count && status == STATUS_OK; n++)
        status = port->add(port->context, &batch->rows[n], &batch->index_err);
    if (status == STATUS_OK)
        status = port->commit(port->context, &batch->index_err);
    if (status != STATUS_OK)
        port->rollback(port->context);
    store->is_index_behind = status != STATUS_OK;
    batch->index_status = status;
}

void ct_log_append(struct ct_log_store *store, struct ct_log_batch *batch)
{
    struct error *err = &batch->err;
    const struct ct_index *port = &store->config->index;
    batch->status = ct_log_store_check(store, err);
    if (batch->status == STATUS_OK && batch->new_count > 0)
        batch->status = append_new(store, batch, err);
    if (batch->status == STATUS_OK && batch->new_count > 0)
        add_to_index(store, batch);
    batch->is_stopped = store->engine == NULL;
    if (batch->is_stopped)
        return;
    batch->head = *log_tree_head(store->engine);
    struct error ignored;
    if (port->get_size(port->context, &batch->index_size, &ignored) != STATUS_OK)
        batch->index_size = 0;
    if (store->config->on_tree_head != NULL && batch->new_count > 0 &&
        log_read_published(store->engine, &batch->note, &ignored) != STATUS_OK)
        builder_reset(&batch->note);
}
