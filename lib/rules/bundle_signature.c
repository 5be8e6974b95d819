#include "rules/bundle_signature.h"

#include <string.h>

#include "base/civil_time.h"

/* Where TrustVersion has the SM3 hash of the contents. */
#define SM3_OFFSET (16 + 3 * 8)

static bool has_key_id(const struct trust_envelope_signature *s, const struct public_key *key)
{
    uint8_t id[TRUST_ENVELOPE_KEY_ID_SIZE];
    return trust_envelope_key_id(public_key_spki(key), id) && memcmp(id, s->key_id, sizeof id) == 0;
}

/* Is there a good signature of a key of this algorithm? One that does not verify is none. */
static enum status check_algorithm(const struct trust_envelope *envelope, const struct bundle_keys *keys, const char *algorithm,
                                   struct bytes message, struct error *err)
{
    if (bundle_keys_count(keys, TRUST_BUNDLE_KEY_BUNDLE, algorithm) == 0)
        return error_set(err, STATUS_REFUSED, "trust bundle: no %s key is pinned, and its signature is required", algorithm);
    for (size_t k = 0; k < keys->count; k++) {
        const struct public_key *key = keys->at[k].key;
        if (keys->at[k].role != TRUST_BUNDLE_KEY_BUNDLE || strcmp(public_key_alg(key)->name, algorithm) != 0)
            continue;
        for (size_t i = 0; i < envelope->signature_count; i++) {
            if (!has_key_id(&envelope->signatures[i], key))
                continue;
            enum status s = public_key_verify(key, message, envelope->signatures[i].signature, err);
            if (s == STATUS_OK || s == STATUS_NO_MEMORY)
                return s;
        }
    }
    return error_set(err, STATUS_REFUSED, "trust bundle: no good %s signature of a key in force", algorithm);
}

enum status bundle_signature_check_time(const struct trust_bundle *bundle, int64_t now_s, struct error *err)
{
    char at[CIVIL_TIME_TEXT_SIZE];
    /* A local one was made by whoever asks, also about the past. */
    if (bundle->expires_s != 0 && bundle->issued_s > now_s && bundle->issued_s - now_s > BUNDLE_SIGNATURE_SKEW_S) {
        civil_time_format(bundle->issued_s, at);
        return error_set(err, STATUS_REFUSED, "trust bundle: issued at %s, in the future; is the clock right?", at);
    }
    if (bundle->expires_s != 0 && bundle->expires_s < now_s) {
        civil_time_format(bundle->expires_s, at);
        return error_set(err, STATUS_REFUSED, "trust bundle: expired at %s, and is %lld days old; get a newer one", at,
                         (long long)((now_s - bundle->issued_s) / 86400));
    }
    return STATUS_OK;
}

enum status bundle_signature_check_use(const struct trust_bundle *bundle, int64_t now_s, bool *is_without_landmarks, struct error *err)
{
    *is_without_landmarks = bundle_signature_is_expired(bundle, now_s) && now_s - bundle->expires_s <= BUNDLE_SIGNATURE_GRACE_S;
    return *is_without_landmarks ? STATUS_OK : bundle_signature_check_time(bundle, now_s, err);
}

static enum status check_version(const struct trust_bundle *bundle, const struct bundle_signature_pins *pins,
                                 const uint8_t *version, struct error *err)
{
    if (bundle->version < pins->held_version)
        return error_set(err, STATUS_REFUSED, "trust bundle: version %llu is older than version %llu, which is held",
                         (unsigned long long)bundle->version, (unsigned long long)pins->held_version);
    if (bundle->version == pins->held_version && memcmp(version + SM3_OFFSET, pins->held_sm3, HASH_SIZE) != 0)
        return error_set(err, STATUS_CONFLICT, "trust bundle: version %llu has other contents than the version %llu that is held",
                         (unsigned long long)bundle->version, (unsigned long long)bundle->version);
    return STATUS_OK;
}

