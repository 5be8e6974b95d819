#include "service/monitor/seen_set.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 256

/* IDs are hashes: their first bytes are as good as any. */
static size_t find(const struct seen_set *set, const uint8_t id[NOTIFICATION_ID_SIZE])
{
    uint64_t start;
    memcpy(&start, id, sizeof start);
    size_t slot = (size_t)start & (set->slot_count - 1);
    while (set->items[slot].expires_s != 0 && memcmp(set->items[slot].id, id, NOTIFICATION_ID_SIZE) != 0)
        slot = (slot + 1) & (set->slot_count - 1);
    return slot;
}

static enum status rebuild(struct seen_set *set, size_t slot_count, int64_t now_s, struct error *err)
{
    struct seen_set next = {.items = calloc(slot_count, sizeof *next.items), .slot_count = slot_count};
    if (next.items == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for what was told already");
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->items[i].expires_s <= now_s)
            continue;
        next.items[find(&next, set->items[i].id)] = set->items[i];
        next.count++;
    }
    free(set->items);
    *set = next;
    return STATUS_OK;
}

enum status seen_set_add(struct seen_set *set, const uint8_t id[NOTIFICATION_ID_SIZE], int64_t expires_s, bool *is_new,
                         struct error *err)
{
    enum status s = STATUS_OK;
    *is_new = false;
    if (set->count * 2 >= set->slot_count)
        s = rebuild(set, set->slot_count == 0 ? SLOTS_FIRST : set->slot_count * 2, 0, err);
    if (s != STATUS_OK)
        return s;
    struct seen_item *item = &set->items[find(set, id)];
    if (item->expires_s != 0)
        return STATUS_OK;
    item->expires_s = expires_s > 0 ? expires_s : 1;
    memcpy(item->id, id, NOTIFICATION_ID_SIZE);
    set->count++;
    *is_new = true;
    return STATUS_OK;
}

bool seen_set_has(const struct seen_set *set, const uint8_t id[NOTIFICATION_ID_SIZE])
{
    return set->slot_count > 0 && set->items[find(set, id)].expires_s != 0;
}

enum status seen_set_expire(struct seen_set *set, int64_t now_s, struct error *err)
{
    return set->slot_count == 0 ? STATUS_OK : rebuild(set, set->slot_count, now_s, err);
}

void seen_set_clear(struct seen_set *set)
{
    free(set->items);
    *set = (struct seen_set){.items = NULL};
}
