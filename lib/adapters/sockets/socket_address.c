#include "adapters/sockets/socket_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Longer than any address with the name of an interface. */
#define HOST_SIZE 128

bool socket_address_parse(const char *text, union socket_address *out, socklen_t *len)
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

uint16_t socket_address_port(const union socket_address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

void socket_address_write_host(const struct sockaddr *address, char *out, size_t size)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    out[0] = '\0';
    if (address->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &v4->sin_addr, out, (socklen_t)size);
    else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        (void)inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, (socklen_t)size);
    else if (address->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, out, (socklen_t)size);
}

enum status socket_address_failed(const char *text, struct error *err)
{
    enum status s = errno == EADDRINUSE ? STATUS_CONFLICT : STATUS_IO;
    return error_set(err, s, "cannot listen on %s: %s", text, strerror(errno));
}

enum status socket_address_bind(const char *text, const union socket_address *address, socklen_t len, bool is_shared, int *out,
                                struct error *err)
{
    int yes = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return socket_address_failed(text, err);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (is_shared)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (address->any.sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(fd, &address->any, len) != 0) {
        enum status s = socket_address_failed(text, err);
        (void)close(fd);
        return s;
    }
    *out = fd;
    return STATUS_OK;
}
