/* The gateway's TLS listener: sites by SNI and Host, tunnels of TCP sites, hot swaps, half answers. */
#include <errno.h>
#include <time.h>

#include "proxy_world.h"
#include "unit/tls/made_certificate.h"

#include "tls/tls_server.h"

static struct tls_context *client_context;

/* Two HTTP sites, a and b, and one of TCP, t; a is the default one when is_default. */
static void use_sites(struct proxy_world *w, bool is_default)
{
    static const char *const names[3][1] = {{"a.example"}, {"b.example"}, {"t.example"}};
    static const char *const alpn[] = {"http/1.1"};
    struct error err;
    struct made_certificate made;
    struct tls_credential *credential;
    struct tls_sites *sites;
    struct tls_site all[3];
    struct backend_group *group;
    struct proxy_state *state;
    char address[64];
    const char *addresses[] = {address};
    uint32_t index;
    made_certificate_new(&made, "a.example,DNS:b.example,DNS:t.example");
    const struct tls_credential_settings settings = {
        .chain_pem = made.pem, .key_pem = made.key_pem, .now_s = (int64_t)time(NULL)};
    OK(tls_credential_new(&settings, &credential, &err));
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)w->backend_port);
    OK(backend_group_new(addresses, 1, NULL, &group, &err));
    OK(proxy_state_new(&state, &err));
    OK(proxy_state_set_limits(state, &w->limits, &err));
    for (size_t i = 0; i < 3; i++) {
        all[i] = (struct tls_site){.names = names[i], .name_count = 1, .credentials = &credential,
                                   .credential_count = 1, .stage = STAGE_LANDMARK, .is_default = is_default && i == 0,
                                   .alpn = alpn, .alpn_count = 1, .index = i};
        OK(proxy_state_add_site(state, &(struct proxy_site){.title = names[i][0], .names = names[i], .name_count = 1,
                                                            .is_default = is_default && i == 0, .backends = group,
                                                            .mode = i == 2 ? PROXY_MODE_TCP : PROXY_MODE_HTTP,
                                                            .hsts_max_age_s = 100},
                                &index, &err));
    }
    OK(tls_sites_new(&(struct tls_sites_settings){.sites = all, .site_count = 3}, &sites, &err));
    proxy_state_set_tls(state, sites);
    proxy_apply(w->proxy, state, world_stop, w);
    event_loop_run(w->loop);
    proxy_state_free(state);
    tls_sites_free(sites);
    tls_credential_free(credential);
    backend_group_free(group);
    made_certificate_free(&made);
}

static struct tls_stream *open_tls(const struct proxy_world *w, const char *sni, int *fd)
{
    struct error err;
    struct tls_stream *s;
    *fd = world_connect_to(w->tls_port);
    OK(tls_stream_new(client_context, *fd, sni, &s, &err));
    if (tls_stream_handshake(s) != TLS_DONE)
        fail_msg("handshake: %s", tls_stream_reason(s));
    return s;
}

static void say(struct tls_stream *s, const char *text)
{
    size_t len = 0;
    assert_int_equal(tls_stream_write(s, bytes_of_text(text), &len), TLS_DONE);
    assert_int_equal(len, strlen(text));
}

/* Until text has come, or the end when it is NULL; *end is how it ended. */
static char *hear(struct tls_stream *s, const char *text, enum tls_result *end)
{
    static char got[1 << 16];
    size_t len = 0, total = 0;
    got[0] = '\0';
    *end = TLS_DONE;
    while (*end == TLS_DONE && (text == NULL || strstr(got, text) == NULL)) {
        *end = tls_stream_read(s, got + total, sizeof got - 1 - total, &len);
        total += len;
        got[total] = '\0';
    }
    return got;
}

static void shut(struct tls_stream *s, int fd)
{
    tls_stream_free(s);
    (void)close(fd);
}

static void a_host_of_another_site_is_misdirected(void **state)
{
    struct proxy_world *w = *state;
    enum tls_result end;
    int fd;
    for (int is_default = 0; is_default <= 1; is_default++) {
        use_sites(w, is_default != 0);
        struct tls_stream *s = open_tls(w, "a.example", &fd);
        say(s, "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n");
        char *got = hear(s, "\r\n\r\n/x", &end);
        HAS(got, "HTTP/1.1 200 OK");
        HAS(got, "Strict-Transport-Security: max-age=100\r\n");
        say(s, "GET /x HTTP/1.1\r\nHost: b.example\r\n\r\n");
        got = hear(s, "\n\r\n", &end);
        HAS(got, "HTTP/1.1 421 Misdirected Request");
        HAS_NOT(got, "Strict-Transport-Security"); /* not this site's name */
        say(s, "GET /x HTTP/1.1\r\nHost: unknown.example\r\nConnection: close\r\n\r\n");
        HAS(hear(s, NULL, &end), is_default ? "HTTP/1.1 200 OK" : "HTTP/1.1 421 Misdirected Request");
        assert_int_equal(end, TLS_END);
        shut(s, fd);
    }
}

static void heads_say_https(void **state)
{
    struct proxy_world *w = *state;
    enum tls_result end;
    int fd;
    use_sites(w, false);
    struct tls_stream *s = open_tls(w, "b.example", &fd);
    say(s, "GET /head HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n");
    HAS(hear(s, NULL, &end), "X-Forwarded-Proto: https\r\n");
    shut(s, fd);
}

