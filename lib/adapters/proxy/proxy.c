#include "adapters/proxy/proxy.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/proxy/access_log.h"
#include "adapters/proxy/address_counts.h"
#include "adapters/proxy/proxy_parts.h"
#include "crypto/random.h"

/* ---- birth and end ---- */

static size_t core_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (size_t)CPU_COUNT(&set);
}

static enum status open_workers(struct proxy *p, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < p->worker_count; i++) {
        struct member *m = &p->members[i];
        m->proxy = p;
        m->worker.index = i;
        m->worker.count = p->worker_count;
        m->worker.shared = &p->shared;
        m->worker.owner = m;
        s = worker_open(&m->worker, err);
    }
    return s;
}

enum status proxy_new(struct event_loop *main_loop, const struct proxy_settings *settings, struct proxy **out,
                      struct error *err)
{
    *out = NULL;
    size_t count = settings->worker_count > 0 ? settings->worker_count : core_count();
    if (count > PROXY_WORKERS_MAX)
        return error_set(err, STATUS_LIMIT, "%zu workers: at most %d", count, PROXY_WORKERS_MAX);
    struct proxy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(err, STATUS_NO_MEMORY, "proxy: out of memory");
    p->main = main_loop;
    p->worker_count = count;
    p->shared.trust_anchors_type = settings->trust_anchors_type;
    p->shared.addresses = calloc(1, sizeof *p->shared.addresses);
    p->listeners = calloc(PROXY_LISTENERS_MAX, sizeof *p->listeners);
    size_t size = count * sizeof *p->members;
    p->members = aligned_alloc(_Alignof(struct member), size);
    if (p->shared.addresses == NULL || p->listeners == NULL || p->members == NULL) {
        p->worker_count = 0;
        proxy_free(p);
        return error_set(err, STATUS_NO_MEMORY, "proxy: out of memory");
    }
    memset(p->members, 0, size);
    enum status s = random_bytes(p->shared.addresses->key, sizeof p->shared.addresses->key, err);
    if (s == STATUS_OK)
        s = open_workers(p, err);
    if (s != STATUS_OK) {
        proxy_free(p);
        return s;
    }
    *out = p;
    return STATUS_OK;
}

void proxy_free(struct proxy *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->worker_count; i++)
        if (p->members[i].has_thread)
            event_loop_stop(p->members[i].worker.loop);
    for (size_t i = 0; i < p->worker_count; i++) {
        if (p->members[i].has_thread)
            (void)pthread_join(p->members[i].thread, NULL);
        p->members[i].has_thread = false;
    }
    if (p->drain_timer != 0) {
        struct timer_port timers = event_loop_timers(p->main);
        timers.cancel(timers.context, p->drain_timer);
    }
    for (size_t i = 0; i < p->worker_count; i++)
        worker_close(&p->members[i].worker);
    proxy_order_forget_all(p);
    event_loop_unpost(p->main, p);
    if (p->listeners != NULL)
        proxy_listeners_close(p);
    free(p->listeners);
    free(p->members);
    free(p->shared.addresses);
    free(p);
}

/* ---- running ---- */

static void *run_worker(void *argument)
{
    struct member *m = argument;
    event_loop_run(m->worker.loop);
    return NULL;
}

