/* TLS over a descriptor: both sides, over a socket pair. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/tls/made_certificate.h"

#include "tls/tls_stream.h"

static struct made_certificate made;
static struct error err;

struct pair {
    int fds[2];
    struct tls_stream *server, *client;
};

static int set_up(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    made_certificate_new(&made, "a.example");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_certificate_free(&made);
    return 0;
}

static struct tls_context *server_context(void)
{
    struct tls_context *context = NULL;
    OK(tls_context_new_server(made.pem, made.key_pem, &context, &err));
    return context;
}

static struct tls_context *client_context(const char *alpn, bool is_verified)
{
    struct tls_context *context = NULL;
    struct tls_client_settings settings = {
        .alpn = alpn, .ca_pem = made.pem, .is_verified = is_verified};
    OK(tls_context_new_client(&settings, &context, &err));
    return context;
}

/* Takes the contexts. */
static void open_pair(struct pair *p, struct tls_context *server, struct tls_context *client,
                      const char *name)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
    OK(tls_stream_new(server, p->fds[0], NULL, &p->server, &err));
    OK(tls_stream_new(client, p->fds[1], name, &p->client, &err));
    tls_context_free(server);
    tls_context_free(client);
}

static void close_pair(struct pair *p)
{
    tls_stream_free(p->server);
    tls_stream_free(p->client);
    (void)close(p->fds[0]);
    (void)close(p->fds[1]);
}

/* The client's result, when neither side waits for the other any more. */
static enum tls_result shake_hands(struct pair *p)
{
    enum tls_result client = TLS_WANT_READ, server = TLS_WANT_READ;
    for (int i = 0; i < 10; i++) {
        client = tls_stream_handshake(p->client);
        server = tls_stream_handshake(p->server);
    }
    return server == TLS_DONE ? client : TLS_FAILED;
}

static void a_message_goes_both_ways(void **state)
{
    (void)state;
    struct pair p;
    char got[16] = {0};
    size_t len = 0;
    open_pair(&p, server_context(), client_context("http/1.1", true), "a.example");
    assert_int_equal(tls_stream_handshake(p.server), TLS_WANT_READ);
    assert_int_equal(shake_hands(&p), TLS_DONE);
    assert_true(bytes_is_text(tls_stream_alpn(p.client), "http/1.1"));
    assert_true(bytes_is_text(tls_stream_alpn(p.server), "http/1.1"));
    assert_int_equal(tls_stream_read(p.server, got, sizeof got, &len), TLS_WANT_READ);
    assert_int_equal(tls_stream_write(p.client, bytes_of_text("hello"), &len), TLS_DONE);
    assert_int_equal(len, 5);
    assert_int_equal(tls_stream_read(p.server, got, 2, &len), TLS_DONE);
    assert_int_equal(len, 2);
    assert_true(tls_stream_has_pending(p.server));
    assert_int_equal(tls_stream_read(p.server, got + 2, 10, &len), TLS_DONE);
    assert_string_equal(got, "hello");
    assert_false(tls_stream_has_pending(p.server));
    assert_int_equal(tls_stream_close(p.client), TLS_DONE);
    assert_int_equal(tls_stream_read(p.server, got, sizeof got, &len), TLS_END);
    close_pair(&p);
}

static void a_full_pipe_says_to_wait(void **state)
{
    (void)state;
    struct pair p;
    static uint8_t much[1 << 20];
    enum tls_result result = TLS_DONE;
    size_t len = 0, sent = 0, received = 0;
    open_pair(&p, server_context(), client_context(NULL, false), NULL);
    assert_int_equal(shake_hands(&p), TLS_DONE);
    assert_int_equal(tls_stream_alpn(p.client).len, 0);
    while (result == TLS_DONE && sent < sizeof much) {
        result = tls_stream_write(p.server, bytes_of(much, sizeof much - sent), &len);
        sent += len;
    }
    assert_int_equal(result, TLS_WANT_WRITE);
    while (received < sizeof much) {
        uint8_t piece[16384];
        result = tls_stream_read(p.client, piece, sizeof piece, &len);
        assert_true(result == TLS_DONE || result == TLS_WANT_READ);
        received += len;
        if (sent < sizeof much && tls_stream_write(p.server, bytes_of(much, sizeof much - sent), &len) ==
                                      TLS_DONE)
            sent += len;
    }
    assert_int_equal(received, sizeof much);
    close_pair(&p);
}

