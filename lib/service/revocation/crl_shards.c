#include "service/revocation/crl_shards.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/x509/signed.h"

#define URL_SIZE 512

/* Above the one that is there, and time: a lost store must not make numbers go back. */
static uint64_t next_number(const struct crl_shards *shards, const char *name, int64_t now_s)
{
    struct builder old;
    struct crl_parsed parsed;
    uint64_t number = (uint64_t)now_s;
    builder_init(&old, CRL_SIZE_MAX);
    if (shards->store.get(shards->store.context, name, &old, NULL) == STATUS_OK &&
        crl_parse(builder_view(&old), &parsed, NULL) == STATUS_OK && parsed.crl.number >= number)
        number = parsed.crl.number + 1;
    builder_clear(&old);
    return number;
}

static enum status publish(const struct crl_shards *shards, unsigned shard,
                           const struct crl_entry *entries, size_t count, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1], url[URL_SIZE];
    int64_t now_s = shards->clock.now_ms(shards->clock.context) / 1000;
    struct builder tbs, signature, der;
    (void)snprintf(name, sizeof name, CRL_SHARDS_FOLDER "/%u.crl", shard);
    if (snprintf(url, sizeof url, "%s/%u.crl", shards->url, shard) >= (int)sizeof url)
        return error_set(err, STATUS_USAGE, "CRL: the URL is too long");
    struct crl crl = {
        .algorithm = algorithm_identifier(public_key_alg(shards->signer.key)), .issuer = shards->issuer,
        .key_id = shards->key_id, .this_update_s = now_s, .next_update_s = now_s + CRL_SHARDS_LIFETIME_S,
        .number = next_number(shards, name, now_s), .url = bytes_of_text(url),
    };
    builder_init(&tbs, CRL_SIZE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&der, CRL_SIZE_MAX);
    crl_write_tbs(&crl, entries, count, &tbs);
    enum status s = builder_status(&tbs, name, err);
    if (s == STATUS_OK)
        s = shards->signer.sign(shards->signer.context, builder_view(&tbs), &signature, err);
    if (s == STATUS_OK) {
        signed_write(builder_view(&tbs), crl.algorithm, builder_view(&signature), &der);
        s = builder_status(&der, name, err);
    }
    if (s == STATUS_OK)
        s = shards->store.put(shards->store.context, name, builder_view(&der), err);
    builder_clear(&der);
    builder_clear(&signature);
    builder_clear(&tbs);
    return s;
}

enum status crl_shards_publish(const struct crl_shards *shards, const struct crl_entry *entries,
                               size_t count, struct error *err)
{
    struct crl_entry *some = calloc(count + 1, sizeof *some);
    enum status result = STATUS_OK;
    if (some == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (unsigned shard = 0; shard < CRL_SHARDS; shard++) {
        size_t n = 0;
        struct error why = {.status = STATUS_OK};
        for (size_t i = 0; i < count; i++)
            if (crl_shard_of(entries[i].serial) == shard)
                some[n++] = entries[i];
        enum status s = publish(shards, shard, some, n, &why);
        if (s != STATUS_OK && result == STATUS_OK)
            result = error_set(err, s, "%s", why.text);
    }
    free(some);
    if (result == STATUS_OK || result == STATUS_LIMIT) {
        enum status s = shards->store.sync(shards->store.context, result == STATUS_OK ? err : NULL);
        result = result == STATUS_OK ? s : result;
    }
    return result;
}
