#include "fakes/memory_ct_index.h"

#include <stdlib.h>
#include <string.h>

void memory_ct_index_init(struct memory_ct_index *index)
{
    *index = (struct memory_ct_index){.rows = calloc(MEMORY_CT_INDEX_MAX, sizeof *index->rows)};
    if (index->rows == NULL)
        abort();
}

void memory_ct_index_clear(struct memory_ct_index *index)
{
    free(index->rows);
    index->rows = NULL;
}

void memory_ct_index_next_process(struct memory_ct_index *index)
{
    index->count = index->committed_count;
    index->fails = false;
}

void memory_ct_index_lose(struct memory_ct_index *index, size_t count)
{
    memory_ct_index_next_process(index);
    if (count < index->count)
        index->count = index->committed_count = count;
}

static enum status check(const struct memory_ct_index *index, struct error *err)
{
    return index->fails ? error_set(err, STATUS_IO, "the test says that the index fails") : STATUS_OK;
}

static enum status get_size(void *context, uint64_t *size, struct error *err)
{
    const struct memory_ct_index *index = context;
    *size = index->count;
    return check(index, err);
}

static enum status find_leaf(void *context, const uint8_t leaf_hash[HASH_SIZE], uint64_t *found, struct error *err)
{
    const struct memory_ct_index *index = context;
    enum status status = check(index, err);
    for (size_t i = 0; i < index->count && status == STATUS_OK; i++) {
        if (memcmp(index->rows[i].leaf_hash, leaf_hash, HASH_SIZE) == 0) {
            *found = i;
            return STATUS_OK;
        }
    }
    return status == STATUS_OK ? error_set(err, STATUS_NOT_FOUND, "not in the index") : status;
}

static enum status find_submission(void *context, const uint8_t submission[HASH_SIZE], uint64_t *found,
                                   uint64_t *timestamp_ms, struct error *err)
{
    const struct memory_ct_index *index = context;
    enum status status = check(index, err);
    for (size_t i = 0; i < index->count && status == STATUS_OK; i++) {
        if (memcmp(index->rows[i].submission, submission, HASH_SIZE) == 0) {
            *found = i;
            *timestamp_ms = index->rows[i].timestamp_ms;
            return STATUS_OK;
        }
    }
    return status == STATUS_OK ? error_set(err, STATUS_NOT_FOUND, "not in the index") : status;
}

static enum status add(void *context, const struct ct_index_row *row, struct error *err)
{
    struct memory_ct_index *index = context;
    enum status status = check(index, err);
    if (status == STATUS_OK && index->fails_to_add)
        status = error_set(err, STATUS_IO, "the test says that the index is full");
    if (status != STATUS_OK)
        return status;
    if (index->count == MEMORY_CT_INDEX_MAX)
        abort();
    if (row->index != index->count)
        return error_set(err, STATUS_CONFLICT, "entry %llu does not follow %zu", (unsigned long long)row->index, index->count);
    index->rows[index->count++] = *row;
    return STATUS_OK;
}

static enum status commit(void *context, struct error *err)
{
    struct memory_ct_index *index = context;
    enum status status = check(index, err);
    if (status == STATUS_OK) {
        index->committed_count = index->count;
        index->commit_count++;
    }
    return status;
}

static void rollback(void *context)
{
    struct memory_ct_index *index = context;
    index->count = index->committed_count;
}

struct ct_index memory_ct_index_port(struct memory_ct_index *index)
{
    return (struct ct_index){.context = index,
                             .get_size = get_size,
                             .find_leaf = find_leaf,
                             .find_submission = find_submission,
                             .add = add,
                             .commit = commit,
                             .rollback = rollback};
}
