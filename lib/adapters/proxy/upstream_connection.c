/* One connection to a backend: socket, events, time, and the end of what it serves. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/proxy/upstream_parts.h"

static void on_event(void *cookie, unsigned events);

/* ---- time ---- */

static void on_deadline(struct deadline *d)
{
    struct upstream_connection *c = (struct upstream_connection *)(void *)d;
    switch (c->stage) {
    case UPSTREAM_IDLE:
        upstream_pool_remove(c);
        upstream_connection_free(c);
        return;
    case UPSTREAM_LAST_BYTES:
        upstream_connection_free(c);
        return;
    case UPSTREAM_CONNECTING:
        upstream_enter(c);
        upstream_lose(c, EXCHANGE_CONNECT_SLOW);
        break;
    default:
        upstream_enter(c);
        c->failure = EXCHANGE_ANSWER_SLOW;
    }
    upstream_leave(c);
}

/* How long may what is awaited take; 0: it is not the backend that is awaited. */
static uint64_t patience_ms(const struct upstream_connection *c)
{
    switch (c->stage) {
    case UPSTREAM_IDLE:
        return UPSTREAM_IDLE_MS;
    case UPSTREAM_LAST_BYTES:
        return UPSTREAM_LAST_BYTES_MS;
    case UPSTREAM_CONNECTING:
        return c->x->limits->backend_connect_ms;
    case UPSTREAM_TUNNEL:
        return c->x->limits->tunnel_idle_ms;
    default:
        if (c->is_paused || !(c->x->is_request_ended || c->is_write_blocked))
            return 0;
        return c->x->limits->backend_answer_ms;
    }
}

void upstream_connection_set_waits(struct upstream_connection *c)
{
    unsigned events = 0;
    uint64_t delay_ms = patience_ms(c);
    if (delay_ms > 0)
        deadline_set(c->all->deadlines, &c->deadline, delay_ms);
    else
        deadline_stop(&c->deadline);
    if (c->stage == UPSTREAM_CONNECTING || c->is_write_blocked)
        events |= EVENT_WRITABLE;
    if (c->stage != UPSTREAM_CONNECTING && c->stage != UPSTREAM_LAST_BYTES && !c->is_paused && !c->is_read_ended)
        events |= EVENT_READABLE;
    event_watch_change(c->watch, events);
}

/* ---- socket ---- */

struct upstream_connection *upstream_connection_new(struct upstreams *all)
{
    struct upstream_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->all = all;
    c->fd = -1;
    c->deadline.expired = on_deadline;
    builder_init(&c->out, UPSTREAM_OUTPUT_MAX);
    return c;
}

static bool open_socket(struct upstream_connection *c)
{
    struct error err;
    int yes = 1;
    socklen_t len = 0;
    const struct sockaddr *address = backend_socket_address(c->pool->backend, &len);
    c->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return false;
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, address, len) != 0 && errno != EINPROGRESS)
        return false;
    return event_loop_watch(c->all->loop, c->fd, EVENT_WRITABLE, on_event, c, &c->watch, &err) == STATUS_OK;
}

bool upstream_connection_open(struct upstream_connection *c, struct backend *backend)
{
    c->pool = upstream_pool_get(c->all, backend);
    if (c->pool != NULL && open_socket(c)) {
        c->stage = UPSTREAM_CONNECTING;
        c->is_reused = c->is_read_ended = c->is_dirty = false;
        c->is_write_blocked = c->is_write_failed = c->is_shut = false;
        return true;
    }
    upstream_connection_close_socket(c);
    return false;
}

void upstream_connection_close_socket(struct upstream_connection *c)
{
    event_watch_free(c->watch);
    c->watch = NULL;
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
    upstream_pool_release(c->all, c->pool);
    c->pool = NULL;
}

static void take_from_pending(struct upstream_connection *c)
{
    struct upstream_connection **at = &c->all->pending;
    while (*at != c)
        at = &(*at)->next_pending;
    *at = c->next_pending;
    c->is_pending = false;
}

void upstream_connection_outlive(struct upstream_connection *c)
{
    struct upstreams *all = c->all;
    c->stage = UPSTREAM_LAST_BYTES;
    c->link = &all->leaving;
    c->next = all->leaving;
    if (c->next != NULL)
        c->next->link = &c->next;
    all->leaving = c;
}

static void take_from_leaving(struct upstream_connection *c)
{
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
}

void upstream_connection_free(struct upstream_connection *c)
{
    if (c->stage == UPSTREAM_LAST_BYTES)
        take_from_leaving(c);
    if (c->is_pending)
        take_from_pending(c);
    upstream_connection_end(c);
    upstream_connection_close_socket(c);
    deadline_clear(c->all->deadlines, &c->deadline);
    builder_clear(&c->out);
    if (c->parser.on_piece != NULL)
        response_parser_clear(&c->parser);
    free(c->held);
    free(c);
}

void upstream_connection_begin(struct upstream_connection *c, struct exchange *x)
{
    c->x = x;
    x->up = &upstream_up;
    x->upstream = c;
    x->backend = backend_address(c->pool->backend);
    x->backend_start_ms = event_loop_now_ms(c->all->loop);
    backend_begin(c->pool->backend);
    c->is_counted = true;
    upstream_answer_begin(c);
    upstream_connection_set_waits(c);
}

void upstream_connection_end(struct upstream_connection *c)
{
    if (c->is_counted)
        backend_end(c->pool->backend);
    c->is_counted = false;
}

/* ---- events ---- */

