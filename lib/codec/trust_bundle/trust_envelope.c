#include "codec/trust_bundle/trust_envelope.h"

#include <string.h>

#include "codec/trust_bundle/trust_envelope_fields.h"

bool trust_envelope_is(struct bytes input)
{
    return input.len >= TRUST_ENVELOPE_LABEL_SIZE &&
           memcmp(input.data, TRUST_ENVELOPE_LABEL, TRUST_ENVELOPE_LABEL_SIZE) == 0;
}

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "trust envelope: %s", what);
}

enum status trust_envelope_parse(struct bytes input, struct trust_envelope *out, struct error *err)
{
    struct reader r, contents;
    if (input.len > TRUST_ENVELOPE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "trust envelope: longer than %zu bytes", TRUST_ENVELOPE_SIZE_MAX);
    reader_init(&r, input);
    if (!trust_envelope_is(input) || !reader_skip(&r, TRUST_ENVELOPE_LABEL_SIZE))
        return malformed(&r, "this is none", err);
    if (!reader_vector_u24(&r, &contents) || reader_is_at_end(&contents))
        return malformed(&r, "contents", err);
    out->contents = reader_rest(&contents);
    return trust_envelope_fields_read(&r, out, "trust envelope", err);
}

enum status trust_envelope_write(const struct trust_envelope *envelope, struct builder *out, struct error *err)
{
    builder_text(out, TRUST_ENVELOPE_LABEL);
    size_t mark = builder_open_vector(out, 3);
    builder_bytes(out, envelope->contents);
    builder_close_vector(out, mark, 3);
    return trust_envelope_fields_write(envelope, out, err);
}

bool trust_envelope_key_id(struct bytes spki, uint8_t out[TRUST_ENVELOPE_KEY_ID_SIZE])
{
    return hash_label_sha256(&spki, 1, out);
}

enum status trust_envelope_version(const struct trust_bundle *bundle, struct bytes contents,
                                   uint8_t out[TRUST_ENVELOPE_VERSION_SIZE], struct error *err)
{
    struct hasher_set hashers;
    uint8_t sm3[HASH_SIZE], sha256[HASH_SIZE];
    struct builder b;
    enum status s = hasher_set_init(&hashers, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(hasher_set_get(&hashers, &hash_sm3), contents, sm3);
    hasher_one(hasher_set_get(&hashers, &hash_sha256), contents, sha256);
    s = hasher_status(hasher_set_get(&hashers, &hash_sm3), err);
    if (s == STATUS_OK)
        s = hasher_status(hasher_set_get(&hashers, &hash_sha256), err);
    hasher_set_clear(&hashers);
    builder_init_fixed(&b, out, TRUST_ENVELOPE_VERSION_SIZE);
    builder_text(&b, TRUST_ENVELOPE_VERSION_LABEL);
    builder_u64(&b, bundle->version);
    builder_u64(&b, (uint64_t)bundle->issued_s);
    builder_u64(&b, (uint64_t)bundle->expires_s);
    builder_bytes(&b, BYTES_OF(sm3));
    builder_bytes(&b, BYTES_OF(sha256));
    return s == STATUS_OK ? builder_status(&b, "trust version", err) : s;
}
