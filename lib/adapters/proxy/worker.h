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
struct http1;
struct upstreams; /* upstream.h */
struct access_log;
struct address_counts;

/* What all workers share: counters that are limits. */
struct proxy_shared {
    _Atomic uint64_t connections_now;
    struct address_counts *addresses;
    uint16_t trust_anchors_type;
};

/* One socket that a worker accepts from. */
struct worker_listener {
    struct deadline rest; /* first; until it is watched again */
    struct proxy_worker *worker;
    int fd; /* the proxy's */
    enum proxy_listener_kind kind;
    struct event_watch *watch;
};

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

/* Kept for the next ones: 1 MiB of buffers. */
#define WORKER_SPARES_MAX 64

struct proxy_worker {
    size_t index, count; /* of how many */
    struct event_loop *loop;
    struct deadlines deadlines;
    struct proxy_shared *shared;
    struct proxy_state *state; /* the newest; counted */
    struct tls_server *tls;
    bool is_draining, is_closed;
    struct worker_listener listeners[PROXY_LISTENERS_MAX];
    size_t listener_count;
    /* Handshakes that may begin, in thousandths, and when they were counted last. */
    uint64_t handshake_tokens, tokens_ms;
    struct event_hook *end_of_round;

    struct upstreams *upstreams;
    /* upstream_start (upstream.h); tests put something else here. */
    enum exchange_failure (*start)(struct upstreams *upstreams, struct exchange *x);

    struct client *clients; /* all of them */
    struct client *dead;    /* to be closed at the end of the round */
    struct client *woken;   /* to be run at the end of the round */
    size_t client_count;
    /* Called when the last client has gone, while draining. */
    void (*drained)(struct proxy_worker *w);
    void *owner; /* proxy.c's */
    struct access_log *log;
    struct worker_counters counters;
    uint8_t *spare_buffers[WORKER_SPARES_MAX]; /* of WORKER_BUFFER_SIZE each */
    size_t spare_buffer_count;
    struct http1 *spare_requests[WORKER_SPARES_MAX];
    size_t spare_request_count;
    int64_t date_s; /* the second that date is for */
    char date[32];  /* of a Date field */
};

/* worker_open makes the loop, the TLS server and the upstream side; nothing runs yet. */
MUST_USE enum status worker_open(struct proxy_worker *w, struct error *err);
/* worker_close is for when its loop does not run any more: cuts what is open. */
void worker_close(struct proxy_worker *w);

/* On the worker's thread: the newest state (takes the count), the graceful end, cutting everything. */
void worker_set_state(struct proxy_worker *w, struct proxy_state *state);
void worker_drain(struct proxy_worker *w);
void worker_cut(struct proxy_worker *w);

/* worker_listen begins to accept (listener.c); worker_unlisten ends it for all sockets. */
MUST_USE enum status worker_listen(struct proxy_worker *w, int fd, enum proxy_listener_kind kind, struct error *err);
void worker_unlisten(struct proxy_worker *w);

/* worker_date is the value of a Date field. */
const char *worker_date(struct proxy_worker *w);

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
