#include "service/issuer/subject_keys.h"

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

enum status subject_keys_put(const struct object_store *store, struct hasher *h, struct bytes spki,
                             struct error *err)
{
    uint8_t hash[HASH_SIZE];
    char name[KEY_NAME_SIZE];
    hasher_one(h, spki, hash);
    enum status s = hasher_status(h, err);
    if (s != STATUS_OK)
        return s;
    key_name(BYTES_OF(hash), name);
    s = store->put(store->context, name, spki, err);
    return error_prefix(err, s, "subject key");
}

enum status subject_keys_get(const struct object_store *store, struct hasher *h, struct bytes hash,
                             struct builder *out, struct error *err)
{
    char name[KEY_NAME_SIZE];
    uint8_t found[HASH_SIZE];
    size_t before = out->len;
    key_name(hash, name);
    enum status s = store->get(store->context, name, out, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "subject key");
    hasher_one(h, bytes_of(out->data + before, out->len - before), found);
    if (!hasher_is_good(h) || memcmp(found, hash.data, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED, "subject key %s: the file does not have the hash in its name", name);
    return STATUS_OK;
}
