/* http1.h - one request of HTTP/1 to one client: from its first byte to the last of its answer. Idle connections
 * have none. Private to http1_*.c and tunnel.c. */
#ifndef CATHAYA_ADAPTERS_PROXY_HTTP1_H
#define CATHAYA_ADAPTERS_PROXY_HTTP1_H

#include "adapters/http1/request_parser.h"
#include "adapters/proxy/client.h"

/* Output that waits for the client: above this the backend waits, too. */
#define HTTP1_OUTPUT_HIGH 32768

struct http1 {
    struct exchange x; /* first: the exchange's callbacks get back from it */
    struct client *client;
    struct request_parser parser;
    bool has_begun;      /* its head was there */
    bool has_given;      /* something to upstream that it has not been told to write */
    bool is_up_paused;   /* upstream takes no more of the body for now */
    bool is_down_paused; /* the client takes no more of the answer for now */
    bool has_head;       /* the final head of the answer was written */
    bool is_chunked;     /* the answer, to the client */
    bool is_until_close; /* the answer: a client of HTTP/1.0 */
    bool is_answered;    /* the answer is whole */
    bool closes;         /* the connection ends with this answer */
    bool is_tunnel;
    bool is_client_ended, is_backend_ended; /* of a tunnel */
    int status;
    enum exchange_failure failure;
    uint64_t start_ms, in_len, out_len;
};

/* http1_take gives the client a request; false: out of memory. */
MUST_USE bool http1_take(struct client *c);
/* http1_give_back ends it: what is under way is aborted, and it is counted and logged if it has begun. */
void http1_give_back(struct client *c);

/* http1_begin: the head is there (http1_begin.c). */
void http1_begin(struct http1 *h);

/* http1_answer_itself answers without a backend: fields are whole lines, may be "". text is the body. */
void http1_answer_itself(struct http1 *h, int status, const char *fields, struct bytes text);
/* http1_answer_error: a short page; the connection is closed after it when the request is not whole. */
void http1_answer_error(struct http1 *h, int status, const char *reason);

/* http1_failed: upstream could not. */
void http1_failed(struct http1 *h, enum exchange_failure why);

static inline struct http1 *http1_of(struct exchange *x)
{
    return (struct http1 *)x;
}

/* Of every answer, a tunnel's too (http1_answer.c). */
void http1_on_flush(struct exchange *x);
void http1_on_resume(struct exchange *x);

/* What the backend says (http1_answer.c). */
extern const struct exchange_down http1_down;

/* tunnel_begin makes a tunnel of the request: 101 was written, or it is raw. */
void tunnel_begin(struct http1 *h);
extern const struct exchange_down tunnel_down;

#endif