static void a_tcp_site_is_a_tunnel(void **state)
{
    struct proxy_world *w = *state;
    enum tls_result end;
    int fd;
    use_sites(w, false);
    struct tls_stream *s = open_tls(w, "t.example", &fd);
    say(s, "GET /head HTTP/1.1\r\nHost: whatever\r\nX-Forwarded-For: me\r\n\r\n");
    char *got = hear(s, "X-Forwarded-For: me\r\n\r\n", &end);
    HAS(got, "GET /head HTTP/1.1\r\nHost: whatever\r\n");
    shut(s, fd);
}

static void half_an_answer_has_no_good_end(void **state)
{
    struct proxy_world *w = *state;
    enum tls_result end;
    int fd;
    use_sites(w, false);
    struct tls_stream *s = open_tls(w, "a.example", &fd);
    say(s, "GET /die HTTP/1.1\r\nHost: a.example\r\n\r\n");
    HAS_NOT(hear(s, NULL, &end), "0\r\n\r\n");
    assert_int_equal(end, TLS_FAILED);
    shut(s, fd);
}

static uint64_t clock_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Also one that sends a byte now and then: the handshake as a whole has its time. */
static void slow_handshakes_are_cut_off(void **state)
{
    struct proxy_world *w = *state;
    w->limits.handshake_ms = 300;
    use_sites(w, false);
    uint64_t start_ms = clock_ms();
    int silent = world_connect_to(w->tls_port), slow = world_connect_to(w->tls_port);
    struct timeval time = {.tv_usec = 20000};
    char byte;
    (void)setsockopt(slow, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    /* The head of a record of 16 KiB, and bytes of a ClientHello that never ends. */
    assert_true(world_send(slow, "\x16\x03\x01\x40\x00\x01\x00\x3f\xfc", 9));
    ssize_t got = -1;
    while (got < 0 && (errno = 0, got = recv(slow, &byte, 1, 0)) < 0 && errno == EAGAIN)
        if (!world_send(slow, "\x03", 1))
            break;
    assert_true(clock_ms() - start_ms >= 300);
    assert_true(clock_ms() - start_ms < 10000);
    free(world_read_all(silent));
    (void)close(silent);
    (void)close(slow);
    struct proxy_stats n;
    proxy_stats(w->proxy, &n);
    assert_int_equal(n.timeouts, 2);
    assert_int_equal(n.handshakes, 0);
}

/* Two workers with one handshake a second each: of three, one waits, and all are served. */
static void handshakes_have_a_rate(void **state)
{
    struct proxy_world *w = *state;
    struct proxy_stats n;
    enum tls_result end;
    int fd;
    w->limits.handshakes_per_s = 2;
    use_sites(w, false);
    uint64_t start_ms = clock_ms();
    for (int i = 0; i < 3; i++) {
        struct tls_stream *s = open_tls(w, "a.example", &fd);
        say(s, "GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
        HAS(hear(s, NULL, &end), "\r\n\r\n/x");
        shut(s, fd);
    }
    assert_true(clock_ms() - start_ms >= 900);
    proxy_stats(w->proxy, &n);
    assert_true(n.refused_rate > 0);
    assert_int_equal(n.handshakes, 3);
    assert_int_equal(n.refused_connections, 0);
}

static void our_own_answers_have_hsts_too(void **state)
{
    struct proxy_world *w = *state;
    enum tls_result end;
    int fd;
    w->backend_port = 1; /* nobody listens there */
    use_sites(w, false);
    struct tls_stream *s = open_tls(w, "a.example", &fd);
    say(s, "GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    char *got = hear(s, NULL, &end);
    HAS(got, "HTTP/1.1 502 Bad Gateway");
    HAS(got, "Strict-Transport-Security: max-age=100\r\n");
    shut(s, fd);
}

static void connections_live_through_a_swap(void **state)
{
    struct proxy_world *w = *state;
    enum tls_result end;
    int fd;
    use_sites(w, false);
    struct tls_stream *s = open_tls(w, "a.example", &fd);
    for (int i = 0; i < 3; i++) {
        say(s, "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n");
        HAS(hear(s, "\r\n\r\n/x", &end), "HTTP/1.1 200 OK");
        use_sites(w, false);
    }
    world_apply(w); /* the site is no more */
    say(s, "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    HAS_NOT(hear(s, NULL, &end), "200");
    shut(s, fd);
    struct proxy_stats n;
    proxy_stats(w->proxy, &n);
    assert_int_equal(n.handshakes, 1);
    assert_int_equal(n.handshakes_by_kind[5], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    struct error err;
    const struct tls_client_settings settings = {.alpn = "http/1.1"};
    const struct CMUnitTest tests[] = {
        TEST(a_host_of_another_site_is_misdirected),
        TEST(heads_say_https),
        TEST(a_tcp_site_is_a_tunnel),
        TEST(half_an_answer_has_no_good_end),
        TEST(slow_handshakes_are_cut_off),
        TEST(handshakes_have_a_rate),
        TEST(our_own_answers_have_hsts_too),
        TEST(connections_live_through_a_swap),
    };
    if (tls_context_new_client(&settings, &client_context, &err) != STATUS_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tls_context_free(client_context);
    return failed;
}
