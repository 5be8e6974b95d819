/* der_parts.h - structures put together from hex parts, so that a test can spoil one part at a time
 * with all lengths around it still right. The lengths are written here, not by codec/asn1/der.c. */
#ifndef CATHAYA_TESTS_UNIT_CODEC_DER_PARTS_H
#define CATHAYA_TESTS_UNIT_CODEC_DER_PARTS_H

#include "unit/checks.h"

#define PARTS_SIZE_MAX ((size_t)1 << 20)

static inline void parts_hex(struct builder *b, const char *text)
{
    struct bytes bytes = heap_hex(text);
    builder_bytes(b, bytes);
    heap_free(bytes);
}

/* Replaces what b has from offset on by one element with that as contents. */
static inline void parts_wrap(struct builder *b, size_t offset, uint8_t tag)
{
    size_t len = b->len - offset;
    uint8_t head[5] = {tag};
    size_t head_len;
    if (len < 0x80) {
        head[1] = (uint8_t)len;
        head_len = 2;
    } else if (len < 0x100) {
        head[1] = 0x81;
        head[2] = (uint8_t)len;
        head_len = 3;
    } else if (len < 0x10000) {
        head[1] = 0x82;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
        head_len = 4;
    } else {
        head[1] = 0x83;
        head[2] = (uint8_t)(len >> 16);
        head[3] = (uint8_t)(len >> 8);
        head[4] = (uint8_t)len;
        head_len = 5;
    }
    uint8_t *gap = builder_insert(b, offset, head_len);
    assert_non_null(gap);
    memcpy(gap, head, head_len);
}

/* The parts [first, end) as the contents of one element. */
static inline void parts_sequence(struct builder *b, uint8_t tag, const char *const *parts, size_t first, size_t end)
{
    size_t offset = b->len;
    for (size_t i = first; i < end; i++)
        parts_hex(b, parts[i]);
    parts_wrap(b, offset, tag);
}

/* SEQUENCE { SEQUENCE { parts before body_end }, parts up to behind }, then part `behind`: a certificate or
 * a certification request. On the heap. */
static inline struct bytes parts_signed(const char *const *parts, size_t body_end, size_t behind)
{
    struct builder b;
    builder_init(&b, PARTS_SIZE_MAX);
    parts_sequence(&b, 0x30, parts, 0, body_end);
    for (size_t i = body_end; i < behind; i++)
        parts_hex(&b, parts[i]);
    parts_wrap(&b, 0, 0x30);
    parts_hex(&b, parts[behind]);
    struct bytes out = heap_copy(builder_view(&b));
    builder_clear(&b);
    return out;
}

#define PARTS_MAX 16

/* What build makes of the good parts with one of them replaced. */
static inline struct bytes parts_with(const char *const *good, size_t count, size_t part, const char *hex,
                                      struct bytes (*build)(const char *const *parts))
{
    const char *parts[PARTS_MAX];
    assert_true(count <= PARTS_MAX);
    memcpy(parts, good, count * sizeof *parts);
    parts[part] = hex;
    return build(parts);
}

/* One part replaced by another, and what must come of it. */
struct parts_case {
    size_t part;
    const char *hex;
    enum status status;
    const char *fragment;
};

#endif
