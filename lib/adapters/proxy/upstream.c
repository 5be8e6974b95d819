/* Which backend gets a request, and which gets it when that one does not work. */
#include "adapters/proxy/upstream.h"

#include <stdlib.h>

#include "adapters/proxy/upstream_parts.h"

enum status upstream_new(struct event_loop *loop, struct deadlines *deadlines, struct upstreams **out,
                         struct error *err)
{
    *out = NULL;
    struct upstreams *all = calloc(1, sizeof *all);
    uint8_t *buffer = malloc(UPSTREAM_READ_SIZE);
    if (all == NULL || buffer == NULL) {
        free(all);
        free(buffer);
        return error_set(err, STATUS_NO_MEMORY, "upstream: out of memory");
    }
    all->loop = loop;
    all->timers = event_loop_timers(loop);
    all->deadlines = deadlines;
    all->buffer = buffer;
    *out = all;
    return STATUS_OK;
}

void upstream_free(struct upstreams *all)
{
    if (all == NULL)
        return;
    upstream_close_idle(all);
    while (all->leaving != NULL)
        upstream_connection_free(all->leaving);
    all->timers.cancel(all->timers.context, all->pending_timer);
    free(all->buffer);
    free(all);
}

size_t upstream_idle_count(const struct upstreams *all)
{
    return all->idle_count;
}

/* ---- choice ---- */

/* Nobody is reached: 502 for a backend that should be there, 503 when all are known to be down. */
static enum exchange_failure unreached(const struct exchange *x)
{
    return backend_group_is_up(x->site->backends) ? EXCHANGE_CONNECT_FAILED : EXCHANGE_NO_BACKEND;
}

/* Connects to the next backend that takes it; false: none does. */
static bool connect_next(struct upstream_connection *c, struct exchange *x)
{
    uint64_t now_ms = event_loop_now_ms(c->all->loop);
    while (c->try_count < UPSTREAM_TRIES_MAX) {
        struct backend *backend = backend_pick(x->site->backends, &c->tried, now_ms);
        if (backend == NULL)
            return false;
        c->try_count++;
        if (upstream_connection_open(c, backend))
            return true;
        (void)backend_fail(backend, now_ms);
    }
    return false;
}

static enum exchange_failure start_new(struct upstreams *all, struct exchange *x, struct backend *backend,
                                       uint64_t tried)
{
    struct upstream_connection *c = upstream_connection_new(all);
    if (c == NULL)
        return EXCHANGE_NO_MEMORY;
    c->tried = tried;
    c->try_count = 1;
    bool is_open = upstream_connection_open(c, backend);
    if (!is_open) {
        (void)backend_fail(backend, event_loop_now_ms(all->loop));
        is_open = connect_next(c, x);
    }
    if (!is_open) {
        upstream_connection_free(c);
        return unreached(x);
    }
    upstream_connection_begin(c, x);
    upstream_request_write_head(c, true);
    return EXCHANGE_OK;
}

enum exchange_failure upstream_start(struct upstreams *all, struct exchange *x)
{
    uint64_t tried = 0;
    x->up = NULL;
    if (x->site->backends == NULL)
        return EXCHANGE_NO_BACKEND;
    struct upstream_connection *c = upstream_pool_take_own(x);
    struct backend *backend = NULL;
    if (c == NULL) {
        backend = backend_pick(x->site->backends, &tried, event_loop_now_ms(all->loop));
        c = upstream_pool_take(all, x, backend);
    }
    if (c == NULL)
        return start_new(all, x, backend, tried);
    c->is_reused = true;
    c->tried = 0;
    c->try_count = 1;
    c->stage = UPSTREAM_EXCHANGE;
    upstream_connection_begin(c, x);
    upstream_request_write_head(c, false);
    return EXCHANGE_OK;
}

/* ---- another one ---- */

/* [RFC9110 9.2.2] */
static bool is_idempotent(struct bytes method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (bytes_is_text(method, methods[i]))
            return true;
    return false;
}

/* The backend may have closed a kept connection just when the request was on its way [RFC9112 9.3.1]. */
static bool is_stale(const struct upstream_connection *c)
{
    return c->is_reused && c->stage == UPSTREAM_EXCHANGE && response_parser_is_idle(&c->parser) &&
           c->informational_count == 0 && !c->x->request.has_body && is_idempotent(c->x->request.method);
}

void upstream_lose(struct upstream_connection *c, enum exchange_failure why)
{
    bool was_connecting = c->stage == UPSTREAM_CONNECTING;
    bool has_answer = !response_parser_is_idle(&c->parser) || c->informational_count > 0;
    bool can_retry = was_connecting || is_stale(c);
    struct exchange *x = c->x;
    if (was_connecting || (!c->is_reused && !has_answer && c->stage == UPSTREAM_EXCHANGE))
        (void)backend_fail(c->pool->backend, event_loop_now_ms(c->all->loop));
    c->failure = why;
    if (!can_retry)
        return;
    upstream_connection_end(c);
    upstream_connection_close_socket(c);
    if (!connect_next(c, x)) {
        if (was_connecting && why == EXCHANGE_CONNECT_FAILED)
            c->failure = unreached(x);
        return;
    }
    c->failure = EXCHANGE_OK;
    upstream_connection_begin(c, x);
    if (!was_connecting)
        upstream_request_write_head(c, true);
}
