#include "load/lean_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/builder.h"
#include "base/text.h"
#include "tls/tls_stream.h"

#define HEAD_MAX 16384
#define BODY_MAX ((size_t)1 << 20)
/* The server takes 512 connections of one address. */
#define SOURCES 32

struct ask {
    struct ask *next;
    struct builder request;
    size_t sent;
    bool is_head;
    fetch_done *done;
    void *cookie;
};

struct link {
    struct lean_http *http;
    struct link *next_idle;
    int fd;
    struct event_watch *watch;
    struct tls_stream *tls;
    bool is_connected, is_ready; /* TCP; TLS too */
    struct ask *ask;             /* NULL: idle */
    struct builder in;
    size_t head_len; /* 0: not all of it is there */
    size_t body_len;
    unsigned use_count;
};

struct lean_http {
    struct event_loop *loop;
    struct tls_context *tls;
    char host[256];
    uint16_t port;
    struct link **links;
    size_t link_count, links_max;
    struct link *idle;
    struct ask *first, **last; /* wait for a connection */
};

static void work(struct link *link);

/* ---- asks ---- */

static void ask_free(struct ask *ask)
{
    if (ask == NULL)
        return;
    builder_clear(&ask->request);
    free(ask);
}

/* Ends it; the link is free for the next one before done is called. */
static void answer(struct link *link, const struct fetch_response *r)
{
    struct ask *ask = link->ask;
    link->ask = NULL;
    ask->done(ask->cookie, r);
    ask_free(ask);
}

/* ---- links ---- */

static void hang_up(struct link *link)
{
    event_watch_free(link->watch);
    tls_stream_free(link->tls);
    if (link->fd >= 0)
        (void)close(link->fd);
    link->watch = NULL;
    link->tls = NULL;
    link->fd = -1;
    link->is_connected = link->is_ready = false;
    link->use_count = 0;
    builder_reset(&link->in);
    link->head_len = 0;
}

static enum status dial(struct link *link, size_t number, struct error *err);

static void on_event(void *cookie, unsigned events)
{
    (void)events;
    work(cookie);
}

static void next_ask(struct link *link)
{
    struct lean_http *http = link->http;
    if (http->first == NULL) {
        link->next_idle = http->idle;
        http->idle = link;
        if (link->watch != NULL)
            event_watch_change(link->watch, EVENT_READABLE);
        return;
    }
    link->ask = http->first;
    http->first = link->ask->next;
    if (http->first == NULL)
        http->last = &http->first;
    work(link);
}

static void fail(struct link *link, enum fetch_failure failure, const char *why)
{
    char text[256];
    (void)snprintf(text, sizeof text, "%.250s", why);
    struct fetch_response r = {.failure = failure, .failure_text = text};
    hang_up(link);
    if (link->ask == NULL)
        return; /* an idle one is dialled again when it is needed */
    answer(link, &r);
    next_ask(link);
}

/* A kept connection that the server has closed in the meantime: once more on a new one. */
static void lost(struct link *link, const char *why)
{
    bool may_retry = link->ask != NULL && link->use_count > 0 && link->in.len == 0;
    if (!may_retry) {
        fail(link, link->is_connected ? FETCH_PROTOCOL : FETCH_CONNECT, why);
        return;
    }
    hang_up(link);
    link->ask->sent = 0;
    work(link);
}

static enum status dial(struct link *link, size_t number, struct error *err)
{
    static const int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(link->http->port)};
    struct sockaddr_in from = {.sin_family = AF_INET};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0x100 + (uint32_t)(number % SOURCES));
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return error_set(err, STATUS_IO, "socket: %s", strerror(errno));
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(link->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(link->fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(link->fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS))
        return error_set(err, STATUS_IO, "connect: %s", strerror(errno));
    return event_loop_watch(link->http->loop, link->fd, EVENT_WRITABLE, on_event, link, &link->watch, err);
}

/* ---- bytes ---- */

enum flow { FLOW_GOES_ON, FLOW_WAITS, FLOW_ENDED };

static enum flow of_errno(struct link *link, ssize_t got, unsigned event, const char *what)
{
    if (got > 0)
        return FLOW_GOES_ON;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        event_watch_change(link->watch, event);
        return FLOW_WAITS;
    }
    lost(link, got == 0 ? "the server hung up" : what);
    return FLOW_ENDED;
}

static enum flow of_tls(struct link *link, enum tls_result result)
{
    switch (result) {
    case TLS_DONE:
        return FLOW_GOES_ON;
    case TLS_WANT_READ:
        event_watch_change(link->watch, EVENT_READABLE);
        return FLOW_WAITS;
    case TLS_WANT_WRITE:
        event_watch_change(link->watch, EVENT_WRITABLE);
        return FLOW_WAITS;
    case TLS_END:
    case TLS_FAILED:
    default:
        lost(link, result == TLS_END ? "the server hung up" : tls_stream_reason(link->tls));
        return FLOW_ENDED;
    }
}

