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

#endif
