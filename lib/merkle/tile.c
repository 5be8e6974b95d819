#include "merkle/tile.h"

#include <inttypes.h>

#include "base/builder.h"
#include "base/reader.h"
#include "base/text.h"

/* The highest level that the specification can name; no 64-bit tree reaches it. */
#define LEVEL_MAX_IN_SPEC 63

/* The levels of the tree below the root of a tile of this level. */
static unsigned root_level(unsigned tile_level)
{
    return TILE_HEIGHT * (tile_level + 1);
}

#define ENTRIES "entries"

void tile_path(const struct tile *t, char out[TILE_PATH_SIZE])
{
    tile_path_in(t, ENTRIES, out);
}

void tile_path_in(const struct tile *t, const char *entries_folder, char out[TILE_PATH_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, TILE_PATH_SIZE);
    if (t->is_entries)
        builder_printf(&b, "tile/%s/", entries_folder);
    else
        builder_printf(&b, "tile/%u/", t->level);

    /* All groups but the last carry an x: a folder is never named like a file. */
    uint64_t unit = 1;
    while (t->index / unit >= 1000)
        unit *= 1000;
    for (; unit > 1; unit /= 1000)
        builder_printf(&b, "x%03u/", (unsigned)(t->index / unit % 1000));
    builder_printf(&b, "%03u", (unsigned)(t->index % 1000));

    if (t->width < TILE_WIDTH)
        builder_printf(&b, ".p/%u", t->width);
    builder_u8(&b, '\0');
}

static enum status bad_path(const struct reader *r, const char *why, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "tile path: %s [C2SP tlog-tiles]",
                    why);
}

static enum status parse_level(struct reader *r, const char *entries_folder, struct tile *t, struct error *err)
{
    struct reader before = *r;
    struct bytes word;
    if (!reader_until(r, '/', &word))
        return bad_path(&before, "no / after the level", err);
    t->is_entries = bytes_is_text(word, entries_folder);
    uint64_t level = 0;
    if (!t->is_entries && !text_parse_u64(word, LEVEL_MAX_IN_SPEC, &level))
        return error_at(err, STATUS_MALFORMED, reader_offset(&before),
                        "tile path: level is not \"%s\" or a number from 0 to 63 [C2SP tlog-tiles]", entries_folder);
    if (level > TILE_LEVEL_MAX)
        return error_at(err, STATUS_REFUSED, reader_offset(&before),
                        "tile path: level %" PRIu64 " has no tiles: 64-bit indices end at level %d",
                        level, TILE_LEVEL_MAX);
    t->level = (unsigned)level;
    return STATUS_OK;
}

/* One group of three digits. */
static bool read_group(struct reader *r, unsigned *value)
{
    struct reader start = *r;
    struct bytes digits;
    if (!reader_bytes(r, 3, &digits))
        return false;
    *value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            *r = start;
            return false;
        }
        *value = *value * 10 + (unsigned)(digits.data[i] - '0');
    }
    return true;
}

static bool skip_text(struct reader *r, const char *text)
{
    struct bytes want = bytes_of_text(text), got;
    struct reader start = *r;
    if (reader_bytes(r, want.len, &got) && bytes_equal(got, want))
        return true;
    *r = start;
    return false;
}

static enum status parse_index(struct reader *r, struct tile *t, struct error *err)
{
    bool is_last = false;
    t->index = 0;
    for (bool is_first = true; !is_last; is_first = false) {
        struct reader start = *r;
        unsigned value;
        is_last = !skip_text(r, "x");
        if (!read_group(r, &value))
            return bad_path(r, "index is not groups of three digits", err);
        if (!is_last && !skip_text(r, "/"))
            return bad_path(r, "no / after a group that begins with x", err);
        if (is_first && !is_last && value == 0)
            return bad_path(&start, "index has a leading group of zeros", err);
        /* The first group is not 0, so that an endless path ends here too. */
        if (__builtin_mul_overflow(t->index, 1000, &t->index) ||
            __builtin_add_overflow(t->index, value, &t->index))
            return bad_path(&start, "index exceeds 64 bits", err);
    }
    return STATUS_OK;
}

/* A tile that starts at or after 2^64 entries is in no tree, and its arithmetic would wrap. */
static enum status check_index(const struct tile *t, struct error *err)
{
    unsigned level = root_level(t->level);
    uint64_t index_max = level >= 64 ? 0 : UINT64_MAX >> level;
    if (t->index <= index_max)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "tile path: tile %" PRIu64 " of level %u lies beyond 2^64 entries", t->index,
                     t->level);
}

static enum status parse_width(struct reader *r, struct tile *t, struct error *err)
{
    t->width = TILE_WIDTH;
    if (reader_is_at_end(r))
        return STATUS_OK;
    if (!skip_text(r, ".p/"))
        return bad_path(r, "neither the end nor .p/ after the index", err);
    uint64_t width;
    if (!text_parse_u64(reader_rest(r), TILE_WIDTH - 1, &width) || width == 0)
        return bad_path(r, "width is not a number from 1 to 255", err);
    t->width = (unsigned)width;
    return STATUS_OK;
}

enum status tile_parse_path(struct bytes path, struct tile *out, struct error *err)
{
    return tile_parse_path_in(path, ENTRIES, out, err);
}

enum status tile_parse_path_in(struct bytes path, const char *entries_folder, struct tile *out,
                               struct error *err)
{
    struct reader r;
    struct tile t;
    reader_init(&r, path);
    if (!skip_text(&r, "tile/"))
        return bad_path(&r, "does not begin with tile/", err);
    enum status status = parse_level(&r, entries_folder, &t, err);
    if (status == STATUS_OK)
        status = parse_index(&r, &t, err);
    if (status == STATUS_OK)
        status = parse_width(&r, &t, err);
    if (status == STATUS_OK)
        status = check_index(&t, err);
    if (status == STATUS_OK)
        *out = t;
    return status;
}

/* How many hashes a tile level has: only complete nodes count. */
static uint64_t hash_count(uint64_t tree_size, unsigned level)
{
    return level > TILE_LEVEL_MAX ? 0 : tree_size >> (TILE_HEIGHT * level);
}

uint64_t tile_count(uint64_t tree_size, unsigned level)
{
    uint64_t hashes = hash_count(tree_size, level);
    return hashes / TILE_WIDTH + (hashes % TILE_WIDTH != 0);
}

unsigned tile_width(uint64_t tree_size, unsigned level, uint64_t index)
{
    uint64_t hashes = hash_count(tree_size, level);
    if (index < hashes / TILE_WIDTH)
        return TILE_WIDTH;
    return index == hashes / TILE_WIDTH ? (unsigned)(hashes % TILE_WIDTH) : 0;
}

void tile_of_node(uint64_t tree_size, unsigned level, uint64_t index, struct tile *out,
                  unsigned *first, unsigned *count)
{
    unsigned height = level % TILE_HEIGHT;
    uint64_t per_tile = UINT64_C(1) << (TILE_HEIGHT - height); /* nodes of this height in a tile */
    out->is_entries = false;
    out->level = level / TILE_HEIGHT;
    out->index = index / per_tile;
    out->width = tile_width(tree_size, out->level, out->index);
    *first = (unsigned)(index % per_tile) << height;
    *count = 1U << height;
}

uint64_t tile_end_index(const struct tile *t)
{
    unsigned level = root_level(t->level);
    if (level >= 64 || t->index >= UINT64_MAX >> level)
        return UINT64_MAX;
    return (t->index + 1) << level;
}
