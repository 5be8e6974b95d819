/* The worker's half of a CT log: its engine, its index, and the issuers that it serves. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/ct_log/ct_log_internal.h"

/* So many take seconds: somebody may wonder. */
#define CATCH_UP_TOLD 100000
/* Rows of one transaction while the index is made again: a power cut costs as many. */
#define CATCH_UP_ROWS 4096
#define KNOWN_SLOTS (2 * CT_LOG_KNOWN_OBJECTS_MAX)

/* ---- life ---- */

enum status ct_log_store_init(struct ct_log_store *store, const struct ct_log_config *config, const char *origin,
                              struct error *err)
{
    *store = (struct ct_log_store){.config = config, .engine_config = config->engine};
    struct log_config *engine = &store->engine_config;
    engine->log_id = (struct tai){0};
    engine->origin = origin;
    engine->leaf_format = &leaf_format_ct;
    engine->hash = config->suite->hash;
    engine->tree_head_signer = &config->signer;
    engine->clock = config->clock;
    engine->is_read_only = false;
    store->known.fingerprints = calloc(KNOWN_SLOTS, HASH_SIZE);
    if (store->known.fingerprints == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a CT log");
    return hasher_init(&store->hasher, config->suite->hash, err);
}

void ct_log_store_clear(struct ct_log_store *store)
{
    struct error err;
    (void)log_close(store->engine, &err);
    store->engine = NULL;
    hasher_clear(&store->hasher);
    free(store->known.fingerprints);
    store->known.fingerprints = NULL;
}

enum status ct_log_store_open(struct ct_log_store *store, struct error *err)
{
    enum status status = log_open(&store->engine_config, &store->engine, err);
    if (status == STATUS_NOT_FOUND) {
        status = log_create(&store->engine_config, err);
        if (status == STATUS_OK)
            status = log_open(&store->engine_config, &store->engine, err);
    }
    if (status == STATUS_OK)
        status = ct_log_store_catch_up(store, err);
    return status;
}

enum status ct_log_store_reopen(struct ct_log_store *store, struct error *err)
{
    const struct ct_log_config *config = store->config;
    struct error ignored;
    enum status status = STATUS_OK;
    (void)log_close(store->engine, &ignored);
    store->engine = NULL;
    /* What was put before the failure may be lost. */
    memset(store->known.fingerprints, 0, (size_t)KNOWN_SLOTS * HASH_SIZE);
    store->known.count = 0;
    if (config->reopen_stores != NULL)
        status = config->reopen_stores(config->context, &store->engine_config, err);
    return status == STATUS_OK ? ct_log_store_open(store, err) : status;
}

enum status ct_log_store_check(const struct ct_log_store *store, struct error *err)
{
    if (store->engine == NULL)
        return error_set(err, STATUS_AGAIN, "the log is stopped by a failure, and will be opened again");
    return STATUS_OK;
}

enum status ct_log_store_failed(struct ct_log_store *store, enum status status, struct error *err)
{
    struct error ignored;
    (void)err;
    bool is_refusal = status == STATUS_REFUSED || status == STATUS_LIMIT || status == STATUS_MALFORMED || status == STATUS_USAGE;
    if (is_refusal && !log_has_failed(store->engine))
        return status; /* nothing was done */
    (void)log_close(store->engine, &ignored);
    store->engine = NULL;
    return status;
}

/* ---- the index ---- */

void ct_log_submission_hash(struct hasher *h, const struct leaf *leaf, uint8_t out[HASH_SIZE])
{
    const uint8_t type[2] = {(uint8_t)(leaf->type >> 8), (uint8_t)leaf->type};
    uint8_t index[6];
    hasher_start(h);
    hasher_update(h, BYTES_OF(type));
    switch (leaf->type) {
    case LEAF_X509:
        hasher_update(h, leaf->certificate);
        break;
    case LEAF_PRECERT:
        hasher_update(h, leaf->issuer_key_hash); /* of one length: nothing can be shifted into what follows */
        hasher_update(h, leaf->tbs);
        break;
    default:
        for (size_t i = 0; i < sizeof index; i++)
            index[i] = (uint8_t)(leaf->mtc.index >> (8 * (sizeof index - 1 - i)));
        hasher_update(h, leaf->mtc.ca_key_hash);
        hasher_update(h, BYTES_OF(index));
        hasher_update(h, (struct bytes){&(const uint8_t){(uint8_t)leaf->mtc.log_id.len}, 1});
        hasher_update(h, leaf->mtc.log_id);
        hasher_update(h, leaf->mtc.entry);
        break;
    }
    hasher_finish(h, out);
}

struct catching_up {
    struct ct_log_store *store;
    size_t uncommitted;
};

static enum status catch_up_entry(void *context, uint64_t index, const struct stored_leaf *stored,
                                  const uint8_t hash[HASH_SIZE], struct error *err)
{
    struct catching_up *c = context;
    const struct ct_index *port = &c->store->config->index;
    struct ct_index_row row = {.index = index};
    struct reader r;
    struct leaf leaf;
    reader_init(&r, stored->hashed);
    enum status status = leaf_read(&r, &leaf, err);
    if (status != STATUS_OK)
        return status;
    row.timestamp_ms = leaf.timestamp_ms;
    memcpy(row.leaf_hash, hash, HASH_SIZE);
    ct_log_submission_hash(&c->store->hasher, &leaf, row.submission);
    status = port->add(port->context, &row, err);
    if (status == STATUS_OK && ++c->uncommitted == CATCH_UP_ROWS) {
        c->uncommitted = 0;
        status = port->commit(port->context, err);
    }
    return status;
}

/* Where the index goes on. It is told of an entry when that is durable and published, so it is never beyond the tree: what is
 * there then is an old copy of the log, which would sign a second history. */
static enum status find_start(struct ct_log_store *store, const struct log_state *state, uint64_t *start,
                              struct error *err)
{
    const struct ct_index *port = &store->config->index;
    enum status status = port->get_size(port->context, start, err);
    if (status != STATUS_OK || *start <= state->size)
        return status;
    return error_set(err, STATUS_REFUSED,
                     "it has %" PRIu64 " entries, and the log %" PRIu64 ": the log's files are older than what it has signed, and "
                     "would sign a second history: restore the newest ones, or end the log", *start, state->size);
}

static void tell_behind(const struct ct_log_store *store, uint64_t count)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, count);
    events_report(&store->config->events, EVENT_INFO, "ct-log-index-is-made", {"log", store->config->title}, {"entries", text});
}

