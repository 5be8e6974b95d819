/* The server over real sockets: raw bytes in, raw bytes out. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <zlib.h>

#include "unit/adapters/http_server/http_world.h"

#define TEXT(body, len) "HTTP/1.1 200 OK\r\nContent-Length: " len "\r\n\r\n" body
#define HOST "Host: a\r\n"

static void a_request_is_answered(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    assert_string_equal(world_talk_text(w, "GET /x?y=1 HTTP/1.1\r\n" HOST "\r\n"),
                        TEXT("GET /x?y=1 [a] ", "15"));
    assert_string_equal(world_talk_text(w, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"),
                        TEXT("POST /x? [a] abc", "16"));
    assert_string_equal(world_talk_text(w, "HEAD /x HTTP/1.1\r\n" HOST "\r\n"), TEXT("", "13"));
    assert_string_equal(world_talk_text(w, "GET http://a:1/x?q HTTP/1.1\r\nHost: a:1\r\n\r\n"),
                        TEXT("GET /x?q [a:1] ", "15"));
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    assert_string_equal(
        world_talk_text(w, "GET /1 HTTP/1.1\r\n" HOST "\r\nPOST /2 HTTP/1.1\r\n" HOST
                           "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                           "GET /3 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET /4 HTTP/1.1\r\n"),
        TEXT("GET /1? [a] ", "12") TEXT("POST /2? [a] abc", "16")
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nGET /3? [a] ");
}

static void byte_by_byte_is_the_same(void **state)
{
    struct http_world *w = *state;
    const char *raw = "POST /2 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                      "3;x=\"y\"\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
    world_open(w);
    world_connect(w);
    for (; *raw != '\0'; raw++) {
        world_send(w, bytes_of(raw, 1));
        world_pass(w, 0);
    }
    (void)shutdown(w->client, SHUT_WR);
    world_wait(w, 0);
    assert_string_equal(world_text(w), TEXT("POST /2? [a] abcde", "18"));
}

static void http_1_0_closes_unless_asked(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    assert_string_equal(
        world_talk_text(w, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: keep-alive\r\n\r\nGET /1? [] "
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nGET /2? [] ");
}

static void continue_is_said_when_asked_for(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    world_connect(w);
    world_send_text(w, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    world_wait(w, 25);
    assert_string_equal(world_text(w), "HTTP/1.1 100 Continue\r\n\r\n");
    world_send_text(w, "ok");
    (void)shutdown(w->client, SHUT_WR);
    world_wait(w, 0);
    assert_string_equal(world_text(w), "HTTP/1.1 100 Continue\r\n\r\n" TEXT("POST /x? [a] ok", "15"));
    /* Not before a refusal. */
    assert_non_null(strstr(world_talk_text(w, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 200\r\n"
                                              "Expect: 100-continue\r\n\r\n"),
                           "HTTP/1.1 413 "));
    assert_null(strstr(world_text(w), "100 Continue"));
}

static struct bytes gzip(struct bytes in)
{
    static uint8_t out[100000];
    z_stream z = {.zalloc = NULL};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)in.data;
    z.avail_in = (uInt)in.len;
    z.next_out = out;
    z.avail_out = sizeof out;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct bytes result = bytes_of(out, sizeof out - z.avail_out);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return result;
}

