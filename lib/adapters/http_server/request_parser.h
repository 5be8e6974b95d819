/* request_parser.h - the bytes of one HTTP/1.x request, read by the letter; no sockets, no time.
 *
 * llhttp in its strict mode says where the message ends, what keeps the connection and what the chunks
 * hold. On top of it, before it sees anything, this refuses whatever two readers could take
 * differently [RFC9112 11.2]: bare CR or LF and other control characters, folded lines, blanks before a
 * colon or twice in the request line, no Host or two, Transfer-Encoding in HTTP/1.0, beside a
 * Content-Length or other than "chunked", more than one Content-Length, or one that is not just digits.
 */
#ifndef CATHAYA_ADAPTERS_HTTP_SERVER_REQUEST_PARSER_H
#define CATHAYA_ADAPTERS_HTTP_SERVER_REQUEST_PARSER_H

#include <llhttp.h>

#include "ports/http.h"

/* Longer than any URL of ours by far; what other servers allow. */
#define REQUEST_LINE_MAX 8192
/* Request line and fields. ACME and log clients send less than 1 KiB; browsers with many cookies stay
 * below this. */
#define REQUEST_HEAD_MAX 32768
/* Between two pieces of data of a chunked body, and after the last: size line, extension, trailers. */
#define REQUEST_FRAMING_MAX 4096

enum request_state {
    REQUEST_HEAD,     /* more of the head is needed */
    REQUEST_BODY,     /* the head is there; more of the body is needed */
    REQUEST_COMPLETE, /* head and body are there */
    REQUEST_FAILED    /* `failure` is the answer, and then the connection is closed */
};

enum request_piece {
    REQUEST_PIECE_TAKEN,
    REQUEST_PIECE_PAUSE, /* taken, but feed shall return */
    REQUEST_PIECE_STOP   /* no more of it: the parser fails, with failure as it was set, or 0 */
};

struct request_parser {
    enum request_state state;
    int failure;        /* HTTP status; 0: the owner of the parser stopped it */
    const char *reason; /* one line about it, for people */

    /* When the head is there. Everything borrows from `head`. */
    struct bytes method, path, query, host;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool is_http_1_0, is_keep_alive, is_chunked, expects_continue, is_gzip;
    uint64_t content_length; /* 0 when chunked */

    /* Called for each piece of the body, Content-Encoding not yet removed. */
    enum request_piece (*on_piece)(void *cookie, struct bytes piece);
    void *cookie;

    /* The parser's own. */
    struct builder head;
    size_t line_start, line_count;
    bool has_skipped_blank;
    llhttp_t llhttp;
    const char *framing_at; /* framing that was not yet looked at; NULL outside execute */
    size_t framing_len;
    char framing_last;
};

void request_parser_init(struct request_parser *p,
                         enum request_piece (*on_piece)(void *cookie, struct bytes piece),
                         void *cookie);
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
    return p->state == REQUEST_HEAD && p->head.len == 0;
}

/* request_head_read (request_head.c) reads the finished head in p->head, and fails the parser when it is
 * not a good one. It leaves framing and connection to llhttp. */
void request_head_read(struct request_parser *p);

#endif
