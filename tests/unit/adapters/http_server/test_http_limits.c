/* Limits of the server: time, connections, bodies; and how it ends. */
#include "unit/adapters/http_server/http_world.h"

#define HOST "Host: a\r\n"

static void a_slow_head_gets_408(void **state)
{
    struct http_world *w = *state;
    w->limits.head_ms = 50;
    world_open(w);
    world_connect(w);
    world_send_text(w, "GET / HTTP/1.1\r\n");
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 408 "));
    assert_non_null(strstr(world_text(w), "Connection: close\r\n"));
    /* Nothing at all: closed without a word. */
    world_connect(w);
    world_wait(w, 0);
    assert_string_equal(world_text(w), "");
}

struct drip {
    struct http_world *w;
    const char *next;
};

static void drip(void *cookie)
{
    struct drip *d = cookie;
    if (d->w->is_closed || *d->next == '\0')
        return;
    if (send(d->w->client, d->next++, 1, MSG_NOSIGNAL) == 1)
        (void)d->w->timers.start(d->w->timers.context, 10, drip, d);
}

static void a_byte_now_and_then_does_not_help(void **state)
{
    struct http_world *w = *state;
    struct drip d = {.w = w, .next = "GET /a-long-path-that-takes-its-time HTTP/1.1\r\nHost: a\r\n\r\n"};
    w->limits.head_ms = 100;
    world_open(w);
    world_connect(w);
    drip(&d);
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 408 "));
    world_pass(w, 15);
}

static void a_slow_body_gets_408(void **state)
{
    struct http_world *w = *state;
    w->limits.body_ms = 50;
    world_open(w);
    world_connect(w);
    world_send_text(w, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 408 "));
}

static void an_idle_connection_is_closed(void **state)
{
    struct http_world *w = *state;
    w->limits.idle_ms = 50;
    w->limits.head_ms = 1000000;
    world_open(w);
    world_connect(w);
    world_send_text(w, "GET /1 HTTP/1.1\r\n" HOST "\r\n");
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "[a] "));
    assert_null(strstr(world_text(w), "408"));
}

static void handling_may_take_long(void **state)
{
    struct http_world *w = *state;
    w->limits.idle_ms = w->limits.head_ms = w->limits.body_ms = w->limits.write_ms = 20;
    world_open(w);
    world_connect(w);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 100);
    assert_false(w->is_closed);
    world_echo(NULL, w->kept);
    world_wait(w, 10);
    assert_non_null(strstr(world_text(w), "200 OK"));
}

static void a_client_that_does_not_read_is_closed(void **state)
{
    struct http_world *w = *state;
    w->limits.write_ms = 50;
    w->limits.slowest_bytes_per_s = (uint64_t)1 << 40;
    world_open(w);
    w->client = world_dial(w, 0);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 5);
    w->kept->response.status = 200;
    /* More than the kernel takes. */
    uint8_t *body = builder_space(&w->kept->response.body, (size_t)30 << 20);
    assert_non_null(body);
    memset(body, 'x', (size_t)30 << 20);
    w->kept->send(w->kept);
    assert_int_equal(http_server_connection_count(w->server), 1);
    world_pass(w, 200);
    assert_int_equal(http_server_connection_count(w->server), 0);
}

static void send_beginning(int fd, size_t len)
{
    static const char head[] = "POST /big HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n";
    uint8_t *body = calloc(1, len);
    assert_non_null(body);
    assert_int_equal(send(fd, head, sizeof head - 1, MSG_NOSIGNAL), sizeof head - 1);
    assert_int_equal(send(fd, body, len, MSG_NOSIGNAL), len);
    free(body);
}

/* Who begins many and ends none has no more than his share. */
static void all_bodies_together_are_limited(struct http_world *w)
{
    world_open(w);
    int others[2] = {world_dial(w, 0), world_dial(w, 0)};
    for (size_t i = 0; i < 2; i++) {
        send_beginning(others[i], 40000);
        world_pass(w, 20);
    }
    world_connect(w);
    send_beginning(w->client, 40000);
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 503 "));
    for (size_t i = 0; i < 2; i++)
        (void)close(others[i]);
    world_pass(w, 20);
    world_connect(w);
    send_beginning(w->client, 40000);
    world_pass(w, 20);
    assert_string_equal(world_text(w), ""); /* there is room again: the rest is awaited */
}

static void bodies_of_one_address_are_limited(void **state)
{
    struct http_world *w = *state;
    w->limits.bodies_per_address_max = 160000;
    all_bodies_together_are_limited(w);
}

static void bodies_of_all_addresses_are_limited(void **state)
{
    struct http_world *w = *state;
    w->limits.bodies_max = 160000;
    all_bodies_together_are_limited(w);
}

