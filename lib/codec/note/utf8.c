#include "codec/note/utf8.h"

/* The number of continuation bytes after `first`, the bits that it brings itself and the smallest
 * code point that needs this length. */
static bool first_byte(uint8_t first, unsigned *more, uint32_t *bits, uint32_t *smallest)
{
    static const struct {
        uint8_t mask, value, more;
        uint32_t smallest;
    } forms[] = {{0x80, 0x00, 0, 0},
                 {0xe0, 0xc0, 1, 0x80},
                 {0xf0, 0xe0, 2, 0x800},
                 {0xf8, 0xf0, 3, 0x10000}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if ((first & forms[i].mask) == forms[i].value) {
            *more = forms[i].more;
            *bits = first & (uint8_t)~forms[i].mask;
            *smallest = forms[i].smallest;
            return true;
        }
    }
    return false;
}

bool utf8_next(struct reader *r, uint32_t *code)
{
    struct reader at = *r;
    uint8_t byte;
    unsigned more;
    uint32_t v, smallest;
    if (!reader_u8(&at, &byte) || !first_byte(byte, &more, &v, &smallest))
        return false;
    for (; more > 0; more--) {
        if (!reader_u8(&at, &byte) || (byte & 0xc0) != 0x80)
            return false;
        v = v << 6 | (byte & 0x3f);
    }
    if (v < smallest || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return false;
    *r = at;
    *code = v;
    return true;
}

bool utf8_is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}
