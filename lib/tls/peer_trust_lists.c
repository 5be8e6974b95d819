/* peer_trust_lists.c - what a trust has of a bundle beside roots and trusted subtrees: CT logs with their keys, and who the Merkle
 * Tree CAs and cosigners are. */
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"
#include "tls/peer_trust_parts.h"

/* ---- CT logs ---- */

static void clear_logs(struct peer_trust *trust)
{
    for (size_t i = 0; trust->log_keys != NULL && i < log_list_count(trust->logs); i++)
        public_key_free(trust->log_keys[i]);
    free(trust->log_keys);
    if (trust->logs != NULL)
        log_list_clear(trust->logs);
    free(trust->logs);
    trust->log_keys = NULL;
    trust->logs = NULL;
}

void peer_trust_clear_lists(struct peer_trust *trust)
{
    clear_logs(trust);
    array_clear(&trust->cas);
    array_clear(&trust->cosigners);
}

static enum status read_keys(struct peer_trust *trust, const struct algorithms *algorithms, struct error *err)
{
    size_t count = log_list_count(trust->logs);
    trust->log_keys = calloc(count + 1, sizeof *trust->log_keys);
    if (trust->log_keys == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct log_list_log *log = log_list_at(trust->logs, i);
        const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(log->suite->algorithm));
        struct error ignored;
        if (alg != NULL && public_key_new(alg, log_list_key(log), &trust->log_keys[i], &ignored) == STATUS_NO_MEMORY)
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    return STATUS_OK;
}

enum status peer_trust_set_logs(struct peer_trust *trust, const struct log_list *logs, const struct algorithms *algorithms,
                                struct error *err)
{
    clear_logs(trust);
    trust->logs = calloc(1, sizeof *trust->logs);
    if (trust->logs == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    log_list_init(trust->logs);
    enum status s = log_list_merge(trust->logs, logs, err);
    memcpy(trust->logs->version, logs->version, sizeof logs->version);
    trust->logs->timestamp_s = logs->timestamp_s;
    if (s == STATUS_OK)
        s = read_keys(trust, algorithms, err);
    if (s != STATUS_OK)
        clear_logs(trust);
    return s;
}

const struct log_list *peer_trust_logs(const struct peer_trust *trust)
{
    return trust->logs;
}

const struct public_key *peer_trust_log_key(const struct peer_trust *trust, const struct log_list_log *log)
{
    return trust->log_keys[(size_t)(log - log_list_at(trust->logs, 0))];
}

/* ---- Merkle Tree CAs and cosigners ---- */

const struct peer_ca *peer_trust_ca(const struct peer_trust *trust, const struct tai *id)
{
    for (size_t i = 0; i < trust->cas.count; i++) {
        const struct peer_ca *ca = array_at(&trust->cas, i);
        if (tai_equal(&ca->id, id))
            return ca;
    }
    return NULL;
}

const struct peer_cosigner *peer_trust_cosigner(const struct peer_trust *trust, const struct tai *id)
{
    for (size_t i = 0; i < trust->cosigners.count; i++) {
        const struct peer_cosigner *cosigner = array_at(&trust->cosigners, i);
        if (tai_equal(&cosigner->id, id))
            return cosigner;
    }
    return NULL;
}

/* Names in a bundle have at most TRUST_BUNDLE_TEXT_MAX bytes. */
static void copy_name(struct bytes from, char out[TRUST_BUNDLE_TEXT_MAX + 1])
{
    size_t len = from.len < TRUST_BUNDLE_TEXT_MAX ? from.len : TRUST_BUNDLE_TEXT_MAX;
    if (len > 0)
        memcpy(out, from.data, len);
    out[len] = '\0';
}

static enum status add_cas(struct peer_trust *trust, const struct trust_contents *contents, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < contents->cas.count; i++) {
        const struct trust_contents_ca *from = array_at(&contents->cas, i);
        struct peer_ca ca = {.id = from->id, .purposes = from->purposes, .level_max = from->level_max};
        copy_name(from->operator_name, ca.operator_name);
        if (peer_trust_ca(trust, &ca.id) == NULL)
            s = array_insert(&trust->cas, trust->cas.count, &ca, "Merkle Tree CAs", err);
    }
    return s;
}

static enum status add_cosigners(struct peer_trust *trust, const struct trust_contents *contents, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < contents->cosigners.count; i++) {
        const struct trust_contents_cosigner *from = array_at(&contents->cosigners, i);
        struct peer_cosigner cosigner = {.id = from->id, .role = from->role};
        copy_name(from->operator_name, cosigner.operator_name);
        if (peer_trust_cosigner(trust, &cosigner.id) == NULL)
            s = array_insert(&trust->cosigners, trust->cosigners.count, &cosigner, "cosigners", err);
    }
    return s;
}

/* ---- all of a bundle ---- */

static enum status add_anchors(struct peer_trust *trust, const struct trust_contents *contents, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < contents->anchors.count; i++) {
        const struct trust_contents_anchor *a = trust_contents_anchor_at(contents, i);
        const struct trust_bundle_limits *l = &a->limits;
        struct peer_anchor anchor = {
            .der = a->certificate, .is_root = a->is_root, .purposes = a->purposes, .level_max = l->level_max,
            .has_listed_intermediates_only = l->has_listed_intermediates_only, .distrust_after_s = l->distrust_after_s,
            .sct_distrust_after_s = l->sct_distrust_after_s, .permitted_count = l->permitted_count,
            .excluded_count = l->excluded_count, .serial_count = l->serial_count};
        if (l->permitted_count > 0)
            anchor.permitted = array_at(&contents->names, l->permitted_first);
        if (l->excluded_count > 0)
            anchor.excluded = array_at(&contents->names, l->excluded_first);
        if (l->serial_count > 0)
            anchor.serials = array_at(&contents->serials, l->serial_first);
        s = peer_trust_add_listed(trust, &anchor, err);
    }
    return s;
}

static enum status add_ids(struct peer_trust *trust, enum peer_world world, const struct array *ids, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < ids->count; i++)
        s = peer_trust_add_anchor(trust, world, array_at(ids, i), err);
    return s;
}

enum status peer_trust_add_contents(struct peer_trust *trust, const struct trust_contents *contents, struct error *err)
{
    enum status s = add_anchors(trust, contents, err);
    if (s == STATUS_OK)
        s = add_ids(trust, PEER_WORLD_GM, &contents->gm_ids, err);
    if (s == STATUS_OK)
        s = add_ids(trust, PEER_WORLD_INTL, &contents->intl_ids, err);
    if (s == STATUS_OK)
        s = add_cas(trust, contents, err);
    if (s == STATUS_OK)
        s = add_cosigners(trust, contents, err);
    return s == STATUS_OK ? peer_trust_set_logs(trust, &contents->ct_logs, contents->algorithms, err) : s;
}
