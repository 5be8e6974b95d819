#include "adapters/proxy/listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sockets/socket_address.h"

/* As many as the system lets wait (net.core.somaxconn is 4096 since Linux 5.4). */
#define BACKLOG 4096

static enum status open_one(const char *address, const union socket_address *name, socklen_t len, int *out, struct error *err)
{
    int yes = 1;
    enum status s = socket_address_bind(address, name, len, true, out, err);
    if (s != STATUS_OK)
        return s;
    /* Connections have it from their listener: answers are written as a whole anyway. */
    (void)setsockopt(*out, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (listen(*out, BACKLOG) == 0)
        return s;
    s = socket_address_failed(address, err);
    (void)close(*out);
    return s;
}

/* Sharing lets two programs of one user have the same address, which nobody wants here: somebody else's is found by a
 * socket that does not share. */
static enum status check_free(const char *address, const union socket_address *name, socklen_t len, struct error *err)
{
    int fd;
    enum status s = socket_address_bind(address, name, len, false, &fd, err);
    if (s == STATUS_OK)
        (void)close(fd);
    return s;
}

enum status listen_address_open(const char *address, int *fds, size_t count, struct error *err)
{
    union socket_address name;
    socklen_t len = 0;
    if (!socket_address_parse(address, &name, &len))
        return error_set(err, STATUS_USAGE, "%s is no address to listen on: use 127.0.0.1:443 or [::1]:443",
                         address);
    enum status s = check_free(address, &name, len, err);
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        s = open_one(address, &name, len, &fds[i], err);
        socklen_t real = sizeof name;
        if (s == STATUS_OK && i == 0)
            (void)getsockname(fds[0], &name.any, &real);
        while (s != STATUS_OK && i > 0)
            (void)close(fds[--i]);
    }
    return s;
}

enum status listen_address_check(int fd, struct error *err)
{
    int listens = 0, type = 0;
    socklen_t len = sizeof listens, type_len = sizeof type;
    union socket_address name;
    socklen_t name_len = sizeof name;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || listens == 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) != 0 || type != SOCK_STREAM ||
        getsockname(fd, &name.any, &name_len) != 0 ||
        (name.any.sa_family != AF_INET && name.any.sa_family != AF_INET6))
        return error_set(err, STATUS_USAGE, "descriptor %d is no TCP socket that listens", fd);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
        return error_set(err, STATUS_IO, "descriptor %d: %s", fd, strerror(errno));
    return STATUS_OK;
}

void listen_address_write(int fd, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "", zone[IF_NAMESIZE + 1] = "";
    union socket_address name;
    socklen_t len = sizeof name;
    out[0] = '\0';
    if (getsockname(fd, &name.any, &len) != 0)
        return;
    if (name.any.sa_family == AF_INET && inet_ntop(AF_INET, &name.v4.sin_addr, host, sizeof host) != NULL)
        (void)snprintf(out, size, "%s:%u", host, (unsigned)ntohs(name.v4.sin_port));
    if (name.any.sa_family != AF_INET6 || inet_ntop(AF_INET6, &name.v6.sin6_addr, host, sizeof host) == NULL)
        return;
    if (name.v6.sin6_scope_id != 0 && if_indextoname(name.v6.sin6_scope_id, zone + 1) != NULL)
        zone[0] = '%';
    (void)snprintf(out, size, "[%s%s]:%u", host, zone, (unsigned)ntohs(name.v6.sin6_port));
}
