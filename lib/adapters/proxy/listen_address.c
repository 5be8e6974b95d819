#include "adapters/proxy/listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

/* As many as the system lets wait (net.core.somaxconn is 4096 since Linux 5.4). */
#define BACKLOG 4096
#define HOST_SIZE 128

union listen_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse(const char *text, union listen_name *out, socklen_t *len)
{
    char host[HOST_SIZE];
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    memset(out, 0, sizeof *out);
    if (colon == NULL || (size_t)(colon - text) >= sizeof host ||
        !text_parse_u64(bytes_of_text(colon + 1), UINT16_MAX, &port))
        return false;
    size_t host_len = (size_t)(colon - text);
    memcpy(host, text, host_len);
    host[host_len] = '\0';
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        *len = sizeof out->v4;
        return true;
    }
    if (host_len < 3 || host[0] != '[' || host[host_len - 1] != ']')
        return false;
    host[host_len - 1] = '\0';
    char *zone = strchr(host, '%');
    if (zone != NULL) {
        *zone = '\0';
        out->v6.sin6_scope_id = if_nametoindex(zone + 1);
        if (out->v6.sin6_scope_id == 0)
            return false;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((uint16_t)port);
    *len = sizeof out->v6;
    return inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1;
}

static enum status failed(const char *address, struct error *err)
{
    enum status s = errno == EADDRINUSE ? STATUS_CONFLICT : STATUS_IO;
    return error_set(err, s, "cannot listen on %s: %s", address, strerror(errno));
}

static enum status open_one(const char *address, const union listen_name *name, socklen_t len, int *out,
                            struct error *err)
{
    int yes = 1;
    int fd = socket(name->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(address, err);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    /* Connections have it from their listener: answers are written as a whole anyway. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (name->any.sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(fd, &name->any, len) != 0 || listen(fd, BACKLOG) != 0) {
        enum status s = failed(address, err);
        (void)close(fd);
        return s;
    }
    *out = fd;
    return STATUS_OK;
}

/* SO_REUSEPORT lets two programs of one user have the same address, which nobody wants here: somebody else's is found
 * by a socket without it. */
static enum status check_free(const char *address, const union listen_name *name, socklen_t len, struct error *err)
{
    int yes = 1;
    enum status s = STATUS_OK;
    int fd = socket(name->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(address, err);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (name->any.sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(fd, &name->any, len) != 0)
        s = failed(address, err);
    (void)close(fd);
    return s;
}

enum status listen_address_open(const char *address, int *fds, size_t count, struct error *err)
{
    union listen_name name;
    socklen_t len = 0;
    if (!parse(address, &name, &len))
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
    union listen_name name;
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
    union listen_name name;
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
