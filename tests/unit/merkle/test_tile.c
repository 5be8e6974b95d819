#include "unit/merkle/model.h"

#include <stdio.h>

#include "merkle/node.h"
#include "merkle/tile.h"

#define TWO(n) (UINT64_C(1) << (n))

static void assert_path(bool is_entries, unsigned level, uint64_t index, unsigned width,
                        const char *want)
{
    struct tile t = {.is_entries = is_entries, .level = level, .index = index, .width = width};
    char path[TILE_PATH_SIZE];
    memset(path, 0xee, sizeof path);
    tile_path(&t, path);
    assert_string_equal(path, want);
}

static void assert_parses(const char *path, bool is_entries, unsigned level, uint64_t index,
                          unsigned width)
{
    struct tile t;
    struct error err = {.status = STATUS_OK};
    enum status status = tile_parse_path(bytes_of_text(path), &t, &err);
    if (status != STATUS_OK)
        fail_msg("%s: %s", path, err.text);
    assert_int_equal(t.is_entries, is_entries);
    assert_int_equal(t.level, level);
    assert_int_equal(t.index, index);
    assert_int_equal(t.width, width);
    assert_path(is_entries, level, index, width, path);
}

static void paths_that_are_good(void **state)
{
    (void)state;
    assert_parses("tile/0/000", false, 0, 0, 256);
    assert_parses("tile/0/999", false, 0, 999, 256);
    assert_parses("tile/0/x001/000", false, 0, 1000, 256);
    assert_parses("tile/0/x999/999", false, 0, 999999, 256);
    assert_parses("tile/0/x001/x000/000", false, 0, 1000000, 256);
    assert_parses("tile/0/x001/x234/067", false, 0, 1234067, 256);
    assert_parses("tile/2/x001/x234/067.p/1", false, 2, 1234067, 1);
    assert_parses("tile/7/000.p/255", false, 7, 0, 255);
    assert_parses("tile/6/255", false, 6, 255, 256);
    assert_parses("tile/entries/000", true, 0, 0, 256);
    assert_parses("tile/entries/x273/112.p/112", true, 0, 273112, 112);
    /* the last bundle of a tree of 2^64 - 1 entries */
    assert_parses("tile/entries/x072/x057/x594/x037/x927/935.p/255", true, 0, UINT64_MAX >> 8, 255);
}

