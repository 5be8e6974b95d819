/* tree_write.h - the objects of a tree that grows: what is put, and which partial tiles become
 * superfluous. */
#ifndef CATHAYA_TILED_TREE_TREE_WRITE_H
#define CATHAYA_TILED_TREE_TREE_WRITE_H

#include "ports/object_store.h"
#include "tiled_tree/tree_edge.h"

struct tree_write {
    const struct object_store *store; /* borrowed */
    const struct leaf_format *format;
    struct builder *scratch;          /* borrowed */
    /* An object that is there must be equal; when replacing, it need not be: a crash may have torn it, and
     * something that is trusted vouches for what is put. */
    bool is_replacing;
    uint64_t put_bytes; /* counts up */
};

/* tree_write_edge_tile is the tile, or bundle, at the right edge of a level, as a tree of this size has
 * it; width 0: none. */
struct tile tree_write_edge_tile(uint64_t size, unsigned level, bool is_entries);

/* tree_write_growth puts the tiles and bundles of a growth from old_size to `edge`: those that became
 * full, and the partial ones of the new size. Nothing is synced. STATUS_REFUSED when other bytes are there
 * already. */
MUST_USE enum status tree_write_growth(struct tree_write *w, const struct tree_growth *growth,
                                       const struct tree_edge *edge, uint64_t old_size,
                                       struct error *err);

/* tree_write_full puts only what became full; tree_write_partials_within the partial tiles and the bundle of the
 * tree of `size`, at most the edge's: those of them that are no part of a full tile by now. */
MUST_USE enum status tree_write_full(struct tree_write *w, const struct tree_growth *growth,
                                     struct error *err);
MUST_USE enum status tree_write_partials_within(struct tree_write *w, const struct tree_edge *edge,
                                                uint64_t size, struct error *err);

/* tree_write_drop_partials removes the partial tiles and bundles of those tiles that were partial at
 * old_size and are full at new_size, except the ones of the tree of kept_size. */
MUST_USE enum status tree_write_drop_partials(const struct object_store *store,
                                              const struct leaf_format *format, uint64_t old_size,
                                              uint64_t new_size, uint64_t kept_size,
                                              struct error *err);

#endif
