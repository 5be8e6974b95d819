#include "fetch/fetch_connection.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"
#include "base/text.h"

#define PORT_SIZE 8

static enum status look_up(const char *host, const char *port, int flags, struct fetch_addresses *out, struct error *err,
                           enum status failure)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV}, *found = NULL;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0)
        return error_set(err, failure, "%s: %s", host, code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
    out->count = 0;
    for (const struct addrinfo *a = found; a != NULL && out->count < FETCH_ADDRESSES_MAX; a = a->ai_next) {
        if (a->ai_addrlen > sizeof out->at[0])
            continue;
        memcpy(&out->at[out->count], a->ai_addr, a->ai_addrlen);
        out->len[out->count++] = a->ai_addrlen;
    }
    freeaddrinfo(found);
    return out->count > 0 ? STATUS_OK : error_set(err, failure, "%s: no address", host);
}

enum status fetch_addresses_parse(const char *text, struct fetch_addresses *out, struct error *err)
{
    char host[NI_MAXHOST];
    uint64_t port = 0;
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    bool is_bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (len == 0 || len >= sizeof host || !text_parse_u64(bytes_of_text(colon + 1), 65535, &port) || port == 0 ||
        (!is_bracketed && memchr(text, ':', len) != NULL))
        return error_set(err, STATUS_USAGE, "%.100s: want ADDR:PORT or [ADDR]:PORT", text);
    size_t host_len = is_bracketed ? len - 2 : len;
    memcpy(host, text + (is_bracketed ? 1 : 0), host_len);
    host[host_len] = '\0';
    return look_up(host, colon + 1, AI_NUMERICHOST, out, err, STATUS_USAGE);
}

enum status fetch_addresses_resolve(const char *host, uint16_t port, struct fetch_addresses *out, struct error *err)
{
    char text[PORT_SIZE];
    (void)snprintf(text, sizeof text, "%u", port);
    return look_up(host, text, 0, out, err, STATUS_IO);
}

enum status fetch_wait(int fd, bool is_write, int64_t deadline_ms, struct error *err)
{
    for (;;) {
        int64_t left = deadline_ms - posix_clock_monotonic_ms();
        struct pollfd p = {.fd = fd, .events = is_write ? POLLOUT : POLLIN};
        if (left <= 0)
            return error_set(err, STATUS_IO, "no answer in time (--timeout)");
        int ready = poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return error_set(err, STATUS_IO, "%s", strerror(errno));
    }
}

static void write_address(const struct sockaddr_storage *address, socklen_t len, char text[FETCH_ADDRESS_TEXT_SIZE])
{
    char host[NI_MAXHOST], port[PORT_SIZE];
    text[0] = '\0';
    if (getnameinfo((const struct sockaddr *)address, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        (void)snprintf(text, FETCH_ADDRESS_TEXT_SIZE, address->ss_family == AF_INET6 ? "[%.60s]:%s" : "%.60s:%s", host, port);
}

static enum status connect_one(const struct sockaddr_storage *address, socklen_t len, int64_t deadline_ms, int *out,
                               struct error *err)
{
    int failure = 0, on = 1;
    socklen_t size = sizeof failure;
    enum status s = STATUS_OK;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(err, STATUS_IO, "%s", strerror(errno));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)address, len) != 0) {
        if (errno != EINPROGRESS)
            s = error_set(err, STATUS_IO, "%s", strerror(errno));
        else
            s = fetch_wait(fd, true, deadline_ms, err);
        if (s == STATUS_OK && (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0))
            s = error_set(err, STATUS_IO, "%s", strerror(failure != 0 ? failure : errno));
    }
    if (s == STATUS_OK)
        *out = fd;
    else
        (void)close(fd);
    return s;
}

enum status fetch_connect(const struct fetch_addresses *addresses, int64_t deadline_ms, int *fd,
                          char text[FETCH_ADDRESS_TEXT_SIZE], struct error *err)
{
    enum status s = STATUS_IO;
    for (size_t i = 0; i < addresses->count && s != STATUS_OK; i++) {
        write_address(&addresses->at[i], addresses->len[i], text);
        s = connect_one(&addresses->at[i], addresses->len[i], deadline_ms, fd, err);
        s = error_prefix(err, s, "%s", text);
    }
    return s;
}
