/* tls_stream_parts.h - the inside of a stream, for those who make streams of their own kind. Private to tls/. */
#ifndef CATHAYA_TLS_TLS_STREAM_PARTS_H
#define CATHAYA_TLS_TLS_STREAM_PARTS_H

#include <openssl/ssl.h>

#include "tls/tls_context_parts.h"
#include "tls/tls_stream.h"

#define TLS_STREAM_REASON_SIZE 400

/* A kind of stream: who made it, and what that one has to say. The owner is freed with the stream. */
struct tls_stream_kind {
    void (*free)(void *owner);
    /* after a failure: false when the library's own words will do */
    bool (*explain)(void *owner, SSL *ssl, struct builder *reason);
    /* once, when the handshake is done; false: it has failed all the same, and explain says why. NULL: nobody wants to know */
    bool (*finished)(void *owner, SSL *ssl);
};

struct tls_stream {
    SSL *ssl;
    const struct tls_stream_kind *kind; /* NULL: one of tls_context */
    void *owner;
    struct tls_context *context;        /* NULL for the other kinds */
    size_t pending_len;                 /* of the write that has to be made again; 0: none */
    size_t small_left;                  /* bytes that still go out in small records */
    bool is_connected;                  /* the handshake is done */
    bool is_finished; /* after a failure the library may not be asked for anything more */
    char *reason; /* NULL: none, or no memory for it */
};

/* tls_stream_new_kind makes a stream over fd (borrowed) of ssl and owner, which it takes, also when it fails.
 * The caller has said whether ssl connects or accepts. */
MUST_USE enum status tls_stream_new_kind(SSL *ssl, int fd, const struct tls_stream_kind *kind, void *owner,
                                         struct tls_stream **out, struct error *err);

/* tls_stream_owner is the owner of a stream of that kind; NULL for a stream of another. */
void *tls_stream_owner(const struct tls_stream *stream, const struct tls_stream_kind *kind);

#endif
