#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/tls_client/tls_prober.h"
#include "fakes/loopback_server.h"
#include "unit/checks.h"

#define PATIENCE_MS 60000
#define MANY 100

struct world {
    struct event_loop *loop;
    struct tls_prober *prober;
    struct tls_probe_port port;
    struct loopback_server *server;
    unsigned open_count;
};

struct got {
    struct world *world;
    unsigned done_count;
    char failure[256];
    bool is_connected, has_alpn;
    uint8_t certificate[4096];
    size_t certificate_len;
};

static void on_done(void *cookie, const struct tls_probe_result *r)
{
    struct got *got = cookie;
    got->done_count++;
    (void)snprintf(got->failure, sizeof got->failure, "%s", r->failure);
    got->is_connected = r->is_connected;
    got->has_alpn = r->has_alpn;
    assert_true(r->certificate.len <= sizeof got->certificate);
    if (r->certificate.len > 0)
        memcpy(got->certificate, r->certificate.data, r->certificate.len);
    got->certificate_len = r->certificate.len;
    if (--got->world->open_count == 0)
        event_loop_stop(got->world->loop);
}

static void out_of_patience(void *cookie)
{
    (void)cookie;
    fail_msg("no answer");
}

static void run(struct world *w)
{
    struct timer_port timers = event_loop_timers(w->loop);
    uint64_t timer = timers.start(timers.context, PATIENCE_MS, out_of_patience, NULL);
    event_loop_run(w->loop);
    timers.cancel(timers.context, timer);
}

static bool answer(struct loopback_connection *connection)
{
    (void)connection;
    return false;
}

static bool answer_ssh(struct loopback_connection *connection)
{
    (void)loopback_send(connection, "SSH-2.0-OpenSSH_9.2 and more than a record header\r\n");
    return false;
}

static void make(struct world *w, loopback_answer *how, bool is_tls)
{
    struct error err;
    *w = (struct world){0};
    OK(event_loop_new(&w->loop, &err));
    OK(tls_prober_new(w->loop, &w->prober, &err));
    w->port = tls_prober_port(w->prober);
    w->server = loopback_server_start(how, is_tls ? loopback_certificates()->certificate : NULL,
                                      is_tls ? loopback_certificates()->key : NULL);
}

static void unmake(struct world *w)
{
    tls_prober_free(w->prober);
    loopback_server_stop(w->server);
    event_loop_free(w->loop);
}

static struct tls_probe_request request_to(const struct world *w, const char *alpn)
{
    return (struct tls_probe_request){.address = "127.0.0.1",
                                      .port = loopback_server_port(w->server),
                                      .server_name = "www.example.com",
                                      .alpn = alpn,
                                      .timeout_ms = PATIENCE_MS};
}

static void start(struct world *w, const struct tls_probe_request *request, struct got *got)
{
    struct error err;
    *got = (struct got){.world = w};
    OK(w->port.start(w->port.context, request, on_done, got, &err));
    w->open_count++;
    assert_int_equal(got->done_count, 0);
}

static void probe(struct world *w, const struct tls_probe_request *request, struct got *got)
{
    start(w, request, got);
    run(w);
    assert_int_equal(got->done_count, 1);
}

/* The DER of a PEM certificate. */
static void assert_certificate(const struct got *got, const char *pem)
{
    char text[4096];
    size_t len = 0;
    struct builder der;
    builder_init(&der, sizeof text);
    const char *start_at = strchr(pem, '\n'), *end_at = strstr(pem, "-----END");
    for (const char *at = start_at; at < end_at; at++)
        if (*at != '\n')
            text[len++] = *at;
    assert_true(text_parse_base64(bytes_of(text, len), &der));
    assert_bytes(bytes_of(got->certificate, got->certificate_len), builder_view(&der));
    builder_clear(&der);
}

static void test_certificate(void **state)
{
    (void)state;
    struct world w;
    struct got got;
    make(&w, answer, true);
    struct tls_probe_request request = request_to(&w, "http/1.1");
    for (int i = 0; i < 2; i++) {
        probe(&w, &request, &got);
        assert_string_equal(got.failure, "");
        assert_true(got.is_connected);
        assert_true(got.has_alpn);
        assert_certificate(&got, loopback_certificates()->certificate);
    }
    /* Whatever the name is: nothing is verified. */
    request.server_name = "1.0.0.127.in-addr.arpa";
    probe(&w, &request, &got);
    assert_certificate(&got, loopback_certificates()->certificate);
    unmake(&w);
}