static enum status start_threads(struct proxy *p, struct error *err)
{
    sigset_t all, before;
    enum status s = STATUS_OK;
    /* Signals are the main thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; s == STATUS_OK && i < p->worker_count; i++) {
        struct member *m = &p->members[i];
        int result = pthread_create(&m->thread, NULL, run_worker, m);
        m->has_thread = result == 0;
        if (result != 0)
            s = error_set(err, STATUS_IO, "worker thread: %s", strerror(result));
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s;
}

enum status proxy_start(struct proxy *p, struct proxy_state *state, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < p->worker_count; i++)
        worker_set_state(&p->members[i].worker, proxy_state_keep(state));
    for (size_t i = 0; s == STATUS_OK && i < p->listener_count; i++)
        s = proxy_listeners_share(p, &p->listeners[i], err);
    if (s == STATUS_OK)
        s = start_threads(p, err);
    p->is_running = s == STATUS_OK;
    return s;
}

static void apply_state(struct proxy_worker *w, struct order *order)
{
    worker_set_state(w, proxy_state_keep(order->state));
}

void proxy_apply(struct proxy *p, struct proxy_state *state, void (*done)(void *cookie), void *cookie)
{
    struct order *order = proxy_order_new(p, apply_state);
    order->state = proxy_state_keep(state);
    order->done = done;
    order->cookie = cookie;
    proxy_order_give(order);
}

static void apply_keys(struct proxy_worker *w, struct order *order)
{
    tls_server_set_ticket_keys(w->tls, &order->keys);
}

enum status proxy_set_ticket_keys(struct proxy *p, const struct tls_ticket_keys *keys, struct error *err)
{
    (void)err;
    struct order *order = proxy_order_new(p, apply_keys);
    order->keys = *keys;
    proxy_order_give(order);
    return STATUS_OK;
}

static void apply_log(struct proxy_worker *w, struct order *order)
{
    access_log_free(w->log);
    w->log = order->sink != NULL ? access_log_new(w, access_sink_keep(order->sink)) : NULL;
}

enum status proxy_set_access_log(struct proxy *p, int fd, enum proxy_log_format format, struct error *err)
{
    struct access_sink *sink = NULL;
    enum status s = fd >= 0 ? access_sink_new(fd, format, &sink, err) : STATUS_OK;
    if (s != STATUS_OK)
        return s;
    struct order *order = proxy_order_new(p, apply_log);
    order->sink = sink;
    proxy_order_give(order);
    return STATUS_OK;
}

/* ---- the graceful end ---- */

static void finish_drain(struct proxy *p)
{
    void (*done)(void *) = p->drained;
    struct timer_port timers = event_loop_timers(p->main);
    timers.cancel(timers.context, p->drain_timer);
    p->drain_timer = 0;
    p->drained = NULL;
    if (done != NULL)
        done(p->drained_cookie);
}

static void on_worker_drained(void *cookie)
{
    struct proxy *p = cookie;
    if (--p->left == 0 && p->drained != NULL)
        finish_drain(p);
}

/* On the worker's thread, once. */
static void worker_drained(struct proxy_worker *w)
{
    struct member *m = w->owner;
    w->drained = NULL;
    event_loop_post(m->proxy->main, on_worker_drained, m->proxy);
}

static void drain_worker(struct proxy_worker *w, struct order *order)
{
    (void)order;
    w->drained = worker_drained;
    worker_drain(w);
}

/* Nobody watches them any more. */
static void all_unlisten(void *cookie)
{
    proxy_listeners_close(cookie);
}

static void cut_worker(struct proxy_worker *w, struct order *order)
{
    (void)order;
    worker_cut(w);
}

static void on_drain_timer(void *cookie)
{
    struct proxy *p = cookie;
    p->drain_timer = 0;
    proxy_order_give(proxy_order_new(p, cut_worker));
}

void proxy_drain(struct proxy *p, uint64_t timeout_ms, void (*done)(void *cookie), void *cookie)
{
    if (p->is_draining)
        return;
    p->is_draining = true;
    p->left = p->worker_count;
    p->drained = done;
    p->drained_cookie = cookie;
    struct timer_port timers = event_loop_timers(p->main);
    p->drain_timer = timers.start(timers.context, timeout_ms, on_drain_timer, p);
    struct order *order = proxy_order_new(p, drain_worker);
    order->done = all_unlisten;
    order->cookie = p;
    proxy_order_give(order);
}

static uint64_t get(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

static void add_all(uint64_t *to, const counter *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += get(&from[i]);
}

void proxy_stats(const struct proxy *p, struct proxy_stats *out)
{
    uint64_t ended = 0, tunnels_ended = 0;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < p->worker_count; i++) {
        const struct worker_counters *n = &p->members[i].worker.counters;
        ended += get(&n->requests_ended);
        tunnels_ended += get(&n->tunnels_ended);
#define ADD(name) out->name += get(&n->name)
        ADD(connections);
        ADD(refused_connections);
        ADD(refused_address);
        ADD(refused_rate);
        ADD(handshakes);
        ADD(handshakes_failed);
        ADD(handshakes_resumed);
        ADD(requests);
        ADD(requests_http2);
        ADD(bad_requests);
        ADD(timeouts);
        ADD(tunnels);
        ADD(bytes_in);
        ADD(bytes_out);
        ADD(log_lines_lost);
#undef ADD
        add_all(out->handshakes_by_kind, n->handshakes_by_kind, PROXY_CREDENTIAL_KINDS);
        add_all(out->answers_by_class, n->answers_by_class, 6);
        add_all(out->failures_by_kind, n->failures_by_kind, 10);
    }
    out->connections_now = get(&p->shared.connections_now);
    /* Read one after the other, while they change. */
    out->requests_now = out->requests > ended ? out->requests - ended : 0;
    out->tunnels_now = out->tunnels > tunnels_ended ? out->tunnels - tunnels_ended : 0;
}
