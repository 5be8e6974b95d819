/* reader.h - the only way that raw input is looked at.
 *
 * A reader is a window on borrowed bytes. Every read either advances fully and returns true, or
 * returns false and leaves the reader where it was. A length prefix gives a child reader that
 * cannot see past its end. After the last field the reader must be at its end
 * (reader_is_at_end). Offsets count from the start of the outermost object, in children too.
 */
#ifndef CATHAYA_BASE_READER_H
#define CATHAYA_BASE_READER_H

#include "base/bytes.h"
#include "base/status.h"

struct reader {
    const uint8_t *origin; /* byte 0 of the outermost object */
    const uint8_t *at;
    const uint8_t *end;
};

void reader_init(struct reader *r, struct bytes input);

/* reader_init_within makes a reader on a part of what outer reads; offsets stay those of outer. */
static inline void reader_init_within(struct reader *r, const struct reader *outer, struct bytes part)
{
    r->origin = outer->origin;
    r->at = part.data;
    r->end = part.data + part.len;
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static inline bool reader_is_at_end(const struct reader *r)
{
    return r->at == r->end;
}

static inline size_t reader_offset(const struct reader *r)
{
    return (size_t)(r->at - r->origin);
}

/* reader_rest borrows everything that is left, without advancing. */
static inline struct bytes reader_rest(const struct reader *r)
{
    return bytes_of(r->at, reader_left(r));
}

/* Big-endian unsigned integers. What DER is made of is inline: its calls took half of the time that a
 * certificate takes to parse. */
MUST_USE static inline bool reader_u8(struct reader *r, uint8_t *value)
{
    if (reader_is_at_end(r))
        return false;
    *value = *r->at++;
    return true;
}

MUST_USE bool reader_u16(struct reader *r, uint16_t *value);
MUST_USE bool reader_u24(struct reader *r, uint32_t *value);
MUST_USE bool reader_u32(struct reader *r, uint32_t *value);
MUST_USE bool reader_u48(struct reader *r, uint64_t *value);
MUST_USE bool reader_u64(struct reader *r, uint64_t *value);

/* reader_peek_u8 is the next byte without advancing. */
MUST_USE static inline bool reader_peek_u8(const struct reader *r, uint8_t *value)
{
    if (reader_is_at_end(r))
        return false;
    *value = *r->at;
    return true;
}

/* reader_bytes borrows the next len bytes; reader_copy copies them. */
MUST_USE static inline bool reader_bytes(struct reader *r, size_t len, struct bytes *value)
{
    if (reader_left(r) < len)
        return false;
    *value = bytes_of(r->at, len);
    r->at += len;
    return true;
}

MUST_USE bool reader_copy(struct reader *r, void *out, size_t len);
MUST_USE bool reader_skip(struct reader *r, size_t len);

/* A vector with a length prefix of 1, 2 or 3 bytes, as a child reader. */
MUST_USE bool reader_vector_u8(struct reader *r, struct reader *child);
MUST_USE bool reader_vector_u16(struct reader *r, struct reader *child);
MUST_USE bool reader_vector_u24(struct reader *r, struct reader *child);

/* reader_line gives the bytes up to the next LF, and steps over the LF. False when there is none. */
MUST_USE bool reader_line(struct reader *r, struct reader *line);

/* reader_until gives the bytes before the next `stop` byte and steps over it. */
MUST_USE bool reader_until(struct reader *r, uint8_t stop, struct bytes *value);

#endif
