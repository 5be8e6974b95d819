#include "judging/text_columns.h"

#include <stdbool.h>
#include <stdint.h>

struct range {
    uint32_t first, last;
};

/* W and F of EastAsianWidth.txt, in the blocks that texts here can have. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
    {0x1f900, 0x1f9ff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
};

static const struct range combining[] = {
    {0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static bool is_in(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* The character at *text, and *text behind it; a byte that begins none is one character. */
static uint32_t next(const char **text)
{
    const uint8_t *at = (const uint8_t *)*text;
    size_t more = at[0] >= 0xf0 && at[0] < 0xf8 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
    uint32_t point = more == 0 || at[0] >= 0xf8 ? at[0] : at[0] & (0x3fu >> more);
    if (at[0] >= 0xf8)
        more = 0;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            (*text)++;
            return 0xfffd;
        }
        point = point << 6 | (at[i] & 0x3f);
    }
    *text += 1 + more;
    return point;
}

size_t text_columns(const char *text)
{
    size_t columns = 0;
    while (*text != '\0') {
        uint32_t point = next(&text);
        if (is_in(wide, sizeof wide / sizeof *wide, point))
            columns += 2;
        else if (!is_in(combining, sizeof combining / sizeof *combining, point))
            columns++;
    }
    return columns;
}

size_t text_columns_pad(const char *text, size_t columns, size_t min)
{
    size_t used = text_columns(text);
    return used + min <= columns ? columns - used : min;
}
