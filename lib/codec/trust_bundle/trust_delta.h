/* trust_delta.h - from one version of a trust bundle to a later one [GM 14]:
 *
 *   struct {
 *     uint8  label[16] = "trust-delta/v1.\n";
 *     uint64 base_version;
 *     opaque base_sm3[32];                   // SM3 of the contents that it applies to
 *     opaque steps<1..2^24-1>;
 *     BundleSignature signatures<0..2^24-1>; // of the result, as in its envelope
 *     opaque log_proof<0..2^16-1>;           // of the result
 *   } TrustDelta;
 *
 * A step begins with a number n (LEB128: seven bits a byte, the lowest first, the shortest form). n even: copy n / 2 bytes of the
 * base, from the place behind what was copied last, moved by a second number m: m / 2 forward when m is even, (m + 1) / 2 back when
 * it is odd. n odd: insert the n / 2 (rounded down) bytes that follow. No step is of 0 bytes.
 *
 * The steps give the contents of the result, and signatures and log_proof make an envelope of it, which is judged as if it
 * had come whole: a delta can fail, and cannot make anybody trust anything else.
 */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_DELTA_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_DELTA_H

#include "codec/trust_bundle/trust_envelope.h"

#define TRUST_DELTA_LABEL "trust-delta/v1.\n"
#define TRUST_DELTA_LABEL_SIZE 16
/* Steps that insert all of the largest bundle, and what an envelope has beside it. */
#define TRUST_DELTA_SIZE_MAX TRUST_ENVELOPE_SIZE_MAX

/* Everything borrows from the input. */
struct trust_delta {
    uint64_t base_version;
    uint8_t base_sm3[HASH_SIZE];
    struct bytes steps;
    struct trust_envelope result; /* contents empty: trust_delta_apply makes them */
};

/* trust_delta_parse reads a whole delta: STATUS_MALFORMED with the offset, STATUS_LIMIT. The steps are not looked into. */
MUST_USE enum status trust_delta_parse(struct bytes input, struct trust_delta *out, struct error *err);

/* trust_delta_write appends the delta from base (contents of version base_version) to result, an envelope whose contents are
 * the later ones. Any two contents will do; the more alike they are, the smaller it gets. It takes memory and time of the
 * order of both contents. STATUS_LIMIT when it would be longer than a delta may be: then there is none. */
MUST_USE enum status trust_delta_write(struct bytes base, uint64_t base_version, const struct trust_envelope *result,
                                       struct builder *out, struct error *err);

/* trust_delta_apply appends the envelope that the delta gives with these contents as its base, as trust_envelope_write would have
 * written it. STATUS_CONFLICT when the base is another one, STATUS_MALFORMED for steps that lead outside of it, STATUS_LIMIT for
 * more than TRUST_BUNDLE_SIZE_MAX bytes of contents; after a failure *out has what it had. The result is not judged. */
MUST_USE enum status trust_delta_apply(const struct trust_delta *delta, struct bytes base, struct builder *out, struct error *err);

/* trust_delta_is: does it begin like one? */
bool trust_delta_is(struct bytes input);

#endif
