/* tls_context_parts.h - the inside of a context. Private to tls/. */
#ifndef CATHAYA_TLS_TLS_CONTEXT_PARTS_H
#define CATHAYA_TLS_TLS_CONTEXT_PARTS_H

#include <openssl/ssl.h>

#include "tls/tls_context.h"

struct tls_context {
    SSL_CTX *ctx;
    size_t count;
    bool is_server, is_verified;
};

/* tls_context_new_library makes OpenSSL's own context with what all of ours have in common: TLS 1.2 and 1.3,
 * no renegotiation, no compression, buffers only while they are needed, writes that may be partial. NULL when
 * it cannot. */
SSL_CTX *tls_context_new_library(bool is_server);

/* tls_context_offer_protocol makes a client offer one protocol by ALPN. STATUS_USAGE for a name of more than 255
 * characters, or none. */
MUST_USE enum status tls_context_offer_protocol(SSL_CTX *ctx, const char *alpn, struct error *err);

#endif
