#include "tls/peer_trust.h"

#include <stdlib.h>

#include "base/array.h"
#include "codec/mtc/ca_certificate.h"
#include "crypto/context.h"
#include "tls/classic_certificate.h"
#include "tls/peer_trust_parts.h"

const char *peer_world_name(enum peer_world world)
{
    return world == PEER_WORLD_GM ? "gm" : world == PEER_WORLD_INTL ? "intl" : "";
}

enum status peer_trust_new(const struct trust_store *store, struct peer_trust **out, struct error *err)
{
    *out = NULL;
    struct peer_trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    trust->store = store;
    peer_anchors_init(&trust->anchors);
    trust->ids = array_of(sizeof(struct peer_id), PEER_TRUST_ANCHORS_MAX);
    trust->cas = array_of(sizeof(struct peer_ca), TRUST_CAS_MAX);
    trust->cosigners = array_of(sizeof(struct peer_cosigner), TRUST_COSIGNERS_MAX);
    *out = trust;
    return STATUS_OK;
}

void peer_trust_set_store(struct peer_trust *trust, const struct trust_store *store)
{
    trust->store = store;
}

void peer_trust_free(struct peer_trust *trust)
{
    if (trust == NULL)
        return;
    peer_anchors_clear(&trust->anchors);
    array_clear(&trust->ids);
    peer_trust_clear_lists(trust);
    free(trust);
}

/* ---- directly signed chains ---- */

enum peer_world peer_trust_key_world(const X509 *cert)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    if (key == NULL)
        return PEER_WORLD_NONE;
    return EVP_PKEY_is_a(key, "SM2") == 1 ? PEER_WORLD_GM : PEER_WORLD_INTL;
}

bool peer_anchor_is_for(const struct peer_anchor *anchor, uint16_t purpose)
{
    return anchor->purposes.count == 0 || trust_bundle_purposes_have(&anchor->purposes, purpose);
}

enum status peer_trust_add_listed(struct peer_trust *trust, const struct peer_anchor *anchor, struct error *err)
{
    return peer_anchors_add(&trust->anchors, anchor, err);
}

enum status peer_trust_add_root(struct peer_trust *trust, enum peer_world world, struct bytes der,
                                int64_t distrust_after_s, struct error *err)
{
    return peer_anchors_add(&trust->anchors, &(struct peer_anchor){.der = der, .world = world, .is_root = true,
                                                                   .distrust_after_s = distrust_after_s}, err);
}

enum status peer_trust_add_intermediate(struct peer_trust *trust, struct bytes der, struct error *err)
{
    return peer_anchors_add(&trust->anchors, &(struct peer_anchor){.der = der}, err);
}

const struct peer_anchors *peer_trust_listed(const struct peer_trust *trust)
{
    return &trust->anchors;
}

/* ---- trust anchor IDs ---- */

static enum status add(struct peer_trust *trust, const struct peer_id *id, struct error *err)
{
    return array_insert(&trust->ids, trust->ids.count, id, "trust anchor IDs", err);
}

static const struct peer_id *id_at(const struct peer_trust *trust, size_t i)
{
    return array_at(&trust->ids, i);
}

/* Reads the components of an ID behind `arc`; how many there are, at most max. */
static size_t components_below(const struct tai *id, const struct tai *arc, uint64_t *out, size_t max)
{
    struct reader r;
    size_t count = 0;
    reader_init(&r, bytes_of(id->data + arc->len, (size_t)(id->len - arc->len)));
    while (!reader_is_at_end(&r)) {
        uint64_t one;
        if (count == max || !tai_read_component(&r, &one))
            return 0;
        out[count++] = one;
    }
    return count;
}

/* CA.2.N.L, the shape of a group of landmarks [MTC 8.2], has three components behind the CA's ID; that CA is
 * one that the trust has, so no other ID is taken for one. */
