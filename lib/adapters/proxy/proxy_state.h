/* proxy_state.h - what all workers of the gateway know at one time: sites, their TLS, limits, challenge
 * answers. Built once by the control plane, immutable from then on, counted atomically, read by all threads.
 *
 * A change is a whole new state (proxy_apply). A connection looks at the newest one when its next request
 * begins; a request goes on with the state that it began with.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_PROXY_STATE_H
#define CATHAYA_ADAPTERS_PROXY_PROXY_STATE_H

#include "base/bytes.h"
#include "base/status.h"

/* As tls/tls_sites.h. */
#define PROXY_SITES_MAX 100000
#define PROXY_NAMES_PER_SITE_MAX 100
#define PROXY_CHALLENGES_MAX 4096
/* A token of ACME is at least 128 bits of base64url; the longest that any CA is known to use is 128. */
#define PROXY_TOKEN_MAX 256
#define PROXY_KEY_AUTHORIZATION_MAX 512

struct proxy_state;
struct tls_sites;     /* tls/tls_sites.h */
struct backend_group; /* adapters/proxy/backend.h */

struct proxy_limits {
    uint64_t connections;             /* of all workers together */
    uint64_t connections_per_address; /* IPv6: per /64; 0: no limit */
    uint64_t handshakes_per_s;        /* of all workers together; 0: no limit */
    uint64_t head_bytes;              /* request line and fields; also of answers of backends */
    uint64_t handshake_ms;            /* TLS handshake, whole */
    uint64_t head_ms;                 /* a head, from its first byte (on a new connection: from the handshake) */
    uint64_t body_ms;                 /* a body; longer for larger ones: slowest_bytes_per_s */
    uint64_t write_ms;                /* an answer to be taken; the same */
    uint64_t idle_ms;                 /* between requests; in a tunnel without any byte either way */
    uint64_t tunnel_idle_ms;          /* of WebSockets and raw connections */
    uint64_t slowest_bytes_per_s;     /* not 0 */
    uint64_t backend_connect_ms;
    uint64_t backend_answer_ms;       /* from the request to the head of its answer, and between pieces of it */
};

/* proxy_default_limits: 20000 connections, 512 of one address, 2000 handshakes per second, heads of 32 KiB,
 * handshake 10 s, head 15 s, body 60 s, write 60 s, idle 60 s, tunnels 1 hour, 1 KiB/s, connect 3 s, answer 60 s. */
struct proxy_limits proxy_default_limits(void);

enum proxy_mode {
    PROXY_MODE_HTTP,
    PROXY_MODE_TCP /* after TLS the bytes go to the backend as they are */
};

/* One site. In a state everything is the state's own; for proxy_state_add_site it is borrowed and copied, but
 * for the backends, which are kept (counted). */
struct proxy_site {
    const char *title;        /* unique; what log and metrics say */
    const char *const *names; /* lower case; "*.example.com" for one label */
    size_t name_count;
    bool is_default; /* takes names that nobody has, and clients without a name; one site at most */
    enum proxy_mode mode;
    struct backend_group *backends; /* NULL: 503 */
    bool sends_proxy;               /* PROXY protocol v2 to the backends */
    bool has_http2;
    uint64_t hsts_max_age_s; /* 0: none */
    bool redirects_http;     /* on a listener of kind http: 308 to https; else served plainly */
    bool trusts_forwarded;   /* X-Forwarded-* and Forwarded of clients are passed on and added to: only
                                behind another proxy. Else what clients send of them is dropped. */
    bool adds_via;
    uint32_t index;          /* set by the state */
};

/* proxy_state_new begins an empty state with the default limits. */
MUST_USE enum status proxy_state_new(struct proxy_state **out, struct error *err);
struct proxy_state *proxy_state_keep(struct proxy_state *state);
/* proxy_state_free gives one count back; with the last one the state goes, on whatever thread. NULL is fine. */
void proxy_state_free(struct proxy_state *state);

/* ---- building, by one thread, before proxy_apply ---- */

/* STATUS_USAGE when a limit makes no sense (0 where it may not be). */
MUST_USE enum status proxy_state_set_limits(struct proxy_state *state, const struct proxy_limits *limits,
                                            struct error *err);

/* proxy_state_add_site gives the site's index: the user index of the same site in tls_sites has to be this.
 * STATUS_CONFLICT: title or name is there already, or a second default; STATUS_USAGE: a bad name. */
MUST_USE enum status proxy_state_add_site(struct proxy_state *state, const struct proxy_site *site,
                                          uint32_t *index, struct error *err);

/* proxy_state_set_tls keeps the sites. Without any, listeners of kind https close what comes. */
void proxy_state_set_tls(struct proxy_state *state, struct tls_sites *sites);

/* proxy_state_add_challenge: GET /.well-known/acme-challenge/TOKEN on listeners of kind http answers the key
 * authorization, whatever the Host. STATUS_USAGE for a token that is not base64url. Both copied. */
MUST_USE enum status proxy_state_add_challenge(struct proxy_state *state, struct bytes token,
                                               struct bytes key_authorization, struct error *err);

/* ---- reading, any thread ---- */

const struct proxy_limits *proxy_state_limits(const struct proxy_state *state);
struct tls_sites *proxy_state_tls(const struct proxy_state *state); /* borrowed; NULL: none */
size_t proxy_state_site_count(const struct proxy_state *state);
const struct proxy_site *proxy_state_site(const struct proxy_state *state, uint32_t index);

/* proxy_state_find_site looks for a host ("Example.com:8443", "[::1]"; any case, port and one dot at the end
 * ignored): exact, then wildcard, then NULL; the default site is not given by itself. */
const struct proxy_site *proxy_state_find_site(const struct proxy_state *state, struct bytes host);
const struct proxy_site *proxy_state_default_site(const struct proxy_state *state); /* or NULL */
const struct proxy_site *proxy_state_site_titled(const struct proxy_state *state, const char *title);

/* proxy_state_challenge is the key authorization for a token, or empty. */
struct bytes proxy_state_challenge(const struct proxy_state *state, struct bytes token);

#endif
