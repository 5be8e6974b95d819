/* request_parser.h - the bytes of one HTTP/1.x request, read by the letter; no sockets, no time.
 *
 * What two readers could take differently is refused [RFC9112 11.2]: bare CR or LF and other control characters,
 * folded lines, blanks before a colon or twice in the request line, no Host or two, Transfer-Encoding in
 * HTTP/1.0, beside a Content-Length or other than "chunked", more than one Content-Length, or one that is not
 * just digits.
 */
#ifndef CATHAYA_ADAPTERS_HTTP1_REQUEST_PARSER_H
#define CATHAYA_ADAPTERS_HTTP1_REQUEST_PARSER_H

#include "adapters/http1/chunked_body.h"
#include "adapters/http1/head_lines.h"

/* Longer than any URL of ours by far; what other servers allow. */
#define REQUEST_LINE_MAX 8192
/* Request line and fields. ACME and log clients send less than 1 KiB; browsers with many cookies stay
 * below this. */
#define REQUEST_HEAD_MAX 32768
#define REQUEST_FRAMING_MAX CHUNKED_FRAMING_MAX

enum request_state {
    REQUEST_HEAD,     /* more of the head is needed */
    REQUEST_BODY,     /* the head is there; more of the body is needed */
    REQUEST_COMPLETE, /* head and body are there */
    REQUEST_FAILED    /* `failure` is the answer, and then the connection is closed */
};

struct request_options {
    size_t line_max, head_max;
    /* A gateway judges only what concerns itself: any method and Content-Encoding goes through, and Expect is
     * the backend's business. */
    bool is_gateway;
};

struct request_parser {
    enum request_state state;
    int failure;        /* HTTP status; 0: the owner of the parser stopped it */
    const char *reason; /* one line about it, for people */

    /* When the head is there. Everything borrows from the parser. */
    struct bytes method, path, query, host;
    struct bytes target; /* path and query in one piece, as sent: "/a?b", "?b" (of "http://h?b"), "" or "*" */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool is_http_1_0, is_keep_alive, is_chunked, expects_continue, is_gzip;
    bool has_length;
    uint64_t content_length; /* 0 when chunked */

    /* Called for each piece of the body, Content-Encoding not yet removed. STOP: the parser fails, with failure
     * as it was set, or 0. */
    enum body_piece (*on_piece)(void *cookie, struct bytes piece);
    void *cookie;

    /* The parser's own. */
    struct head_lines head;
    bool is_gateway;
    uint64_t body_left; /* of content_length */
    struct chunked_body chunked;
};

/* options may be NULL: REQUEST_LINE_MAX, REQUEST_HEAD_MAX, no gateway. */
void request_parser_init(struct request_parser *p, const struct request_options *options,
                         enum body_piece (*on_piece)(void *cookie, struct bytes piece), void *cookie);
void request_parser_clear(struct request_parser *p);

/* request_parser_next makes it ready for the next request. */
void request_parser_next(struct request_parser *p);

/* request_parser_feed takes bytes and returns how many: all of them, or those up to the end of the head
 * or of the message, or where a piece was paused. In the states COMPLETE and FAILED it takes none. */
size_t request_parser_feed(struct request_parser *p, struct bytes in);

/* request_parser_fail puts the parser into REQUEST_FAILED. */
void request_parser_fail(struct request_parser *p, int failure, const char *reason);

/* request_parser_is_idle says whether nothing of a request has come yet. */
static inline bool request_parser_is_idle(const struct request_parser *p)
{
    return p->state == REQUEST_HEAD && p->head.text.len == 0;
}

/* request_head_read (request_head.c) reads the finished head in p->head, and fails the parser when it is
 * not a good one. */
void request_head_read(struct request_parser *p);

#endif
