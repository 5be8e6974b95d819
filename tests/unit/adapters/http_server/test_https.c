/* The server over TLS, with a certificate that changes. */
#include <fcntl.h>

#include "unit/adapters/http_server/http_world.h"
#include "unit/tls/made_certificate.h"

#include "tls/tls_stream.h"

static struct made_certificate made;
static struct error err;

struct secure {
    struct http_world *w;
    int fd;
    struct tls_stream *tls;
};

static struct tls_context *server_context(void)
{
    struct tls_context *context = NULL;
    OK(tls_context_new_server(made.pem, made.key_pem, &context, &err));
    return context;
}

static int set_up_with(void **state, uint64_t head_ms)
{
    assert_int_equal(world_set_up(state), 0);
    made_certificate_new(&made, "a.example");
    struct http_world *w = *state;
    w->limits.head_ms = head_ms;
    world_open(w);
    struct tls_context *context = server_context();
    OK(http_server_listen(w->server, "127.0.0.1:0", context, &err));
    tls_context_free(context);
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, WORLD_PATIENCE_MS);
}

static int set_up_impatient(void **state)
{
    return set_up_with(state, 200);
}

static int tear_down(void **state)
{
    made_certificate_free(&made);
    return world_tear_down(state);
}

/* The result of the handshake with a client that trusts the certificate that was made last. */
static enum tls_result secure_open(struct secure *s, struct http_world *w)
{
    struct tls_context *context;
    struct tls_client_settings settings = {
        .alpn = "http/1.1", .ca_pem = made.pem, .is_verified = true};
    s->w = w;
    s->fd = world_dial(w, 1);
    assert_int_equal(fcntl(s->fd, F_SETFL, O_NONBLOCK), 0);
    OK(tls_context_new_client(&settings, &context, &err));
    OK(tls_stream_new(context, s->fd, "a.example", &s->tls, &err));
    tls_context_free(context);
    enum tls_result result = TLS_WANT_READ;
    for (int i = 0; i < 1000 && result == TLS_WANT_READ; i++) {
        result = tls_stream_handshake(s->tls);
        world_pass(w, 0);
    }
    return result;
}

static void secure_close(struct secure *s)
{
    tls_stream_free(s->tls);
    (void)close(s->fd);
}

/* Sends it, and reads into w->got until the server ends. */
static const char *secure_talk(struct secure *s, struct bytes raw)
{
    enum tls_result result = TLS_WANT_READ;
    size_t len = 0;
    builder_reset(&s->w->got);
    for (int i = 0; i < 100000 && result != TLS_END && result != TLS_FAILED; i++) {
        static char buffer[16384];
        if (raw.len > 0 && tls_stream_write(s->tls, raw, &len) == TLS_DONE)
            raw = bytes_of(raw.data + len, raw.len - len);
        result = tls_stream_read(s->tls, buffer, sizeof buffer, &len);
        builder_bytes(&s->w->got, bytes_of(buffer, len));
        if (result == TLS_WANT_READ)
            world_pass(s->w, 0);
    }
    assert_int_equal(result, TLS_END);
    return world_text(s->w);
}

static void requests_are_answered(void **state)
{
    struct secure s;
    assert_int_equal(secure_open(&s, *state), TLS_DONE);
    assert_string_equal(
        secure_talk(&s, bytes_of_text("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"
                                      "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
        "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nPOST /1? [a] ok"
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nGET /2? [a] ");
    secure_close(&s);
}

static void large_bodies_go_through(void **state)
{
    enum { BODY_LEN = 2000000 };
    struct secure s;
    struct builder raw;
    builder_init(&raw, 1 << 22);
    builder_printf(&raw, "POST /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
                   BODY_LEN);
    memset(builder_space(&raw, BODY_LEN), 'x', BODY_LEN);
    assert_int_equal(secure_open(&s, *state), TLS_DONE);
    const char *text = secure_talk(&s, builder_view(&raw));
    assert_non_null(strstr(text, "200 OK"));
    assert_memory_equal(text + s.w->got.len - BODY_LEN, raw.data + raw.len - BODY_LEN, BODY_LEN);
    builder_clear(&raw);
    secure_close(&s);
}

static void a_renewed_certificate_is_used_at_once(void **state)
{
    struct http_world *w = *state;
    struct secure old, fresh;
    struct made_certificate first = made;
    assert_int_equal(secure_open(&old, w), TLS_DONE);
    made_certificate_new(&made, "a.example");
    assert_int_equal(secure_open(&fresh, w), TLS_FAILED);
    secure_close(&fresh);
    struct tls_context *context = server_context();
    http_server_set_tls(w->server, 1, context);
    tls_context_free(context);
    assert_int_equal(secure_open(&fresh, w), TLS_DONE);
    secure_close(&fresh);
    /* And the old connection goes on. */
    struct bytes raw = bytes_of_text("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(secure_talk(&old, raw), "200 OK"));
    secure_close(&old);
    made_certificate_free(&first);
}

static void silence_and_plain_text_end(void **state)
{
    struct http_world *w = *state;
    int silent = world_dial(w, 1), plain = world_dial(w, 1);
    assert_int_equal(send(plain, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    world_pass(w, 20);
    assert_int_equal(http_server_connection_count(w->server), 1);
    world_pass(w, 400);
    assert_int_equal(http_server_connection_count(w->server), 0);
    (void)close(silent);
    (void)close(plain);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_answered),
        TEST(large_bodies_go_through),
        TEST(a_renewed_certificate_is_used_at_once),
        cmocka_unit_test_setup_teardown(silence_and_plain_text_end, set_up_impatient, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
