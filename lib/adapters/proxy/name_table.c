#include "adapters/proxy/name_table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64 /* a power of two */

/* FNV-1a. */
static uint32_t hash_of(struct bytes name)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.data[i]) * 16777619U;
    return h;
}

void name_table_clear(struct name_table *t)
{
    for (size_t i = 0; i < t->slot_count; i++)
        free(t->slots[i]);
    free((void *)t->slots);
    *t = (struct name_table){.slots = NULL};
}

static void put(struct name_table *t, struct name_entry *entry)
{
    size_t at = entry->hash & (t->slot_count - 1);
    while (t->slots[at] != NULL)
        at = (at + 1) & (t->slot_count - 1);
    t->slots[at] = entry;
}

static bool grow(struct name_table *t)
{
    struct name_table bigger = {.slot_count = t->slot_count > 0 ? t->slot_count * 2 : FIRST_SLOTS,
                                .count = t->count};
    bigger.slots = calloc(bigger.slot_count, sizeof(struct name_entry *));
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < t->slot_count; i++)
        if (t->slots[i] != NULL)
            put(&bigger, t->slots[i]);
    free((void *)t->slots);
    *t = bigger;
    return true;
}

enum status name_table_add(struct name_table *t, struct bytes name, uint32_t index, const struct bytes *value,
                           struct error *err)
{
    size_t value_len = value != NULL ? value->len : 0;
    struct name_entry *entry = malloc(sizeof *entry + name.len + value_len);
    if (entry == NULL || ((t->count + 1) * 2 > t->slot_count && !grow(t))) {
        free(entry);
        return error_set(err, STATUS_NO_MEMORY, "names: out of memory");
    }
    uint8_t *text = (uint8_t *)(entry + 1);
    memcpy(text, name.data, name.len);
    if (value_len > 0)
        memcpy(text + name.len, value->data, value_len);
    *entry = (struct name_entry){.hash = hash_of(name), .index = index, .name = bytes_of(text, name.len),
                                 .value = bytes_of(text + name.len, value_len)};
    put(t, entry);
    t->count++;
    return STATUS_OK;
}

const struct name_entry *name_table_find(const struct name_table *t, struct bytes name)
{
    if (t->slot_count == 0)
        return NULL;
    uint32_t hash = hash_of(name);
    for (size_t at = hash & (t->slot_count - 1); t->slots[at] != NULL; at = (at + 1) & (t->slot_count - 1))
        if (t->slots[at]->hash == hash && bytes_equal(t->slots[at]->name, name))
            return t->slots[at];
    return NULL;
}
