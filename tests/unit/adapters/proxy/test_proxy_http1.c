/* The gateway towards clients of HTTP/1: what goes through, what does not, and how it ends. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "proxy_world.h"

#define CLOSE "Connection: close\r\n\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a.example\r\n"

static void requests_are_answered_in_their_order(void **state)
{
    struct proxy_world *w = *state;
    char *got = world_ask(w, GET("/1") "\r\n" GET("/2") "\r\n" GET("/chunked") "\r\n" GET("/4") CLOSE);
    const char *one = strstr(got, "\r\n\r\n/1HTTP/1.1 200 OK"), *two = strstr(got, "\r\n\r\n/2HTTP/1.1 200 OK");
    assert_true(one != NULL && two != NULL && one < two);
    HAS(two, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\nHTTP/1.1 200");
    HAS(two, "Connection: close\r\n\r\n/4");
    HAS_NOT(got, "X-Secret");
    free(got);
}

static void heads_are_rewritten(void **state)
{
    struct proxy_world *w = *state;
    char *got = world_ask(w, "GET http://A.example?q=1 HTTP/1.1\r\nHost: A.example\r\n" CLOSE);
    HAS(got, "\r\n\r\n/?q=1");
    free(got);
    got = world_ask(w, GET("/head") "Cookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\nx_forwarded_proto: https\r\n"
                                    "Forwarded: for=6.6.6.6\r\nProxy: evil\r\nTE: trailers\r\nKeep-Alive: 5\r\n"
                                    "X-Mine: 1\r\nConnection: close, X-Mine\r\n\r\n");
    HAS(got, "GET /head HTTP/1.1\r\nHost: a.example\r\nCookie: a=b\r\nX-Forwarded-For: 127.0.0.1\r\n");
    HAS(got, "X-Forwarded-Proto: http\r\n");
    HAS(got, "Forwarded: for=127.0.0.1;host=\"a.example\";proto=http\r\n");
    HAS_NOT(got, "1.2.3.4");
    HAS_NOT(got, "6.6.6.6");
    HAS_NOT(got, "https");
    HAS_NOT(got, "evil");
    HAS_NOT(got, "trailers");
    HAS_NOT(got, "X-Mine");
    free(got);
}

static void old_and_bodyless(void **state)
{
    struct proxy_world *w = *state;
    char *got = world_ask(w, "GET /chunked HTTP/1.0\r\nHost: a.example\r\n\r\n");
    HAS(got, "\r\n\r\nabcdef");
    HAS_NOT(got, "Transfer-Encoding");
    HAS(got, "Connection: close");
    free(got);
    got = world_ask(w, "HEAD /len/5 HTTP/1.1\r\nHost: a.example\r\n\r\n" GET("/x") CLOSE);
    HAS(got, "\r\n\r\nHTTP/1.1 200 OK");
    HAS(got, "\r\n\r\n/x");
    free(got);
    got = world_ask(w, GET("/close") CLOSE);
    HAS(got, "Transfer-Encoding: chunked");
    HAS(got, "\r\nuntil the end\r\n0\r\n\r\n");
    free(got);
}

static void uploads(void **state)
{
    struct proxy_world *w = *state;
    static char data[1 << 20];
    char head[200];
    memset(data, 'u', sizeof data);
    int fd = world_connect(w);
    (void)snprintf(head, sizeof head, "POST /count HTTP/1.1\r\nHost: a.example\r\nContent-Length: %zu\r\n\r\n",
                   sizeof data);
    assert_true(world_say(fd, head) && world_send(fd, data, sizeof data));
    char *got = world_read_to(fd, "\r\n\r\n1048576");
    free(got);
    assert_true(world_say(fd, "POST /count HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n" CLOSE
                              "3;x=y\r\nabc\r\n"));
    assert_true(world_say(fd, "2\r\nde\r\n0\r\nTrailer-X: 1\r\n\r\n"));
    got = world_read_all(fd);
    HAS(got, "200 OK");
    HAS_NOT(got, "\r\n\r\n0");
    free(got);
    (void)close(fd);
}

static void a_slow_reader_gets_all_of_a_large_answer(void **state)
{
    struct proxy_world *w = *state;
    int fd = world_connect(w), small = 65536;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_true(world_say(fd, GET("/len/5000000") CLOSE));
    char *got = world_read_all(fd);
    const char *body = strstr(got, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), 5000000);
    free(got);
    (void)close(fd);
}

static void continue_is_passed_and_early_answers_close(void **state)
{
    struct proxy_world *w = *state;
    int fd = world_connect(w);
    assert_true(world_say(fd, "POST /count HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\n"
                              "Content-Length: 3\r\n\r\n"));
    char *got = world_read_to(fd, "\r\n\r\n");
    HAS(got, "HTTP/1.1 100 Continue\r\n\r\n");
    free(got);
    assert_true(world_say(fd, "abc"));
    free(world_read_to(fd, "\r\n\r\n3"));
    assert_true(world_say(fd, "POST /early HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nabc"));
    got = world_read_all(fd);
    HAS(got, "403 No");
    HAS(got, "Connection: close");
    free(got);
    (void)close(fd);
}

static void upgrades_become_tunnels(void **state)
{
    struct proxy_world *w = *state;
    int fd = world_connect(w);
    assert_true(world_say(fd, GET("/ws") "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
    char *got = world_read_to(fd, "\r\n\r\nhello");
    HAS(got, "HTTP/1.1 101 ");
    HAS(got, "Upgrade: websocket\r\n");
    free(got);
    assert_true(world_say(fd, "ping"));
    free(world_read_to(fd, "ping"));
    /* Half-closed: what the backend still has to say comes. */
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    got = world_read_all(fd);
    assert_string_equal(got, "bye");
    free(got);
    (void)close(fd);
    got = world_ask(w, GET("/head") "Upgrade: websocket\r\n" CLOSE);
    HAS_NOT(got, "Upgrade");
    free(got);
}

