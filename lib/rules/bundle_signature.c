#include "rules/bundle_signature.h"

#include <string.h>

#include "base/civil_time.h"

const char *const bundle_signature_algorithms[BUNDLE_SIGNATURE_ALGORITHMS] = {"sm2_sm3", "mldsa44"};

/* Where TrustVersion has the SM3 hash of the contents. */
#define SM3_OFFSET (16 + 3 * 8)

static bool has_key_id(const struct trust_envelope_signature *s, const struct public_key *key)
{
    uint8_t id[TRUST_ENVELOPE_KEY_ID_SIZE];
    return trust_envelope_key_id(public_key_spki(key), id) && memcmp(id, s->key_id, sizeof id) == 0;
}

/* Is there a good signature of a pinned key of this algorithm? One that does not verify is none. */
static enum status check_algorithm(const struct trust_envelope *envelope, const struct bundle_signature_pins *pins,
                                   const char *algorithm, struct bytes message, struct error *err)
{
    size_t pinned = 0;
    for (size_t k = 0; k < pins->key_count; k++) {
        const struct public_key *key = pins->keys[k];
        if (strcmp(public_key_alg(key)->name, algorithm) != 0)
            continue;
        pinned++;
        for (size_t i = 0; i < envelope->signature_count; i++) {
            if (!has_key_id(&envelope->signatures[i], key))
                continue;
            enum status s = public_key_verify(key, message, envelope->signatures[i].signature, err);
            if (s == STATUS_OK || s == STATUS_NO_MEMORY)
                return s;
        }
    }
    return error_set(err, STATUS_REFUSED, pinned == 0 ? "trust bundle: no %s key is pinned, and its signature is required"
                                                      : "trust bundle: no good %s signature of a pinned key", algorithm);
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

enum status bundle_signature_check(const struct trust_envelope *envelope, const struct trust_bundle *bundle,
                                   const struct bundle_signature_pins *pins, struct error *err)
{
    uint8_t version[TRUST_ENVELOPE_VERSION_SIZE];
    enum status s = trust_envelope_version(bundle, envelope->contents, version, err);
    for (size_t i = 0; s == STATUS_OK && i < BUNDLE_SIGNATURE_ALGORITHMS; i++)
        s = check_algorithm(envelope, pins, bundle_signature_algorithms[i], BYTES_OF(version), err);
    if (s == STATUS_OK && bundle->expires_s == 0)
        s = error_set(err, STATUS_REFUSED, "trust bundle: a signed one has to expire, and this one does not");
    if (s == STATUS_OK)
        s = bundle_signature_check_time(bundle, pins->now_s, err);
    return s == STATUS_OK ? check_version(bundle, pins, version, err) : s;
}
