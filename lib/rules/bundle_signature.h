/* bundle_signature.h - may a client take this signed trust bundle? [GM-82, GM-94]
 *
 * It has to be signed by one of the client's SM2 keys and one of its ML-DSA-44 keys, be no older than the one that is held, and
 * not be expired. When the client has keys of the log of versions, it has to be in that log.
 *
 * Keys in force. At first those that were pinned. A bundle with section 9 names the keys in force for the next one: it is itself
 * judged by those before, so each set of keys is introduced by the one before it. A bundle without section 9 leaves them as they
 * are. A client that has missed several changes takes the versions that name new keys one after the other.
 */
#ifndef CATHAYA_RULES_BUNDLE_SIGNATURE_H
#define CATHAYA_RULES_BUNDLE_SIGNATURE_H

#include "codec/trust_bundle/trust_envelope.h"
#include "rules/bundle_keys.h"
#include "rules/version_proof.h"

/* What a client holds. */
struct bundle_signature_pins {
    const struct bundle_keys *keys; /* in force for what is judged; borrowed */
    uint64_t held_version; /* 0: none yet */
    uint8_t held_sm3[HASH_SIZE]; /* of the contents held, when there are some */
    struct version_checkpoint held_checkpoint; /* of the log of versions; size 0: none */
    int64_t now_s;
    bool is_step; /* on the way to a newer one: that it has expired is no reason */
};

/* bundle_signature_check judges an envelope whose contents were parsed into bundle. STATUS_OK is the only yes;
 * STATUS_REFUSED with the reason. STATUS_CONFLICT when whoever signs has told two clients two things: the version that is held with
 * other contents, or a log of versions that is another one at the size that is held. *checkpoint (NULL: not wanted) is that of its proof, size
 * 0 when none was good; that one with another size is consistent with the one held is for the caller to find out, by tiles. */
MUST_USE enum status bundle_signature_check(const struct trust_envelope *envelope, const struct trust_bundle *bundle,
                                            const struct bundle_signature_pins *pins, struct version_checkpoint *checkpoint,
                                            struct error *err);

/* bundle_signature_check_time is the part about the time, for a bundle that was taken before: not from the future, by more
 * than BUNDLE_SIGNATURE_SKEW_S, and not expired. expires 0 is of local ones alone, which are good at any time: a signed one
 * has to expire. */
#define BUNDLE_SIGNATURE_SKEW_S 86400 /* clocks of clients are wrong by hours, rarely more */
MUST_USE enum status bundle_signature_check_time(const struct trust_bundle *bundle, int64_t now_s, struct error *err);

/* bundle_signature_is_expired: is it over, for landmarks? [GM-83] */
static inline bool bundle_signature_is_expired(const struct trust_bundle *bundle, int64_t now_s)
{
    return bundle->expires_s != 0 && bundle->expires_s < now_s;
}

/* bundle_signature_check_use: may what is held be used at that time? As bundle_signature_check_time, but for so long behind its end it
 * may, without landmarks (*is_without_landmarks): chains to roots, and Merkle Tree Certificates with all their cosignatures, are
 * judged as before. It is as long as CT policies accept a log list: who keeps a client from updates for longer keeps
 * it from its sites too. */
#define BUNDLE_SIGNATURE_GRACE_S (70 * 86400)
MUST_USE enum status bundle_signature_check_use(const struct trust_bundle *bundle, int64_t now_s, bool *is_without_landmarks,
                                                struct error *err);

/* bundle_signature_check_new_keys: may section 9 of a bundle come after these keys? It has to be complete, and may not give up
 * the log of versions. Nothing to say against a bundle without. Part of bundle_signature_check. */
MUST_USE enum status bundle_signature_check_new_keys(const struct trust_bundle *bundle, const struct bundle_keys *keys, struct error *err);

#endif
