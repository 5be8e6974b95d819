/* tree_edge.h - the right edge of the tree in memory, and how a batch makes it grow.
 *
 * The edge is what a log must hold to go on: the rightmost, partial tile of every level, the partial
 * entry bundle, and the frontier. Growing hashes whole tiles at a time and remembers the tiles and
 * bundles that became full; nothing is read and nothing is written here.
 */
#ifndef CATHAYA_TILED_TREE_TREE_EDGE_H
#define CATHAYA_TILED_TREE_TREE_EDGE_H

#include "base/builder.h"
#include "merkle/frontier.h"
#include "merkle/tile.h"
#include "tiled_tree/leaf_format.h"

/* 6 tile levels of 8 are the 48 bits of an index [MTC 5.2]. */
#define TREE_EDGE_LEVELS 6

/* The complete nodes inside a tile: 256 hashes, then the 128 above them, ... then its root. */
#define TILE_NODES        (2 * TILE_WIDTH - 1)
#define TILE_NODES_ROOT   (TILE_NODES - 1)

struct tree_edge {
    const struct leaf_format *format;
    struct frontier frontier; /* and the size */
    uint8_t hashes[TREE_EDGE_LEVELS][TILE_WIDTH][HASH_SIZE];
    struct builder bundle;
};

/* A tile that became full. */
struct grown_tile {
    unsigned level;
    uint64_t index;
    uint8_t hashes[TILE_WIDTH][HASH_SIZE];
};

/* A bundle that became full is head (of the old edge) and tail (of the batch's entries). */
struct grown_bundle {
    uint64_t index;
    struct bytes head, tail;
};

struct tree_growth {
    struct grown_tile *tiles;
    size_t tile_count, tile_cap;
    struct grown_bundle *bundles;
    size_t bundle_count, bundle_cap;
    uint64_t newest_ms; /* the latest time of a leaf of the batch */
};

/* tree_edge_init makes the edge of the empty tree of a log with this format; tree_edge_clear must follow. */
void tree_edge_init(struct tree_edge *edge, const struct leaf_format *format);
void tree_edge_clear(struct tree_edge *edge);

static inline uint64_t tree_edge_size(const struct tree_edge *edge)
{
    return edge->frontier.size;
}

/* tree_edge_width is how many hashes the partial tile of a level has: 0..255. */
static inline unsigned tree_edge_width(const struct tree_edge *edge, unsigned level)
{
    return (unsigned)(edge->frontier.size >> (TILE_HEIGHT * level)) % TILE_WIDTH;
}

/* tree_edge_set_size says that hashes[] are those of a tree of this size, as they were loaded, and
 * computes the frontier from them. */
void tree_edge_set_size(struct tree_edge *edge, uint64_t size, struct hasher *h);

/* tree_edge_root is the root of the tree. */
void tree_edge_root(const struct tree_edge *edge, struct hasher *h, uint8_t out[HASH_SIZE]);

/* tree_edge_grow writes into *to the edge of the tree that *from becomes with `count` entries, a run
 * of stored entries, and into *growth what became full. growth borrows from entries and from
 * from->bundle. STATUS_MALFORMED when entries is not exactly count entries. */
MUST_USE enum status tree_edge_grow(const struct tree_edge *from, struct tree_edge *to,
                                    struct hasher *h, struct bytes entries, uint64_t count,
                                    struct tree_growth *growth, struct error *err);

/* tree_edge_tile_nodes computes the complete nodes of a tile of `width` hashes, one after the
 * other: those of tree level k in it start at tree_edge_node_offset(k). */
void tree_edge_tile_nodes(struct hasher *h, const uint8_t *hashes, unsigned width,
                          uint8_t (*nodes)[HASH_SIZE]);

static inline unsigned tree_edge_node_offset(unsigned k)
{
    return 2 * TILE_WIDTH - ((2 * TILE_WIDTH) >> k);
}

void tree_growth_reset(struct tree_growth *growth);
void tree_growth_clear(struct tree_growth *growth);

#endif
