/* tile_set.h - tiles of a tree as somebody serves them, and hashes with proofs out of them. Pure.
 *
 * First a question is asked with nothing there: the tiles that it would need are noted. When they are there, it is asked
 * again. What comes out has led to the root that the caller trusts.
 */
#ifndef CATHAYA_MERKLE_TILE_SET_H
#define CATHAYA_MERKLE_TILE_SET_H

#include "base/array.h"
#include "merkle/node.h"
#include "merkle/proof.h"
#include "merkle/tile.h"

/* A first update of 169 landmarks in a log of 2^40 entries needs some 700 tiles. */
#define TILE_SET_MAX 4096

struct tile_set_tile {
    struct tile tile;
    uint8_t *hashes; /* tile.width of them; NULL: not there yet */
};

struct tile_set {
    struct array tiles; /* struct tile_set_tile, sorted by level and index */
    uint64_t tree_size;
    struct hasher *hasher;
    bool has_missing; /* since it was last set to false */
};

void tile_set_init(struct tile_set *tiles, uint64_t tree_size, struct hasher *hasher);
void tile_set_clear(struct tile_set *tiles);

/* tile_set_evaluate computes the hash of a subtree of the tree and proves that it is one of the tree with this root:
 * STATUS_OK is the only yes, and then *hash is good. STATUS_AGAIN: tiles are missing, and noted now. STATUS_REFUSED: the
 * tiles do not lead to the root. proof (NULL: not wanted) gets the consistency proof appended. */
MUST_USE enum status tile_set_evaluate(struct tile_set *tiles, struct subtree subtree, const uint8_t root[HASH_SIZE],
                                             uint8_t hash[HASH_SIZE], struct builder *proof, struct error *err);

/* tile_set_source gives the nodes of the tree: zeros, and has_missing set, where tiles are missing. For whoever checks himself what comes
 * out. */
struct node_source tile_set_source(struct tile_set *tiles);

/* tile_set_find is the tile of that level and index; NULL: it was never noted. */
struct tile_set_tile *tile_set_find(struct tile_set *tiles, const struct tile *tile);

/* tile_set_next is the first tile from *at on that is not there, and sets *at behind it; NULL: none. */
struct tile_set_tile *tile_set_next(struct tile_set *tiles, size_t *at);

/* tile_set_put gives a tile its bytes: STATUS_REFUSED when they are not as many as it has, or as a full one has. */
MUST_USE enum status tile_set_put(struct tile_set_tile *tile, struct bytes value, struct error *err);

#endif
