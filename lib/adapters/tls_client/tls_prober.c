#include "adapters/tls_client/tls_prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls/tls_stream.h"

#define ALPN_MAX 255
#define FAILURE_SIZE ERROR_TEXT_MAX

struct probe {
    struct tls_prober *prober;
    struct probe *next;
    struct probe **link; /* what points here */
    int fd;
    struct event_watch *watch;
    uint64_t timer;
    char server_name[256];
    char alpn[ALPN_MAX + 1];
    uint32_t timeout_ms;
    bool is_connected;
    struct tls_stream *stream;
    char failure[FAILURE_SIZE]; /* of connecting, said later by the timer */
    tls_probe_done *done;
    void *cookie;
};

struct tls_prober {
    struct event_loop *loop;
    struct timer_port timers;
    struct probe *probes;
    size_t probe_count;
    /* Of the protocol that was asked for last: there is hardly ever another one. */
    struct tls_context *context;
    char context_alpn[ALPN_MAX + 1];
    bool is_stopping;
};

static void probe_free(struct probe *probe)
{
    if (probe->link != NULL) {
        *probe->link = probe->next;
        if (probe->next != NULL)
            probe->next->link = probe->link;
        probe->prober->probe_count--;
    }
    probe->prober->timers.cancel(probe->prober->timers.context, probe->timer);
    event_watch_free(probe->watch);
    tls_stream_free(probe->stream);
    if (probe->fd >= 0)
        (void)close(probe->fd);
    free(probe);
}

/* failure and certificate are not the probe's: it goes first. */
static void give(struct probe *probe, const char *failure, bool has_alpn, struct bytes certificate)
{
    struct tls_probe_result result = {.failure = failure,
                                      .is_connected = probe->is_connected,
                                      .has_alpn = has_alpn,
                                      .certificate = certificate};
    tls_probe_done *done = probe->done;
    void *cookie = probe->cookie;
    probe_free(probe);
    done(cookie, &result);
}

static void fail(struct probe *probe, const char *failure)
{
    give(probe, failure, false, bytes_of(NULL, 0));
}

static void on_timeout(void *cookie)
{
    struct probe *probe = cookie;
    char text[FAILURE_SIZE];
    probe->timer = 0;
    if (probe->failure[0] != '\0')
        memcpy(text, probe->failure, sizeof text);
    else
        (void)snprintf(text, sizeof text, "%s within %u ms",
                       probe->is_connected ? "no handshake" : "no connection",
                       (unsigned)probe->timeout_ms);
    fail(probe, text);
}

static void succeed(struct probe *probe)
{
    struct error err = {0};
    struct builder certificate;
    builder_init(&certificate, TLS_PROBER_CERTIFICATE_MAX);
    bool has_alpn = bytes_is_text(tls_stream_alpn(probe->stream), probe->alpn);
    /* Says goodbye without waiting for the answer. */
    (void)tls_stream_close(probe->stream);
    if (tls_stream_peer_certificate(probe->stream, &certificate, &err) != STATUS_OK)
        fail(probe, err.text);
    else
        give(probe, "", has_alpn, builder_view(&certificate));
    builder_clear(&certificate);
}

static void shake(struct probe *probe)
{
    char text[FAILURE_SIZE];
    switch (tls_stream_handshake(probe->stream)) {
    case TLS_DONE:
        succeed(probe);
        return;
    case TLS_WANT_READ:
        event_watch_change(probe->watch, EVENT_READABLE);
        return;
    case TLS_WANT_WRITE:
        event_watch_change(probe->watch, EVENT_WRITABLE);
        return;
    case TLS_END:
        fail(probe, "the server hung up in the handshake");
        return;
    case TLS_FAILED:
    default:
        (void)snprintf(text, sizeof text, "TLS: %s", tls_stream_reason(probe->stream));
        fail(probe, text);
        return;
    }
}

static enum status find_context(struct tls_prober *prober, const char *alpn, struct error *err)
{
    if (prober->context != NULL && strcmp(prober->context_alpn, alpn) == 0)
        return STATUS_OK;
    struct tls_client_settings settings = {.alpn = alpn};
    struct tls_context *context;
    enum status status = tls_context_new_client(&settings, &context, err);
    if (status != STATUS_OK)
        return status;
    tls_context_free(prober->context); /* streams keep theirs */
    prober->context = context;
    memcpy(prober->context_alpn, alpn, strlen(alpn) + 1);
    return STATUS_OK;
}

static enum status make_stream(struct probe *probe, struct error *err)
{
    enum status status = find_context(probe->prober, probe->alpn, err);
    if (status != STATUS_OK)
        return status;
    return tls_stream_new(probe->prober->context, probe->fd, probe->server_name, &probe->stream, err);
}

