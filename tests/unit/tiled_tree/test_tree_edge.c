#include "codec/tiles/entry_bundle.h"
#include "unit/checks.h"

#include "merkle/node.h"
#include "tiled_tree/tree_edge.h"

/* Crosses the first full tile of level 1, and leaves something on level 2. */
#define ENTRIES 66100

static struct tree_edge edges[2];
static struct tree_growth growth;

static void write_entry(uint64_t index, struct builder *out)
{
    uint8_t memory[16] = {0};
    memcpy(memory, &index, sizeof index);
    entry_bundle_append(out, bytes_of(memory, 4 + index % 9));
}

static void leaf_of(struct hasher *h, uint64_t index, uint8_t out[HASH_SIZE])
{
    uint8_t memory[16] = {0};
    memcpy(memory, &index, sizeof index);
    node_leaf_hash(h, bytes_of(memory, 4 + index % 9), out);
}

/* Grows from `from` to `to` entries and takes the step. */
static struct tree_edge *grow(struct tree_edge *edge, struct hasher *h, uint64_t from, uint64_t to)
{
    struct tree_edge *next = edge == &edges[0] ? &edges[1] : &edges[0];
    struct error err = {.status = STATUS_OK};
    struct builder entries;
    builder_init(&entries, (size_t)1 << 22);
    for (uint64_t i = from; i < to; i++)
        write_entry(i, &entries);
    OK(tree_edge_grow(edge, next, h, builder_view(&entries), to - from, &growth, &err));
    /* What became full is all of it, once, and made of the right bytes. */
    assert_int_equal(growth.bundle_count, to / 256 - from / 256);
    for (size_t i = 0; i < growth.bundle_count; i++) {
        struct builder want;
        builder_init(&want, (size_t)1 << 16);
        for (uint64_t j = growth.bundles[i].index * 256; j < growth.bundles[i].index * 256 + 256; j++)
            write_entry(j, &want);
        struct bytes head = growth.bundles[i].head;
        assert_bytes(head, bytes_of(want.data, head.len));
        assert_bytes(growth.bundles[i].tail, bytes_of(want.data + head.len, want.len - head.len));
        builder_clear(&want);
    }
    builder_clear(&entries);
    return next;
}

static void assert_same_frontier(const struct tree_edge *edge, const struct frontier *want,
                                 struct hasher *h)
{
    uint8_t have_root[HASH_SIZE], want_root[HASH_SIZE];
    assert_int_equal(tree_edge_size(edge), want->size);
    for (unsigned k = 0; k < 64; k++) {
        if ((want->size >> k) & 1)
            assert_memory_equal(edge->frontier.hashes[k], want->hashes[k], HASH_SIZE);
    }
    tree_edge_root(edge, h, have_root);
    frontier_root(want, h, want_root);
    assert_memory_equal(have_root, want_root, HASH_SIZE);
}

/* Batches of all sorts against a tree that grows leaf by leaf. */
static void batches_make_the_tree_of_single_appends(const struct hash_alg *hash)
{
    static const uint64_t batches[] = {1, 1, 253, 1, 256, 255, 2, 1000, 7, 4096, 65536};
    struct hasher h;
    struct frontier want;
    struct error err = {.status = STATUS_OK};
    uint8_t leaf[HASH_SIZE];
    uint64_t size = 0;
    struct tree_edge *edge = &edges[0];
    OK(hasher_init(&h, hash, &err));
    frontier_init(&want);
    tree_edge_init(&edges[0], &leaf_format_mtc);
    tree_edge_init(&edges[1], &leaf_format_mtc);
    for (size_t i = 0; size < ENTRIES; i++) {
        uint64_t next = size + batches[i % LENGTH(batches)];
        if (next > ENTRIES)
            next = ENTRIES;
        edge = grow(edge, &h, size, next);
        for (; size < next; size++) {
            leaf_of(&h, size, leaf);
            assert_true(frontier_append(&want, &h, leaf));
        }
        assert_same_frontier(edge, &want, &h);
    }
    assert_int_equal(tree_edge_width(edge, 2), 1);

    /* The same tiles, loaded, give the same frontier. */
    struct tree_edge *loaded = edge == &edges[0] ? &edges[1] : &edges[0];
    memcpy(loaded->hashes, edge->hashes, sizeof edge->hashes);
    memset(&loaded->frontier, 0, sizeof loaded->frontier);
    tree_edge_set_size(loaded, size, &h);
    assert_same_frontier(loaded, &want, &h);

    tree_edge_clear(&edges[0]);
    tree_edge_clear(&edges[1]);
    tree_growth_clear(&growth);
    hasher_clear(&h);
}

static void with_sm3(void **state)
{
    (void)state;
    batches_make_the_tree_of_single_appends(&hash_sm3);
}

static void with_sha256(void **state)
{
    (void)state;
    batches_make_the_tree_of_single_appends(&hash_sha256);
}

static void wrong_counts_are_refused(void **state)
{
    (void)state;
    static const uint8_t two[] = {0, 1, 'a', 0, 1, 'b'};
    struct hasher h;
    struct error err = {.status = STATUS_OK};
    OK(hasher_init(&h, &hash_sm3, &err));
    tree_edge_init(&edges[0], &leaf_format_mtc);
    tree_edge_init(&edges[1], &leaf_format_mtc);
    OK(tree_edge_grow(&edges[0], &edges[1], &h, BYTES_OF(two), 2, &growth, &err));
    assert_says(tree_edge_grow(&edges[0], &edges[1], &h, BYTES_OF(two), 1, &growth, &err), &err,
                STATUS_MALFORMED, "more than");
    assert_says(tree_edge_grow(&edges[0], &edges[1], &h, BYTES_OF(two), 3, &growth, &err), &err,
                STATUS_MALFORMED, "fewer");
    assert_says(tree_edge_grow(&edges[0], &edges[1], &h, bytes_of(two, 5), 2, &growth, &err), &err,
                STATUS_MALFORMED, "fewer");
    tree_edge_clear(&edges[0]);
    tree_edge_clear(&edges[1]);
    tree_growth_clear(&growth);
    hasher_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_sm3),
        cmocka_unit_test(with_sha256),
        cmocka_unit_test(wrong_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
