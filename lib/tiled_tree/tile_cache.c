#include "tiled_tree/tile_cache.h"

#include <stdlib.h>

enum status tile_cache_init(struct tile_cache *cache, struct error *err)
{
    cache->tick = 0;
    cache->slots = calloc(TILE_CACHE_SLOTS, sizeof *cache->slots);
    if (cache->slots == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the tile cache");
    return STATUS_OK;
}

void tile_cache_clear(struct tile_cache *cache)
{
    free(cache->slots);
    cache->slots = NULL;
}

struct tile_cache_slot *tile_cache_find(struct tile_cache *cache, const struct tile *tile)
{
    for (size_t i = 0; i < TILE_CACHE_SLOTS; i++) {
        struct tile_cache_slot *slot = &cache->slots[i];
        if (slot->width == tile->width && slot->level == tile->level && slot->index == tile->index) {
            slot->used_at = ++cache->tick;
            return slot;
        }
    }
    return NULL;
}

struct tile_cache_slot *tile_cache_take(struct tile_cache *cache, const struct tile *tile)
{
    struct tile_cache_slot *oldest = &cache->slots[0];
    for (size_t i = 1; i < TILE_CACHE_SLOTS; i++) {
        if (cache->slots[i].used_at < oldest->used_at)
            oldest = &cache->slots[i];
    }
    oldest->level = tile->level;
    oldest->index = tile->index;
    oldest->width = tile->width;
    oldest->used_at = ++cache->tick;
    return oldest;
}
