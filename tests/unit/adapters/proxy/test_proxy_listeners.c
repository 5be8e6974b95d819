/* Listeners of a second proxy beside the world's: of kind tcp, and with sockets that were another's. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "proxy_world.h"

/* A proxy that is not started yet. */
static struct proxy *new_proxy(struct proxy_world *w, size_t worker_count)
{
    struct error err;
    struct proxy *p;
    const struct proxy_settings settings = {.worker_count = worker_count};
    OK(proxy_new(w->loop, &settings, &p, &err));
    return p;
}

static uint16_t start(struct proxy_world *w, struct proxy *p)
{
    struct error err;
    struct proxy_listener_info info;
    struct proxy_state *state = world_state(w);
    OK(proxy_start(p, state, &err));
    proxy_state_free(state);
    proxy_listener(p, 0, &info);
    return (uint16_t)strtoul(strrchr(info.address, ':') + 1, NULL, 10);
}

static void a_tcp_listener_passes_bytes(void **state)
{
    struct proxy_world *w = *state;
    struct error err;
    struct proxy *p = new_proxy(w, 1);
    w->site.is_default = true;
    OK(proxy_listen(p, "127.0.0.1:0", PROXY_TCP, &err));
    int fd = world_connect_to(start(w, p));
    /* Nothing of it is looked at or changed. */
    assert_true(world_say(fd, "GET /head HTTP/1.1\r\nX-Forwarded-For: me\r\n\r\n"));
    char *got = world_read_to(fd, "\r\n\r\nGET /head HTTP/1.1\r\nX-Forwarded-For: me\r\n\r\n");
    HAS_NOT(got, "Forwarded: for");
    free(got);
    struct proxy_stats n;
    proxy_stats(p, &n);
    assert_int_equal(n.tunnels_now, 1);
    (void)close(fd);
    proxy_free(p);
}

static void a_tcp_listener_without_a_default_site_closes(void **state)
{
    struct proxy_world *w = *state;
    struct error err;
    struct proxy *p = new_proxy(w, 1);
    OK(proxy_listen(p, "127.0.0.1:0", PROXY_TCP, &err));
    int fd = world_connect_to(start(w, p));
    char *got = world_read_all(fd);
    assert_string_equal(got, "");
    free(got);
    (void)close(fd);
    proxy_free(p);
}

/* The world's sockets for HTTP, as a new process gets them. */
static void copy_sockets(const struct proxy_world *w, int fds[2])
{
    struct proxy_listener_info info;
    proxy_listener(w->proxy, 0, &info);
    assert_int_equal(info.fd_count, 2);
    for (size_t i = 0; i < 2; i++) {
        fds[i] = dup(info.fds[i]);
        assert_true(fds[i] >= 0);
    }
}

/* More or fewer workers than sockets: each socket is accepted from. */
static void inherited_sockets_go_on(void **state)
{
    struct proxy_world *w = *state;
    struct error err;
    int fds[2];
    for (size_t worker_count = 1; worker_count <= 3; worker_count += 2) {
        struct proxy *p = new_proxy(w, worker_count);
        copy_sockets(w, fds);
        OK(proxy_listen_inherited(p, fds, 2, PROXY_HTTP, &err));
        assert_int_equal(start(w, p), w->port);
        proxy_drain(w->proxy, 10000, world_stop, w);
        event_loop_run(w->loop);
        for (int i = 0; i < 16; i++) {
            char *got = world_ask(w, "GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
            HAS(got, "\r\n\r\n/x");
            free(got);
        }
        struct proxy_stats n;
        proxy_stats(p, &n);
        assert_int_equal(n.requests, 16);
        /* The next one has its sockets from this one. */
        proxy_free(w->proxy);
        w->proxy = p;
    }
}

static void sockets_that_do_not_fit_are_refused(void **state)
{
    struct proxy_world *w = *state;
    struct error err;
    struct proxy *p = new_proxy(w, 1);
    uint16_t port;
    int fds[2] = {socket(AF_INET, SOCK_STREAM, 0), -1};
    assert_int_equal(proxy_listen_inherited(p, fds, 1, PROXY_HTTP, &err), STATUS_USAGE);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1); /* closed: it was ours */
    fds[0] = world_listen(&port);
    fds[1] = world_listen(&port);
    assert_int_equal(proxy_listen_inherited(p, fds, 2, PROXY_HTTP, &err), STATUS_USAGE);
    assert_int_equal(fcntl(fds[1], F_GETFD), -1);
    assert_int_equal(proxy_listen_inherited(p, fds, 0, PROXY_HTTP, &err), STATUS_USAGE);
    assert_int_equal(proxy_listener_count(p), 0);
    proxy_free(p);
}

static void connections_in_all_are_limited(void **state)
{
    struct proxy_world *w = *state;
    struct proxy_stats n;
    w->limits.connections = 2;
    world_apply(w);
    int first = world_connect(w), second = world_connect(w);
    assert_true(world_say(first, "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    assert_true(world_say(second, "GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"));
    free(world_read_to(first, "\r\n\r\n/x"));
    char *got = world_read_to(second, "\r\n\r\n/x");
    free(got);
    got = world_read_all(second);
    free(got);
    (void)close(second);
    do {
        (void)sched_yield();
        proxy_stats(w->proxy, &n);
    } while (n.connections_now > 1);
    int third = world_connect(w);
    assert_true(world_say(third, "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    free(world_read_to(third, "\r\n\r\n/x"));
    int fourth = world_connect(w);
    got = world_read_all(fourth);
    assert_string_equal(got, "");
    free(got);
    proxy_stats(w->proxy, &n);
    assert_int_equal(n.refused_connections, 1);
    assert_int_equal(n.connections, 3);
    assert_int_equal(n.connections_now, 2);
    (void)close(first);
    (void)close(third);
    (void)close(fourth);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tcp_listener_passes_bytes),
        TEST(a_tcp_listener_without_a_default_site_closes),
        TEST(inherited_sockets_go_on),
        TEST(sockets_that_do_not_fit_are_refused),
        TEST(connections_in_all_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
