/* tls_sites_parts.h - the inside of a set of sites. Private to tls/. */
#ifndef CATHAYA_TLS_TLS_SITES_PARTS_H
#define CATHAYA_TLS_TLS_SITES_PARTS_H

#include <stdatomic.h>

#include "tls/tls_credential_parts.h"
#include "tls/tls_sites.h"

/* Two worlds' names together are as long as the longest protocol name of ALPN. */
#define SITE_ALPN_NAME_MAX 32
/* SSL_MAX_SID_CTX_LENGTH. */
#define SITE_SESSION_CONTEXT_SIZE 32

struct site {
    size_t index;
    struct tls_credential **credentials; /* kept */
    struct choice_candidate *candidates; /* one for each credential */
    size_t credential_count;
    enum transition_stage stage;
    bool is_mtc_without_trust_anchors, is_ticketless;
    char alpn[TLS_SITE_ALPN_MAX][SITE_ALPN_NAME_MAX + 1];
    size_t alpn_count;
    /* Of the site's names: a session is resumed where it began, by every worker and after a restart. */
    uint8_t session_context[SITE_SESSION_CONTEXT_SIZE];
};

/* A name and whose it is: a place in an open hash table. */
struct site_name {
    struct bytes name; /* in lower case, without dot at the end; of a wildcard: without "*."; len 0: free */
    bool is_wildcard, is_challenge;
    size_t at;         /* in sites, or in challenges */
};

struct tls_sites {
    atomic_size_t count;
    struct site *sites;
    size_t site_count;
    struct tls_credential **challenges; /* kept */
    size_t challenge_count;
    struct site_name *table;
    size_t table_size;            /* a power of two, at least twice the names */
    struct builder text;          /* what names borrow from */
    const struct site *otherwise; /* the default one; NULL: none */
};

/* tls_sites_lookup is tls_sites_find for the inside; NULL: nobody. */
const struct site *tls_sites_lookup(const struct tls_sites *sites, struct bytes name, bool *is_by_name);

/* tls_sites_challenge is the certificate for tls-alpn-01 of a name; NULL: none. */
struct tls_credential *tls_sites_challenge(const struct tls_sites *sites, struct bytes name);

#endif