static enum flow write_some(struct link *link)
{
    struct ask *ask = link->ask;
    struct bytes rest = bytes_of(ask->request.data + ask->sent, ask->request.len - ask->sent);
    size_t len = 0;
    enum flow flow;
    if (link->tls != NULL) {
        flow = of_tls(link, tls_stream_write(link->tls, rest, &len));
    } else {
        ssize_t got = send(link->fd, rest.data, rest.len, MSG_NOSIGNAL);
        flow = of_errno(link, got, EVENT_WRITABLE, "sending failed");
        len = flow == FLOW_GOES_ON ? (size_t)got : 0;
    }
    if (flow == FLOW_GOES_ON)
        ask->sent += len;
    return flow;
}

static enum flow read_some(struct link *link)
{
    uint8_t buffer[16384];
    size_t len = 0;
    enum flow flow;
    if (link->tls != NULL) {
        flow = of_tls(link, tls_stream_read(link->tls, buffer, sizeof buffer, &len));
    } else {
        ssize_t got = recv(link->fd, buffer, sizeof buffer, 0);
        flow = of_errno(link, got, EVENT_READABLE, "receiving failed");
        len = flow == FLOW_GOES_ON ? (size_t)got : 0;
    }
    if (flow == FLOW_GOES_ON)
        builder_bytes(&link->in, bytes_of(buffer, len));
    return flow;
}

/* ---- answers ---- */

static struct bytes find_header(void *headers, const char *name, unsigned n)
{
    const struct link *link = headers;
    const uint8_t *at = link->in.data, *end = at + link->head_len;
    size_t len = strlen(name);
    while ((at = memmem(at, (size_t)(end - at), "\r\n", 2)) != NULL) {
        at += 2;
        const uint8_t *stop = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (stop == NULL || (size_t)(stop - at) < len + 2)
            continue;
        if (at[len] != ':' || strncasecmp((const char *)at, name, len) != 0 || n-- > 0)
            continue;
        at += len + 1;
        while (at < stop && *at == ' ')
            at++;
        return bytes_of(at, (size_t)(stop - at));
    }
    return bytes_of(NULL, 0);
}

/* True when head and body are there. */
static bool is_whole(struct link *link)
{
    if (link->head_len == 0) {
        const uint8_t *end = link->in.len > 0 ? memmem(link->in.data, link->in.len, "\r\n\r\n", 4) : NULL;
        if (end == NULL)
            return false;
        uint64_t len = 0;
        link->head_len = (size_t)(end - link->in.data) + 4;
        if (!text_parse_u64(find_header(link, "Content-Length", 0), BODY_MAX, &len) || link->ask->is_head)
            len = 0;
        link->body_len = (size_t)len;
    }
    return link->in.len >= link->head_len + link->body_len;
}

static void take_answer(struct link *link)
{
    uint64_t status = 0;
    struct bytes connection = find_header(link, "Connection", 0);
    bool is_last = connection.len == 5 && memcmp(connection.data, "close", 5) == 0;
    struct fetch_response r = {.failure_text = "", .header = find_header, .headers = link};
    if (link->in.len < 12 || !text_parse_u64(bytes_of(link->in.data + 9, 3), 999, &status)) {
        fail(link, FETCH_PROTOCOL, "no status line");
        return;
    }
    r.status = (int)status;
    r.body = bytes_of(link->in.data + link->head_len, link->body_len);
    r.retry_after = find_header(link, "Retry-After", 0);
    link->use_count++;
    answer(link, &r);
    builder_reset(&link->in);
    link->head_len = 0;
    if (is_last)
        hang_up(link);
    next_ask(link);
}

/* ---- the connection's life ---- */

static bool connect_now(struct link *link)
{
    int code = 0;
    socklen_t len = sizeof code;
    struct error err = {.status = STATUS_OK};
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0 || code != 0) {
        fail(link, FETCH_CONNECT, strerror(code));
        return false;
    }
    link->is_connected = true;
    if (link->http->tls == NULL) {
        link->is_ready = true;
    } else if (tls_stream_new(link->http->tls, link->fd, link->http->host, &link->tls, &err) != STATUS_OK) {
        fail(link, FETCH_TLS, err.text);
        return false;
    }
    return true;
}

/* As far as it goes now. */
static void work(struct link *link)
{
    struct error err = {.status = STATUS_OK};
    if (link->fd < 0) {
        static size_t number;
        if (link->ask != NULL && dial(link, number++, &err) != STATUS_OK)
            fail(link, FETCH_CONNECT, err.text);
        return;
    }
    if (!link->is_connected && !connect_now(link))
        return;
    if (!link->is_ready) {
        if (of_tls(link, tls_stream_handshake(link->tls)) != FLOW_GOES_ON)
            return;
        link->is_ready = true;
    }
    if (link->ask == NULL) {
        hang_up(link); /* an idle connection says something only when it ends */
        return;
    }
    while (link->ask->sent < link->ask->request.len)
        if (write_some(link) != FLOW_GOES_ON)
            return;
    while (!is_whole(link))
        if (read_some(link) != FLOW_GOES_ON)
            return;
    take_answer(link);
}

