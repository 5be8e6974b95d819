#include "tls/peer_trust.h"

#include <stdlib.h>

#include "base/array.h"
#include "codec/mtc/ca_certificate.h"
#include "crypto/context.h"
#include "tls/classic_certificate.h"
#include "tls/peer_trust_parts.h"

/* An ID that goes into a ClientHello. */
struct anchor {
    struct tai id;
    enum peer_world world;
    /* A group of landmarks, CA.2.N.L: the landmarks oldest..newest of a log. */
    bool is_landmarks;
    struct tai ca;
    uint16_t log_number;
    uint64_t oldest, newest;
};

/* A root that is not trusted for new certificates any more. */
struct ending {
    X509 *root;
    int64_t after_s;
};

struct peer_trust {
    const struct trust_store *store;
    X509_STORE *roots[PEER_WORLD_INTL + 1];
    STACK_OF(X509) *intermediates;
    size_t certificate_count;
    struct ending *endings;
    size_t ending_count;
    struct anchor *anchors;
    size_t anchor_count;
};

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
    trust->roots[PEER_WORLD_GM] = X509_STORE_new();
    trust->roots[PEER_WORLD_INTL] = X509_STORE_new();
    trust->intermediates = sk_X509_new_null();
    if (trust->roots[PEER_WORLD_GM] == NULL || trust->roots[PEER_WORLD_INTL] == NULL || trust->intermediates == NULL) {
        peer_trust_free(trust);
        return error_set(err, STATUS_NO_MEMORY, "trust: %s", context_openssl_reason());
    }
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
    X509_STORE_free(trust->roots[PEER_WORLD_GM]);
    X509_STORE_free(trust->roots[PEER_WORLD_INTL]);
    sk_X509_pop_free(trust->intermediates, X509_free);
    for (size_t i = 0; i < trust->ending_count; i++)
        X509_free(trust->endings[i].root);
    free(trust->endings);
    free(trust->anchors);
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

