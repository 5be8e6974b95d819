#include "codec/trust_bundle/trust_file.h"

#include <string.h>

static bool has_label(struct bytes input, const char *label)
{
    return input.len >= TRUST_FILE_LABEL_SIZE && memcmp(input.data, label, TRUST_FILE_LABEL_SIZE) == 0;
}

bool trust_file_is(struct bytes input)
{
    return has_label(input, TRUST_FILE_LABEL) || has_label(input, TRUST_FILE_LABEL_REVOCATIONS);
}

/* Of v001: none. */
static bool read_revocations(struct reader *r, bool is_there, struct bytes *out)
{
    struct reader child;
    *out = bytes_of(NULL, 0);
    if (!is_there)
        return true;
    if (!reader_vector_u24(r, &child))
        return false;
    *out = reader_rest(&child);
    return out->len > 0;
}

enum status trust_file_parse(struct bytes input, struct trust_file *out, struct error *err)
{
    struct reader r, contents, note;
    struct bytes revocations;
    uint8_t is[HASH_SIZE], ought[HASH_SIZE];
    if (input.len > TRUST_FILE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "trust file: longer than %zu bytes", TRUST_FILE_SIZE_MAX);
    reader_init(&r, input);
    if (!trust_file_is(input) || !reader_skip(&r, TRUST_FILE_LABEL_SIZE) || !reader_vector_u24(&r, &contents) ||
        reader_is_at_end(&contents) || !reader_vector_u24(&r, &note) ||
        !read_revocations(&r, has_label(input, TRUST_FILE_LABEL_REVOCATIONS), &revocations) || !reader_copy(&r, is, sizeof is) || !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "trust file: cut short, or none");
    struct bytes before = bytes_of(input.data, input.len - HASH_SIZE);
    if (!hash_label_sha256(&before, 1, ought))
        return error_set(err, STATUS_NO_MEMORY, "trust file: out of memory");
    if (memcmp(is, ought, sizeof is) != 0)
        return error_set(err, STATUS_MALFORMED, "trust file: damaged: its digest is another");
    out->contents = reader_rest(&contents);
    out->note = reader_rest(&note);
    out->revocations = revocations;
    return STATUS_OK;
}

enum status trust_file_write(const struct trust_bundle *bundle, struct bytes note, struct bytes revocations, struct builder *out,
                             struct error *err)
{
    uint8_t digest[HASH_SIZE];
    size_t before = out->len;
    builder_text(out, revocations.len > 0 ? TRUST_FILE_LABEL_REVOCATIONS : TRUST_FILE_LABEL);
    size_t mark = builder_open_vector(out, 3);
    enum status s = trust_bundle_write(bundle, out, err);
    if (s != STATUS_OK)
        return s;
    builder_close_vector(out, mark, 3);
    mark = builder_open_vector(out, 3);
    builder_bytes(out, note);
    builder_close_vector(out, mark, 3);
    if (revocations.len > 0) {
        mark = builder_open_vector(out, 3);
        builder_bytes(out, revocations);
        builder_close_vector(out, mark, 3);
    }
    s = builder_status(out, "trust file", err);
    if (s != STATUS_OK)
        return s;
    struct bytes all = bytes_of(out->data + before, out->len - before);
    if (!hash_label_sha256(&all, 1, digest))
        return error_set(err, STATUS_NO_MEMORY, "trust file: out of memory");
    builder_bytes(out, BYTES_OF(digest));
    return builder_status(out, "trust file", err);
}
