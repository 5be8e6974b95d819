/* tree_read.h - reading a tree from its tiles: nothing from the store is believed before it has led to
 * the root.
 */
#ifndef CATHAYA_TILED_TREE_TREE_READ_H
#define CATHAYA_TILED_TREE_TREE_READ_H

#include "ports/object_store.h"
#include "tiled_tree/tile_cache.h"
#include "tiled_tree/tree_edge.h"

/* What reading needs; everything is borrowed. */
struct tree_read {
    const struct object_store *store;
    const struct leaf_format *format;
    struct hasher *hasher;
    struct builder *scratch;   /* holds the object that was read last */
    uint64_t min_index;        /* a tile that ends there or before may have gone */
    struct tile_cache *cache;  /* for nodes, of one tree: reset when another history is read */
    const struct tree_edge *edge;     /* for nodes: of the tree as it is, checked */
    const struct tree_growth *growth; /* for nodes: tiles that the store may not have yet; or NULL */
};

/* tree_read_tile gets a tile or bundle into scratch. Where the partial object has gone, the full one
 * holds it [C2SP tlog-tiles]; *width is how much was got. STATUS_NOT_FOUND when it is pruned,
 * STATUS_REFUSED when it is missing. */
MUST_USE enum status tree_read_tile(const struct tree_read *t, struct tile tile, unsigned *width,
                                    struct error *err);

/* tree_read_edge makes *edge the edge of the tree of the given size and checks that it leads to root.
 * STATUS_REFUSED when it does not. */
MUST_USE enum status tree_read_edge(const struct tree_read *t, uint64_t size,
                                    const uint8_t root[HASH_SIZE], struct tree_edge *edge,
                                    struct error *err);

/* tree_read_nodes gives the complete nodes of a tile of the tree, checked up to its root. They are
 * borrowed from the cache until the next call. */
MUST_USE enum status tree_read_nodes(const struct tree_read *t, unsigned level, uint64_t index,
                                     uint8_t (**nodes)[HASH_SIZE], struct error *err);

/* tree_read_node is one node: what a node_source reads. */
MUST_USE enum status tree_read_node(const struct tree_read *t, unsigned level, uint64_t index,
                                    uint8_t out[HASH_SIZE], struct error *err);

#endif
