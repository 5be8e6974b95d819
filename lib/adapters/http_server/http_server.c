#include "adapters/http_server/http_server.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/http_server/server_parts.h"

#define CONNECTIONS_MAX 4096
#define CONNECTIONS_PER_ADDRESS_MAX 512
#define HEAD_MS 15000
#define BODY_MS 30000
#define IDLE_MS 60000
#define WRITE_MS 30000
/* Bodies that come whole before they are handled, and whose last byte may be held back: without a limit those of all
 * connections, unpacked, would be many gigabytes. */
#define BODIES_MAX ((size_t)512 << 20)
#define BODIES_PER_ADDRESS_MAX ((size_t)64 << 20)
/* 128 kbit/s: the slowest line that is waited for. */
#define SLOWEST_BYTES_PER_S 16384
/* Deadlines are looked at this often: a quarter of the shortest, within these bounds. */
#define SWEEP_MS_MIN 10
#define SWEEP_MS_MAX 1000

struct http_server_limits http_server_default_limits(void)
{
    return (struct http_server_limits){
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = CONNECTIONS_PER_ADDRESS_MAX,
        .bodies_max = BODIES_MAX,
        .bodies_per_address_max = BODIES_PER_ADDRESS_MAX,
        .head_ms = HEAD_MS,
        .body_ms = BODY_MS,
        .idle_ms = IDLE_MS,
        .write_ms = WRITE_MS,
        .slowest_bytes_per_s = SLOWEST_BYTES_PER_S,
    };
}

/* ---- deadlines ---- */

static void sweep(void *cookie)
{
    struct http_server *server = cookie;
    struct http_connection *c = server->connections;
    for (size_t i = 0; i < server->listener_count; i++)
        listener_wake(&server->listeners[i]);
    while (c != NULL) {
        if (!connection_is_expired(c)) {
            c = c->next;
            continue;
        }
        /* A handler that hears of it may end other connections: begin again. An expired one is closed
         * or waits for something else afterwards, so this comes to an end. */
        connection_expire(c);
        c = server->connections;
    }
    server->sweep_timer =
        server->timers.start(server->timers.context, server->sweep_ms, sweep, server);
}

static uint64_t sweep_interval(const struct http_server_limits *limits)
{
    uint64_t shortest = limits->head_ms;
    if (limits->body_ms < shortest)
        shortest = limits->body_ms;
    if (limits->idle_ms < shortest)
        shortest = limits->idle_ms;
    if (limits->write_ms < shortest)
        shortest = limits->write_ms;
    if (shortest / 4 < SWEEP_MS_MIN)
        return SWEEP_MS_MIN;
    return shortest / 4 < SWEEP_MS_MAX ? shortest / 4 : SWEEP_MS_MAX;
}

/* ---- server ---- */

enum status http_server_new(struct event_loop *loop, const struct http_server_limits *limits,
                            struct http_server **out, struct error *err)
{
    *out = NULL;
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return error_set(err, STATUS_NO_MEMORY, "http server: out of memory");
    server->loop = loop;
    server->timers = event_loop_timers(loop);
    server->limits = *limits;
    server->sweep_ms = sweep_interval(limits);
    address_table_init(&server->addresses);
    server->sweep_timer =
        server->timers.start(server->timers.context, server->sweep_ms, sweep, server);
    *out = server;
    return STATUS_OK;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    server->drained = NULL;
    for (size_t i = 0; i < server->listener_count; i++)
        listener_close(&server->listeners[i]);
    while (server->connections != NULL)
        connection_close(server->connections);
    server->timers.cancel(server->timers.context, server->sweep_timer);
    server->timers.cancel(server->timers.context, server->drain_timer);
    address_table_clear(&server->addresses);
    free(server);
}

