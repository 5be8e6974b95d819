/* What a submitted chain is worth: in the pool, on a submission that nobody else looks at. */
#include <stdlib.h>
#include <string.h>

#include "rules/precert.h"
#include "service/ct_log/ct_log_internal.h"

/* ---- known issuers ---- */

static const struct ct_chain_issuer *find_issuer(void *context, const uint8_t fingerprint[HASH_SIZE])
{
    const struct ct_log_submission *s = context;
    for (size_t i = 0; i < s->found_count; i++)
        if (memcmp(s->found[i].fingerprint, fingerprint, HASH_SIZE) == 0)
            return &s->found[i].issuer;
    return ct_log_issuers_find(&s->log->issuers, fingerprint);
}

static void add_issuer(void *context, const uint8_t fingerprint[HASH_SIZE], const struct ct_chain_issuer *issuer)
{
    struct ct_log_submission *s = context;
    if (s->found_count == CT_CHAIN_DEPTH_MAX) {
        certificate_key_free(issuer->key);
        return;
    }
    memcpy(s->found[s->found_count].fingerprint, fingerprint, HASH_SIZE);
    s->found[s->found_count++].issuer = *issuer;
}

/* ---- rules ---- */

static enum status check_size(const struct ct_log_submission *s, struct error *err)
{
    uint64_t total = 0;
    for (size_t i = 0; i < s->chain.count; i++)
        total += s->chain.items[i].len;
    if (total > s->log->config.limits.chain_bytes_max)
        return error_set(err, STATUS_LIMIT, "the chain has %llu bytes, and this log takes %u",
                         (unsigned long long)total, s->log->config.limits.chain_bytes_max);
    return STATUS_OK;
}

static enum status check_kind(const struct ct_log_submission *s, const struct ct_chain *chain, struct error *err)
{
    bool is_poisoned = false;
    struct certificate issuer;
    enum status status = precert_is_poisoned(&chain->leaf, &is_poisoned, err);
    if (status != STATUS_OK)
        return status;
    if (is_poisoned && s->kind == CT_LOG_ADD_CHAIN)
        return error_set(err, STATUS_REFUSED, "this is a precertificate: submit it to add-pre-chain");
    if (!is_poisoned && s->kind == CT_LOG_ADD_PRE_CHAIN)
        return error_set(err, STATUS_REFUSED, "this is no precertificate (it has no poison extension): submit it to add-chain");
    if (!is_poisoned)
        return STATUS_OK;
    status = certificate_parse(chain->issuers[0], &issuer, err);
    return status == STATUS_OK ? precert_check_issuer(&issuer, err) : status;
}

enum status ct_log_check_dates(const struct ct_log_submission *s, int64_t not_after_s, struct error *err)
{
    const struct ct_log_config *config = &s->log->config;
    if ((config->not_after_start_s != 0 || config->not_after_end_s != 0) &&
        (not_after_s < config->not_after_start_s || not_after_s >= config->not_after_end_s))
        return error_set(err, STATUS_REFUSED,
                         "notAfter %lld is outside of this log's interval [%lld, %lld) (seconds since 1970)",
                         (long long)not_after_s, (long long)config->not_after_start_s, (long long)config->not_after_end_s);
    if (config->refuses_expired && not_after_s < s->now_ms / 1000)
        return error_set(err, STATUS_REFUSED, "the certificate has expired, and this log takes only what has not");
    return STATUS_OK;
}

/* ---- the entry ---- */

static enum status write_memory(struct ct_log_submission *s, const struct ct_chain *chain, struct hasher *h,
                                struct error *err)
{
    uint8_t key_hash[HASH_SIZE];
    enum status status = STATUS_OK;
    precert_key_hash(h, chain->issuer_spki, key_hash);
    builder_bytes(&s->memory, BYTES_OF(key_hash));
    builder_bytes(&s->memory, bytes_of(chain->fingerprints, chain->issuer_count * HASH_SIZE));
    if (s->kind == CT_LOG_ADD_PRE_CHAIN)
        status = precert_write_tbs(&chain->leaf, &s->memory, err);
    return status == STATUS_OK ? builder_status(&s->memory, "the entry", err) : status;
}

