/* http_server.h - the one HTTP/1.1 server of all roles: listeners, routes, limits.
 *
 * What it guarantees to handlers stands in ports/http.h. Requests of one connection are answered in
 * their order, one handler at a time; everything happens on the loop's thread.
 */
#ifndef CATHAYA_ADAPTERS_HTTP_SERVER_HTTP_SERVER_H
#define CATHAYA_ADAPTERS_HTTP_SERVER_HTTP_SERVER_H

#include "adapters/event_loop/event_loop.h"
#include "ports/http.h"
#include "tls/tls_context.h"

/* "[v6 address%zone]:port", or "unix:" and the longest path of a socket. */
#define HTTP_SERVER_ADDRESS_SIZE 128
#define HTTP_SERVER_LISTENERS_MAX 16
#define HTTP_SERVER_ROUTES_MAX 256

struct http_server;

/* Times are for the whole of the thing: a byte now and then does not make them longer. Bodies and
 * responses get more time the more of them has passed: what slowest_bytes_per_s needs for it. */
struct http_server_limits {
    size_t connections_max;
    size_t connections_per_address_max; /* IPv6: per /64; 0: no limit, as behind a proxy */
    size_t bodies_max;             /* bytes of all bodies in memory: then 503; 0: no limit */
    size_t bodies_per_address_max; /* of those from one address: the largest body that is taken fits many times */
    uint64_t head_ms;  /* for TLS handshake and first head, or from a later head's first byte: then 408 */
    uint64_t body_ms;  /* for the body: then 408 */
    uint64_t idle_ms;  /* between a response and the next request */
    uint64_t write_ms; /* for a response to be taken: then closed */
    uint64_t slowest_bytes_per_s; /* not 0 */
};

/* http_server_default_limits: 4096 connections, 512 of one address, bodies of 512 MiB, 64 MiB of one address, head 15 s, body 30 s, idle 60 s,
 * write 30 s, 16 KiB/s. */
struct http_server_limits http_server_default_limits(void);

MUST_USE enum status http_server_new(struct event_loop *loop, const struct http_server_limits *limits,
                                     struct http_server **out, struct error *err);

/* http_server_free closes everything at once. Exchanges that handlers still have stay theirs until they
 * send them; the handlers may outlive the server, but not the other way round. NULL is fine. */
void http_server_free(struct http_server *server);

/* http_server_add_route gives the handler (copied; its context is borrowed) every path that begins with
 * prefix and ends there, or goes on with '/', or whose prefix ends in '/'; the longest prefix wins.
 * prefix is borrowed. What has no route is answered 404. STATUS_CONFLICT: there is a route already. */
MUST_USE enum status http_server_add_route(struct http_server *server, const char *prefix,
                                           const struct http_handler *handler, struct error *err);

/* http_server_listen opens "ADDRESS:PORT" (numeric; IPv6 in brackets; port 0: any free one) or
 * "unix:PATH" (mode 0600; a socket that nobody serves any more is replaced). With tls, which is kept,
 * it speaks TLS. STATUS_USAGE for an address that is none, STATUS_CONFLICT when somebody else has it. */
MUST_USE enum status http_server_listen(struct http_server *server, const char *address,
                                        struct tls_context *tls, struct error *err);

/* http_server_address is the real address of the listener made as number index; "" when there is none. */
const char *http_server_address(const struct http_server *server, size_t index);

/* http_server_set_tls lets new connections of a listener that speaks TLS use another context. */
void http_server_set_tls(struct http_server *server, size_t index, struct tls_context *tls);

size_t http_server_connection_count(const struct http_server *server);

/* What was answered; borrowed for the call. status 0: the client went before there was an answer. */
struct http_server_answer {
    const struct http_request *request; /* NULL: there was no good head */
    const char *route;                  /* the prefix; "" when none fits */
    int status;
    uint64_t body_len;
    uint64_t duration_ms; /* from the head to the answer */
};

/* http_server_observe calls observer for every answer, for metrics and access logs. */
void http_server_observe(struct http_server *server,
                         void (*observer)(void *context, const struct http_server_answer *answer),
                         void *context);

/* http_server_drain stops listening, closes connections that are idle, and the others after the
 * response that they wait for; calls done (later, once) when none is left, or after timeout_ms, when
 * the rest is closed. */
void http_server_drain(struct http_server *server, uint64_t timeout_ms, void (*done)(void *cookie),
                       void *cookie);

#endif
