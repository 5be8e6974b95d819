/* proxy_parts.h - the inside of proxy.h; the files proxy*.c alone include it. */
#ifndef CATHAYA_ADAPTERS_PROXY_PROXY_PARTS_H
#define CATHAYA_ADAPTERS_PROXY_PROXY_PARTS_H

#include <pthread.h>

#include "adapters/proxy/worker.h"

struct order;

struct listener {
    char address[PROXY_ADDRESS_SIZE];
    enum proxy_listener_kind kind;
    int fds[PROXY_WORKERS_MAX];
    size_t fd_count;
};

/* One worker and its thread; its own cache lines. */
struct member {
    struct proxy_worker worker;
    struct proxy *proxy;
    pthread_t thread;
    bool has_thread;
} __attribute__((aligned(64)));

struct proxy {
    struct event_loop *main;
    struct proxy_shared shared;
    struct member *members;
    size_t worker_count;
    struct listener *listeners;
    size_t listener_count;
    bool is_running;
    struct order *orders; /* not done yet */

    /* The graceful end. */
    bool is_draining;
    size_t left; /* workers with connections */
    uint64_t drain_timer;
    void (*drained)(void *cookie);
    void *drained_cookie;
};

/* ---- proxy_orders.c ---- */

/* What each worker is to do, on its thread; and then what main is to do when all have. */
struct order {
    struct proxy *proxy;
    struct order *next, **at; /* of p->orders */
    atomic_size_t left;
    void (*each)(struct proxy_worker *w, struct order *order);
    void (*done)(void *cookie);
    void *cookie;
    struct proxy_state *state;
    struct access_sink *sink;
    struct tls_ticket_keys keys;
};

/* proxy_order_new is one without state, sink and done, which the caller may set (it takes over what is counted)
 * before proxy_order_give sends it to the workers. */
struct order *proxy_order_new(struct proxy *p, void (*each)(struct proxy_worker *w, struct order *order));
void proxy_order_give(struct order *order);
/* proxy_order_forget_all: all workers are closed, and what they have done nobody needs to know any more. */
void proxy_order_forget_all(struct proxy *p);

/* ---- proxy_listeners.c ---- */

/* proxy_listeners_share: every socket has a worker, and every worker a socket, also when an older process had more or
 * fewer workers. */
MUST_USE enum status proxy_listeners_share(struct proxy *p, const struct listener *l, struct error *err);
void proxy_listeners_close(struct proxy *p);

#endif
