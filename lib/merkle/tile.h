/* tile.h - the geometry of tlog-tiles: which tile holds which node, and what it is called.
 * [C2SP tlog-tiles] Level L tiles hold nodes of tree level 8 * L. */
#ifndef CATHAYA_MERKLE_TILE_H
#define CATHAYA_MERKLE_TILE_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"

#define TILE_HEIGHT 8
#define TILE_WIDTH 256
#define TILE_LEVEL_MAX 7 /* 8 * 8 = 64-bit indices */
#define TILE_SIZE_MAX (TILE_WIDTH * HASH_SIZE)

/* A tile or, with is_entries, an entry bundle. width is 1..256; below 256 it is partial. */
struct tile {
    bool is_entries; /* level is 0 then */
    unsigned level;
    uint64_t index;
    unsigned width;
};

/* "tile/entries/x001/x234/.../067.p/255" and its NUL. */
#define TILE_PATH_SIZE 64

/* tile_path writes "tile/<L>/<N>[.p/<W>]" or "tile/entries/<N>[.p/<W>]", for any index; level must
 * be at most TILE_LEVEL_MAX and width 1..256: an empty tile has no name. */
void tile_path(const struct tile *t, char out[TILE_PATH_SIZE]);

/* tile_parse_path is the strict inverse of tile_path: what it takes, tile_path writes again byte
 * for byte. STATUS_MALFORMED with the offset for any other spelling, STATUS_REFUSED for a tile that
 * no 64-bit tree has: level 8..63, or one that starts beyond 2^64 entries. */
MUST_USE enum status tile_parse_path(struct bytes path, struct tile *out, struct error *err);

/* The same with another folder for the entries: "data" in a CT log [C2SP static-ct-api]. At most 7 characters. */
void tile_path_in(const struct tile *t, const char *entries_folder, char out[TILE_PATH_SIZE]);
MUST_USE enum status tile_parse_path_in(struct bytes path, const char *entries_folder, struct tile *out,
                                        struct error *err);

/* tile_count is the number of tiles (the last may be partial) at a tile level of a tree; 0 above
 * TILE_LEVEL_MAX. */
uint64_t tile_count(uint64_t tree_size, unsigned level);

/* tile_width is how many hashes tile `index` of a level has in a tree of tree_size: 0..256. */
unsigned tile_width(uint64_t tree_size, unsigned level, uint64_t index);

/* tile_of_node says which tile of a tree of tree_size holds the node (level 0..63, index), as the
 * run [first, first + count) of its hashes: count is 2^(level mod 8); the node is the root of them.
 * The node is in the tree exactly when first + count <= out->width. */
void tile_of_node(uint64_t tree_size, unsigned level, uint64_t index, struct tile *out,
                  unsigned *first, unsigned *count);

/* tile_end_index is the first entry index after what the full tile or bundle covers:
 * (n + 1) * 256^(L + 1), UINT64_MAX when that does not fit. Level is 0..TILE_LEVEL_MAX. */
uint64_t tile_end_index(const struct tile *t);

#endif