static void fill_entry(struct ct_log_submission *s, const struct ct_chain *chain)
{
    struct ct_log_entry *entry = &s->entries[0];
    struct leaf_tile *tile = &entry->tile;
    const uint8_t *memory = s->memory.data;
    size_t fingerprints_len = chain->issuer_count * HASH_SIZE;
    entry->not_after_s = chain->leaf.not_after_s;
    tile->chain = bytes_of(memory + HASH_SIZE, fingerprints_len);
    if (s->kind == CT_LOG_ADD_CHAIN) {
        tile->leaf.type = LEAF_X509;
        tile->leaf.certificate = chain->leaf.der;
        return;
    }
    tile->leaf.type = LEAF_PRECERT;
    tile->leaf.issuer_key_hash = bytes_of(memory, HASH_SIZE);
    tile->leaf.tbs = bytes_of(memory + HASH_SIZE + fingerprints_len, s->memory.len - HASH_SIZE - fingerprints_len);
    tile->pre_certificate = chain->leaf.der;
}

static enum status make_entry(struct ct_log_submission *s, const struct ct_chain *chain, struct hasher *h,
                              struct error *err)
{
    enum status status = write_memory(s, chain, h, err);
    if (status != STATUS_OK)
        return status;
    s->entries = calloc(1, sizeof *s->entries);
    if (s->entries == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    s->entry_count = 1;
    fill_entry(s, chain);
    for (size_t i = 0; i < chain->issuer_count; i++) {
        memcpy(s->objects[i].fingerprint, chain->fingerprints[i], HASH_SIZE);
        s->objects[i].der = chain->issuers[i];
    }
    s->object_count = chain->issuer_count;
    return STATUS_OK;
}

/* What an entry takes in a data tile, and a little more. */
static size_t stored_size(const struct leaf_tile *tile)
{
    const struct leaf *leaf = &tile->leaf;
    return 64 + HASH_SIZE + leaf->certificate.len + leaf->tbs.len + leaf->mtc.entry.len + leaf->mtc.log_id.len +
           tile->pre_certificate.len + tile->chain.len;
}

enum status ct_log_finish_entries(struct ct_log_submission *s, struct hasher *h, struct error *err)
{
    for (size_t i = 0; i < s->entry_count; i++) {
        struct ct_log_entry *entry = &s->entries[i];
        size_t size = stored_size(&entry->tile);
        if (size > LEAF_TILE_ENTRY_MAX)
            return error_set(err, STATUS_LIMIT, "the entry would have %zu bytes, which is more than a log takes", size);
        s->tile_bytes += size;
        ct_log_submission_hash(h, &entry->tile.leaf, entry->submission);
    }
    return hasher_status(h, err);
}

static enum status judge(struct ct_log_submission *s, struct hasher *h, struct error *err)
{
    const struct ct_chain_cache cache = {.context = s, .find = find_issuer, .add = add_issuer};
    struct ct_chain chain;
    enum status status = ct_json_parse_chain(s->x->request.body, &s->chain, err);
    if (status != STATUS_OK)
        return status;
    s->has_chain = true;
    status = check_size(s, err);
    if (status == STATUS_OK)
        status = ct_chain_build(s->roots->set, s->chain.items, s->chain.count, &cache, &chain, err);
    if (status == STATUS_OK)
        status = check_kind(s, &chain, err);
    if (status == STATUS_OK)
        status = ct_log_check_dates(s, chain.leaf.not_after_s, err);
    if (status == STATUS_OK)
        status = make_entry(s, &chain, h, err);
    return status == STATUS_OK ? ct_log_finish_entries(s, h, err) : status;
}

void ct_log_judge(struct ct_log_submission *s)
{
    struct hasher h = {0};
    s->status = hasher_init(&h, s->log->config.suite->hash, &s->err);
    if (s->status == STATUS_OK)
        s->status = s->kind == CT_LOG_ADD_MTC ? ct_log_judge_mtc(s, &h, &s->err) : judge(s, &h, &s->err);
    hasher_clear(&h);
}
