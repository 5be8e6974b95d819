#include "codec/trust_bundle/trust_envelope_fields.h"

#include <string.h>

static enum status malformed(const struct reader *r, const char *what, const char *part, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "%s: %s", what, part);
}

static enum status read_signatures(struct reader *r, struct trust_envelope *out, const char *what, struct error *err)
{
    out->signature_count = 0;
    while (!reader_is_at_end(r)) {
        struct reader child;
        if (out->signature_count == TRUST_ENVELOPE_SIGNATURES_MAX)
            return error_set(err, STATUS_LIMIT, "%s: more than %d signatures", what, TRUST_ENVELOPE_SIGNATURES_MAX);
        struct trust_envelope_signature *s = &out->signatures[out->signature_count];
        if (!reader_copy(r, s->key_id, sizeof s->key_id) || !reader_vector_u16(r, &child) || reader_is_at_end(&child))
            return malformed(r, what, "signature", err);
        if (out->signature_count > 0 && memcmp(s[-1].key_id, s->key_id, sizeof s->key_id) >= 0)
            return malformed(r, what, "signatures are not in order", err);
        s->signature = reader_rest(&child);
        out->signature_count++;
    }
    return STATUS_OK;
}

enum status trust_envelope_fields_read(struct reader *r, struct trust_envelope *out, const char *what, struct error *err)
{
    struct reader signatures, proof;
    if (!reader_vector_u24(r, &signatures))
        return malformed(r, what, "signatures", err);
    enum status s = read_signatures(&signatures, out, what, err);
    if (s != STATUS_OK)
        return s;
    if (!reader_vector_u16(r, &proof) || !reader_is_at_end(r))
        return malformed(r, what, "log proof, or bytes behind it", err);
    out->log_proof = reader_rest(&proof);
    return STATUS_OK;
}

enum status trust_envelope_fields_write(const struct trust_envelope *envelope, struct builder *out, struct error *err)
{
    size_t mark = builder_open_vector(out, 3);
    for (size_t i = 0; i < envelope->signature_count && i < TRUST_ENVELOPE_SIGNATURES_MAX; i++) {
        const struct trust_envelope_signature *s = &envelope->signatures[i];
        if (s->signature.len == 0 || (i > 0 && memcmp(s[-1].key_id, s->key_id, sizeof s->key_id) >= 0))
            return error_set(err, STATUS_USAGE, "trust envelope: signatures are empty or not in order");
        builder_bytes(out, BYTES_OF(s->key_id));
        size_t inner = builder_open_vector(out, 2);
        builder_bytes(out, s->signature);
        builder_close_vector(out, inner, 2);
    }
    builder_close_vector(out, mark, 3);
    mark = builder_open_vector(out, 2);
    builder_bytes(out, envelope->log_proof);
    builder_close_vector(out, mark, 2);
    return builder_status(out, "signatures and log proof", err);
}
