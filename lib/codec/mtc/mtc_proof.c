#include "codec/mtc/mtc_proof.h"

#include "codec/mtc/log_entry.h"

bool mtc_proof_next(struct reader *r, struct cosignature *out)
{
    struct reader at = *r, id, signature;
    if (!reader_vector_u8(&at, &id) || reader_is_at_end(&id) || !reader_vector_u16(&at, &signature))
        return false;
    *out = (struct cosignature){reader_rest(&id), reader_rest(&signature)};
    *r = at;
    return true;
}

static enum status check_signatures(struct reader r, struct error *err)
{
    struct bytes previous = {NULL, 0};
    while (!reader_is_at_end(&r)) {
        size_t offset = reader_offset(&r);
        struct cosignature c;
        if (!mtc_proof_next(&r, &c))
            return error_at(err, STATUS_MALFORMED, offset, "MTCProof: bad cosignature");
        if (tai_compare_binary(previous, c.cosigner_id) >= 0)
            return error_at(err, STATUS_MALFORMED, offset,
                            "MTCProof: cosigner IDs not in order, or one twice");
        previous = c.cosigner_id;
    }
    return STATUS_OK;
}

static bool read_signatures(struct reader *r, const struct draft *draft, struct reader *child)
{
    return draft->signatures_prefix == 3 ? reader_vector_u24(r, child) : reader_vector_u16(r, child);
}

enum status mtc_proof_parse(struct bytes input, const struct draft *draft, struct mtc_proof *out,
                            struct error *err)
{
    struct reader r, proof, signatures;
    reader_init(&r, input);
    enum status s = log_entry_read_extensions(&r, &out->extensions, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "MTCProof");
    if (!reader_u48(&r, &out->subtree.start) || !reader_u48(&r, &out->subtree.end))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "MTCProof: cut short in start, end");
    if (!reader_vector_u16(&r, &proof))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "MTCProof: bad inclusion_proof");
    out->inclusion_proof = reader_rest(&proof);
    if (!read_signatures(&r, draft, &signatures))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "MTCProof: bad signatures");
    if (!reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "MTCProof: bytes behind the end");
    out->signatures = reader_rest(&signatures);
    return check_signatures(signatures, err);
}

enum status mtc_proof_write(const struct mtc_proof *proof, const struct draft *draft,
                            const struct cosignature *signatures, size_t signature_count,
                            struct builder *out, struct error *err)
{
    builder_bytes(out, proof->extensions);
    builder_u48(out, proof->subtree.start);
    builder_u48(out, proof->subtree.end);
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, proof->inclusion_proof);
    builder_close_vector(out, mark, 2);
    size_t list = builder_open_vector(out, draft->signatures_prefix);
    for (size_t i = 0; i < signature_count; i++) {
        size_t id_len = signatures[i].cosigner_id.len;
        if (id_len == 0 || id_len > 255)
            return error_set(err, STATUS_MALFORMED, "MTCProof: a cosigner ID of %zu bytes, not 1..255", id_len);
        if (i > 0 && tai_compare_binary(signatures[i - 1].cosigner_id, signatures[i].cosigner_id) >= 0)
            return error_set(err, STATUS_MALFORMED, "MTCProof: cosigner IDs not in order, or one twice");
        mark = builder_open_vector(out, 1);
        builder_bytes(out, signatures[i].cosigner_id);
        builder_close_vector(out, mark, 1);
        mark = builder_open_vector(out, 2);
        builder_bytes(out, signatures[i].signature);
        builder_close_vector(out, mark, 2);
    }
    builder_close_vector(out, list, draft->signatures_prefix);
    return builder_status(out, "MTCProof", err);
}
