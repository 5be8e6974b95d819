/* cathaya-bench-link PORT MS: a slow link to 127.0.0.1:PORT. What comes in on either side goes out on the other MS milliseconds later,
 * so a round trip takes twice that; bandwidth is not limited, and the connection itself is made at once. Prints "ready
 * ADDRESS:PORT". One thread, epoll. It is for handshakes and small answers: what waits is kept in memory. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define PIECE_MAX 16384

struct side;

/* What waits; of all connections, in the order of its times, which is that of arrival. */
struct piece {
    struct piece *next;
    struct side *to;
    int64_t due_ns;
    size_t len; /* 0: the end */
    char data[];
};

/* One half of a pair. Both go when both have ended and nothing waits. */
struct side {
    int fd;
    struct side *other;
    int waiting; /* pieces for this side */
    int has_ended;
};

static struct piece *first, **last = &first;
static int epoll, timer;
static int64_t delay_ns;
static struct sockaddr_in target;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(3);
}

static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void arm(void)
{
    struct itimerspec at = {.it_value = {.tv_nsec = 0}};
    if (first != NULL)
        at.it_value = (struct timespec){first->due_ns / 1000000000, first->due_ns % 1000000000};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) != 0)
        fail("timerfd");
}

static void watch(int fd, void *what)
{
    static const int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct side *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    if (fd < 0 || to < 0 || a == NULL || b == NULL || connect(to, (struct sockaddr *)&target, sizeof target) != 0)
        fail("connect");
    *a = (struct side){.fd = fd, .other = b};
    *b = (struct side){.fd = to, .other = a};
    watch(fd, a);
    watch(to, b);
}

static void read_side(struct side *side)
{
    struct piece *piece = malloc(sizeof *piece + PIECE_MAX);
    if (piece == NULL)
        fail("memory");
    ssize_t got = recv(side->fd, piece->data, PIECE_MAX, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        free(piece);
        return;
    }
    *piece = (struct piece){.to = side->other, .due_ns = now_ns() + delay_ns, .len = got > 0 ? (size_t)got : 0};
    if (got <= 0) {
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, side->fd, NULL);
        side->has_ended = 1;
    }
    side->other->waiting++;
    *last = piece;
    last = &piece->next;
    if (first == piece)
        arm();
}

static void deliver(void)
{
    uint64_t count;
    if (read(timer, &count, sizeof count) < 0 && errno != EAGAIN)
        fail("timer");
    while (first != NULL && first->due_ns <= now_ns()) {
        struct piece *piece = first;
        struct side *to = piece->to;
        first = piece->next;
        if (first == NULL)
            last = &first;
        if (piece->len == 0)
            (void)shutdown(to->fd, SHUT_WR);
        else if (send(to->fd, piece->data, piece->len, MSG_NOSIGNAL) < 0)
            (void)shutdown(to->fd, SHUT_RDWR);
        free(piece);
        to->waiting--;
        if (to->has_ended && to->other->has_ended && to->waiting == 0 && to->other->waiting == 0) {
            (void)close(to->fd);
            (void)close(to->other->fd);
            free(to->other);
            free(to);
        }
    }
    arm();
}

static int listen_any(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("listen");
    (void)printf("ready 127.0.0.1:%u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_MAX];
    if (argc != 3) {
        (void)fprintf(stderr, "usage: cathaya-bench-link PORT MS\n");
        return 2;
    }
    target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    delay_ns = (int64_t)strtoul(argv[2], NULL, 10) * 1000000;
    int listener = listen_any();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (epoll < 0 || timer < 0)
        fail("epoll");
    watch(listener, &listener);
    watch(timer, &timer);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &listener)
                accept_one(listener);
            else if (events[i].data.ptr == &timer)
                deliver();
            else
                read_side(events[i].data.ptr);
        }
    }
}
