#include "adapters/proxy/health.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/proxy/proxy_protocol.h"

/* Site, path and host as texts of our own. */
#define REQUEST_MAX 2048
/* Groups times backends. */
#define CHECKS_MAX 65536
/* Backends are not all asked in the same moment: each interval is up to so many percent shorter or longer. */
#define JITTER_PERCENT 10

struct check {
    struct health_checks *all;
    struct check *next; /* the order of adding */
    struct backend_group *group;
    struct backend *backend;
    char *title;
    struct builder request; /* "" when connecting is enough */
    uint64_t interval_ms, timeout_ms;
    unsigned rise_count, fall_count;
    bool has_path;

    int fd;
    struct event_watch *watch;
    uint64_t timer;
    size_t sent_len;
    char answer[HEALTH_ANSWER_MAX];
    size_t answer_len;

    bool has_result;
    unsigned row_count; /* of the same result */
    bool is_last_good;
    char reason[HEALTH_REASON_SIZE];
    uint64_t since_ms, good_count, bad_count;
};

struct health_checks {
    struct event_loop *loop;
    struct timer_port timers;
    const struct events_port *events;
    struct check *first, **last;
    size_t count;
    uint64_t random;
};

struct health_settings health_default_settings(void)
{
    return (struct health_settings){.interval_ms = 2000, .timeout_ms = 1000, .rise_count = 2, .fall_count = 3};
}

/* ---- what comes out ---- */

static void stop(struct check *c)
{
    event_watch_free(c->watch);
    c->watch = NULL;
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
    c->all->timers.cancel(c->all->timers.context, c->timer);
    c->timer = 0;
}

static void report(const struct check *c, bool is_up)
{
    const struct events_port *events = c->all->events;
    const char *address = backend_address(c->backend);
    if (is_up)
        events_report(events, EVENT_INFO, "backend-up", {"site", c->title}, {"backend", address});
    else
        events_report(events, EVENT_WARNING, "backend-down", {"site", c->title}, {"backend", address},
                      {"reason", c->reason});
    if (!is_up && !backend_group_is_up(c->group))
        events_report(events, EVENT_ERROR, "site-down", {"site", c->title});
}

static void judge(struct check *c, bool is_good)
{
    c->row_count = c->has_result && c->is_last_good == is_good ? c->row_count + 1 : 1;
    c->has_result = true;
    c->is_last_good = is_good;
    if (is_good) {
        c->good_count++;
        c->reason[0] = '\0';
        backend_work(c->backend);
    } else {
        c->bad_count++;
    }
    if (c->row_count < (is_good ? c->rise_count : c->fall_count))
        return;
    if (backend_set_up(c->backend, is_good)) {
        c->since_ms = event_loop_now_ms(c->all->loop);
        report(c, is_good);
    }
}

static void start(void *cookie);

/* Not for secrets: so that checks of many backends spread (xorshift64). */
static uint64_t next_random(struct health_checks *all)
{
    all->random ^= all->random << 13;
    all->random ^= all->random >> 7;
    all->random ^= all->random << 17;
    return all->random;
}

static void finish(struct check *c, const char *reason)
{
    struct builder b;
    stop(c);
    builder_init_fixed(&b, c->reason, sizeof c->reason - 1);
    builder_text(&b, reason != NULL ? reason : "");
    c->reason[b.len] = '\0';
    judge(c, reason == NULL);
    uint64_t spread = c->interval_ms * JITTER_PERCENT / 100;
    uint64_t delay_ms = c->interval_ms - spread + next_random(c->all) % (2 * spread + 1);
    c->timer = c->all->timers.start(c->all->timers.context, delay_ms, start, c);
}

/* ---- one check ---- */

/* "HTTP/1.1 200": 2xx and 3xx are good. NULL: yes. */
static const char *read_status(const struct check *c, char reason[HEALTH_REASON_SIZE])
{
    const char *at = c->answer;
    if (memcmp(at, "HTTP/1.", 7) != 0 || at[8] != ' ' || at[9] < '0' || at[9] > '9' || at[10] < '0' ||
        at[10] > '9' || at[11] < '0' || at[11] > '9')
        return "the answer is no HTTP";
    if (at[9] == '2' || at[9] == '3')
        return NULL;
    memcpy(reason, "answered ", 9);
    memcpy(reason + 9, at + 9, 3);
    reason[12] = '\0';
    return reason;
}

static void read_answer(struct check *c)
{
    char reason[HEALTH_REASON_SIZE];
    ssize_t got = recv(c->fd, c->answer + c->answer_len, sizeof c->answer - c->answer_len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        finish(c, got == 0 ? "closed without an answer" : strerror(errno));
        return;
    }
    c->answer_len += (size_t)got;
    if (c->answer_len >= sizeof "HTTP/1.1 200" - 1)
        finish(c, read_status(c, reason));
}

static void write_request(struct check *c)
{
    ssize_t sent = send(c->fd, c->request.data + c->sent_len, c->request.len - c->sent_len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        finish(c, strerror(errno));
        return;
    }
    c->sent_len += sent > 0 ? (size_t)sent : 0;
    if (c->sent_len < c->request.len)
        return;
    if (c->has_path)
        event_watch_change(c->watch, EVENT_READABLE);
    else
        finish(c, NULL);
}

static void on_event(void *cookie, unsigned events)
{
    struct check *c = cookie;
    int reason = 0;
    socklen_t len = sizeof reason;
    (void)events;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &reason, &len) != 0)
        reason = errno;
    if (reason != 0)
        finish(c, strerror(reason));
    else if (c->sent_len < c->request.len)
        write_request(c);
    else if (c->has_path)
        read_answer(c);
    else
        finish(c, NULL);
}

