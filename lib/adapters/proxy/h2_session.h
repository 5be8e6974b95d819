/* h2_session.h - HTTP/2 [RFC9113] to one client: bytes in, bytes out, every stream an exchange (exchange.h).
 *
 * It does no input and output itself: the connection (TLS, time, descriptor) belongs to its host, which feeds what
 * it has read and writes what the session gives it. So the session runs the same on a socket, in a unit test and
 * under a fuzzer.
 *
 * What it looks after: pseudo fields and fields that may not stand in HTTP/2 [8.2, 8.3], lengths of bodies, lists
 * that are too long, cookies in pieces [8.2.3], windows that only open for what upstream has taken, streams at one
 * time, and floods: resets, SETTINGS, PING, empty DATA, endless CONTINUATION. A client that does these gets GOAWAY
 * with ENHANCE_YOUR_CALM.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_H2_SESSION_H
#define CATHAYA_ADAPTERS_PROXY_H2_SESSION_H

#include "adapters/proxy/exchange.h"
#include "base/builder.h"

/* Streams of one client at one time: what browsers use at most; nginx has the same. */
#define H2_STREAMS_MAX 128
/* What a client may send ahead of a stream, and of all together: upstream has taken all of it at the latest when
 * the window is to open again, so this bounds what is held. */
#define H2_STREAM_WINDOW EXCHANGE_BUFFER_MAX
#define H2_CONNECTION_WINDOW (4 * EXCHANGE_BUFFER_MAX)
/* Output is gathered up to here; then streams wait until the host has written. */
#define H2_OUTPUT_MAX 65536
/* Resets by the client: that many at once, and then so many per second. A page that is left resets all its streams. */
#define H2_RESETS_MAX 200
#define H2_RESETS_PER_S 20
/* Bytes that bring nobody further, without a request or a byte of a body either way in between: SETTINGS, PING,
 * PRIORITY, WINDOW_UPDATE, empty DATA, what we do not know. That many at once, and then so many per second: a browser
 * needs a few dozen. */
#define H2_IDLE_BYTES_MAX 65536
#define H2_IDLE_BYTES_PER_S 1024

struct h2_session;

/* What was done for one request: for log and figures. Borrowed during the call. */
struct h2_finished {
    const struct exchange *exchange;
    bool is_started;          /* false: the request was refused before host->start */
    int status;               /* sent to the client; 0: none */
    uint64_t in_len, out_len; /* bodies */
    bool is_whole;            /* the answer came to its end */
    enum exchange_failure failure;
    uint64_t start_ms;
};

struct h2_host {
    void *context;
    /* wake: there is something to write (h2_session_write), or the session is over. Comes from within any call,
     * also h2_session_feed; the host writes when it is done with what it is at, at the latest at the end of the
     * round. */
    void (*wake)(void *context);
    /* start: the head of a request is whole. The host sets x->site, x->limits and what is missing of x->request
     * (peer, addresses, is_tls), calls upstream_start and returns 0; or returns the status of an answer that the
     * session gives by itself: 421 for a name that this connection's certificate is not for, 404, 503. */
    int (*start)(void *context, struct exchange *x);
    void (*finished)(void *context, const struct h2_finished *about);
    uint64_t (*now_ms)(void *context);
};

struct h2_limits {
    uint64_t head_bytes; /* of all fields as HPACK counts them [RFC7541 4.1] */
};

/* h2_session_new borrows the host. The first bytes of output are there at once (SETTINGS). */
MUST_USE enum status h2_session_new(const struct h2_host *host, const struct h2_limits *limits,
                                    struct h2_session **out, struct error *err);

/* h2_session_free aborts what is under way (upstream and host->finished are called). NULL is fine. */
void h2_session_free(struct h2_session *session);

/* h2_session_feed takes all of the bytes. False: the client broke the protocol, or memory is out: what there is to
 * write (GOAWAY) is written, then the connection is to be closed. Not to be called from within its own callbacks. */
MUST_USE bool h2_session_feed(struct h2_session *session, struct bytes in);

/* h2_session_write appends what is to be sent, up to about H2_OUTPUT_MAX bytes in out altogether. The host calls it
 * after wake, and again when it has written what was in out (streams may be waiting for that). */
void h2_session_write(struct h2_session *session, struct builder *out);

/* h2_session_is_over: nothing is left to be read or written; after what is in out the connection is to be closed. */
bool h2_session_is_over(const struct h2_session *session);

/* h2_session_stream_count is how many requests are under way; 0: the connection is idle. */
size_t h2_session_stream_count(const struct h2_session *session);

/* h2_session_wait is what of the client is awaited, if anything: for the host's clock. */
enum h2_wait {
    H2_WAIT_NONE,  /* backends' turn */
    H2_WAIT_IDLE,  /* a request */
    H2_WAIT_HEAD,  /* the rest of a head */
    H2_WAIT_BODY,
    H2_WAIT_WRITE, /* windows: that it reads */
    H2_WAIT_TUNNEL
};
enum h2_wait h2_session_wait(const struct h2_session *session);

/* h2_session_drain begins the end: GOAWAY, so that the client asks for nothing new here; what is under way goes on to
 * its end [6.8]. h2_session_is_over follows. */
void h2_session_drain(struct h2_session *session);

#endif
