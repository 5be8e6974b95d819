#include "tiled_tree/tree_edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "merkle/node.h"

void tree_edge_init(struct tree_edge *edge, const struct leaf_format *format)
{
    edge->format = format;
    frontier_init(&edge->frontier);
    builder_init(&edge->bundle, leaf_format_bundle_max(format));
}

void tree_edge_clear(struct tree_edge *edge)
{
    builder_clear(&edge->bundle);
}

void tree_growth_reset(struct tree_growth *growth)
{
    growth->tile_count = 0;
    growth->bundle_count = 0;
    growth->newest_ms = 0;
}

void tree_growth_clear(struct tree_growth *growth)
{
    free(growth->tiles);
    free(growth->bundles);
    *growth = (struct tree_growth){.tiles = NULL};
}

void tree_edge_tile_nodes(struct hasher *h, const uint8_t *hashes, unsigned width,
                          uint8_t (*nodes)[HASH_SIZE])
{
    memcpy(nodes, hashes, (size_t)width * HASH_SIZE);
    for (unsigned k = 0; k < TILE_HEIGHT; k++) {
        node_pairs(h, nodes[tree_edge_node_offset(k)], width >> (k + 1),
                   nodes + tree_edge_node_offset(k + 1));
    }
}

/* The frontier hashes that the partial tile of a level holds: bit k of its width is a complete
 * subtree of 2^k hashes, the largest first. */
static void refresh_frontier(struct tree_edge *edge, unsigned level, struct hasher *h)
{
    uint8_t nodes[TILE_NODES][HASH_SIZE];
    unsigned width = tree_edge_width(edge, level);
    tree_edge_tile_nodes(h, edge->hashes[level][0], width, nodes);
    for (unsigned k = 0; k < TILE_HEIGHT; k++) {
        if ((width >> k) & 1)
            memcpy(edge->frontier.hashes[TILE_HEIGHT * level + k],
                   nodes[tree_edge_node_offset(k) + (width >> k) - 1], HASH_SIZE);
    }
}

void tree_edge_set_size(struct tree_edge *edge, uint64_t size, struct hasher *h)
{
    edge->frontier.size = size;
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++)
        refresh_frontier(edge, level, h);
}

void tree_edge_root(const struct tree_edge *edge, struct hasher *h, uint8_t out[HASH_SIZE])
{
    frontier_root(&edge->frontier, h, out);
}

/* ---- growing ---- */

struct growing {
    struct tree_edge *to;
    struct hasher *h;
    struct tree_growth *growth;
    struct error *err;
};

static bool make_room(void **array, size_t *cap, size_t count, size_t item)
{
    if (count < *cap)
        return true;
    size_t next = *cap == 0 ? 16 : *cap * 2;
    void *moved = realloc(*array, next * item);
    if (moved == NULL)
        return false;
    *array = moved;
    *cap = next;
    return true;
}

static enum status remember_tile(struct growing *g, unsigned level, uint64_t index)
{
    struct tree_growth *growth = g->growth;
    void *tiles = growth->tiles;
    if (!make_room(&tiles, &growth->tile_cap, growth->tile_count, sizeof *growth->tiles))
        return error_set(g->err, STATUS_NO_MEMORY, "no memory for the tiles of a batch");
    growth->tiles = tiles;
    struct grown_tile *tile = &growth->tiles[growth->tile_count++];
    tile->level = level;
    tile->index = index;
    memcpy(tile->hashes, g->to->hashes[level], sizeof tile->hashes);
    return STATUS_OK;
}

static enum status remember_bundle(struct growing *g, uint64_t index, struct bytes head,
                                   struct bytes tail)
{
    struct tree_growth *growth = g->growth;
    void *bundles = growth->bundles;
    if (!make_room(&bundles, &growth->bundle_cap, growth->bundle_count, sizeof *growth->bundles))
        return error_set(g->err, STATUS_NO_MEMORY, "no memory for the bundles of a batch");
    growth->bundles = bundles;
    growth->bundles[growth->bundle_count++] =
        (struct grown_bundle){.index = index, .head = head, .tail = tail};
    return STATUS_OK;
}

/* The frontier takes the root of a full level-0 tile like one leaf of the tree above it. */
static void frontier_add_tile(struct frontier *f, struct hasher *h, const uint8_t root[HASH_SIZE])
{
    uint8_t carry[HASH_SIZE];
    memcpy(carry, root, HASH_SIZE);
    unsigned k = TILE_HEIGHT;
    for (; (f->size >> k) & 1; k++)
        node_hash(h, f->hashes[k], carry, carry);
    memcpy(f->hashes[k], carry, HASH_SIZE);
}

