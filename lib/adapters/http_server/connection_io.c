/* Bytes in and out of one connection, plain or TLS. */
#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "adapters/http_server/server_parts.h"

/* One call of sendfile, or one piece of a file read for TLS. */
#define FILE_PIECE_MAX ((size_t)1 << 20)
#define TLS_FILE_PIECE_MAX ((size_t)16384)

bool connection_handshake(struct http_connection *c)
{
    switch (tls_stream_handshake(c->tls)) {
    case TLS_DONE:
        c->tls_wants_write = false;
        return true;
    case TLS_WANT_WRITE:
        c->tls_wants_write = true;
        return false;
    case TLS_WANT_READ:
        c->tls_wants_write = false;
        return false;
    default:
        c->is_dead = true;
        return false;
    }
}

/* ---- in ---- */

static void read_tls(struct http_connection *c, uint8_t *out, size_t size, size_t *len)
{
    switch (tls_stream_read(c->tls, out, size, len)) {
    case TLS_DONE:
        return;
    case TLS_WANT_WRITE:
    case TLS_WANT_READ:
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

static void read_plain(struct http_connection *c, uint8_t *out, size_t size, size_t *len)
{
    ssize_t got = recv(c->fd, out, size, 0);
    *len = got > 0 ? (size_t)got : 0;
    /* Less than there was room for: the next call would only say so. */
    if (got > 0 && (size_t)got < size)
        c->can_read = false;
    if (got > 0 || (got < 0 && errno == EINTR))
        return;
    c->can_read = false;
    if (got == 0)
        c->is_read_ended = true;
    else if (errno != EAGAIN)
        c->is_dead = true;
}

static void read_some(struct http_connection *c, uint8_t *out, size_t size, size_t *len)
{
    *len = 0;
    if (c->tls != NULL)
        read_tls(c, out, size, len);
    else
        read_plain(c, out, size, len);
}

bool connection_read(struct http_connection *c)
{
    size_t len = 0;
    if (c->in == NULL) {
        c->in = malloc(INPUT_SIZE);
        c->is_dead = c->is_dead || c->in == NULL;
    }
    if (c->is_dead || !c->can_read || c->in_len == INPUT_SIZE)
        return false;
    read_some(c, c->in + c->in_len, INPUT_SIZE - c->in_len, &len);
    c->in_len += len;
    return len > 0;
}

bool connection_discard(struct http_connection *c)
{
    uint8_t nowhere[4096];
    for (int i = 0; i < 16; i++) {
        ssize_t got = recv(c->fd, nowhere, sizeof nowhere, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (got <= 0)
            return false;
    }
    return true;
}

/* ---- out ---- */

bool connection_has_output(const struct http_connection *c)
{
    return c->out_at < c->out.len || c->big_at < c->big_len || c->file_left > 0;
}

static void advance(struct http_connection *c, size_t len)
{
    size_t of_out = c->out.len - c->out_at;
    c->passed_len += len;
    if (of_out > len)
        of_out = len;
    c->out_at += of_out;
    c->big_at += len - of_out;
    if (c->out_at == c->out.len) {
        builder_reset(&c->out);
        c->out_at = 0;
    }
    if (c->big != NULL && c->big_at == c->big_len) {
        free(c->big);
        c->big = NULL;
        c->big_at = c->big_len = 0;
    }
}

static void close_file(struct http_connection *c)
{
    if (c->file >= 0)
        (void)close(c->file);
    c->file = -1;
    c->file_left = 0;
}

/* A file that is shorter than it was: the response cannot be finished. */
static bool file_ended(struct http_connection *c)
{
    close_file(c);
    c->is_dead = true;
    return false;
}

static bool is_wait(void)
{
    return errno == EAGAIN;
}

static bool write_memory_plain(struct http_connection *c)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts};
    if (c->out_at < c->out.len)
        parts[message.msg_iovlen++] = (struct iovec){
            .iov_base = c->out.data + c->out_at, .iov_len = c->out.len - c->out_at};
    if (c->big_at < c->big_len)
        parts[message.msg_iovlen++] =
            (struct iovec){.iov_base = c->big + c->big_at, .iov_len = c->big_len - c->big_at};
    ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL | (c->file_left > 0 ? MSG_MORE : 0));
    if (sent >= 0) {
        advance(c, (size_t)sent);
        return true;
    }
    if (errno == EINTR)
        return true;
    c->is_dead = !is_wait();
    return false;
}

static bool write_file_plain(struct http_connection *c)
{
    off_t at = (off_t)c->file_at;
    size_t len = c->file_left < FILE_PIECE_MAX ? (size_t)c->file_left : FILE_PIECE_MAX;
    ssize_t sent = sendfile(c->fd, c->file, &at, len);
    if (sent == 0)
        return file_ended(c);
    if (sent < 0) {
        if (errno == EINTR)
            return true;
        c->is_dead = !is_wait();
        return false;
    }
    c->file_at += (uint64_t)sent;
    c->file_left -= (uint64_t)sent;
    c->passed_len += (uint64_t)sent;
    if (c->file_left == 0)
        close_file(c);
    return true;
}

static bool write_tls(struct http_connection *c, struct bytes data)
{
    size_t len = 0;
    switch (tls_stream_write(c->tls, data, &len)) {
    case TLS_DONE:
        c->tls_wants_write = false;
        advance(c, len);
        return true;
    case TLS_WANT_WRITE:
        c->tls_wants_write = true;
        return false;
    case TLS_WANT_READ:
        return false;
    default:
        c->is_dead = true;
        return false;
    }
}

/* The file's next piece becomes output in memory: a write that has to wait is made again from there. */
static bool load_file_piece(struct http_connection *c)
{
    size_t len = c->file_left < TLS_FILE_PIECE_MAX ? (size_t)c->file_left : TLS_FILE_PIECE_MAX;
    uint8_t *space = builder_space(&c->out, len);
    ssize_t got = space != NULL ? pread(c->file, space, len, (off_t)c->file_at) : -1;
    if (got != (ssize_t)len)
        return file_ended(c);
    c->file_at += len;
    c->file_left -= len;
    if (c->file_left == 0)
        close_file(c);
    return true;
}

static bool write_some(struct http_connection *c)
{
    bool has_memory = c->out_at < c->out.len || c->big_at < c->big_len;
    if (c->tls == NULL)
        return has_memory ? write_memory_plain(c) : write_file_plain(c);
    if (c->out_at < c->out.len)
        return write_tls(c, bytes_of(c->out.data + c->out_at, c->out.len - c->out_at));
    if (c->big_at < c->big_len)
        return write_tls(c, bytes_of(c->big + c->big_at, c->big_len - c->big_at));
    return load_file_piece(c);
}

bool connection_flush(struct http_connection *c)
{
    while (connection_has_output(c) && !c->is_dead)
        if (!write_some(c))
            break;
    bool is_done = !connection_has_output(c);
    c->must_write_wait = !is_done && !c->is_dead;
    return is_done;
}