static void on_timeout(void *cookie)
{
    struct check *c = cookie;
    c->timer = 0;
    finish(c, c->sent_len < c->request.len || !c->has_path ? "no connection in time" : "no answer in time");
}

static void start(void *cookie)
{
    struct check *c = cookie;
    struct error err;
    int yes = 1;
    socklen_t len = 0;
    const struct sockaddr *address = backend_socket_address(c->backend, &len);
    c->sent_len = c->answer_len = 0;
    c->timer = 0;
    c->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        finish(c, strerror(errno));
        return;
    }
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, address, len) != 0 && errno != EINPROGRESS) {
        finish(c, strerror(errno));
        return;
    }
    if (event_loop_watch(c->all->loop, c->fd, EVENT_WRITABLE, on_event, c, &c->watch, &err) != STATUS_OK) {
        finish(c, err.text);
        return;
    }
    c->timer = c->all->timers.start(c->all->timers.context, c->timeout_ms, on_timeout, c);
}

/* ---- all of them ---- */

enum status health_checks_new(struct event_loop *loop, const struct events_port *events,
                              struct health_checks **out, struct error *err)
{
    *out = NULL;
    struct health_checks *all = calloc(1, sizeof *all);
    if (all == NULL)
        return error_set(err, STATUS_NO_MEMORY, "health checks: out of memory");
    all->loop = loop;
    all->timers = event_loop_timers(loop);
    all->events = events;
    all->last = &all->first;
    all->random = event_loop_now_ms(loop) * 2 + 1;
    *out = all;
    return STATUS_OK;
}

static void free_check(struct check *c)
{
    stop(c);
    backend_group_free(c->group);
    builder_clear(&c->request);
    free(c->title);
    free(c);
}

void health_checks_free(struct health_checks *all)
{
    if (all == NULL)
        return;
    while (all->first != NULL) {
        struct check *next = all->first->next;
        free_check(all->first);
        all->first = next;
    }
    free(all);
}

static bool is_line_text(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return false;
    return true;
}

static enum status check_settings(const struct health_settings *s, struct error *err)
{
    if (s->interval_ms == 0 || s->timeout_ms == 0 || s->rise_count == 0 || s->fall_count == 0)
        return error_set(err, STATUS_USAGE, "health: interval, timeout, rise and fall are not 0");
    if (s->path != NULL && (s->path[0] != '/' || !is_line_text(s->path)))
        return error_set(err, STATUS_USAGE, "health: the path %s is none", s->path);
    if (s->host != NULL && !is_line_text(s->host))
        return error_set(err, STATUS_USAGE, "health: the host %s is none", s->host);
    return STATUS_OK;
}

static enum status write_texts(struct check *c, const char *title, const struct health_settings *s,
                               struct error *err)
{
    builder_init(&c->request, REQUEST_MAX + PROXY_PROTOCOL_MAX);
    enum status status =
        s->sends_proxy ? proxy_protocol_write(&c->request, &(struct proxy_protocol){.source = NULL}, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (s->path != NULL)
        builder_printf(&c->request,
                       "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: cathaya-health\r\nConnection: close\r\n\r\n",
                       s->path, s->host != NULL ? s->host : "localhost");
    c->title = strdup(title);
    if (c->title == NULL)
        return error_set(err, STATUS_NO_MEMORY, "health checks: out of memory");
    return builder_status(&c->request, "health check", err);
}

static enum status add(struct health_checks *all, const char *title, struct backend_group *group, size_t index,
                       const struct health_settings *s, struct error *err)
{
    if (all->count >= CHECKS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d health checks", CHECKS_MAX);
    struct check *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "health checks: out of memory");
    *c = (struct check){.all = all,
                        .fd = -1,
                        .group = backend_group_keep(group),
                        .backend = backend_group_at(group, index),
                        .has_path = s->path != NULL,
                        .interval_ms = s->interval_ms,
                        .timeout_ms = s->timeout_ms,
                        .rise_count = s->rise_count,
                        .fall_count = s->fall_count};
    enum status status = write_texts(c, title, s, err);
    if (status != STATUS_OK) {
        free_check(c);
        return status;
    }
    *all->last = c;
    all->last = &c->next;
    all->count++;
    uint64_t delay_ms = next_random(all) % (s->interval_ms * JITTER_PERCENT / 100 + 1);
    c->timer = all->timers.start(all->timers.context, delay_ms, start, c);
    return STATUS_OK;
}

enum status health_checks_add(struct health_checks *all, const char *title, struct backend_group *group,
                              const struct health_settings *settings, struct error *err)
{
    enum status s = check_settings(settings, err);
    for (size_t i = 0; s == STATUS_OK && i < backend_group_count(group); i++)
        s = add(all, title, group, i, settings, err);
    return s;
}

bool health_checks_status(const struct health_checks *all, size_t index, struct health_status *out)
{
    const struct check *c = all->first;
    while (c != NULL && index-- > 0)
        c = c->next;
    if (c == NULL)
        return false;
    *out = (struct health_status){.title = c->title,
                                  .address = backend_address(c->backend),
                                  .is_up = backend_is_up(c->backend),
                                  .is_resting = backend_is_resting(c->backend, event_loop_now_ms(all->loop)),
                                  .active_count = backend_active_count(c->backend),
                                  .since_ms = c->since_ms,
                                  .reason = c->reason,
                                  .good_count = c->good_count,
                                  .bad_count = c->bad_count};
    return true;
}
