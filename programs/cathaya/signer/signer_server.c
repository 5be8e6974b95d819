#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred */
#endif
#include "signer/signer_server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"
#include "signer/signer_connection.h"

/* Deadlines are looked at so often. */
#define TICK_MS 1000

struct signer_server {
    struct sockaddr_un address;
    int listener, signals;
    bool is_bound;
    const uid_t *uids;
    size_t uid_count;
    struct signer_connection connections[SIGNER_SERVER_CONNECTIONS_MAX];
};

static enum status failed(const struct signer_server *server, struct error *err, const char *what)
{
    return error_set(err, STATUS_IO, "%s: %s: %s", server->address.sun_path, what, strerror(errno));
}

/* ---- opening ---- */

static enum status clear_the_way(struct signer_server *server, struct error *err)
{
    struct stat info;
    if (lstat(server->address.sun_path, &info) != 0)
        return errno == ENOENT ? STATUS_OK : failed(server, err, "cannot look");
    if (!S_ISSOCK(info.st_mode))
        return error_set(err, STATUS_USAGE, "%s: there is a file that is no socket", server->address.sun_path);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return failed(server, err, "socket");
    int result = connect(probe, (const struct sockaddr *)&server->address, sizeof server->address);
    int why = errno;
    (void)close(probe);
    if (result == 0 || why != ECONNREFUSED)
        return error_set(err, STATUS_CONFLICT, "%s: another process listens here", server->address.sun_path);
    return unlink(server->address.sun_path) == 0 ? STATUS_OK : failed(server, err, "cannot remove the old socket");
}

/* The mask first: nobody else gets in between bind and chmod. */
static enum status bind_socket(struct signer_server *server, struct error *err)
{
    mode_t old = umask(0177);
    int result = bind(server->listener, (const struct sockaddr *)&server->address, sizeof server->address);
    int why = errno;
    (void)umask(old);
    errno = why;
    if (result != 0)
        return failed(server, err, "cannot bind");
    server->is_bound = true;
    /* With other users the peer's number decides, which the kernel says. */
    if (server->uid_count > 0 && chmod(server->address.sun_path, 0666) != 0)
        return failed(server, err, "chmod");
    return listen(server->listener, SIGNER_SERVER_CONNECTIONS_MAX) == 0 ? STATUS_OK : failed(server, err, "listen");
}

static enum status take_signals(struct signer_server *server, struct error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return server->signals >= 0 ? STATUS_OK : failed(server, err, "signals");
}

enum status signer_server_open(const char *path, const uid_t *uids, size_t uid_count,
                               struct signer_server **out, struct error *err)
{
    struct signer_server *server = calloc(1, sizeof *server);
    *out = NULL;
    if (server == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    server->uids = uids;
    server->uid_count = uid_count;
    server->listener = server->signals = -1;
    for (size_t i = 0; i < SIGNER_SERVER_CONNECTIONS_MAX; i++)
        server->connections[i].fd = -1;
    server->address.sun_family = AF_UNIX;
    enum status s = STATUS_OK;
    if (strlen(path) >= sizeof server->address.sun_path)
        s = error_set(err, STATUS_USAGE, "%s: the path of a socket has at most %zu bytes", path, sizeof server->address.sun_path - 1);
    else
        memcpy(server->address.sun_path, path, strlen(path) + 1);
    if (s == STATUS_OK)
        s = clear_the_way(server, err);
    if (s == STATUS_OK && (server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
        s = failed(server, err, "socket");
    if (s == STATUS_OK)
        s = take_signals(server, err);
    if (s == STATUS_OK)
        s = bind_socket(server, err);
    if (s != STATUS_OK) {
        signer_server_close(server);
        return s;
    }
    *out = server;
    return STATUS_OK;
}

void signer_server_close(struct signer_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < SIGNER_SERVER_CONNECTIONS_MAX; i++)
        signer_connection_close(&server->connections[i]);
    if (server->is_bound)
        (void)unlink(server->address.sun_path);
    if (server->listener >= 0)
        (void)close(server->listener);
    if (server->signals >= 0)
        (void)close(server->signals);
    free(server);
}

/* ---- running ---- */

static bool may_connect(const struct signer_server *server, int fd, struct error *reason)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        (void)error_set(reason, STATUS_REFUSED, "a client without a user");
        return false;
    }
    bool is_allowed = peer.uid == 0 || (server->uid_count == 0 && peer.uid == geteuid());
    for (size_t i = 0; i < server->uid_count; i++)
        is_allowed = is_allowed || server->uids[i] == peer.uid;
    if (!is_allowed)
        (void)error_set(reason, STATUS_REFUSED, "user %u may not connect", (unsigned)peer.uid);
    return is_allowed;
}

static void accept_one(struct signer_server *server, void (*refused)(const struct error *reason))
{
    struct error reason;
    struct signer_connection *place = NULL;
    for (size_t i = 0; i < SIGNER_SERVER_CONNECTIONS_MAX && place == NULL; i++)
        if (server->connections[i].fd < 0)
            place = &server->connections[i];
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (place == NULL)
        (void)error_set(&reason, STATUS_LIMIT, "more than %d clients", SIGNER_SERVER_CONNECTIONS_MAX);
    else if (may_connect(server, fd, &reason)) {
        signer_connection_open(place, fd);
        return;
    }
    (void)close(fd);
    refused(&reason);
}

static void serve(struct signer_server *server, struct signer_core *core, const struct pollfd *polled,
                  void (*refused)(const struct error *reason))
{
    for (size_t i = 0; i < SIGNER_SERVER_CONNECTIONS_MAX; i++) {
        struct signer_connection *c = &server->connections[i];
        bool is_late = c->fd >= 0 && c->deadline_ms != 0 && posix_clock_monotonic_ms() >= c->deadline_ms;
        if (c->fd < 0 || (polled[i].revents == 0 && !is_late))
            continue;
        if (is_late || !signer_connection_serve(c, core, posix_clock_monotonic_ms(), refused))
            signer_connection_close(c);
    }
}

enum status signer_server_run(struct signer_server *server, struct signer_core *core,
                              void (*refused)(const struct error *reason), struct error *err)
{
    struct pollfd polled[2 + SIGNER_SERVER_CONNECTIONS_MAX];
    for (;;) {
        polled[0] = (struct pollfd){.fd = server->signals, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        for (size_t i = 0; i < SIGNER_SERVER_CONNECTIONS_MAX; i++)
            polled[2 + i] = (struct pollfd){.fd = server->connections[i].fd,
                                            .events = signer_connection_events(&server->connections[i])};
        if (poll(polled, 2 + SIGNER_SERVER_CONNECTIONS_MAX, TICK_MS) < 0 && errno != EINTR)
            return failed(server, err, "poll");
        if (polled[0].revents != 0)
            return STATUS_OK;
        serve(server, core, polled + 2, refused);
        if (polled[1].revents != 0)
            accept_one(server, refused);
    }
}