static enum status parse(struct peer_trust *trust, struct bytes der, X509 **out, struct error *err)
{
    *out = NULL;
    if (trust->certificate_count >= PEER_TRUST_CERTIFICATES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d trusted certificates", PEER_TRUST_CERTIFICATES_MAX);
    if (der.len > CERTIFICATE_SIZE_MAX || (*out = classic_certificate_parse(der)) == NULL)
        return error_set(err, STATUS_MALFORMED, "not a certificate in DER: %s", context_openssl_reason());
    if (peer_trust_key_world(*out) == PEER_WORLD_NONE) {
        X509_free(*out);
        *out = NULL;
        return error_set(err, STATUS_MALFORMED, "the certificate's key cannot be read: %s", context_openssl_reason());
    }
    return STATUS_OK;
}

static enum status add_ending(struct peer_trust *trust, X509 *root, int64_t after_s, struct error *err)
{
    struct ending *all = realloc(trust->endings, (trust->ending_count + 1) * sizeof *all);
    if (all == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    trust->endings = all;
    if (X509_up_ref(root) != 1)
        return error_set(err, STATUS_NO_MEMORY, "trust: %s", context_openssl_reason());
    all[trust->ending_count++] = (struct ending){root, after_s};
    return STATUS_OK;
}

int64_t peer_trust_distrust_after(const struct peer_trust *trust, const X509 *root)
{
    for (size_t i = 0; i < trust->ending_count; i++)
        if (X509_cmp(trust->endings[i].root, root) == 0)
            return trust->endings[i].after_s;
    return INT64_MAX;
}

enum status peer_trust_add_root(struct peer_trust *trust, enum peer_world world, struct bytes der,
                                int64_t distrust_after_s, struct error *err)
{
    X509 *cert;
    enum status s = parse(trust, der, &cert, err);
    if (s != STATUS_OK)
        return s;
    if (peer_trust_key_world(cert) != world)
        s = error_set(err, STATUS_REFUSED, "a root with %s key is not of this world",
                      peer_trust_key_world(cert) == PEER_WORLD_GM ? "an SM2" : "another than an SM2");
    else if (X509_STORE_add_cert(trust->roots[world], cert) != 1)
        s = error_set(err, STATUS_NO_MEMORY, "trust: %s", context_openssl_reason());
    else if (distrust_after_s != 0)
        s = add_ending(trust, cert, distrust_after_s, err);
    if (s == STATUS_OK)
        trust->certificate_count++;
    X509_free(cert);
    return s;
}

enum status peer_trust_add_intermediate(struct peer_trust *trust, struct bytes der, struct error *err)
{
    X509 *cert;
    enum status s = parse(trust, der, &cert, err);
    if (s != STATUS_OK)
        return s;
    if (sk_X509_push(trust->intermediates, cert) <= 0) {
        X509_free(cert);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    trust->certificate_count++;
    return STATUS_OK;
}

X509_STORE *peer_trust_roots(const struct peer_trust *trust, enum peer_world world)
{
    return trust->roots[world];
}

STACK_OF(X509) *peer_trust_intermediates(const struct peer_trust *trust)
{
    return trust->intermediates;
}

/* ---- trust anchor IDs ---- */

static enum status add(struct peer_trust *trust, const struct anchor *anchor, struct error *err)
{
    if (trust->anchor_count >= PEER_TRUST_ANCHORS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d trust anchor IDs", PEER_TRUST_ANCHORS_MAX);
    struct anchor *all = realloc(trust->anchors, (trust->anchor_count + 1) * sizeof *all);
    if (all == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    trust->anchors = all;
    all[trust->anchor_count++] = *anchor;
    return STATUS_OK;
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
static void read_landmarks(const struct peer_trust *trust, struct anchor *anchor)
{
    for (size_t i = 0; i < trust->anchor_count && !anchor->is_landmarks; i++) {
        const struct anchor *ca = &trust->anchors[i];
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
    struct anchor anchor = {.id = *id, .world = world};
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
    struct anchor anchor = {.id = ca.id, .world = ca.draft->hash == &hash_sm3 ? PEER_WORLD_GM : PEER_WORLD_INTL};
    return add(trust, &anchor, err);
}

enum status peer_trust_add_landmarks(struct peer_trust *trust, enum peer_world world, const struct tai *ca,
                                     uint16_t log_number, uint64_t oldest, uint64_t newest, struct error *err)
{
    struct anchor anchor = {.world = world, .is_landmarks = true, .ca = *ca, .log_number = log_number,
                            .oldest = oldest, .newest = newest};
    if (oldest > newest || world == PEER_WORLD_NONE)
        return error_set(err, STATUS_USAGE, "landmarks %llu to %llu", (unsigned long long)oldest, (unsigned long long)newest);
    enum status s = tai_group(ca, log_number, newest, &anchor.id, err);
    return s == STATUS_OK ? add(trust, &anchor, err) : s;
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
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < contents->anchors.count; i++) {
        const struct trust_contents_anchor *a = trust_contents_anchor_at(contents, i);
        s = a->is_root ? peer_trust_add_root(trust, a->is_gm ? PEER_WORLD_GM : PEER_WORLD_INTL, a->certificate,
                                             a->distrust_after_s, err)
                       : peer_trust_add_intermediate(trust, a->certificate, err);
    }
    if (s == STATUS_OK)
        s = add_ids(trust, PEER_WORLD_GM, &contents->gm_ids, err);
    return s == STATUS_OK ? add_ids(trust, PEER_WORLD_INTL, &contents->intl_ids, err) : s;
}

const struct trust_store *peer_trust_store(const struct peer_trust *trust)
{
    return trust->store;
}

static bool is_in_scope(const struct anchor *anchor, const struct peer_scope *scope)
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
        for (size_t i = 0; i < trust->anchor_count && count < max; i++) {
            const struct anchor *a = &trust->anchors[i];
            if (a->world == turns[turn].world && a->is_landmarks == turns[turn].is_landmarks && is_in_scope(a, scope))
                ids[count++] = a->id;
        }
    return count;
}

/* Is it the ID of one of the landmarks, CA.1.N.L [MTC 6.4.1]? */
static bool is_landmark_of(const struct tai *id, const struct anchor *anchor)
{
    uint64_t below[3];
    return anchor->is_landmarks && tai_is_within(id, &anchor->ca) && components_below(id, &anchor->ca, below, 3) == 3 &&
           below[0] == 1 && below[1] == anchor->log_number && below[2] >= anchor->oldest && below[2] <= anchor->newest;
}

bool peer_trust_has_anchor(const struct peer_trust *trust, const struct peer_scope *scope, const struct tai *id)
{
    for (size_t i = 0; i < trust->anchor_count; i++) {
        const struct anchor *a = &trust->anchors[i];
        if (is_in_scope(a, scope) && (tai_equal(&a->id, id) || is_landmark_of(id, a)))
            return true;
    }
    return false;
}