/* Pieces come out as one run of bytes, whatever the pipe takes at a time. */
static void pieces_go_together(void **state)
{
    (void)state;
    struct pair p;
    static uint8_t large[300000], got[400000];
    struct bytes pieces[] = {bytes_of_text("head"), bytes_of(NULL, 0), BYTES_OF(large), bytes_of_text("tail"), bytes_of(NULL, 0)};
    size_t all = 4 + sizeof large + 4, sent = 0, received = 0, len;
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 7);
    open_pair(&p, server_context(), client_context(NULL, false), NULL);
    assert_int_equal(shake_hands(&p), TLS_DONE);
    while (received < all) {
        if (sent < all) {
            /* What is left of the pieces, as a writer has it that was told to wait. */
            struct bytes left[LENGTH(pieces)];
            size_t skip = sent;
            for (size_t i = 0; i < LENGTH(pieces); i++) {
                size_t part = skip < pieces[i].len ? skip : pieces[i].len;
                left[i] = bytes_of(pieces[i].data + part, pieces[i].len - part);
                skip -= part;
            }
            enum tls_result result = tls_stream_writev(p.server, left, LENGTH(left), &len);
            sent += len;
            assert_int_equal(result, sent == all ? TLS_DONE : TLS_WANT_WRITE);
        }
        if (tls_stream_read(p.client, got + received, sizeof got - received, &len) == TLS_DONE)
            received += len;
    }
    assert_int_equal(received, all);
    assert_memory_equal(got, "head", 4);
    assert_memory_equal(got + 4, large, sizeof large);
    assert_memory_equal(got + 4 + sizeof large, "tail", 4);
    assert_int_equal(tls_stream_writev(p.server, NULL, 0, &len), TLS_DONE);
    /* Small pieces are one record: 5 + 1 + 16 bytes beside them. */
    uint64_t before = tls_stream_bytes_written(p.server);
    struct bytes small[] = {bytes_of_text("a"), bytes_of_text("b"), bytes_of_text("c")};
    assert_int_equal(tls_stream_writev(p.server, small, 3, &len), TLS_DONE);
    assert_int_equal(tls_stream_bytes_written(p.server) - before, 3 + 5 + 1 + 16);
    assert_int_equal(tls_stream_read(p.client, got, 10, &len), TLS_DONE);
    assert_int_equal(len, 3);
    assert_int_equal(tls_stream_bytes_read(p.client), tls_stream_bytes_written(p.server));
    close_pair(&p);
}

static void one_half_is_closed(void **state)
{
    (void)state;
    struct pair p;
    char got[8];
    size_t len;
    open_pair(&p, server_context(), client_context(NULL, false), NULL);
    assert_int_equal(shake_hands(&p), TLS_DONE);
    assert_int_equal(tls_stream_close(p.server), TLS_DONE);
    assert_int_equal(tls_stream_read(p.client, got, sizeof got, &len), TLS_END);
    assert_int_equal(tls_stream_write(p.client, bytes_of_text("still"), &len), TLS_DONE);
    assert_int_equal(tls_stream_read(p.server, got, sizeof got, &len), TLS_DONE);
    assert_int_equal(len, 5);
    assert_int_equal(tls_stream_close(p.client), TLS_DONE);
    assert_int_equal(tls_stream_read(p.server, got, sizeof got, &len), TLS_END);
    close_pair(&p);
}

static void the_certificate_is_shown(void **state)
{
    (void)state;
    struct pair p;
    struct builder der;
    BIO *in = BIO_new_mem_buf(made.pem.data, (int)made.pem.len);
    X509 *want = PEM_read_bio_X509(in, NULL, NULL, NULL);
    unsigned char *raw = NULL;
    int len = i2d_X509(want, &raw);
    open_pair(&p, server_context(), client_context(NULL, false), "anything");
    assert_int_equal(shake_hands(&p), TLS_DONE);
    builder_init(&der, 10000);
    OK(tls_stream_peer_certificate(p.client, &der, &err));
    assert_bytes(builder_view(&der), bytes_of(raw, (size_t)len));
    assert_says(tls_stream_peer_certificate(p.server, &der, &err), &err, STATUS_NOT_FOUND, "no certificate");
    builder_clear(&der);
    OPENSSL_free(raw);
    X509_free(want);
    BIO_free(in);
    close_pair(&p);
}