/* The longest name that tile_path can be asked for fits. */
static void the_longest_path(void **state)
{
    (void)state;
    assert_path(true, 0, UINT64_MAX, 255, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255");
    assert_path(false, 7, UINT64_MAX, 256, "tile/7/x018/x446/x744/x073/x709/x551/615");
}

static void assert_refused(const char *path, size_t len, enum status want, const char *reason)
{
    struct tile t = {.width = 77};
    struct error err = {.status = STATUS_OK};
    enum status status = tile_parse_path(bytes_of(path, len), &t, &err);
    if (status != want || strstr(err.text, reason) == NULL)
        fail_msg("%s: %s (%s)", path, status_name(status), err.text);
    assert_int_equal(err.status, want);
    assert_int_equal(t.width, 77);
}

struct bad {
    const char *path;
    const char *reason;
};

static void paths_that_are_malformed(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {"", "begin with tile/"},
        {"tile", "begin with tile/"},
        {"/tile/0/000", "begin with tile/"},
        {"Tile/0/000", "begin with tile/"},
        {"tile/", "no / after the level"},
        {"tile/0", "no / after the level"},
        {"tile//000", "level is not"},
        {"tile/00/000", "level is not"},
        {"tile/01/000", "level is not"},
        {"tile/64/000", "level is not"},
        {"tile/256/000", "level is not"},
        {"tile/18446744073709551616/000", "level is not"},
        {"tile/-1/000", "level is not"},
        {"tile/+1/000", "level is not"},
        {"tile/ 1/000", "level is not"},
        {"tile/a/000", "level is not"},
        {"tile/Entries/000", "level is not"},
        {"tile/entries", "no / after the level"},
        {"tile/data/000", "level is not"},
        {"tile/0/", "three digits"},
        {"tile/0/0", "three digits"},
        {"tile/0/00", "three digits"},
        {"tile/0/0000", "neither the end"},
        {"tile/0/00a", "three digits"},
        {"tile/0/-01", "three digits"},
        {"tile/0/x001", "no / after a group"},
        {"tile/0/x001/", "three digits"},
        {"tile/0/x001/x002", "no / after a group"},
        {"tile/0/x001/2", "three digits"},
        {"tile/0/001/002", "neither the end"},
        {"tile/0/X001/002", "three digits"},
        {"tile/0/xx01/002", "three digits"},
        {"tile/0/x000/001", "leading group of zeros"},
        {"tile/0/x000/x001/001", "leading group of zeros"},
        {"tile/0/x018/x446/x744/x073/x709/x551/616", "exceeds 64 bits"},
        {"tile/0/x019/x000/x000/x000/x000/x000/000", "exceeds 64 bits"},
        {"tile/0/x001/x000/x000/x000/x000/x000/x000/000", "exceeds 64 bits"},
        {"tile/0/000/", "neither the end"},
        {"tile/0/000 ", "neither the end"},
        {"tile/0/000\n", "neither the end"},
        {"tile/0/000.p", "neither the end"},
        {"tile/0/000.P/1", "neither the end"},
        {"tile/0/000.p/", "width is not"},
        {"tile/0/000.p/0", "width is not"},
        {"tile/0/000.p/01", "width is not"},
        {"tile/0/000.p/256", "width is not"},
        {"tile/0/000.p/1000", "width is not"},
        {"tile/0/000.p/-1", "width is not"},
        {"tile/0/000.p/1/", "width is not"},
        {"tile/0/000.p/1 ", "width is not"},
        {"tile/0/000.p/1.p/1", "width is not"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i].path, strlen(bad[i].path), STATUS_MALFORMED, bad[i].reason);
    assert_refused("tile/0/000\0", 11, STATUS_MALFORMED, "neither the end");
    assert_refused("tile/0/00\0", 10, STATUS_MALFORMED, "three digits");
}

static void paths_of_no_64_bit_tree(void **state)
{
    (void)state;
    for (unsigned level = 8; level <= 63; level++) {
        char path[TILE_PATH_SIZE];
        int len = snprintf(path, sizeof path, "tile/%u/000", level);
        assert_refused(path, (size_t)len, STATUS_REFUSED, "64-bit indices end at level 7");
    }
    static const char *const beyond[] = {
        "tile/7/001",
        "tile/6/256",
        "tile/5/x065/536",
        "tile/7/x001/000.p/3",
        "tile/0/x072/x057/x594/x037/x927/936",
        "tile/entries/x018/x446/x744/x073/x709/x551/615",
    };
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        assert_refused(beyond[i], strlen(beyond[i]), STATUS_REFUSED, "beyond 2^64 entries");
}

/* Every good path, cut short anywhere, is another tile or none; never the same. */
static void a_cut_path_is_another(void **state)
{
    (void)state;
    static const char path[] = "tile/2/x001/x234/067.p/123";
    for (size_t len = 0; len < sizeof path - 1; len++) {
        struct tile t;
        if (tile_parse_path(bytes_of(path, len), &t, NULL) != STATUS_OK)
            continue;
        char again[TILE_PATH_SIZE];
        tile_path(&t, again);
        assert_int_equal(strlen(again), len);
        assert_memory_equal(again, path, len);
    }
}

static void assert_round_trip(bool is_entries, unsigned level, uint64_t index, unsigned width)
{
    struct tile t = {.is_entries = is_entries, .level = level, .index = index, .width = width};
    char path[TILE_PATH_SIZE];
    tile_path(&t, path);
    assert_parses(path, is_entries, level, index, width);
}

static void paths_round_trip(void **state)
{
    (void)state;
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        unsigned shift = 8 * (level + 1);
        uint64_t index_max = shift == 64 ? 0 : UINT64_MAX >> shift;
        for (unsigned width = 1; width <= TILE_WIDTH; width++)
            assert_round_trip(false, level, index_max, width);
        for (uint64_t unit = 1; unit <= index_max / 10; unit *= 10)
            for (uint64_t i = unit - 1; i <= unit + 1; i++)
                assert_round_trip(false, level, i, 256);
    }
    for (uint64_t index = 0; index < 5000; index++)
        assert_round_trip(true, 0, index, 1 + (unsigned)(index % 256));
}