static void bodies_are_limited(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    const char *text = world_talk_text(w, "POST / HTTP/1.1\r\n" HOST "Content-Length: 101\r\n\r\n");
    assert_non_null(strstr(text, "HTTP/1.1 413 "));
    text = world_talk_text(w, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                              "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
                              "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n");
    assert_non_null(strstr(text, "HTTP/1.1 413 "));
    assert_non_null(strstr(text, "Connection: close"));
}

static void a_refusal_is_read_before_the_connection_ends(void **state)
{
    struct http_world *w = *state;
    struct builder raw;
    world_open(w);
    builder_init(&raw, 1 << 20);
    builder_text(&raw, "POST / HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n\r\n");
    memset(builder_space(&raw, 200000), 'x', 200000);
    world_connect(w);
    world_send(w, builder_view(&raw));
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 413 "));
    builder_clear(&raw);
}

static void smuggled_requests_are_never_seen(void **state)
{
    static const char *const raws[] = {
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\nGET /smuggled HTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 44\r\n\r\n"
        "GET /smuggled HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length : 44\r\n\r\nGET /smuggled HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: y\r\n\rGET /smuggled HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n"
        HOST "\r\n",
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        "GET /smuggled HTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"
        "GET /smuggled HTTP/1.1\r\n" HOST "\r\n",
    };
    struct http_world *w = *state;
    world_open(w);
    for (size_t i = 0; i < LENGTH(raws); i++) {
        const char *text = world_talk_text(w, raws[i]);
        assert_non_null(strstr(text, "HTTP/1.1 400 "));
        assert_null(strstr(text, "/smuggled"));
        assert_null(strstr(text + 8, "HTTP/1.1 "));
    }
}

static void connections_are_limited(void **state)
{
    struct http_world *w = *state;
    w->limits.connections_max = 2;
    world_open(w);
    int first = world_dial(w, 0), second = world_dial(w, 0);
    world_pass(w, 5);
    assert_int_equal(http_server_connection_count(w->server), 2);
    world_connect(w);
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 503 "));
    (void)close(first);
    world_pass(w, 5);
    assert_non_null(strstr(world_talk_text(w, "GET / HTTP/1.1\r\n" HOST "\r\n"), " 200 "));
    (void)close(second);
}

static void connections_of_one_address_are_limited(void **state)
{
    struct http_world *w = *state;
    w->limits.connections_per_address_max = 1;
    world_open(w);
    int first = world_dial(w, 0);
    world_pass(w, 5);
    world_connect(w);
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "HTTP/1.1 503 "));
    (void)close(first);
    world_pass(w, 5);
    assert_non_null(strstr(world_talk_text(w, "GET / HTTP/1.1\r\n" HOST "\r\n"), " 200 "));
}

static void note_drained(void *cookie)
{
    struct http_world *w = cookie;
    world_note(w, "drained ");
    event_loop_stop(w->loop);
}

static void draining_finishes_what_was_begun(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    int idle = world_dial(w, 0);
    world_connect(w);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 5);
    http_server_drain(w->server, 100000, note_drained, w);
    world_pass(w, 5);
    assert_string_equal(w->log, "later ");
    assert_int_equal(http_server_connection_count(w->server), 1);
    world_echo(NULL, w->kept);
    world_pass(w, 20);
    assert_string_equal(w->log, "later drained ");
    world_wait(w, 0);
    assert_non_null(strstr(world_text(w), "Connection: close"));
    (void)close(idle);
}

static void draining_does_not_wait_for_ever(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    world_connect(w);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 5);
    http_server_drain(w->server, 20, note_drained, w);
    world_wait(w, 0);
    world_pass(w, 20);
    assert_string_equal(w->log, "later drained ");
    world_echo(NULL, w->kept);
}

static void draining_nothing_is_quick(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    http_server_drain(w->server, 100000, note_drained, w);
    event_loop_run(w->loop);
    assert_string_equal(w->log, "drained ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slow_head_gets_408),
        TEST(a_byte_now_and_then_does_not_help),
        TEST(a_slow_body_gets_408),
        TEST(an_idle_connection_is_closed),
        TEST(handling_may_take_long),
        TEST(a_client_that_does_not_read_is_closed),
        TEST(bodies_of_one_address_are_limited), TEST(bodies_of_all_addresses_are_limited), TEST(bodies_are_limited),
        TEST(a_refusal_is_read_before_the_connection_ends),
        TEST(smuggled_requests_are_never_seen),
        TEST(connections_are_limited),
        TEST(connections_of_one_address_are_limited),
        TEST(draining_finishes_what_was_begun),
        TEST(draining_does_not_wait_for_ever),
        TEST(draining_nothing_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
