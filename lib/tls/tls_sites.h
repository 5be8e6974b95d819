/* tls_sites.h - the sites behind a TLS server: names, credentials, and how each is to be served.
 *
 * Immutable once made, and counted with an atomic count: every worker thread has the same set, and a
 * handshake goes on with the set that it began with.
 */
#ifndef CATHAYA_TLS_TLS_SITES_H
#define CATHAYA_TLS_TLS_SITES_H

#include "tls/tls_credential.h"

/* A gateway of a hosting company; 10,000 sites take some 10 MB. */
#define TLS_SITES_MAX 100000
#define TLS_SITE_NAMES_MAX 100
/* Two worlds, each with a classic, a standalone and a few landmark-relative ones, old and renewed. */
#define TLS_SITE_CREDENTIALS_MAX 16
#define TLS_SITE_ALPN_MAX 4
#define TLS_CHALLENGES_MAX 10000

/* All is copied; credentials are kept. */
struct tls_site {
    /* "www.example.com", "*.example.com" (one label), or an address as text. Case and a dot at the end do
     * not matter. A name of one site only, an exact name goes before a wildcard. */
    const char *const *names;
    size_t name_count;

    struct tls_credential *const *credentials;
    size_t credential_count; /* 0: the site is known, and its handshakes fail: "no certificate yet" */

    enum transition_stage stage;
    bool is_default;                  /* for clients without SNI, or of a name that nobody has; one at most */
    bool is_mtc_without_trust_anchors;
    bool is_ticketless;               /* no session tickets */

    /* What is offered to clients that send ALPN, best first: "h2", "http/1.1". None: the extension is not
     * answered. */
    const char *const *alpn;
    size_t alpn_count;

    size_t index; /* the user's own number of it, handed back in reports */
};

/* A certificate that answers tls-alpn-01 for a name or address [RFC8737 3], [RFC8738 6]: shown to a client
 * that offers exactly "acme-tls/1", never to another. */
struct tls_challenge {
    const char *name; /* an address as text; looked for in its in-addr.arpa or ip6.arpa form too */
    struct tls_credential *credential;
};

struct tls_sites_settings {
    const struct tls_site *sites;
    size_t site_count;
    const struct tls_challenge *challenges;
    size_t challenge_count;
};

struct tls_sites;

/* tls_sites_new: STATUS_CONFLICT for a name that two sites have, or two defaults; STATUS_USAGE for what is no
 * name; STATUS_LIMIT. */
MUST_USE enum status tls_sites_new(const struct tls_sites_settings *settings, struct tls_sites **out,
                                   struct error *err);

/* tls_sites_keep gives the same set again; each needs its tls_sites_free. NULL is fine. */
struct tls_sites *tls_sites_keep(struct tls_sites *sites);
void tls_sites_free(struct tls_sites *sites);

/* tls_sites_find gives the index (struct tls_site) of the site that has the name, else of the default one;
 * false: nobody has it. name may be empty, for a client without SNI; it has no port. For requests, whose Host
 * is another than the handshake's SNI. *is_by_name: not by default. */
bool tls_sites_find(const struct tls_sites *sites, struct bytes name, size_t *index, bool *is_by_name);

/* tls_sites_candidates borrows what the choice for a client of this name is made of, for explanations: the
 * candidates, and the settings but for their time. False: nobody has the name. */
bool tls_sites_candidates(const struct tls_sites *sites, struct bytes name, const struct choice_candidate **out,
                          size_t *count, struct choice_settings *settings);

#endif
