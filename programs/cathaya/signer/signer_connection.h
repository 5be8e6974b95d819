/* signer_connection.h - one client of the signer: a request at a time, then its answer. */
#ifndef CATHAYA_PROGRAMS_SIGNER_SIGNER_CONNECTION_H
#define CATHAYA_PROGRAMS_SIGNER_SIGNER_CONNECTION_H

#include "service/signer/signer_core.h"

/* A request or an answer that has begun is whole within this time. */
#define SIGNER_CONNECTION_DEADLINE_MS 10000

struct signer_connection {
    int fd; /* -1: free */
    struct builder in, out;
    size_t sent;
    int64_t deadline_ms; /* 0: nothing has begun */
};

void signer_connection_open(struct signer_connection *c, int fd);
void signer_connection_close(struct signer_connection *c);

/* signer_connection_events is what to poll for. */
short signer_connection_events(const struct signer_connection *c);

/* signer_connection_serve reads, answers and writes as far as it can without waiting. refused is called with the reason of
 * everything that is not signed. False: the connection is to be closed. */
MUST_USE bool signer_connection_serve(struct signer_connection *c, struct signer_core *core, int64_t now_ms,
                                      void (*refused)(const struct error *reason));

#endif