static void test_another_protocol(void **state)
{
    (void)state;
    struct world w;
    struct got got;
    make(&w, answer, true);
    struct tls_probe_request request = request_to(&w, "acme-tls/1");
    probe(&w, &request, &got);
    assert_true(got.is_connected);
    assert_false(got.has_alpn);
    assert_int_equal(got.certificate_len, 0);
    assert_non_null(strstr(got.failure, "TLS: "));
    unmake(&w);
}

static void test_no_tls(void **state)
{
    (void)state;
    struct world w;
    struct got got;
    make(&w, answer_ssh, false);
    struct tls_probe_request request = request_to(&w, "acme-tls/1");
    probe(&w, &request, &got);
    assert_true(got.is_connected);
    assert_non_null(strstr(got.failure, "TLS: "));
    unmake(&w);
}

static void test_hung_up(void **state)
{
    (void)state;
    struct world w;
    struct got got;
    make(&w, answer, false);
    struct tls_probe_request request = request_to(&w, "acme-tls/1");
    probe(&w, &request, &got);
    assert_true(got.is_connected);
    assert_true(got.failure[0] != '\0');
    unmake(&w);
}

static void test_time_limit(void **state)
{
    (void)state;
    struct world w;
    struct got got;
    make(&w, NULL, false);
    struct tls_probe_request request = request_to(&w, "acme-tls/1");
    request.timeout_ms = 50;
    probe(&w, &request, &got);
    assert_true(got.is_connected);
    assert_string_equal(got.failure, "no handshake within 50 ms");
    unmake(&w);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    struct world w;
    struct got got;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    make(&w, NULL, false);
    struct tls_probe_request request = request_to(&w, "acme-tls/1");
    request.port = ntohs(at.sin_port);
    probe(&w, &request, &got);
    assert_false(got.is_connected);
    assert_string_equal(got.failure, "cannot connect: Connection refused");
    /* One that connect refuses at once. */
    request.address = "255.255.255.255";
    probe(&w, &request, &got);
    assert_false(got.is_connected);
    assert_true(strncmp(got.failure, "cannot connect: ", 16) == 0);
    close(fd);
    unmake(&w);
}

static void test_what_is_no_request(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    char name[300], alpn[300];
    make(&w, NULL, false);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(alpn, name, sizeof alpn);
    alpn[256] = '\0';
    struct tls_probe_request bad[7];
    for (size_t i = 0; i < LENGTH(bad); i++)
        bad[i] = request_to(&w, "acme-tls/1");
    bad[0].address = "localhost";
    bad[1].port = 0;
    bad[2].timeout_ms = 0;
    bad[3].alpn = "";
    bad[4].alpn = alpn;
    bad[5].server_name = name;
    bad[6].address = "127.0.0.1:443";
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (w.port.start(w.port.context, &bad[i], on_done, NULL, &err) != STATUS_USAGE)
            fail_msg("request %zu was taken", i);
    unmake(&w);
}

static void test_limit_and_stop(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    static struct got got[TLS_PROBER_UNDER_WAY_MAX];
    make(&w, NULL, false);
    struct tls_probe_request request = request_to(&w, "acme-tls/1");
    for (size_t i = 0; i < LENGTH(got); i++)
        start(&w, &request, &got[i]);
    assert_says(w.port.start(w.port.context, &request, on_done, NULL, &err), &err, STATUS_LIMIT,
                "256 TLS probes are under way");
    unmake(&w);
    for (size_t i = 0; i < LENGTH(got); i++) {
        assert_int_equal(got[i].done_count, 1);
        assert_string_equal(got[i].failure, "stopped");
    }
}

static void test_many(void **state)
{
    (void)state;
    struct world w;
    static struct got got[MANY];
    make(&w, answer, true);
    struct tls_probe_request request = request_to(&w, "http/1.1");
    for (size_t i = 0; i < LENGTH(got); i++) {
        request.alpn = i % 3 == 0 ? "h2" : "http/1.1";
        start(&w, &request, &got[i]);
    }
    run(&w);
    for (size_t i = 0; i < LENGTH(got); i++) {
        assert_int_equal(got[i].done_count, 1);
        assert_int_equal(got[i].has_alpn, i % 3 != 0);
    }
    unmake(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate),        cmocka_unit_test(test_another_protocol),
        cmocka_unit_test(test_no_tls),             cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_nobody_listens),     cmocka_unit_test(test_what_is_no_request),
        cmocka_unit_test(test_limit_and_stop),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_hung_up),
    };
    return cmocka_run_group_tests_name("adapters/tls_client/tls_prober", tests, NULL, NULL);
}
