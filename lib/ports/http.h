/* http.h - one HTTP exchange as a role sees it: the request that came, the response to be filled.
 *
 * Trust: everything in the request is somebody else's. What the server has already refused: what is
 * not HTTP/1.1 or 1.0 by the letter, more than one length or Host, heads and bodies beyond the limits.
 * Everything happens on the thread of the event loop.
 */
#ifndef CATHAYA_PORTS_HTTP_H
#define CATHAYA_PORTS_HTTP_H

#include "base/builder.h"
#include "base/bytes.h"

/* Numeric IPv6 with a zone, and its NUL. */
#define HTTP_PEER_SIZE 64
#define HTTP_HEADERS_MAX 64

struct http_header {
    struct bytes name, value; /* value without blanks around it */
};

/* Everything borrows from the server until the response has been sent. */
struct http_request {
    struct bytes method; /* "GET" */
    struct bytes path;   /* as sent, from its first '/', without the query */
    struct bytes query;  /* without '?'; empty when there is none */
    struct bytes host;   /* of the one Host field; empty in HTTP/1.0 without one */
    const struct http_header *headers;
    size_t header_count;
    struct bytes body;         /* whole, Content-Encoding removed; empty when it was streamed */
    char peer[HTTP_PEER_SIZE]; /* the client's address, numeric */
    bool is_tls;
};

struct http_response {
    int status;
    /* Whole lines "Name: value\r\n". Content-Length, Transfer-Encoding, Connection and Date are the
     * server's. */
    struct builder headers;
    struct builder body;
    /* When file >= 0 the body is file_len bytes of this descriptor from file_offset; the server closes
     * it. */
    int file;
    uint64_t file_offset, file_len;
};

struct http_exchange {
    struct http_request request;
    struct http_response response; /* status 0, file -1, empty builders at first */
    void *cookie;                  /* the handler's own */

    /* Set by begin of a handler to take the body in pieces, Content-Encoding removed; false: no more
     * of it is wanted, and the response is sent or will be. handle follows the last piece, unless the
     * response was sent before. */
    bool (*on_body)(struct http_exchange *x, struct bytes piece);

    /* Set by a begin that keeps anything for x. Called when the body will not come to its end (the client
     * has gone, is too slow, sends nonsense or too much), instead of handle: the server answers itself.
     * x stays until send is called all the same, at once or when jobs that use it have ended; what it
     * sends then is dropped. Not called once handle was called or the response was sent. */
    void (*on_abort)(struct http_exchange *x);

    /* set_paused (true) lets the client wait: neither on_body nor handle is called until set_paused
     * (false). */
    void (*set_paused)(struct http_exchange *x, bool is_paused);

    /* send gives the response to the server, exactly once, during handle or later; x is gone then. A
     * client that has gone away is not told. */
    void (*send)(struct http_exchange *x);
    void *server; /* the server's own */
};

/* What a role gives to a server. */
struct http_handler {
    void *context;
    size_t body_max; /* bytes of a body that is not streamed, after decompression; above: 413 */
    /* begin, which may be NULL, is called when the head of a request is there. It may send the response,
     * also before the body has come; a begin that means to send later sets on_abort. */
    void (*begin)(void *context, struct http_exchange *x);
    /* handle is called when the whole request is there. */
    void (*handle)(void *context, struct http_exchange *x);
};

/* http_request_header is the value of the first header with that name (any case), false when there is
 * none. */
static inline bool http_name_equal(struct bytes a, const char *b)
{
    size_t i = 0;
    for (; i < a.len && b[i] != '\0'; i++) {
        unsigned char x = a.data[i], y = (unsigned char)b[i];
        x = (unsigned char)(x >= 'A' && x <= 'Z' ? x + 32 : x);
        y = (unsigned char)(y >= 'A' && y <= 'Z' ? y + 32 : y);
        if (x != y)
            return false;
    }
    return i == a.len && b[i] == '\0';
}

static inline bool http_request_header(const struct http_request *r, const char *name,
                                       struct bytes *value)
{
    for (size_t i = 0; i < r->header_count; i++) {
        if (http_name_equal(r->headers[i].name, name)) {
            *value = r->headers[i].value;
            return true;
        }
    }
    return false;
}

/* http_response_header appends a header. The value must not hold line ends: a role writes only what it
 * has checked. */
static inline void http_response_header(struct http_response *r, const char *name, const char *value)
{
    builder_printf(&r->headers, "%s: %s\r\n", name, value);
}

/* http_respond_text fills the response with a status, a media type and a text. */
static inline void http_respond_text(struct http_response *r, int status, const char *content_type,
                                     const char *text)
{
    r->status = status;
    http_response_header(r, "Content-Type", content_type);
    builder_reset(&r->body);
    builder_text(&r->body, text);
}

#endif
