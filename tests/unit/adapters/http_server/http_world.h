/* http_world.h - a server on loopback and a client of raw bytes, on one loop. */
#ifndef CATHAYA_TESTS_UNIT_HTTP_WORLD_H
#define CATHAYA_TESTS_UNIT_HTTP_WORLD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/checks.h"

#include "adapters/http_server/http_server.h"

/* A test that hangs fails after this. */
#define WORLD_PATIENCE_MS 20000

struct http_world {
    struct event_loop *loop;
    struct timer_port timers;
    struct http_server *server;
    struct http_server_limits limits;
    struct http_exchange *kept; /* of the handler "/later" */
    struct builder got;         /* what the client has read */
    int client;
    struct event_watch *client_watch;
    bool is_closed; /* the server has closed the client's connection */
    size_t stop_at; /* stop when that much was read */
    char log[512];  /* what handlers and observers noted */
};

static inline void world_note(struct http_world *w, const char *what)
{
    assert_true(strlen(w->log) + strlen(what) < sizeof w->log);
    memcpy(w->log + strlen(w->log), what, strlen(what) + 1);
}

/* "METHOD path?query [host] body" */
static inline void world_echo(void *context, struct http_exchange *x)
{
    const struct http_request *r = &x->request;
    (void)context;
    x->response.status = 200;
    builder_bytes(&x->response.body, r->method);
    builder_u8(&x->response.body, ' ');
    builder_bytes(&x->response.body, r->path);
    builder_u8(&x->response.body, '?');
    builder_bytes(&x->response.body, r->query);
    builder_text(&x->response.body, " [");
    builder_bytes(&x->response.body, r->host);
    builder_text(&x->response.body, "] ");
    builder_bytes(&x->response.body, r->body);
    x->send(x);
}

static inline void world_later(void *context, struct http_exchange *x)
{
    struct http_world *w = context;
    world_note(w, "later ");
    w->kept = x;
}

static inline void world_route(struct http_world *w, const char *prefix, struct http_handler handler)
{
    struct error err;
    handler.context = w;
    OK(http_server_add_route(w->server, prefix, &handler, &err));
}

/* limits is changed by a test before this. */
static inline void world_open(struct http_world *w)
{
    struct error err;
    OK(http_server_new(w->loop, &w->limits, &w->server, &err));
    OK(http_server_listen(w->server, "127.0.0.1:0", NULL, &err));
    world_route(w, "/", (struct http_handler){.body_max = 100, .handle = world_echo});
    world_route(w, "/big", (struct http_handler){.body_max = 1 << 24, .handle = world_echo});
    world_route(w, "/later", (struct http_handler){.body_max = 100, .handle = world_later});
}

static inline int world_set_up(void **state)
{
    struct error err;
    struct http_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    OK(event_loop_new(&w->loop, &err));
    w->timers = event_loop_timers(w->loop);
    w->limits = http_server_default_limits();
    w->client = -1;
    builder_init(&w->got, 1 << 26);
    *state = w;
    return 0;
}

static inline void world_hang_up(struct http_world *w)
{
    event_watch_free(w->client_watch);
    w->client_watch = NULL;
    if (w->client >= 0)
        (void)close(w->client);
    w->client = -1;
}

static inline int world_tear_down(void **state)
{
    struct http_world *w = *state;
    world_hang_up(w);
    http_server_free(w->server);
    event_loop_free(w->loop);
    builder_clear(&w->got);
    free(w);
    return 0;
}

static inline void world_client_event(void *cookie, unsigned events)
{
    struct http_world *w = cookie;
    char buffer[65536];
    (void)events;
    ssize_t len = recv(w->client, buffer, sizeof buffer, 0);
    if (len > 0)
        builder_bytes(&w->got, bytes_of(buffer, (size_t)len));
    w->is_closed = len <= 0;
    if (w->is_closed)
        event_watch_change(w->client_watch, 0);
    if (w->is_closed || (w->stop_at > 0 && w->got.len >= w->stop_at))
        event_loop_stop(w->loop);
}

static inline int world_dial(struct http_world *w, size_t listener)
{
    const char *address = http_server_address(w->server, listener);
    uint64_t port = 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(text_parse_u64(bytes_of_text(strrchr(address, ':') + 1), 65535, &port));
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void world_connect(struct http_world *w)
{
    struct error err;
    world_hang_up(w);
    w->client = world_dial(w, 0);
    w->is_closed = false;
    builder_reset(&w->got);
    OK(event_loop_watch(w->loop, w->client, EVENT_READABLE, world_client_event, w, &w->client_watch,
                        &err));
}

static inline void world_send(struct http_world *w, struct bytes raw)
{
    assert_int_equal(send(w->client, raw.data, raw.len, MSG_NOSIGNAL), raw.len);
}

static inline void world_send_text(struct http_world *w, const char *text)
{
    world_send(w, bytes_of_text(text));
}

static inline void world_give_up(void *cookie)
{
    (void)cookie;
    fail_msg("nothing happens");
}

/* Until the server closes, or len bytes (0: any) have come. */
static inline void world_wait(struct http_world *w, size_t len)
{
    uint64_t patience = w->timers.start(w->timers.context, WORLD_PATIENCE_MS, world_give_up, NULL);
    w->stop_at = len;
    if (!w->is_closed && (len == 0 || w->got.len < len))
        event_loop_run(w->loop);
    w->timers.cancel(w->timers.context, patience);
}

static inline void world_stop(void *cookie)
{
    struct http_world *w = cookie;
    event_loop_stop(w->loop);
}

/* Lets the loop handle what is there, for so long. */
static inline void world_pass(struct http_world *w, uint64_t ms)
{
    (void)w->timers.start(w->timers.context, ms, world_stop, w);
    w->stop_at = 0;
    event_loop_run(w->loop);
}

/* What was read, without its Date lines. */
static inline const char *world_text(struct http_world *w)
{
    char *date = NULL;
    builder_u8(&w->got, 0);
    w->got.len--;
    while ((date = strstr((char *)w->got.data, "Date: ")) != NULL) {
        char *end = strstr(date, "\r\n");
        assert_non_null(end);
        size_t after = (size_t)(end + 2 - (char *)w->got.data);
        memmove(date, end + 2, w->got.len - after + 1);
        w->got.len -= (size_t)(end + 2 - date);
    }
    return (const char *)w->got.data;
}

/* One connection: sends it all, says that nothing more comes, reads to the end. */
static inline const char *world_talk(struct http_world *w, struct bytes raw)
{
    world_connect(w);
    world_send(w, raw);
    (void)shutdown(w->client, SHUT_WR);
    world_wait(w, 0);
    return world_text(w);
}

static inline const char *world_talk_text(struct http_world *w, const char *raw)
{
    return world_talk(w, bytes_of_text(raw));
}

#endif
