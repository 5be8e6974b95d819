/* tile_cache.h - the tiles that were read last, with all complete nodes inside them.
 *
 * A tile is 8 KiB of hashes, and making a proof asks for nodes between them: those are computed once.
 */
#ifndef CATHAYA_TILED_TREE_TILE_CACHE_H
#define CATHAYA_TILED_TREE_TILE_CACHE_H

#include "tiled_tree/tree_edge.h"

/* 1 MiB; the proofs of a batch of 10,000 entries need 40 level-0 tiles and a few above. */
#define TILE_CACHE_SLOTS 64

struct tile_cache_slot {
    unsigned level;
    unsigned width; /* 0: the slot is free */
    uint64_t index;
    uint64_t used_at;
    uint8_t nodes[TILE_NODES][HASH_SIZE];
};

struct tile_cache {
    struct tile_cache_slot *slots;
    uint64_t tick;
};

MUST_USE enum status tile_cache_init(struct tile_cache *cache, struct error *err);
void tile_cache_clear(struct tile_cache *cache);

/* tile_cache_find gives the slot of a tile, NULL when it is not there. */
struct tile_cache_slot *tile_cache_find(struct tile_cache *cache, const struct tile *tile);

/* tile_cache_take gives the slot that was used longest ago, for the tile; the caller fills nodes, or
 * sets width to 0. */
struct tile_cache_slot *tile_cache_take(struct tile_cache *cache, const struct tile *tile);

#endif
