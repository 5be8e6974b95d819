/* tls_context.h - what the TLS connections of one server, or of one kind of client, have in common:
 * certificate, key, protocols, whom to trust. TLS 1.2 and 1.3.
 *
 * A context is counted: each connection keeps it, so a server can take a new one (a renewed
 * certificate) while old connections go on with theirs. Counting is for one thread.
 */
#ifndef CATHAYA_TLS_TLS_CONTEXT_H
#define CATHAYA_TLS_TLS_CONTEXT_H

#include "base/bytes.h"
#include "base/status.h"

/* Certificates in a chain; public CAs send up to four. */
#define TLS_CONTEXT_CHAIN_MAX 10

struct tls_context;

/* tls_context_new_server takes a chain, the leaf first, and the leaf's private key, both PEM.
 * ALPN: http/1.1 is chosen when a client offers it, and a client that offers only others is refused.
 * STATUS_USAGE when they cannot be read or do not belong together. */
MUST_USE enum status tls_context_new_server(struct bytes chain_pem, struct bytes key_pem,
                                            struct tls_context **out, struct error *err);

struct tls_client_settings {
    const char *alpn;    /* the one protocol that is offered, at most 255 bytes; NULL: none is */
    struct bytes ca_pem; /* whom to trust when is_verified */
    bool is_verified;    /* false: any certificate will do, even none that makes sense */
};

MUST_USE enum status tls_context_new_client(const struct tls_client_settings *settings,
                                            struct tls_context **out, struct error *err);

/* tls_context_keep gives the same context again; each needs its tls_context_free. NULL is fine. */
struct tls_context *tls_context_keep(struct tls_context *context);
void tls_context_free(struct tls_context *context);

#endif
