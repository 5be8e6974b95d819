#include "codec/note/checkpoint.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/note/note.h"

static enum status malformed(size_t line, const char *what, struct error *err)
{
    return error_set(err, STATUS_MALFORMED, "checkpoint, line %zu: %s", line, what);
}

static bool parse_root(struct bytes base64, uint8_t root[HASH_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, root, HASH_SIZE);
    return text_parse_base64(base64, &b) && b.len == HASH_SIZE;
}

static bool next_line(struct reader *r, struct bytes *line)
{
    struct reader inside;
    if (!reader_line(r, &inside) || reader_is_at_end(&inside))
        return false;
    *line = reader_rest(&inside);
    return note_is_line(*line);
}

/* The number of the first line from r on that may not stand there, 0 when all are well. */
static size_t find_bad_line(struct reader r, size_t number)
{
    struct bytes line;
    for (; !reader_is_at_end(&r); number++)
        if (!next_line(&r, &line))
            return number;
    return 0;
}

enum status checkpoint_parse(struct bytes text, struct checkpoint *out, struct error *err)
{
    struct reader r;
    reader_init(&r, text);
    struct bytes line;
    if (!next_line(&r, &out->origin))
        return malformed(1, "no origin, or not a line of a note", err);
    if (!next_line(&r, &line) || !text_parse_u64(line, UINT64_MAX, &out->size))
        return malformed(2, "tree size is not a decimal number below 2^64", err);
    if (!next_line(&r, &line) || !parse_root(line, out->root))
        return malformed(3, "root hash is not canonical base64 of 32 bytes", err);
    size_t bad = find_bad_line(r, 4);
    if (bad != 0)
        return malformed(bad, "extension line is empty, has no newline or is not a line of a note",
                         err);
    out->extensions = reader_rest(&r);
    return STATUS_OK;
}

enum status checkpoint_write(const struct checkpoint *checkpoint, struct builder *out,
                             struct error *err)
{
    struct reader extensions;
    reader_init(&extensions, checkpoint->extensions);
    if (checkpoint->origin.len == 0 || !note_is_line(checkpoint->origin))
        return malformed(1, "origin is empty or has control characters", err);
    if (find_bad_line(extensions, 4) != 0)
        return malformed(4, "extensions are not whole non-empty lines", err);
    builder_bytes(out, checkpoint->origin);
    builder_printf(out, "\n%llu\n", (unsigned long long)checkpoint->size);
    text_write_base64(out, BYTES_OF(checkpoint->root));
    builder_u8(out, '\n');
    builder_bytes(out, checkpoint->extensions);
    return builder_status(out, "checkpoint", err);
}
