/* The parser of backends' answers: where an answer ends has to be beyond doubt, however it is cut up. */
#include "unit/checks.h"

#include "adapters/http1/response_parser.h"

#define HEAD_MAX ((size_t)8192)

static enum body_piece take_piece(void *cookie, struct bytes piece)
{
    builder_bytes(cookie, piece);
    return BODY_PIECE_TAKEN;
}

static enum body_piece pause_piece(void *cookie, struct bytes piece)
{
    builder_bytes(cookie, piece);
    return BODY_PIECE_PAUSE;
}

static enum body_piece stop_piece(void *cookie, struct bytes piece)
{
    (void)cookie;
    (void)piece;
    return BODY_PIECE_STOP;
}

/* Feeds in steps until the answer is complete or refused; how much was taken. */
static size_t feed(struct response_parser *p, struct bytes raw, size_t step)
{
    size_t at = 0;
    while (at < raw.len && p->state != RESPONSE_COMPLETE && p->state != RESPONSE_FAILED) {
        size_t len = raw.len - at < step ? raw.len - at : step;
        struct bytes piece = heap_copy(bytes_of(raw.data + at, len));
        size_t taken = response_parser_feed(p, piece);
        assert_true(taken <= len);
        assert_true(taken > 0 || p->state == RESPONSE_COMPLETE || p->state == RESPONSE_FAILED);
        heap_free(piece);
        at += taken;
    }
    return at;
}

enum outcome { GOOD, BAD, UNFINISHED };

struct row {
    struct bytes raw;
    enum outcome outcome;
    const char *body;
    const char *rest; /* what is not the answer's; NULL: nothing */
    bool is_head, is_ended, is_kept;
};

#define RAW(text) bytes_of(text, sizeof(text) - 1)
#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK_LINE "Transfer-Encoding: chunked\r\n\r\n"

