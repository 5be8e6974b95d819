/* The structures of a CT log: MerkleTreeLeaf, data tile, extra_data, signatures of tree heads. */
#include "fuzz/fuzz_checks.h"

#include "codec/ct/leaf.h"
#include "codec/ct/tree_head.h"

static void require_known_refusal(enum status status, const struct error *err)
{
    require(status == STATUS_MALFORMED || status == STATUS_REFUSED || status == STATUS_LIMIT);
    require(err->status == status && err->text[0] != '\0');
}

static void merkle_leaf(struct bytes input)
{
    struct error err;
    struct leaf leaf;
    struct builder again;
    uint64_t index;
    enum status status = leaf_parse(input, &leaf, &err);
    if (status != STATUS_OK) {
        require_known_refusal(status, &err);
        return;
    }
    builder_init(&again, input.len);
    require(leaf_write_merkle(&leaf, &again, &err) == STATUS_OK);
    require_same(&again, input);
    if (leaf_index(&leaf, &index, &err) == STATUS_OK)
        require(index < UINT64_C(1) << 40);
}

static void data_tile(struct bytes input)
{
    struct error err;
    struct reader r;
    struct leaf_tile entry;
    struct builder again;
    enum status status;
    reader_init(&r, input);
    builder_init(&again, input.len);
    while ((status = leaf_tile_next(&r, &entry, &err)) == STATUS_OK)
        require(leaf_tile_write(&entry, &again, &err) == STATUS_OK);
    if (status != STATUS_NOT_FOUND)
        require_known_refusal(status, &err);
    require_same(&again, bytes_of(input.data, reader_offset(&r)));
}

static void extra_data(uint16_t type, struct bytes input)
{
    struct error err;
    struct leaf_extra extra;
    struct builder again;
    struct bytes chain[64];
    struct reader r;
    size_t count = 0;
    enum status status = leaf_extra_parse(type, input, &extra, &err);
    if (status != STATUS_OK) {
        require_known_refusal(status, &err);
        return;
    }
    reader_init(&r, extra.chain);
    while (count < 64 && leaf_chain_next(&r, &chain[count]))
        count++;
    if (!reader_is_at_end(&r))
        return;
    require(count == extra.chain_count);
    builder_init(&again, input.len);
    require(leaf_extra_write(type, extra.pre_certificate, chain, count, &again, &err) == STATUS_OK);
    require_same(&again, input);
}

static void note_signature(struct bytes input)
{
    struct error err;
    uint64_t timestamp_ms;
    struct digitally_signed value;
    struct builder again;
    if (tree_head_parse_note_signature(input, &timestamp_ms, &value, &err) != STATUS_OK)
        return;
    builder_init(&again, input.len);
    tree_head_write_note_signature(timestamp_ms, &value, &again);
    require_same(&again, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    merkle_leaf(input);
    data_tile(input);
    extra_data(LEAF_X509, input);
    extra_data(LEAF_PRECERT, input);
    extra_data(LEAF_TBS_CERT, input);
    note_signature(input);
    return 0;
}
