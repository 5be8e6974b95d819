#include "codec/tai/tai_pattern.h"

#include <string.h>

#include "base/text.h"

/* Stands in place of a max; no component starts with it. */
#define INFINITY_BYTE 0x80

bool tai_pattern_read_range(struct reader *r, struct tai_range *range)
{
    struct reader at = *r;
    struct tai_range found = {.max = UINT64_MAX};
    uint8_t next;
    if (!tai_read_component(&at, &found.min) || !reader_peek_u8(&at, &next))
        return false;
    found.has_max = next != INFINITY_BYTE;
    if (found.has_max ? !tai_read_component(&at, &found.max) : !reader_skip(&at, 1))
        return false;
    if (found.min > found.max)
        return false;
    *r = at;
    *range = found;
    return true;
}

static enum status too_long(struct error *err)
{
    return error_set(err, STATUS_LIMIT, "trust anchor ID pattern of more than %d bytes [TAI 5.3.1]",
                     TAI_PATTERN_MAX);
}

enum status tai_pattern_parse_binary(struct bytes binary, struct tai_pattern *out,
                                     struct error *err)
{
    if (binary.len > TAI_PATTERN_MAX)
        return too_long(err);
    struct reader r;
    reader_init(&r, binary);
    while (!reader_is_at_end(&r)) {
        struct tai_range range;
        if (!tai_pattern_read_range(&r, &range))
            return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                            "trust anchor ID pattern: range cut short, not in its shortest form, "
                            "above 2^64-1 or with min above max");
    }
    *out = (struct tai_pattern){.len = (uint8_t)binary.len};
    if (binary.len > 0)
        memcpy(out->data, binary.data, binary.len);
    return STATUS_OK;
}

/* "{min-max}" or "{min-}" behind its opening brace, up to the closing one. */
static bool parse_braces(struct bytes inside, struct tai_range *range)
{
    struct reader r;
    reader_init(&r, inside);
    struct bytes min;
    if (!reader_until(&r, '-', &min) || !text_parse_u64(min, UINT64_MAX, &range->min))
        return false;
    range->has_max = !reader_is_at_end(&r);
    range->max = UINT64_MAX;
    if (!range->has_max)
        return true;
    /* One value has a shorter spelling, without braces. */
    return text_parse_u64(reader_rest(&r), UINT64_MAX, &range->max) && range->min < range->max;
}

static bool parse_part(struct bytes part, struct tai_range *range)
{
    struct reader r;
    reader_init(&r, part);
    uint8_t first;
    struct bytes inside;
    if (!reader_peek_u8(&r, &first))
        return false;
    if (first == '{')
        return reader_skip(&r, 1) && reader_until(&r, '}', &inside) && reader_is_at_end(&r) &&
               parse_braces(inside, range);
    range->has_max = true;
    if (!text_parse_u64(part, UINT64_MAX, &range->min))
        return false;
    range->max = range->min;
    return true;
}

enum status tai_pattern_parse_text(struct bytes text, struct tai_pattern *out, struct error *err)
{
    struct reader r;
    reader_init(&r, text);
    struct tai_pattern pattern = {.len = 0};
    bool is_last = false;
    while (!is_last) {
        struct bytes part;
        struct tai_range range;
        size_t offset = reader_offset(&r);
        is_last = !reader_until(&r, '.', &part);
        if (is_last)
            part = reader_rest(&r);
        if (!parse_part(part, &range))
            return error_at(err, STATUS_MALFORMED, offset,
                            "trust anchor ID pattern: neither a number nor {min-max} nor {min-}");
        enum status status = tai_pattern_append(&pattern, range, err);
        if (status != STATUS_OK)
            return status;
    }
    *out = pattern;
    return STATUS_OK;
}

void tai_pattern_write_text(const struct tai_pattern *p, struct builder *out)
{
    struct reader r;
    reader_init(&r, tai_pattern_bytes(p));
    struct tai_range range;
    for (const char *dot = ""; tai_pattern_read_range(&r, &range); dot = ".") {
        unsigned long long min = range.min, max = range.max;
        if (!range.has_max)
            builder_printf(out, "%s{%llu-}", dot, min);
        else if (min == max)
            builder_printf(out, "%s%llu", dot, min);
        else
            builder_printf(out, "%s{%llu-%llu}", dot, min, max);
    }
}

enum status tai_pattern_append(struct tai_pattern *p, struct tai_range range, struct error *err)
{
    if (range.has_max && range.min > range.max)
        return error_set(err, STATUS_USAGE, "trust anchor ID pattern: min above max");
    struct tai_pattern longer = *p;
    struct builder b;
    builder_init_fixed(&b, longer.data + longer.len, (size_t)(TAI_PATTERN_MAX - longer.len));
    builder_base128(&b, range.min);
    if (range.has_max)
        builder_base128(&b, range.max);
    else
        builder_u8(&b, INFINITY_BYTE);
    if (!builder_is_good(&b))
        return too_long(err);
    longer.len = (uint8_t)(longer.len + b.len);
    *p = longer;
    return STATUS_OK;
}

enum status tai_pattern_append_id(struct tai_pattern *p, const struct tai *id, struct error *err)
{
    struct tai_pattern longer = *p;
    struct reader r;
    reader_init(&r, tai_bytes(id));
    uint64_t component;
    while (tai_read_component(&r, &component)) {
        struct tai_range one = {.min = component, .max = component, .has_max = true};
        enum status status = tai_pattern_append(&longer, one, err);
        if (status != STATUS_OK)
            return status;
    }
    *p = longer;
    return STATUS_OK;
}

bool tai_pattern_contains(const struct tai_pattern *p, const struct tai *id)
{
    struct reader ranges, components;
    reader_init(&ranges, tai_pattern_bytes(p));
    reader_init(&components, tai_bytes(id));
    struct tai_range range;
    uint64_t component;
    while (tai_pattern_read_range(&ranges, &range)) {
        if (!tai_read_component(&components, &component) || component < range.min ||
            component > range.max)
            return false;
    }
    return p->len > 0 && reader_is_at_end(&components);
}
