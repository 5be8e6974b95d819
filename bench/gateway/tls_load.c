/* cathaya-tls-load: a load client for TLS servers, one thread, with full control of what it offers. It judges no certificate. Operations
 * that are under way when time is up are not counted. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/tls_load.h"
#include "load/load_time.h"

#define EVENTS_MAX 256
#define IN_MAX 65536
#define HEAD_MAX 2048
/* A server that refuses everything must not keep us in a circle. */
#define ERRORS_MAX 1000

enum step { STEP_HANDSHAKE, STEP_WRITE, STEP_READ, STEP_DONE };

struct link {
    SSL *ssl; /* NULL: plain */
    int fd;
    enum step step;
    double begin_s;
    size_t sent, head_len, body_left;
    char head[HEAD_MAX]; /* of the answer */
};

struct load {
    struct load_options options;
    struct load_result result;
    SSL_CTX *ctx;
    SSL_SESSION *session;
    struct link *links;
    size_t done_count; /* LOAD_IDLE: links that stay */
    int epoll;
    char request[1024];
    size_t request_len;
    bool is_over, has_session;
};

static char in[IN_MAX];

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "cathaya-tls-load: %s: %s\n", what, strerror(errno));
    exit(3);
}

static void open_link(struct load *load, struct link *link);

static void close_link(struct link *link)
{
    if (link->ssl != NULL) {
        (void)SSL_shutdown(link->ssl); /* sends nothing, and leaves the session good */
        SSL_free(link->ssl);
    }
    if (link->fd >= 0)
        (void)close(link->fd);
    *link = (struct link){.fd = -1};
}

static void go_wrong(struct load *load, struct link *link, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    char text[200];
    (void)snprintf(text, sizeof text, "%s: %s", what, reason != NULL ? reason : strerror(errno));
    ERR_clear_error();
    load_result_error(&load->result, text);
    close_link(link);
    if (load->result.error_count >= ERRORS_MAX)
        load->is_over = true;
    else if (!load->is_over)
        open_link(load, link);
}

static void note_wire(struct load *load, const struct link *link)
{
    struct load_result *r = &load->result;
    r->server_flight_len = (size_t)BIO_number_read(SSL_get_rbio(link->ssl));
    (void)snprintf(r->group, sizeof r->group, "%s", SSL_get0_group_name(link->ssl) != NULL ? SSL_get0_group_name(link->ssl) : "");
    (void)snprintf(r->suite, sizeof r->suite, "%s", SSL_get_cipher(link->ssl));
    r->resumed_count += SSL_session_reused(link->ssl) == 1;
}

static void again(struct load *load, struct link *link)
{
    close_link(link);
    if (!load->is_over)
        open_link(load, link);
}

/* 1: done, 0: later, -1: it went wrong, and the link is another one now. */
static int of_ssl(struct load *load, struct link *link, int result, const char *what)
{
    if (result > 0)
        return 1;
    int code = SSL_get_error(link->ssl, result);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
        return 0;
    go_wrong(load, link, what);
    return -1;
}

static void work(struct load *load, struct link *link);

static void shake(struct load *load, struct link *link)
{
    bool is_first = link->sent == 0;
    int done = of_ssl(load, link, SSL_connect(link->ssl), "handshake");
    if (done == 0 && is_first) {
        link->sent = 1;
        load->result.client_hello_len = (size_t)BIO_number_written(SSL_get_wbio(link->ssl));
    }
    if (done != 1)
        return;
    note_wire(load, link);
    bool wants_ticket = load->options.mode == LOAD_RESUMPTIONS && load->session == NULL;
    if (load->options.mode <= LOAD_RESUMPTIONS && !wants_ticket) {
        load_result_add(&load->result, (load_time_now_s() - link->begin_s) * 1e3);
        again(load, link);
        return;
    }
    link->sent = 0;
    link->step = STEP_WRITE;
    link->begin_s = load_time_now_s();
    work(load, link);
}

static void write_request(struct load *load, struct link *link)
{
    while (link->sent < load->request_len) {
        const char *from = load->request + link->sent;
        size_t left = load->request_len - link->sent, len = 0;
        if (link->ssl != NULL) {
            int done = of_ssl(load, link, SSL_write_ex(link->ssl, from, left, &len), "writing");
            if (done != 1)
                return;
        } else {
            ssize_t got = send(link->fd, from, left, MSG_NOSIGNAL);
            if (got < 0 && errno == EAGAIN)
                return;
            if (got < 0) {
                go_wrong(load, link, "writing");
                return;
            }
            len = (size_t)got;
        }
        link->sent += len;
    }
    link->step = STEP_READ;
    link->head_len = link->body_left = 0;
    work(load, link);
}

/* The answer's head is whole when body_left is set; false: it is none. */
static bool take_head(struct load *load, struct link *link, size_t *used, size_t len)
{
    size_t room = HEAD_MAX - 1 - link->head_len, more = len < room ? len : room;
    memcpy(link->head + link->head_len, in, more);
    link->head[link->head_len + more] = '\0';
    char *end = strstr(link->head, "\r\n\r\n");
    if (end == NULL) {
        link->head_len += more;
        *used = more;
        return link->head_len < HEAD_MAX - 1;
    }
    *used = (size_t)(end + 4 - link->head) - link->head_len;
    end[2] = '\0';
    char *length = strcasestr(link->head, "\r\ncontent-length:");
    link->body_left = length != NULL ? strtoul(length + 17, NULL, 10) + 1 : 1; /* + 1: the head is there */
    load->result.body_bytes += link->body_left - 1;
    return strncmp(link->head, "HTTP/1.1 2", 10) == 0;
}

