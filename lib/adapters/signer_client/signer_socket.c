#include "adapters/signer_client/signer_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Between two attempts to connect. */
#define PAUSE_MS 50

int64_t signer_socket_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum status failed(struct error *err, const char *what)
{
    return error_set(err, STATUS_IO, "%s: %s", what, strerror(errno));
}

/* Non-blocking, so that a full queue of a signer that hangs is no end of time. */
static int open_socket(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

enum status signer_socket_connect(const char *path, int64_t end_ms, int *fd, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(err, STATUS_USAGE, "the path of a socket has at most %zu bytes", sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    for (;;) {
        *fd = open_socket(&address);
        bool is_absent = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN;
        if (*fd >= 0)
            return STATUS_OK;
        if (!is_absent || signer_socket_now_ms() >= end_ms)
            return failed(err, "cannot connect to the signer");
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
}

static enum status wait_for(int fd, short events, int64_t end_ms, struct error *err)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int64_t left_ms = end_ms - signer_socket_now_ms();
        if (left_ms <= 0)
            return error_set(err, STATUS_IO, "the signer does not answer");
        int count = poll(&p, 1, (int)left_ms);
        if (count > 0)
            return STATUS_OK;
        if (count < 0 && errno != EINTR)
            return failed(err, "waiting for the signer");
    }
}

static enum status send_all(int fd, struct bytes data, int64_t end_ms, struct error *err)
{
    while (data.len > 0) {
        ssize_t sent = send(fd, data.data, data.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return failed(err, "sending to the signer");
        if (sent > 0)
            data = bytes_of(data.data + sent, data.len - (size_t)sent);
        enum status status = data.len > 0 && sent <= 0 ? wait_for(fd, POLLOUT, end_ms, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status receive_all(int fd, uint8_t *at, size_t len, int64_t end_ms, struct error *err)
{
    while (len > 0) {
        ssize_t got = recv(fd, at, len, 0);
        if (got == 0)
            return error_set(err, STATUS_IO, "the signer has closed the connection");
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return failed(err, "receiving from the signer");
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
        enum status status = len > 0 && got <= 0 ? wait_for(fd, POLLIN, end_ms, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status signer_socket_exchange(int fd, struct bytes message, int64_t end_ms,
                                   struct builder *answer, struct error *err)
{
    uint8_t head[4] = {(uint8_t)(message.len >> 24), (uint8_t)(message.len >> 16), (uint8_t)(message.len >> 8),
                       (uint8_t)message.len};
    enum status status = send_all(fd, BYTES_OF(head), end_ms, err);
    if (status == STATUS_OK)
        status = send_all(fd, message, end_ms, err);
    if (status == STATUS_OK)
        status = receive_all(fd, head, sizeof head, end_ms, err);
    if (status != STATUS_OK)
        return status;
    size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (len == 0 || len > answer->max - answer->len)
        return error_set(err, STATUS_LIMIT, "an answer of %zu bytes", len);
    uint8_t *space = builder_space(answer, len);
    return space != NULL ? receive_all(fd, space, len, end_ms, err) : builder_status(answer, "answer", err);
}
