/* proof_lines.h - numbers and hashes as lines, which the bodies of a witness are made of
 * [C2SP tlog-witness].
 *
 *   size-line = 1*DIGIT LF            ; without leading zeros
 *   hash-line = base64(hash[32]) LF
 *   proof     = 0*63 hash-line LF     ; an empty line ends it
 */
#ifndef CATHAYA_CODEC_WITNESS_PROOF_LINES_H
#define CATHAYA_CODEC_WITNESS_PROOF_LINES_H

#include "base/builder.h"
#include "base/reader.h"
#include "crypto/hash.h"

/* [C2SP tlog-witness], [C2SP tlog-mirror]: clients must not send more. */
#define PROOF_LINES_MAX 63

/* Sizes and indices are below 2^63, so that nothing computed from them overflows. */
#define PROOF_LINES_SIZE_MAX ((uint64_t)INT64_MAX)

struct proof_lines {
    size_t count;
    uint8_t hashes[PROOF_LINES_MAX][HASH_SIZE];
};

/* proof_lines_view borrows the hashes as one run: what the functions of merkle/proof.h take. */
static inline struct bytes proof_lines_view(const struct proof_lines *p)
{
    return bytes_of(p->hashes, p->count * HASH_SIZE);
}

/* proof_lines_set copies a run of hashes: false when it is none, or too long. */
MUST_USE bool proof_lines_set(struct proof_lines *p, struct bytes hashes);

/* proof_lines_read reads up to the empty line and over it: STATUS_MALFORMED. */
MUST_USE enum status proof_lines_read(struct reader *r, struct proof_lines *out, struct error *err);
void proof_lines_write(const struct proof_lines *p, struct builder *out);

MUST_USE bool proof_lines_read_hash(struct reader *r, uint8_t hash[HASH_SIZE]);
void proof_lines_write_hash(const uint8_t hash[HASH_SIZE], struct builder *out);

/* proof_lines_parse_size reads the body of a "409 Conflict" of type text/x.tlog.size: one size line. */
MUST_USE enum status proof_lines_parse_size(struct bytes body, uint64_t *size, struct error *err);

#endif
