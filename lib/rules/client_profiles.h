/* client_profiles.h - what the clients that we know of offer: one table for tls/tls_browser, which connects
 * as one of them, and for `cathaya gateway explain`, which asks what such a client would get.
 */
#ifndef CATHAYA_RULES_CLIENT_PROFILES_H
#define CATHAYA_RULES_CLIENT_PROFILES_H

#include "codec/tai/trust_anchor_list.h"
#include "rules/certificate_choice.h"

struct client_profile {
    const char *name;    /* "gm", "gm-no-landmarks", "intl", "legacy" */
    const char *summary; /* a phrase for people */
    bool has_tls13;
    bool has_tls12;
    bool is_gm;                 /* knows GM CAs; every profile but legacy knows international MTC CAs */
    bool has_trust_anchors;     /* sends the extension */
    bool has_landmarks;         /* and in it what it knows of landmarks */
    struct tls_codes suites;    /* TLS 1.3's first */
    struct tls_codes groups;
    struct tls_codes key_shares; /* a subset of groups, in their order */
    struct tls_codes schemes;
};

/* client_profiles_at is profile i, NULL behind the last one; client_profiles_find by name, or NULL. */
const struct client_profile *client_profiles_at(size_t i);
const struct client_profile *client_profiles_find(struct bytes name);

/* client_profiles_openssl_groups appends the list for SSL_set1_groups_list: '*' before those that a key
 * share is sent for. Suites and schemes: tls_names_openssl_suites, tls_names_openssl_schemes. */
void client_profiles_openssl_groups(const struct client_profile *profile, struct builder *out);

/* client_profiles_offer is the ClientHello of such a client that trusts these anchors. Everything is
 * borrowed. */
struct choice_client client_profiles_offer(const struct client_profile *profile,
                                           const struct tai *trust_anchors, size_t count);

/* client_profiles_anchors gives the list that such a client sends if it trusts, and is up to date with,
 * every CA of the candidates: what `explain` assumes. */
void client_profiles_anchors(const struct client_profile *profile,
                             const struct choice_candidate *candidates, size_t count,
                             struct trust_anchor_list *out);

#endif
