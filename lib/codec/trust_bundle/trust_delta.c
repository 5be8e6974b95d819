/* Reading and applying deltas; trust_delta_write.c makes them. */
#include "codec/trust_bundle/trust_delta.h"

#include <string.h>

#include "codec/trust_bundle/trust_envelope_fields.h"

/* A place in the largest bundle and the way back have 25 bits. */
#define NUMBER_BYTES_MAX 4

bool trust_delta_is(struct bytes input)
{
    return input.len >= TRUST_DELTA_LABEL_SIZE && memcmp(input.data, TRUST_DELTA_LABEL, TRUST_DELTA_LABEL_SIZE) == 0;
}

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "trust delta: %s", what);
}

enum status trust_delta_parse(struct bytes input, struct trust_delta *out, struct error *err)
{
    struct reader r, steps;
    if (input.len > TRUST_DELTA_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "trust delta: longer than %zu bytes", TRUST_DELTA_SIZE_MAX);
    reader_init(&r, input);
    if (!trust_delta_is(input) || !reader_skip(&r, TRUST_DELTA_LABEL_SIZE))
        return malformed(&r, "this is none", err);
    if (!reader_u64(&r, &out->base_version) || out->base_version == 0 || !reader_copy(&r, out->base_sm3, HASH_SIZE))
        return malformed(&r, "base", err);
    if (!reader_vector_u24(&r, &steps) || reader_is_at_end(&steps))
        return malformed(&r, "steps", err);
    out->steps = reader_rest(&steps);
    out->result.contents = bytes_of(NULL, 0);
    return trust_envelope_fields_read(&r, &out->result, "trust delta", err);
}

/* The shortest form alone. */
static bool read_number(struct reader *r, uint32_t *value)
{
    uint8_t byte = 0;
    *value = 0;
    for (unsigned i = 0; i < NUMBER_BYTES_MAX; i++) {
        if (!reader_u8(r, &byte))
            return false;
        *value |= (uint32_t)(byte & 0x7f) << 7 * i;
        if ((byte & 0x80) == 0)
            return i == 0 || byte != 0;
    }
    return false;
}

static enum status copy_step(struct reader *r, uint32_t len, struct bytes base, size_t *at, struct builder *out, struct error *err)
{
    uint32_t move;
    if (!read_number(r, &move))
        return malformed(r, "copy", err);
    size_t forward = move % 2 == 0 ? move / 2 : 0, back = move % 2 == 0 ? 0 : (size_t)move / 2 + 1;
    if (back > *at || forward > base.len - *at || len > base.len - *at - forward + back)
        return malformed(r, "copy from outside of the base", err);
    *at = *at + forward - back;
    builder_bytes(out, bytes_of(base.data + *at, len));
    *at += len;
    return STATUS_OK;
}

static enum status one_step(struct reader *r, struct bytes base, size_t *at, struct builder *out, struct error *err)
{
    uint32_t number;
    struct bytes fresh;
    if (!read_number(r, &number) || number / 2 == 0)
        return malformed(r, "step", err);
    if (number % 2 == 0)
        return copy_step(r, number / 2, base, at, out, err);
    if (!reader_bytes(r, number / 2, &fresh))
        return malformed(r, "insert", err);
    builder_bytes(out, fresh);
    return STATUS_OK;
}

static enum status run_steps(struct bytes steps, struct bytes base, struct builder *out, struct error *err)
{
    struct reader r;
    enum status s = STATUS_OK;
    size_t at = 0;
    reader_init(&r, steps);
    while (s == STATUS_OK && !reader_is_at_end(&r)) {
        s = one_step(&r, base, &at, out, err);
        if (s == STATUS_OK)
            s = builder_status(out, "contents of a trust delta", err);
    }
    return s;
}

static enum status check_base(const struct trust_delta *delta, struct bytes base, struct error *err)
{
    struct hasher h;
    uint8_t sm3[HASH_SIZE];
    enum status s = hasher_init(&h, &hash_sm3, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(&h, base, sm3);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    if (s == STATUS_OK && memcmp(sm3, delta->base_sm3, HASH_SIZE) != 0)
        s = error_set(err, STATUS_CONFLICT, "trust delta: it is from other contents of version %llu than these",
                      (unsigned long long)delta->base_version);
    return s;
}

enum status trust_delta_apply(const struct trust_delta *delta, struct bytes base, struct builder *out, struct error *err)
{
    struct builder contents;
    struct trust_envelope envelope = delta->result;
    size_t before = out->len;
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    enum status s = check_base(delta, base, err);
    if (s == STATUS_OK)
        s = run_steps(delta->steps, base, &contents, err);
    envelope.contents = builder_view(&contents);
    if (s == STATUS_OK)
        s = trust_envelope_write(&envelope, out, err);
    if (s != STATUS_OK && builder_is_good(out))
        out->len = before;
    builder_clear(&contents);
    return s;
}