static void a_wrong_name_or_authority_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"b.example", "127.0.0.1"};
    struct pair p;
    for (size_t i = 0; i < LENGTH(names); i++) {
        open_pair(&p, server_context(), client_context(NULL, true), names[i]);
        assert_int_equal(shake_hands(&p), TLS_FAILED);
        assert_non_null(strstr(tls_stream_reason(p.client), "mismatch"));
        /* And it stays so. */
        assert_int_equal(tls_stream_handshake(p.client), TLS_FAILED);
        close_pair(&p);
    }
    struct tls_context *server = server_context();
    struct made_certificate first = made;
    made_certificate_new(&made, "a.example");
    open_pair(&p, server, client_context(NULL, true), "a.example");
    assert_int_equal(shake_hands(&p), TLS_FAILED);
    assert_non_null(strstr(tls_stream_reason(p.client), "certificate"));
    close_pair(&p);
    made_certificate_free(&made);
    made = first;
}

static void only_http_is_agreed_on(void **state)
{
    (void)state;
    struct pair p;
    open_pair(&p, server_context(), client_context("acme-tls/1", false), "a.example");
    assert_int_equal(shake_hands(&p), TLS_FAILED);
    assert_true(tls_stream_reason(p.client)[0] != '\0' && tls_stream_reason(p.server)[0] != '\0');
    close_pair(&p);
}

static void old_versions_and_nonsense_are_refused(void **state)
{
    (void)state;
    struct pair p;
    open_pair(&p, server_context(), client_context(NULL, false), NULL);
    assert_int_equal(send(p.fds[1], "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    assert_int_equal(tls_stream_handshake(p.server), TLS_FAILED);
    assert_true(tls_stream_reason(p.server)[0] != '\0');
    close_pair(&p);
    open_pair(&p, server_context(), client_context(NULL, false), NULL);
    (void)shutdown(p.fds[1], SHUT_WR);
    assert_int_equal(tls_stream_handshake(p.server), TLS_FAILED);
    close_pair(&p);
}

static void contexts_that_cannot_be(void **state)
{
    (void)state;
    struct tls_context *context;
    struct made_certificate other;
    struct tls_client_settings no_ca = {.is_verified = true}, no_protocol = {.alpn = ""};
    made_certificate_new(&other, "b.example");
    assert_says(tls_context_new_server(made.pem, other.key_pem, &context, &err), &err, STATUS_USAGE,
                "belong");
    assert_null(context);
    assert_says(tls_context_new_server(made.key_pem, made.key_pem, &context, &err), &err, STATUS_USAGE,
                "chain");
    assert_says(tls_context_new_server(bytes_of_text(""), made.key_pem, &context, &err), &err,
                STATUS_USAGE, "chain");
    assert_says(tls_context_new_server(bytes_of(made.pem.data, made.pem.len - 40), made.key_pem,
                                       &context, &err),
                &err, STATUS_USAGE, "chain");
    assert_says(tls_context_new_server(made.pem, made.pem, &context, &err), &err, STATUS_USAGE, "key");
    assert_says(tls_context_new_client(&no_ca, &context, &err), &err, STATUS_USAGE, "trusted");
    assert_says(tls_context_new_client(&no_protocol, &context, &err), &err, STATUS_USAGE, "protocol");
    made_certificate_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_goes_both_ways),
        cmocka_unit_test(a_full_pipe_says_to_wait),
        cmocka_unit_test(pieces_go_together),
        cmocka_unit_test(one_half_is_closed),
        cmocka_unit_test(the_certificate_is_shown),
        cmocka_unit_test(a_wrong_name_or_authority_is_refused),
        cmocka_unit_test(only_http_is_agreed_on),
        cmocka_unit_test(old_versions_and_nonsense_are_refused),
        cmocka_unit_test(contexts_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
