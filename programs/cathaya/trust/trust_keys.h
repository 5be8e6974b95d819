/* trust_keys.h - the keys that a trust directory pins: DIR/trust.keys, a trust file of a bundle with section 9 alone. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_KEYS_H
#define CATHAYA_PROGRAM_TRUST_TRUST_KEYS_H

#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/key.h"

struct trust_keys {
    struct public_key *at[TRUST_BUNDLE_KEYS_MAX];
    size_t count;
};

/* trust_keys_exist: does the directory pin keys? One that cannot be looked at does. */
bool trust_keys_exist(const char *dir);

/* trust_keys_read reads DIR/trust.keys: STATUS_USAGE when there is none, STATUS_MALFORMED, STATUS_REFUSED for a key that
 * cannot be used. Reasons begin with the path. *out is for trust_keys_clear in any case; algorithms must outlive it. */
MUST_USE enum status trust_keys_read(const char *dir, const struct algorithms *algorithms, struct trust_keys *out,
                                     struct error *err);
void trust_keys_clear(struct trust_keys *keys);

/* trust_keys_add reads a public key from a file (SubjectPublicKeyInfo, PEM or DER) of one of the algorithms that bundles
 * are signed with; one that is there already is no second one. Reasons begin with the path. */
MUST_USE enum status trust_keys_add(struct trust_keys *keys, const char *file, const struct algorithms *algorithms,
                                    struct error *err);

/* trust_keys_pin makes DIR/trust.keys; whoever calls holds the directory's lock. The same keys again are no change, others
 * STATUS_CONFLICT. STATUS_USAGE when there is none of an algorithm that is required. */
MUST_USE enum status trust_keys_pin(const char *dir, const struct trust_keys *keys, const struct algorithms *algorithms,
                                    int64_t now_s, bool *is_changed, struct error *err);

#endif
