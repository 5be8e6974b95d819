/* Addresses that are listened on. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/http_server/server_parts.h"
#include "adapters/sockets/socket_address.h"

#define BACKLOG 1024
/* Connections taken in one round before others get their turn. */
#define ACCEPTS_MAX 64
#define UNIX_MARK "unix:"

static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
                           "Content-Length: 0\r\n\r\n";

/* ---- addresses ---- */

/* The zone is known to who has named it. */
static void write_real_address(struct http_listener *l)
{
    union socket_address name;
    socklen_t len = sizeof name;
    char host[HTTP_PEER_SIZE];
    l->address[0] = '\0';
    if (getsockname(l->fd, &name.any, &len) != 0)
        return;
    socket_address_write_host(&name.any, host, sizeof host);
    (void)snprintf(l->address, sizeof l->address, name.any.sa_family == AF_INET ? "%s:%u" : "[%s]:%u", host,
                   (unsigned)socket_address_port(&name));
}

/* ---- accepting ---- */

static void refuse(const struct http_listener *l, int fd)
{
    /* A word to those who would understand it, if it goes at once. */
    if (l->tls == NULL)
        (void)!send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

static void take_connection(struct http_listener *l, int fd, const struct sockaddr_storage *from)
{
    struct http_server *server = l->server;
    char peer[HTTP_PEER_SIZE];
    uint64_t key = 0;
    int yes = 1;
    socket_address_write_host((const struct sockaddr *)from, peer, sizeof peer);
    size_t per_address = l->is_unix ? 0 : server->limits.connections_per_address_max;
    if (server->connection_count >= server->limits.connections_max ||
        !address_table_add(&server->addresses, from, per_address, &key)) {
        refuse(l, fd);
        return;
    }
    if (!l->is_unix)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct http_connection *c = connection_new(server, fd, l->tls, key, peer);
    if (c == NULL) {
        address_table_remove(&server->addresses, key);
        refuse(l, fd);
        return;
    }
    connection_run(c);
}

static void on_listener(void *cookie, unsigned events)
{
    struct http_listener *l = cookie;
    (void)events;
    for (int i = 0; i < ACCEPTS_MAX && l->fd >= 0; i++) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t len = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_connection(l, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* It would be readable again and again; the sweep wakes it. */
            event_watch_change(l->watch, 0);
            l->is_resting = true;
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

void listener_wake(struct http_listener *l)
{
    if (l->is_resting && l->watch != NULL) {
        l->is_resting = false;
        event_watch_change(l->watch, EVENT_READABLE);
    }
}

/* ---- opening ---- */

static enum status open_tcp(struct http_listener *l, const char *address, struct error *err)
{
    union socket_address name;
    socklen_t len = 0;
    if (!socket_address_parse(address, &name, &len))
        return error_set(err, STATUS_USAGE,
                         "%s is no address to listen on: use 127.0.0.1:8080, [::1]:8080 or unix:/path",
                         address);
    enum status s = socket_address_bind(address, &name, len, false, &l->fd, err);
    if (s == STATUS_OK && listen(l->fd, BACKLOG) != 0)
        s = socket_address_failed(address, err);
    if (s == STATUS_OK)
        write_real_address(l);
    return s;
}

/* A socket that a process has left behind refuses connections; one that is served does not. */
static void remove_dead_socket(const struct sockaddr_un *name)
{
    struct stat about;
    if (lstat(name->sun_path, &about) != 0 || !S_ISSOCK(about.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED)
        (void)unlink(name->sun_path);
    (void)close(fd);
}

static enum status open_unix(struct http_listener *l, const char *address, struct error *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *path = address + strlen(UNIX_MARK);
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof name.sun_path)
        return error_set(err, STATUS_USAGE, "%s: the path of a socket has 1 to %zu bytes", address,
                         sizeof name.sun_path - 1);
    memcpy(name.sun_path, path, len);
    memcpy(l->address, address, strlen(address) + 1);
    remove_dead_socket(&name);
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Before bind, so that it never has another mode. */
    if (l->fd < 0 || fchmod(l->fd, S_IRUSR | S_IWUSR) != 0 ||
        bind(l->fd, (const struct sockaddr *)&name, sizeof name) != 0)
        return socket_address_failed(address, err);
    l->is_unix = true;
    if (listen(l->fd, BACKLOG) != 0)
        return socket_address_failed(address, err);
    return STATUS_OK;
}

enum status listener_open(struct http_listener *l, const char *address, struct error *err)
{
    bool is_unix = strncmp(address, UNIX_MARK, strlen(UNIX_MARK)) == 0;
    enum status s = is_unix ? open_unix(l, address, err) : open_tcp(l, address, err);
    if (s == STATUS_OK)
        s = event_loop_watch(l->server->loop, l->fd, EVENT_READABLE, on_listener, l, &l->watch, err);
    if (s != STATUS_OK)
        listener_close(l);
    return s;
}

void listener_close(struct http_listener *l)
{
    event_watch_free(l->watch);
    l->watch = NULL;
    if (l->fd >= 0)
        (void)close(l->fd);
    if (l->fd >= 0 && l->is_unix)
        (void)unlink(l->address + strlen(UNIX_MARK));
    l->fd = -1;
    tls_context_free(l->tls);
    l->tls = NULL;
}
