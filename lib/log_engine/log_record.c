#include "log_engine/log_record.h"

#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "merkle/tile.h"

#define FORMAT_LINE "cathaya-log-record v1"

static enum status bad_line(struct error *err, const char *key, const char *why)
{
    return error_set(err, STATUS_MALFORMED, "log record: %s %s", key, why);
}

/* The next line must be `key value`. */
static bool take_line(struct reader *r, const char *key, struct bytes *value)
{
    struct reader line;
    struct bytes word, want = bytes_of_text(key);
    if (!reader_line(r, &line) || !reader_until(&line, ' ', &word) || !bytes_equal(word, want))
        return false;
    *value = reader_rest(&line);
    return true;
}

static enum status take_u64(struct reader *r, const char *key, uint64_t max, uint64_t *value,
                            struct error *err)
{
    struct bytes text;
    if (!take_line(r, key, &text) || !text_parse_u64(text, max, value))
        return bad_line(err, key, "is missing, out of place or not a number in its range");
    return STATUS_OK;
}

static enum status take_text(struct reader *r, const char *key, char *out, size_t size,
                             struct error *err)
{
    struct bytes text;
    if (!take_line(r, key, &text) || text.len == 0 || text.len >= size ||
        !text_is_printable_utf8(text))
        return bad_line(err, key, "is missing, out of place or not a short text");
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return STATUS_OK;
}

static enum status take_hash(struct reader *r, const char *key, uint8_t out[HASH_SIZE],
                             struct error *err)
{
    struct bytes text;
    uint8_t memory[HASH_SIZE];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    if (!take_line(r, key, &text) || !text_parse_base64(text, &b) || !builder_is_good(&b) ||
        b.len != HASH_SIZE)
        return bad_line(err, key, "is missing, out of place or not 32 bytes in base64");
    memcpy(out, memory, HASH_SIZE);
    return STATUS_OK;
}

static enum status take_state(struct reader *r, bool *is_closed, struct error *err)
{
    struct bytes text;
    if (!take_line(r, "state", &text))
        return bad_line(err, "state", "is missing or out of place");
    *is_closed = bytes_is_text(text, "closed");
    if (!*is_closed && !bytes_is_text(text, "open"))
        return bad_line(err, "state", "is neither open nor closed");
    return STATUS_OK;
}

static enum status check_numbers(const struct log_record *v, struct error *err)
{
    if (v->settled_batch > v->batch || v->settled_size > v->size ||
        (v->settled_batch == v->batch) != (v->settled_size == v->size))
        return bad_line(err, "settled-batch", "contradicts batch and size");
    if (v->settled_size == v->size && memcmp(v->settled_root, v->root, HASH_SIZE) != 0)
        return bad_line(err, "settled-root", "contradicts root");
    if (v->first_batch == 0 || v->first_batch > v->settled_batch + 1)
        return bad_line(err, "first-batch", "is 0 or beyond the settled batches");
    if (v->min_index > v->settled_size || v->min_index % TILE_WIDTH != 0 ||
        v->removed_index > v->min_index)
        return bad_line(err, "min-index", "contradicts settled-size or removed-index");
    if (v->first_landmark == 0 || v->first_landmark > v->landmark + 1)
        return bad_line(err, "first-landmark", "is 0 or beyond the newest landmark");
    return STATUS_OK;
}

enum status log_record_parse(struct bytes text, struct log_record *v, struct error *err)
{
    struct reader r, first;
    *v = (struct log_record){.size = 0};
    reader_init(&r, text);
    if (!reader_line(&r, &first) || !bytes_is_text(reader_rest(&first), FORMAT_LINE))
        return bad_line(err, "line 1", "is not \"" FORMAT_LINE "\"");
    enum status s = take_text(&r, "origin", v->origin, sizeof v->origin, err);
    s = s ? s : take_text(&r, "hash", v->hash_name, sizeof v->hash_name, err);
    s = s ? s : take_u64(&r, "batch", INT64_MAX, &v->batch, err);
    s = s ? s : take_u64(&r, "size", INT64_MAX, &v->size, err);
    s = s ? s : take_hash(&r, "root", v->root, err);
    s = s ? s : take_u64(&r, "settled-batch", INT64_MAX, &v->settled_batch, err);
    s = s ? s : take_u64(&r, "settled-size", INT64_MAX, &v->settled_size, err);
    s = s ? s : take_hash(&r, "settled-root", v->settled_root, err);
    s = s ? s : take_u64(&r, "first-batch", INT64_MAX, &v->first_batch, err);
    s = s ? s : take_u64(&r, "min-index", INT64_MAX, &v->min_index, err);
    s = s ? s : take_u64(&r, "removed-index", INT64_MAX, &v->removed_index, err);
    s = s ? s : take_u64(&r, "max-not-after", INT64_MAX, &v->max_not_after_s, err);
    s = s ? s : take_u64(&r, "landmark", INT64_MAX, &v->landmark, err);
    s = s ? s : take_u64(&r, "first-landmark", INT64_MAX, &v->first_landmark, err);
    s = s ? s : take_state(&r, &v->is_closed, err);
    if (s != STATUS_OK)
        return s;
    if (!reader_is_at_end(&r))
        return bad_line(err, "the line after state", "should not be there");
    return check_numbers(v, err);
}

static void write_u64(struct builder *out, const char *key, uint64_t value)
{
    builder_printf(out, "%s %" PRIu64 "\n", key, value);
}

static void write_hash(struct builder *out, const char *key, const uint8_t value[HASH_SIZE])
{
    builder_printf(out, "%s ", key);
    text_write_base64(out, bytes_of(value, HASH_SIZE));
    builder_u8(out, '\n');
}

enum status log_record_write(const struct log_record *v, struct builder *out, struct error *err)
{
    builder_printf(out, "%s\norigin %s\nhash %s\n", FORMAT_LINE, v->origin, v->hash_name);
    write_u64(out, "batch", v->batch);
    write_u64(out, "size", v->size);
    write_hash(out, "root", v->root);
    write_u64(out, "settled-batch", v->settled_batch);
    write_u64(out, "settled-size", v->settled_size);
    write_hash(out, "settled-root", v->settled_root);
    write_u64(out, "first-batch", v->first_batch);
    write_u64(out, "min-index", v->min_index);
    write_u64(out, "removed-index", v->removed_index);
    write_u64(out, "max-not-after", v->max_not_after_s);
    write_u64(out, "landmark", v->landmark);
    write_u64(out, "first-landmark", v->first_landmark);
    builder_printf(out, "state %s\n", v->is_closed ? "closed" : "open");
    return builder_status(out, "log record", err);
}
