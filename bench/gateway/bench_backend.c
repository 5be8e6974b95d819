/* cathaya-bench-backend: the cheapest HTTP/1.1 server, for what stands in front of it to be measured. GET .../N answers N bytes (1024
 * when it is no number), connections are kept. One thread, epoll. Prints "ready ADDRESS:PORT". Requests have no body and are not
 * pipelined: this is for a load client of ours behind a proxy. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define HEAD_MAX 8192
#define BODY_MAX (1024 * 1024)
#define DEFAULT_BODY 1024

struct peer {
    int fd;
    size_t in_len;
    size_t head_len, head_sent, body_left; /* of the answer under way */
    char in[HEAD_MAX], head[256];
};

static char body[BODY_MAX];

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(3);
}

static int listen_any(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("listen");
    (void)printf("ready 127.0.0.1:%u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void watch(int epoll, int op, struct peer *peer, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};
    if (epoll_ctl(epoll, op, fd, &event) != 0)
        fail("epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
    static const int on = 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct peer *peer = calloc(1, sizeof *peer);
        if (peer == NULL)
            fail("memory");
        peer->fd = fd;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, EPOLL_CTL_ADD, peer, fd, EPOLLIN);
    }
}

static void hang_up(struct peer *peer)
{
    (void)close(peer->fd);
    free(peer);
}

/* The number behind the last slash of the request's target. */
static size_t wanted(const struct peer *peer)
{
    const char *end = memchr(peer->in + 4, ' ', peer->in_len - 4), *at = end;
    while (at != NULL && at > peer->in && at[-1] >= '0' && at[-1] <= '9')
        at--;
    size_t size = at != NULL && at != end ? strtoul(at, NULL, 10) : DEFAULT_BODY;
    return size < BODY_MAX ? size : BODY_MAX;
}

/* False: it is over. */
static int write_answer(int epoll, struct peer *peer)
{
    while (peer->head_sent < peer->head_len || peer->body_left > 0) {
        struct iovec parts[2] = {{peer->head + peer->head_sent, peer->head_len - peer->head_sent}, {body, peer->body_left}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent = sendmsg(peer->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch(epoll, EPOLL_CTL_MOD, peer, peer->fd, EPOLLOUT);
            return 1;
        }
        if (sent < 0)
            return 0;
        size_t of_head = peer->head_len - peer->head_sent < (size_t)sent ? peer->head_len - peer->head_sent : (size_t)sent;
        peer->head_sent += of_head;
        peer->body_left -= (size_t)sent - of_head;
    }
    return 1;
}

static int work(int epoll, struct peer *peer, unsigned events)
{
    if (events & EPOLLOUT) {
        if (!write_answer(epoll, peer))
            return 0;
        if (peer->body_left == 0 && peer->head_sent == peer->head_len)
            watch(epoll, EPOLL_CTL_MOD, peer, peer->fd, EPOLLIN);
        return 1;
    }
    ssize_t got = recv(peer->fd, peer->in + peer->in_len, HEAD_MAX - peer->in_len, 0);
    if (got < 0 && errno == EAGAIN)
        return 1;
    if (got <= 0)
        return 0;
    peer->in_len += (size_t)got;
    if (memmem(peer->in, peer->in_len, "\r\n\r\n", 4) == NULL)
        return peer->in_len < HEAD_MAX;
    peer->body_left = wanted(peer);
    peer->head_len = (size_t)snprintf(peer->head, sizeof peer->head, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
                                      peer->body_left);
    peer->head_sent = peer->in_len = 0;
    return write_answer(epoll, peer);
}

int main(void)
{
    struct epoll_event events[EVENTS_MAX];
    int listener = listen_any(), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll");
    memset(body, 'b', sizeof body);
    watch(epoll, EPOLL_CTL_ADD, NULL, listener, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct peer *peer = events[i].data.ptr;
            if (peer == NULL)
                accept_all(epoll, listener);
            else if (!work(epoll, peer, events[i].events))
                hang_up(peer);
        }
    }
}