static void read_landmarks(const struct peer_trust *trust, struct peer_id *anchor)
{
    for (size_t i = 0; i < trust->ids.count && !anchor->is_landmarks; i++) {
        const struct peer_id *ca = id_at(trust, i);
        uint64_t below[3];
        if (ca->is_landmarks || !tai_is_within(&anchor->id, &ca->id) ||
            components_below(&anchor->id, &ca->id, below, 3) != 3 || below[0] != 2 || below[1] == 0 ||
            below[1] > UINT16_MAX || below[2] == 0)
            continue;
        anchor->is_landmarks = true;
        anchor->ca = ca->id;
        anchor->log_number = (uint16_t)below[1];
        anchor->oldest = 1;
        anchor->newest = below[2];
    }
}

enum status peer_trust_add_anchor(struct peer_trust *trust, enum peer_world world, const struct tai *id,
                                  struct error *err)
{
    struct peer_id anchor = {.id = *id, .world = world};
    if (id->len == 0 || world == PEER_WORLD_NONE)
        return error_set(err, STATUS_USAGE, "a trust anchor without ID or world");
    read_landmarks(trust, &anchor);
    return add(trust, &anchor, err);
}

enum status peer_trust_add_ca(struct peer_trust *trust, struct bytes der, struct error *err)
{
    struct ca_certificate ca;
    enum status s = ca_certificate_parse(der, &ca, err);
    if (s != STATUS_OK)
        return s;
    struct peer_id anchor = {.id = ca.id, .world = ca.draft->hash == &hash_sm3 ? PEER_WORLD_GM : PEER_WORLD_INTL};
    return add(trust, &anchor, err);
}

enum status peer_trust_add_landmarks(struct peer_trust *trust, enum peer_world world, const struct tai *ca,
                                     uint16_t log_number, uint64_t oldest, uint64_t newest, struct error *err)
{
    struct peer_id anchor = {.world = world, .is_landmarks = true, .ca = *ca, .log_number = log_number,
                            .oldest = oldest, .newest = newest};
    if (oldest > newest || world == PEER_WORLD_NONE)
        return error_set(err, STATUS_USAGE, "landmarks %llu to %llu", (unsigned long long)oldest, (unsigned long long)newest);
    enum status s = tai_group(ca, log_number, newest, &anchor.id, err);
    return s == STATUS_OK ? add(trust, &anchor, err) : s;
}

const struct trust_store *peer_trust_store(const struct peer_trust *trust)
{
    return trust->store;
}

static bool is_in_scope(const struct peer_id *anchor, const struct peer_scope *scope)
{
    return scope->has_mtc && (scope->has_gm || anchor->world != PEER_WORLD_GM) &&
           (scope->has_landmarks || !anchor->is_landmarks);
}

size_t peer_trust_anchors(const struct peer_trust *trust, const struct peer_scope *scope, struct tai *ids, size_t max)
{
    static const struct { enum peer_world world; bool is_landmarks; } turns[] = {
        {PEER_WORLD_GM, true}, {PEER_WORLD_GM, false}, {PEER_WORLD_INTL, true}, {PEER_WORLD_INTL, false}};
    size_t count = 0;
    for (size_t turn = 0; turn < sizeof turns / sizeof *turns; turn++)
        for (size_t i = 0; i < trust->ids.count && count < max; i++) {
            const struct peer_id *a = id_at(trust, i);
            if (a->world == turns[turn].world && a->is_landmarks == turns[turn].is_landmarks && is_in_scope(a, scope))
                ids[count++] = a->id;
        }
    return count;
}

/* Is it the ID of one of the landmarks, CA.1.N.L [MTC 6.4.1]? */
static bool is_landmark_of(const struct tai *id, const struct peer_id *anchor)
{
    uint64_t below[3];
    return anchor->is_landmarks && tai_is_within(id, &anchor->ca) && components_below(id, &anchor->ca, below, 3) == 3 &&
           below[0] == 1 && below[1] == anchor->log_number && below[2] >= anchor->oldest && below[2] <= anchor->newest;
}

bool peer_trust_has_anchor(const struct peer_trust *trust, const struct peer_scope *scope, const struct tai *id)
{
    for (size_t i = 0; i < trust->ids.count; i++) {
        const struct peer_id *a = id_at(trust, i);
        if (is_in_scope(a, scope) && (tai_equal(&a->id, id) || is_landmark_of(id, a)))
            return true;
    }
    return false;
}