static const char *post_gzip(struct http_world *w, const char *path, struct bytes packed)
{
    struct builder raw;
    builder_init(&raw, 1 << 20);
    builder_printf(&raw,
                   "POST %s HTTP/1.1\r\n" HOST "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                   path, packed.len);
    builder_bytes(&raw, packed);
    const char *text = world_talk(w, builder_view(&raw));
    builder_clear(&raw);
    return text;
}

static void a_gzipped_body_is_unpacked_within_limits(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    uint8_t *zeros = calloc(1, 10000000);
    assert_non_null(zeros);
    assert_string_equal(post_gzip(w, "/x", gzip(bytes_of_text("hello"))),
                        TEXT("POST /x? [a] hello", "18"));
    struct bytes packed = gzip(bytes_of_text("hello"));
    assert_non_null(strstr(post_gzip(w, "/x", bytes_of(packed.data, packed.len - 1)), " 400 "));
    packed = gzip(bytes_of_text("hello"));
    ((uint8_t *)(uintptr_t)packed.data)[packed.len - 6] ^= 1;
    assert_non_null(strstr(post_gzip(w, "/x", packed), " 400 "));
    assert_non_null(strstr(post_gzip(w, "/x", bytes_of_text("plain text")), " 400 "));
    packed = gzip(bytes_of_text("hello"));
    ((uint8_t *)(uintptr_t)packed.data)[packed.len] = 'x';
    assert_non_null(strstr(post_gzip(w, "/x", bytes_of(packed.data, packed.len + 1)), " 400 "));
    assert_non_null(strstr(post_gzip(w, "/x", gzip(bytes_of(zeros, 101))), " 413 "));
    /* 10 MB in 10 kB; a limit of 100 bytes. */
    packed = gzip(bytes_of(zeros, 10000000));
    assert_true(packed.len < 20000);
    assert_non_null(strstr(post_gzip(w, "/x", packed), " 413 "));
    free(zeros);
}

static void a_large_response_and_a_large_request(void **state)
{
    struct http_world *w = *state;
    enum { BODY_LEN = 3000000 };
    struct builder raw;
    world_open(w);
    builder_init(&raw, 1 << 24);
    builder_printf(&raw, "POST /big HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", BODY_LEN);
    uint8_t *body = builder_space(&raw, BODY_LEN);
    for (size_t i = 0; i < BODY_LEN; i++)
        body[i] = (uint8_t)('a' + i % 23);
    world_connect(w);
    /* The socket does not take it at once: the server reads between. */
    assert_int_equal(fcntl(w->client, F_SETFL, O_NONBLOCK), 0);
    for (size_t at = 0; at < raw.len;) {
        ssize_t sent = send(w->client, raw.data + at, raw.len - at, MSG_NOSIGNAL);
        if (sent > 0)
            at += (size_t)sent;
        else
            world_pass(w, 0);
    }
    (void)shutdown(w->client, SHUT_WR);
    world_wait(w, 0);
    size_t want = BODY_LEN + strlen("POST /big? [a] ");
    assert_true(w->got.len > want);
    assert_memory_equal(w->got.data + w->got.len - BODY_LEN, raw.data + raw.len - BODY_LEN, BODY_LEN);
    builder_clear(&raw);
}

static void respond_with_file(void *context, struct http_exchange *x)
{
    (void)context;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite("0123456789", 1, 10, file), 10);
    assert_int_equal(fflush(file), 0);
    x->response.status = 206;
    x->response.file = dup(fileno(file));
    x->response.file_offset = 2;
    x->response.file_len = 5;
    (void)fclose(file);
    x->send(x);
}

static void a_file_is_sent(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    world_route(w, "/file", (struct http_handler){.handle = respond_with_file});
    assert_string_equal(world_talk_text(w, "GET /file HTTP/1.1\r\n" HOST "\r\n"
                                           "HEAD /file HTTP/1.1\r\n" HOST "\r\n"),
                        "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n23456"
                        "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n");
}

static void the_longest_route_wins(void **state)
{
    struct http_world *w = *state;
    struct error err;
    OK(http_server_new(w->loop, &w->limits, &w->server, &err));
    OK(http_server_listen(w->server, "127.0.0.1:0", NULL, &err));
    world_route(w, "/a", (struct http_handler){.handle = world_echo});
    world_route(w, "/a/file", (struct http_handler){.handle = respond_with_file});
    struct http_handler again = {.handle = world_echo};
    assert_says(http_server_add_route(w->server, "/a", &again, &err), &err, STATUS_CONFLICT, "/a");
    assert_says(http_server_add_route(w->server, "a", &again, &err), &err, STATUS_USAGE, "'/'");
    assert_non_null(strstr(world_talk_text(w, "GET /a/file HTTP/1.1\r\n" HOST "\r\n"), " 206 "));
    assert_non_null(strstr(world_talk_text(w, "GET /a/fil HTTP/1.1\r\n" HOST "\r\n"), " 200 "));
    assert_non_null(strstr(world_talk_text(w, "GET /a/files HTTP/1.1\r\n" HOST "\r\n"), " 200 "));
    assert_non_null(strstr(world_talk_text(w, "GET /ab HTTP/1.1\r\n" HOST "\r\n"), " 404 "));
    assert_non_null(strstr(world_talk_text(w, "GET / HTTP/1.1\r\n" HOST "\r\n"), " 404 "));
    assert_non_null(strstr(world_talk_text(w, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), " 404 "));
}

