#include "signer/signer_connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_LEN 4
/* Memory grows with what has come, not with what is announced. */
#define CHUNK_LEN ((size_t)65536)

void signer_connection_open(struct signer_connection *c, int fd)
{
    *c = (struct signer_connection){.fd = fd};
    builder_init(&c->in, HEAD_LEN + SIGNER_REQUEST_MAX);
    builder_init(&c->out, HEAD_LEN + 2 + SIGNER_ANSWER_MAX);
}

void signer_connection_close(struct signer_connection *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    builder_clear(&c->in);
    builder_clear(&c->out);
    c->fd = -1;
}

short signer_connection_events(const struct signer_connection *c)
{
    return c->out.len > 0 ? POLLOUT : POLLIN;
}

static size_t u32_of(const uint8_t *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* How much is still to come before something can be done; SIZE_MAX when the length is none. */
static size_t missing(const struct signer_connection *c)
{
    if (c->in.len < HEAD_LEN)
        return HEAD_LEN - c->in.len;
    size_t len = u32_of(c->in.data);
    return len == 0 || len > SIGNER_REQUEST_MAX ? SIZE_MAX : HEAD_LEN + len - c->in.len;
}

/* False at the end of the stream, and when it is broken. *is_waiting: nothing more is there now. */
static bool read_some(struct signer_connection *c, size_t len, bool *is_waiting)
{
    size_t before = c->in.len;
    len = len < CHUNK_LEN ? len : CHUNK_LEN;
    uint8_t *space = builder_space(&c->in, len);
    if (space == NULL)
        return false;
    ssize_t got = recv(c->fd, space, len, 0);
    c->in.len = before + (got > 0 ? (size_t)got : 0);
    *is_waiting = got < 0 && (errno == EAGAIN || errno == EINTR);
    return got > 0 || *is_waiting;
}

static bool answer(struct signer_connection *c, struct signer_core *core, void (*refused)(const struct error *reason))
{
    struct error reason;
    builder_u32(&c->out, 0);
    enum status s = signer_core_answer(core, bytes_of(c->in.data + HEAD_LEN, c->in.len - HEAD_LEN), &c->out, &reason);
    if (reason.status != STATUS_OK)
        refused(&reason);
    builder_reset(&c->in);
    if (s != STATUS_OK)
        return false;
    size_t len = c->out.len - HEAD_LEN;
    for (unsigned i = 0; i < HEAD_LEN; i++)
        c->out.data[i] = (uint8_t)(len >> (24 - 8 * i));
    return true;
}

static bool write_some(struct signer_connection *c)
{
    ssize_t sent = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    c->sent += (size_t)sent;
    if (c->sent == c->out.len) {
        c->sent = 0;
        builder_reset(&c->out);
        c->deadline_ms = 0;
    }
    return true;
}

bool signer_connection_serve(struct signer_connection *c, struct signer_core *core, int64_t now_ms,
                             void (*refused)(const struct error *reason))
{
    bool is_waiting = false, is_good = true;
    while (is_good && !is_waiting && c->out.len == 0) {
        size_t len = missing(c);
        is_good = len != SIZE_MAX && (len == 0 ? answer(c, core, refused) : read_some(c, len, &is_waiting));
    }
    if (is_good && c->deadline_ms == 0 && (c->in.len > 0 || c->out.len > 0))
        c->deadline_ms = now_ms + SIGNER_CONNECTION_DEADLINE_MS;
    return is_good && (c->out.len == 0 || write_some(c));
}