/* The level-0 tile is full: its root goes to the level above, which may become full with it, and so
 * on. `end` is the tree's size after it. */
static enum status close_tiles(struct growing *g, uint64_t end)
{
    struct tree_edge *to = g->to;
    uint8_t nodes[TILE_NODES][HASH_SIZE];
    for (unsigned level = 0; level + 1 < TREE_EDGE_LEVELS; level++) {
        uint64_t tiles = end >> (TILE_HEIGHT * (level + 1));
        if (tiles << (TILE_HEIGHT * (level + 1)) != end)
            break;
        enum status status = remember_tile(g, level, tiles - 1);
        if (status != STATUS_OK)
            return status;
        tree_edge_tile_nodes(g->h, to->hashes[level][0], TILE_WIDTH, nodes);
        if (level == 0)
            frontier_add_tile(&to->frontier, g->h, nodes[TILE_NODES_ROOT]);
        memcpy(to->hashes[level + 1][(tiles - 1) % TILE_WIDTH], nodes[TILE_NODES_ROOT], HASH_SIZE);
    }
    to->frontier.size = end;
    return STATUS_OK;
}

/* Takes entries until the level-0 tile is full or `left` are taken; *run is their bytes. */
static enum status take_entries(struct growing *g, struct reader *r, uint64_t left, unsigned width,
                                unsigned *taken, struct bytes *run)
{
    struct stored_leaf leaves[TILE_WIDTH];
    struct bytes before = reader_rest(r);
    unsigned count = 0;
    for (; count < left && width + count < TILE_WIDTH; count++) {
        if (!g->to->format->next(r, &leaves[count]))
            return error_at(g->err, STATUS_MALFORMED, reader_offset(r),
                            "staged entries: fewer than the batch has, or one cut short");
        if (leaves[count].time_ms > g->growth->newest_ms)
            g->growth->newest_ms = leaves[count].time_ms;
    }
    leaf_format_hash(g->to->format, g->h, leaves, count, g->to->hashes[0] + width);
    *taken = count;
    *run = bytes_of(before.data, before.len - reader_left(r));
    return STATUS_OK;
}

static void copy_edge(const struct tree_edge *from, struct tree_edge *to)
{
    to->frontier = from->frontier;
    for (unsigned level = 0; level < TREE_EDGE_LEVELS; level++)
        memcpy(to->hashes[level], from->hashes[level],
               (size_t)tree_edge_width(from, level) * HASH_SIZE);
}

static enum status grow(struct growing *g, const struct tree_edge *from, struct bytes entries,
                        uint64_t count)
{
    struct reader r;
    struct bytes head = builder_view(&from->bundle), run = {NULL, 0};
    unsigned width = tree_edge_width(from, 0), taken;
    uint64_t size = tree_edge_size(from);
    reader_init(&r, entries);
    for (uint64_t left = count; left > 0; left -= taken, size += taken) {
        enum status status = take_entries(g, &r, left, width, &taken, &run);
        if (status != STATUS_OK)
            return status;
        width += taken;
        if (width < TILE_WIDTH)
            continue;
        status = remember_bundle(g, size / TILE_WIDTH, head, run);
        if (status == STATUS_OK)
            status = close_tiles(g, size + taken);
        if (status != STATUS_OK)
            return status;
        head = run = bytes_of(NULL, 0);
        width = 0;
    }
    if (!reader_is_at_end(&r))
        return error_at(g->err, STATUS_MALFORMED, reader_offset(&r),
                        "staged entries: more than the batch has");
    g->to->frontier.size = size;
    refresh_frontier(g->to, 0, g->h);
    builder_reset(&g->to->bundle);
    builder_bytes(&g->to->bundle, head);
    builder_bytes(&g->to->bundle, run);
    return builder_status(&g->to->bundle, "partial entry bundle", g->err);
}

enum status tree_edge_grow(const struct tree_edge *from, struct tree_edge *to, struct hasher *h,
                           struct bytes entries, uint64_t count, struct tree_growth *growth,
                           struct error *err)
{
    struct growing g = {.to = to, .h = h, .growth = growth, .err = err};
    tree_growth_reset(growth);
    copy_edge(from, to);
    enum status status = grow(&g, from, entries, count);
    return status != STATUS_OK ? status : hasher_status(h, err);
}
