/* landmark_tiles.h - the tiles that an update needs, and nodes out of them. Inside service/landmark_update; pure.
 *
 * First a question is asked with nothing there: the tiles that it would need are noted. When they are there, it is asked
 * again. */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_TILES_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_TILES_H

#include "base/array.h"
#include "merkle/node.h"
#include "merkle/proof.h"
#include "merkle/tile.h"

struct landmark_tile {
    struct tile tile;
    uint8_t *hashes; /* tile.width of them; NULL: not there yet */
};

struct landmark_tiles {
    struct array tiles; /* struct landmark_tile, sorted by level and index */
    uint64_t tree_size;
    struct hasher *hasher;
    bool has_missing; /* since it was last set to false */
};

void landmark_tiles_init(struct landmark_tiles *tiles, uint64_t tree_size, struct hasher *hasher);
void landmark_tiles_clear(struct landmark_tiles *tiles);

/* landmark_tiles_evaluate computes the hash of a subtree of the tree and proves that it is one of the tree with this root:
 * STATUS_OK is the only yes, and then *hash is good. STATUS_AGAIN: tiles are missing, and noted now. STATUS_REFUSED: the
 * tiles do not lead to the root. proof (NULL: not wanted) gets the consistency proof appended. */
MUST_USE enum status landmark_tiles_evaluate(struct landmark_tiles *tiles, struct subtree subtree, const uint8_t root[HASH_SIZE],
                                             uint8_t hash[HASH_SIZE], struct builder *proof, struct error *err);

/* landmark_tiles_next is the first tile from *at on that is not there, and sets *at behind it; NULL: none. */
struct landmark_tile *landmark_tiles_next(struct landmark_tiles *tiles, size_t *at);

/* landmark_tiles_put gives a tile its bytes: STATUS_REFUSED when they are not as many as it has, or as a full one has. */
MUST_USE enum status landmark_tiles_put(struct landmark_tile *tile, struct bytes value, struct error *err);

#endif
