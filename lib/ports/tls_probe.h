/* tls_probe.h - a TLS handshake with somebody's server, to look at the certificate that it shows
 * [RFC8737 3]. Nothing is verified and nothing is sent after the handshake. */
#ifndef CATHAYA_PORTS_TLS_PROBE_H
#define CATHAYA_PORTS_TLS_PROBE_H

#include "base/bytes.h"
#include "base/status.h"

struct tls_probe_request {
    const char *address; /* numeric */
    uint16_t port;
    const char *server_name; /* for SNI */
    const char *alpn;        /* the only protocol that is offered */
    uint32_t timeout_ms;
};

/* Borrowed for the duration of done. */
struct tls_probe_result {
    const char *failure; /* "" when the handshake was completed */
    bool is_connected;   /* the TCP connection came about */
    bool has_alpn;       /* the server chose the protocol that was offered */
    struct bytes certificate; /* DER of the leaf */
};

typedef void tls_probe_done(void *cookie, const struct tls_probe_result *result);

struct tls_probe_port {
    void *context;
    /* start calls done exactly once, later; STATUS_LIMIT as in fetch.h. */
    enum status (*start)(void *context, const struct tls_probe_request *request,
                         tls_probe_done *done, void *cookie, struct error *err);
};

#endif