/* ---- answers that come later, and clients that do not wait for them ---- */

static void answer_kept(void *cookie)
{
    struct http_world *w = cookie;
    world_echo(NULL, w->kept);
}

static void an_answer_may_come_later(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    (void)w->timers.start(w->timers.context, 10, answer_kept, w);
    assert_string_equal(world_talk_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n"
                                           "GET /then HTTP/1.1\r\n" HOST "\r\n"),
                        TEXT("GET /later? [a] ", "16") TEXT("GET /then? [a] ", "15"));
}

static void a_client_that_goes_harms_nobody(void **state)
{
    struct http_world *w = *state;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    world_open(w);
    world_connect(w);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 5);
    assert_string_equal(w->log, "later ");
    assert_int_equal(setsockopt(w->client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    world_hang_up(w);
    world_pass(w, 5);
    assert_int_equal(http_server_connection_count(w->server), 0);
    /* The exchange is still there, request and all. */
    assert_true(bytes_is_text(w->kept->request.path, "/later"));
    answer_kept(w);
}

static void an_exchange_outlives_the_server(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    world_connect(w);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 5);
    http_server_free(w->server);
    w->server = NULL;
    answer_kept(w);
}

/* ---- bodies in pieces ---- */

static bool note_piece(struct http_exchange *x, struct bytes piece)
{
    struct http_world *w = x->cookie;
    char text[64] = {0};
    assert_true(piece.len < sizeof text);
    memcpy(text, piece.data, piece.len);
    world_note(w, "<");
    world_note(w, text);
    world_note(w, ">");
    if (strchr(text, 'P') != NULL) {
        w->kept = x;
        x->set_paused(x, true);
    }
    if (strchr(text, 'N') != NULL) {
        w->kept = x;
        return false;
    }
    if (strchr(text, 'A') != NULL) {
        http_respond_text(&x->response, 403, "text/plain", "enough");
        x->send(x);
        return false;
    }
    return true;
}

static void note_abort(struct http_exchange *x)
{
    struct http_world *w = x->cookie;
    world_note(w, "abort ");
    w->kept = x;
}

static void begin_stream(void *context, struct http_exchange *x)
{
    x->cookie = context;
    x->on_body = note_piece;
    x->on_abort = note_abort;
}

static void open_stream(struct http_world *w)
{
    world_open(w);
    world_route(w, "/stream", (struct http_handler){.begin = begin_stream, .handle = world_echo});
}

#define STREAM "POST /stream HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

