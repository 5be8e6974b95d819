#include "merkle/tile_set.h"

#include <stdlib.h>
#include <string.h>

void tile_set_init(struct tile_set *tiles, uint64_t tree_size, struct hasher *hasher)
{
    *tiles = (struct tile_set){.tiles = array_of(sizeof(struct tile_set_tile), TILE_SET_MAX),
                                     .tree_size = tree_size, .hasher = hasher};
}

void tile_set_clear(struct tile_set *tiles)
{
    for (size_t i = 0; i < tiles->tiles.count; i++)
        free(((struct tile_set_tile *)array_at(&tiles->tiles, i))->hashes);
    array_clear(&tiles->tiles);
}

static int compare_tile(const void *key, const void *item)
{
    const struct tile *a = key, *b = &((const struct tile_set_tile *)item)->tile;
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* The root of a run of 2^n hashes. */
static void fold(struct hasher *h, const uint8_t *hashes, unsigned count, uint8_t out[HASH_SIZE])
{
    uint8_t row[TILE_WIDTH][HASH_SIZE];
    memcpy(row, hashes, (size_t)count * HASH_SIZE);
    for (; count > 1; count /= 2)
        node_pairs(h, row[0], count / 2, row);
    memcpy(out, row[0], HASH_SIZE);
}

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *err)
{
    struct tile_set *tiles = context;
    struct tile_set_tile wanted = {.hashes = NULL};
    unsigned first, count;
    size_t at;
    tile_of_node(tiles->tree_size, level, index, &wanted.tile, &first, &count);
    if (first + count > wanted.tile.width)
        return error_set(err, STATUS_REFUSED, "a node outside of the tree");
    memset(out, 0, HASH_SIZE);
    if (!array_find(&tiles->tiles, &wanted.tile, compare_tile, &at)) {
        tiles->has_missing = true;
        return array_insert(&tiles->tiles, at, &wanted, "tiles for one question", err);
    }
    const struct tile_set_tile *there = array_at(&tiles->tiles, at);
    if (there->hashes == NULL)
        tiles->has_missing = true;
    else
        fold(tiles->hasher, there->hashes + (size_t)first * HASH_SIZE, count, out);
    return STATUS_OK;
}

struct node_source tile_set_source(struct tile_set *tiles)
{
    return (struct node_source){tiles, read_node};
}

struct tile_set_tile *tile_set_find(struct tile_set *tiles, const struct tile *tile)
{
    size_t at;
    return array_find(&tiles->tiles, tile, compare_tile, &at) ? array_at(&tiles->tiles, at) : NULL;
}

enum status tile_set_evaluate(struct tile_set *tiles, struct subtree subtree, const uint8_t root[HASH_SIZE],
                                    uint8_t hash[HASH_SIZE], struct builder *proof, struct error *err)
{
    struct node_source source = tile_set_source(tiles);
    struct builder own;
    builder_init(&own, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    struct builder *path = proof != NULL ? proof : &own;
    tiles->has_missing = false;
    size_t before = path->len;
    enum status s = proof_subtree_hash(tiles->hasher, &source, subtree, hash, err);
    if (s == STATUS_OK)
        s = proof_make_consistency(tiles->hasher, &source, subtree, tiles->tree_size, path, err);
    if (s == STATUS_OK)
        s = builder_status(path, "consistency proof", err);
    if (s == STATUS_OK && tiles->has_missing) {
        path->len = before;
        s = error_set(err, STATUS_AGAIN, "tiles are missing");
    }
    size_t len = s == STATUS_OK ? path->len - before : 0;
    if (s == STATUS_OK)
        s = proof_check_consistency(tiles->hasher, subtree, tiles->tree_size, hash, root,
                                    bytes_of(len > 0 ? path->data + before : NULL, len), err);
    if (s == STATUS_OK)
        s = hasher_status(tiles->hasher, err);
    if (s == STATUS_MALFORMED)
        s = STATUS_REFUSED;
    builder_clear(&own);
    return s == STATUS_REFUSED ? error_prefix(err, s, "tiles: they do not lead to the signed root") : s;
}

struct tile_set_tile *tile_set_next(struct tile_set *tiles, size_t *at)
{
    while (*at < tiles->tiles.count) {
        struct tile_set_tile *tile = array_at(&tiles->tiles, (*at)++);
        if (tile->hashes == NULL)
            return tile;
    }
    return NULL;
}

enum status tile_set_put(struct tile_set_tile *tile, struct bytes value, struct error *err)
{
    size_t len = (size_t)tile->tile.width * HASH_SIZE;
    /* Where the partial one has gone, the full one holds it. */
    if (value.len != len && value.len != TILE_SIZE_MAX)
        return error_set(err, STATUS_REFUSED, "tile: %zu bytes, and %zu are expected", value.len, len);
    tile->hashes = malloc(len);
    if (tile->hashes == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memcpy(tile->hashes, value.data, len);
    return STATUS_OK;
}
