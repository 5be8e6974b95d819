#include <stdlib.h>
#include <string.h>

#include "service/acme/acme_frame.h"

/* A key takes about 2 kB in the library. Accounts whose IDs share a place push each other out, which
 * costs a read and 20 microseconds. */
#define PLACES 8192

struct acme_keys {
    struct acme_known_key places[PLACES];
};

enum status acme_keys_new(struct acme_keys **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
}

void acme_keys_free(struct acme_keys *keys)
{
    if (keys == NULL)
        return;
    acme_keys_clear(keys);
    free(keys);
}

const struct acme_known_key *acme_keys_find(const struct acme_keys *keys, acme_id account)
{
    const struct acme_known_key *place = &keys->places[account % PLACES];
    return place->account == account ? place : NULL;
}

static void empty(struct acme_known_key *place)
{
    jws_key_free(place->key);
    *place = (struct acme_known_key){.account = 0};
}

void acme_keys_put(struct acme_keys *keys, acme_id account, struct jws_key *key,
                   const uint8_t thumbprint[HASH_SIZE])
{
    struct acme_known_key *place = &keys->places[account % PLACES];
    struct jws_key *kept = jws_key_ref(key);
    empty(place);
    place->account = account;
    place->key = kept;
    memcpy(place->thumbprint, thumbprint, HASH_SIZE);
}

void acme_keys_forget(struct acme_keys *keys, acme_id account)
{
    struct acme_known_key *place = &keys->places[account % PLACES];
    if (place->account == account)
        empty(place);
}

void acme_keys_clear(struct acme_keys *keys)
{
    for (size_t i = 0; i < PLACES; i++)
        empty(&keys->places[i]);
}
