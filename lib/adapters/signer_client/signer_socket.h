/* signer_socket.h - messages over a Unix socket, each behind its length as uint32, with deadlines; private to
 * adapters/signer_client. */
#ifndef CATHAYA_ADAPTERS_SIGNER_CLIENT_SIGNER_SOCKET_H
#define CATHAYA_ADAPTERS_SIGNER_CLIENT_SIGNER_SOCKET_H

#include "base/builder.h"

/* signer_socket_now_ms is the time that deadlines are in: monotonic. */
int64_t signer_socket_now_ms(void);

/* signer_socket_connect: *fd is connected. Tries again until end_ms while nobody listens there: a signer that is
 * started again is away for a moment. STATUS_IO, STATUS_USAGE for a path that is too long. */
MUST_USE enum status signer_socket_connect(const char *path, int64_t end_ms, int *fd, struct error *err);

/* signer_socket_exchange sends a message and appends the answer, all before end_ms. STATUS_IO; STATUS_LIMIT
 * for an answer that is longer than the builder takes. The connection is of no use after a failure. */
MUST_USE enum status signer_socket_exchange(int fd, struct bytes message, int64_t end_ms,
                                            struct builder *answer, struct error *err);

#endif
