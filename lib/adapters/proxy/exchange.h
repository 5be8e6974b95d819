/* exchange.h - one request and its answer on their way through the gateway, between the client's side
 * (downstream: HTTP/1.1, HTTP/2) and the backend's side (upstream). Everything happens on one worker's
 * thread.
 *
 * The course of one exchange, in calls:
 *
 *   down:  upstream_start (x)                        once, when the head of the request is whole; when it says at
 *                                                    once that it cannot, x->up is NULL and nothing follows
 *   down:  up->body (x)*, up->end (x)                as it comes; end comes also when there is no body
 *   down:  up->flush (x)                             after one or several of these: now write
 *   up:    down->head (x)+                           any number of 1xx, then the real one, or 101
 *   up:    down->body (x)*, down->end (x)
 *   up:    down->flush (x)                           after one or several of these: now write
 *
 * body, head and end only gather, or write at once what is large; nothing has to be written before flush. So
 * a small request is one write to the backend, and a small answer one write to the client. down->end and down->fail
 * are the last calls of upstream, so they flush by themselves (for a tunnel: every end does).
 *
 * Back-pressure. body takes all of its piece, always (a piece has at most EXCHANGE_PIECE_MAX bytes), and says
 * whether more may come at once. After `false` the caller gives no more until the other side calls its resume:
 * up->body said false -> down->resume (x) follows; down->body said false -> up->resume (x) follows. end may
 * come while paused. Nobody holds more than EXCHANGE_BUFFER_MAX bytes for an exchange and direction.
 *
 * The end. Upstream is done with x, and never touches it again, when one of these has been called:
 *   - down->end (x), and for a tunnel also up->end (x), in either order. The request's body may not have come
 *     to its end: then upstream closes its connection to the backend, and downstream reads or closes as it likes.
 *   - down->fail (x, why): the backend has failed before down->end. If down->head has not been called with a
 *     final status, downstream answers itself, else it cuts its answer off so that the client sees it.
 *   - up->abort (x): the client has gone, or was too slow, or sent nonsense. Upstream calls nothing more.
 * None of them is called twice, nor after another of them. Upstream sets x->up to NULL just before it calls
 * down->end or down->fail, and in up->abort (for a tunnel: when the second end comes); downstream calls nothing
 * of upstream when x->up is NULL.
 *
 * Calls within calls. Upstream calls down->... only from its own events, and from up->resume. It never does
 * from upstream_start, up->body, up->end, up->flush and up->abort: what goes wrong in there is kept, and said
 * from an event of the same round or the next. Downstream may call any of up->... from any of down->..., also
 * up->abort; so upstream looks whether the exchange is still its own after each call of down->....
 *
 * A tunnel (Upgrade after 101, or is_raw from the beginning): after down->head with 101, body carries bytes
 * of the other protocol, and each side's end says that its peer has sent its last byte (half-close). For is_raw
 * upstream calls down->head with status 101 and no fields when it is connected. A request for an Upgrade has had
 * its own up->end already: with 101 upstream sets is_request_ended back to false, and the tunnel's up->end is a
 * second one.
 *
 * Upstream is upstream.h: struct upstreams (one per worker, on its loop), and
 *   enum exchange_failure upstream_start(struct upstreams *upstreams, struct exchange *x);
 * which chooses a backend of x->site->backends. Anything but EXCHANGE_OK: nothing has begun. The head is
 * written for the backend by forward_write_request (forward.h).
 *
 * Trailers are not passed on in either direction [RFC9110 6.5.1].
 */
#ifndef CATHAYA_ADAPTERS_PROXY_EXCHANGE_H
#define CATHAYA_ADAPTERS_PROXY_EXCHANGE_H

#include <sys/socket.h>

#include "ports/http.h"

/* One TLS record; what is read at once. */
#define EXCHANGE_PIECE_MAX 16384
/* What a side may hold that the peer has not taken: enough for a fast peer never to wait, and little enough
 * for thousands of slow ones. */
#define EXCHANGE_BUFFER_MAX 65536

struct exchange;
struct proxy_limits;
struct proxy_state;
struct upstream_client;

