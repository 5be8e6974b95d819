/* trust_envelope.h - a trust bundle as it is distributed: signed, and with its place in the log of versions [GM 14]:
 *
 *   struct { opaque key_id[32]; opaque signature<1..2^16-1>; } BundleSignature;
 *   struct {
 *     uint8 label[16] = "trust-envelope1" LF;
 *     opaque contents<1..2^24-1>;             // TrustBundle
 *     BundleSignature signatures<0..2^24-1>;  // key IDs ascend strictly
 *     opaque log_proof<0..2^16-1>;            // of the log of versions; empty: none
 *   } TrustEnvelope;
 *
 * key_id is SHA-256 of the key's SubjectPublicKeyInfo: a label. What is signed, and what the log of versions has as
 * its entry, is
 *
 *   struct {
 *     uint8 label[16] = "trust-version/1" LF;
 *     uint64 version; uint64 issued; uint64 expires;   // of the bundle
 *     opaque sm3[32]; opaque sha256[32];               // of contents
 *   } TrustVersion;                                    // 104 bytes
 */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_ENVELOPE_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_ENVELOPE_H

#include "codec/trust_bundle/trust_bundle.h"

#define TRUST_ENVELOPE_LABEL "trust-envelope1\n"
#define TRUST_ENVELOPE_VERSION_LABEL "trust-version/1\n"
#define TRUST_ENVELOPE_LABEL_SIZE 16
#define TRUST_ENVELOPE_VERSION_SIZE (16 + 3 * 8 + 2 * HASH_SIZE)
#define TRUST_ENVELOPE_KEY_ID_SIZE 32
/* As many as keys may be pinned. */
#define TRUST_ENVELOPE_SIGNATURES_MAX TRUST_BUNDLE_KEYS_MAX
/* The contents, 16 of the longest signatures and a proof. */
#define TRUST_ENVELOPE_SIZE_MAX (TRUST_BUNDLE_SIZE_MAX + ((size_t)2 << 20))

struct trust_envelope_signature {
    uint8_t key_id[TRUST_ENVELOPE_KEY_ID_SIZE];
    struct bytes signature;
};

/* Everything borrows from the input. */
struct trust_envelope {
    struct bytes contents; /* for trust_bundle_parse */
    size_t signature_count;
    struct trust_envelope_signature signatures[TRUST_ENVELOPE_SIGNATURES_MAX];
    struct bytes log_proof;
};

/* trust_envelope_parse reads a whole envelope: STATUS_MALFORMED with the offset, STATUS_LIMIT. Nothing is verified, and
 * the contents are not looked into. */
MUST_USE enum status trust_envelope_parse(struct bytes input, struct trust_envelope *out, struct error *err);

/* trust_envelope_write appends an envelope; STATUS_USAGE when the signatures are not in order. */
MUST_USE enum status trust_envelope_write(const struct trust_envelope *envelope, struct builder *out, struct error *err);

/* trust_envelope_is: does it begin like one? */
bool trust_envelope_is(struct bytes input);

/* trust_envelope_key_id is the key ID of a SubjectPublicKeyInfo. False when the library underneath fails. */
MUST_USE bool trust_envelope_key_id(struct bytes spki, uint8_t out[TRUST_ENVELOPE_KEY_ID_SIZE]);

/* trust_envelope_version writes what is signed for a bundle, which was parsed from contents. */
MUST_USE enum status trust_envelope_version(const struct trust_bundle *bundle, struct bytes contents,
                                            uint8_t out[TRUST_ENVELOPE_VERSION_SIZE], struct error *err);

#endif
