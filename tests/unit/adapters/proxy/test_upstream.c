/* The backends' side of an exchange: messages, reuse, retries, back-pressure, tunnels, failures. */
#include "unit/adapters/proxy/upstream_world.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void answer_each(struct world_connection *c)
{
    if (!c->is_ended && world_has(c, "\r\n\r\n")) {
        builder_reset(&c->got);
        world_say(c, OK_ANSWER);
    }
}

static void test_reuse(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = answer_each;
    for (int i = 0; i < 3; i++) {
        world_get(w);
        world_expect(w, "200 end ");
        assert_bytes(builder_view(&w->body), bytes_of_text("hi"));
        assert_int_equal(upstream_idle_count(w->upstreams), 1);
        assert_int_equal(backend_active_count(backend_group_at(w->site.backends, 0)), 0);
    }
    assert_int_equal(w->connection_count, 1);
    assert_string_equal(w->x.backend, backend_address(backend_group_at(w->site.backends, 0)));
}

/* ---- what ends a connection ---- */

static const char *raw_answer;
static bool closes_after;

static void answer_raw(struct world_connection *c)
{
    if (c->is_ended || !world_has(c, "\r\n\r\n"))
        return;
    builder_reset(&c->got);
    world_say(c, raw_answer);
    if (closes_after)
        world_hang_up(c);
}

static void test_answers(void **state)
{
    static const struct {
        const char *raw;
        bool closes;
        const char *log, *body;
        size_t idle_count;
    } rows[] = {
        {"HTTP/1.1 204 No Content\r\n\r\n", false, "204 end ", "", 1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n", false, "200 end ", "abc", 1},
        {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_ANSWER, false, "103 200 end ", "hi", 1},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", true, "200 end ", "until the end", 0},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false, "200 end ", "hi", 0},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, "200 end ", "hi", 0},
        /* Bytes that nobody asked for: not to be taken for the next answer. */
        {OK_ANSWER "HTTP/1.1 200 OK\r\n", false, "200 end ", "hi", 0},
        /* Bad ones. */
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", true, "200 fail 7 ", "hi", 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", true, "200 fail 7 ", "ab", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false, "fail 6 ", "", 0},
        {"HTTP/1.1 200 OK\r\nConte", true, "fail 7 ", "", 0},
        {"nonsense\r\n\r\n", false, "fail 6 ", "", 0},
        /* Nobody asked for another protocol. */
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false, "fail 6 ", "", 0},
    };
    struct upstream_world *w = *state;
    w->on_backend = answer_raw;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        raw_answer = rows[i].raw;
        closes_after = rows[i].closes;
        upstream_close_idle(w->upstreams);
        world_get(w);
        world_expect(w, rows[i].log);
        assert_bytes(builder_view(&w->body), bytes_of_text(rows[i].body));
        assert_int_equal(upstream_idle_count(w->upstreams), rows[i].idle_count);
        assert_int_equal(backend_active_count(backend_group_at(w->site.backends, 0)), 0);
        if (i % 8 == 7) { /* the world has so many connections only */
            for (size_t k = 0; k < w->connection_count; k++) {
                world_hang_up(&w->connections[k]);
                builder_clear(&w->connections[k].got);
            }
            w->connection_count = 0;
        }
    }
}

static void test_head_has_no_body(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = answer_raw;
    closes_after = false;
    raw_answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    world_start(w, "HEAD", false, -1);
    world_run(w);
    world_expect(w, "200 end ");
    assert_int_equal(upstream_idle_count(w->upstreams), 1);
}

static void endless_hints(struct world_connection *c)
{
    if (!c->is_ended)
        for (int i = 0; i < 17; i++)
            world_say(c, "HTTP/1.1 103 Early Hints\r\n\r\n");
}

static void test_endless_hints(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = endless_hints;
    world_get(w);
    assert_non_null(memmem(w->log.data, w->log.len, "fail 6", 6));
}

/* ---- bodies ---- */

