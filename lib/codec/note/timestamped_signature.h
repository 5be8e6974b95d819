/* timestamped_signature.h - the payload of a cosignature in a note [C2SP tlog-cosignature].
 *
 *   struct { uint64 timestamp; opaque signature[rest]; } timestamped_signature;
 *
 * timestamp is in seconds since the Epoch, at most 2^63-1. The signature is not empty; how long it
 * is belongs to the algorithm.
 */
#ifndef CATHAYA_CODEC_NOTE_TIMESTAMPED_SIGNATURE_H
#define CATHAYA_CODEC_NOTE_TIMESTAMPED_SIGNATURE_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

#define TIMESTAMPED_SIGNATURE_TIME_MAX ((uint64_t)INT64_MAX)

struct timestamped_signature {
    uint64_t timestamp_s;
    struct bytes signature; /* borrows from the payload */
};

MUST_USE enum status timestamped_signature_parse(struct bytes payload,
                                                 struct timestamped_signature *out,
                                                 struct error *err);
MUST_USE enum status timestamped_signature_write(const struct timestamped_signature *cosignature,
                                                 struct builder *out, struct error *err);

/* timestamped_signature_write_ed25519_message appends what an Ed25519 cosigner (type 04) signs:
 * "cosignature/v1" LF "time " timestamp LF, then the text of the note. Every other algorithm signs a
 * CosignedMessage. */
MUST_USE enum status timestamped_signature_write_ed25519_message(uint64_t timestamp_s,
                                                                 struct bytes note_text,
                                                                 struct builder *out,
                                                                 struct error *err);

#endif
