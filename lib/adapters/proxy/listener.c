/* Accepting connections: limits before anything else. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/proxy/address_counts.h"
#include "adapters/proxy/client.h"

/* Connections taken in one round before others get their turn. */
#define ACCEPTS_MAX 64
/* Nothing is accepted for so long when descriptors are out, or handshakes begin too fast: the queue of the system
 * holds what comes. */
#define REST_MS 50
#define TOKEN 1000U

static void end_rest(struct deadline *d)
{
    struct worker_listener *l = (struct worker_listener *)d;
    if (l->watch != NULL)
        event_watch_change(l->watch, EVENT_READABLE);
}

static void rest(struct worker_listener *l)
{
    event_watch_change(l->watch, 0);
    l->rest.expired = end_rest;
    deadline_set(&l->worker->deadlines, &l->rest, REST_MS);
}

/* A bucket of one second's tokens: a burst of that many is fine. */
static bool take_handshake_token(struct proxy_worker *w)
{
    uint64_t per_s = proxy_state_limits(w->state)->handshakes_per_s;
    if (per_s == 0)
        return true;
    uint64_t now_ms = worker_now_ms(w), full = (per_s * TOKEN + w->count - 1) / w->count;
    if (full < TOKEN)
        full = TOKEN;
    uint64_t passed_ms = now_ms - w->tokens_ms;
    w->tokens_ms = now_ms;
    w->handshake_tokens += passed_ms > 1000 ? full : full * passed_ms / 1000;
    if (w->handshake_tokens > full)
        w->handshake_tokens = full;
    if (w->handshake_tokens < TOKEN)
        return false;
    w->handshake_tokens -= TOKEN;
    return true;
}

/* Counts the connection in, or says why not. */
static bool take_place(struct proxy_worker *w, const union client_address *peer, uint32_t *slot)
{
    const struct proxy_limits *limits = proxy_state_limits(w->state);
    uint64_t before = atomic_fetch_add_explicit(&w->shared->connections_now, 1, memory_order_relaxed);
    if (before >= limits->connections) {
        (void)atomic_fetch_sub_explicit(&w->shared->connections_now, 1, memory_order_relaxed);
        counter_add(&w->counters.refused_connections, 1);
        return false;
    }
    if (!address_counts_add(w->shared->addresses, &peer->any, limits->connections_per_address, slot)) {
        (void)atomic_fetch_sub_explicit(&w->shared->connections_now, 1, memory_order_relaxed);
        counter_add(&w->counters.refused_address, 1);
        return false;
    }
    counter_add(&w->counters.connections, 1);
    return true;
}

static void refuse(int fd)
{
    struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(fd);
}

static void on_listener(void *cookie, unsigned events)
{
    struct worker_listener *l = cookie;
    struct proxy_worker *w = l->worker;
    (void)events;
    for (int i = 0; i < ACCEPTS_MAX && l->watch != NULL; i++) {
        union client_address peer = {.alignment = 0};
        socklen_t len = sizeof peer;
        uint32_t slot = 0;
        if (l->kind == PROXY_HTTPS && !take_handshake_token(w)) {
            counter_add(&w->counters.refused_rate, 1);
            rest(l);
            return;
        }
        int fd = accept4(l->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (l->kind == PROXY_HTTPS)
                w->handshake_tokens += TOKEN;
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                rest(l);
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return;
        }
        if (take_place(w, &peer, &slot))
            client_new(w, fd, l->kind, &peer, slot);
        else
            refuse(fd);
    }
}

enum status worker_listen(struct proxy_worker *w, int fd, enum proxy_listener_kind kind, struct error *err)
{
    if (w->listener_count == PROXY_LISTENERS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d listeners", PROXY_LISTENERS_MAX);
    struct worker_listener *l = &w->listeners[w->listener_count];
    *l = (struct worker_listener){.worker = w, .fd = fd, .kind = kind};
    enum status s = event_loop_watch(w->loop, fd, EVENT_READABLE, on_listener, l, &l->watch, err);
    if (s == STATUS_OK)
        w->listener_count++;
    return s;
}

void worker_unlisten(struct proxy_worker *w)
{
    for (size_t i = 0; i < w->listener_count; i++) {
        event_watch_free(w->listeners[i].watch);
        w->listeners[i].watch = NULL;
        deadline_clear(&w->deadlines, &w->listeners[i].rest);
    }
}
