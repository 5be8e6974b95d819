#include "codec/ct/sct_input.h"

#include "codec/ct/digitally_signed.h"

/* sct_version and signature_type are version and leaf_type of the MerkleTreeLeaf: 0 and 0. */
enum status sct_input_write(const struct leaf *entry, struct builder *out, struct error *err)
{
    return leaf_write_merkle(entry, out, err);
}

struct leaf sct_input_leaf(const struct sct *sct, const struct leaf *entry)
{
    struct leaf leaf = *entry;
    leaf.timestamp_ms = sct->timestamp_ms;
    leaf.extensions = sct->extensions;
    return leaf;
}

enum status sct_input_verify(const struct public_key *key, const struct sct *sct, const struct leaf *entry,
                             struct error *err)
{
    if (sct->version != SCT_V1)
        return error_set(err, STATUS_REFUSED, "SCT: version %u is not known", sct->version);
    struct leaf leaf = sct_input_leaf(sct, entry);
    struct builder message;
    builder_init(&message, LEAF_TILE_ENTRY_MAX);
    enum status s = sct_input_write(&leaf, &message, err);
    if (s == STATUS_OK)
        s = digitally_signed_verify(key, builder_view(&message),
                                    &(struct digitally_signed){sct->algorithm, sct->signature}, err);
    builder_clear(&message);
    return error_prefix(err, s, "SCT");
}
