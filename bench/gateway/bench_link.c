/* cathaya-bench-link PORT MS [KBIT_S]: a slow link to 127.0.0.1:PORT. What comes in on either side goes out on the other MS
 * milliseconds later, so a round trip takes twice that, and as TCP would send it: in packets with headers, each of which occupies
 * the link for its time when KBIT_S is given, and beginning with a window of ten [RFC6928 2], which grows by what has been
 * acknowledged [RFC5681 3.1]. The connection itself is made at once, and no packet is lost. Each connection has the link for
 * itself. Prints "ready ADDRESS:PORT". One thread, epoll. It is for handshakes and small answers: what waits is kept in memory. */
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
/* Of data in a packet of 1500 bytes with headers of IPv4 and TCP. */
#define PACKET_DATA 1460
#define PACKET_HEADERS 40
#define WINDOW_BEGIN (10 * (size_t)PACKET_DATA)
/* Ten megabytes: by then any window is open. */
#define SENT_MAX 7000

struct side;

/* One packet that waits; of all connections, in the order of their times. */
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
    size_t sent_len, sent_count; /* towards this side */
    int64_t free_ns;             /* when the link is free for the next packet */
    int64_t *known_ns;           /* when the sender knows that packet i is there ... */
    size_t *known_len;           /* ... and so many bytes with it */
    struct side *other;
    int waiting; /* pieces for this side */
    int has_ended;
};

static struct piece *first;
static int epoll, timer;
static int64_t delay_ns, kbit_s;
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

static struct side *new_side(int fd)
{
    struct side *side = calloc(1, sizeof *side);
    if (side == NULL)
        fail("memory");
    *side = (struct side){.fd = fd, .known_ns = calloc(SENT_MAX, sizeof *side->known_ns),
                          .known_len = calloc(SENT_MAX, sizeof *side->known_len)};
    if (side->known_ns == NULL || side->known_len == NULL)
        fail("memory");
    return side;
}

static void free_side(struct side *side)
{
    free(side->known_ns);
    free(side->known_len);
    free(side);
}

static void accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct side *a = new_side(fd), *b = new_side(to);
    if (fd < 0 || to < 0 || connect(to, (struct sockaddr *)&target, sizeof target) != 0)
        fail("connect");
    a->other = b;
    b->other = a;
    watch(fd, a);
    watch(to, b);
}

/* When a packet arrives that the sender wants to send now: it waits for the link, and for a window that has grown by as
 * much as is acknowledged. */
static int64_t due_ns(struct side *to, size_t len)
{
    int64_t at_ns = now_ns();
    size_t end = to->sent_len + len, i = 0;
    if (at_ns < to->free_ns)
        at_ns = to->free_ns;
    while (i < to->sent_count && WINDOW_BEGIN + 2 * to->known_len[i] < end)
        i++;
    if (WINDOW_BEGIN < end && i < to->sent_count && at_ns < to->known_ns[i])
        at_ns = to->known_ns[i];
    if (kbit_s > 0)
        at_ns += (int64_t)(len + PACKET_HEADERS) * 8 * 1000000 / kbit_s;
    to->free_ns = at_ns;
    to->sent_len = end;
    if (to->sent_count < SENT_MAX) {
        to->known_ns[to->sent_count] = at_ns + 2 * delay_ns;
        to->known_len[to->sent_count++] = end;
    }
    return at_ns + delay_ns;
}

static void put(struct piece *piece)
{
    struct piece **at = &first;
    while (*at != NULL && (*at)->due_ns <= piece->due_ns)
        at = &(*at)->next;
    piece->next = *at;
    *at = piece;
    if (first == piece)
        arm();
}

static void read_side(struct side *side)
{
    struct piece *piece = malloc(sizeof *piece + PACKET_DATA);
    if (piece == NULL)
        fail("memory");
    ssize_t got = recv(side->fd, piece->data, PACKET_DATA, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        free(piece);
        return;
    }
    size_t len = got > 0 ? (size_t)got : 0;
    *piece = (struct piece){.to = side->other, .due_ns = due_ns(side->other, len), .len = len};
    if (got <= 0) {
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, side->fd, NULL);
        side->has_ended = 1;
    }
    side->other->waiting++;
    put(piece);
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
        if (piece->len == 0)
            (void)shutdown(to->fd, SHUT_WR);
        else if (send(to->fd, piece->data, piece->len, MSG_NOSIGNAL) < 0)
            (void)shutdown(to->fd, SHUT_RDWR);
        free(piece);
        to->waiting--;
        if (to->has_ended && to->other->has_ended && to->waiting == 0 && to->other->waiting == 0) {
            (void)close(to->fd);
            (void)close(to->other->fd);
            free_side(to->other);
            free_side(to);
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
    if (argc != 3 && argc != 4) {
        (void)fprintf(stderr, "usage: cathaya-bench-link PORT MS [KBIT_S]\n");
        return 2;
    }
    target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    delay_ns = (int64_t)strtoul(argv[2], NULL, 10) * 1000000;
    kbit_s = argc == 4 ? (int64_t)strtoul(argv[3], NULL, 10) : 0;
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
