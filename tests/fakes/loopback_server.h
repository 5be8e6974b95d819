/* loopback_server.h - a server on 127.0.0.1 (and on the same port of 127.0.0.2) for tests of clients: a
 * thread for each connection hands every request's head to the test's function. Plain or TLS. */
#ifndef CATHAYA_TESTS_FAKES_LOOPBACK_SERVER_H
#define CATHAYA_TESTS_FAKES_LOOPBACK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOPBACK_HEAD_MAX 16384

struct tls_stream;

struct loopback_connection {
    struct loopback_server *server;
    int fd;
    struct tls_stream *tls;
    unsigned number;           /* 1 for the first that the server has accepted */
    const char *local_address; /* that the client connected to */
    char head[LOOPBACK_HEAD_MAX]; /* the request's head and what came of its body, with a NUL */
    size_t head_len;
};

/* Answers one request; false closes the connection. */
typedef bool loopback_answer(struct loopback_connection *connection);

/* loopback_server_start listens on a port of the system's choice; fails the test when it cannot.
 * chain and key: PEM, NULL for plain. answer NULL: connections are accepted and nothing is said. */
struct loopback_server *loopback_server_start(loopback_answer *answer, const char *chain,
                                              const char *key);
uint16_t loopback_server_port(const struct loopback_server *server);
unsigned loopback_server_connection_count(struct loopback_server *server);
/* loopback_server_stop ends all connections and threads. */
void loopback_server_stop(struct loopback_server *server);

/* loopback_send writes all of the text; false when the client has gone. */
bool loopback_send(struct loopback_connection *connection, const char *text);
/* loopback_wait returns when the client or the server hangs up. */
void loopback_wait(struct loopback_connection *connection);

#define LOOPBACK_PEM_MAX 2048

/* A server certificate for localhost, www.example.com and 127.0.0.1, its key, the CA that it is from,
 * and another CA, made when they are first asked for. */
struct loopback_certificates {
    char certificate[LOOPBACK_PEM_MAX], key[LOOPBACK_PEM_MAX];
    char ca[LOOPBACK_PEM_MAX], other_ca[LOOPBACK_PEM_MAX];
};
const struct loopback_certificates *loopback_certificates(void);

#endif
