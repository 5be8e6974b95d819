#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static enum status grow(struct array *a, struct error *err)
{
    size_t cap = a->cap == 0 ? 8 : 2 * a->cap;
    void *items = reallocarray(a->items, cap, a->item_size);
    if (items == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    a->items = items;
    a->cap = cap;
    return STATUS_OK;
}

enum status array_insert(struct array *a, size_t at, const void *item, const char *what,
                         struct error *err)
{
    if (a->count == a->max)
        return error_set(err, STATUS_LIMIT, "more than %zu %s", a->max, what);
    if (a->count == a->cap) {
        enum status s = grow(a, err);
        if (s != STATUS_OK)
            return s;
    }
    char *slot = array_at(a, at);
    memmove(slot + a->item_size, slot, (a->count - at) * a->item_size);
    memcpy(slot, item, a->item_size);
    a->count++;
    return STATUS_OK;
}

bool array_find(const struct array *a, const void *key,
                int (*compare)(const void *key, const void *item), size_t *at)
{
    size_t low = 0, high = a->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(key, array_at(a, middle));
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

void array_clear(struct array *a)
{
    free(a->items);
    a->items = NULL;
    a->count = a->cap = 0;
}