/* The example of the specification: a tree of 70,000, and one of 256. */
static void the_example_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(tile_count(70000, 0), 274);
    assert_int_equal(tile_width(70000, 0, 272), 256);
    assert_int_equal(tile_width(70000, 0, 273), 112);
    assert_int_equal(tile_width(70000, 0, 274), 0);
    assert_int_equal(tile_count(70000, 1), 2);
    assert_int_equal(tile_width(70000, 1, 0), 256);
    assert_int_equal(tile_width(70000, 1, 1), 17);
    assert_int_equal(tile_count(70000, 2), 1);
    assert_int_equal(tile_width(70000, 2, 0), 1);
    assert_int_equal(tile_count(70000, 3), 0);
    assert_int_equal(tile_count(256, 0), 1);
    assert_int_equal(tile_width(256, 0, 0), 256);
    assert_int_equal(tile_count(256, 1), 1);
    assert_int_equal(tile_width(256, 1, 0), 1);
}

/* Counts the hashes of each tile one by one: hash i of a tile is there when all its entries are. */
static void widths_by_counting(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= 70000; size += size < 800 ? 1 : 97) {
        for (unsigned level = 0; level <= 2; level++) {
            uint64_t span = TWO(8 * level), tiles = 0;
            for (uint64_t index = 0; index * 256 * span <= size; index++) {
                unsigned width = 0;
                while (width < 256 && (index * 256 + width + 1) * span <= size)
                    width++;
                assert_int_equal(tile_width(size, level, index), width);
                tiles += width != 0;
            }
            assert_int_equal(tile_count(size, level), tiles);
        }
    }
}

static void geometry_at_large_sizes(void **state)
{
    (void)state;
    assert_int_equal(tile_count(UINT64_MAX, 0), TWO(56));
    assert_int_equal(tile_width(UINT64_MAX, 0, TWO(56) - 1), 255);
    assert_int_equal(tile_width(UINT64_MAX, 0, TWO(56)), 0);
    assert_int_equal(tile_width(UINT64_MAX, 0, UINT64_MAX), 0);
    assert_int_equal(tile_count(UINT64_MAX, 7), 1);
    assert_int_equal(tile_width(UINT64_MAX, 7, 0), 255);
    assert_int_equal(tile_width(UINT64_MAX, 7, 1), 0);
    assert_int_equal(tile_count(TWO(63), 7), 1);
    assert_int_equal(tile_width(TWO(63), 7, 0), 128);
    assert_int_equal(tile_count(TWO(56) - 1, 7), 0);
    assert_int_equal(tile_count(UINT64_MAX, 8), 0);
    assert_int_equal(tile_width(UINT64_MAX, 8, 0), 0);
    assert_int_equal(tile_count(UINT64_MAX, 63), 0);
    assert_int_equal(tile_count(0, 0), 0);

    struct tile t;
    unsigned first, count;
    tile_of_node(UINT64_MAX, 63, 0, &t, &first, &count);
    assert_int_equal(t.level, 7);
    assert_int_equal(t.index, 0);
    assert_int_equal(t.width, 255);
    assert_int_equal(first, 0);
    assert_int_equal(count, 128);
    tile_of_node(UINT64_MAX, 0, UINT64_MAX - 1, &t, &first, &count);
    assert_int_equal(t.index, TWO(56) - 1);
    assert_int_equal(first, 254);
    assert_int_equal(count, 1);
}

/* Hash i of a tile, by its definition. */
static void tile_hash(struct model *m, const struct tile *t, unsigned i, uint8_t out[HASH_SIZE])
{
    uint64_t span = TWO(8 * t->level), at = (t->index * 256 + i) * span;
    model_mth(m, at, at + span, out);
}

