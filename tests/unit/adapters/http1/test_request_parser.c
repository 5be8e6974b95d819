/* The request parser: what two readers could take differently is refused, however it is cut up. */
#include "unit/checks.h"

#include "adapters/http1/request_parser.h"

struct seen {
    struct builder body;
};

static enum body_piece take_piece(void *cookie, struct bytes piece)
{
    struct seen *seen = cookie;
    builder_bytes(&seen->body, piece);
    return BODY_PIECE_TAKEN;
}

/* Feeds in steps of step bytes until the message is complete or refused; how much was taken. */
static size_t feed(struct request_parser *p, struct bytes raw, size_t step)
{
    size_t at = 0;
    while (at < raw.len && p->state != REQUEST_COMPLETE && p->state != REQUEST_FAILED) {
        size_t len = raw.len - at < step ? raw.len - at : step;
        struct bytes piece = heap_copy(bytes_of(raw.data + at, len));
        size_t taken = request_parser_feed(p, piece);
        assert_true(taken <= len);
        assert_true(taken > 0 || p->state == REQUEST_COMPLETE || p->state == REQUEST_FAILED);
        heap_free(piece);
        at += taken;
    }
    return at;
}

struct row {
    struct bytes raw;
    int failure;      /* 0: it is good, -1: it is not yet whole */
    const char *body; /* of a good one */
};

#define RAW(text) bytes_of(text, sizeof(text) - 1)
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static void check_row(const struct row *row, size_t number, size_t step)
{
    struct request_parser p;
    struct seen seen;
    builder_init(&seen.body, 1 << 20);
    request_parser_init(&p, NULL, take_piece, &seen);
    size_t taken = feed(&p, row->raw, step);
    int got = p.state == REQUEST_FAILED ? p.failure : p.state == REQUEST_COMPLETE ? 0 : -1;
    if (got != row->failure)
        fail_msg("row %zu in steps of %zu: got %d %s, want %d: %.*s", number, step, got, p.reason,
                 row->failure, (int)row->raw.len, (const char *)row->raw.data);
    if (row->failure == 0) {
        assert_int_equal(taken, row->raw.len);
        assert_bytes(builder_view(&seen.body), bytes_of_text(row->body != NULL ? row->body : ""));
    }
    builder_clear(&seen.body);
    request_parser_clear(&p);
}

static void check_rows(const struct row *rows, size_t count)
{
    static const size_t steps[] = {1, 2, 3, 7, 100000};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < LENGTH(steps); j++)
            check_row(&rows[i], i, steps[j]);
}

