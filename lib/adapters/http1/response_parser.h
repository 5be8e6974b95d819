/* response_parser.h - the bytes of one HTTP/1.x answer of a backend, read by the letter, as strictly as requests
 * are (request_parser.h): an answer that two readers could end at different places is refused [RFC9112 6.3, 11.1].
 *
 * Refused beside that: more than one Content-Length even when they agree, Transfer-Encoding in HTTP/1.0, with 1xx and
 * 204, beside a Content-Length, or other than "chunked". Trailers are read and dropped.
 */
#ifndef CATHAYA_ADAPTERS_HTTP1_RESPONSE_PARSER_H
#define CATHAYA_ADAPTERS_HTTP1_RESPONSE_PARSER_H

#include "adapters/http1/chunked_body.h"
#include "adapters/http1/head_lines.h"

#define RESPONSE_LINE_MAX 4096

enum response_state {
    RESPONSE_HEAD,     /* more of the head is needed */
    RESPONSE_BODY,     /* the head is there; more of the body is needed */
    RESPONSE_COMPLETE, /* head and body are there; after 1xx (but 101) another answer to the same request follows */
    RESPONSE_FAILED
};

struct response_parser {
    enum response_state state;
    const char *reason; /* why it failed, for people; "" when on_piece has stopped it */

    /* When the head is there. Everything borrows from the parser. */
    int status; /* 100 to 599 */
    struct bytes phrase;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool is_http_1_0, is_chunked;
    bool has_length;  /* a Content-Length is there, also where there is no body: HEAD, 304 */
    uint64_t content_length;
    bool has_body;      /* of any length but 0 */
    bool is_until_close; /* the body ends with the connection */
    bool is_keep_alive; /* the connection can be used again afterwards */

    enum body_piece (*on_piece)(void *cookie, struct bytes piece); /* STOP: the parser fails */
    void *cookie;

    /* The parser's own. */
    struct head_lines head;
    bool is_head_request;
    uint64_t body_left;
    struct chunked_body chunked;
};

/* head_max: status line and fields. */
void response_parser_init(struct response_parser *p, size_t head_max,
                          enum body_piece (*on_piece)(void *cookie, struct bytes piece), void *cookie);
void response_parser_clear(struct response_parser *p);

/* response_parser_next makes it ready for the next answer; is_head_request: it is the answer to HEAD. */
void response_parser_next(struct response_parser *p, bool is_head_request);

/* response_parser_feed takes bytes and returns how many: all of them, or those up to the end of the head or of the
 * message, or where a piece was paused. In the states COMPLETE and FAILED it takes none. */
size_t response_parser_feed(struct response_parser *p, struct bytes in);

/* response_parser_end says that the connection has ended: a body until close is complete then, anything else that
 * is not, has failed. */
void response_parser_end(struct response_parser *p);

/* response_parser_is_idle says whether nothing of an answer has come yet. */
static inline bool response_parser_is_idle(const struct response_parser *p)
{
    return p->state == RESPONSE_HEAD && p->head.text.len == 0 && !p->head.has_skipped_blank;
}

#endif
