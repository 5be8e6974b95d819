/* builder.h - the only way that output is put together.
 *
 * A builder grows up to a maximum that is named at birth. The first failure sticks: later writes
 * do nothing, and builder_status says what happened. So a writer is a list of fields and one check.
 */
#ifndef CATHAYA_BASE_BUILDER_H
#define CATHAYA_BASE_BUILDER_H

#include "base/bytes.h"
#include "base/status.h"

struct builder {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
    bool is_fixed;
    enum status failure;
};

/* builder_init starts an empty builder that may grow to max bytes. Nothing is allocated yet.
 * builder_clear must follow, also after a failure. */
void builder_init(struct builder *b, size_t max);

/* builder_init_fixed writes into the caller's memory and never allocates. */
void builder_init_fixed(struct builder *b, void *memory, size_t cap);

/* builder_clear frees (and wipes: a builder may have held a secret). The zero builder is fine. */
void builder_clear(struct builder *b);

/* builder_reset empties the builder and forgets a failure; memory is kept for reuse. */
void builder_reset(struct builder *b);

/* builder_view borrows what has been written; valid until the next write. */
static inline struct bytes builder_view(const struct builder *b)
{
    return bytes_of(b->data, b->len);
}

/* builder_take gives the memory to the caller, who frees it; the builder is empty afterwards.
 * Only for a growing builder. NULL when nothing was written or a failure stuck. */
uint8_t *builder_take(struct builder *b, size_t *len);

static inline bool builder_is_good(const struct builder *b)
{
    return b->failure == STATUS_OK;
}

/* builder_status is STATUS_OK, or STATUS_LIMIT / STATUS_NO_MEMORY with a reason that names `what`. */
MUST_USE enum status builder_status(const struct builder *b, const char *what, struct error *err);

/* Big-endian. A value that does not fit 24 or 48 bits is a STATUS_LIMIT failure. */
void builder_u8(struct builder *b, uint8_t value);
void builder_u16(struct builder *b, uint16_t value);
void builder_u24(struct builder *b, uint32_t value);
void builder_u32(struct builder *b, uint32_t value);
void builder_u48(struct builder *b, uint64_t value);
void builder_u64(struct builder *b, uint64_t value);
void builder_bytes(struct builder *b, struct bytes value);
/* builder_base128 writes an OID component: 7 bits a byte, the high bit on all but the last, shortest. */
void builder_base128(struct builder *b, uint64_t value);
void builder_text(struct builder *b, const char *text);
void builder_printf(struct builder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* builder_space makes room for len bytes and returns them to be filled, NULL on failure. */
uint8_t *builder_space(struct builder *b, size_t len);

/* builder_insert opens a gap of len bytes at offset (<= b->len), moving what follows; the gap is
 * returned to be filled, NULL on failure. */
uint8_t *builder_insert(struct builder *b, size_t offset, size_t len);

/* builder_open_vector reserves a length prefix of `prefix` bytes (1, 2 or 3) and returns a mark;
 * builder_close_vector writes the length of what came since. A vector that is too long for its
 * prefix is a STATUS_LIMIT failure. */
size_t builder_open_vector(struct builder *b, unsigned prefix);
void builder_close_vector(struct builder *b, size_t mark, unsigned prefix);

#endif