static void test_chunked_request(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = NULL;
    world_start(w, "POST", true, -1);
    assert_true(w->x.up->body(&w->x, bytes_of_text("hello")));
    assert_true(w->x.up->body(&w->x, bytes_of_text("")));
    assert_true(w->x.up->body(&w->x, bytes_of_text("0123456789abcdef")));
    w->x.is_request_ended = true;
    w->x.up->end(&w->x);
    w->x.up->flush(&w->x);
    w->on_backend = answer_raw;
    closes_after = false;
    raw_answer = OK_ANSWER;
    world_run(w);
    world_expect(w, "200 end ");
    assert_int_equal(upstream_idle_count(w->upstreams), 1);
}

static void note_chunks(struct world_connection *c)
{
    if (world_has(c, "\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n") &&
        world_has(c, "Transfer-Encoding: chunked\r\n"))
        world_say(c, OK_ANSWER);
}

static void test_chunks(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = note_chunks;
    world_start(w, "POST", true, -1);
    (void)w->x.up->body(&w->x, bytes_of_text("hello"));
    (void)w->x.up->body(&w->x, bytes_of_text("0123456789abcdef"));
    w->x.is_request_ended = true;
    w->x.up->end(&w->x);
    w->x.up->flush(&w->x);
    world_run(w);
    world_expect(w, "200 end ");
}

#define LARGE ((size_t)8 << 20)

static size_t fed_len;

static void feed_more(struct upstream_world *w)
{
    static uint8_t piece[EXCHANGE_PIECE_MAX];
    if (w->is_over || w->x.is_request_ended)
        return;
    bool may_go_on = true;
    while (may_go_on && fed_len < LARGE) {
        memset(piece, (int)(fed_len / sizeof piece % 251), sizeof piece);
        may_go_on = w->x.up->body(&w->x, BYTES_OF(piece));
        fed_len += sizeof piece;
    }
    if (fed_len == LARGE) {
        w->x.is_request_ended = true;
        w->x.up->end(&w->x);
    }
    w->x.up->flush(&w->x);
}

static void answer_large(struct world_connection *c)
{
    const char *end = memmem(c->got.data, c->got.len, "\r\n\r\n", 4);
    if (end == NULL || c->got.data + c->got.len - (const uint8_t *)end - 4 != (ptrdiff_t)LARGE)
        return;
    for (size_t at = 0; at < LARGE; at += EXCHANGE_PIECE_MAX)
        assert_int_equal((uint8_t)end[4 + at], at / EXCHANGE_PIECE_MAX % 251);
    world_say(c, OK_ANSWER);
}

/* A body that is larger than all buffers: the client waits, and goes on when it is told to. */
static void test_large_request(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = answer_large;
    w->on_told = feed_more;
    fed_len = 0;
    world_start(w, "PUT", true, (int64_t)LARGE);
    feed_more(w);
    assert_true(fed_len <= EXCHANGE_BUFFER_MAX);
    world_run(w);
    world_expect(w, "200 end ");
    assert_true(w->resume_count > 0);
}

static size_t sent_len;

static void send_large(struct world_connection *c)
{
    static char piece[65536];
    if (sent_len == 0) {
        world_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n");
        event_watch_change(c->watch, EVENT_WRITABLE);
    }
    ssize_t len = send(c->fd, piece, sizeof piece < LARGE - sent_len ? sizeof piece : LARGE - sent_len,
                       MSG_DONTWAIT | MSG_NOSIGNAL);
    sent_len += len > 0 ? (size_t)len : 0;
}

static void send_on(void *cookie, unsigned events)
{
    struct world_connection *c = cookie;
    (void)events;
    if (sent_len < LARGE)
        send_large(c);
    else
        event_watch_change(c->watch, 0);
}

static void begin_large(struct world_connection *c)
{
    struct error err;
    event_watch_free(c->watch);
    OK(event_loop_watch(c->world->loop, c->fd, EVENT_WRITABLE, send_on, c, &c->watch, &err));
    send_large(c);
}

static void go_on_later(void *cookie)
{
    struct upstream_world *w = cookie;
    if (w->is_over)
        return;
    size_t before = w->body.len;
    w->x.up->resume(&w->x);
    /* One piece at a time: body says false each time. */
    assert_true(w->body.len - before <= EXCHANGE_PIECE_MAX);
    if (!w->is_over)
        (void)w->timers.start(w->timers.context, 1, go_on_later, w);
}

