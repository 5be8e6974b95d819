#include "crypto/hash.h"

#include <string.h>

#include <openssl/evp.h>

#include "crypto/context.h"
#include "crypto/hash_rows.h"

void hash_rows_many_one_by_one(struct hasher *h, uint8_t prefix, const struct bytes *messages,
                               size_t count, uint8_t (*out)[HASH_SIZE])
{
    /* An update call costs more than copying what is short; a node is 64 bytes. */
    uint8_t piece[1 + 2 * HASH_SIZE];
    piece[0] = prefix;
    for (size_t i = 0; i < count; i++) {
        struct bytes m = messages[i];
        size_t copied = m.len < sizeof piece ? m.len : 0;
        if (copied > 0)
            memcpy(piece + 1, m.data, copied);
        hasher_start(h);
        hasher_update(h, bytes_of(piece, 1 + copied));
        if (m.len > copied)
            hasher_update(h, m);
        hasher_finish(h, out[i]);
    }
}

static void evp_start(struct hasher *h)
{
    /* A NULL type keeps the digest that hasher_init set: no fetch, no allocation. */
    if (EVP_DigestInit_ex2(h->state.evp, NULL, NULL) != 1)
        h->has_failed = true;
}

static void evp_update(struct hasher *h, struct bytes part)
{
    if (EVP_DigestUpdate(h->state.evp, part.data, part.len) != 1)
        h->has_failed = true;
}

static void evp_finish(struct hasher *h, uint8_t out[HASH_SIZE])
{
    unsigned len = 0;
    if (EVP_DigestFinal_ex(h->state.evp, out, &len) != 1 || len != HASH_SIZE)
        h->has_failed = true;
}

const struct hash_alg hash_sha256 = {
    .name = "sha256",
    .evp_name = "SHA2-256",
    .start = evp_start,
    .update = evp_update,
    .finish = evp_finish,
    .many = hash_rows_many_one_by_one,
};

static const struct hash_alg *const rows[HASH_ROWS] = {&hash_sm3, &hash_sha256};

const struct hash_alg *hash_by_name(const char *name)
{
    for (size_t i = 0; i < HASH_ROWS; i++)
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    return NULL;
}

static enum status init_evp(struct hasher *h, struct error *err)
{
    EVP_MD *md = EVP_MD_fetch(context_library(), h->alg->evp_name, context_properties());
    if (md == NULL || EVP_MD_get_size(md) != HASH_SIZE) {
        EVP_MD_free(md);
        return error_set(err, STATUS_USAGE, "hash %s: not available with 32-byte output (%s)",
                         h->alg->name, context_openssl_reason());
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_ready = ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
    EVP_MD_free(md);
    if (!is_ready) {
        EVP_MD_CTX_free(ctx);
        return error_set(err, STATUS_NO_MEMORY, "hash %s: out of memory", h->alg->name);
    }
    h->state.evp = ctx;
    return STATUS_OK;
}

enum status hasher_init(struct hasher *h, const struct hash_alg *alg, struct error *err)
{
    *h = (struct hasher){.alg = alg};
    if (alg->start != evp_start)
        return STATUS_OK;
    enum status s = init_evp(h, err);
    if (s != STATUS_OK)
        h->alg = NULL;
    return s;
}

void hasher_clear(struct hasher *h)
{
    if (h->alg != NULL && h->alg->start == evp_start)
        EVP_MD_CTX_free(h->state.evp);
    *h = (struct hasher){.alg = NULL};
}

void hasher_start(struct hasher *h)
{
    h->alg->start(h);
}

void hasher_update(struct hasher *h, struct bytes part)
{
    h->alg->update(h, part);
}

void hasher_finish(struct hasher *h, uint8_t out[HASH_SIZE])
{
    h->alg->finish(h, out);
    if (h->has_failed)
        memset(out, 0, HASH_SIZE);
}

enum status hasher_status(const struct hasher *h, struct error *err)
{
    if (hasher_is_good(h))
        return STATUS_OK;
    return error_set(err, STATUS_NO_MEMORY, "the hash function of the crypto library failed");
}

void hasher_one(struct hasher *h, struct bytes message, uint8_t out[HASH_SIZE])
{
    hasher_start(h);
    hasher_update(h, message);
    hasher_finish(h, out);
}

enum status hash_message(const struct hash_alg *alg, struct bytes message, uint8_t out[HASH_SIZE], struct error *err)
{
    struct hasher h;
    enum status s = hasher_init(&h, alg, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(&h, message, out);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    return s;
}

void hasher_many(struct hasher *h, uint8_t prefix, const struct bytes *messages, size_t count,
                 uint8_t (*out)[HASH_SIZE])
{
    h->alg->many(h, prefix, messages, count, out);
}

enum status hasher_set_init(struct hasher_set *set, struct error *err)
{
    *set = (struct hasher_set){.hashers = {{.alg = NULL}}};
    for (size_t i = 0; i < HASH_ROWS; i++) {
        enum status s = hasher_init(&set->hashers[i], rows[i], err);
        if (s != STATUS_OK) {
            hasher_set_clear(set);
            return s;
        }
    }
    return STATUS_OK;
}

void hasher_set_clear(struct hasher_set *set)
{
    for (size_t i = 0; i < HASH_ROWS; i++)
        hasher_clear(&set->hashers[i]);
}

struct hasher *hasher_set_get(struct hasher_set *set, const struct hash_alg *alg)
{
    size_t i = 0;
    while (i + 1 < HASH_ROWS && rows[i] != alg)
        i++;
    return &set->hashers[i];
}

bool hash_label_sha256(const struct bytes *parts, size_t count, uint8_t out[HASH_SIZE])
{
    struct hasher h;
    if (hasher_init(&h, &hash_sha256, NULL) != STATUS_OK)
        return false;
    hasher_start(&h);
    for (size_t i = 0; i < count; i++)
        hasher_update(&h, parts[i]);
    hasher_finish(&h, out);
    bool is_good = hasher_is_good(&h);
    hasher_clear(&h);
    return is_good;
}

bool hash_label_sha1(struct bytes message, uint8_t out[HASH_LABEL_SHA1_SIZE])
{
    unsigned len = 0;
    EVP_MD *md = EVP_MD_fetch(context_library(), "SHA1", context_properties());
    bool is_good = md != NULL && EVP_Digest(message.data, message.len, out, &len, md, NULL) == 1 && len == HASH_LABEL_SHA1_SIZE;
    EVP_MD_free(md);
    if (!is_good)
        (void)context_openssl_reason();
    return is_good;
}
