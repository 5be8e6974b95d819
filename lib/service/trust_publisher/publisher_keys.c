/* Which keys sign, and who may name the next ones. */
#include <stdlib.h>
#include <string.h>

#include "rules/bundle_keys.h"
#include "service/trust_publisher/publisher_parts.h"

static bool is_named(const struct trust_bundle *keys, enum trust_bundle_key_role role, const struct public_key *key)
{
    for (size_t i = 0; i < keys->keys.count; i++) {
        const struct trust_bundle_key *named = trust_bundle_key_at(keys, i);
        if (named->role == role && bytes_equal(named->spki, public_key_spki(key)))
            return true;
    }
    return false;
}

static bool is_of(const struct public_key *key, const char *algorithm)
{
    return strcmp(public_key_alg(key)->name, algorithm) == 0;
}

static bool has_bundle_key(const struct trust_publisher *p, const struct trust_bundle *keys, const char *algorithm)
{
    for (size_t i = 0; i < p->config.signer_count; i++) {
        const struct public_key *key = p->config.signers[i].key;
        if (is_of(key, algorithm) && is_named(keys, TRUST_BUNDLE_KEY_BUNDLE, key))
            return true;
    }
    return false;
}

static bool has_log_key(const struct trust_publisher *p, const struct trust_bundle *keys, const char *algorithm)
{
    for (size_t i = 0; i < p->config.log_signer_count; i++) {
        const struct public_key *key = p->config.log_signers[i].key;
        if (is_of(key, algorithm) && is_named(keys, TRUST_BUNDLE_KEY_VERSIONS, key))
            return true;
    }
    return false;
}

enum status publisher_check_keys(const struct trust_publisher *p, const struct trust_bundle *keys, struct error *err)
{
    for (size_t i = 0; i < BUNDLE_KEYS_ALGORITHMS; i++) {
        const char *algorithm = bundle_keys_algorithms[i];
        if (!has_bundle_key(p, keys, algorithm))
            return error_set(err, STATUS_USAGE, "no configured key signs bundles with %s, of those that clients will have", algorithm);
        if (!has_log_key(p, keys, algorithm))
            return error_set(err, STATUS_USAGE, "no configured key signs the log of versions with %s, of those that clients will have",
                             algorithm);
    }
    return STATUS_OK;
}

static bool is_same_key(const struct trust_bundle_key *a, const struct trust_bundle_key *b)
{
    return a->role == b->role && bytes_equal(a->algorithm, b->algorithm) && bytes_equal(a->spki, b->spki) &&
           a->note_type == b->note_type && bytes_equal(a->note_name, b->note_name) && bytes_equal(a->origin, b->origin);
}

/* Both are in their one order. */
bool publisher_is_rotation(const struct trust_bundle *before, const struct trust_bundle *next)
{
    bool is_same = before->keys.count == next->keys.count;
    for (size_t i = 0; is_same && i < next->keys.count; i++)
        is_same = is_same_key(trust_bundle_key_at(before, i), trust_bundle_key_at(next, i));
    return !is_same;
}

static int compare(const void *a, const void *b)
{
    const struct trust_envelope_signature *x = a, *y = b;
    return memcmp(x->key_id, y->key_id, sizeof x->key_id);
}

static enum status sign_one(const struct document_signer *signer, const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE],
                            struct trust_envelope_signature *out, struct builder *memory, struct error *err)
{
    if (!trust_envelope_key_id(public_key_spki(signer->key), out->key_id))
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    size_t before = memory->len;
    enum status s = signer->sign(signer->context, bytes_of(version, TRUST_ENVELOPE_VERSION_SIZE), memory, err);
    out->signature = bytes_of(NULL, memory->len - before);
    return s == STATUS_OK ? builder_status(memory, "signatures", err) : s;
}

enum status publisher_sign(const struct trust_publisher *p, const struct trust_bundle *keys,
                           const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], struct trust_envelope *envelope,
                           struct builder *memory, struct error *err)
{
    enum status s = publisher_check_keys(p, keys, err);
    envelope->signature_count = 0;
    for (size_t i = 0; s == STATUS_OK && i < p->config.signer_count; i++) {
        if (!is_named(keys, TRUST_BUNDLE_KEY_BUNDLE, p->config.signers[i].key))
            continue;
        if (envelope->signature_count == TRUST_ENVELOPE_SIGNATURES_MAX)
            return error_set(err, STATUS_LIMIT, "more keys sign than an envelope takes");
        s = sign_one(&p->config.signers[i], version, &envelope->signatures[envelope->signature_count++], memory, err);
    }
    const uint8_t *at = memory->data; /* which moved as it grew */
    for (size_t i = 0; s == STATUS_OK && i < envelope->signature_count; i++) {
        envelope->signatures[i].signature.data = at;
        at += envelope->signatures[i].signature.len;
    }
    qsort(envelope->signatures, envelope->signature_count, sizeof envelope->signatures[0], compare);
    return s;
}