static void heads(void **state)
{
    (void)state;
    const struct row rows[] = {
        {RAW(GET "\r\n"), 0, NULL},
        {RAW("\r\n" GET "\r\n"), 0, NULL},
        {RAW("\r\n\r\n" GET "\r\n"), 400, NULL},
        {RAW(GET), -1, NULL},
        /* request line */
        {RAW("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a:port\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: [::1]:x\r\n\r\n"), 400, NULL},
        {RAW("GET http://a:b/ HTTP/1.1\r\nHost: a:b\r\n\r\n"), 400, NULL},
        {RAW("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET /\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0, NULL},
        {RAW("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505, NULL},
        {RAW("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505, NULL},
        {RAW("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505, NULL},
        {RAW("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET / http/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, NULL},
        {RAW("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501, NULL},
        {RAW("FROB / HTTP/1.1\r\nHost: a\r\n\r\n"), 501, NULL},
        {RAW("G\xc3 / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 501, NULL},
        /* line ends, NUL and other control characters */
        {RAW("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400, NULL},
        {RAW(GET "X: a\r\r\n\r\n"), 400, NULL},
        {RAW(GET "X: a\0b\r\n\r\n"), 400, NULL},
        {RAW("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW(GET "X: a\x01\r\n\r\n"), 400, NULL},
        {RAW(GET "X: a\x7f\r\n\r\n"), 400, NULL},
        {RAW(GET "X:\ta \x80\t\r\n\r\n"), 0, NULL},
        /* fields */
        {RAW(GET "X : a\r\n\r\n"), 400, NULL},
        {RAW(GET "X\r\n\r\n"), 400, NULL},
        {RAW(GET ": a\r\n\r\n"), 400, NULL},
        {RAW(GET "X(: a\r\n\r\n"), 400, NULL},
        {RAW(GET "X: a\r\n b\r\n\r\n"), 400, NULL},
        {RAW(GET "X: a\r\n\tb\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400, NULL},
        {RAW(GET "X:\r\n\r\n"), 0, NULL},
        /* Host */
        {RAW("GET / HTTP/1.1\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.0\r\n\r\n"), 0, NULL},
        {RAW(GET "Host: a\r\n\r\n"), 400, NULL},
        {RAW(GET "host: b\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 0, NULL},
        /* absolute targets */
        {RAW("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n"), 0, NULL},
        {RAW("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), 0, NULL},
        {RAW("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n"), 0, NULL},
        {RAW("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        {RAW("GET http:a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, NULL},
        /* Expect, Upgrade */
        {RAW(GET "Expect: 100-continue\r\n\r\n"), 0, NULL},
        {RAW(GET "Expect: more\r\n\r\n"), 417, NULL},
        {RAW(GET "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 0, NULL},
    };
    check_rows(rows, LENGTH(rows));
}

static void lengths(void **state)
{
    (void)state;
    const struct row rows[] = {
        {RAW(POST "Content-Length: 3\r\n\r\nabc"), 0, "abc"},
        {RAW(POST "Content-Length: 0\r\n\r\n"), 0, ""},
        {RAW(POST "Content-Length: 3\r\n\r\nab"), -1, NULL},
        {RAW(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: 3, 3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: +3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: -3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: 0x3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: 3 \r\n\r\nabc"), 0, "abc"},
        {RAW(POST "Content-Length: 3 0\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length: 03\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length:\r\n\r\n"), 400, NULL},
        {RAW(POST "Content-Length: 18446744073709551619\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length : 3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Content-Length\r\n : 3\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"), 400, NULL},
        {RAW(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, NULL},
        {RAW(POST "Content-Length: 3\r\ntransfer-encoding: identity\r\n\r\nabc"), 400, NULL},
        {RAW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
         NULL},
        {RAW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"), 400,
         NULL},
        {RAW(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 501, NULL},
        {RAW(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501, NULL},
        {RAW(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 501, NULL},
        {RAW(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"), 501, NULL},
        {RAW(POST "Transfer-Encoding: chunked;x\r\n\r\n0\r\n\r\n"), 501, NULL},
        {RAW(POST "Transfer-Encoding:\x0b" "chunked\r\n\r\n0\r\n\r\n"), 400, NULL},
        {RAW(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), 400, NULL},
        {RAW(POST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"), 0, ""},
        {RAW(POST "Transfer-Encoding:chunked \r\n\r\n0\r\n\r\n"), 0, ""},
        {RAW("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, NULL},
        {RAW(POST "Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"), 415, NULL},
        {RAW(POST "Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n\r\nabc"), 415, NULL},
        {RAW(POST "Content-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc"), 0, "abc"},
        {RAW(POST "Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\nabc"), 0, "abc"},
        {RAW(GET "Content-Length: 3\r\n\r\nabc"), 0, "abc"},
    };
    check_rows(rows, LENGTH(rows));
}

static void chunks(void **state)
{
    (void)state;
    const struct row rows[] = {
        {RAW(CHUNKED "3\r\nabc\r\n0\r\n\r\n"), 0, "abc"},
        {RAW(CHUNKED "3\r\nabc\r\nA\r\n0123456789\r\n00\r\n\r\n"), 0, "abc0123456789"},
        {RAW(CHUNKED "3\r\nabc\r\n0\r\nX: y\r\nZ: z\r\n\r\n"), 0, "abc"},
        {RAW(CHUNKED "3;a=b\r\nabc\r\n0;c\r\n\r\n"), 0, "abc"},
        {RAW(CHUNKED "3\r\nabc\r\n"), -1, NULL},
        {RAW(CHUNKED "3\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\r\nabc\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\rXabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\r\nabc0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\r\nabcXX0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\r\nabc\r\n0\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\r\nabc\r\n0\r\n\n"), 400, NULL},
        {RAW(CHUNKED "\r\n3\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "+3\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "-3\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED " 3\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3\t;x\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "g\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED ";x\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "3;a\0b\r\nabc\r\n0\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "0\r\nX: y\nZ: z\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "0\r\nX: y\rZ: z\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "0\r\nX: y\r\n z\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "0\r\nX : y\r\n\r\n"), 400, NULL},
        {RAW(CHUNKED "0\r\nX: \0\r\n\r\n"), 400, NULL},
        /* Trailers are read and dropped. */
        {RAW(CHUNKED "0\r\nContent-Length: 5\r\n\r\n"), 0, ""},
        {RAW(CHUNKED "0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, NULL},
    };
    check_rows(rows, LENGTH(rows));
}

static int feed_long(const char *before, char c, size_t count, const char *after)
{
    struct request_parser p;
    struct seen seen;
    struct builder raw;
    builder_init(&seen.body, 1 << 20);
    builder_init(&raw, 1 << 20);
    builder_text(&raw, before);
    uint8_t *space = builder_space(&raw, count);
    memset(space, c, count);
    builder_text(&raw, after);
    request_parser_init(&p, NULL, take_piece, &seen);
    (void)feed(&p, builder_view(&raw), 4000);
    int got = p.state == REQUEST_FAILED ? p.failure : p.state == REQUEST_COMPLETE ? 0 : -1;
    request_parser_clear(&p);
    builder_clear(&seen.body);
    builder_clear(&raw);
    return got;
}

static void limits(void **state)
{
    (void)state;
    const char *end = " HTTP/1.1\r\nHost: a\r\n\r\n";
    size_t fits = REQUEST_LINE_MAX - strlen("GET / HTTP/1.1\r\n");
    assert_int_equal(feed_long("GET /", 'x', fits, end), 0);
    assert_int_equal(feed_long("GET /", 'x', fits + 1, end), 414);
    assert_int_equal(feed_long("GET /", 'x', REQUEST_LINE_MAX, ""), 414);
    assert_int_equal(feed_long("", 'x', REQUEST_HEAD_MAX * 3, ""), 414);
    fits = REQUEST_HEAD_MAX - strlen(GET "X: \r\n\r\n");
    assert_int_equal(feed_long(GET "X: ", 'x', fits, "\r\n\r\n"), 0);
    assert_int_equal(feed_long(GET "X: ", 'x', fits + 1, "\r\n\r\n"), 431);
    assert_int_equal(feed_long(GET "X: ", 'x', REQUEST_HEAD_MAX * 3, ""), 431);
    assert_int_equal(feed_long(CHUNKED "3;", 'x', REQUEST_FRAMING_MAX - 10, "\r\nabc\r\n0\r\n\r\n"), 0);
    assert_int_equal(feed_long(CHUNKED "3;", 'x', REQUEST_FRAMING_MAX, "\r\nabc\r\n0\r\n\r\n"), 400);
    assert_int_equal(feed_long(CHUNKED "0\r\nX: ", 'x', REQUEST_FRAMING_MAX, "\r\n\r\n"), 400);
    assert_int_equal(feed_long("POST / HTTP/1.1\r\nHost: ", 'a', 301, "\r\n\r\n"), 400);
}

static void the_number_of_fields_is_limited(void **state)
{
    (void)state;
    for (size_t count = HTTP_HEADERS_MAX - 1; count <= HTTP_HEADERS_MAX; count++) {
        struct builder raw;
        builder_init(&raw, 1 << 16);
        builder_text(&raw, GET);
        for (size_t i = 0; i < count; i++)
            builder_printf(&raw, "X%zu: y\r\n", i);
        builder_text(&raw, "\r\n");
        struct row row = {builder_view(&raw), count < HTTP_HEADERS_MAX ? 0 : 431, NULL};
        check_row(&row, count, 1);
        check_row(&row, count, 100000);
        builder_clear(&raw);
    }
}

static void fields_are_as_they_were_sent(void **state)
{
    (void)state;
    struct request_parser p;
    struct seen seen;
    struct bytes value;
    struct http_request r = {.headers = NULL};
    builder_init(&seen.body, 100);
    request_parser_init(&p, NULL, take_piece, &seen);
    struct bytes raw = RAW("GET /p/?a=b?c HTTP/1.1\r\nHost: h:1\r\nX-Y: \t one  two \t\r\nZ:\r\n\r\nGET ");
    assert_int_equal(feed(&p, raw, 1000), raw.len - 4);
    assert_true(bytes_is_text(p.method, "GET") && bytes_is_text(p.path, "/p/"));
    assert_true(bytes_is_text(p.query, "a=b?c") && bytes_is_text(p.host, "h:1"));
    assert_int_equal(p.header_count, 3);
    r.headers = p.headers;
    r.header_count = p.header_count;
    assert_true(http_request_header(&r, "x-y", &value) && bytes_is_text(value, "one  two"));
    assert_true(http_request_header(&r, "z", &value) && value.len == 0);
    assert_true(p.is_keep_alive);
    request_parser_next(&p);
    assert_true(request_parser_is_idle(&p));
    raw = RAW("GET http://a?q HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n");
    (void)feed(&p, raw, 1000);
    assert_true(bytes_is_text(p.path, "/") && bytes_is_text(p.query, "q"));
    assert_false(p.is_keep_alive);
    request_parser_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(lengths),
        cmocka_unit_test(chunks),
        cmocka_unit_test(limits),
        cmocka_unit_test(the_number_of_fields_is_limited),
        cmocka_unit_test(fields_are_as_they_were_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
