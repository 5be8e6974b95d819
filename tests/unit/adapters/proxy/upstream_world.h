/* upstream_world.h - a loop with a backend that does what the test says, and the client's side of an exchange that
 * notes what it is told. */
#ifndef CATHAYA_TESTS_UNIT_UPSTREAM_WORLD_H
#define CATHAYA_TESTS_UNIT_UPSTREAM_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/checks.h"

#include "adapters/proxy/backend.h"
#include "adapters/proxy/deadline.h"
#include "adapters/proxy/proxy_state.h"
#include "adapters/proxy/upstream.h"

/* A test that hangs fails after this. */
#define WORLD_PATIENCE_MS 20000
#define WORLD_CONNECTIONS_MAX 16

struct upstream_world;

struct world_connection {
    struct upstream_world *world;
    int fd;
    struct event_watch *watch;
    struct builder got;
    bool is_ended;
};

struct upstream_world {
    struct event_loop *loop;
    struct timer_port timers;
    struct deadlines *deadlines;
    struct upstreams *upstreams;
    struct proxy_limits limits;
    struct proxy_site site;
    struct exchange x;

    int listener;
    uint16_t port;
    struct event_watch *listener_watch;
    struct world_connection connections[WORLD_CONNECTIONS_MAX];
    size_t connection_count;
    /* Called when bytes, or the end, have come. */
    void (*on_backend)(struct world_connection *c);
    /* Called after each thing that the client's side is told. */
    void (*on_told)(struct upstream_world *w);

    struct builder log;  /* "100 200 end", "fail 5" */
    struct builder body; /* of the answer */
    bool takes_no_more;  /* body says false */
    bool is_over;
    unsigned resume_count;
};

static inline void world_say(const struct world_connection *c, const char *text)
{
    assert_int_equal(send(c->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void world_hang_up(struct world_connection *c)
{
    event_watch_free(c->watch);
    c->watch = NULL;
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
}

static inline bool world_has(const struct world_connection *c, const char *text)
{
    return memmem(c->got.data, c->got.len, text, strlen(text)) != NULL;
}

static inline void world_on_connection(void *cookie, unsigned events)
{
    struct world_connection *c = cookie;
    char buffer[65536];
    (void)events;
    ssize_t len = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (len < 0 && errno == EAGAIN)
        return;
    if (len > 0)
        builder_bytes(&c->got, bytes_of(buffer, (size_t)len));
    c->is_ended = len <= 0;
    if (c->is_ended)
        event_watch_change(c->watch, 0);
    if (c->world->on_backend != NULL)
        c->world->on_backend(c);
}

static inline void world_on_listener(void *cookie, unsigned events)
{
    struct upstream_world *w = cookie;
    struct error err;
    (void)events;
    assert_true(w->connection_count < WORLD_CONNECTIONS_MAX);
    struct world_connection *c = &w->connections[w->connection_count];
    c->fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC);
    if (c->fd < 0)
        return;
    w->connection_count++;
    c->world = w;
    builder_init(&c->got, (size_t)1 << 26);
    OK(event_loop_watch(w->loop, c->fd, EVENT_READABLE, world_on_connection, c, &c->watch, &err));
}

/* A socket that is bound; whoever connects is refused until it listens. */
static inline int world_bind(uint16_t *port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    *port = ntohs(name.sin_port);
    return fd;
}

static inline struct backend_group *world_group(const uint16_t *ports, size_t count)
{
    char texts[BACKENDS_MAX][32];
    const char *addresses[BACKENDS_MAX];
    struct error err;
    struct backend_group *group = NULL;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "127.0.0.1:%u", (unsigned)ports[i]);
        addresses[i] = texts[i];
    }
    OK(backend_group_new(addresses, count, NULL, &group, &err));
    return group;
}

/* ---- the client's side ---- */

static inline struct upstream_world *world_of(struct exchange *x)
{
    return (struct upstream_world *)(void *)((char *)x - offsetof(struct upstream_world, x));
}

static inline void world_told(struct upstream_world *w)
{
    if (w->on_told != NULL)
        w->on_told(w);
}

static inline void world_head(struct exchange *x, const struct exchange_response *response)
{
    struct upstream_world *w = world_of(x);
    assert_false(w->is_over);
    builder_printf(&w->log, "%d ", response->status);
    world_told(w);
}

static inline bool world_body(struct exchange *x, struct bytes piece)
{
    struct upstream_world *w = world_of(x);
    assert_false(w->is_over);
    assert_true(piece.len > 0 && piece.len <= EXCHANGE_PIECE_MAX);
    builder_bytes(&w->body, piece);
    world_told(w);
    return !w->takes_no_more;
}

