/* array.h - growing an array of equal items up to a named limit. */
#ifndef CATHAYA_BASE_ARRAY_H
#define CATHAYA_BASE_ARRAY_H

#include "base/status.h"

/* struct array holds count items of item_size bytes each. The zero array with item_size set is empty. */
struct array {
    void *items;
    size_t count;
    size_t cap;
    size_t item_size;
    size_t max;
};

static inline struct array array_of(size_t item_size, size_t max)
{
    return (struct array){.item_size = item_size, .max = max};
}

/* array_insert makes room for one item at position `at` (<= count) and copies it there. what names
 * the items in the reason. STATUS_LIMIT beyond max. */
MUST_USE enum status array_insert(struct array *a, size_t at, const void *item, const char *what,
                                  struct error *err);

/* array_find looks for key in an array sorted by compare(key, item); *at is where it is, or belongs. */
bool array_find(const struct array *a, const void *key,
                int (*compare)(const void *key, const void *item), size_t *at);

/* array_at borrows item i. */
static inline void *array_at(const struct array *a, size_t i)
{
    return (char *)a->items + i * a->item_size;
}

/* array_clear frees the items' memory; what they own is the caller's. */
void array_clear(struct array *a);

#endif
