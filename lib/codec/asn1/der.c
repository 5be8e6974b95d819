#include "codec/asn1/der.h"

#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"

#define TAG_NUMBER_MASK 0x1f
#define TAG_CONSTRUCTED 0x20
#define TAG_CLASS 0xc0 /* 0 is universal */

static bool read_length(struct reader *r, size_t *len)
{
    uint8_t first;
    if (!reader_u8(r, &first))
        return false;
    if (first < 0x80) {
        *len = first;
        return true;
    }
    size_t count = first & 0x7f;
    size_t value = 0;
    /* 0x80 is the indefinite form; 3 bytes say 16 MiB, more than any object here has. */
    if (count == 0 || count > 3)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint8_t next;
        if (!reader_u8(r, &next) || (i == 0 && next == 0))
            return false;
        value = value << 8 | next;
    }
    *len = value;
    return value >= 0x80;
}

bool der_any(struct reader *r, struct der_element *element)
{
    struct reader at = *r;
    const uint8_t *start = at.at;
    size_t len;
    if (!reader_u8(&at, &element->tag) || (element->tag & TAG_NUMBER_MASK) == TAG_NUMBER_MASK ||
        element->tag == 0 || !read_length(&at, &len) || !reader_bytes(&at, len, &element->contents))
        return false;
    element->whole = bytes_of(start, (size_t)(at.at - start));
    *r = at;
    return true;
}

bool der_next_is(const struct reader *r, uint8_t tag)
{
    uint8_t next;
    return reader_peek_u8(r, &next) && next == tag;
}

bool der_tagged(struct reader *r, uint8_t tag, struct der_element *element)
{
    return der_next_is(r, tag) && der_any(r, element);
}

bool der_whole(struct reader *r, uint8_t tag, struct bytes *whole)
{
    struct der_element element;
    if (!der_tagged(r, tag, &element))
        return false;
    *whole = element.whole;
    return true;
}

bool der_enter(struct reader *r, uint8_t tag, struct reader *child)
{
    struct der_element element;
    if (!der_tagged(r, tag, &element))
        return false;
    reader_init_within(child, r, element.contents);
    return true;
}

static bool is_bit_string(struct bytes c)
{
    if (c.len == 0 || c.data[0] > 7 || (c.len == 1 && c.data[0] != 0))
        return false;
    return (c.data[c.len - 1] & ((1U << c.data[0]) - 1)) == 0 || c.data[0] == 0;
}

/* Arcs in base 128: none begins with 80, the last one ends. */
static bool is_oid(struct bytes c)
{
    bool is_first = true;
    for (size_t i = 0; i < c.len; i++) {
        if (is_first && c.data[i] == 0x80)
            return false;
        is_first = c.data[i] < 0x80;
    }
    return c.len > 0 && is_first;
}

bool der_has_form(const struct der_element *e)
{
    struct bytes c = e->contents;
    switch (e->tag) {
    case DER_BOOLEAN:
        return c.len == 1 && (c.data[0] == 0x00 || c.data[0] == 0xff);
    case DER_INTEGER:
        return der_is_integer(c);
    case DER_BIT_STRING:
        return is_bit_string(c);
    case DER_NULL:
        return c.len == 0;
    case DER_OID:
        return is_oid(c);
    case DER_SEQUENCE:
    case DER_SET:
        return true;
    case DER_SEQUENCE & ~TAG_CONSTRUCTED:
    case DER_SET & ~TAG_CONSTRUCTED:
        return false;
    default:
        return (e->tag & (TAG_CLASS | TAG_CONSTRUCTED)) != TAG_CONSTRUCTED;
    }
}

enum status der_check_nested(struct bytes input, const char *what, struct error *err)
{
    struct reader levels[DER_DEPTH_MAX];
    size_t depth = 0;
    reader_init(&levels[0], input);
    for (;;) {
        struct reader *r = &levels[depth];
        if (reader_is_at_end(r)) {
            if (depth == 0)
                return STATUS_OK;
            depth--;
            continue;
        }
        size_t offset = reader_offset(r);
        struct der_element element;
        if (!der_any(r, &element))
            return error_at(err, STATUS_MALFORMED, offset, "%s: not DER", what);
        if ((element.tag & TAG_CONSTRUCTED) == 0)
            continue;
        if (++depth == DER_DEPTH_MAX)
            return error_at(err, STATUS_LIMIT, offset, "%s: more than %d levels deep", what,
                            DER_DEPTH_MAX);
        reader_init_within(&levels[depth], r, element.contents);
    }
}

bool der_read_boolean(struct reader *r, bool *value)
{
    struct reader at = *r;
    struct der_element element;
    if (!der_tagged(&at, DER_BOOLEAN, &element) || element.contents.len != 1)
        return false;
    uint8_t byte = element.contents.data[0];
    if (byte != 0x00 && byte != 0xff)
        return false;
    *value = byte == 0xff;
    *r = at;
    return true;
}