static inline void world_end(struct exchange *x)
{
    struct upstream_world *w = world_of(x);
    assert_false(w->is_over);
    builder_text(&w->log, "end ");
    w->is_over = x->up == NULL;
    world_told(w);
    if (w->is_over)
        event_loop_stop(w->loop);
}

static inline void world_flush(struct exchange *x)
{
    assert_false(world_of(x)->is_over);
}

static inline void world_resume(struct exchange *x)
{
    struct upstream_world *w = world_of(x);
    assert_false(w->is_over);
    w->resume_count++;
    world_told(w);
}

static inline void world_fail(struct exchange *x, enum exchange_failure why)
{
    struct upstream_world *w = world_of(x);
    assert_false(w->is_over);
    assert_null(x->up);
    builder_printf(&w->log, "fail %d ", (int)why);
    w->is_over = true;
    world_told(w);
    event_loop_stop(w->loop);
}

static const struct exchange_down world_down = {.head = world_head,
                                                .body = world_body,
                                                .end = world_end,
                                                .flush = world_flush,
                                                .resume = world_resume,
                                                .fail = world_fail};

static inline void world_expect(const struct upstream_world *w, const char *log)
{
    assert_bytes(builder_view(&w->log), bytes_of_text(log));
}

/* ---- the whole ---- */

static inline void world_too_long(void *cookie)
{
    (void)cookie;
    fail_msg("nothing happens");
}

static inline void world_run(struct upstream_world *w)
{
    uint64_t timer = w->timers.start(w->timers.context, WORLD_PATIENCE_MS, world_too_long, NULL);
    event_loop_run(w->loop);
    w->timers.cancel(w->timers.context, timer);
}

/* Begins with method and, when body is not NULL, a body of that length (else chunked: length -1). */
static inline void world_start(struct upstream_world *w, const char *method, bool has_body, int64_t length)
{
    w->x = (struct exchange){.request = {.method = bytes_of_text(method),
                                         .target = bytes_of_text("/"),
                                         .authority = bytes_of_text("a.example"),
                                         .has_body = has_body,
                                         .has_length = length >= 0,
                                         .length = length >= 0 ? (uint64_t)length : 0,
                                         .is_head = strcmp(method, "HEAD") == 0,
                                         .peer = "192.0.2.1"},
                             .down = &world_down,
                             .site = &w->site,
                             .limits = &w->limits};
    w->is_over = false;
    builder_reset(&w->log);
    builder_reset(&w->body);
    assert_int_equal(upstream_start(w->upstreams, &w->x), EXCHANGE_OK);
    if (!has_body) {
        w->x.is_request_ended = true;
        w->x.up->end(&w->x);
    }
    w->x.up->flush(&w->x);
}

static inline void world_get(struct upstream_world *w)
{
    world_start(w, "GET", false, -1);
    world_run(w);
}

static inline int world_set_up(void **state)
{
    struct error err;
    struct upstream_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    OK(event_loop_new(&w->loop, &err));
    w->timers = event_loop_timers(w->loop);
    w->deadlines = calloc(1, sizeof *w->deadlines);
    assert_non_null(w->deadlines);
    deadlines_init(w->deadlines, w->loop);
    OK(upstream_new(w->loop, w->deadlines, &w->upstreams, &err));
    w->limits = proxy_default_limits();
    w->listener = world_bind(&w->port);
    assert_int_equal(listen(w->listener, 16), 0);
    OK(event_loop_watch(w->loop, w->listener, EVENT_READABLE, world_on_listener, w, &w->listener_watch, &err));
    w->site = (struct proxy_site){.title = "a", .backends = world_group(&w->port, 1)};
    builder_init(&w->log, 4096);
    builder_init(&w->body, (size_t)1 << 26);
    *state = w;
    return 0;
}

static inline int world_tear_down(void **state)
{
    struct upstream_world *w = *state;
    for (size_t i = 0; i < w->connection_count; i++) {
        world_hang_up(&w->connections[i]);
        builder_clear(&w->connections[i].got);
    }
    event_watch_free(w->listener_watch);
    (void)close(w->listener);
    upstream_free(w->upstreams);
    deadlines_clear(w->deadlines);
    free(w->deadlines);
    event_loop_free(w->loop);
    backend_group_free(w->site.backends);
    builder_clear(&w->log);
    builder_clear(&w->body);
    free(w);
    return 0;
}

#endif
