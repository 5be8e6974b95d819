/* tai_pattern.h - patterns of trust anchor IDs [TAI 5.3.1], of TAI -05 and later.
 *
 *   text:   part *("." part); part = value / "{" min "-" max "}" / "{" min "-" "}"
 *           e.g. 32473.{123-456}.{789-}
 *   binary: per part min and max as base-128 components; the byte 80 in place of max is infinity
 *           81fd59 81fd59  7b 8348  8615 80
 *
 * A pattern contains the IDs that have as many components, each in its range. min <= max < 2^64; a
 * range of one value is written without braces. The empty pattern has a binary form
 * (TrustAnchorIDPattern<0..2^8-1>) and contains nothing; it has no text.
 */
#ifndef CATHAYA_CODEC_TAI_TAI_PATTERN_H
#define CATHAYA_CODEC_TAI_TAI_PATTERN_H

#include "codec/tai/tai.h"

/* The binary form stands in a vector with an 8-bit length. */
#define TAI_PATTERN_MAX 255

/* struct tai_pattern is a value: the checked binary form. data beyond len is zero. */
struct tai_pattern {
    uint8_t len;
    uint8_t data[TAI_PATTERN_MAX];
};

/* One component of a pattern: min <= component <= max, without upper bound if !has_max (max is
 * UINT64_MAX then). */
struct tai_range {
    uint64_t min;
    uint64_t max;
    bool has_max;
};

static inline struct bytes tai_pattern_bytes(const struct tai_pattern *p)
{
    return bytes_of(p->data, p->len);
}

/* tai_pattern_parse_binary: STATUS_MALFORMED with the offset for anything but the grammar above;
 * STATUS_LIMIT above 255 bytes. */
MUST_USE enum status tai_pattern_parse_binary(struct bytes binary, struct tai_pattern *out,
                                              struct error *err);
MUST_USE enum status tai_pattern_parse_text(struct bytes text, struct tai_pattern *out,
                                            struct error *err);
void tai_pattern_write_text(const struct tai_pattern *p, struct builder *out);

/* tai_pattern_append adds a range at the end: STATUS_USAGE when min > max, STATUS_LIMIT when that
 * gives more than 255 bytes; *p is as it was then. */
MUST_USE enum status tai_pattern_append(struct tai_pattern *p, struct tai_range range,
                                        struct error *err);

/* tai_pattern_append_id adds the components of an ID, each a range of one value. */
MUST_USE enum status tai_pattern_append_id(struct tai_pattern *p, const struct tai *id,
                                           struct error *err);

/* tai_pattern_read_range takes the next range from a reader on a binary form; false, and r stays,
 * when there is no well-formed one. */
MUST_USE bool tai_pattern_read_range(struct reader *r, struct tai_range *range);

/* tai_pattern_contains says whether the pattern contains the ID. */
bool tai_pattern_contains(const struct tai_pattern *p, const struct tai *id);

#endif
