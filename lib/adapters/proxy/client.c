#include "adapters/proxy/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/proxy/address_counts.h"
#include "adapters/sockets/socket_address.h"
#include "base/list.h"

/* Thrown away in one round while lingering. */
#define LINGER_READS_MAX 16

/* ---- running ---- */

void client_close_after(struct client *c, bool has_linger)
{
    c->is_closing = true;
    c->has_linger = c->has_linger || has_linger;
}

static void discard(struct client *c)
{
    uint8_t nowhere[4096];
    for (int i = 0; i < LINGER_READS_MAX; i++) {
        ssize_t got = recv(c->fd, nowhere, sizeof nowhere, 0);
        if (got < 0)
            break;
        if (got == 0) {
            c->is_dead = true;
            return;
        }
    }
    c->can_read = false;
}

static void finish(struct client *c)
{
    if (!c->is_shut) {
        if (!client_flush(c)) {
            client_set_wait(c, CLIENT_WAIT_WRITE);
            return;
        }
        if (c->tls != NULL && c->is_handshaken)
            (void)tls_stream_close(c->tls);
        if (!c->has_linger || c->is_read_ended) {
            c->is_dead = true;
            return;
        }
        (void)shutdown(c->fd, SHUT_WR);
        c->is_shut = true;
        client_set_wait(c, CLIENT_WAIT_LINGER);
    }
    if (c->can_read)
        discard(c);
}

static void set_watch(struct client *c)
{
    unsigned events = 0;
    bool is_full = c->in_len - c->in_at == WORKER_BUFFER_SIZE;
    /* Only what is going to be read is waited for, or the loop would come round for it again and again. */
    bool reads = c->is_closing ? c->is_shut : !c->is_read_paused && !is_full;
    if (reads && !c->is_read_ended)
        events |= EVENT_READABLE;
    if (c->is_write_blocked)
        events |= EVENT_WRITABLE;
    event_watch_change(c->watch, events);
}

void client_kill(struct client *c)
{
    c->is_dead = true;
    if (c->is_listed_dead)
        return;
    c->is_listed_dead = true;
    /* Out of the list of the living. */
    LIST_REMOVE(c->worker->clients, c);
    c->previous = NULL;
    c->next = c->worker->dead;
    c->worker->dead = c;
    deadline_stop(&c->deadline);
    event_watch_change(c->watch, 0);
}

void client_cut(struct client *c)
{
    c->is_cut = c->is_cut || c->is_busy || client_output_len(c) > 0;
    client_kill(c);
}

void client_run(struct client *c)
{
    if (c->is_running || c->is_listed_dead)
        return;
    c->is_running = true;
    if (!c->is_handshaken && !c->is_dead)
        client_handshake(c);
    if (c->is_handshaken && !c->is_closing && !c->is_dead)
        c->protocol->run(c);
    if (c->is_closing && !c->is_dead)
        finish(c);
    c->is_running = false;
    if (c->is_dead) {
        client_kill(c);
        return;
    }
    client_release_buffers(c);
    set_watch(c);
}

void client_wrote(struct client *c)
{
    if (c->is_running || c->is_listed_dead)
        return;
    if (!client_flush(c))
        client_set_wait(c, CLIENT_WAIT_WRITE);
    if (c->is_dead) {
        client_kill(c);
        return;
    }
    set_watch(c);
}

void client_wake(struct client *c)
{
    if (c->is_woken || c->is_running)
        return;
    c->is_woken = true;
    c->next_woken = c->worker->woken;
    c->worker->woken = c;
}

void client_run_woken(struct proxy_worker *w)
{
    struct client *c = w->woken;
    w->woken = c->next_woken;
    c->is_woken = false;
    client_run(c);
}

static void on_event(void *cookie, unsigned events)
{
    struct client *c = cookie;
    if ((events & EVENT_READABLE) != 0)
        c->can_read = true;
    if ((events & EVENT_WRITABLE) != 0)
        c->is_write_blocked = false;
    client_run(c);
}

