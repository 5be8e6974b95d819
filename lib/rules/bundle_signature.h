/* bundle_signature.h - may a client take this signed trust bundle? [GM-82]
 *
 * It has to be signed by a pinned SM2 key and by a pinned ML-DSA-44 key, be no older than the one that is held, and not be
 * expired. Its proof in the log of versions is not looked at yet (a later version of this document verifies it).
 */
#ifndef CATHAYA_RULES_BUNDLE_SIGNATURE_H
#define CATHAYA_RULES_BUNDLE_SIGNATURE_H

#include "codec/trust_bundle/trust_envelope.h"
#include "crypto/key.h"

/* What a client holds. */
struct bundle_signature_pins {
    const struct public_key *const *keys; /* borrowed */
    size_t key_count;
    uint64_t held_version; /* 0: none yet */
    uint8_t held_sm3[HASH_SIZE]; /* of the contents held, when there are some */
    int64_t now_s;
};

/* The two algorithms, by name: each client requires both. */
#define BUNDLE_SIGNATURE_ALGORITHMS 2
extern const char *const bundle_signature_algorithms[BUNDLE_SIGNATURE_ALGORITHMS];

/* bundle_signature_check judges an envelope whose contents were parsed into bundle. STATUS_OK is the only yes;
 * STATUS_REFUSED with the reason. The version that is held is fine again, STATUS_CONFLICT when it has other contents
 * now: whoever signs has told two clients two things. */
MUST_USE enum status bundle_signature_check(const struct trust_envelope *envelope, const struct trust_bundle *bundle,
                                            const struct bundle_signature_pins *pins, struct error *err);

/* bundle_signature_check_time is the part about the time, for a bundle that was taken before: not from the future, by more
 * than BUNDLE_SIGNATURE_SKEW_S, and not expired. expires 0 is of local ones alone, which are good at any time: a signed one
 * has to expire. */
#define BUNDLE_SIGNATURE_SKEW_S 86400 /* clocks of clients are wrong by hours, rarely more */
MUST_USE enum status bundle_signature_check_time(const struct trust_bundle *bundle, int64_t now_s, struct error *err);

#endif
