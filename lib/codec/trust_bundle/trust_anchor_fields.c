/* The element of a root or intermediate, and how far it is trusted. */
#include <string.h>

#include "codec/trust_bundle/trust_fields.h"

#define FLAG_LISTED_INTERMEDIATES_ONLY 0x01

bool trust_bundle_is_dns_name(struct bytes name)
{
    size_t label = 0;
    if (name.len == 0 || name.len > 253)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (c == '.' ? label == 0 : !is_good || label == 63)
            return false;
        label = c == '.' ? 0 : label + 1;
    }
    return label > 0;
}

static enum status read_names(struct reader *r, struct trust_bundle *b, size_t *first, size_t *count, struct error *err)
{
    struct reader child, name;
    struct bytes value, last = bytes_of(NULL, 0);
    *first = b->names.count;
    *count = 0;
    if (!reader_vector_u16(r, &child))
        return trust_fields_malformed(r, "names of an anchor", err);
    for (; !reader_is_at_end(&child); last = value, ++*count) {
        if (!reader_vector_u8(&child, &name))
            return trust_fields_malformed(&child, "name of an anchor", err);
        value = reader_rest(&name);
        if (!trust_bundle_is_dns_name(value) || (*count > 0 && bytes_compare(last, value) >= 0))
            return trust_fields_malformed(&child, "name of an anchor: not a DNS name, or out of order", err);
        if (*count == TRUST_BUNDLE_NAMES_PER_ANCHOR_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: an anchor has more than %d names", TRUST_BUNDLE_NAMES_PER_ANCHOR_MAX);
        enum status s = trust_fields_append(&b->names, &value, "names of anchors", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* Is b the number behind a, or one below it? Then two ranges would be one, or out of order. */
static bool touches(const uint8_t a[TRUST_BUNDLE_SERIAL_SIZE], const uint8_t b[TRUST_BUNDLE_SERIAL_SIZE])
{
    uint8_t next[TRUST_BUNDLE_SERIAL_SIZE];
    size_t i = sizeof next;
    memcpy(next, a, sizeof next);
    while (i > 0 && ++next[i - 1] == 0)
        i--;
    return i == 0 || memcmp(b, next, sizeof next) <= 0;
}

static enum status read_serials(struct reader *r, struct trust_bundle *b, struct trust_bundle_limits *limits, struct error *err)
{
    struct trust_bundle_serials range;
    struct reader child;
    limits->serial_first = b->serials.count;
    limits->serial_count = 0;
    if (!reader_vector_u24(r, &child))
        return trust_fields_malformed(r, "serial numbers of an anchor", err);
    for (; !reader_is_at_end(&child); limits->serial_count++) {
        if (!reader_copy(&child, range.first, sizeof range.first) || !reader_copy(&child, range.last, sizeof range.last) ||
            memcmp(range.first, range.last, sizeof range.first) > 0 ||
            (limits->serial_count > 0 && touches(trust_bundle_serials_at(b, limits, limits->serial_count - 1)->last, range.first)))
            return trust_fields_malformed(&child, "range of serial numbers of an anchor: none, or out of order", err);
        if (limits->serial_count == TRUST_BUNDLE_SERIALS_PER_ANCHOR_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: an anchor has more than %d ranges of serial numbers",
                             TRUST_BUNDLE_SERIALS_PER_ANCHOR_MAX);
        enum status s = trust_fields_append(&b->serials, &range, "serial numbers of anchors", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status read_limits(struct reader *r, struct trust_bundle *b, struct trust_bundle_limits *out, struct error *err)
{
    uint8_t flags;
    if (!reader_u8(r, &flags) || (flags & ~FLAG_LISTED_INTERMEDIATES_ONLY) != 0 || !trust_fields_level(r, &out->level_max) ||
        !trust_fields_time(r, &out->distrust_after_s) || !trust_fields_time(r, &out->sct_distrust_after_s))
        return trust_fields_malformed(r, "limits of a root or intermediate", err);
    out->has_listed_intermediates_only = flags != 0;
    enum status s = read_names(r, b, &out->permitted_first, &out->permitted_count, err);
    if (s == STATUS_OK)
        s = read_names(r, b, &out->excluded_first, &out->excluded_count, err);
    return s == STATUS_OK ? read_serials(r, b, out, err) : s;
}

enum status trust_anchor_fields_read(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_anchor a = {.kind = TRUST_BUNDLE_ROOT};
    uint8_t kind;
    if (!reader_u8(r, &kind) || kind > TRUST_BUNDLE_INTERMEDIATE || !trust_fields_purposes(r, &a.purposes))
        return trust_fields_malformed(r, "root or intermediate", err);
    a.kind = (enum trust_bundle_anchor_kind)kind;
    enum status s = read_limits(r, b, &a.limits, err);
    if (s != STATUS_OK)
        return s;
    size_t n = b->anchors.count;
    if (!trust_fields_certificate(r, &a.certificate))
        return trust_fields_malformed(r, "certificate of a root or intermediate", err);
    if (n > 0 && bytes_compare(trust_bundle_anchor_at(b, n - 1)->certificate, a.certificate) >= 0)
        return trust_fields_malformed(r, "roots and intermediates are not in order", err);
    return trust_fields_append(&b->anchors, &a, "roots and intermediates", err);
}
