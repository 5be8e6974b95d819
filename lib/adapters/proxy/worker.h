/* worker.h - one worker thread of the proxy: what its connections have in common. Private to this layer.
 *
 * Everything is the worker's thread's alone, but for the counters of struct worker_counters and what stands in
 * struct proxy_shared.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_WORKER_H
#define CATHAYA_ADAPTERS_PROXY_WORKER_H

#include <stdatomic.h>

#include "adapters/proxy/deadline.h"
#include "adapters/proxy/exchange.h"
#include "adapters/proxy/proxy.h"
#include "base/builder.h"
#include "tls/tls_server.h"

struct client;
struct upstreams; /* upstream.h */
struct proxy_shared;
struct access_log;

/* Written by one thread, read by others: adding needs no lock prefix. */
typedef _Atomic uint64_t counter;

static inline void counter_add(counter *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

/* The same fields as struct proxy_stats. */
struct worker_counters {
    counter connections, refused_connections, refused_address, refused_rate;
    counter handshakes, handshakes_failed, handshakes_resumed;
    counter handshakes_by_kind[PROXY_CREDENTIAL_KINDS];
    counter requests, requests_ended, requests_http2;
    counter answers_by_class[6], failures_by_kind[10];
    counter bad_requests, timeouts, tunnels, tunnels_ended;
    counter bytes_in, bytes_out, connections_ended, log_lines_lost;
};

struct proxy_worker {
    size_t index, count; /* of how many */
    struct event_loop *loop;
    struct deadlines deadlines;
    struct proxy_shared *shared;
    struct proxy_state *state; /* the newest; counted */
    struct tls_server *tls;
    bool is_draining;

    struct upstreams *upstreams;
    /* upstream_start (upstream.h); tests put something else here. */
    enum exchange_failure (*start)(struct upstreams *upstreams, struct exchange *x);

    struct client *clients; /* all of them */
    size_t client_count;
    struct access_log *log;
    struct worker_counters counters;
    void *spare_buffers; /* of WORKER_BUFFER_SIZE each */
    size_t spare_buffer_count;
    void *spare_requests; /* http1_request.c's */
    size_t spare_request_count;
};

static inline uint64_t worker_now_ms(const struct proxy_worker *w)
{
    return event_loop_now_ms(w->loop);
}

/* Buffers for reading come from the worker and go back when nothing is in them, so that an idle connection
 * has none. NULL: out of memory. */
#define WORKER_BUFFER_SIZE EXCHANGE_PIECE_MAX
uint8_t *worker_take_buffer(struct proxy_worker *w);
void worker_give_buffer(struct proxy_worker *w, uint8_t *buffer);

#endif
