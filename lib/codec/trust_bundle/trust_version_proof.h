/* trust_version_proof.h - the proof that a version of a trust bundle is in the log of versions [GM 14]: what log_proof of an
 * envelope or a delta holds.
 *
 *   struct {
 *     opaque checkpoint<1..2^16-1>;     // signed note of the log of versions
 *     opaque path<0..2^16-1>;           // 0 to 64 hashes: inclusion proof of the entry in the checkpoint's whole tree
 *   } TrustVersionProof;
 *
 * The log of versions has one entry for each version, TrustVersion (trust_envelope.h), at index version - 1. Its hash is SM3;
 * a leaf is SM3(00 || TrustVersion). Its tiles are those of tlog-tiles. The checkpoint's first line is the origin, and it
 * has one line of an SM2 key and one of an ML-DSA-44 key at least; which ones, and their names, says section 9 of a bundle.
 */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_VERSION_PROOF_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_VERSION_PROOF_H

#include "codec/trust_bundle/trust_envelope.h"
#include "merkle/proof.h"

/* What log_proof has room for, without a path of the longest kind. */
#define TRUST_VERSION_PROOF_CHECKPOINT_MAX (65535 - 4 - PROOF_HASHES_MAX * HASH_SIZE)

/* Borrows. */
struct trust_version_proof {
    struct bytes checkpoint; /* for note_parse */
    struct bytes path;       /* whole hashes */
};

/* trust_version_proof_parse reads a whole proof: STATUS_MALFORMED with the offset. Nothing is verified: rules/version_proof.h. */
MUST_USE enum status trust_version_proof_parse(struct bytes input, struct trust_version_proof *out, struct error *err);

/* trust_version_proof_write appends one; STATUS_USAGE for what could not be read again. */
MUST_USE enum status trust_version_proof_write(const struct trust_version_proof *proof, struct builder *out, struct error *err);

/* trust_version_proof_leaf is the leaf hash of a TrustVersion in the log of versions. */
MUST_USE enum status trust_version_proof_leaf(const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], uint8_t out[HASH_SIZE],
                                              struct error *err);

#endif
