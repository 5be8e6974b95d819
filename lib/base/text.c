#include "base/text.h"

#include <stdlib.h>
#include <string.h>

char *text_dup(struct bytes text)
{
    char *copy = malloc(text.len + 1);
    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

bool text_parse_u64(struct bytes text, uint64_t max, uint64_t *value)
{
    if (text.len == 0 || (text.len > 1 && text.data[0] == '0'))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (v > max)
        return false;
    *value = v;
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool text_parse_hex(struct bytes text, uint8_t *out, size_t out_len)
{
    if (text.len / 2 != out_len || text.len % 2 != 0)
        return false;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void put_hex(struct bytes value, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < value.len; i++) {
        out[2 * i] = (uint8_t)digits[value.data[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[value.data[i] & 15];
    }
}

void text_write_hex(struct builder *b, struct bytes value)
{
    uint8_t *space = builder_space(b, 2 * value.len);
    if (space != NULL)
        put_hex(value, space);
}

void text_hex(struct bytes value, char *out)
{
    put_hex(value, (uint8_t *)out);
    out[2 * value.len] = '\0';
}

/* The two alphabets of RFC 4648 differ in their last two digits. */
static int base64_digit(uint8_t c, const char last[2])
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == (uint8_t)last[0] ? 62 : c == (uint8_t)last[1] ? 63 : -1;
}

/* One group of four characters, of which only the last group lacks some: `pads` of them. */
static bool parse_base64_group(const uint8_t *group, size_t pads, const char last[2],
                               struct builder *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < 4 - pads ? base64_digit(group[i], last) : 0;
        if (digit < 0)
            return false;
        v = v << 6 | (uint32_t)digit;
    }
    uint8_t bytes[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    for (size_t i = 3 - pads; i < 3; i++)
        if (bytes[i] != 0)
            return false;
    builder_bytes(out, bytes_of(bytes, 3 - pads));
    return true;
}

bool text_parse_base64(struct bytes text, struct builder *out)
{
    if (text.len % 4 != 0)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t pads = 0;
        if (i + 4 == text.len)
            pads = text.data[i + 3] != '=' ? 0 : text.data[i + 2] != '=' ? 1 : 2;
        if (!parse_base64_group(text.data + i, pads, "+/", out))
            return false;
    }
    return builder_is_good(out);
}

bool text_parse_base64url(struct bytes text, struct builder *out)
{
    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t have = text.len - i < 4 ? text.len - i : 4;
        if (!parse_base64_group(text.data + i, 4 - have, "-_", out))
            return false;
    }
    return builder_is_good(out);
}

static void write_base64(struct builder *b, struct bytes value, const char *digits, bool is_padded)
{
    size_t len = is_padded ? (value.len + 2) / 3 * 4 : (value.len * 4 + 2) / 3;
    uint8_t *space = builder_space(b, len);
    if (space == NULL)
        return;
    for (size_t i = 0; i < value.len; i += 3) {
        size_t have = value.len - i < 3 ? value.len - i : 3;
        uint32_t v = (uint32_t)value.data[i] << 16;
        if (have > 1)
            v |= (uint32_t)value.data[i + 1] << 8;
        if (have > 2)
            v |= value.data[i + 2];
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                *space++ = (uint8_t)digits[v >> (18 - 6 * k) & 63];
            else if (is_padded)
                *space++ = '=';
        }
    }
}

void text_write_base64(struct builder *b, struct bytes value)
{
    write_base64(b, value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

void text_write_base64url(struct builder *b, struct bytes value)
{
    write_base64(b, value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

/* The length of the UTF-8 sequence that first starts, and the smallest code point it may say. */
static size_t utf8_length(uint8_t first, uint32_t *smallest)
{
    if (first < 0x80) {
        *smallest = 0;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        *smallest = 0x80;
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *smallest = 0x800;
        return 3;
    }
    if (first >= 0xf0 && first < 0xf5) {
        *smallest = 0x10000;
        return 4;
    }
    return 0;
}

static bool utf8_next(struct bytes text, size_t *at, uint32_t *code)
{
    uint32_t smallest;
    size_t len = utf8_length(text.data[*at], &smallest);
    if (len == 0 || len > text.len - *at)
        return false;
    uint32_t v = len == 1 ? text.data[*at] : text.data[*at] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        uint8_t c = text.data[*at + i];
        if ((c & 0xc0) != 0x80)
            return false;
        v = v << 6 | (c & 0x3f);
    }
    *at += len;
    *code = v;
    return v >= smallest && v <= 0x10ffff && !(v >= 0xd800 && v <= 0xdfff);
}

bool text_is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

bool text_is_printable_utf8(struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t code;
        if (!utf8_next(text, &at, &code) || text_is_hidden(code))
            return false;
    }
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

bool text_next_word(struct bytes *rest, struct bytes *word)
{
    size_t start = 0;
    while (start < rest->len && is_blank(rest->data[start]))
        start++;
    size_t end = start;
    while (end < rest->len && !is_blank(rest->data[end]))
        end++;
    if (start == end)
        return false;
    *word = bytes_of(rest->data + start, end - start);
    *rest = bytes_of(rest->data + end, rest->len - end);
    return true;
}

bool text_next_line(struct bytes *rest, struct bytes *line)
{
    if (rest->len == 0)
        return false;
    const uint8_t *lf = memchr(rest->data, '\n', rest->len);
    size_t len = lf != NULL ? (size_t)(lf - rest->data) : rest->len;
    size_t step = lf != NULL ? len + 1 : len;
    *line = bytes_of(rest->data, len);
    if (len > 0 && line->data[len - 1] == '\r')
        line->len--;
    *rest = bytes_of(rest->data + step, rest->len - step);
    return true;
}
