/* Data tiles of CT logs: where an entry ends, and what of it is hashed. */
#include "fuzz/fuzz_checks.h"

#include "tiled_tree/tree_edge.h"

static bool is_part_of(struct bytes part, struct bytes whole)
{
    return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

/* An entry is taken from the front of the run, alone it is the same, and what is hashed is its front. */
static void look_at(struct bytes run, const struct stored_leaf *leaf)
{
    struct reader r;
    struct stored_leaf again;
    require(leaf->entry.data == run.data && is_part_of(leaf->entry, run));
    require(leaf->hashed.data == leaf->entry.data && leaf->hashed.len >= 10 && is_part_of(leaf->hashed, leaf->entry));
    require(leaf->entry.len <= leaf_format_ct.entry_max);
    reader_init(&r, leaf->entry);
    require(leaf_format_ct.next(&r, &again) && reader_is_at_end(&r));
    require(bytes_equal(again.hashed, leaf->hashed) && again.time_ms == leaf->time_ms);
}

/* As many entries as there are grow a tree; one more or less do not. */
static void grow(struct bytes run, uint64_t count)
{
    static struct tree_edge from, to;
    static struct tree_growth growth;
    struct hasher h;
    struct error err;
    require(hasher_init(&h, &hash_sm3, &err) == STATUS_OK);
    tree_edge_init(&from, &leaf_format_ct);
    tree_edge_init(&to, &leaf_format_ct);
    require(tree_edge_grow(&from, &to, &h, run, count, &growth, &err) == STATUS_OK);
    require(tree_edge_size(&to) == count);
    require(tree_edge_grow(&from, &to, &h, run, count + 1, &growth, &err) == STATUS_MALFORMED);
    require(count < 2 || tree_edge_grow(&from, &to, &h, run, count - 1, &growth, &err) == STATUS_MALFORMED);
    tree_edge_clear(&from);
    tree_edge_clear(&to);
    tree_growth_clear(&growth);
    hasher_clear(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct reader r;
    struct stored_leaf leaf;
    struct error err;
    uint64_t count = 0;
    reader_init(&r, input);
    for (struct bytes run = input; leaf_format_ct.next(&r, &leaf); run = reader_rest(&r), count++)
        look_at(run, &leaf);
    grow(bytes_of(data, size - reader_left(&r)), count);
    if (count == 0 || count > TILE_WIDTH)
        return 0;
    struct leaf_bundle bundle;
    enum status status = leaf_format_parse(&leaf_format_ct, input, (unsigned)count, &bundle, &err);
    require((status == STATUS_OK) == reader_is_at_end(&r));
    if (status != STATUS_OK)
        require_refusal(status, &err);
    return 0;
}
