/* proxy.h - the data plane of the gateway: listeners, workers, connections.
 *
 * N worker threads, each with an event loop, listening sockets (SO_REUSEPORT) and TLS of its own. Everything
 * here is for the main thread, the one that runs the loop given to proxy_new, and never waits for a worker
 * except proxy_free. What workers are to use is a struct proxy_state (proxy_state.h).
 */
#ifndef CATHAYA_ADAPTERS_PROXY_PROXY_H
#define CATHAYA_ADAPTERS_PROXY_PROXY_H

#include "adapters/event_loop/event_loop.h"
#include "adapters/proxy/proxy_state.h"

#define PROXY_WORKERS_MAX 256
#define PROXY_LISTENERS_MAX 64
/* "[v6 address%zone]:port". */
#define PROXY_ADDRESS_SIZE 128

struct proxy;
struct tls_ticket_keys; /* tls/tls_server.h */

enum proxy_listener_kind {
    PROXY_HTTPS,
    PROXY_HTTP, /* plain: redirects, ACME's http-01, sites with redirects_http == false */
    PROXY_TCP   /* plain: every connection to the default site's backends, as it is */
};

enum proxy_log_format { PROXY_LOG_TEXT, PROXY_LOG_JSON };

struct proxy_settings {
    size_t worker_count;           /* 0: one per core that the process may use */
    uint16_t trust_anchors_type;   /* code point of trust_anchors */
};

MUST_USE enum status proxy_new(struct event_loop *main_loop, const struct proxy_settings *settings,
                               struct proxy **out, struct error *err);

/* proxy_free ends everything at once: open connections are cut. Waits for the workers. NULL is fine. */
void proxy_free(struct proxy *proxy);

/* ---- listeners: before proxy_start ---- */

/* proxy_listen binds "ADDRESS:PORT" (numeric; IPv6 in brackets; port 0: any free one), one socket per worker.
 * STATUS_USAGE for an address that is none, STATUS_CONFLICT when somebody else has it. */
MUST_USE enum status proxy_listen(struct proxy *proxy, const char *address, enum proxy_listener_kind kind,
                                  struct error *err);

/* proxy_listen_inherited takes sockets that an older process has bound to one address, and listened on; they
 * are the proxy's from here on, also after a failure. Fewer or more of them than workers is fine.
 * STATUS_USAGE when one is no listening TCP socket, or their addresses differ. */
MUST_USE enum status proxy_listen_inherited(struct proxy *proxy, const int *fds, size_t fd_count,
                                            enum proxy_listener_kind kind, struct error *err);

/* One address that is listened on. */
struct proxy_listener_info {
    char address[PROXY_ADDRESS_SIZE]; /* the real one */
    enum proxy_listener_kind kind;
    const int *fds; /* to hand to a new process; they stay the proxy's */
    size_t fd_count;
};
size_t proxy_listener_count(const struct proxy *proxy);
void proxy_listener(const struct proxy *proxy, size_t index, struct proxy_listener_info *out);

/* ---- running ---- */

/* proxy_start starts the workers with a state (kept). Connections are accepted from now on. */
MUST_USE enum status proxy_start(struct proxy *proxy, struct proxy_state *state, struct error *err);

/* proxy_apply lets all workers use the state (kept) for what begins from now on, and calls done (may be NULL)
 * on the main loop when all of them do. Several may be under way; they take effect in their order. */
void proxy_apply(struct proxy *proxy, struct proxy_state *state, void (*done)(void *cookie), void *cookie);

/* proxy_set_ticket_keys gives all workers the keys of session tickets (copied; tls/tls_server.h). Also before
 * proxy_start; without it there are no tickets. STATUS_NO_MEMORY. */
MUST_USE enum status proxy_set_ticket_keys(struct proxy *proxy, const struct tls_ticket_keys *keys,
                                           struct error *err);

/* proxy_set_access_log: one line per finished request to the descriptor from now on; -1: none. The descriptor
 * is copied. Lines are whole, several in one write, in the order of each worker. When it does not take them
 * (full disk, slow pipe) they are lost and counted. STATUS_IO when it cannot be copied. */
MUST_USE enum status proxy_set_access_log(struct proxy *proxy, int fd, enum proxy_log_format format,
                                          struct error *err);

/* proxy_drain ends gracefully: the listening sockets are closed (is_handed_over: only no longer used, another
 * process goes on with them), idle connections are closed, the others after the answer that they wait for
 * (Connection: close, GOAWAY), tunnels at the end of the time. done is called, on the main loop, when nothing is
 * open any more, at the latest after timeout_ms, when the rest is cut. Once. */
void proxy_drain(struct proxy *proxy, uint64_t timeout_ms, void (*done)(void *cookie), void *cookie);

/* ---- figures ---- */

/* As many as tls/'s enum credential_kind has, and acme-challenge and none beyond them. */
#define PROXY_CREDENTIAL_KINDS 8

/* Counted since the start, but for the ones that end in _now. Sums over all workers, each figure by itself. */
struct proxy_stats {
    uint64_t connections, connections_now;
    uint64_t refused_connections, refused_address; /* closed at once: by which limit */
    uint64_t refused_rate; /* how often accepting rested for a moment: too many handshakes per second */
    uint64_t handshakes, handshakes_failed, handshakes_resumed;
    uint64_t handshakes_by_kind[PROXY_CREDENTIAL_KINDS];
    uint64_t requests, requests_now, requests_http2;
    uint64_t answers_by_class[6]; /* [0]: the client went before there was one; [2]: 2xx */
    uint64_t failures_by_kind[10]; /* enum exchange_failure: what upstream could not do */
    uint64_t bad_requests;         /* refused by the parser */
    uint64_t timeouts;             /* of clients */
    uint64_t tunnels, tunnels_now;
    uint64_t bytes_in, bytes_out;  /* bodies and tunnels, from and to clients */
    uint64_t log_lines_lost;
};
void proxy_stats(const struct proxy *proxy, struct proxy_stats *out);

#endif