static void events_come_at_once(void **state)
{
    struct proxy_world *w = *state;
    int fd = world_connect(w);
    assert_true(world_say(fd, GET("/events") "\r\n"));
    free(world_read_to(fd, "9\r\ndata: 1\n\n\r\n"));
    (void)close(fd);
}

static void half_answers_never_look_whole(void **state)
{
    struct proxy_world *w = *state;
    char *got = world_ask(w, GET("/die") "\r\n");
    HAS(got, "3\r\nabc\r\n");
    HAS_NOT(got, "0\r\n\r\n");
    free(got);
    got = world_ask(w, GET("/bad") CLOSE);
    HAS(got, "HTTP/1.1 502 ");
    free(got);
}

static void a_half_closed_client_gets_its_answer(void **state)
{
    struct proxy_world *w = *state;
    int fd = world_connect(w);
    assert_true(world_say(fd, GET("/half") "\r\n"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    char *got = world_read_all(fd);
    HAS(got, "\r\n\r\n/half");
    free(got);
    (void)close(fd);
}

/* What two readers could take differently: refused, closed, and nothing of it comes to the backend as a request of
 * its own. */
static void nothing_is_smuggled(void **state)
{
    struct proxy_world *w = *state;
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a.example\r\n"
    static const char *const rows[] = {
        POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0, 44\r\n\r\n" SMUGGLED,
        POST "Content-Length: +0\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0x0\r\n\r\n" SMUGGLED,
        POST "Content-Length: 00\r\n\r\n" SMUGGLED,
        POST "Content-Length : 0\r\n\r\n" SMUGGLED,
        POST "Content-Length\t: 0\r\n\r\n" SMUGGLED,
        POST " Content-Length: 0\r\n\r\n" SMUGGLED,
        POST "X: a\r\n Content-Length: 44\r\n\r\n" SMUGGLED,
        POST "X: a\nContent-Length: 44\r\n\r\n" SMUGGLED,
        POST "X: a\rContent-Length: 44\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding:\x0b" "chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        "POST /x HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\n\r\n0\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" SMUGGLED,
        POST "Host: b.example\r\n\r\n" SMUGGLED,
        "GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n" SMUGGLED,
        "GET /x HTTP/1.1\r\nHost: [::1]a.example\r\n\r\n" SMUGGLED,
        "GET /x HTTP/1.1\r\nHost: a.example:80.b\r\n\r\n" SMUGGLED,
        "GET /x HTTP/1.1\r\n\r\n" SMUGGLED,
        "GET /x HTTP/2.0\r\nHost: a.example\r\n\r\n" SMUGGLED,
        "GET  /x HTTP/1.1\r\nHost: a.example\r\n\r\n" SMUGGLED,
        "GET /x\r\nHost: a.example\r\n\r\n" SMUGGLED,
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n" SMUGGLED,
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *got = world_ask(w, rows[i]);
        int status = 0;
        if (sscanf(got, "HTTP/1.1 %d ", &status) != 1 || (status != 400 && status != 501 && status != 505))
            fail_msg("row %zu: '%s'", i, got);
        HAS(got, "Connection: close");
        HAS_NOT(got + 1, "HTTP/1.1 2");
        free(got);
    }
    assert_int_equal(atomic_load(&world_smuggled), 0);
    struct proxy_stats n;
    proxy_stats(w->proxy, &n);
    assert_int_equal(n.bad_requests, LENGTH(rows));
}

static void names_and_errors(void **state)
{
    struct proxy_world *w = *state;
    char *got = world_ask(w, "GET /x HTTP/1.1\r\nHost: b.example\r\n" CLOSE);
    HAS(got, "HTTP/1.1 404 Not Found");
    free(got);
    got = world_ask(w, "GET /x HTTP/1.1\r\nHost: Q.Wild.example.:80\r\n" CLOSE);
    HAS(got, "HTTP/1.1 200 OK");
    free(got);
    got = world_ask(w, "GET /x HTTP/1.1\r\nHost: q.q.wild.example\r\n" CLOSE);
    HAS(got, "HTTP/1.1 404 Not Found");
    free(got);
    w->site.is_default = true;
    w->backend_port = 1; /* nobody listens there */
    world_apply(w);
    got = world_ask(w, "GET /x HTTP/1.1\r\nHost: b.example\r\n\r\nGET /y HTTP/1.1\r\nHost: b.example\r\n" CLOSE);
    HAS(got, "HTTP/1.1 502 Bad Gateway");
    HAS(strstr(got, "502") + 3, "HTTP/1.1 502 Bad Gateway");
    free(got);
}

static void heads_have_a_limit(void **state)
{
    struct proxy_world *w = *state;
    w->limits.head_bytes = 2000;
    world_apply(w);
    struct builder b;
    builder_init(&b, 10000);
    builder_text(&b, GET("/x") "X: ");
    memset(builder_space(&b, 3000), 'x', 3000);
    builder_text(&b, "\r\n\r\n");
    builder_u8(&b, 0);
    char *got = world_ask(w, (const char *)b.data);
    HAS(got, "HTTP/1.1 431 ");
    free(got);
    memset(b.data, 'x', 3000);
    got = world_ask(w, (const char *)b.data);
    HAS(got, "HTTP/1.1 414 ");
    free(got);
    builder_clear(&b);
}

static void redirects_and_challenges(void **state)
{
    struct proxy_world *w = *state;
    struct error err;
    w->site.redirects_http = true;
    struct proxy_state *next = world_state(w);
    OK(proxy_state_add_challenge(next, bytes_of_text("to_ken-1"), bytes_of_text("to_ken-1.thumb"), &err));
    assert_int_equal(proxy_state_add_challenge(next, bytes_of_text("to/ken"), bytes_of_text("x"), &err),
                     STATUS_USAGE);
    proxy_apply(w->proxy, next, world_stop, w);
    proxy_state_free(next);
    event_loop_run(w->loop);
    char *got = world_ask(w, "GET /p?q=1 HTTP/1.1\r\nHost: a.example:8080\r\n" CLOSE);
    HAS(got, "HTTP/1.1 308 Permanent Redirect");
    HAS(got, "Location: https://a.example/p?q=1\r\n");
    free(got);
    got = world_ask(w, "GET /.well-known/acme-challenge/to_ken-1 HTTP/1.1\r\nHost: not.known\r\n" CLOSE);
    HAS(got, "HTTP/1.1 200 OK");
    HAS(got, "\r\n\r\nto_ken-1.thumb");
    free(got);
    got = world_ask(w, GET("/.well-known/acme-challenge/to_ken-2") CLOSE);
    HAS(got, "HTTP/1.1 308 ");
    free(got);
}

static void slow_clients_are_told(void **state)
{
    struct proxy_world *w = *state;
    w->limits.head_ms = w->limits.body_ms = w->limits.idle_ms = 100;
    w->limits.slowest_bytes_per_s = 1000000;
    world_apply(w);
    char *got = world_ask(w, "GET /x HTTP/1.1\r\nHo");
    HAS(got, "HTTP/1.1 408 ");
    free(got);
    got = world_ask(w, "POST /count HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nabc");
    HAS(got, "HTTP/1.1 408 ");
    free(got);
    got = world_ask(w, GET("/x") "\r\n"); /* idle afterwards */
    HAS(got, "HTTP/1.1 200 OK");
    free(got);
}

/* Milliseconds that all threads have worked. */
static uint64_t worked_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Sends the text again and again until nobody takes any more of it. */
static void stuff(int fd, const char *text)
{
    static char block[65536];
    struct pollfd ask = {.fd = fd, .events = POLLOUT};
    size_t len = strlen(text), at = 0;
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = text[i % len];
    while (poll(&ask, 1, 100) == 1 && (ask.revents & (POLLERR | POLLHUP)) == 0) {
        ssize_t sent = send(fd, block + at, sizeof block - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            break;
        at = sent > 0 ? (at + (size_t)sent) % len : at;
    }
}

/* While the backend thinks, or the client does not read, what the client has sent in advance waits: nobody goes round
 * and round for it. */
static void input_that_waits_costs_nothing(void **state)
{
    struct proxy_world *w = *state;
    w->limits.backend_answer_ms = 800;
    world_apply(w);
    int fd = world_connect(w);
    assert_true(world_say(fd, GET("/hang") "\r\n"));
    stuff(fd, "nonsense, nonsense, nonsense, nonsense, nonsense, nonsense, nonsense, nonsense, nonsense");
    uint64_t before = worked_ms();
    free(world_read_to(fd, "HTTP/1.1 504 "));
    assert_true(worked_ms() - before < 250);
    (void)close(fd);
    w->site.redirects_http = true;
    w->limits.write_ms = 800;
    w->limits.slowest_bytes_per_s = UINT32_MAX;
    world_apply(w);
    fd = world_connect(w);
    int small = 16384;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    stuff(fd, GET("/redirected") "\r\n" GET("/redirected") "\r\n" GET("/redirected") "\r\n");
    before = worked_ms();
    struct pollfd ask = {.fd = fd, .events = POLLRDHUP};
    assert_int_equal(poll(&ask, 1, PATIENCE_S * 1000), 1);
    assert_true(worked_ms() - before < 250);
    /* What the client did not take goes with the connection, and does not stay with the system. */
    assert_true((ask.revents & POLLERR) != 0);
    (void)close(fd);
}

static void connections_of_one_address_are_limited(void **state)
{
    struct proxy_world *w = *state;
    w->limits.connections_per_address = 2;
    world_apply(w);
    int first = world_connect(w), second = world_connect(w);
    assert_true(world_say(first, GET("/x") "\r\n") && world_say(second, GET("/x") "\r\n"));
    free(world_read_to(first, "\r\n\r\n/x"));
    free(world_read_to(second, "\r\n\r\n/x"));
    int third = world_connect(w);
    char *got = world_read_all(third);
    assert_string_equal(got, "");
    free(got);
    (void)close(third);
    (void)close(first);
    (void)close(second);
    struct proxy_stats n;
    proxy_stats(w->proxy, &n);
    assert_int_equal(n.refused_address, 1);
}

static void a_graceful_end_waits_for_answers(void **state)
{
    struct proxy_world *w = *state;
    int busy = world_connect(w), idle = world_connect(w);
    assert_true(world_say(idle, GET("/x") "\r\n"));
    free(world_read_to(idle, "\r\n\r\n/x"));
    assert_true(world_say(busy, "POST /count HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\n"
                                "Content-Length: 3\r\n\r\n"));
    free(world_read_to(busy, "100 Continue\r\n\r\n"));
    proxy_drain(w->proxy, 60000, world_stop, w);
    char *got = world_read_all(idle);
    assert_string_equal(got, "");
    free(got);
    assert_true(world_say(busy, "abc"));
    got = world_read_all(busy);
    HAS(got, "200 OK");
    HAS(got, "Connection: close");
    free(got);
    event_loop_run(w->loop);
    struct proxy_stats n;
    proxy_stats(w->proxy, &n);
    assert_int_equal(n.connections_now, 0);
    (void)close(busy);
    (void)close(idle);
}

static void a_graceful_end_has_an_end(void **state)
{
    struct proxy_world *w = *state;
    int fd = world_connect(w);
    assert_true(world_say(fd, GET("/events") "\r\n"));
    free(world_read_to(fd, "data: 1"));
    proxy_drain(w->proxy, 50, world_stop, w);
    event_loop_run(w->loop);
    free(world_read_all(fd));
    (void)close(fd);
}

static void requests_are_logged(void **state)
{
    struct proxy_world *w = *state;
    struct error err;
    char line[4096] = "";
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    OK(proxy_set_access_log(w->proxy, pipes[1], PROXY_LOG_TEXT, &err));
    world_apply(w); /* the log has come before it */
    char *got = world_ask(w, GET("/log?\"x\\") CLOSE);
    free(got);
    assert_true(read(pipes[0], line, sizeof line - 1) > 0);
    HAS(line, " 127.0.0.1 site \"GET /log?\\u0022x\\u005c\" 1.1 200 0 ");
    HAS(line, " - - - 127.0.0.1:");
    assert_int_equal(line[strlen(line) - 1], '\n');
    OK(proxy_set_access_log(w->proxy, pipes[1], PROXY_LOG_JSON, &err));
    world_apply(w);
    got = world_ask(w, GET("/j") CLOSE);
    free(got);
    memset(line, 0, sizeof line);
    assert_true(read(pipes[0], line, sizeof line - 1) > 0);
    HAS(line, "\",\"peer\":\"127.0.0.1\",\"site\":\"site\",\"method\":\"GET\",\"target\":\"/j\",\"host\":\"a.example\"");
    HAS(line, ",\"status\":200,");
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_answered_in_their_order),
        TEST(heads_are_rewritten),
        TEST(old_and_bodyless),
        TEST(uploads),
        TEST(a_slow_reader_gets_all_of_a_large_answer),
        TEST(continue_is_passed_and_early_answers_close),
        TEST(upgrades_become_tunnels),
        TEST(events_come_at_once),
        TEST(half_answers_never_look_whole),
        TEST(a_half_closed_client_gets_its_answer),
        TEST(nothing_is_smuggled),
        TEST(names_and_errors),
        TEST(heads_have_a_limit),
        TEST(redirects_and_challenges),
        TEST(slow_clients_are_told),
        TEST(input_that_waits_costs_nothing),
        TEST(connections_of_one_address_are_limited),
        TEST(a_graceful_end_waits_for_answers),
        TEST(a_graceful_end_has_an_end),
        TEST(requests_are_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