/* Whether a key can be used is seen when contents are made of the bundle; here, which ones there are. */
static size_t count_keys(const struct trust_bundle *bundle, enum trust_bundle_key_role role, struct bytes algorithm)
{
    size_t count = 0;
    for (size_t i = 0; i < bundle->keys.count; i++) {
        const struct trust_bundle_key *key = trust_bundle_key_at(bundle, i);
        count += key->role == role && (algorithm.len == 0 || bytes_equal(key->algorithm, algorithm));
    }
    return count;
}

enum status bundle_signature_check_new_keys(const struct trust_bundle *bundle, const struct bundle_keys *keys, struct error *err)
{
    if (bundle->keys.count == 0)
        return STATUS_OK;
    bool has_log = bundle_keys_count(keys, TRUST_BUNDLE_KEY_VERSIONS, NULL) > 0 ||
                   count_keys(bundle, TRUST_BUNDLE_KEY_VERSIONS, bytes_of(NULL, 0)) > 0;
    for (size_t k = 0; k < keys->count; k++) {
        /* One of each role and algorithm that there is now: what is required stays required. */
        const struct bundle_key *key = &keys->at[k];
        struct bytes algorithm = algorithm_identifier(public_key_alg(key->key));
        if (count_keys(bundle, key->role, algorithm) == 0 ||
            (has_log && count_keys(bundle, TRUST_BUNDLE_KEY_VERSIONS, algorithm) == 0))
            return error_set(err, STATUS_REFUSED, "trust bundle: its keys for later versions have none of %s for %s", public_key_alg(key->key)->name,
                             count_keys(bundle, key->role, algorithm) == 0 && key->role == TRUST_BUNDLE_KEY_BUNDLE ? "bundles"
                                                                                                                  : "the log of versions");
    }
    return STATUS_OK;
}

/* The log of versions has one root for each size. */
static enum status check_log(const struct trust_envelope *envelope, const struct trust_bundle *bundle, const struct bundle_signature_pins *pins,
                             const uint8_t *version, struct version_checkpoint *checkpoint, struct error *err)
{
    const struct version_checkpoint *held = &pins->held_checkpoint;
    if (bundle_keys_count(pins->keys, TRUST_BUNDLE_KEY_VERSIONS, NULL) == 0)
        return STATUS_OK;
    enum status s = version_proof_check(envelope->log_proof, version, bundle->version, pins->keys, checkpoint, err);
    if (checkpoint->size != 0 && checkpoint->size == held->size && memcmp(checkpoint->root, held->root, HASH_SIZE) != 0)
        return error_set(err, STATUS_CONFLICT, "trust bundle: the log of versions has another root at %llu versions than the one that is held",
                         (unsigned long long)held->size);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : error_prefix(err, s, "trust bundle");
}

enum status bundle_signature_check(const struct trust_envelope *envelope, const struct trust_bundle *bundle,
                                   const struct bundle_signature_pins *pins, struct version_checkpoint *checkpoint, struct error *err)
{
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    struct version_checkpoint unwanted = {.size = 0};
    if (checkpoint == NULL)
        checkpoint = &unwanted;
    checkpoint->size = 0;
    enum status s = trust_envelope_version(bundle, envelope->contents, version, err);
    for (size_t i = 0; s == STATUS_OK && i < BUNDLE_KEYS_ALGORITHMS; i++)
        s = check_algorithm(envelope, pins->keys, bundle_keys_algorithms[i], BYTES_OF(version), err);
    if (s == STATUS_OK)
        s = check_log(envelope, bundle, pins, version, checkpoint, err);
    if (s == STATUS_OK)
        s = check_version(bundle, pins, version, err);
    if (s == STATUS_OK && bundle->expires_s == 0)
        s = error_set(err, STATUS_REFUSED, "trust bundle: a signed one has to expire, and this one does not");
    if (s == STATUS_OK && !(pins->is_step && bundle_signature_is_expired(bundle, pins->now_s)))
        s = bundle_signature_check_time(bundle, pins->now_s, err);
    return s == STATUS_OK ? bundle_signature_check_new_keys(bundle, pins->keys, err) : s;
}