/* The connection came about, or did not. */
static void take_connection(struct probe *probe)
{
    int code = 0;
    socklen_t len = sizeof code;
    char text[FAILURE_SIZE];
    if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
        code = errno;
    if (code != 0) {
        (void)snprintf(text, sizeof text, "cannot connect: %s", strerror(code));
        fail(probe, text);
        return;
    }
    struct error err = {0};
    probe->is_connected = true;
    if (make_stream(probe, &err) != STATUS_OK)
        fail(probe, err.text);
    else
        shake(probe);
}

static void on_event(void *cookie, unsigned events)
{
    (void)events;
    struct probe *probe = cookie;
    if (probe->is_connected)
        shake(probe);
    else
        take_connection(probe);
}

/* The socket address of a numeric one. */
static bool read_address(const char *text, uint16_t port, struct sockaddr_storage *out,
                         socklen_t *len)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *len = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *len = sizeof *v6;
        return true;
    }
    return false;
}

/* A failure that is the peer's or the network's is told by done; one of ours by the status. */
static enum status start_connecting(struct probe *probe, const struct sockaddr_storage *address,
                                    socklen_t len, struct error *err)
{
    static const int on = 1;
    probe->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe->fd < 0)
        return error_set(err, STATUS_IO, "socket: %s", strerror(errno));
    (void)setsockopt(probe->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(probe->fd, (const struct sockaddr *)address, len) != 0 && errno != EINPROGRESS) {
        (void)snprintf(probe->failure, sizeof probe->failure, "cannot connect: %s", strerror(errno));
        return STATUS_OK;
    }
    return event_loop_watch(probe->prober->loop, probe->fd, EVENT_WRITABLE, on_event, probe,
                            &probe->watch, err);
}

static enum status check(const struct tls_prober *prober, const struct tls_probe_request *request,
                         struct sockaddr_storage *address, socklen_t *len, struct error *err)
{
    size_t alpn_len = strlen(request->alpn);
    if (prober->is_stopping)
        return error_set(err, STATUS_AGAIN, "no probe is started while stopping");
    if (prober->probe_count >= TLS_PROBER_UNDER_WAY_MAX)
        return error_set(err, STATUS_LIMIT, "%d TLS probes are under way", TLS_PROBER_UNDER_WAY_MAX);
    if (!read_address(request->address, request->port, address, len) || request->port == 0)
        return error_set(err, STATUS_USAGE, "no numeric address and port: %s %u", request->address,
                         (unsigned)request->port);
    if (alpn_len == 0 || alpn_len > ALPN_MAX || request->timeout_ms == 0)
        return error_set(err, STATUS_USAGE, "a TLS probe needs a protocol and a time limit");
    if (strlen(request->server_name) >= sizeof ((struct probe *)0)->server_name)
        return error_set(err, STATUS_USAGE, "the server name is too long");
    return STATUS_OK;
}

static void link_in(struct tls_prober *prober, struct probe *probe)
{
    probe->next = prober->probes;
    probe->link = &prober->probes;
    if (probe->next != NULL)
        probe->next->link = &probe->next;
    prober->probes = probe;
    prober->probe_count++;
}

static enum status start(void *context, const struct tls_probe_request *request,
                         tls_probe_done *done, void *cookie, struct error *err)
{
    struct tls_prober *prober = context;
    struct sockaddr_storage address;
    socklen_t len = 0;
    enum status status = check(prober, request, &address, &len, err);
    if (status != STATUS_OK)
        return status;
    struct probe *probe = calloc(1, sizeof *probe);
    if (probe == NULL)
        return error_set(err, STATUS_NO_MEMORY, "TLS probe");
    probe->prober = prober;
    probe->fd = -1;
    probe->done = done;
    probe->cookie = cookie;
    probe->timeout_ms = request->timeout_ms;
    /* Both fit: check has said so. */
    memcpy(probe->server_name, request->server_name, strlen(request->server_name));
    memcpy(probe->alpn, request->alpn, strlen(request->alpn));
    status = start_connecting(probe, &address, len, err);
    if (status != STATUS_OK) {
        probe_free(probe);
        return status;
    }
    link_in(prober, probe);
    probe->timer = prober->timers.start(prober->timers.context,
                                        probe->failure[0] != '\0' ? 0 : probe->timeout_ms, on_timeout,
                                        probe);
    return STATUS_OK;
}

enum status tls_prober_new(struct event_loop *loop, struct tls_prober **out, struct error *err)
{
    struct tls_prober *prober = calloc(1, sizeof *prober);
    if (prober == NULL)
        return error_set(err, STATUS_NO_MEMORY, "TLS prober");
    prober->loop = loop;
    prober->timers = event_loop_timers(loop);
    *out = prober;
    return STATUS_OK;
}

struct tls_probe_port tls_prober_port(struct tls_prober *prober)
{
    return (struct tls_probe_port){.context = prober, .start = start};
}

void tls_prober_free(struct tls_prober *prober)
{
    if (prober == NULL)
        return;
    prober->is_stopping = true;
    while (prober->probes != NULL)
        fail(prober->probes, "stopped");
    tls_context_free(prober->context);
    free(prober);
}
