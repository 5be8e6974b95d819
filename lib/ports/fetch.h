/* fetch.h - asking another server over HTTP.
 *
 * Trust: the answer is somebody else's bytes. No redirect is followed and no proxy or environment is
 * looked at: whoever asks decides what to ask next. On the thread of the event loop.
 */
#ifndef CATHAYA_PORTS_FETCH_H
#define CATHAYA_PORTS_FETCH_H

#include "base/bytes.h"
#include "base/status.h"

struct fetch_request {
    const char *method; /* "GET", "POST" */
    const char *url;    /* http: or https: */
    struct bytes body;
    const char *content_type; /* of the body; NULL: none */
    const char *accept;       /* NULL: none */
    const char *authorization; /* value of the header; NULL: none. Not logged. */
    bool is_gzip;              /* the body is: Content-Encoding: gzip */
    bool accepts_gzip;         /* the answer's body may be, and is unpacked, up to response_max, whether asked for or not */
    const char *address;       /* numeric, to connect to instead of the URL's host; NULL: resolve it */
    const char *ca_file;       /* PEM that the server's certificate must chain to; NULL: the system's */
    bool is_any_certificate;   /* https without checking the certificate (http-01 redirects) */
    uint32_t timeout_ms;       /* for all of it */
    size_t response_max;       /* bytes of body that are kept; the rest is dropped */
};

enum fetch_failure {
    FETCH_NO_FAILURE,
    FETCH_CONNECT,  /* refused, unreachable, no address */
    FETCH_TIMEOUT,
    FETCH_TLS,
    FETCH_PROTOCOL, /* what came is not HTTP, or the connection ended early */
    FETCH_STOPPED   /* we are shutting down */
};

/* Borrowed for the duration of done. */
struct fetch_response {
    enum fetch_failure failure;
    const char *failure_text; /* "" without failure */
    int status;               /* 0 when there was no response */
    struct bytes body;
    bool is_cut; /* the body was longer than response_max */
    struct bytes content_type, location, retry_after; /* empty when absent */
    /* header gives header number n (from 0) of that name, empty when there is none; headers is its context. NULL in an
     * answer without headers. */
    struct bytes (*header)(void *headers, const char *name, unsigned n);
    void *headers;
};

typedef void fetch_done(void *cookie, const struct fetch_response *response);

struct fetch_port {
    void *context;
    /* start copies the request and calls done exactly once, later, never before it returns.
     * STATUS_USAGE for a URL that is none, STATUS_LIMIT when too many are under way; then done is not
     * called. */
    enum status (*start)(void *context, const struct fetch_request *request, fetch_done *done,
                         void *cookie, struct error *err);
};

#endif