static void check_row(const struct row *row, size_t number, size_t step)
{
    struct response_parser p;
    struct builder body;
    builder_init(&body, 1 << 20);
    response_parser_init(&p, HEAD_MAX, take_piece, &body);
    response_parser_next(&p, row->is_head);
    size_t taken = feed(&p, row->raw, step);
    if (row->is_ended)
        response_parser_end(&p);
    enum outcome got = p.state == RESPONSE_FAILED ? BAD : p.state == RESPONSE_COMPLETE ? GOOD : UNFINISHED;
    if (got != row->outcome)
        fail_msg("row %zu in steps of %zu: got %d %s, want %d: %.*s", number, step, (int)got, p.reason,
                 (int)row->outcome, (int)row->raw.len, (const char *)row->raw.data);
    if (got == BAD)
        assert_true(p.reason[0] != '\0');
    if (got == GOOD) {
        size_t rest = row->rest != NULL ? strlen(row->rest) : 0;
        assert_int_equal(taken, row->raw.len - rest);
        assert_bytes(builder_view(&body), bytes_of_text(row->body != NULL ? row->body : ""));
        if (p.is_keep_alive != row->is_kept)
            fail_msg("row %zu: kept %d", number, p.is_keep_alive);
    }
    builder_clear(&body);
    response_parser_clear(&p);
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
        {RAW(OK_LINE "Content-Length: 0\r\n\r\n"), .outcome = GOOD, .is_kept = true},
        {RAW("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), .outcome = GOOD, .is_kept = true},
        {RAW("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), .outcome = GOOD, .is_kept = true},
        {RAW("HTTP/1.1 599 \xe9t\xe9\r\nContent-Length: 0\r\n\r\n"), .outcome = GOOD, .is_kept = true},
        {RAW("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), .outcome = GOOD},
        {RAW("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n"), .outcome = GOOD, .is_kept = true},
        {RAW(OK_LINE "Content-Length: 0\r\nConnection: x, CLOSE\r\n\r\n"), .outcome = GOOD},
        {RAW(OK_LINE "Content-Length: 0\r\n"), .outcome = UNFINISHED},
        {RAW("HTTP/1.1 200 OK"), .outcome = UNFINISHED},
        {RAW("HTTP/1.1 99 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 099 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 600 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 2000 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 20x OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1  200 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1\t200 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 200\tOK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 200OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.2 200 OK\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/2 200\r\n\r\n"), .outcome = BAD},
        {RAW("http/1.1 200 OK\r\n\r\n"), .outcome = BAD},
        {RAW("ICY 200 OK\r\n\r\n"), .outcome = BAD},
        {RAW("<html>\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 200 O\x01K\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: 0\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "X: a\rContent-Length: 0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "X: a\0\r\nContent-Length: 0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "X: a\r\n b\r\nContent-Length: 0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE " X: a\r\nContent-Length: 0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "X : a\r\nContent-Length: 0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "X\r\nContent-Length: 0\r\n\r\n"), .outcome = BAD},
    };
    check_rows(rows, LENGTH(rows));
}

static void lengths(void **state)
{
    (void)state;
    const struct row rows[] = {
        {RAW(OK_LINE "Content-Length: 3\r\n\r\nabc"), .outcome = GOOD, "abc", .is_kept = true},
        {RAW(OK_LINE "Content-Length: 3\r\n\r\nabcd"), .outcome = GOOD, "abc", "d", .is_kept = true},
        {RAW(OK_LINE "Content-Length: 3\r\n\r\nab"), .outcome = UNFINISHED},
        {RAW(OK_LINE "Content-Length: 3\r\n\r\nab"), .outcome = BAD, .is_ended = true},
        {RAW(OK_LINE "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: 3, 3\r\n\r\nabc"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: +3\r\n\r\nabc"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: 03\r\n\r\nabc"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length:\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: 99999999999999999999\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(OK_LINE "Transfer-Encoding: identity\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .outcome = BAD},
        /* until close */
        {RAW(OK_LINE "\r\nabc"), .outcome = UNFINISHED},
        {RAW(OK_LINE "\r\nabc"), .outcome = GOOD, "abc", .is_ended = true},
        {RAW(OK_LINE "\r\n"), .outcome = GOOD, "", .is_ended = true},
        {RAW("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nabc"), .outcome = GOOD, "abc", .is_ended = true},
        {RAW(OK_LINE "X: y\r\n"), .outcome = BAD, .is_ended = true},
        {RAW(""), .outcome = BAD, .is_ended = true},
        /* no body */
        {RAW(OK_LINE "Content-Length: 3\r\n\r\n"), .outcome = GOOD, "", .is_head = true, .is_kept = true},
        {RAW(CHUNKED), .outcome = GOOD, "", .is_head = true, .is_kept = true},
        {RAW(OK_LINE "\r\n"), .outcome = GOOD, "", .is_head = true, .is_kept = true},
        {RAW(OK_LINE "Content-Length: 3\r\n\r\nabc"), .outcome = GOOD, "", "abc", .is_head = true, .is_kept = true},
        {RAW("HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n"), .outcome = GOOD, "", .is_kept = true},
        {RAW("HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n"), .outcome = GOOD, "", .is_kept = true},
        {RAW("HTTP/1.1 204 x\r\n\r\n"), .outcome = GOOD, "", .is_kept = true},
        {RAW("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n"), .outcome = GOOD, "", .is_kept = true},
        {RAW("HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\nabc"), .outcome = BAD},
        {RAW("HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 100 x\r\n\r\n" OK_LINE), .outcome = GOOD, "", OK_LINE, .is_kept = true},
        {RAW("HTTP/1.1 103 x\r\nContent-Length: 3\r\n\r\n"), .outcome = BAD},
        {RAW("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n\x81"), .outcome = GOOD, "", "\x81"},
        {RAW("HTTP/1.1 205 x\r\nContent-Length: 0\r\n\r\n"), .outcome = GOOD, "", .is_kept = true},
    };
    check_rows(rows, LENGTH(rows));
}

static void chunks(void **state)
{
    (void)state;
    const struct row rows[] = {
        {RAW(CHUNKED "3\r\nabc\r\n0\r\n\r\n"), .outcome = GOOD, "abc", .is_kept = true},
        {RAW(CHUNKED "3\r\nabc\r\nA\r\n0123456789\r\n00\r\n\r\n"), .outcome = GOOD, "abc0123456789", .is_kept = true},
        {RAW(CHUNKED "3\r\nabc\r\n0\r\nX: y\r\n\r\nHTTP"), .outcome = GOOD, "abc", "HTTP", .is_kept = true},
        {RAW(CHUNKED "3\r\nabc\r\n"), .outcome = UNFINISHED},
        {RAW(CHUNKED "3\r\nabc\r\n"), .outcome = BAD, .is_ended = true},
        {RAW(CHUNKED "3\r\nabc\r\n0\r\n"), .outcome = BAD, .is_ended = true},
        {RAW(CHUNKED "3\nabc\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(CHUNKED "3\r\nabc0\r\n\r\n"), .outcome = BAD},
        {RAW(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(CHUNKED "-3\r\nabc\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(CHUNKED "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"), .outcome = BAD},
        {RAW(CHUNKED "0\r\nX: y\nZ: z\r\n\r\n"), .outcome = BAD},
    };
    check_rows(rows, LENGTH(rows));
}

static void limits(void **state)
{
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        struct builder raw;
        builder_init(&raw, 1 << 20);
        builder_text(&raw, OK_LINE "X: ");
        size_t fill = HEAD_MAX - strlen(OK_LINE "X: \r\n\r\n") + extra;
        memset(builder_space(&raw, fill), 'x', fill);
        builder_text(&raw, "\r\n\r\n");
        struct row row = {builder_view(&raw), extra == 0 ? GOOD : BAD, "", .is_head = true, .is_kept = true};
        check_row(&row, extra, 1000);
        builder_reset(&raw);
        builder_text(&raw, OK_LINE);
        for (size_t i = 0; i < HTTP_HEADERS_MAX + extra; i++)
            builder_printf(&raw, "X%zu: y\r\n", i);
        builder_text(&raw, "\r\n");
        row.raw = builder_view(&raw);
        check_row(&row, 10 + extra, 1000);
        builder_clear(&raw);
    }
}

static void a_paused_piece_comes_once_and_a_stop_ends_it(void **state)
{
    (void)state;
    static const char *const texts[] = {CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                                        OK_LINE "Content-Length: 5\r\n\r\nabcde"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct response_parser p;
        struct builder body;
        builder_init(&body, 100);
        response_parser_init(&p, HEAD_MAX, pause_piece, &body);
        struct bytes raw = bytes_of_text(texts[i]);
        assert_int_equal(feed(&p, raw, 1000), raw.len);
        assert_int_equal(p.state, RESPONSE_COMPLETE);
        assert_bytes(builder_view(&body), bytes_of_text("abcde"));
        builder_clear(&body);
        response_parser_clear(&p);
        response_parser_init(&p, HEAD_MAX, stop_piece, NULL);
        (void)feed(&p, raw, 1000);
        assert_int_equal(p.state, RESPONSE_FAILED);
        response_parser_clear(&p);
    }
}

static void one_answer_after_the_other(void **state)
{
    (void)state;
    struct response_parser p;
    struct builder body;
    struct bytes raw = RAW("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 No\r\nA: 1\r\nContent-"
                           "Length: 2\r\n\r\nno");
    builder_init(&body, 100);
    response_parser_init(&p, HEAD_MAX, take_piece, &body);
    size_t at = feed(&p, raw, 1000);
    assert_int_equal(p.status, 103);
    assert_int_equal(p.header_count, 1);
    response_parser_next(&p, false);
    assert_true(response_parser_is_idle(&p));
    assert_int_equal(at + feed(&p, bytes_of(raw.data + at, raw.len - at), 1000), raw.len);
    assert_int_equal(p.status, 404);
    assert_true(bytes_is_text(p.phrase, "No"));
    assert_true(bytes_is_text(p.headers[0].name, "A") && bytes_is_text(p.headers[0].value, "1"));
    assert_true(p.has_length && p.content_length == 2);
    builder_clear(&body);
    response_parser_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(lengths),
        cmocka_unit_test(chunks),
        cmocka_unit_test(limits),
        cmocka_unit_test(a_paused_piece_comes_once_and_a_stop_ends_it),
        cmocka_unit_test(one_answer_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