static void a_body_comes_in_pieces(void **state)
{
    struct http_world *w = *state;
    open_stream(w);
    assert_string_equal(world_talk_text(w, STREAM "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
                        TEXT("POST /stream? [a] ", "18"));
    assert_string_equal(w->log, "<a><bc>");
}

static void resume_kept(void *cookie)
{
    struct http_world *w = cookie;
    world_note(w, "resume");
    w->kept->set_paused(w->kept, false);
}

static void a_handler_lets_the_client_wait(void **state)
{
    struct http_world *w = *state;
    open_stream(w);
    (void)w->timers.start(w->timers.context, 20, resume_kept, w);
    assert_string_equal(world_talk_text(w, STREAM "2\r\naP\r\n2\r\nbc\r\n0\r\n\r\nGET /1 HTTP/1.1\r\n"
                                                  HOST "\r\n"),
                        TEXT("POST /stream? [a] ", "18") TEXT("GET /1? [a] ", "12"));
    assert_string_equal(w->log, "<aP>resume<bc>");
    /* In the last piece, so that handle waits too. */
    w->log[0] = '\0';
    (void)w->timers.start(w->timers.context, 20, resume_kept, w);
    assert_string_equal(world_talk_text(w, STREAM "2\r\naP\r\n0\r\n\r\n"),
                        TEXT("POST /stream? [a] ", "18"));
    assert_string_equal(w->log, "<aP>resume");
    w->log[0] = '\0';
    (void)w->timers.start(w->timers.context, 20, resume_kept, w);
    assert_string_equal(world_talk_text(w, "POST /stream HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\naP"),
                        TEXT("POST /stream? [a] ", "18"));
    assert_string_equal(w->log, "<aP>resume");
}

static size_t counted_len, counted_pieces;

static void go_on(void *cookie)
{
    struct http_exchange *x = cookie;
    x->set_paused(x, false);
}

/* Each piece makes the rest wait. */
static bool count_piece(struct http_exchange *x, struct bytes piece)
{
    struct http_world *w = x->cookie;
    counted_len += piece.len;
    counted_pieces++;
    x->set_paused(x, true);
    (void)w->timers.start(w->timers.context, 0, go_on, x);
    return true;
}

static void begin_count(void *context, struct http_exchange *x)
{
    x->cookie = context;
    x->on_body = count_piece;
    counted_len = counted_pieces = 0;
}

static void answer_count(void *context, struct http_exchange *x)
{
    (void)context;
    x->response.status = 200;
    builder_printf(&x->response.body, "%zu in %zu", counted_len, counted_pieces);
    x->send(x);
}

static void a_bomb_is_opened_in_pieces(void **state)
{
    struct http_world *w = *state;
    char text[40001];
    open_stream(w);
    memset(text, ' ', sizeof text);
    world_route(w, "/count", (struct http_handler){.begin = begin_count, .handle = answer_count});
    assert_non_null(strstr(post_gzip(w, "/count", gzip(bytes_of(text, sizeof text))), "\r\n\r\n40001 in 3"));
}

static void a_handler_answers_before_the_end(void **state)
{
    struct http_world *w = *state;
    open_stream(w);
    assert_string_equal(world_talk_text(w, STREAM "1\r\nA\r\n2\r\nbc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
                        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
                        "Connection: close\r\n\r\nenough");
    assert_string_equal(w->log, "<A>");
    w->log[0] = '\0';
    (void)w->timers.start(w->timers.context, 10, answer_kept, w);
    assert_non_null(strstr(world_talk_text(w, STREAM "1\r\nN\r\n2\r\nbc\r\n0\r\n\r\n"), " 200 OK"));
    assert_string_equal(w->log, "<N>");
}

static void a_handler_hears_of_a_body_that_does_not_end(void **state)
{
    struct http_world *w = *state;
    open_stream(w);
    assert_string_equal(world_talk_text(w, STREAM "1\r\na\r\n"), "");
    assert_string_equal(w->log, "<a>abort ");
    answer_kept(w); /* for nothing, but it has to be done */
    w->log[0] = '\0';
    assert_non_null(strstr(world_talk_text(w, STREAM "1\r\na\r\nx\r\n"), " 400 Bad Request"));
    assert_string_equal(w->log, "<a>abort ");
    answer_kept(w);
    w->log[0] = '\0';
    world_connect(w);
    world_send_text(w, STREAM "1\r\na\r\n");
    world_pass(w, 5);
    http_server_free(w->server);
    w->server = NULL;
    assert_string_equal(w->log, "<a>abort ");
    answer_kept(w);
}

static void begin_refuses(void *context, struct http_exchange *x)
{
    (void)context;
    http_respond_text(&x->response, 401, "text/plain", "no");
    x->send(x);
}

static void begin_may_answer(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    world_route(w, "/no", (struct http_handler){.begin = begin_refuses, .handle = world_echo});
    assert_string_equal(world_talk_text(w, "GET /no HTTP/1.1\r\n" HOST "\r\nGET /1 HTTP/1.1\r\n" HOST
                                           "\r\n"),
                        "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\n"
                        "Content-Length: 2\r\n\r\nno" TEXT("GET /1? [a] ", "12"));
    assert_non_null(strstr(world_talk_text(w, "POST /no HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab"),
                           "Connection: close\r\n\r\nno"));
}

/* ---- a socket file, and observers ---- */

static void a_unix_socket_is_for_its_owner(void **state)
{
    struct http_world *w = *state;
    struct error err;
    char folder[] = "/tmp/http-test-XXXXXX", address[64];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct stat about;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(address, sizeof address, "unix:%s/s", folder);
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s/s", folder);
    /* One that somebody left behind. */
    int old = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(old, (struct sockaddr *)&to, sizeof to), 0);
    (void)close(old);
    world_open(w);
    OK(http_server_listen(w->server, address, NULL, &err));
    assert_string_equal(http_server_address(w->server, 1), address);
    assert_int_equal(stat(to.sun_path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_says(http_server_listen(w->server, address, NULL, &err), &err, STATUS_CONFLICT, folder);
    assert_int_equal(stat(to.sun_path, &about), 0);
    w->client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(w->client, (struct sockaddr *)&to, sizeof to), 0);
    world_send_text(w, "GET /1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    world_pass(w, 5);
    char text[256];
    assert_true(recv(w->client, text, sizeof text, MSG_DONTWAIT) > 0);
    http_server_free(w->server);
    w->server = NULL;
    assert_int_not_equal(stat(to.sun_path, &about), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void addresses_that_are_none(void **state)
{
    static const char *const bad[] = {"",         "127.0.0.1", "localhost:80", "127.0.0.1:65536",
                                      "::1:80",   "[::1]",     "[127.0.0.1]:80", "127.0.0.1:+1",
                                      "1.2.3:80", "unix:",     "[::1%nowhere]:80"};
    struct http_world *w = *state;
    struct error err;
    world_open(w);
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(http_server_listen(w->server, bad[i], NULL, &err), &err, STATUS_USAGE, bad[i]);
    assert_says(http_server_listen(w->server, http_server_address(w->server, 0), NULL, &err), &err,
                STATUS_CONFLICT, "in use");
    assert_string_equal(http_server_address(w->server, 1), "");
    /* Where there is IPv6. */
    if (http_server_listen(w->server, "[::1]:0", NULL, &err) == STATUS_OK)
        assert_memory_equal(http_server_address(w->server, 1), "[::1]:", 6);
}

static void note_answer(void *context, const struct http_server_answer *answer)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s%s %d %llu;", answer->request == NULL ? "!" : "",
                   answer->route, answer->status, (unsigned long long)answer->body_len);
    world_note(context, text);
}

static void every_answer_is_observed(void **state)
{
    struct http_world *w = *state;
    world_open(w);
    http_server_observe(w->server, note_answer, w);
    (void)world_talk_text(w, "GET /1 HTTP/1.1\r\n" HOST "\r\nnonsense\r\n\r\n");
    world_connect(w);
    world_send_text(w, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    world_pass(w, 5);
    http_server_free(w->server);
    w->server = NULL;
    assert_string_equal(w->log, "/ 200 12;! 400 17;later /later 0 0;");
    answer_kept(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(byte_by_byte_is_the_same),
        TEST(http_1_0_closes_unless_asked),
        TEST(continue_is_said_when_asked_for),
        TEST(a_gzipped_body_is_unpacked_within_limits),
        TEST(a_large_response_and_a_large_request),
        TEST(a_file_is_sent),
        TEST(the_longest_route_wins),
        TEST(an_answer_may_come_later),
        TEST(a_client_that_goes_harms_nobody),
        TEST(an_exchange_outlives_the_server),
        TEST(a_body_comes_in_pieces),
        TEST(a_handler_lets_the_client_wait),
        TEST(a_bomb_is_opened_in_pieces),
        TEST(a_handler_answers_before_the_end),
        TEST(a_handler_hears_of_a_body_that_does_not_end),
        TEST(begin_may_answer),
        TEST(a_unix_socket_is_for_its_owner),
        TEST(addresses_that_are_none),
        TEST(every_answer_is_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
