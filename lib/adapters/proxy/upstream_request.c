/* The request on its way to the backend: gathered while it is small, written where it lies when it is large. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "adapters/proxy/forward.h"
#include "adapters/proxy/proxy_protocol.h"
#include "adapters/proxy/upstream_parts.h"

/* ---- head ---- */

static struct bytes text_or_empty(const char *text)
{
    return text != NULL ? bytes_of_text(text) : bytes_of(NULL, 0);
}

static enum status write_proxy_header(struct upstream_connection *c)
{
    const struct exchange_request *request = &c->x->request;
    return proxy_protocol_write(&c->out,
                                &(struct proxy_protocol){.source = request->peer_address,
                                                         .destination = request->local_address,
                                                         .alpn = text_or_empty(request->alpn),
                                                         .authority = text_or_empty(request->server_name),
                                                         .is_tls = request->is_tls,
                                                         .tls_version = text_or_empty(request->tls_version),
                                                         .tls_cipher = text_or_empty(request->tls_suite)},
                                NULL);
}

static void check_output(struct upstream_connection *c)
{
    if (builder_is_good(&c->out))
        return;
    c->failure = EXCHANGE_NO_MEMORY;
    upstream_tell_later(c);
}

void upstream_request_write_head(struct upstream_connection *c, bool is_new)
{
    const struct exchange_request *request = &c->x->request;
    builder_reset(&c->out);
    c->out_at = 0;
    if (is_new && c->x->site->sends_proxy && write_proxy_header(c) != STATUS_OK)
        c->out.failure = STATUS_LIMIT;
    c->is_chunked = request->has_body && !request->has_length;
    if (!request->is_raw)
        forward_write_request(c->x, &c->out);
    check_output(c);
}

/* ---- writing ---- */

/* What the system has taken; less than there is: it is blocked, or has failed. */
static size_t send_parts(struct upstream_connection *c, struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent = -1;
    do
        sent = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return (size_t)sent;
    /* A backend that takes no more may have answered: reading tells. */
    c->is_write_blocked = errno == EAGAIN;
    c->is_write_failed = !c->is_write_blocked;
    return 0;
}

static void drop_output(struct upstream_connection *c)
{
    builder_reset(&c->out);
    c->out_at = 0;
}

static bool can_write(const struct upstream_connection *c)
{
    return c->stage != UPSTREAM_CONNECTING && !c->is_write_blocked && !c->is_write_failed;
}

void upstream_request_flush(struct upstream_connection *c)
{
    while (can_write(c) && upstream_output_len(c) > 0) {
        struct iovec part = {.iov_base = c->out.data + c->out_at, .iov_len = upstream_output_len(c)};
        c->out_at += send_parts(c, &part, 1);
    }
    if (c->is_write_failed || upstream_output_len(c) == 0)
        drop_output(c);
    bool has_ended = c->stage == UPSTREAM_LAST_BYTES || (c->stage == UPSTREAM_TUNNEL && c->x != NULL && c->x->is_request_ended);
    if (has_ended && can_write(c) && upstream_output_len(c) == 0 && !c->is_shut) {
        c->is_shut = true;
        (void)shutdown(c->fd, SHUT_WR);
    }
}

/* Gathers what of the parts comes after the first `skip` bytes. */
static void gather(struct upstream_connection *c, const struct iovec *parts, size_t count, size_t skip)
{
    for (size_t i = 0; i < count; i++) {
        size_t of_part = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        builder_bytes(&c->out, bytes_of((const uint8_t *)parts[i].iov_base + of_part, parts[i].iov_len - of_part));
        skip -= of_part;
    }
}

static void write_parts(struct upstream_connection *c, struct iovec *parts, size_t count, size_t len)
{
    /* parts[0] is what has been gathered before. */
    size_t waiting = upstream_output_len(c);
    bool is_small = waiting + len < UPSTREAM_SMALL_PIECE;
    parts[0] = (struct iovec){.iov_base = c->out.data + c->out_at, .iov_len = waiting};
    size_t first = waiting > 0 ? 0 : 1;
    size_t sent = is_small || !can_write(c) ? 0 : send_parts(c, parts + first, count - first);
    size_t of_waiting = sent < waiting ? sent : waiting;
    c->out_at += of_waiting;
    if (of_waiting == waiting && sent > 0)
        drop_output(c);
    if (!c->is_write_failed)
        gather(c, parts + 1, count - 1, sent - of_waiting);
}

/* ---- the calls of downstream ---- */

static bool up_body(struct exchange *x, struct bytes piece)
{
    struct upstream_connection *c = x->upstream;
    struct iovec parts[4];
    char size[24];
    size_t count = 1, len = piece.len;
    if (piece.len == 0 || c->is_write_failed || c->failure != EXCHANGE_OK)
        return true;
    bool is_chunked = c->is_chunked && c->stage != UPSTREAM_TUNNEL;
    if (is_chunked) {
        int size_len = snprintf(size, sizeof size, "%zx\r\n", piece.len);
        parts[count++] = (struct iovec){.iov_base = size, .iov_len = (size_t)size_len};
        len += (size_t)size_len + 2;
    }
    parts[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)piece.data, .iov_len = piece.len};
    if (is_chunked)
        parts[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)"\r\n", .iov_len = 2};
    write_parts(c, parts, count, len);
    check_output(c);
    if (upstream_output_len(c) <= UPSTREAM_OUTPUT_HIGH)
        return true;
    c->is_input_paused = true;
    return false;
}

static void go_on(struct upstream_connection *c)
{
    if (c->is_busy)
        return;
    upstream_connection_set_waits(c);
    if (c->is_input_paused && c->stage != UPSTREAM_CONNECTING && upstream_output_len(c) == 0)
        upstream_tell_later(c);
}

/* A tunnel is over for its client; what is left for the backend is still written. */
static void leave_tunnel(struct upstream_connection *c)
{
    struct exchange *x = c->x;
    upstream_connection_outlive(c);
    x->up = NULL;
    c->x = NULL;
    upstream_connection_end(c);
    upstream_request_flush(c);
    if (c->is_busy)
        return;
    if (c->is_write_failed || upstream_output_len(c) == 0)
        upstream_connection_free(c);
    else
        upstream_connection_set_waits(c);
}

static void up_end(struct exchange *x)
{
    struct upstream_connection *c = x->upstream;
    if (c->is_chunked && c->stage != UPSTREAM_TUNNEL && !c->is_write_failed)
        builder_text(&c->out, "0\r\n\r\n");
    check_output(c);
    if (c->stage == UPSTREAM_TUNNEL && x->is_response_ended)
        leave_tunnel(c);
    else if (c->stage == UPSTREAM_TUNNEL)
        upstream_request_flush(c);
}

static void up_flush(struct exchange *x)
{
    struct upstream_connection *c = x->upstream;
    upstream_request_flush(c);
    go_on(c);
}

static void up_resume(struct exchange *x)
{
    struct upstream_connection *c = x->upstream;
    c->was_resumed = true;
    if (!c->is_paused)
        return;
    c->is_paused = false;
    if (c->is_busy)
        return;
    upstream_enter(c);
    if (c->failure == EXCHANGE_OK)
        upstream_answer_go_on(c);
    upstream_leave(c);
}

static void up_abort(struct exchange *x)
{
    struct upstream_connection *c = x->upstream;
    x->up = NULL;
    c->x = NULL;
    c->is_dead = true;
    if (!c->is_busy)
        upstream_connection_free(c);
}

const struct exchange_up upstream_up = {
    .body = up_body, .end = up_end, .flush = up_flush, .resume = up_resume, .abort = up_abort};
