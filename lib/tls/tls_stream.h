/* tls_stream.h - TLS over a non-blocking descriptor, for either side.
 *
 * Nothing here waits: a call that cannot go on says which event of the descriptor to wait for, and is
 * then made again with the same arguments (data may have moved). The process has to ignore SIGPIPE.
 */
#ifndef CATHAYA_TLS_TLS_STREAM_H
#define CATHAYA_TLS_TLS_STREAM_H

#include "base/builder.h"
#include "tls/tls_context.h"

enum tls_result {
    TLS_DONE,
    TLS_WANT_READ,
    TLS_WANT_WRITE,
    TLS_END,   /* the peer has closed; nothing comes any more */
    TLS_FAILED /* for good; tls_stream_reason says why */
};

struct tls_stream;

/* tls_stream_new keeps the context and borrows the descriptor. server_name is for a client: sent as SNI
 * unless it is an IP address, and, when the context verifies, the name or address that the certificate
 * has to be for; NULL sends and checks none. */
MUST_USE enum status tls_stream_new(struct tls_context *context, int fd, const char *server_name,
                                    struct tls_stream **out, struct error *err);
void tls_stream_free(struct tls_stream *stream);

/* tls_stream_handshake has to be TLS_DONE before anything is read or written. */
enum tls_result tls_stream_handshake(struct tls_stream *stream);
enum tls_result tls_stream_read(struct tls_stream *stream, void *out, size_t size, size_t *len);
/* tls_stream_write may write a part. */
enum tls_result tls_stream_write(struct tls_stream *stream, struct bytes data, size_t *len);
/* tls_stream_writev writes pieces one after the other, small ones together in one record. *len counts what
 * was written of all of them, also when the result is not TLS_DONE. After TLS_WANT_... the next call has to
 * begin with the same bytes, wherever they are now. */
enum tls_result tls_stream_writev(struct tls_stream *stream, const struct bytes *pieces, size_t count,
                                  size_t *len);
/* tls_stream_close says to the peer that nothing more comes; it does not wait for an answer. Reading still
 * gives what the peer sends: that is a half-closed connection. TLS_WANT_WRITE: call it again. */
enum tls_result tls_stream_close(struct tls_stream *stream);

/* tls_stream_has_pending says whether read may give something without the descriptor becoming readable: so who
 * stops reading before TLS_WANT_READ has to come back by himself. It may be a part of a record; read then says
 * TLS_WANT_READ, and only after that is the descriptor worth waiting for. */
bool tls_stream_has_pending(const struct tls_stream *stream);

/* What went over the descriptor since the beginning: records with their headers, the handshake too. */
uint64_t tls_stream_bytes_read(const struct tls_stream *stream);
uint64_t tls_stream_bytes_written(const struct tls_stream *stream);

/* After the handshake: the protocol that was agreed on (empty when none), and the peer's leaf
 * certificate in DER, STATUS_NOT_FOUND when it showed none. */
struct bytes tls_stream_alpn(const struct tls_stream *stream);
MUST_USE enum status tls_stream_peer_certificate(const struct tls_stream *stream, struct builder *der,
                                                 struct error *err);

/* tls_stream_reason is why it failed, in words; never NULL. */
const char *tls_stream_reason(const struct tls_stream *stream);

#endif
