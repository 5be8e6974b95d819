/* tls_trust.c - what a TLS client trusts, a thin face of tls/peer_trust. */
#include <stdlib.h>

#include "api/verify_parts.h"
#include "api_tls/tls_parts.h"

_Static_assert((int)CATHAYA_WORLD_GM == (int)PEER_WORLD_GM, "world");
_Static_assert((int)CATHAYA_WORLD_INTL == (int)PEER_WORLD_INTL, "world");

enum cathaya_status cathaya_tls_trust_new(struct cathaya_tls_trust **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_tls_trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return verify_parts_give(error_set(&inner, STATUS_NO_MEMORY, "out of memory"), &inner, err);
    enum cathaya_status outer = cathaya_trust_new(&trust->mtc, err);
    if (outer == CATHAYA_OK)
        outer = verify_parts_give(peer_trust_new(trust->mtc->store, &trust->peer, &inner), &inner, err);
    if (outer == CATHAYA_OK)
        *out = trust;
    else
        cathaya_tls_trust_free(trust);
    return outer;
}

void cathaya_tls_trust_free(struct cathaya_tls_trust *trust)
{
    if (trust == NULL)
        return;
    peer_trust_free(trust->peer);
    cathaya_trust_free(trust->mtc);
    free(trust);
}

struct cathaya_trust *cathaya_tls_trust_mtc(struct cathaya_tls_trust *trust)
{
    return trust->mtc;
}

enum cathaya_status cathaya_tls_trust_add_bundles(struct cathaya_tls_trust *trust, const struct cathaya_bundle *bundles,
                                                  size_t count, int64_t at, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct trust_contents *contents;
    enum status s = verify_parts_add_bundles(trust->mtc, bundles, count, at, &contents, &inner);
    peer_trust_set_store(trust->peer, trust->mtc->store);
    if (s == STATUS_OK)
        s = peer_trust_add_contents(trust->peer, contents, &inner);
    trust_contents_free(contents);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_tls_trust_add_ca(struct cathaya_tls_trust *trust, const uint8_t *der, size_t der_len,
                                             struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    enum cathaya_status outer = cathaya_trust_add_ca(trust->mtc, der, der_len, err);
    if (outer != CATHAYA_OK)
        return outer;
    return verify_parts_give(peer_trust_add_ca(trust->peer, bytes_of(der, der_len), &inner), &inner, err);
}

/* A world of the outside, as ours; NONE is wrong wherever one is asked for. */
static enum status read_world(enum cathaya_world world, struct error *err)
{
    return world == CATHAYA_WORLD_GM || world == CATHAYA_WORLD_INTL ? STATUS_OK : error_set(err, STATUS_USAGE, "no such world");
}

static enum status read_id(const char *text, struct tai *id, struct error *err)
{
    enum status s = tai_parse_text(bytes_of_text(text), id, err);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "trust anchor ID");
}

enum cathaya_status cathaya_tls_trust_add_landmarks(struct cathaya_tls_trust *trust, enum cathaya_world world,
                                                    const char *ca_id, uint16_t log_number, uint64_t oldest,
                                                    uint64_t newest, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct tai id;
    enum status s = read_world(world, &inner);
    if (s == STATUS_OK)
        s = read_id(ca_id, &id, &inner);
    if (s == STATUS_OK)
        s = peer_trust_add_landmarks(trust->peer, (enum peer_world)world, &id, log_number, oldest, newest, &inner);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_tls_trust_add_anchor(struct cathaya_tls_trust *trust, enum cathaya_world world, const char *id,
                                                 struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct tai binary;
    enum status s = read_world(world, &inner);
    if (s == STATUS_OK)
        s = read_id(id, &binary, &inner);
    if (s == STATUS_OK)
        s = peer_trust_add_anchor(trust->peer, (enum peer_world)world, &binary, &inner);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_tls_trust_add_root(struct cathaya_tls_trust *trust, enum cathaya_world world, const uint8_t *der,
                                               size_t der_len, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    enum status s = read_world(world, &inner);
    if (s == STATUS_OK)
        s = peer_trust_add_root(trust->peer, (enum peer_world)world, bytes_of(der, der_len), 0, &inner);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_tls_trust_add_intermediate(struct cathaya_tls_trust *trust, const uint8_t *der, size_t der_len,
                                                       struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    return verify_parts_give(peer_trust_add_intermediate(trust->peer, bytes_of(der, der_len), &inner), &inner, err);
}
