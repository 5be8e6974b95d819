/* tls_prober.h - the TLS probe port: connects, shakes hands over tls/tls_stream.h, reports the leaf, and
 * hangs up. */
#ifndef CATHAYA_ADAPTERS_TLS_CLIENT_TLS_PROBER_H
#define CATHAYA_ADAPTERS_TLS_CLIENT_TLS_PROBER_H

#include "adapters/event_loop/event_loop.h"
#include "ports/tls_probe.h"

/* Probes under way at once; each holds a descriptor and the state of a handshake (about 60 KB). */
#define TLS_PROBER_UNDER_WAY_MAX 256
/* A leaf with one name and an extension; public ones with a hundred names stay below. */
#define TLS_PROBER_CERTIFICATE_MAX ((size_t)64 << 10)

struct tls_prober;

/* tls_prober_new borrows loop. */
MUST_USE enum status tls_prober_new(struct event_loop *loop, struct tls_prober **out,
                                    struct error *err);

/* tls_prober_port is the port; it borrows the prober. start gives STATUS_USAGE for an address that is not
 * numeric, a port or timeout of 0, an ALPN of 0 or more than 255 bytes. */
struct tls_probe_port tls_prober_port(struct tls_prober *prober);

/* tls_prober_free ends what is under way, with done and the failure "stopped", and frees. Not from
 * within done. NULL is fine. */
void tls_prober_free(struct tls_prober *prober);

#endif
