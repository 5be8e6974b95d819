#include "rules/bundle_keys.h"

#include <string.h>

const char *const bundle_keys_algorithms[BUNDLE_KEYS_ALGORITHMS] = {"sm2_sm3", "mldsa44"};

static void copy_text(struct bytes from, char to[TRUST_BUNDLE_TEXT_MAX + 1])
{
    size_t len = from.len < TRUST_BUNDLE_TEXT_MAX ? from.len : TRUST_BUNDLE_TEXT_MAX;
    if (len > 0)
        memcpy(to, from.data, len);
    to[len] = '\0';
}

static enum status read_key(const struct trust_bundle_key *from, const struct algorithms *algorithms, struct bundle_keys *out,
                            struct error *err)
{
    struct bundle_key *to = &out->at[out->count];
    const struct signature_alg *alg = algorithms_by_identifier(algorithms, from->algorithm);
    *to = (struct bundle_key){.role = from->role};
    enum status s = alg == NULL ? error_set(err, STATUS_REFUSED, "unknown algorithm of a signing key")
                                : public_key_new(alg, from->spki, &to->key, err);
    if (s != STATUS_OK)
        return s == STATUS_NO_MEMORY ? s : error_prefix(err, STATUS_REFUSED, "signing key");
    if (from->role == TRUST_BUNDLE_KEY_VERSIONS) {
        to->note_type = (enum note_key_type)from->note_type;
        copy_text(from->note_name, to->note_name);
        copy_text(from->origin, out->origin);
    }
    out->count++;
    return STATUS_OK;
}

enum status bundle_keys_read(const struct trust_bundle *bundle, const struct algorithms *algorithms, struct bundle_keys *out,
                             struct error *err)
{
    enum status s = STATUS_OK;
    out->count = 0;
    out->origin[0] = '\0';
    for (size_t i = 0; s == STATUS_OK && i < bundle->keys.count; i++)
        s = read_key(trust_bundle_key_at(bundle, i), algorithms, out, err);
    return s;
}

void bundle_keys_clear(struct bundle_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        public_key_free(keys->at[i].key);
    keys->count = 0;
}

size_t bundle_keys_count(const struct bundle_keys *keys, enum trust_bundle_key_role role, const char *algorithm)
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++)
        count += keys->at[i].role == role && (algorithm == NULL || strcmp(public_key_alg(keys->at[i].key)->name, algorithm) == 0);
    return count;
}

enum status bundle_keys_check_complete(const struct bundle_keys *keys, bool needs_log, struct error *err)
{
    bool has_log = needs_log || bundle_keys_count(keys, TRUST_BUNDLE_KEY_VERSIONS, NULL) > 0;
    for (size_t i = 0; i < BUNDLE_KEYS_ALGORITHMS; i++) {
        if (bundle_keys_count(keys, TRUST_BUNDLE_KEY_BUNDLE, bundle_keys_algorithms[i]) == 0)
            return error_set(err, STATUS_REFUSED, "a %s key that signs bundles is missing: both algorithms are required",
                             bundle_keys_algorithms[i]);
        if (has_log && bundle_keys_count(keys, TRUST_BUNDLE_KEY_VERSIONS, bundle_keys_algorithms[i]) == 0)
            return error_set(err, STATUS_REFUSED, "a %s key of the log of versions is missing: both algorithms are required",
                             bundle_keys_algorithms[i]);
    }
    return STATUS_OK;
}

static int compare(const void *key, const void *item)
{
    const struct trust_bundle_key *a = key, *b = item;
    return a->role != b->role ? (int)a->role - (int)b->role : bytes_compare(a->spki, b->spki);
}

enum status bundle_keys_write(const struct bundle_keys *keys, struct trust_bundle *bundle, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < keys->count; i++) {
        const struct bundle_key *from = &keys->at[i];
        struct trust_bundle_key key = {.role = from->role, .algorithm = algorithm_identifier(public_key_alg(from->key)),
                                       .spki = public_key_spki(from->key)};
        size_t at;
        if (from->role == TRUST_BUNDLE_KEY_VERSIONS) {
            key.note_type = (uint8_t)from->note_type;
            key.note_name = bytes_of_text(from->note_name);
            key.origin = bytes_of_text(keys->origin);
        }
        if (array_find(&bundle->keys, &key, compare, &at))
            return error_set(err, STATUS_CONFLICT, "a signing key is there twice");
        s = array_insert(&bundle->keys, at, &key, "signing keys", err);
    }
    return s;
}