/* Everything borrows from downstream until upstream is done with the exchange. */
struct exchange_request {
    struct bytes method;
    struct bytes target;    /* origin-form as sent: "/path?query", or "*" for OPTIONS */
    struct bytes authority; /* Host or :authority; empty only in HTTP/1.0 */
    const struct http_header *fields; /* as sent, Host and hop-by-hop ones too, Cookie put together */
    size_t field_count;
    bool has_body;
    bool has_length;  /* else chunked to the backend */
    uint64_t length;
    bool is_head;     /* HEAD: the answer has no body whatever its fields say */
    bool expects_continue; /* passed on; the 100 of the backend is passed back by down->head */
    struct bytes upgrade;  /* Upgrade was asked for ("websocket"); empty: not, or may not be */
    bool is_raw;           /* no HTTP: a tunnel from the beginning; nothing above is set */

    bool is_tls;            /* between client and gateway */
    bool is_http_1_0, is_http_2;
    const char *peer;       /* the client's address, numeric */

    /* For PROXY protocol; NULL: not known, or none. */
    const struct sockaddr_storage *peer_address, *local_address;
    const char *server_name, *tls_version, *tls_suite, *alpn;
    struct upstream_client *client; /* of the client's connection (upstream.h); NULL: a backend connection that is
                                       this client's own is closed after one exchange */
};

/* Everything borrows from upstream during the call of down->head. */
struct exchange_response {
    int status; /* 100, 101, 103 and the like: informational, another head follows (but 101: a tunnel) */
    struct bytes reason;
    const struct http_header *fields; /* as sent by the backend, hop-by-hop ones too */
    size_t field_count;
    bool has_body;   /* false: HEAD, 204, 304, 1xx, or length 0 */
    bool has_length; /* a valid Content-Length stands for the body; a body without is chunked to clients */
    uint64_t length; /* also for HEAD and 304, when has_length */
};

enum exchange_failure {
    EXCHANGE_OK,
    EXCHANGE_NO_BACKEND,    /* none is up: 503 */
    EXCHANGE_BUSY,          /* a limit of ours: 503 */
    EXCHANGE_CONNECT_FAILED, /* 502 */
    EXCHANGE_CONNECT_SLOW,  /* 504 */
    EXCHANGE_ANSWER_SLOW,   /* 504 */
    EXCHANGE_ANSWER_BAD,    /* not HTTP by the letter, or beyond the limits: 502 */
    EXCHANGE_BACKEND_CLOSED, /* 502 */
    EXCHANGE_NO_MEMORY      /* 500 */
};

/* What upstream gives. */
struct exchange_up {
    bool (*body)(struct exchange *x, struct bytes piece);
    void (*end)(struct exchange *x);
    void (*flush)(struct exchange *x);
    void (*resume)(struct exchange *x); /* the answer may go on; may call down->... at once */
    void (*abort)(struct exchange *x);
};

/* What downstream gives. */
struct exchange_down {
    void (*head)(struct exchange *x, const struct exchange_response *response);
    bool (*body)(struct exchange *x, struct bytes piece);
    void (*end)(struct exchange *x);
    void (*flush)(struct exchange *x);
    void (*resume)(struct exchange *x); /* the request's body may go on; may call up->... at once */
    void (*fail)(struct exchange *x, enum exchange_failure why);
};

/* Part of downstream's own object (a connection of HTTP/1.1, a stream of HTTP/2). */
struct exchange {
    struct exchange_request request;
    const struct exchange_down *down;       /* set by downstream, before upstream_start */
    const struct exchange_up *up;           /* set by upstream_start */
    void *upstream;                         /* upstream's own */
    const struct proxy_site *site;          /* whose request it is (proxy_state.h) */
    const struct proxy_limits *limits;      /* times and sizes that hold for it */
    struct proxy_state *state;              /* where site and limits are, counted by downstream; NULL: it needs no count
                                               of its own, as the client's connection does not change its state meanwhile */
    bool is_request_ended, is_response_ended; /* set by the caller just before up->end, down->end */

    /* For the access log: set by upstream when it knows. */
    const char *backend;      /* "127.0.0.1:8080"; lives as long as the site; NULL: none was chosen */
    uint64_t backend_start_ms; /* when it was asked */
};

#endif
