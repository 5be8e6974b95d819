#include "codec/trust_bundle/trust_latest.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/trust_bundle/trust_delta.h"

#define HEX_LEN (2 * HASH_SIZE)

/* What reading works with. */
struct reading {
    struct reader r;
    unsigned line; /* that is being read, from 1 */
    struct error *err;
};

static enum status malformed(const struct reading *in, const char *what)
{
    return error_set(in->err, STATUS_MALFORMED, "latest, line %u: %s", in->line, what);
}

/* The rest of the next line when it begins with this word and a blank; r stays otherwise. */
static bool take_line(struct reading *in, const char *word, struct bytes *rest)
{
    struct reader again = in->r, line;
    struct bytes name;
    if (!reader_line(&again, &line) || !reader_until(&line, ' ', &name) || !bytes_equal(name, bytes_of_text(word)))
        return false;
    *rest = reader_rest(&line);
    in->r = again;
    in->line++;
    return true;
}

/* The number before the first blank; *rest is what follows that. */
static bool take_number(struct bytes *rest, uint64_t max, uint64_t *value)
{
    struct reader r;
    struct bytes word;
    reader_init(&r, *rest);
    if (!reader_until(&r, ' ', &word) || !text_parse_u64(word, max, value))
        return false;
    *rest = reader_rest(&r);
    return true;
}

static bool read_number_line(struct reading *in, const char *word, uint64_t max, uint64_t *value)
{
    struct bytes rest;
    return take_line(in, word, &rest) && text_parse_u64(rest, max, value);
}

/* Lower case alone: one spelling. */
static bool read_hash(struct bytes hex, uint8_t out[HASH_SIZE])
{
    for (size_t i = 0; i < hex.len; i++)
        if (hex.data[i] != text_lower(hex.data[i]))
            return false;
    return hex.len == HEX_LEN && text_parse_hex(hex, out, HASH_SIZE);
}

static enum status read_head(struct reading *in, struct trust_latest *out)
{
    uint64_t issued, expires, size;
    struct reader label;
    struct bytes rest;
    if (!reader_line(&in->r, &label) || !bytes_equal(reader_rest(&label), bytes_of(TRUST_LATEST_LABEL, sizeof TRUST_LATEST_LABEL - 2)))
        return malformed(in, "this is none");
    in->line++;
    if (!read_number_line(in, "version", UINT64_MAX, &out->version) || out->version == 0)
        return malformed(in, "version");
    if (!read_number_line(in, "issued", INT64_MAX, &issued))
        return malformed(in, "issued");
    if (!read_number_line(in, "expires", INT64_MAX, &expires) || expires < issued)
        return malformed(in, "expires");
    if (!take_line(in, "bundle", &rest) || !take_number(&rest, TRUST_ENVELOPE_SIZE_MAX, &size) || size == 0 ||
        !read_hash(rest, out->bundle_sha256))
        return malformed(in, "bundle");
    out->issued_s = (int64_t)issued;
    out->expires_s = (int64_t)expires;
    out->bundle_size = (uint32_t)size;
    return STATUS_OK;
}

static enum status read_rotations(struct reading *in, struct trust_latest *out)
{
    struct bytes rest;
    while (take_line(in, "rotation", &rest)) {
        uint64_t version, last = out->rotation_count > 0 ? out->rotations[out->rotation_count - 1] : 0;
        if (out->rotation_count == TRUST_LATEST_ROTATIONS_MAX)
            return error_set(in->err, STATUS_LIMIT, "latest: more than %d rotations", TRUST_LATEST_ROTATIONS_MAX);
        if (!text_parse_u64(rest, out->version, &version) || version <= last)
            return malformed(in, "rotation: no version, or out of order");
        out->rotations[out->rotation_count++] = version;
    }
    return STATUS_OK;
}

static enum status read_deltas(struct reading *in, struct trust_latest *out)
{
    struct bytes rest;
    while (take_line(in, "delta", &rest)) {
        uint64_t from, size, last = out->delta_count > 0 ? out->deltas[out->delta_count - 1].from : 0;
        if (out->delta_count == TRUST_LATEST_DELTAS_MAX)
            return error_set(in->err, STATUS_LIMIT, "latest: more than %d deltas", TRUST_LATEST_DELTAS_MAX);
        if (!take_number(&rest, out->version - 1, &from) || from <= last || !text_parse_u64(rest, TRUST_DELTA_SIZE_MAX, &size) || size == 0)
            return malformed(in, "delta: none, or out of order");
        out->deltas[out->delta_count++] = (struct trust_latest_delta){from, (uint32_t)size};
    }
    return STATUS_OK;
}

enum status trust_latest_parse(struct bytes input, struct trust_latest *out, struct error *err)
{
    struct reading in = {.line = 1, .err = err};
    if (input.len > TRUST_LATEST_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "latest: longer than %d bytes", TRUST_LATEST_SIZE_MAX);
    reader_init(&in.r, input);
    out->rotation_count = 0;
    out->delta_count = 0;
    enum status s = read_head(&in, out);
    if (s == STATUS_OK)
        s = read_rotations(&in, out);
    if (s == STATUS_OK)
        s = read_deltas(&in, out);
    if (s == STATUS_OK && !reader_is_at_end(&in.r))
        s = malformed(&in, "not known here");
    return s;
}

enum status trust_latest_write(const struct trust_latest *latest, struct builder *out, struct error *err)
{
    struct trust_latest again;
    size_t before = out->len;
    builder_text(out, TRUST_LATEST_LABEL);
    builder_printf(out, "version %llu\nissued %lld\nexpires %lld\nbundle %lu ", (unsigned long long)latest->version,
                   (long long)latest->issued_s, (long long)latest->expires_s, (unsigned long)latest->bundle_size);
    text_write_hex(out, BYTES_OF(latest->bundle_sha256));
    builder_text(out, "\n");
    for (size_t i = 0; i < latest->rotation_count && i < TRUST_LATEST_ROTATIONS_MAX; i++)
        builder_printf(out, "rotation %llu\n", (unsigned long long)latest->rotations[i]);
    for (size_t i = 0; i < latest->delta_count && i < TRUST_LATEST_DELTAS_MAX; i++)
        builder_printf(out, "delta %llu %lu\n", (unsigned long long)latest->deltas[i].from, (unsigned long)latest->deltas[i].size);
    enum status s = builder_status(out, "latest", err);
    if (s == STATUS_OK && trust_latest_parse(bytes_of(out->data + before, out->len - before), &again, err) != STATUS_OK)
        s = error_prefix(err, STATUS_USAGE, "cannot be written");
    return s;
}

const struct trust_latest_delta *trust_latest_delta(const struct trust_latest *latest, uint64_t from)
{
    for (size_t i = 0; i < latest->delta_count; i++)
        if (latest->deltas[i].from == from)
            return &latest->deltas[i];
    return NULL;
}

uint64_t trust_latest_rotation(const struct trust_latest *latest, uint64_t held)
{
    for (size_t i = 0; i < latest->rotation_count; i++)
        if (latest->rotations[i] > held)
            return latest->rotations[i];
    return 0;
}
