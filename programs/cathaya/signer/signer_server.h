/* signer_server.h - the Unix socket that a signer answers at: one thread, one request after the other. */
#ifndef CATHAYA_PROGRAMS_SIGNER_SIGNER_SERVER_H
#define CATHAYA_PROGRAMS_SIGNER_SIGNER_SERVER_H

#include <sys/types.h>

#include "service/signer/signer_core.h"

/* A CA has one connection per key. */
#define SIGNER_SERVER_CONNECTIONS_MAX 32

struct signer_server;

/* signer_server_open listens; a socket that nobody listens at any more is replaced. With uids (borrowed) only those users
 * may connect, otherwise the process's own; root always may. STATUS_CONFLICT when somebody listens there, STATUS_IO. */
MUST_USE enum status signer_server_open(const char *path, const uid_t *uids, size_t uid_count,
                                        struct signer_server **out, struct error *err);

/* signer_server_run answers until SIGTERM or SIGINT comes. refused is told why something was not signed. */
MUST_USE enum status signer_server_run(struct signer_server *server, struct signer_core *core,
                                       void (*refused)(const struct error *reason), struct error *err);

/* signer_server_close removes the socket; NULL is fine. */
void signer_server_close(struct signer_server *server);

#endif