/* A client that takes one piece at a time gets all of it, and no piece while it has said false. */
static void test_large_answer(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = begin_large;
    w->takes_no_more = true;
    sent_len = 0;
    (void)w->timers.start(w->timers.context, 1, go_on_later, w);
    world_start(w, "GET", false, -1);
    world_run(w);
    world_expect(w, "200 end ");
    assert_int_equal(w->body.len, LARGE);
}

/* ---- early answers, aborts ---- */

static void test_early_answer(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = answer_raw;
    closes_after = true;
    raw_answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
    world_start(w, "POST", true, 1000);
    (void)w->x.up->body(&w->x, bytes_of_text("some"));
    w->x.up->flush(&w->x);
    world_run(w);
    world_expect(w, "413 end ");
    assert_int_equal(upstream_idle_count(w->upstreams), 0);
}

static void abort_it(struct upstream_world *w)
{
    if (w->is_over)
        return;
    w->x.up->abort(&w->x);
    assert_null(w->x.up);
    w->is_over = true;
    event_loop_stop(w->loop);
}

/* From within down->head, while the body lies behind it in the same buffer. */
static void test_abort_within(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = answer_each;
    w->on_told = abort_it;
    world_get(w);
    world_expect(w, "200 ");
    assert_int_equal(w->body.len, 0);
    assert_int_equal(upstream_idle_count(w->upstreams), 0);
    assert_int_equal(backend_active_count(backend_group_at(w->site.backends, 0)), 0);
}

static void test_abort_before(void **state)
{
    struct upstream_world *w = *state;
    world_start(w, "GET", false, -1);
    w->x.up->abort(&w->x);
    assert_int_equal(backend_active_count(backend_group_at(w->site.backends, 0)), 0);
}

/* ---- retries ---- */

static void test_refused_goes_on(void **state)
{
    struct upstream_world *w = *state;
    uint16_t ports[3] = {0, 0, w->port};
    int refusing[2] = {world_bind(&ports[0]), world_bind(&ports[1])};
    backend_group_free(w->site.backends);
    w->site.backends = world_group(ports, 3);
    w->on_backend = answer_raw;
    closes_after = true;
    raw_answer = OK_ANSWER;
    for (int i = 0; i < 6; i++) {
        /* With a body too: nothing of it was sent. */
        world_start(w, "POST", true, 4);
        (void)w->x.up->body(&w->x, bytes_of_text("body"));
        w->x.is_request_ended = true;
        w->x.up->end(&w->x);
        w->x.up->flush(&w->x);
        world_run(w);
        world_expect(w, "200 end ");
        assert_true(world_has(&w->connections[i], "\r\n\r\nbody") || w->connections[i].got.len == 0);
    }
    assert_true(backend_is_resting(backend_group_at(w->site.backends, 0), event_loop_now_ms(w->loop)));
    assert_false(backend_is_resting(backend_group_at(w->site.backends, 2), event_loop_now_ms(w->loop)));
    (void)close(refusing[0]);
    (void)close(refusing[1]);
}

static void refuse(struct upstream_world *w, enum exchange_failure why)
{
    char log[32];
    w->x = (struct exchange){.request = {.method = bytes_of_text("GET"), .target = bytes_of_text("/")},
                             .down = &world_down,
                             .site = &w->site,
                             .limits = &w->limits};
    w->is_over = false;
    builder_reset(&w->log);
    enum exchange_failure got = upstream_start(w->upstreams, &w->x);
    if (got != EXCHANGE_OK) {
        assert_int_equal(got, why);
        assert_null(w->x.up);
        return;
    }
    world_run(w);
    (void)snprintf(log, sizeof log, "fail %d ", (int)why);
    world_expect(w, log);
}

static void test_nobody(void **state)
{
    struct upstream_world *w = *state;
    uint16_t port = 0;
    int refusing = world_bind(&port);
    backend_group_free(w->site.backends);
    w->site.backends = world_group(&port, 1);
    refuse(w, EXCHANGE_CONNECT_FAILED);
    (void)backend_set_up(backend_group_at(w->site.backends, 0), false);
    refuse(w, EXCHANGE_NO_BACKEND);
    (void)close(refusing);
    backend_group_free(w->site.backends);
    w->site.backends = NULL;
    refuse(w, EXCHANGE_NO_BACKEND);
}