/* Is the node the root of the run of hashes that tile_of_node names? */
static void assert_node_in_tile(struct model *m, uint64_t size, unsigned level, uint64_t index)
{
    struct tile t;
    unsigned first, count;
    tile_of_node(size, level, index, &t, &first, &count);
    assert_false(t.is_entries);
    assert_int_equal(t.width, tile_width(size, t.level, t.index));
    assert_true(first + count <= t.width);
    static uint8_t hashes[TILE_WIDTH][HASH_SIZE];
    for (unsigned i = 0; i < count; i++)
        tile_hash(m, &t, first + i, hashes[i]);
    for (unsigned left = count; left > 1; left /= 2)
        node_pairs(&m->h, hashes[0], left / 2, hashes);
    uint8_t want[HASH_SIZE];
    model_mth(m, index << level, (index + 1) << level, want);
    assert_memory_equal(hashes[0], want, HASH_SIZE);
}

static void every_node_of_small_trees(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    static const uint64_t sizes[] = {1, 2, 3, 7, 8, 127, 128, 130, 255, 256, 257, 511, 512, 700};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned level = 0; level < 64; level++)
            for (uint64_t index = 0; index < sizes[i] >> level; index++)
                assert_node_in_tile(m, sizes[i], level, index);
    model_free(m);
}

/* The node after the last one of a level is not in the tree: its run goes past the width. */
static void nodes_outside_show(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= 1200; size++)
        for (unsigned level = 0; level < 64; level++) {
            uint64_t nodes = size >> level;
            struct tile t;
            unsigned first, count;
            tile_of_node(size, level, nodes, &t, &first, &count);
            assert_true(first + count > t.width);
            if (nodes == 0)
                continue;
            tile_of_node(size, level, nodes - 1, &t, &first, &count);
            assert_true(first + count <= t.width);
        }
}

static void the_ends_of_large_trees(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    static const uint64_t sizes[] = {TWO(47) + 1, TWO(48) - 1, TWO(63), TWO(63) + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned level = 0; level < 64; level++) {
            uint64_t count = sizes[i] >> level;
            if (count == 0)
                continue;
            assert_node_in_tile(m, sizes[i], level, 0);
            assert_node_in_tile(m, sizes[i], level, count - 1);
            assert_node_in_tile(m, sizes[i], level, count / 3);
        }
    model_free(m);
}

static uint64_t end_index(unsigned level, uint64_t index)
{
    return tile_end_index(&(struct tile){.level = level, .index = index, .width = 256});
}

static void end_indices(void **state)
{
    (void)state;
    assert_int_equal(end_index(0, 0), 256);
    assert_int_equal(end_index(0, 5), 1536);
    assert_int_equal(end_index(1, 0), 65536);
    assert_int_equal(end_index(1, 2), 3 * 65536);
    assert_int_equal(end_index(6, 0), TWO(56));
    assert_int_equal(end_index(6, 254), 255 * TWO(56));
    /* 2^64 itself and what lies beyond */
    assert_int_equal(end_index(6, 255), UINT64_MAX);
    assert_int_equal(end_index(7, 0), UINT64_MAX);
    assert_int_equal(end_index(0, TWO(56) - 2), UINT64_MAX - 255);
    assert_int_equal(end_index(0, TWO(56) - 1), UINT64_MAX);
    assert_int_equal(end_index(0, UINT64_MAX), UINT64_MAX);
    struct tile bundle = {.is_entries = true, .index = 9, .width = 1};
    assert_int_equal(tile_end_index(&bundle), 2560);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_that_are_good),
        cmocka_unit_test(the_longest_path),
        cmocka_unit_test(paths_that_are_malformed),
        cmocka_unit_test(paths_of_no_64_bit_tree),
        cmocka_unit_test(a_cut_path_is_another),
        cmocka_unit_test(paths_round_trip),
        cmocka_unit_test(the_example_of_the_specification),
        cmocka_unit_test(widths_by_counting),
        cmocka_unit_test(geometry_at_large_sizes),
        cmocka_unit_test(every_node_of_small_trees),
        cmocka_unit_test(nodes_outside_show),
        cmocka_unit_test(the_ends_of_large_trees),
        cmocka_unit_test(end_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