enum status ct_log_store_catch_up(struct ct_log_store *store, struct error *err)
{
    const struct ct_index *port = &store->config->index;
    struct log_state state = log_state(store->engine);
    struct catching_up c = {.store = store};
    uint64_t start = 0;
    enum status status = find_start(store, &state, &start, err);
    if (status == STATUS_OK && start < state.min_index && start < state.size) {
        /* What is pruned cannot be indexed, and the index has no gaps: a log that prunes takes nothing any more. */
        store->is_index_behind = false;
        return STATUS_OK;
    }
    if (status == STATUS_OK && state.size - start >= CATCH_UP_TOLD)
        tell_behind(store, state.size - start);
    if (status == STATUS_OK && start < state.size)
        status = log_read_entries(store->engine, start, state.size, catch_up_entry, &c, err);
    if (status == STATUS_OK)
        status = hasher_status(&store->hasher, err);
    if (status == STATUS_OK)
        status = port->commit(port->context, err);
    if (status != STATUS_OK)
        port->rollback(port->context);
    store->is_index_behind = status != STATUS_OK;
    return error_prefix(err, status, "index");
}

/* ---- issuers ---- */

/* The slot of a fingerprint, or the free one where it belongs. */
static uint8_t *find_known(struct ct_log_store *store, const uint8_t fingerprint[HASH_SIZE], bool *is_there)
{
    static const uint8_t nothing[HASH_SIZE] = {0};
    uint64_t first;
    memcpy(&first, fingerprint, sizeof first);
    for (size_t i = first % KNOWN_SLOTS;; i = (i + 1) % KNOWN_SLOTS) {
        uint8_t *at = store->known.fingerprints[i];
        *is_there = memcmp(at, fingerprint, HASH_SIZE) == 0;
        if (*is_there || memcmp(at, nothing, HASH_SIZE) == 0)
            return at;
    }
}

void ct_log_issuer_name(const uint8_t fingerprint[HASH_SIZE], char out[CT_LOG_ISSUER_NAME_SIZE])
{
    memcpy(out, CT_LOG_ISSUER_FOLDER "/", sizeof CT_LOG_ISSUER_FOLDER);
    text_hex(bytes_of(fingerprint, HASH_SIZE), out + sizeof CT_LOG_ISSUER_FOLDER);
}

enum status ct_log_store_put_object(struct ct_log_store *store, const struct ct_log_object *object, struct error *err)
{
    const struct object_store *public_store = &store->engine_config.public_store;
    char name[CT_LOG_ISSUER_NAME_SIZE];
    bool is_there;
    uint8_t *slot = find_known(store, object->fingerprint, &is_there);
    if (is_there)
        return STATUS_OK;
    ct_log_issuer_name(object->fingerprint, name);
    /* Put again in each life: what an earlier one put and did not sync may be torn. */
    enum status status = public_store->put(public_store->context, name, object->der, err);
    if (status != STATUS_OK)
        return status;
    store->has_unsynced = true;
    if (store->known.count < CT_LOG_KNOWN_OBJECTS_MAX) {
        memcpy(slot, object->fingerprint, HASH_SIZE);
        store->known.count++;
    }
    return STATUS_OK;
}
