#include "base/reader.h"

#include <string.h>

void reader_init(struct reader *r, struct bytes input)
{
    /* A NULL run would make pointer arithmetic undefined. */
    static const uint8_t nothing[1];
    r->origin = r->at = input.data != NULL ? input.data : nothing;
    r->end = r->at + input.len;
}

static bool read_uint(struct reader *r, size_t width, uint64_t *value)
{
    if (reader_left(r) < width)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | r->at[i];
    r->at += width;
    *value = v;
    return true;
}

bool reader_u16(struct reader *r, uint16_t *value)
{
    uint64_t v;
    if (!read_uint(r, 2, &v))
        return false;
    *value = (uint16_t)v;
    return true;
}

static bool read_u32_of(struct reader *r, size_t width, uint32_t *value)
{
    uint64_t v;
    if (!read_uint(r, width, &v))
        return false;
    *value = (uint32_t)v;
    return true;
}

bool reader_u24(struct reader *r, uint32_t *value)
{
    return read_u32_of(r, 3, value);
}

bool reader_u32(struct reader *r, uint32_t *value)
{
    return read_u32_of(r, 4, value);
}

bool reader_u48(struct reader *r, uint64_t *value)
{
    return read_uint(r, 6, value);
}

bool reader_u64(struct reader *r, uint64_t *value)
{
    return read_uint(r, 8, value);
}

bool reader_copy(struct reader *r, void *out, size_t len)
{
    struct bytes part;
    if (!reader_bytes(r, len, &part))
        return false;
    if (len > 0)
        memcpy(out, part.data, len);
    return true;
}

bool reader_skip(struct reader *r, size_t len)
{
    struct bytes part;
    return reader_bytes(r, len, &part);
}

static bool read_vector(struct reader *r, size_t prefix, struct reader *child)
{
    struct reader start = *r;
    uint64_t len;
    struct bytes part;
    if (!read_uint(r, prefix, &len) || !reader_bytes(r, (size_t)len, &part)) {
        *r = start;
        return false;
    }
    reader_init_within(child, r, part);
    return true;
}

bool reader_vector_u8(struct reader *r, struct reader *child)
{
    return read_vector(r, 1, child);
}

bool reader_vector_u16(struct reader *r, struct reader *child)
{
    return read_vector(r, 2, child);
}

bool reader_vector_u24(struct reader *r, struct reader *child)
{
    return read_vector(r, 3, child);
}

bool reader_until(struct reader *r, uint8_t stop, struct bytes *value)
{
    const uint8_t *found = memchr(r->at, stop, reader_left(r));
    if (found == NULL)
        return false;
    *value = bytes_of(r->at, (size_t)(found - r->at));
    r->at = found + 1;
    return true;
}

bool reader_line(struct reader *r, struct reader *line)
{
    struct bytes text;
    if (!reader_until(r, '\n', &text))
        return false;
    reader_init_within(line, r, text);
    return true;
}
