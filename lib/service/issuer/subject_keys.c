#include "service/issuer/subject_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* "ab/cdef...": two levels keep directories small. */
#define KEY_NAME_SIZE (2 * HASH_SIZE + 2)

static void key_name(struct bytes hash, char out[KEY_NAME_SIZE])
{
    text_hex(bytes_of(hash.data, 1), out);
    out[2] = '/';
    text_hex(bytes_of(hash.data + 1, HASH_SIZE - 1), out + 3);
}

/* ---- the last ones ---- */

/* A few seconds of issuance: clients fetch what they have just been issued. A power of two. */
#define RECENT_KEYS 8192

/* A hash has one place; a newer key of the same place takes it. */
struct recent_keys {
    struct recent_key {
        uint8_t hash[HASH_SIZE];
        uint8_t *spki;
        size_t len;
    } at[RECENT_KEYS];
};

enum status recent_keys_new(struct recent_keys **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "no memory for recent keys");
}

void recent_keys_free(struct recent_keys *keys)
{
    for (size_t i = 0; keys != NULL && i < RECENT_KEYS; i++)
        free(keys->at[i].spki);
    free(keys);
}

static struct recent_key *place_of(const struct issuer *issuer, const uint8_t hash[HASH_SIZE])
{
    return &issuer->recent_keys->at[(hash[0] | (size_t)hash[1] << 8) % RECENT_KEYS];
}

static void remember(const struct issuer *issuer, const uint8_t hash[HASH_SIZE], struct bytes spki)
{
    if (issuer->recent_keys == NULL)
        return;
    struct recent_key *key = place_of(issuer, hash);
    free(key->spki);
    key->spki = malloc(spki.len);
    key->len = key->spki != NULL ? spki.len : 0;
    memcpy(key->hash, hash, HASH_SIZE);
    if (key->spki != NULL)
        memcpy(key->spki, spki.data, spki.len);
}

static bool recall(const struct issuer *issuer, struct bytes hash, struct builder *out)
{
    if (issuer->recent_keys == NULL || hash.len != HASH_SIZE)
        return false;
    const struct recent_key *key = place_of(issuer, hash.data);
    if (key->spki == NULL || memcmp(key->hash, hash.data, HASH_SIZE) != 0)
        return false;
    builder_bytes(out, bytes_of(key->spki, key->len));
    return true;
}

/* ---- all of them ---- */

enum status subject_keys_put(const struct issuer *issuer, struct bytes spki, struct error *err)
{
    const struct object_store *store = &issuer->subject_keys;
    uint8_t hash[HASH_SIZE];
    char name[KEY_NAME_SIZE];
    hasher_one(issuer->hasher, spki, hash);
    enum status s = hasher_status(issuer->hasher, err);
    if (s != STATUS_OK)
        return s;
    key_name(BYTES_OF(hash), name);
    s = store->put(store->context, name, spki, err);
    if (s == STATUS_OK)
        remember(issuer, hash, spki);
    return error_prefix(err, s, "subject key");
}

enum status subject_keys_get(const struct issuer *issuer, struct bytes hash, struct builder *out,
                             struct error *err)
{
    const struct object_store *store = &issuer->subject_keys;
    struct hasher *h = issuer->hasher;
    char name[KEY_NAME_SIZE];
    uint8_t found[HASH_SIZE];
    size_t before = out->len;
    if (recall(issuer, hash, out))
        return builder_status(out, "subject key", err);
    key_name(hash, name);
    enum status s = store->get(store->context, name, out, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "subject key");
    hasher_one(h, bytes_of(out->data + before, out->len - before), found);
    if (!hasher_is_good(h) || memcmp(found, hash.data, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED, "subject key %s: the file does not have the hash in its name", name);
    return STATUS_OK;
}
