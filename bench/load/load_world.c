#include "load/load_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 2048
#define PACKET_MAX 1232
#define BACKLOG 1024
/* How long a resolver may keep an answer. */
#define TTL_S 60
#define WELL_KNOWN "/.well-known/acme-challenge/"

struct load_world {
    struct event_loop *loop;
    struct load_world_config config;
    int http, dns;
    struct event_watch *http_watch, *dns_watch;
    uint64_t http_count, dns_count;
};

struct visitor {
    struct load_world *world;
    int fd;
    struct event_watch *watch;
    char request[REQUEST_MAX];
    size_t len;
};

/* ---- DNS ---- */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Behind the question: an address, or the zone's SOA for "there is none of this type". */
static size_t write_record(uint8_t *at, bool is_address, size_t zone)
{
    static const uint8_t soa[] = {0, 0, 0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 14, 16, 0, 1, 0, 0, 0, 0, 0, TTL_S};
    size_t rdata_len = is_address ? 4 : sizeof soa;
    put16(at, 0xc000 | (unsigned)(is_address ? 12 : zone)); /* the name: of the question, or of its last label */
    put16(at + 2, is_address ? 1 : 6);
    put16(at + 4, 1);
    put16(at + 6, 0);
    put16(at + 8, TTL_S);
    put16(at + 10, (unsigned)rdata_len);
    if (is_address)
        memcpy(at + 12, "\x7f\x00\x00\x01", 4);
    else
        memcpy(at + 12, soa, sizeof soa);
    return 12 + rdata_len;
}

/* The length of the answer in the same packet; 0: none. */
static size_t answer_dns(uint8_t *packet, size_t len)
{
    size_t at = 12, zone = 12;
    if (len < 17 || (packet[2] & 0x80) != 0)
        return 0;
    while (at < len && packet[at] != 0 && packet[at] < 64) {
        zone = at;
        at += 1U + packet[at];
    }
    if (at + 5 > len || packet[at] != 0 || len > PACKET_MAX - 64)
        return 0;
    bool is_address = packet[at + 1] == 0 && packet[at + 2] == 1;
    at += 5;
    packet[2] = (uint8_t)(0x84 | (packet[2] & 1)); /* a response, authoritative */
    packet[3] = 0x80;                              /* recursion is available */
    put16(packet + 4, 1);
    put16(packet + 6, is_address ? 1 : 0);
    put16(packet + 8, is_address ? 0 : 1);
    put16(packet + 10, 0);
    return at + write_record(packet + at, is_address, zone);
}

static void on_dns(void *cookie, unsigned events)
{
    (void)events;
    struct load_world *world = cookie;
    for (;;) {
        uint8_t packet[PACKET_MAX];
        struct sockaddr_storage from;
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(world->dns, packet, sizeof packet, 0, (struct sockaddr *)&from, &from_len);
        if (len <= 0)
            return;
        size_t out = answer_dns(packet, (size_t)len);
        if (out > 0)
            (void)sendto(world->dns, packet, out, 0, (const struct sockaddr *)&from, from_len);
        world->dns_count++;
    }
}

/* ---- http-01 ---- */

static void visitor_free(struct visitor *v)
{
    event_watch_free(v->watch);
    (void)close(v->fd);
    free(v);
}

static void answer_http(struct visitor *v)
{
    char out[512];
    const char *path = strchr(v->request, ' '), *host = strcasestr(v->request, "\r\nHost:");
    size_t prefix = strlen(WELL_KNOWN);
    int len;
    if (path == NULL || host == NULL || strncmp(path + 1, WELL_KNOWN, prefix) != 0) {
        len = snprintf(out, sizeof out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else {
        const char *token = path + 1 + prefix, *name = host + strlen("\r\nHost:") + 1;
        int token_len = (int)strcspn(token, " ");
        const char *thumbprint = v->world->config.thumbprint(v->world->config.context, name, strcspn(name, ":\r"));
        len = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%.*s.%s",
                       token_len + 1 + (int)strlen(thumbprint), token_len, token, thumbprint);
    }
    if (len > 0 && len < (int)sizeof out)
        (void)send(v->fd, out, (size_t)len, MSG_NOSIGNAL);
    v->world->http_count++;
}

static void on_visitor(void *cookie, unsigned events)
{
    (void)events;
    struct visitor *v = cookie;
    ssize_t got = recv(v->fd, v->request + v->len, sizeof v->request - 1 - v->len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        visitor_free(v);
        return;
    }
    v->len += (size_t)got;
    v->request[v->len] = '\0';
    if (strstr(v->request, "\r\n\r\n") != NULL)
        answer_http(v);
    else if (v->len < sizeof v->request - 1)
        return;
    visitor_free(v);
}

static void on_http(void *cookie, unsigned events)
{
    (void)events;
    struct load_world *world = cookie;
    struct error err;
    int fd;
    while ((fd = accept4(world->http, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct visitor *v = calloc(1, sizeof *v);
        if (v == NULL) {
            (void)close(fd);
            continue;
        }
        v->world = world;
        v->fd = fd;
        if (event_loop_watch(world->loop, fd, EVENT_READABLE, on_visitor, v, &v->watch, &err) != STATUS_OK) {
            visitor_free(v);
            continue;
        }
        on_visitor(v, EVENT_READABLE); /* as a rule the request is there */
    }
}

/* ---- both ---- */

static enum status open_socket(const struct load_world *world, int type, uint16_t port, int *fd, struct error *err)
{
    static const int on = 1, size = 1 << 20;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    *fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0 || inet_pton(AF_INET, world->config.address, &at.sin_addr) != 1)
        return error_set(err, STATUS_IO, "socket: %s", strerror(errno));
    (void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(*fd, (const struct sockaddr *)&at, sizeof at) != 0 || (type == SOCK_STREAM && listen(*fd, BACKLOG) != 0))
        return error_set(err, STATUS_IO, "%s:%u: %s", world->config.address, (unsigned)port, strerror(errno));
    return STATUS_OK;
}

enum status load_world_new(struct event_loop *loop, const struct load_world_config *config, struct load_world **out,
                           struct error *err)
{
    struct load_world *world = calloc(1, sizeof *world);
    enum status s = STATUS_OK;
    if (world == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *world = (struct load_world){.loop = loop, .config = *config, .http = -1, .dns = -1};
    if (config->http_port != 0) {
        s = open_socket(world, SOCK_STREAM, config->http_port, &world->http, err);
        if (s == STATUS_OK)
            s = event_loop_watch(loop, world->http, EVENT_READABLE, on_http, world, &world->http_watch, err);
    }
    if (s == STATUS_OK && config->dns_port != 0) {
        s = open_socket(world, SOCK_DGRAM, config->dns_port, &world->dns, err);
        if (s == STATUS_OK)
            s = event_loop_watch(loop, world->dns, EVENT_READABLE, on_dns, world, &world->dns_watch, err);
    }
    if (s != STATUS_OK) {
        load_world_free(world);
        return s;
    }
    *out = world;
    return STATUS_OK;
}

uint64_t load_world_http_count(const struct load_world *world)
{
    return world->http_count;
}

uint64_t load_world_dns_count(const struct load_world *world)
{
    return world->dns_count;
}

void load_world_free(struct load_world *world)
{
    if (world == NULL)
        return;
    event_watch_free(world->http_watch);
    event_watch_free(world->dns_watch);
    if (world->http >= 0)
        (void)close(world->http);
    if (world->dns >= 0)
        (void)close(world->dns);
    free(world);
}
