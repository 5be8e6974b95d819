/* Bytes in and out of one connection, plain or TLS. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "adapters/proxy/client.h"
#include "tls/tls_stream.h"

/* What is smaller is gathered: copying it costs less than a call to the system. */
#define DIRECT_MIN 4096
/* More than any protocol lets gather: EXCHANGE_BUFFER_MAX, a piece and heads. */
#define OUTPUT_MAX ((size_t)1 << 20)
/* A read that gives this much has probably left something behind. */
#define BULK_MIN 8192
#define PIECES_MAX 8

/* ---- in ---- */

static void read_tls(struct client *c, uint8_t *out, size_t size, size_t *len)
{
    switch (tls_stream_read(c->tls, out, size, len)) {
    case TLS_DONE:
        c->can_read = *len >= BULK_MIN || tls_stream_has_pending(c->tls);
        return;
    case TLS_WANT_READ:
    case TLS_WANT_WRITE:
        c->can_read = false;
        return;
    case TLS_END:
        c->is_read_ended = true;
        c->can_read = false;
        return;
    default:
        c->is_dead = true;
        return;
    }
}

static void read_plain(struct client *c, uint8_t *out, size_t size, size_t *len)
{
    ssize_t got = recv(c->fd, out, size, 0);
    *len = got > 0 ? (size_t)got : 0;
    if (got > 0) {
        c->can_read = *len == size;
        return;
    }
    if (got < 0 && errno == EINTR)
        return;
    c->can_read = false;
    if (got == 0)
        c->is_read_ended = true;
    else if (errno != EAGAIN)
        c->is_dead = true;
}

bool client_read(struct client *c)
{
    size_t len = 0;
    if (c->is_dead || c->is_read_ended || !c->can_read)
        return false;
    if (c->in_at == c->in_len)
        c->in_at = c->in_len = 0;
    if (c->in == NULL)
        c->in = worker_take_buffer(c->worker);
    if (c->in == NULL) {
        c->is_dead = true;
        return false;
    }
    if (c->in_at > 0 && c->in_len == WORKER_BUFFER_SIZE) {
        memmove(c->in, c->in + c->in_at, c->in_len - c->in_at);
        c->in_len -= c->in_at;
        c->in_at = 0;
    }
    if (c->in_len == WORKER_BUFFER_SIZE)
        return false;
    if (c->tls != NULL)
        read_tls(c, c->in + c->in_len, WORKER_BUFFER_SIZE - c->in_len, &len);
    else
        read_plain(c, c->in + c->in_len, WORKER_BUFFER_SIZE - c->in_len, &len);
    c->in_len += len;
    c->passed_len += len;
    return len > 0;
}

/* ---- out ---- */

void client_ready_output(struct client *c)
{
    if (c->out.data != NULL)
        return;
    builder_init(&c->out, OUTPUT_MAX);
    c->out.data = worker_take_buffer(c->worker);
    c->out.cap = c->out.data != NULL ? WORKER_BUFFER_SIZE : 0;
    c->out_at = 0;
}

static size_t write_plain(struct client *c, const struct bytes *pieces, size_t count)
{
    struct iovec parts[PIECES_MAX];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    for (size_t i = 0; i < count; i++)
        parts[i] = (struct iovec){.iov_base = (void *)(uintptr_t)pieces[i].data, .iov_len = pieces[i].len};
    ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (errno == EAGAIN || errno == EINTR)
        c->is_write_blocked = true;
    else
        c->is_dead = true;
    return 0;
}

static size_t write_tls(struct client *c, const struct bytes *pieces, size_t count)
{
    size_t len = 0;
    switch (tls_stream_writev(c->tls, pieces, count, &len)) {
    case TLS_DONE:
        break;
    case TLS_WANT_READ:
    case TLS_WANT_WRITE:
        c->is_write_blocked = true;
        break;
    default:
        c->is_dead = true;
        break;
    }
    return len;
}

static size_t write_now(struct client *c, const struct bytes *pieces, size_t count, size_t total)
{
    size_t sent = c->tls != NULL ? write_tls(c, pieces, count) : write_plain(c, pieces, count);
    c->passed_len += sent;
    /* The system's buffer is full: the next call would only say so. */
    if (sent < total && c->tls == NULL)
        c->is_write_blocked = true;
    return sent;
}

static void take_off(struct client *c, size_t len)
{
    c->out_at += len;
    if (c->out_at == c->out.len) {
        c->out.len = 0;
        c->out_at = 0;
    }
}

/* What of the pieces, from `sent` on, could not be written. */
static void gather(struct client *c, const struct bytes *pieces, size_t count, size_t sent)
{
    client_ready_output(c);
    /* Room at the front is used before the buffer grows. */
    if (c->out_at > 0 && c->out_at >= c->out.len / 2) {
        memmove(c->out.data, c->out.data + c->out_at, c->out.len - c->out_at);
        c->out.len -= c->out_at;
        c->out_at = 0;
    }
    for (size_t i = 0; i < count; i++) {
        size_t skip = sent < pieces[i].len ? sent : pieces[i].len;
        sent -= skip;
        builder_bytes(&c->out, bytes_of(pieces[i].data + skip, pieces[i].len - skip));
    }
    if (!builder_is_good(&c->out))
        c->is_dead = true;
}

void client_write(struct client *c, const struct bytes *pieces, size_t count)
{
    size_t total = 0, before = client_output_len(c), sent = 0;
    if (c->is_dead)
        return;
    for (size_t i = 0; i < count; i++)
        total += pieces[i].len;
    if (total >= DIRECT_MIN && !c->is_write_blocked && count < PIECES_MAX) {
        struct bytes all[PIECES_MAX];
        size_t used = 0;
        if (before > 0)
            all[used++] = bytes_of(c->out.data + c->out_at, before);
        for (size_t i = 0; i < count; i++)
            all[used++] = pieces[i];
        sent = write_now(c, all, used, before + total);
        take_off(c, sent < before ? sent : before);
        sent = sent < before ? 0 : sent - before;
    }
    if (sent < total && !c->is_dead)
        gather(c, pieces, count, sent);
}

bool client_flush(struct client *c)
{
    while (client_output_len(c) > 0 && !c->is_write_blocked && !c->is_dead) {
        struct bytes left = bytes_of(c->out.data + c->out_at, client_output_len(c));
        take_off(c, write_now(c, &left, 1, left.len));
    }
    return client_output_len(c) == 0;
}

void client_release_buffers(struct client *c)
{
    if (c->in != NULL && c->in_at == c->in_len) {
        worker_give_buffer(c->worker, c->in);
        c->in = NULL;
        c->in_at = c->in_len = 0;
    }
    if (c->out.data != NULL && client_output_len(c) == 0) {
        if (c->out.cap == WORKER_BUFFER_SIZE)
            worker_give_buffer(c->worker, c->out.data);
        else
            free(c->out.data);
        c->out = (struct builder){.data = NULL};
        c->out_at = 0;
    }
}