bool der_is_integer(struct bytes c)
{
    if (c.len == 0)
        return false;
    if (c.len == 1)
        return true;
    bool is_padded = (c.data[0] == 0x00 && c.data[1] < 0x80) || (c.data[0] == 0xff && c.data[1] >= 0x80);
    return !is_padded;
}

bool der_read_u64(struct reader *r, uint64_t *value)
{
    struct reader at = *r;
    struct der_element element;
    if (!der_tagged(&at, DER_INTEGER, &element) || !der_is_integer(element.contents))
        return false;
    struct bytes c = element.contents;
    if (c.data[0] >= 0x80 || c.len > 9 || (c.len == 9 && c.data[0] != 0))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < c.len; i++)
        v = v << 8 | c.data[i];
    *value = v;
    *r = at;
    return true;
}

static bool two_digits(const uint8_t *at, int *value)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *value = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

/* MMDDHHMMSSZ, the same in both forms. */
static bool read_month_to_second(const uint8_t *at, struct civil_time *t)
{
    return two_digits(at, &t->month) && two_digits(at + 2, &t->day) && two_digits(at + 4, &t->hour) &&
           two_digits(at + 6, &t->minute) && two_digits(at + 8, &t->second) && at[10] == 'Z';
}

bool der_read_time(struct reader *r, int64_t *epoch_s)
{
    struct reader at = *r;
    struct der_element element;
    struct civil_time t;
    if (!der_any(&at, &element))
        return false;
    const uint8_t *c = element.contents.data;
    int century;
    if (element.tag == DER_UTC_TIME && element.contents.len == 13) {
        if (!two_digits(c, &t.year) || !read_month_to_second(c + 2, &t))
            return false;
        t.year += t.year < 50 ? 2000 : 1900;
    } else if (element.tag == DER_GENERALIZED_TIME && element.contents.len == 15) {
        if (!two_digits(c, &century) || !two_digits(c + 2, &t.year) || !read_month_to_second(c + 4, &t))
            return false;
        t.year += century * 100;
        /* Until 2049 the only form is UTCTime. */
        if (t.year < 2050)
            return false;
    } else {
        return false;
    }
    if (!civil_time_to_epoch(&t, epoch_s))
        return false;
    *r = at;
    return true;
}

size_t der_open(struct builder *b, uint8_t tag)
{
    builder_u8(b, tag);
    return builder_open_vector(b, 1);
}

void der_close(struct builder *b, size_t mark)
{
    if (!builder_is_good(b))
        return;
    size_t len = b->len - mark - 1;
    if (len < 0x80) {
        b->data[mark] = (uint8_t)len;
        return;
    }
    size_t count = len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;
    if (len > 0xffffff) {
        b->failure = STATUS_LIMIT;
        return;
    }
    uint8_t *gap = builder_insert(b, mark + 1, count);
    if (gap == NULL)
        return;
    b->data[mark] = (uint8_t)(0x80 | count);
    for (size_t i = 0; i < count; i++)
        gap[i] = (uint8_t)(len >> (8 * (count - 1 - i)));
}

void der_write(struct builder *b, uint8_t tag, struct bytes contents)
{
    size_t mark = der_open(b, tag);
    builder_bytes(b, contents);
    der_close(b, mark);
}

void der_write_u64(struct builder *b, uint64_t value)
{
    uint8_t bytes[9];
    for (size_t i = 0; i < 8; i++)
        bytes[1 + i] = (uint8_t)(value >> (56 - 8 * i));
    bytes[0] = 0;
    size_t start = 0;
    /* Drop leading zeros while the sign bit that remains is still zero. */
    while (start < 8 && bytes[start] == 0 && bytes[start + 1] < 0x80)
        start++;
    der_write(b, DER_INTEGER, bytes_of(bytes + start, sizeof bytes - start));
}

void der_write_boolean_true(struct builder *b)
{
    const uint8_t yes = 0xff;
    der_write(b, DER_BOOLEAN, bytes_of(&yes, 1));
}

void der_write_bits(struct builder *b, struct bytes value)
{
    size_t mark = der_open(b, DER_BIT_STRING);
    builder_u8(b, 0); /* unused bits */
    builder_bytes(b, value);
    der_close(b, mark);
}

void der_write_time(struct builder *b, int64_t epoch_s)
{
    struct civil_time t;
    if (!civil_time_from_epoch(epoch_s, &t) || t.year < 1950) {
        b->failure = STATUS_LIMIT;
        return;
    }
    bool is_utc_time = t.year < 2050;
    char text[32];
    int len = snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", t.year, t.month, t.day,
                       t.hour, t.minute, t.second);
    size_t skipped = is_utc_time ? 2 : 0;
    der_write(b, is_utc_time ? DER_UTC_TIME : DER_GENERALIZED_TIME,
              bytes_of(text + skipped, (size_t)len - skipped));
}