static bool is_connected(const struct upstream_connection *c)
{
    int reason = 0;
    socklen_t len = sizeof reason;
    return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &reason, &len) == 0 && reason == 0;
}

static void on_connecting(struct upstream_connection *c)
{
    if (!is_connected(c)) {
        upstream_lose(c, EXCHANGE_CONNECT_FAILED);
        return;
    }
    c->stage = UPSTREAM_EXCHANGE;
    upstream_request_flush(c);
    if (c->x->request.is_raw)
        upstream_answer_connected(c);
}

static void resume_input(struct upstream_connection *c)
{
    if (c->x == NULL || !c->is_input_paused || upstream_output_len(c) > 0)
        return;
    c->is_input_paused = false;
    c->x->down->resume(c->x);
}

static void on_event(void *cookie, unsigned events)
{
    struct upstream_connection *c = cookie;
    if (c->stage == UPSTREAM_IDLE) {
        /* Closed, or bytes that nobody has asked for. */
        upstream_pool_remove(c);
        upstream_connection_free(c);
        return;
    }
    upstream_enter(c);
    if (c->stage == UPSTREAM_CONNECTING) {
        on_connecting(c);
    } else if ((events & EVENT_WRITABLE) != 0 && c->is_write_blocked) {
        c->is_write_blocked = false;
        upstream_request_flush(c);
    }
    if (c->stage != UPSTREAM_CONNECTING && c->failure == EXCHANGE_OK)
        resume_input(c);
    if ((events & EVENT_READABLE) != 0 && c->x != NULL && c->failure == EXCHANGE_OK && !c->is_paused &&
        !c->is_read_ended && c->stage != UPSTREAM_CONNECTING)
        upstream_answer_read(c);
    upstream_leave(c);
}

/* ---- the end of an exchange ---- */

static bool is_clean(const struct upstream_connection *c, const struct exchange *x)
{
    return c->stage == UPSTREAM_EXCHANGE && x->is_request_ended && upstream_output_len(c) == 0 && !c->is_dirty &&
           !c->is_write_failed && !c->is_read_ended && c->parser.is_keep_alive;
}

static void make_idle(struct upstream_connection *c, const struct exchange *x)
{
    bool is_kept = is_clean(c, x) && upstream_pool_keep(c, x->request.client, x->site->sends_proxy);
    upstream_connection_end(c);
    c->x = NULL;
    if (!is_kept) {
        upstream_connection_free(c);
        return;
    }
    c->is_finished = c->has_gathered = c->is_paused = c->is_input_paused = false;
    if (c->out.cap > UPSTREAM_OUTPUT_KEPT) {
        builder_clear(&c->out);
        builder_init(&c->out, UPSTREAM_OUTPUT_MAX);
    }
    if (c->is_pending)
        take_from_pending(c);
    upstream_connection_set_waits(c);
}

/* Both ends of a tunnel have ended, but perhaps not all has been written. */
static void release_tunnel(struct upstream_connection *c)
{
    upstream_connection_end(c);
    c->x = NULL;
    c->is_finished = c->is_paused = false;
    upstream_connection_outlive(c);
    if (c->is_write_failed || upstream_output_len(c) == 0)
        upstream_connection_free(c);
    else
        upstream_connection_set_waits(c);
}

static void tell_end(struct upstream_connection *c)
{
    struct exchange *x = c->x;
    if (c->stage == UPSTREAM_TUNNEL)
        release_tunnel(c);
    else
        make_idle(c, x);
    x->up = NULL;
    x->is_response_ended = true;
    x->down->end(x);
}

static void tell_failure(struct upstream_connection *c)
{
    struct exchange *x = c->x;
    enum exchange_failure why = c->failure;
    upstream_connection_free(c);
    x->up = NULL;
    x->down->fail(x, why);
}

static void go_on(struct upstream_connection *c)
{
    upstream_connection_set_waits(c);
    if (c->is_input_paused && c->stage != UPSTREAM_CONNECTING && upstream_output_len(c) == 0)
        upstream_tell_later(c);
}

void upstream_enter(struct upstream_connection *c)
{
    c->is_busy = true;
}

void upstream_leave(struct upstream_connection *c)
{
    while (c->x != NULL && c->has_gathered && !c->is_finished && c->failure == EXCHANGE_OK) {
        c->has_gathered = false;
        c->x->down->flush(c->x);
    }
    c->is_busy = false;
    if (c->is_dead)
        upstream_connection_free(c);
    else if (c->stage == UPSTREAM_LAST_BYTES && (c->is_write_failed || upstream_output_len(c) == 0))
        upstream_connection_free(c);
    else if (c->x != NULL && c->is_finished)
        tell_end(c);
    else if (c->x != NULL && c->failure != EXCHANGE_OK)
        tell_failure(c);
    else
        go_on(c);
}

static void on_pending(void *cookie)
{
    struct upstreams *all = cookie;
    all->pending_timer = 0;
    /* When something is added meanwhile, the rest waits with it for the next time: so nobody goes round in here. */
    while (all->pending != NULL && all->pending_timer == 0) {
        struct upstream_connection *c = all->pending;
        take_from_pending(c);
        upstream_enter(c);
        if (c->failure == EXCHANGE_OK)
            resume_input(c);
        upstream_leave(c);
    }
}

void upstream_tell_later(struct upstream_connection *c)
{
    if (c->is_pending || c->is_busy)
        return;
    c->is_pending = true;
    c->next_pending = c->all->pending;
    c->all->pending = c;
    if (c->all->pending_timer == 0)
        c->all->pending_timer = c->all->timers.start(c->all->timers.context, 0, on_pending, c->all);
}
