#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_client/curl_fetch.h"
#include "fakes/loopback_server.h"
#include "unit/checks.h"

#define PATIENCE_MS 60000
#define MANY 3000
#define MANY_AT_ONCE 64

/* ---- what the servers say ---- */

static bool say(struct loopback_connection *c, const char *status, const char *headers,
                const char *body)
{
    char head[2048];
    (void)snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
                   strlen(body), headers);
    return loopback_send(c, head)
           && (strncmp(c->head, "HEAD ", 5) == 0 || loopback_send(c, body));
}

static bool answer(struct loopback_connection *c)
{
    char path[64] = "", text[128];
    (void)sscanf(c->head, "%*s %63s", path);
    if (strcmp(path, "/ok") == 0)
        return say(c, "200 OK", "Content-Type: text/plain\r\n", "hello");
    if (strcmp(path, "/who") == 0) {
        (void)snprintf(text, sizeof text, "%s %u", c->local_address, c->number);
        return say(c, "200 OK", "", text);
    }
    if (strcmp(path, "/echo") == 0)
        return say(c, "200 OK", "", c->head);
    if (strcmp(path, "/moved") == 0)
        return say(c, "302 Found", "Location: /ok?x=1\r\n", "go away");
    if (strcmp(path, "/busy") == 0)
        return say(c, "503 Service Unavailable", "retry-after: 120\r\n", "");
    if (strcmp(path, "/cookie") == 0)
        return say(c, "200 OK", "Set-Cookie: a=b\r\n", c->head);
    if (strcmp(path, "/gzip") == 0)
        return say(c, "200 OK", "Content-Encoding: gzip\r\n", "not unpacked");
    if (strcmp(path, "/chunked") == 0)
        return loopback_send(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    if (strcmp(path, "/short") == 0)
        return loopback_send(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this") && false;
    if (strcmp(path, "/short-chunks") == 0)
        return loopback_send(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n") && false;
    if (strcmp(path, "/ssh") == 0)
        return loopback_send(c, "SSH-2.0-OpenSSH_9.2\r\n") && false;
    if (strcmp(path, "/endless") == 0) {
        bool goes_on = loopback_send(c, "HTTP/1.1 200 OK\r\n\r\n");
        while (goes_on)
            goes_on = loopback_send(c, "for ever and ever ");
        return false;
    }
    if (strcmp(path, "/endless-head") == 0) {
        bool goes_on = loopback_send(c, "HTTP/1.1 200 OK\r\n");
        while (goes_on)
            goes_on = loopback_send(c, "X-More: and more and more and more\r\n");
        return false;
    }
    if (strcmp(path, "/silent") == 0)
        loopback_wait(c);
    if (strcmp(path, "/half") == 0 && loopback_send(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"))
        loopback_wait(c);
    return false; /* /nothing: closed without a word */
}

/* ---- the client ---- */

struct world {
    struct event_loop *loop;
    struct curl_fetch *client;
    struct fetch_port port;
    struct loopback_server *server;
    unsigned open_count;
};

struct got {
    struct world *world;
    unsigned done_count;
    enum fetch_failure failure;
    int status;
    bool is_cut;
    char text[256], body[LOOPBACK_HEAD_MAX], content_type[64], location[64], retry_after[64];
    size_t body_len;
};

static void copy(char *out, size_t size, struct bytes value)
{
    (void)snprintf(out, size, "%.*s", (int)value.len, (const char *)value.data);
}

static void on_done(void *cookie, const struct fetch_response *r)
{
    struct got *got = cookie;
    got->done_count++;
    got->failure = r->failure;
    got->status = r->status;
    got->is_cut = r->is_cut;
    got->body_len = r->body.len;
    (void)snprintf(got->text, sizeof got->text, "%s", r->failure_text);
    copy(got->body, sizeof got->body, r->body);
    copy(got->content_type, sizeof got->content_type, r->content_type);
    copy(got->location, sizeof got->location, r->location);
    copy(got->retry_after, sizeof got->retry_after, r->retry_after);
    if (--got->world->open_count == 0)
        event_loop_stop(got->world->loop);
}

static void out_of_patience(void *cookie)
{
    (void)cookie;
    fail_msg("no answer");
}

static void run(struct world *w)
{
    struct timer_port timers = event_loop_timers(w->loop);
    uint64_t timer = timers.start(timers.context, PATIENCE_MS, out_of_patience, NULL);
    event_loop_run(w->loop);
    timers.cancel(timers.context, timer);
}

static struct fetch_request plain(const char *url)
{
    return (struct fetch_request){
        .method = "GET", .url = url, .timeout_ms = PATIENCE_MS, .response_max = 8192};
}

static const char *url_of(const struct world *w, const char *scheme, const char *host,
                          const char *path)
{
    static char url[256];
    (void)snprintf(url, sizeof url, "%s://%s:%u%s", scheme, host, loopback_server_port(w->server),
                   path);
    return url;
}

static void start(struct world *w, const struct fetch_request *request, struct got *got)
{
    struct error err;
    *got = (struct got){.world = w};
    OK(w->port.start(w->port.context, request, on_done, got, &err));
    w->open_count++;
    assert_int_equal(got->done_count, 0);
}

static struct got *fetch(struct world *w, const struct fetch_request *request)
{
    static struct got got;
    start(w, request, &got);
    run(w);
    assert_int_equal(got.done_count, 1);
    return &got;
}

static struct got *get(struct world *w, const char *path)
{
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", path));
    return fetch(w, &request);
}

static void expect(const struct got *got, enum fetch_failure failure, int status)
{
    if (got->failure != failure || got->status != status || (failure == FETCH_NO_FAILURE) != (got->text[0] == '\0'))
        fail_msg("got failure %d (%s) status %d, want %d %d", got->failure, got->text, got->status,
                 failure, status);
}

static void make(struct world *w, bool is_tls)
{
    struct error err;
    *w = (struct world){0};
    OK(event_loop_new(&w->loop, &err));
    OK(curl_fetch_new(w->loop, &w->client, &err));
    w->port = curl_fetch_port(w->client);
    w->server = loopback_server_start(answer, is_tls ? loopback_certificates()->certificate : NULL,
                                      is_tls ? loopback_certificates()->key : NULL);
}

static int setup(void **state)
{
    static struct world w;
    make(&w, false);
    *state = &w;
    return 0;
}

static int setup_tls(void **state)
{
    static struct world w;
    make(&w, true);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    curl_fetch_free(w->client);
    loopback_server_stop(w->server);
    event_loop_free(w->loop);
    return 0;
}

/* ---- plain ---- */

static void test_answers(void **state)
{
    struct world *w = *state;
    struct got *got = get(w, "/ok");
    expect(got, FETCH_NO_FAILURE, 200);
    assert_string_equal(got->body, "hello");
    assert_string_equal(got->content_type, "text/plain");
    assert_string_equal(got->location, "");
    assert_string_equal(got->retry_after, "");
    assert_false(got->is_cut);
    got = get(w, "/chunked");
    expect(got, FETCH_NO_FAILURE, 200);
    assert_string_equal(got->body, "abcde");
    got = get(w, "/busy");
    expect(got, FETCH_NO_FAILURE, 503);
    assert_string_equal(got->retry_after, "120");
    got = get(w, "/gzip");
    assert_string_equal(got->body, "not unpacked");
}

static void test_gzip_is_unpacked_for_who_accepts_it(void **state)
{
    struct world *w = *state;
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/echo"));
    request.accepts_gzip = true;
    struct got *got = fetch(w, &request);
    assert_non_null(strstr(got->body, "\r\nAccept-Encoding: gzip\r\n"));
    /* It is looked at: this is none. */
    request.url = url_of(w, "http", "127.0.0.1", "/gzip");
    got = fetch(w, &request);
    assert_int_not_equal(got->failure, FETCH_NO_FAILURE);
    got = get(w, "/gzip");
    expect(got, FETCH_NO_FAILURE, 200);
}

static void test_no_redirect_is_followed(void **state)
{
    struct world *w = *state;
    struct got *got = get(w, "/moved");
    expect(got, FETCH_NO_FAILURE, 302);
    assert_string_equal(got->location, "/ok?x=1");
    assert_string_equal(got->body, "go away");
    assert_int_equal(loopback_server_connection_count(w->server), 1);
}

static void test_what_is_sent(void **state)
{
    struct world *w = *state;
    char want[256];
    struct got *got = get(w, "/echo");
    (void)snprintf(want, sizeof want, "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                                      "User-Agent: cathaya\r\n\r\n", loopback_server_port(w->server));
    assert_string_equal(got->body, want);

    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/echo"));
    request.method = "POST";
    request.body = bytes_of("\x1f\x00z", 3);
    request.content_type = "application/octet-stream";
    request.accept = "application/json";
    request.authorization = "Bearer x";
    request.is_gzip = true;
    got = fetch(w, &request);
    expect(got, FETCH_NO_FAILURE, 200);
    assert_non_null(strstr(got->body, "POST /echo HTTP/1.1\r\n"));
    assert_non_null(strstr(got->body, "\r\nContent-Type: application/octet-stream\r\n"));
    assert_non_null(strstr(got->body, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(got->body, "\r\nAuthorization: Bearer x\r\n"));
    assert_non_null(strstr(got->body, "\r\nContent-Encoding: gzip\r\n"));
    assert_non_null(strstr(got->body, "\r\nContent-Length: 3\r\n"));
    assert_null(strstr(got->body, "Expect"));

    /* Nothing of it is left on the handle that is used again. */
    got = get(w, "/echo");
    assert_string_equal(got->body, want);

    request = plain(url_of(w, "http", "127.0.0.1", "/echo"));
    request.method = "POST";
    got = fetch(w, &request);
    assert_non_null(strstr(got->body, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(got->body, "Content-Type"));
    request.method = "HEAD";
    got = fetch(w, &request);
    expect(got, FETCH_NO_FAILURE, 200);
    assert_int_equal(got->body_len, 0);

    /* The path goes as it is. */
    got = get(w, "/a/../ok");
    expect(got, FETCH_PROTOCOL, 0);
}

static void test_no_cookies(void **state)
{
    struct world *w = *state;
    expect(get(w, "/cookie"), FETCH_NO_FAILURE, 200);
    assert_null(strstr(get(w, "/cookie")->body, "Cookie"));
}

static void test_connections_are_used_again(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        assert_string_equal(get(w, "/who")->body, "127.0.0.1 1");
}

static void test_address(void **state)
{
    struct world *w = *state;
    /* A name that nobody can look up. */
    struct fetch_request request = plain(url_of(w, "http", "www.example.invalid", "/who"));
    request.address = "127.0.0.1";
    assert_string_equal(fetch(w, &request)->body, "127.0.0.1 1");
    request.address = "127.0.0.2";
    assert_string_equal(fetch(w, &request)->body, "127.0.0.2 2");
    /* Always a connection of its own. */
    assert_string_equal(fetch(w, &request)->body, "127.0.0.2 3");
    request.address = "127.0.0.1";
    assert_string_equal(fetch(w, &request)->body, "127.0.0.1 4");
    request.url = url_of(w, "http", "www.example.invalid", "/echo");
    assert_non_null(strstr(fetch(w, &request)->body, "\r\nHost: www.example.invalid:"));
    /* A label of 64 letters is refused by getaddrinfo without asking anybody. */
    request.address = NULL;
    request.url = url_of(w, "http", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid", "/ok");
    expect(fetch(w, &request), FETCH_CONNECT, 0);
    request.address = "127.0.0.1";
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    /* The other way round: a pinned fetch does not take the connection that is open, nor change where
     * the name leads. */
    request = plain(url_of(w, "http", "localhost", "/who"));
    request.address = NULL;
    char first[LOOPBACK_HEAD_MAX];
    memcpy(first, fetch(w, &request)->body, sizeof first);
    request.address = "127.0.0.2";
    assert_true(strncmp(fetch(w, &request)->body, "127.0.0.2 ", 10) == 0);
    request.address = NULL;
    assert_string_equal(fetch(w, &request)->body, first);
    /* Both at once, more than once. */
    static struct got got[40];
    request.url = url_of(w, "http", "www.example.invalid", "/who");
    for (size_t i = 0; i < LENGTH(got); i++) {
        request.address = i % 2 == 0 ? "127.0.0.1" : "127.0.0.2";
        start(w, &request, &got[i]);
    }
    run(w);
    for (size_t i = 0; i < LENGTH(got); i++)
        assert_true(strncmp(got[i].body, i % 2 == 0 ? "127.0.0.1 " : "127.0.0.2 ", 10) == 0);
}

static void test_environment_is_not_looked_at(void **state)
{
    struct world *w = *state;
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    expect(get(w, "/ok"), FETCH_NO_FAILURE, 200);
    (void)unsetenv("http_proxy");
    (void)unsetenv("HTTPS_PROXY");
    (void)unsetenv("ALL_PROXY");
}

static void test_too_long_a_body(void **state)
{
    struct world *w = *state;
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/ok"));
    static const struct {
        size_t max;
        const char *body;
    } rows[] = {{6, "hello"}, {5, "hello"}, {4, "hell"}, {1, "h"}, {0, ""}, {5, "hello"}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        request.response_max = rows[i].max;
        struct got *got = fetch(w, &request);
        expect(got, FETCH_NO_FAILURE, 200);
        assert_string_equal(got->body, rows[i].body);
        assert_int_equal(got->is_cut, rows[i].max < 5);
        assert_string_equal(got->content_type, "text/plain");
    }
    request = plain(url_of(w, "http", "127.0.0.1", "/endless"));
    struct got *got = fetch(w, &request);
    expect(got, FETCH_NO_FAILURE, 200);
    assert_int_equal(got->body_len, 8192);
    assert_true(got->is_cut);
}

static void test_broken_answers(void **state)
{
    struct world *w = *state;
    struct got *got = get(w, "/short");
    expect(got, FETCH_PROTOCOL, 200);
    assert_false(got->is_cut);
    expect(get(w, "/short-chunks"), FETCH_PROTOCOL, 200);
    expect(get(w, "/nothing"), FETCH_PROTOCOL, 0);
    expect(get(w, "/ssh"), FETCH_PROTOCOL, 0);
    assert_int_equal(get(w, "/endless-head")->failure, FETCH_PROTOCOL);
    expect(get(w, "/ok"), FETCH_NO_FAILURE, 200);
}

static void test_time_limit(void **state)
{
    struct world *w = *state;
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/silent"));
    request.timeout_ms = 50;
    expect(fetch(w, &request), FETCH_TIMEOUT, 0);
    request.url = url_of(w, "http", "127.0.0.1", "/half");
    expect(fetch(w, &request), FETCH_TIMEOUT, 200);
}

static void test_nobody_listens(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char url[64];
    /* Bound and not listening: refused, and nobody else gets the port. */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(at.sin_port));
    struct fetch_request request = plain(url);
    expect(fetch(w, &request), FETCH_CONNECT, 0);
    close(fd);
}

static void test_what_is_no_request(void **state)
{
    struct world *w = *state;
    struct error err;
    static const char *const urls[] = {"",           "ftp://127.0.0.1/x",    "file:///etc/passwd",
                                       "127.0.0.1",  "http://u:p@127.0.0.1", "http://a b/",
                                       "http://",    "gopher://127.0.0.1",   "http://[::1",
                                       "http://h:x/", "http://u@127.0.0.1/"};
    for (size_t i = 0; i < LENGTH(urls); i++) {
        struct fetch_request request = plain(urls[i]);
        enum status status = w->port.start(w->port.context, &request, on_done, NULL, &err);
        if (status != STATUS_USAGE)
            fail_msg("%s: %s", urls[i], status_name(status));
    }
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/ok"));
    struct fetch_request bad[9];
    for (size_t i = 0; i < LENGTH(bad); i++)
        bad[i] = request;
    bad[0].method = "DELETE";
    bad[1].timeout_ms = 0;
    bad[2].address = "localhost";
    bad[3].address = "127.0.0.1:80";
    bad[4].authorization = "a\r\nX: y";
    bad[5].accept = "a\nb";
    bad[6].content_type = "";
    bad[7].body = bytes_of("x", 1);
    bad[8].address = "[::1]";
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (w->port.start(w->port.context, &bad[i], on_done, NULL, &err) != STATUS_USAGE)
            fail_msg("request %zu was taken", i);
}

static void test_limit_and_stop(void **state)
{
    struct world *w = *state;
    struct error err;
    static struct got got[CURL_FETCH_UNDER_WAY_MAX];
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/silent"));
    for (size_t i = 0; i < LENGTH(got); i++)
        start(w, &request, &got[i]);
    assert_says(w->port.start(w->port.context, &request, on_done, NULL, &err), &err, STATUS_LIMIT,
                "1024 fetches are under way");
    curl_fetch_stop(w->client);
    for (size_t i = 0; i < LENGTH(got); i++) {
        assert_int_equal(got[i].done_count, 1);
        expect(&got[i], FETCH_STOPPED, 0);
    }
    assert_says(w->port.start(w->port.context, &request, on_done, NULL, &err), &err, STATUS_AGAIN,
                "stopping");
}

/* ---- many ---- */

struct many {
    struct world *world;
    unsigned started, good;
    const char *url;
};

static void next(struct many *m);

static void on_one_of_many(void *cookie, const struct fetch_response *r)
{
    struct many *m = cookie;
    m->good += r->failure == FETCH_NO_FAILURE && r->status == 200 && bytes_is_text(r->body, "hello");
    m->world->open_count--;
    next(m); /* done may start the next one */
    if (m->world->open_count == 0)
        event_loop_stop(m->world->loop);
}

static void next(struct many *m)
{
    struct error err;
    struct fetch_request request = plain(m->url);
    if (m->started == MANY)
        return;
    request.address = "127.0.0.1";
    m->started++;
    m->world->open_count++;
    OK(m->world->port.start(m->world->port.context, &request, on_one_of_many, m, &err));
}

static void test_many(void **state)
{
    struct world *w = *state;
    struct many m = {.world = w, .url = url_of(w, "http", "www.example.invalid", "/ok")};
    for (int i = 0; i < MANY_AT_ONCE; i++)
        next(&m);
    run(w);
    assert_int_equal(m.good, MANY);
    assert_int_equal(loopback_server_connection_count(w->server), MANY);
}

/* Many validations do not cost a mirror its connection when it becomes idle among them. */
static void test_many_beside_one(void **state)
{
    struct world *w = *state;
    static struct got got;
    static char url[256];
    struct many m = {.world = w};
    struct fetch_request request = plain(url_of(w, "http", "127.0.0.1", "/who"));
    start(w, &request, &got);
    (void)snprintf(url, sizeof url, "%s", url_of(w, "http", "www.example.invalid", "/ok"));
    m.url = url;
    for (int i = 0; i < 4 * MANY_AT_ONCE; i++)
        next(&m);
    run(w);
    assert_int_equal(m.good, MANY);
    assert_string_equal(get(w, "/who")->body, got.body);
}

/* ---- TLS ---- */

static const char *put_file(char path[32], const char *text)
{
    (void)snprintf(path, 32, "/tmp/curl-fetch-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void test_certificates(void **state)
{
    struct world *w = *state;
    char ca[32], other[32];
    struct fetch_request request = plain(url_of(w, "https", "localhost", "/ok"));
    request.address = "127.0.0.1";
    (void)put_file(ca, loopback_certificates()->ca);
    (void)put_file(other, loopback_certificates()->other_ca);

    expect(fetch(w, &request), FETCH_TLS, 0); /* not from one of the system's */
    request.ca_file = other;
    expect(fetch(w, &request), FETCH_TLS, 0);
    request.ca_file = "/nonexistent";
    expect(fetch(w, &request), FETCH_TLS, 0);
    request.ca_file = ca;
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    request.url = url_of(w, "https", "www.example.com", "/ok");
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    request.url = url_of(w, "https", "other.example.com", "/ok");
    expect(fetch(w, &request), FETCH_TLS, 0);

    request.ca_file = NULL;
    request.is_any_certificate = true;
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    /* Having taken any certificate does not open a way for the careful. */
    request.address = NULL;
    request.url = url_of(w, "https", "127.0.0.1", "/ok");
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    request.is_any_certificate = false;
    expect(fetch(w, &request), FETCH_TLS, 0);
    request.ca_file = ca;
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    unsigned before = loopback_server_connection_count(w->server);
    expect(fetch(w, &request), FETCH_NO_FAILURE, 200);
    assert_int_equal(loopback_server_connection_count(w->server), before);
    request.ca_file = other;
    expect(fetch(w, &request), FETCH_TLS, 0);
    (void)unlink(ca);
    (void)unlink(other);
}

static void test_plain_to_a_tls_server(void **state)
{
    struct world *w = *state;
    assert_int_equal(get(w, "/ok")->failure, FETCH_PROTOCOL);
}

static void test_tls_to_a_plain_server(void **state)
{
    struct world *w = *state;
    struct fetch_request request = plain(url_of(w, "https", "127.0.0.1", "/ok"));
    request.is_any_certificate = true;
    expect(fetch(w, &request), FETCH_TLS, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_answers),
        TEST(test_gzip_is_unpacked_for_who_accepts_it),
        TEST(test_no_redirect_is_followed),
        TEST(test_what_is_sent),
        TEST(test_no_cookies),
        TEST(test_connections_are_used_again),
        TEST(test_address),
        TEST(test_environment_is_not_looked_at),
        TEST(test_too_long_a_body),
        TEST(test_broken_answers),
        TEST(test_time_limit),
        TEST(test_nobody_listens),
        TEST(test_what_is_no_request),
        TEST(test_limit_and_stop),
        TEST(test_many),
        TEST(test_many_beside_one),
        TEST(test_tls_to_a_plain_server),
        cmocka_unit_test_setup_teardown(test_certificates, setup_tls, teardown),
        cmocka_unit_test_setup_teardown(test_plain_to_a_tls_server, setup_tls, teardown),
    };
    return cmocka_run_group_tests_name("adapters/http_client/curl_fetch", tests, NULL, NULL);
}