static void answered(struct load *load, struct link *link)
{
    load_result_add(&load->result, (load_time_now_s() - link->begin_s) * 1e3);
    if (load->options.mode == LOAD_RESUMPTIONS) {
        load->session = SSL_get1_session(link->ssl);
        again(load, link);
        for (size_t i = 1; i < load->options.concurrency; i++)
            open_link(load, &load->links[i]);
        load_result_begin(&load->options, &load->result);
    } else if (load->options.mode == LOAD_IDLE) {
        link->step = STEP_DONE;
        load->done_count++;
    } else if (load->is_over) {
        link->step = STEP_DONE;
    } else {
        link->sent = 0;
        link->step = STEP_WRITE;
        link->begin_s = load_time_now_s();
        work(load, link);
    }
}

static void read_answer(struct load *load, struct link *link)
{
    for (;;) {
        size_t len = 0, used = 0;
        if (link->ssl != NULL) {
            if (of_ssl(load, link, SSL_read_ex(link->ssl, in, IN_MAX, &len), "reading") != 1)
                return;
        } else {
            ssize_t got = recv(link->fd, in, IN_MAX, 0);
            if (got < 0 && errno == EAGAIN)
                return;
            if (got <= 0) {
                go_wrong(load, link, "reading");
                return;
            }
            len = (size_t)got;
        }
        if (link->body_left == 0 && !take_head(load, link, &used, len)) {
            errno = EPROTO;
            go_wrong(load, link, "no answer 2xx");
            return;
        }
        if (link->body_left == 0)
            continue;
        link->body_left -= len - used < link->body_left ? len - used : link->body_left - 1;
        if (link->body_left == 1) {
            answered(load, link);
            return;
        }
    }
}

static void work(struct load *load, struct link *link)
{
    switch (link->step) {
    case STEP_HANDSHAKE:
        shake(load, link);
        break;
    case STEP_WRITE:
        write_request(load, link);
        break;
    case STEP_READ:
        read_answer(load, link);
        break;
    case STEP_DONE:
    default:
        close_link(link); /* an idle connection says something only when it ends */
        load_result_error(&load->result, "an idle connection was closed");
        break;
    }
}

static void open_link(struct load *load, struct link *link)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = link};
    *link = (struct link){.begin_s = load_time_now_s()};
    link->fd = load_connect(&load->options);
    if (link->fd < 0 || fcntl(link->fd, F_SETFL, O_NONBLOCK) != 0)
        fail("connect");
    link->step = load->options.is_plain ? STEP_WRITE : STEP_HANDSHAKE;
    if (!load->options.is_plain) {
        link->ssl = SSL_new(load->ctx);
        if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1 || !load_set_name(link->ssl, load->options.name))
            fail("TLS");
        if (load->session != NULL)
            (void)SSL_set_session(link->ssl, load->session);
    }
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, link->fd, &event) != 0)
        fail("epoll_ctl");
}

static void begin(struct load *load)
{
    struct rlimit files = {.rlim_cur = 0};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    load->request_len = (size_t)snprintf(load->request, sizeof load->request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", load->options.path,
                                         load->options.name);
    load->links = calloc(load->options.concurrency, sizeof *load->links);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->links == NULL || load->epoll < 0)
        fail("begin");
    if (!load->options.is_plain)
        load->ctx = load_context(&load->options);
    for (size_t i = 0; i < load->options.concurrency; i++)
        load->links[i].fd = -1;
    load_result_begin(&load->options, &load->result);
}

/* One round of events. */
static void turn(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(load->epoll, events, EVENTS_MAX, 50);
    for (int i = 0; i < count && !load->is_over; i++)
        work(load, events[i].data.ptr);
    if (load->options.mode != LOAD_IDLE && load_time_now_s() - load->result.begin_s >= load->options.seconds)
        load->is_over = true;
}

static void stay(struct load *load)
{
    char byte;
    size_t opened = 0;
    while (load->done_count < load->options.concurrency && !load->is_over) {
        /* A few hundred at a time: a backlog is finite. */
        while (opened < load->options.concurrency && opened - load->done_count < 200)
            open_link(load, &load->links[opened++]);
        turn(load);
    }
    (void)printf("ready %zu\n", load->done_count);
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    turn(load); /* whether any was closed meanwhile */
}

int main(int argc, char **argv)
{
    static struct load load;
    load_options_read(argc, argv, &load.options);
    begin(&load);
    if (load.options.mode == LOAD_IDLE) {
        stay(&load);
    } else {
        size_t count = load.options.mode == LOAD_RESUMPTIONS ? 1 : load.options.concurrency;
        for (size_t i = 0; i < count; i++)
            open_link(&load, &load.links[i]);
        while (!load.is_over)
            turn(&load);
    }
    load.result.end_s = load_time_now_s();
    load_result_print(&load.options, &load.result);
    for (size_t i = 0; i < load.options.concurrency; i++)
        close_link(&load.links[i]);
    SSL_SESSION_free(load.session);
    SSL_CTX_free(load.ctx);
    free(load.links);
    return load.result.error_count == 0 ? 0 : 1;
}
