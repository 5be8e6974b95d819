#include "fakes/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls/tls_stream.h"

#define LISTENERS 2
#define CONNECTIONS_MAX 8192
#define PORT_ATTEMPTS 50

static const char *const addresses[LISTENERS] = {"127.0.0.1", "127.0.0.2"};

struct loopback_server {
    loopback_answer *answer;
    const char *chain, *key;
    int listeners[LISTENERS];
    int stop_pipe[2]; /* its end of file wakes every thread */
    uint16_t port;
    pthread_t accepter;
    pthread_mutex_t lock;
    pthread_t threads[CONNECTIONS_MAX];
    unsigned count;
};

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static int listen_at(const char *address, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1)
        give_up("socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1024) == 0)
        return fd;
    close(fd);
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        give_up("getsockname");
    return ntohs(at.sin_port);
}

static void listen_on_both(struct loopback_server *s)
{
    for (int i = 0; i < PORT_ATTEMPTS; i++) {
        s->listeners[0] = listen_at(addresses[0], 0);
        if (s->listeners[0] < 0)
            continue;
        s->port = port_of(s->listeners[0]);
        s->listeners[1] = listen_at(addresses[1], s->port);
        if (s->listeners[1] >= 0)
            return;
        close(s->listeners[0]);
    }
    give_up("no free port");
}

/* Until the descriptor is readable; false when the server stops. */
static bool wait_readable(struct loopback_connection *c)
{
    struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN},
                          {.fd = c->server->stop_pipe[0], .events = POLLIN}};
    if (c->tls != NULL && tls_stream_has_pending(c->tls))
        return true;
    return poll(p, 2, -1) > 0 && p[1].revents == 0;
}

/* 0 at the end. */
static size_t receive(struct loopback_connection *c, char *out, size_t size)
{
    for (;;) {
        size_t len = 0;
        if (!wait_readable(c))
            return 0;
        if (c->tls == NULL) {
            ssize_t got = recv(c->fd, out, size, 0);
            return got > 0 ? (size_t)got : 0;
        }
        enum tls_result result = tls_stream_read(c->tls, out, size, &len);
        if (result == TLS_DONE)
            return len;
        if (result != TLS_WANT_READ)
            return 0;
    }
}

bool loopback_send(struct loopback_connection *c, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t sent = 0;
        if (c->tls != NULL) {
            if (tls_stream_write(c->tls, bytes_of(text, left), &sent) != TLS_DONE)
                return false;
        } else {
            ssize_t n = send(c->fd, text, left, MSG_NOSIGNAL);
            if (n < 0)
                return false;
            sent = (size_t)n;
        }
        text += sent;
        left -= sent;
    }
    return true;
}

void loopback_wait(struct loopback_connection *c)
{
    char buffer[512];
    while (receive(c, buffer, sizeof buffer) > 0)
        ;
}

/* The head of a request, and a body as long as Content-Length says. */
static bool read_request(struct loopback_connection *c)
{
    c->head_len = 0;
    for (;;) {
        size_t got = receive(c, c->head + c->head_len, sizeof c->head - 1 - c->head_len);
        if (got == 0)
            return false;
        c->head_len += got;
        c->head[c->head_len] = '\0';
        if (c->head[0] == 0x16) /* a ClientHello, and we speak no TLS: let the test answer that */
            return true;
        const char *end = strstr(c->head, "\r\n\r\n");
        if (end == NULL)
            continue;
        const char *length = strcasestr(c->head, "\r\nContent-Length: ");
        size_t body_len = length != NULL ? strtoul(length + 18, NULL, 10) : 0;
        if (c->head_len >= (size_t)(end - c->head) + 4 + body_len)
            return true;
    }
}

static bool start_tls(struct loopback_connection *c)
{
    struct tls_context *context;
    struct error err;
    struct timeval patience = {.tv_sec = 20};
    if (c->server->key == NULL)
        return true;
    /* Blocking: each call of the stream comes back done or failed. */
    (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pthread_mutex_lock(&c->server->lock); /* contexts are for one thread, and hold what they count */
    if (tls_context_new_server(bytes_of_text(c->server->chain), bytes_of_text(c->server->key),
                               &context, &err) != STATUS_OK ||
        tls_stream_new(context, c->fd, NULL, &c->tls, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    tls_context_free(context);
    pthread_mutex_unlock(&c->server->lock);
    return wait_readable(c) && tls_stream_handshake(c->tls) == TLS_DONE;
}

static void *serve(void *argument)
{
    struct loopback_connection *c = argument;
    struct loopback_server *s = c->server;
    if (s->answer == NULL)
        loopback_wait(c);
    else if (start_tls(c))
        while (read_request(c) && s->answer(c))
            ;
    tls_stream_free(c->tls);
    close(c->fd);
    free(c);
    return NULL;
}

static void take(struct loopback_server *s, int listener)
{
    int on = 1;
    int fd = accept4(s->listeners[listener], NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct loopback_connection *c = calloc(1, sizeof *c);
    if (c == NULL || s->count == CONNECTIONS_MAX)
        give_up("too many connections for this test");
    c->server = s;
    c->fd = fd;
    c->local_address = addresses[listener];
    pthread_mutex_lock(&s->lock);
    unsigned slot = s->count++;
    c->number = s->count;
    pthread_mutex_unlock(&s->lock);
    if (pthread_create(&s->threads[slot], NULL, serve, c) != 0)
        give_up("pthread_create");
}

static void *accept_all(void *argument)
{
    struct loopback_server *s = argument;
    for (;;) {
        struct pollfd p[LISTENERS + 1] = {{.fd = s->listeners[0], .events = POLLIN},
                                          {.fd = s->listeners[1], .events = POLLIN},
                                          {.fd = s->stop_pipe[0], .events = POLLIN}};
        if (poll(p, LISTENERS + 1, -1) <= 0)
            continue;
        if (p[LISTENERS].revents != 0)
            return NULL;
        for (int i = 0; i < LISTENERS; i++)
            if (p[i].revents != 0)
                take(s, i);
    }
}

struct loopback_server *loopback_server_start(loopback_answer *answer, const char *chain,
                                              const char *key)
{
    struct loopback_server *s = calloc(1, sizeof *s);
    if (s == NULL || pipe(s->stop_pipe) != 0)
        give_up("pipe");
    s->answer = answer;
    s->chain = chain;
    s->key = key;
    pthread_mutex_init(&s->lock, NULL);
    listen_on_both(s);
    if (pthread_create(&s->accepter, NULL, accept_all, s) != 0)
        give_up("pthread_create");
    return s;
}

uint16_t loopback_server_port(const struct loopback_server *server)
{
    return server->port;
}

unsigned loopback_server_connection_count(struct loopback_server *server)
{
    pthread_mutex_lock(&server->lock);
    unsigned count = server->count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

void loopback_server_stop(struct loopback_server *s)
{
    close(s->stop_pipe[1]);
    pthread_join(s->accepter, NULL);
    for (unsigned i = 0; i < s->count; i++)
        pthread_join(s->threads[i], NULL);
    for (int i = 0; i < LISTENERS; i++)
        close(s->listeners[i]);
    close(s->stop_pipe[0]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