enum status http_server_add_route(struct http_server *server, const char *prefix,
                                  const struct http_handler *handler, struct error *err)
{
    size_t at = 0;
    if (prefix[0] != '/')
        return error_set(err, STATUS_USAGE, "route %s does not begin with '/'", prefix);
    if (server->route_count == HTTP_SERVER_ROUTES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d routes", HTTP_SERVER_ROUTES_MAX);
    while (at < server->route_count && strlen(server->routes[at].prefix) >= strlen(prefix)) {
        if (strcmp(server->routes[at].prefix, prefix) == 0)
            return error_set(err, STATUS_CONFLICT, "two routes for %s", prefix);
        at++;
    }
    memmove(&server->routes[at + 1], &server->routes[at],
            (server->route_count - at) * sizeof server->routes[0]);
    server->routes[at] = (struct http_route){.prefix = prefix, .handler = *handler};
    server->route_count++;
    return STATUS_OK;
}

const struct http_route *server_find_route(const struct http_server *server, struct bytes path)
{
    for (size_t i = 0; i < server->route_count; i++) {
        const char *prefix = server->routes[i].prefix;
        size_t len = strlen(prefix);
        if (path.len >= len && memcmp(path.data, prefix, len) == 0 &&
            (path.len == len || prefix[len - 1] == '/' || path.data[len] == '/'))
            return &server->routes[i];
    }
    return NULL;
}

enum status http_server_listen(struct http_server *server, const char *address,
                               struct tls_context *tls, struct error *err)
{
    if (server->listener_count == HTTP_SERVER_LISTENERS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d addresses to listen on",
                         HTTP_SERVER_LISTENERS_MAX);
    struct http_listener *l = &server->listeners[server->listener_count];
    *l = (struct http_listener){.server = server, .fd = -1};
    enum status s = listener_open(l, address, err);
    if (s != STATUS_OK)
        return s;
    l->tls = tls_context_keep(tls);
    server->listener_count++;
    return STATUS_OK;
}

const char *http_server_address(const struct http_server *server, size_t index)
{
    return index < server->listener_count ? server->listeners[index].address : "";
}

void http_server_set_tls(struct http_server *server, size_t index, struct tls_context *tls)
{
    if (index >= server->listener_count || server->listeners[index].tls == NULL || tls == NULL)
        return;
    struct tls_context *old = server->listeners[index].tls;
    server->listeners[index].tls = tls_context_keep(tls);
    tls_context_free(old);
}

size_t http_server_connection_count(const struct http_server *server)
{
    return server->connection_count;
}

void http_server_observe(struct http_server *server,
                         void (*observer)(void *context, const struct http_server_answer *answer),
                         void *context)
{
    server->observer = observer;
    server->observer_context = context;
}

const char *server_date(struct http_server *server)
{
    time_t now = time(NULL);
    struct tm parts;
    if (now != server->date_s && gmtime_r(&now, &parts) != NULL) {
        /* The process never sets a locale: the names are English. */
        (void)strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        server->date_s = now;
    }
    return server->date;
}

/* ---- draining ---- */

static void call_drained(void *cookie)
{
    struct http_server *server = cookie;
    void (*drained)(void *cookie) = server->drained;
    server->drain_timer = 0;
    server->drained = NULL;
    if (drained != NULL)
        drained(server->drained_cookie);
}

static void schedule_drained(struct http_server *server)
{
    server->timers.cancel(server->timers.context, server->drain_timer);
    server->drain_timer = server->timers.start(server->timers.context, 0, call_drained, server);
}

static void end_drain(void *cookie)
{
    struct http_server *server = cookie;
    server->drain_timer = 0;
    while (server->connections != NULL)
        connection_close(server->connections);
}

void server_connection_gone(struct http_server *server)
{
    if (server->is_draining && server->connections == NULL && server->drained != NULL)
        schedule_drained(server);
}

void http_server_drain(struct http_server *server, uint64_t timeout_ms, void (*done)(void *cookie),
                       void *cookie)
{
    server->is_draining = true;
    server->drained = done;
    server->drained_cookie = cookie;
    for (size_t i = 0; i < server->listener_count; i++)
        listener_close(&server->listeners[i]);
    /* Idle ones have no exchange: no handler hears of their end. */
    struct http_connection *next = NULL;
    for (struct http_connection *c = server->connections; c != NULL; c = next) {
        next = c->next;
        if (connection_is_idle(c) || c->stage == STAGE_HANDSHAKE)
            connection_close(c);
    }
    server->timers.cancel(server->timers.context, server->drain_timer);
    server->drain_timer = server->timers.start(server->timers.context,
                                               server->connections != NULL ? timeout_ms : 0,
                                               server->connections != NULL ? end_drain : call_drained,
                                               server);
}
