/* tai.h - trust anchor IDs: OIDs below 1.3.6.1.4.1, written relative to it [TAI 4].
 *
 *   text:   component *("." component)      decimal, no leading zeros: "32473.1"
 *   binary: the contents octets of a RELATIVE-OID: 81 fd 59 01
 *   name:   "oid/1.3.6.1.4.1." text         in notes and CosignedMessage [C2SP tlog-cosignature]
 *
 * A component is below 2^64, and the binary form has 1 to 32 bytes. Only the shortest base-128
 * encoding of a component is accepted.
 */
#ifndef CATHAYA_CODEC_TAI_TAI_H
#define CATHAYA_CODEC_TAI_TAI_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "base/status.h"

/* TAI -06 limits an ID to 32 bytes. */
#define TAI_MAX 32
/* 32 components of one byte, at most three digits each with a dot or the NUL. */
#define TAI_TEXT_SIZE (4 * TAI_MAX)
#define TAI_NAME_PREFIX "oid/1.3.6.1.4.1."
#define TAI_NAME_SIZE (sizeof TAI_NAME_PREFIX - 1 + TAI_TEXT_SIZE)
/* A landmark number is at most this [MTC 6.4.3]. */
#define TAI_LANDMARK_NUMBER_MAX ((UINT64_C(1) << 48) - 1)

/* struct tai is a value: copy it. len 0 is "no ID". data beyond len is zero in what we make. */
struct tai {
    uint8_t len;
    uint8_t data[TAI_MAX];
};

/* tai_bytes borrows the binary form. */
static inline struct bytes tai_bytes(const struct tai *id)
{
    return bytes_of(id->data, id->len);
}

/* tai_parse_binary: STATUS_MALFORMED when empty, cut short, not the shortest form or with a
 * component of 2^64 or more; STATUS_LIMIT above 32 bytes. */
MUST_USE enum status tai_parse_binary(struct bytes binary, struct tai *out, struct error *err);

/* tai_parse_text reads "32473.1"; tai_parse_name "oid/1.3.6.1.4.1.32473.1". Statuses as above. */
MUST_USE enum status tai_parse_text(struct bytes text, struct tai *out, struct error *err);
MUST_USE enum status tai_parse_name(struct bytes name, struct tai *out, struct error *err);

/* tai_write_text and tai_write_name append; tai_text and tai_name write a NUL-terminated string.
 * "no ID" is the empty text. */
void tai_write_text(const struct tai *id, struct builder *out);
void tai_write_name(const struct tai *id, struct builder *out);
void tai_text(const struct tai *id, char out[TAI_TEXT_SIZE]);
void tai_name(const struct tai *id, char out[TAI_NAME_SIZE]);

/* tai_append adds a component at the end. STATUS_LIMIT, and *id as it was, when that gives more
 * than 32 bytes. */
MUST_USE enum status tai_append(struct tai *id, uint64_t component, struct error *err);

bool tai_equal(const struct tai *a, const struct tai *b);

/* tai_compare is <0, 0 or >0 in the order of cosigners: shorter first, then by bytes [MTC 6.2].
 * tai_compare_binary does the same for binary forms that may be longer than 32 bytes. */
int tai_compare(const struct tai *a, const struct tai *b);
int tai_compare_binary(struct bytes a, struct bytes b);

/* tai_is_within says whether id is arc itself or below it. */
bool tai_is_within(const struct tai *id, const struct tai *arc);

/* The IDs that a Merkle Tree CA gives out below its own [MTC 5.2, 6.4.1, 8.2]:
 *   tai_log_id CA.0.N, tai_landmark_id CA.1.N.L, tai_group CA.2.N.L.
 * STATUS_LIMIT when the ID would have more than 32 bytes, STATUS_USAGE for log number 0, landmark 0
 * (which is never active and has no ID) and landmarks above 2^48-1. */
MUST_USE enum status tai_log_id(const struct tai *ca, uint16_t log_number, struct tai *out,
                                struct error *err);
MUST_USE enum status tai_landmark_id(const struct tai *ca, uint16_t log_number, uint64_t landmark,
                                     struct tai *out, struct error *err);
MUST_USE enum status tai_group(const struct tai *ca, uint16_t log_number, uint64_t landmark,
                               struct tai *out, struct error *err);

/* tai_split_log_id is the inverse of tai_log_id; false when the ID has another shape. */
MUST_USE bool tai_split_log_id(const struct tai *log_id, struct tai *ca, uint16_t *log_number);

/* tai_read_component reads one component in base 128, the unit of IDs and patterns (builder_base128 is
 * its inverse). False, and r stays, when there is no complete one, a longer form or a value of 2^64
 * or more. */
MUST_USE bool tai_read_component(struct reader *r, uint64_t *component);

#endif
