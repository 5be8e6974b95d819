/* revocations.h - the signed file of revoked entries at a log's prefix [GM 11]: a note whose text is
 *
 *   origin LF                                   ; of the log
 *   "revocations " sequence SP issued SP next LF ; seconds since the Epoch; a later file has a higher sequence
 *   "minimum-index " index LF                    ; entries below it may be gone
 *   *( first SP last SP reason SP time LF )      ; inclusive both, ascending, not overlapping
 *
 * Numbers are decimal without leading zeros. The CA cosigner signs "mtc-revocations/v1" LF and the text.
 * Key ID: type ff, identifier "mtc-revocations/v1/" OID, as for cosignatures of algorithms without a type.
 */
#ifndef CATHAYA_CODEC_REVOCATIONS_REVOCATIONS_H
#define CATHAYA_CODEC_REVOCATIONS_REVOCATIONS_H

#include "base/array.h"
#include "codec/note/note.h"
#include "crypto/key.h"

/* Ranges of 46 bytes: they fit a note. More than that is a matter for min-serial of a new CA certificate. */
#define REVOCATIONS_MAX ((size_t)65536)
#define REVOCATIONS_SIZE_MAX NOTE_SIZE_MAX
#define REVOCATIONS_LABEL "mtc-revocations/v1\n"

struct revocation {
    uint64_t first, last;
    int reason; /* CRLReason, 0..10 */
    int64_t revoked_s;
};

struct revocations {
    struct bytes origin; /* borrows */
    uint64_t sequence;
    int64_t issued_s, next_s;
    uint64_t minimum_index;
    struct array ranges; /* of struct revocation */
};

/* revocations_init starts an empty list; revocations_clear frees it. */
void revocations_init(struct revocations *r);
void revocations_clear(struct revocations *r);

/* revocations_write_text appends the text. STATUS_USAGE when the ranges are not in order. */
MUST_USE enum status revocations_write_text(const struct revocations *r, struct builder *out,
                                            struct error *err);

/* revocations_parse_text reads a text into an empty list; the origin borrows from it. */
MUST_USE enum status revocations_parse_text(struct bytes text, struct revocations *out,
                                            struct error *err);

/* revocations_write_message appends what is signed for a text. */
void revocations_write_message(struct bytes text, struct builder *out);

/* revocations_key_id is the key ID of the CA's signature line. */
MUST_USE enum status revocations_key_id(struct bytes name, const struct public_key *key,
                                        uint8_t out[NOTE_KEY_ID_SIZE], struct error *err);

/* revocations_read verifies a whole file: STATUS_OK when the CA called name (its key name in notes) has
 * signed it. out is an empty list that borrows from file. */
MUST_USE enum status revocations_read(struct bytes file, struct bytes name,
                                      const struct public_key *key, struct revocations *out,
                                      struct error *err);

/* revocations_contain: is the entry revoked, or below the minimum index? */
bool revocations_contain(const struct revocations *r, uint64_t index);

#endif
