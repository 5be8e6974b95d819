/* What is kept: SCTs by entry, and how far each log is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "codec/ct/sct_list.h"
#include "service/mtc_scts/mtc_scts_internal.h"

/* SCTs of SM2 and P-256 logs are some 120 bytes. */
#define BLOCK_SIZE_MAX ((size_t)MTC_SCTS_BULK * 1024)
/* Blocks in one transaction: each is a look, and a removal for each log. A CA makes one at a time. */
#define PRUNE_AT_ONCE 64

static void block_prefix(uint16_t log_number, uint64_t index, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "mtcsct/%u/%" PRIu64 "/", log_number, index / MTC_SCTS_BULK);
}

static void block_name(uint16_t log_number, uint64_t index, const char *id, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "mtcsct/%u/%" PRIu64 "/%s", log_number, index / MTC_SCTS_BULK, id);
}

static void next_name(const struct mtc_scts_config *config, const char *id, char out[OBJECT_NAME_MAX + 1])
{
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "mtcsct-next/%u/%s", config->log_number, id);
}

/* ---- how far ---- */

static enum status get_number(const struct mtc_scts_config *config, const char *name, uint64_t *out, struct error *err)
{
    uint8_t memory[8];
    struct builder value;
    struct reader r;
    builder_init_fixed(&value, memory, sizeof memory);
    enum status s = config->store.get(config->store.context, name, &value, err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, builder_view(&value));
    return reader_u64(&r, out) && reader_is_at_end(&r) ? STATUS_OK : error_set(err, STATUS_IO, "%s is damaged", name);
}

static enum status put_number(const struct mtc_scts_config *config, const char *name, uint64_t number, struct error *err)
{
    uint8_t memory[8];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    builder_u64(&value, number);
    return config->store.put(config->store.context, name, builder_view(&value), err);
}

enum status mtc_scts_store_next(const struct mtc_scts_config *config, const char *id, uint64_t *next, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    next_name(config, id, name);
    return get_number(config, name, next, err);
}

enum status mtc_scts_store_put_next(const struct mtc_scts_config *config, const char *id, uint64_t next, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    next_name(config, id, name);
    return put_number(config, name, next, err);
}

/* ---- pruning ---- */

static enum status remove_one(void *context, const char *name, struct error *err)
{
    const struct mtc_scts_config *config = context;
    return config->store.remove(config->store.context, name, err);
}

enum status mtc_scts_store_prune(const struct mtc_scts_config *config, uint64_t min_index, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1], prefix[OBJECT_NAME_MAX + 1];
    uint64_t block = 0, end = min_index / MTC_SCTS_BULK;
    (void)snprintf(name, sizeof name, "mtcsct-pruned/%u", config->log_number);
    enum status s = get_number(config, name, &block, err);
    if (s == STATUS_NOT_FOUND)
        s = STATUS_OK;
    if (s != STATUS_OK || block >= end)
        return s;
    if (end - block > PRUNE_AT_ONCE)
        end = block + PRUNE_AT_ONCE;
    for (; s == STATUS_OK && block < end; block++) {
        block_prefix(config->log_number, block * MTC_SCTS_BULK, prefix);
        s = config->store.list(config->store.context, prefix, remove_one, (void *)(uintptr_t)config, err);
    }
    return s == STATUS_OK ? put_number(config, name, end, err) : s;
}

/* ---- SCTs ---- */

/* A block: a run of vectors. What is behind its end has none. */
static bool skip(struct reader *r, size_t count)
{
    struct reader one;
    for (; count > 0 && !reader_is_at_end(r); count--)
        if (!reader_vector_u16(r, &one))
            return false;
    return true;
}

static void write_vector(struct builder *out, struct bytes value)
{
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, value);
    builder_close_vector(out, mark, 2);
}

/* What was there before, with the new ones in their places. */
static bool merge(struct bytes old, const uint64_t *indexes, const struct bytes *scts, size_t count, struct builder *out)
{
    struct reader r, one;
    size_t at = 0;
    reader_init(&r, old);
    for (size_t place = 0; place < MTC_SCTS_BULK && (at < count || !reader_is_at_end(&r)); place++) {
        struct bytes value = {NULL, 0};
        if (!reader_is_at_end(&r)) {
            if (!reader_vector_u16(&r, &one))
                return false;
            value = reader_rest(&one);
        }
        if (at < count && indexes[at] % MTC_SCTS_BULK == place)
            value = scts[at++];
        write_vector(out, value);
    }
    return at == count && reader_is_at_end(&r);
}

enum status mtc_scts_store_keep(const struct mtc_scts_config *config, const char *id, const uint64_t *indexes,
                                const struct bytes *scts, size_t count, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    struct builder old, value;
    if (count == 0)
        return STATUS_OK;
    builder_init(&old, BLOCK_SIZE_MAX);
    builder_init(&value, BLOCK_SIZE_MAX);
    block_name(config->log_number, indexes[0], id, name);
    enum status s = config->store.get(config->store.context, name, &old, err);
    if (s == STATUS_NOT_FOUND) {
        builder_reset(&old);
        s = STATUS_OK;
    }
    if (s == STATUS_OK && !merge(builder_view(&old), indexes, scts, count, &value))
        s = error_set(err, STATUS_IO, "%s is damaged", name);
    if (s == STATUS_OK)
        s = builder_status(&value, name, err);
    if (s == STATUS_OK)
        s = config->store.put(config->store.context, name, builder_view(&value), err);
    builder_clear(&value);
    builder_clear(&old);
    return s;
}

/* ---- reading ---- */

struct collected {
    const struct object_store *store;
    size_t place, count;
    struct builder values[SCT_LIST_MAX]; /* blocks; scts borrow from them */
    struct sct scts[SCT_LIST_MAX];
};

static enum status collect(void *context, const char *name, struct error *err)
{
    struct collected *all = context;
    struct reader r, one;
    if (all->count == SCT_LIST_MAX)
        return STATUS_OK;
    struct builder *value = &all->values[all->count];
    builder_reset(value);
    enum status s = all->store->get(all->store->context, name, value, err);
    if (s != STATUS_OK)
        return s;
    reader_init(&r, builder_view(value));
    if (!skip(&r, all->place))
        return error_set(err, STATUS_IO, "%s is damaged", name);
    if (reader_is_at_end(&r))
        return STATUS_OK;
    if (!reader_vector_u16(&r, &one))
        return error_set(err, STATUS_IO, "%s is damaged", name);
    if (reader_left(&one) > 0)
        all->scts[all->count++].serialized = reader_rest(&one);
    return STATUS_OK;
}

enum status mtc_scts_read(const struct object_store *store, uint16_t log_number, uint64_t index, struct builder *list,
                          struct error *err)
{
    char prefix[OBJECT_NAME_MAX + 1];
    struct collected all = {.store = store, .place = index % MTC_SCTS_BULK};
    block_prefix(log_number, index, prefix);
    for (size_t i = 0; i < SCT_LIST_MAX; i++)
        builder_init(&all.values[i], BLOCK_SIZE_MAX);
    enum status s = store->list(store->context, prefix, collect, &all, err);
    if (s == STATUS_OK && all.count == 0)
        s = error_set(err, STATUS_NOT_FOUND, "no SCTs of this entry");
    if (s == STATUS_OK)
        s = sct_list_write(all.scts, all.count, list, err);
    for (size_t i = 0; i < SCT_LIST_MAX; i++)
        builder_clear(&all.values[i]);
    return s;
}