static struct link *new_link(struct lean_http *http)
{
    if (http->link_count == http->links_max)
        return NULL;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    link->http = http;
    link->fd = -1;
    builder_init(&link->in, HEAD_MAX + BODY_MAX);
    http->links[http->link_count++] = link;
    return link;
}

/* ---- the port ---- */

static void write_request(struct ask *ask, const struct lean_http *http, const struct fetch_request *r, const char *path)
{
    builder_init(&ask->request, HEAD_MAX + BODY_MAX);
    builder_printf(&ask->request, "%s %s HTTP/1.1\r\nHost: %s:%u\r\n", r->method, path, http->host, (unsigned)http->port);
    if (r->accept != NULL)
        builder_printf(&ask->request, "Accept: %s\r\n", r->accept);
    if (r->content_type != NULL)
        builder_printf(&ask->request, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->content_type, r->body.len);
    builder_text(&ask->request, "\r\n");
    builder_bytes(&ask->request, r->body);
}

/* Sends within the call, answers later: nothing can be there already. */
static enum status start(void *context, const struct fetch_request *request, fetch_done *done, void *cookie, struct error *err)
{
    struct lean_http *http = context;
    const char *host = strstr(request->url, "://"), *path = host != NULL ? strchr(host + 3, '/') : NULL;
    struct ask *ask = calloc(1, sizeof *ask);
    if (path == NULL || ask == NULL) {
        free(ask);
        return error_set(err, STATUS_USAGE, "%s: no URL", request->url);
    }
    ask->is_head = strcmp(request->method, "HEAD") == 0;
    ask->done = done;
    ask->cookie = cookie;
    write_request(ask, http, request, path);
    struct link *link = http->idle;
    if (link != NULL)
        http->idle = link->next_idle;
    else
        link = new_link(http);
    if (link == NULL) {
        *http->last = ask;
        http->last = &ask->next;
        return STATUS_OK;
    }
    link->ask = ask;
    if (link->watch != NULL)
        event_watch_change(link->watch, EVENT_WRITABLE);
    else if (dial(link, http->link_count, err) != STATUS_OK) {
        link->ask = NULL;
        hang_up(link);
        link->next_idle = http->idle;
        http->idle = link;
        ask_free(ask);
        return err->status;
    }
    return STATUS_OK;
}

static enum status read_url(struct lean_http *http, const char *url, bool *is_tls, struct error *err)
{
    *is_tls = strncmp(url, "https://", 8) == 0;
    const char *host = url + (*is_tls ? 8 : 7), *colon = strchr(host, ':');
    size_t len = strcspn(host, ":/");
    uint64_t port = *is_tls ? 443 : 80;
    if ((!*is_tls && strncmp(url, "http://", 7) != 0) || len == 0 || len >= sizeof http->host)
        return error_set(err, STATUS_USAGE, "%s: no http or https URL", url);
    memcpy(http->host, host, len);
    if (host[len] == ':' && !text_parse_u64(bytes_of(colon + 1, strcspn(colon + 1, "/")), 65535, &port))
        return error_set(err, STATUS_USAGE, "%s: no port", url);
    http->port = (uint16_t)port;
    return STATUS_OK;
}

enum status lean_http_new(struct event_loop *loop, const char *url, struct bytes ca_pem, size_t connections_max,
                          struct lean_http **out, struct error *err)
{
    bool is_tls = false;
    struct tls_client_settings settings = {.alpn = "http/1.1", .ca_pem = ca_pem, .is_verified = true};
    struct lean_http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    http->loop = loop;
    http->last = &http->first;
    http->links_max = connections_max;
    http->links = calloc(connections_max, sizeof *http->links);
    enum status s = http->links != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = read_url(http, url, &is_tls, err);
    if (s == STATUS_OK && is_tls)
        s = tls_context_new_client(&settings, &http->tls, err);
    if (s != STATUS_OK) {
        lean_http_free(http);
        return s;
    }
    *out = http;
    return STATUS_OK;
}

struct fetch_port lean_http_port(struct lean_http *http)
{
    return (struct fetch_port){http, start};
}

size_t lean_http_connection_count(const struct lean_http *http)
{
    return http->link_count;
}

void lean_http_free(struct lean_http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->link_count; i++) {
        hang_up(http->links[i]);
        ask_free(http->links[i]->ask);
        builder_clear(&http->links[i]->in);
        free(http->links[i]);
    }
    while (http->first != NULL) {
        struct ask *ask = http->first;
        http->first = ask->next;
        ask_free(ask);
    }
    tls_context_free(http->tls);
    free(http->links);
    free(http);
}