/* The second request of a connection finds it closed. */
static void close_on_second(struct world_connection *c)
{
    if (c->is_ended)
        return;
    bool is_first = c == &c->world->connections[0];
    bool is_second_request = is_first && world_has(c, "\r\n\r\nGET") + world_has(c, "\r\n\r\nPOST") > 0;
    if (is_second_request)
        world_hang_up(c);
    else
        world_say(c, OK_ANSWER);
}

static void test_stale_get(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = close_on_second;
    world_get(w);
    world_get(w);
    world_expect(w, "200 end ");
    assert_int_equal(w->connection_count, 2);
    assert_false(backend_is_resting(backend_group_at(w->site.backends, 0), event_loop_now_ms(w->loop)));
}

/* It may have been done: nobody may do it twice. */
static void test_stale_post(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = close_on_second;
    world_get(w);
    world_start(w, "POST", false, -1);
    world_run(w);
    world_expect(w, "fail 7 ");
    assert_int_equal(w->connection_count, 1);
}

static void close_at_once(struct world_connection *c)
{
    world_hang_up(c);
}

/* A new connection that is closed without an answer is no stale one. */
static void test_fresh_close(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = close_at_once;
    world_get(w);
    world_expect(w, "fail 7 ");
    assert_int_equal(w->connection_count, 1);
}

static void test_answer_slow(void **state)
{
    struct upstream_world *w = *state;
    w->limits.backend_answer_ms = 50;
    world_get(w);
    world_expect(w, "fail 5 ");
    /* While the client is still sending, nobody waits for the backend; afterwards it has its time. */
    world_start(w, "POST", true, 4);
    (void)w->x.up->body(&w->x, bytes_of_text("body"));
    w->x.is_request_ended = true;
    w->x.up->end(&w->x);
    w->x.up->flush(&w->x);
    world_run(w);
    world_expect(w, "fail 5 ");
}

/* ---- PROXY protocol ---- */

static void test_proxy_own(void **state)
{
    struct upstream_world *w = *state;
    struct upstream_client one = {NULL}, other = {NULL};
    struct sockaddr_storage address = {.ss_family = AF_INET};
    w->site.sends_proxy = true;
    w->on_backend = answer_each;
    const struct upstream_client *order[] = {&one, &other, &one, NULL};
    for (size_t i = 0; i < LENGTH(order); i++) {
        world_start(w, "GET", false, -1);
        w->x.up->abort(&w->x);
        w->x.request.client = (struct upstream_client *)(uintptr_t)order[i];
        w->x.request.peer_address = w->x.request.local_address = &address;
        w->x.is_request_ended = false;
        w->is_over = false;
        builder_reset(&w->log);
        assert_int_equal(upstream_start(w->upstreams, &w->x), EXCHANGE_OK);
        w->x.is_request_ended = true;
        w->x.up->end(&w->x);
        w->x.up->flush(&w->x);
        world_run(w);
        world_expect(w, "200 end ");
    }
    assert_non_null(one.kept);
    assert_non_null(other.kept);
    assert_ptr_not_equal(one.kept, other.kept);
    assert_int_equal(upstream_idle_count(w->upstreams), 2);
    upstream_client_clear(&one);
    upstream_client_clear(&other);
    upstream_client_clear(&other);
    assert_int_equal(upstream_idle_count(w->upstreams), 0);
}