void client_drain(struct client *c)
{
    if (c->is_handshaken && c->protocol->drain != NULL && !c->is_closing)
        c->protocol->drain(c);
    /* What has come already is answered first. And who has only just connected has not been answered at all: for him it
     * would be a failed request, so he gets one, as long as head_ms waits for it. */
    c->can_read = true;
    client_run(c);
    bool is_fresh = c->wait == CLIENT_WAIT_HANDSHAKE || c->wait == CLIENT_WAIT_HEAD;
    if (c->is_listed_dead || c->is_busy || c->is_closing || is_fresh || client_output_len(c) > 0)
        return;
    client_close_after(c, false);
    client_run(c);
}

/* ---- birth and end ---- */

static bool start(struct client *c)
{
    struct error err;
    if (c->kind == PROXY_HTTPS &&
        (c->worker->tls == NULL || tls_stream_new_server(c->worker->tls, c->fd, &c->tls, &err) != STATUS_OK))
        return false;
    c->is_handshaken = c->tls == NULL;
    return event_loop_watch(c->worker->loop, c->fd, EVENT_READABLE, on_event, c, &c->watch, &err) == STATUS_OK;
}

static void give_back_place(struct proxy_worker *w, uint32_t address_slot)
{
    address_counts_remove(w->shared->addresses, address_slot);
    (void)atomic_fetch_sub_explicit(&w->shared->connections_now, 1, memory_order_relaxed);
    counter_add(&w->counters.connections_ended, 1);
}

void client_new(struct proxy_worker *w, int fd, enum proxy_listener_kind kind, const union client_address *peer,
                uint32_t address_slot)
{
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)close(fd);
        give_back_place(w, address_slot);
        return;
    }
    c->worker = w;
    c->fd = fd;
    c->kind = kind;
    c->peer_address = *peer;
    c->address_slot = address_slot;
    c->state = proxy_state_keep(w->state);
    c->deadline.expired = client_expired;
    c->protocol = kind == PROXY_TCP ? &tunnel_protocol : &http1_protocol;
    socket_address_write_host(&c->peer_address.any, c->peer, sizeof c->peer);
    LIST_PUSH(w->clients, c);
    w->client_count++;
    if (!start(c)) {
        client_free(c);
        return;
    }
    /* The first bytes have often come already: with TCP_DEFER_ACCEPT always. */
    c->can_read = true;
    client_set_wait(c, c->tls != NULL       ? CLIENT_WAIT_HANDSHAKE
                       : kind == PROXY_HTTP ? CLIENT_WAIT_HEAD
                                            : CLIENT_WAIT_NONE);
    client_run(c);
}

void client_free(struct client *c)
{
    struct proxy_worker *w = c->worker;
    if (!c->is_listed_dead && c->watch != NULL)
        client_kill(c);
    if (c->is_listed_dead) {
        struct client **at = &w->dead;
        while (*at != c)
            at = &(*at)->next;
        *at = c->next;
    } else {
        LIST_REMOVE(w->clients, c);
    }
    for (struct client **at = &w->woken; c->is_woken && *at != NULL;) {
        if (*at == c)
            *at = c->next_woken;
        else
            at = &(*at)->next_woken;
    }
    c->is_running = true; /* what an aborted exchange says runs nothing any more */
    c->protocol->free(c);
    upstream_client_clear(&c->upstream);
    deadline_clear(&w->deadlines, &c->deadline);
    event_watch_free(c->watch);
    tls_stream_free(c->tls);
    if (c->is_cut) {
        struct linger at_once = {.l_onoff = 1};
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    (void)close(c->fd);
    c->in_at = c->in_len;
    c->out_at = c->out.len;
    client_release_buffers(c);
    proxy_state_free(c->state);
    give_back_place(w, c->address_slot);
    free(c);
    if (--w->client_count == 0 && w->is_draining && w->drained != NULL)
        w->drained(w);
}

void client_close_dead(struct proxy_worker *w)
{
    while (w->dead != NULL)
        client_free(w->dead);
}
