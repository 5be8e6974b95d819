/* upstream.h - one worker's way to the backends: the upstream side of exchange.h, in HTTP/1.1, and tunnels.
 *
 * Connections to backends are kept open and used again when both messages ended cleanly; with PROXY protocol they
 * belong to one client's connection (struct upstream_client). A request is given to another backend only when
 * nothing of it can have been processed: the connection did not come about, or one that was kept was closed before
 * a byte of the answer to a request that is idempotent and has no body.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_UPSTREAM_H
#define CATHAYA_ADAPTERS_PROXY_UPSTREAM_H

#include "adapters/event_loop/event_loop.h"
#include "adapters/proxy/exchange.h"

/* Kept for each backend by one worker: more than are used at one time by a few thousand requests per second. */
#define UPSTREAM_IDLE_PER_BACKEND_MAX 64
/* Servers close idle connections after 5 (Node, Apache) to 75 seconds (nginx): the gateway does it first. */
#define UPSTREAM_IDLE_MS 4000
/* Backends that are tried for one request. */
#define UPSTREAM_TRIES_MAX 3

struct upstreams;
struct deadlines; /* deadline.h */

/* upstream_new borrows the loop and its deadlines. */
MUST_USE enum status upstream_new(struct event_loop *loop, struct deadlines *deadlines, struct upstreams **out,
                                  struct error *err);

/* upstream_free closes what is kept. Every exchange has to be over. NULL is fine. */
void upstream_free(struct upstreams *upstreams);

/* upstream_start begins with an exchange whose request, down, site and limits are set; x->up and the rest it sets
 * itself. EXCHANGE_OK: it is under way. Else it is not, x->up is NULL, and nothing is called: EXCHANGE_NO_BACKEND,
 * EXCHANGE_CONNECT_FAILED (all that were tried refused at once), EXCHANGE_NO_MEMORY. */
MUST_USE enum exchange_failure upstream_start(struct upstreams *upstreams, struct exchange *x);

/* What is kept for one client's connection; zero at first. */
struct upstream_client {
    struct upstream_connection *kept;
};

/* upstream_client_clear is called when the client's connection is closed, after its exchanges are over. */
void upstream_client_clear(struct upstream_client *client);

size_t upstream_idle_count(const struct upstreams *upstreams);

/* upstream_close_idle closes what is kept, for a worker that ends. */
void upstream_close_idle(struct upstreams *upstreams);

#endif
