/* peer_world.h - Merkle Tree CAs and directly signed chains of both worlds, and a client that trusts them. */
#ifndef CATHAYA_TESTS_UNIT_TLS_PEER_WORLD_H
#define CATHAYA_TESTS_UNIT_TLS_PEER_WORLD_H

#include "unit/rules/judging.h"

#include "rules/tls_names.h"
#include "tls/classic_chain.h"
#include "tls/peer_verify.h"

#define NAME "www.example.com"
/* A week's certificates are valid from MAKER_NOW; the chains' leaves from an hour before. */
#define AT_S (MAKER_NOW + 3600)

struct peer_test_world {
    struct maker_ca gm_ca, intl_ca;
    struct classic_chain *gm_chain, *intl_chain;
    struct trust_store *store;
    struct peer_trust *trust;
};

static struct peer_test_world world;

static const struct peer_scope everything = {.has_gm = true, .has_mtc = true, .has_landmarks = true};

static inline int peer_world_make(void **state)
{
    (void)state;
    maker_ca_init(&world.gm_ca, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&world.intl_ca, &maker_07, "32473.2", "mldsa44");
    OK(classic_chain_new(CLASSIC_SM2, NAME, AT_S, &world.gm_chain, &err));
    OK(classic_chain_new(CLASSIC_P256, NAME, AT_S, &world.intl_chain, &err));
    return 0;
}

static inline int peer_world_clear(void **state)
{
    (void)state;
    maker_ca_clear(&world.gm_ca);
    maker_ca_clear(&world.intl_ca);
    classic_chain_free(world.gm_chain);
    classic_chain_free(world.intl_chain);
    return 0;
}

/* A client that trusts all of it, with a policy of its own for Merkle Tree Certificates. */
static inline void peer_world_trust(const char *policy)
{
    world.store = store_of(&world.gm_ca, &world.intl_ca, policy);
    OK(peer_trust_new(world.store, &world.trust, &err));
    OK(peer_trust_add_ca(world.trust, world.gm_ca.der, &err));
    OK(peer_trust_add_ca(world.trust, world.intl_ca.der, &err));
    OK(peer_trust_add_root(world.trust, PEER_WORLD_GM, classic_chain_root(world.gm_chain), 0, &err));
    OK(peer_trust_add_root(world.trust, PEER_WORLD_INTL, classic_chain_root(world.intl_chain), 0, &err));
}

static inline void peer_world_distrust(void)
{
    peer_trust_free(world.trust);
    trust_store_free(world.store);
    world.trust = NULL;
    world.store = NULL;
}

/* What a server of ours would have agreed on with this client. */
static inline struct peer_request peer_world_request(bool is_gm)
{
    return (struct peer_request){
        .dns_name = bytes_of_text(NAME), .at_s = AT_S, .scope = everything, .is_tls13 = true,
        .suite = is_gm ? TLS_SUITE_SM4_GCM_SM3 : TLS_SUITE_AES_128_GCM_SHA256,
        .group = is_gm ? TLS_GROUP_CURVESM2MLKEM768 : TLS_GROUP_X25519MLKEM768};
}

#endif
