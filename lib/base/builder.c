#include "base/builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void builder_init(struct builder *b, size_t max)
{
    *b = (struct builder){.max = max};
}

void builder_init_fixed(struct builder *b, void *memory, size_t cap)
{
    *b = (struct builder){.data = memory, .cap = cap, .max = cap, .is_fixed = true};
}

void builder_clear(struct builder *b)
{
    if (!b->is_fixed && b->data != NULL) {
        bytes_wipe(b->data, b->len);
        free(b->data);
    }
    *b = (struct builder){.max = 0};
}

void builder_reset(struct builder *b)
{
    b->len = 0;
    b->failure = STATUS_OK;
}

uint8_t *builder_take(struct builder *b, size_t *len)
{
    if (!builder_is_good(b) || b->is_fixed) {
        *len = 0;
        return NULL;
    }
    uint8_t *data = b->data;
    *len = b->len;
    *b = (struct builder){.max = b->max};
    return data;
}

enum status builder_status(const struct builder *b, const char *what, struct error *err)
{
    switch (b->failure) {
    case STATUS_OK:
        return STATUS_OK;
    case STATUS_NO_MEMORY:
        return error_set(err, STATUS_NO_MEMORY, "%s: out of memory", what);
    default:
        return error_set(err, b->failure, "%s: longer than the %zu bytes allowed here, or than its "
                         "length prefix can say", what, b->max);
    }
}

/* Growing copies into fresh memory and wipes the old: realloc could leave a secret behind. */
static bool grow(struct builder *b, size_t needed)
{
    size_t cap = b->cap < 128 ? 128 : b->cap;
    while (cap < needed)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    uint8_t *data = malloc(cap);
    if (data == NULL) {
        b->failure = STATUS_NO_MEMORY;
        return false;
    }
    if (b->data != NULL) {
        memcpy(data, b->data, b->len);
        bytes_wipe(b->data, b->len);
        free(b->data);
    }
    b->data = data;
    b->cap = cap;
    return true;
}

uint8_t *builder_space(struct builder *b, size_t len)
{
    /* Room for nothing, also where there is no memory yet: NULL would mean failure. */
    static uint8_t nothing[1];
    if (!builder_is_good(b))
        return NULL;
    if (len == 0)
        return b->data != NULL ? b->data + b->len : nothing;
    if (len > b->max - b->len) {
        b->failure = STATUS_LIMIT;
        return NULL;
    }
    if (b->len + len > b->cap && !grow(b, b->len + len))
        return NULL;
    uint8_t *space = b->data + b->len;
    b->len += len;
    return space;
}

uint8_t *builder_insert(struct builder *b, size_t offset, size_t len)
{
    size_t moved = b->len - offset;
    if (builder_space(b, len) == NULL)
        return NULL;
    memmove(b->data + offset + len, b->data + offset, moved);
    return b->data + offset;
}

static void put_uint(uint8_t *out, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        out[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}

static void write_uint(struct builder *b, uint64_t value, size_t width)
{
    /* Cutting the high bytes off would say another number. */
    if (builder_is_good(b) && width < sizeof value && value >> (8 * width) != 0)
        b->failure = STATUS_LIMIT;
    uint8_t *space = builder_space(b, width);
    if (space != NULL)
        put_uint(space, value, width);
}

void builder_u8(struct builder *b, uint8_t value)
{
    write_uint(b, value, 1);
}

void builder_u16(struct builder *b, uint16_t value)
{
    write_uint(b, value, 2);
}

void builder_u24(struct builder *b, uint32_t value)
{
    write_uint(b, value, 3);
}

void builder_u32(struct builder *b, uint32_t value)
{
    write_uint(b, value, 4);
}

void builder_u48(struct builder *b, uint64_t value)
{
    write_uint(b, value, 6);
}

void builder_u64(struct builder *b, uint64_t value)
{
    write_uint(b, value, 8);
}

void builder_bytes(struct builder *b, struct bytes value)
{
    if (value.len == 0)
        return;
    uint8_t *space = builder_space(b, value.len);
    if (space != NULL)
        memcpy(space, value.data, value.len);
}

void builder_base128(struct builder *b, uint64_t value)
{
    unsigned shift = 63;
    while (shift > 0 && value >> shift == 0)
        shift -= 7;
    for (; shift > 0; shift -= 7)
        builder_u8(b, (uint8_t)(0x80 | (value >> shift & 0x7f)));
    builder_u8(b, (uint8_t)(value & 0x7f));
}

void builder_text(struct builder *b, const char *text)
{
    builder_bytes(b, bytes_of_text(text));
}

void builder_printf(struct builder *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        b->failure = STATUS_LIMIT;
        return;
    }
    /* vsnprintf writes a NUL after the text: room for it, then back over it. */
    uint8_t *space = builder_space(b, (size_t)len + 1);
    if (space == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf((char *)space, (size_t)len + 1, format, args);
    va_end(args);
    b->len--;
}

size_t builder_open_vector(struct builder *b, unsigned prefix)
{
    size_t mark = b->len;
    (void)builder_space(b, prefix);
    return mark;
}

void builder_close_vector(struct builder *b, size_t mark, unsigned prefix)
{
    if (!builder_is_good(b))
        return;
    size_t len = b->len - mark - prefix;
    if (len >> (8 * prefix) != 0) {
        b->failure = STATUS_LIMIT;
        return;
    }
    put_uint(b->data + mark, len, prefix);
}
