/* tls_parts.h - the inside of the public TLS client and server. */
#ifndef CATHAYA_API_TLS_TLS_PARTS_H
#define CATHAYA_API_TLS_TLS_PARTS_H

#include <cathaya/tls_server.h>

#include "tls/tls_browser.h"
#include "tls/tls_server.h"

struct cathaya_tls_trust {
    struct cathaya_trust *mtc;
    struct peer_trust *peer;
};

struct cathaya_tls_client {
    const struct cathaya_tls_trust *trust;
    struct tls_browser *browser;
};

struct cathaya_tls {
    const struct cathaya_tls_trust *trust;
    struct tls_stream *stream;
};

struct cathaya_tls_session {
    struct tls_browser_session *session;
};

/* ---- the server's side ---- */

struct cathaya_tls_credential {
    struct tls_credential *credential;
};

struct cathaya_tls_sites {
    struct tls_sites *sites;
};

struct cathaya_tls_ticket_keys {
    struct tls_ticket_keys keys;
};

struct cathaya_tls_server {
    struct tls_server *server;
};

struct cathaya_tls_candidate {
    struct tls_credential *credential; /* without a key */
};

/* tls_parts_no_memory is how a function of the library says that. */
enum cathaya_status tls_parts_no_memory(struct cathaya_error *err);

/* tls_parts_kind is a kind for the outside. */
static inline enum cathaya_tls_kind tls_parts_kind(enum credential_kind kind)
{
    return (enum cathaya_tls_kind)(kind + 1);
}

#endif
