#include "codec/trust_bundle/trust_version_proof.h"

#include "merkle/node.h"

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "proof of a trust version: %s", what);
}

enum status trust_version_proof_parse(struct bytes input, struct trust_version_proof *out, struct error *err)
{
    struct reader r, checkpoint, path;
    reader_init(&r, input);
    if (!reader_vector_u16(&r, &checkpoint) || reader_is_at_end(&checkpoint) ||
        reader_left(&checkpoint) > TRUST_VERSION_PROOF_CHECKPOINT_MAX)
        return malformed(&r, "checkpoint", err);
    if (!reader_vector_u16(&r, &path) || reader_left(&path) % HASH_SIZE != 0 ||
        reader_left(&path) > PROOF_HASHES_MAX * (size_t)HASH_SIZE || !reader_is_at_end(&r))
        return malformed(&r, "path", err);
    out->checkpoint = reader_rest(&checkpoint);
    out->path = reader_rest(&path);
    return STATUS_OK;
}

enum status trust_version_proof_write(const struct trust_version_proof *proof, struct builder *out, struct error *err)
{
    struct trust_version_proof again;
    size_t before = out->len;
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, proof->checkpoint);
    builder_close_vector(out, mark, 2);
    mark = builder_open_vector(out, 2);
    builder_bytes(out, proof->path);
    builder_close_vector(out, mark, 2);
    enum status s = builder_status(out, "proof of a trust version", err);
    if (s == STATUS_OK && trust_version_proof_parse(bytes_of(out->data + before, out->len - before), &again, err) != STATUS_OK)
        s = error_prefix(err, STATUS_USAGE, "cannot be written");
    return s;
}

enum status trust_version_proof_leaf(const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], uint8_t out[HASH_SIZE], struct error *err)
{
    struct hasher h;
    enum status s = hasher_init(&h, &hash_sm3, err);
    if (s != STATUS_OK)
        return s;
    node_leaf_hash(&h, bytes_of(version, TRUST_ENVELOPE_VERSION_SIZE), out);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    return s;
}