static void check_proxy_bytes(struct world_connection *c)
{
    assert_memory_equal(c->got.data, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET / HTTP/1.1\r\n", 32);
    world_say(c, OK_ANSWER);
}

static void test_proxy_bytes(void **state)
{
    struct upstream_world *w = *state;
    w->site.sends_proxy = true;
    w->on_backend = check_proxy_bytes;
    world_get(w);
    world_expect(w, "200 end ");
}

/* ---- tunnels ---- */

static void tunnel_backend(struct world_connection *c)
{
    if (c->is_ended) {
        /* The client's side has ended; ours may still speak. */
        assert_true(world_has(c, "ping"));
        world_say(c, "last words");
        world_hang_up(c);
    } else if (world_has(c, "ping")) {
        world_say(c, "pong");
    } else if (world_has(c, "Upgrade: websocket")) {
        builder_reset(&c->got);
        world_say(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst ");
    }
}

static void tunnel_client(struct upstream_world *w)
{
    if (w->is_over || w->x.is_request_ended)
        return;
    if (bytes_equal(builder_view(&w->body), bytes_of_text("first ")) ||
        (w->x.request.is_raw && w->body.len == 0)) {
        assert_true(w->x.up->body(&w->x, bytes_of_text("ping")));
        w->x.up->flush(&w->x);
    } else if (w->body.len > 6 || (w->x.request.is_raw && w->body.len == 4)) {
        w->x.is_request_ended = true;
        w->x.up->end(&w->x);
        w->x.up->flush(&w->x);
    }
}

static void start_tunnel(struct upstream_world *w, bool is_raw)
{
    w->x = (struct exchange){.request = {.method = bytes_of_text("GET"),
                                         .target = bytes_of_text("/"),
                                         .authority = bytes_of_text("a.example"),
                                         .upgrade = bytes_of_text("websocket")},
                             .down = &world_down,
                             .site = &w->site,
                             .limits = &w->limits};
    if (is_raw)
        w->x.request = (struct exchange_request){.is_raw = true};
    assert_int_equal(upstream_start(w->upstreams, &w->x), EXCHANGE_OK);
    w->x.up->flush(&w->x);
}

static void test_websocket(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = tunnel_backend;
    w->on_told = tunnel_client;
    start_tunnel(w, false);
    world_run(w);
    world_expect(w, "101 end ");
    assert_bytes(builder_view(&w->body), bytes_of_text("first ponglast words"));
}

static void test_raw(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = tunnel_backend;
    w->on_told = tunnel_client;
    start_tunnel(w, true);
    world_run(w);
    world_expect(w, "101 end ");
    assert_bytes(builder_view(&w->body), bytes_of_text("ponglast words"));
}

/* The backend ends first; what the client still sends arrives, and then its end. */
static void backend_first(struct world_connection *c)
{
    if (c->is_ended) {
        assert_true(world_has(c, "afterwards"));
        event_loop_stop(c->world->loop);
    }
}

static void client_second(struct upstream_world *w)
{
    if (w->x.is_response_ended && !w->x.is_request_ended) {
        (void)w->x.up->body(&w->x, bytes_of_text("afterwards"));
        w->x.is_request_ended = true;
        w->x.up->end(&w->x);
        assert_null(w->x.up);
        w->is_over = true;
    } else if (!w->x.is_response_ended) {
        assert_int_equal(w->connection_count, 1);
        assert_int_equal(shutdown(w->connections[0].fd, SHUT_WR), 0);
    }
}

static void connected_first(struct upstream_world *w)
{
    w->on_told = client_second;
    (void)w;
}

static void shut_when_there(void *cookie)
{
    struct upstream_world *w = cookie;
    if (w->connection_count == 0)
        (void)w->timers.start(w->timers.context, 1, shut_when_there, w);
    else
        assert_int_equal(shutdown(w->connections[0].fd, SHUT_WR), 0);
}

static void test_raw_backend_first(void **state)
{
    struct upstream_world *w = *state;
    w->on_backend = backend_first;
    w->on_told = connected_first;
    (void)w->timers.start(w->timers.context, 1, shut_when_there, w);
    start_tunnel(w, true);
    world_run(w);
    world_expect(w, "101 end ");
    assert_int_equal(backend_active_count(backend_group_at(w->site.backends, 0)), 0);
}

static void test_tunnel_idle(void **state)
{
    struct upstream_world *w = *state;
    w->limits.tunnel_idle_ms = 50;
    start_tunnel(w, true);
    world_run(w);
    world_expect(w, "101 fail 5 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reuse),           TEST(test_answers),       TEST(test_head_has_no_body),
        TEST(test_endless_hints),   TEST(test_chunked_request), TEST(test_chunks),
        TEST(test_large_request),   TEST(test_large_answer),  TEST(test_early_answer),
        TEST(test_abort_within),    TEST(test_abort_before),  TEST(test_refused_goes_on),
        TEST(test_nobody),          TEST(test_stale_get),     TEST(test_stale_post),
        TEST(test_fresh_close),     TEST(test_answer_slow),   TEST(test_proxy_own),
        TEST(test_proxy_bytes),     TEST(test_websocket),     TEST(test_raw),
        TEST(test_raw_backend_first), TEST(test_tunnel_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
