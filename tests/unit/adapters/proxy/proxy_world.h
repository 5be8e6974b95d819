/* proxy_world.h - a whole proxy with two workers, a backend that does what the path says, and clients that block. */
#ifndef CATHAYA_TESTS_UNIT_PROXY_WORLD_H
#define CATHAYA_TESTS_UNIT_PROXY_WORLD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit/checks.h"

#include "adapters/proxy/backend.h"
#include "adapters/proxy/proxy.h"

/* A test that hangs fails after this. */
#define PATIENCE_S 20
#define WORLD_TEXT_MAX ((size_t)16 << 20)

struct proxy_world {
    struct event_loop *loop;
    struct proxy *proxy;
    struct proxy_limits limits;
    struct proxy_site site;
    int backend;
    uint16_t backend_port, port, tls_port;
    pthread_t thread;
};

/* How many requests for /smuggled the backend has seen. */
static atomic_int world_smuggled;

static inline void world_patience(int fd)
{
    const struct timeval time = {.tv_sec = PATIENCE_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static inline bool world_send(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static inline bool world_say(int fd, const char *text)
{
    return world_send(fd, text, strlen(text));
}

/* ---- the backend ---- */

/* Reads until the text is there; false at the end of the connection. */
static inline bool world_read_until(int fd, struct builder *got, const char *text)
{
    char piece[4096];
    while (got->len < strlen(text) || memmem(got->data, got->len, text, strlen(text)) == NULL) {
        ssize_t len = recv(fd, piece, sizeof piece, 0);
        if (len <= 0)
            return false;
        builder_bytes(got, bytes_of(piece, (size_t)len));
    }
    return true;
}

static inline void backend_echo(int fd)
{
    char piece[4096];
    ssize_t len = 0;
    while ((len = recv(fd, piece, sizeof piece, 0)) > 0)
        (void)world_send(fd, piece, (size_t)len);
    (void)world_say(fd, "bye");
    (void)shutdown(fd, SHUT_WR);
}

static inline void backend_answer(int fd, const char *data, size_t len)
{
    char head[100];
    (void)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
    (void)(world_say(fd, head) && world_send(fd, data, len));
}

/* strndup looks for the end of what it copies. */
static inline char *world_text(const uint8_t *data, size_t len)
{
    char *text = calloc(1, len + 1);
    assert_non_null(text);
    memcpy(text, data, len);
    return text;
}

/* The body that the head promises: how many bytes of it, without framing for a length. */
static inline size_t backend_read_body(int fd, struct builder *got, size_t head_len)
{
    char *head = world_text(got->data, head_len);
    const char *length = strstr(head, "Content-Length: ");
    size_t want = length != NULL ? strtoul(length + 16, NULL, 10) : 0, body = 0;
    char piece[65536];
    if (strstr(head, "Transfer-Encoding: chunked") != NULL) {
        (void)world_read_until(fd, got, "0\r\n\r\n");
        body = got->len - head_len;
        got->len = head_len;
    }
    free(head);
    while (want > 0 && got->len - head_len < want) {
        ssize_t len = recv(fd, piece, sizeof piece, 0);
        if (len <= 0) {
            got->len = 0;
            return 0;
        }
        builder_bytes(got, bytes_of(piece, (size_t)len));
    }
    if (want > 0) {
        body = want;
        size_t end = head_len + want;
        memmove(got->data, got->data + end, got->len - end);
        got->len -= end;
        return body;
    }
    memmove(got->data, got->data + head_len, got->len - head_len);
    got->len -= head_len;
    return body;
}

/* One request; false: the connection is over. */
static inline bool backend_serve(int fd, struct builder *got)
{
    char path[64] = "", text[100];
    if (!world_read_until(fd, got, "\r\n\r\n"))
        return false;
    size_t head_len = (size_t)((const uint8_t *)memmem(got->data, got->len, "\r\n\r\n", 4) - got->data) + 4;
    char *head = world_text(got->data, head_len);
    (void)sscanf(head, "%*s %63s", path);
    if (strstr(path, "/smuggled") != NULL)
        atomic_fetch_add(&world_smuggled, 1);
    if (strcmp(path, "/hang") == 0) {
        while (recv(fd, text, sizeof text, 0) > 0)
            ;
        free(head);
        return false;
    }
    if (strcmp(path, "/early") == 0) {
        (void)world_say(fd, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
        free(head);
        return false;
    }
    if (strstr(head, "Expect: 100-continue") != NULL)
        (void)world_say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    size_t body = backend_read_body(fd, got, head_len);
    bool goes_on = true;
    if (strcmp(path, "/head") == 0) {
        backend_answer(fd, head, head_len);
    } else if (strcmp(path, "/count") == 0) {
        (void)snprintf(text, sizeof text, "%zu", body);
        backend_answer(fd, text, strlen(text));
    } else if (strncmp(path, "/len/", 5) == 0) {
        size_t len = strtoul(path + 5, NULL, 10);
        char *data = calloc(1, len + 1);
        memset(data, 'x', len);
        backend_answer(fd, data, strncmp(head, "HEAD", 4) == 0 ? 0 : len);
        free(data);
    } else if (strcmp(path, "/chunked") == 0) {
        (void)world_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Secret: 1\r\nConnection: X-Secret\r\n\r\n"
                            "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
    } else if (strcmp(path, "/die") == 0) {
        (void)world_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        goes_on = false;
    } else if (strcmp(path, "/bad") == 0) {
        (void)world_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    } else if (strcmp(path, "/close") == 0) {
        (void)world_say(fd, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
        goes_on = false;
    } else if (strcmp(path, "/events") == 0) {
        (void)world_say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "9\r\ndata: 1\n\n\r\n");
        (void)recv(fd, text, 1, 0);
        goes_on = false;
    } else if (strcmp(path, "/ws") == 0) {
        (void)world_say(fd, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
        backend_echo(fd);
        goes_on = false;
    } else {
        backend_answer(fd, path, strlen(path));
    }
    free(head);
    return goes_on;
}

static inline void *backend_connection(void *argument)
{
    int fd = (int)(intptr_t)argument;
    struct builder got;
    builder_init(&got, WORLD_TEXT_MAX);
    world_patience(fd);
    while (backend_serve(fd, &got))
        ;
    builder_clear(&got);
    (void)close(fd);
    return NULL;
}

static inline void *backend_run(void *argument)
{
    const struct proxy_world *w = argument;
    for (;;) {
        pthread_t thread;
        int fd = accept(w->backend, NULL, NULL);
        if (fd < 0)
            return NULL;
        if (pthread_create(&thread, NULL, backend_connection, (void *)(intptr_t)fd) == 0)
            (void)pthread_detach(thread);
    }
}

/* ---- the world ---- */

static inline int world_listen(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 64) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline struct proxy_state *world_state(struct proxy_world *w)
{
    struct error err;
    struct proxy_state *state;
    struct backend_group *group = NULL;
    char text[64];
    const char *addresses[] = {text};
    uint32_t index;
    (void)snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)w->backend_port);
    OK(backend_group_new(addresses, 1, NULL, &group, &err));
    OK(proxy_state_new(&state, &err));
    OK(proxy_state_set_limits(state, &w->limits, &err));
    w->site.backends = group;
    OK(proxy_state_add_site(state, &w->site, &index, &err));
    w->site.backends = NULL;
    backend_group_free(group);
    return state;
}

static inline void world_stop(void *cookie)
{
    struct proxy_world *w = cookie;
    event_loop_stop(w->loop);
}

/* Uses what site and limits are now, in all workers. */
static inline void world_apply(struct proxy_world *w)
{
    struct proxy_state *state = world_state(w);
    proxy_apply(w->proxy, state, world_stop, w);
    proxy_state_free(state);
    event_loop_run(w->loop);
}

static inline int world_set_up(void **state)
{
    static const char *const names[] = {"a.example", "*.wild.example"};
    struct error err;
    struct proxy_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    atomic_store(&world_smuggled, 0);
    w->limits = proxy_default_limits();
    w->site = (struct proxy_site){.title = "site", .names = names, .name_count = 2, .mode = PROXY_MODE_HTTP};
    w->backend = world_listen(&w->backend_port);
    assert_int_equal(pthread_create(&w->thread, NULL, backend_run, w), 0);
    OK(event_loop_new(&w->loop, &err));
    const struct proxy_settings settings = {.worker_count = 2};
    OK(proxy_new(w->loop, &settings, &w->proxy, &err));
    OK(proxy_listen(w->proxy, "127.0.0.1:0", PROXY_HTTP, &err));
    struct proxy_listener_info info;
    proxy_listener(w->proxy, 0, &info);
    assert_int_equal(info.fd_count, 2);
    w->port = (uint16_t)strtoul(strrchr(info.address, ':') + 1, NULL, 10);
    OK(proxy_listen(w->proxy, "127.0.0.1:0", PROXY_HTTPS, &err));
    proxy_listener(w->proxy, 1, &info);
    w->tls_port = (uint16_t)strtoul(strrchr(info.address, ':') + 1, NULL, 10);
    struct proxy_state *first = world_state(w);
    OK(proxy_start(w->proxy, first, &err));
    proxy_state_free(first);
    *state = w;
    return 0;
}

static inline int world_tear_down(void **state)
{
    struct proxy_world *w = *state;
    proxy_free(w->proxy);
    event_loop_free(w->loop);
    (void)shutdown(w->backend, SHUT_RDWR);
    (void)pthread_join(w->thread, NULL);
    (void)close(w->backend);
    free(w);
    return 0;
}

/* ---- clients ---- */

static inline int world_connect_to(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    world_patience(fd);
    return fd;
}

static inline int world_connect(const struct proxy_world *w)
{
    return world_connect_to(w->port);
}

/* All until the end of the connection, as a string that the caller frees. */
static inline char *world_read_all(int fd)
{
    struct builder got;
    char piece[65536];
    ssize_t len = 0;
    builder_init(&got, WORLD_TEXT_MAX);
    while ((len = recv(fd, piece, sizeof piece, 0)) > 0)
        builder_bytes(&got, bytes_of(piece, (size_t)len));
    assert_true(len == 0 || errno == ECONNRESET);
    builder_u8(&got, 0);
    assert_true(builder_is_good(&got));
    size_t size = 0;
    return (char *)builder_take(&got, &size);
}

static inline char *world_read_to(int fd, const char *text)
{
    struct builder got;
    builder_init(&got, WORLD_TEXT_MAX);
    if (!world_read_until(fd, &got, text))
        fail_msg("no '%s' in '%.*s'", text, (int)got.len, (const char *)got.data);
    builder_u8(&got, 0);
    size_t size = 0;
    return (char *)builder_take(&got, &size);
}

/* One connection, one message, all that comes back. */
static inline char *world_ask(const struct proxy_world *w, const char *message)
{
    int fd = world_connect(w);
    (void)world_say(fd, message);
    char *got = world_read_all(fd);
    (void)close(fd);
    return got;
}

#define HAS(text, part)                                                                              \
    do {                                                                                             \
        if (strstr(text, part) == NULL)                                                              \
            fail_msg("line %d: no '%s' in '%s'", __LINE__, part, text);                              \
    } while (0)
#define HAS_NOT(text, part)                                                                          \
    do {                                                                                             \
        if (strstr(text, part) != NULL)                                                              \
            fail_msg("line %d: '%s' in '%s'", __LINE__, part, text);                                 \
    } while (0)

#endif
