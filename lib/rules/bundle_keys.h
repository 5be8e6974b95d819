/* bundle_keys.h - the keys of a distributor of trust bundles, ready to verify with: section 9 of a bundle, or of the file that pins
 * keys (codec/trust_bundle/trust_bundle.h). */
#ifndef CATHAYA_RULES_BUNDLE_KEYS_H
#define CATHAYA_RULES_BUNDLE_KEYS_H

#include "codec/note/checkpoint_verify.h"
#include "codec/trust_bundle/trust_bundle.h"

/* The algorithms, by name: a client requires both, of bundles and of checkpoints of the log of versions [GM-82]. */
#define BUNDLE_KEYS_ALGORITHMS 2
extern const char *const bundle_keys_algorithms[BUNDLE_KEYS_ALGORITHMS];

struct bundle_key {
    enum trust_bundle_key_role role;
    struct public_key *key;
    /* Of the log of versions: */
    enum note_key_type note_type;
    char note_name[TRUST_BUNDLE_TEXT_MAX + 1];
};

struct bundle_keys {
    char origin[TRUST_BUNDLE_TEXT_MAX + 1]; /* of the log of versions; "": it has no keys here */
    size_t count;
    struct bundle_key at[TRUST_BUNDLE_KEYS_MAX];
};

/* bundle_keys_read makes the keys of section 9. STATUS_REFUSED for one that cannot be used. *out is for bundle_keys_clear in any
 * case; algorithms must outlive it. */
MUST_USE enum status bundle_keys_read(const struct trust_bundle *bundle, const struct algorithms *algorithms,
                                      struct bundle_keys *out, struct error *err);
void bundle_keys_clear(struct bundle_keys *keys);

/* bundle_keys_count is how many there are of a role, with that algorithm (NULL: with any). */
size_t bundle_keys_count(const struct bundle_keys *keys, enum trust_bundle_key_role role, const char *algorithm);

/* bundle_keys_check_complete: is there one of each algorithm for bundles, and for the log of versions when it has any, or
 * needs_log says that it has to? STATUS_REFUSED with what is missing. */
MUST_USE enum status bundle_keys_check_complete(const struct bundle_keys *keys, bool needs_log, struct error *err);

/* bundle_keys_write makes section 9 of a bundle out of them, in its order; texts and keys borrow from *keys. */
MUST_USE enum status bundle_keys_write(const struct bundle_keys *keys, struct trust_bundle *bundle, struct error *err);

static inline struct checkpoint_verifier bundle_keys_verifier(const struct bundle_key *key)
{
    return (struct checkpoint_verifier){bytes_of_text(key->note_name), key->note_type, key->key};
}

#endif
