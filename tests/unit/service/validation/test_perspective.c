/* A perspective's client and server, with a fake wire between them. */
#include <stdio.h>

#include "unit/checks.h"

#include "fakes/fake_fetch.h"
#include "service/validation/perspective_client.h"
#include "service/validation/perspective_json.h"
#include "service/validation/perspective_server.h"

static struct error err;

#define SECRET "0123456789abcdef0123456789abcdef-secret"
#define OLD_SECRET "an-older-secret-of-ours-that-is-as-long"

static struct fake_timer *timer;
static struct fake_fetch *fetch;
static struct perspective_server *server;
static struct perspective_client *client;

/* The validator behind the server. */
static struct validation_request seen;
static char seen_token[200], seen_key[300], seen_account[600];
static validator_done *inner_done;
static void *inner_cookie;
static bool is_busy;

static enum status inner(void *context, const struct validation_request *request, validator_done *done,
                         void *cookie, struct error *e)
{
    (void)context;
    if (is_busy)
        return error_set(e, STATUS_LIMIT, "busy");
    seen = *request;
    (void)snprintf(seen_token, sizeof seen_token, "%s", request->token != NULL ? request->token : "(none)");
    (void)snprintf(seen_key, sizeof seen_key, "%s", request->key_authorization != NULL ? request->key_authorization : "(none)");
    (void)snprintf(seen_account, sizeof seen_account, "%s", request->account_url != NULL ? request->account_url : "(none)");
    inner_done = done;
    inner_cookie = cookie;
    return STATUS_OK;
}

static unsigned done_count;
static char problem[64], detail[1000];
static uint32_t reuse_max_s;

static void on_done(void *cookie, const struct validation_result *result)
{
    (void)cookie;
    done_count++;
    (void)snprintf(problem, sizeof problem, "%s", result->problem != NULL ? result->problem : "valid");
    (void)snprintf(detail, sizeof detail, "%s", result->detail);
    reuse_max_s = result->reuse_max_s;
}

/* One exchange of a server that has the whole request. */
struct wire {
    struct http_exchange x; /* first */
    struct http_header headers[2];
    struct builder body;
    void *token;
    bool is_sent;
};

static struct wire *last;

static void free_wire(struct wire *w)
{
    builder_clear(&w->x.response.headers);
    builder_clear(&w->x.response.body);
    builder_clear(&w->body);
    free(w);
}

static void sent(struct http_exchange *x)
{
    struct wire *w = (struct wire *)x;
    assert_false(w->is_sent);
    w->is_sent = true;
    if (w->token == NULL)
        return; /* looked at by the test */
    fake_fetch_answer(fetch, w->token, x->response.status,
                      x->response.status == 200 ? "application/json" : "text/plain", builder_view(&x->response.body));
    free_wire(w);
}

static struct wire *new_wire(const char *method, const char *path, const char *authorization,
                             const char *type, struct bytes body)
{
    struct wire *w = calloc(1, sizeof *w);
    assert_non_null(w);
    builder_init(&w->x.response.headers, 4096);
    builder_init(&w->x.response.body, 65536);
    builder_init(&w->body, 65536);
    builder_bytes(&w->body, body);
    w->x.request.method = bytes_of_text(method);
    w->x.request.path = bytes_of_text(path);
    w->x.request.headers = w->headers;
    if (authorization != NULL)
        w->headers[w->x.request.header_count++] = (struct http_header){bytes_of_text("Authorization"), bytes_of_text(authorization)};
    if (type != NULL)
        w->headers[w->x.request.header_count++] = (struct http_header){bytes_of_text("content-type"), bytes_of_text(type)};
    w->x.request.body = builder_view(&w->body);
    w->x.response.file = -1;
    w->x.send = sent;
    return w;
}

static void serve(void *context, const struct fetch_request *request, void *token)
{
    (void)context;
    assert_string_equal(request->url, "https://fra.example/base/validate");
    struct http_handler handler = perspective_server_handler(server);
    struct wire *w = new_wire(request->method, "/validate", request->authorization, request->content_type, request->body);
    w->token = token;
    last = w;
    assert_true(request->body.len <= handler.body_max);
    handler.handle(handler.context, &w->x);
}

static int set_up(void **state)
{
    (void)state;
    static const char *const secrets[] = {OLD_SECRET, SECRET};
    timer = fake_timer_new(0);
    fetch = fake_fetch_new(timer);
    fake_fetch_serve(fetch, serve, NULL);
    struct perspective_server_config s = {.validator = {NULL, inner}, .secrets = secrets, .secret_count = 2};
    OK(perspective_server_new(&s, &server, &err));
    struct perspective_client_config c = {.url = "https://fra.example/base/", .secret = SECRET, .fetch = fake_fetch_port(fetch)};
    OK(perspective_client_new(&c, &client, &err));
    done_count = 0;
    is_busy = false;
    inner_done = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    perspective_client_free(client);
    perspective_server_free(server);
    fake_fetch_free(fetch);
    fake_timer_free(timer);
    return 0;
}

static struct validation_request example(void)
{
    return (struct validation_request){
        .challenge = ACME_HTTP_01, .identifier = {.type = ACME_DNS, .value = "example.com"}, .token = "tok",
        .key_authorization = "tok.thumb", .account_url = "https://ca.example/acct/\"7\"\\"};
}

static void ask(const struct validation_request *r)
{
    struct validator_port port = perspective_client_port(client);
    unsigned before = done_count;
    OK(port.validate(port.context, r, on_done, NULL, &err));
    assert_int_equal(done_count, before);
    (void)fake_timer_run(timer);
}

static void finish(const char *p, const char *d, uint32_t reuse)
{
    struct validation_result result = {p, d, reuse};
    assert_non_null(inner_done);
    inner_done(inner_cookie, &result);
    inner_done = NULL;
    (void)fake_timer_run(timer);
}

static void there_and_back(void **state)
{
    (void)state;
    struct validation_request r = example();
    ask(&r);
    assert_int_equal(done_count, 0);
    assert_int_equal(seen.challenge, ACME_HTTP_01);
    assert_int_equal(seen.identifier.type, ACME_DNS);
    assert_string_equal(seen.identifier.value, "example.com");
    assert_false(seen.is_wildcard || seen.is_intranet || seen.is_caa_only);
    assert_string_equal(seen_token, "tok");
    assert_string_equal(seen_key, "tok.thumb");
    assert_string_equal(seen_account, r.account_url);
    finish(NULL, NULL, UINT32_MAX);
    assert_int_equal(done_count, 1);
    assert_string_equal(problem, "valid");
    assert_int_equal(reuse_max_s, UINT32_MAX);

    r = (struct validation_request){.challenge = ACME_DNS_PERSIST_01, .is_wildcard = true, .is_caa_only = true,
                                    .identifier = {.type = ACME_IP, .value = "2001:db8::1"}};
    ask(&r);
    assert_int_equal(seen.challenge, ACME_DNS_PERSIST_01);
    assert_int_equal(seen.identifier.type, ACME_IP);
    assert_true(seen.is_wildcard && seen.is_caa_only);
    assert_string_equal(seen_token, "(none)");
    assert_string_equal(seen_account, "(none)");
    finish(NULL, NULL, 300);
    assert_int_equal(reuse_max_s, 300);

    ask(&r);
    finish("caa", "CAA at \"x\"\n\xc3\xa4", 0);
    assert_string_equal(problem, "caa");
    assert_string_equal(detail, "CAA at \"x\"???");
}

static void not_an_answer(void **state)
{
    (void)state;
    struct validation_request r = example();
    is_busy = true;
    ask(&r);
    assert_string_equal(problem, "serverInternal");
    assert_non_null(strstr(detail, "too much to do"));
    is_busy = false;
    r.is_intranet = true;
    ask(&r);
    assert_string_equal(problem, "serverInternal");
    assert_non_null(strstr(detail, "403"));
    r.is_intranet = false;
    fake_fetch_fail(fetch, "https://fra.example/base/validate", NULL, FETCH_CONNECT);
    ask(&r);
    assert_non_null(strstr(detail, "cannot be reached"));
    /* No JSON, by its name. */
    fake_fetch_page(fetch, "https://fra.example/base/validate", NULL, 200,
                    "{\"version\":1,\"valid\":true,\"reuse-max\":null}", NULL);
    ask(&r);
    assert_string_equal(problem, "serverInternal");
    fake_fetch_page(fetch, "https://fra.example/base/validate", NULL, 302, "", "https://evil.example/");
    ask(&r);
    assert_non_null(strstr(detail, "302"));
    assert_int_equal(done_count, 5);
    fake_fetch_refuse(fetch, true);
    struct validator_port port = perspective_client_port(client);
    assert_int_equal(port.validate(port.context, &r, on_done, NULL, &err), STATUS_LIMIT);
}

static void wrong_secret(void **state)
{
    (void)state;
    static const char *const secrets[] = {"0123456789abcdef0123456789abcdef-secreT", "0123456789abcdef0123456789abcdef-secre",
                                          "0123456789abcdef0123456789abcdef-secret1"};
    struct validation_request r = example();
    for (size_t i = 0; i < LENGTH(secrets); i++) {
        perspective_client_free(client);
        struct perspective_client_config c = {.url = "https://fra.example/base", .secret = secrets[i], .fetch = fake_fetch_port(fetch)};
        OK(perspective_client_new(&c, &client, &err));
        ask(&r);
        assert_string_equal(problem, "serverInternal");
        assert_non_null(strstr(detail, "401"));
        assert_null(inner_done);
    }
    static const char *const bad[] = {"", "short", "has a blank in it, alas, and is long enough", "has-umlaut-\xc3\xa4-in-it-and-is-long-enough",
                                      "0123456789abcdef0123456789abcde"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(perspective_secret_check(bad[i], &err), STATUS_USAGE);
}

#define GOOD "{\"version\":1,\"challenge\":\"dns-01\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}," \
             "\"wildcard\":false,\"intranet\":false,\"caa-only\":false,\"token\":\"t\",\"key-authorization\":\"t.k\"," \
             "\"account-url\":null}"

static int status_of(const char *method, const char *path, const char *authorization, const char *type, const char *body)
{
    struct http_handler handler = perspective_server_handler(server);
    struct wire *w = new_wire(method, path, authorization, type, bytes_of_text(body));
    handler.handle(handler.context, &w->x);
    if (!w->is_sent)
        finish(NULL, NULL, 1);
    assert_true(w->is_sent);
    int status = w->x.response.status;
    free_wire(w);
    return status;
}

static void requests(void **state)
{
    (void)state;
    static const struct { const char *method, *path, *authorization, *type; int status; } rows[] = {
        {"POST", "/validate", "Bearer " SECRET, "application/json", 200},
        {"POST", "/validate", "Bearer " OLD_SECRET, "application/json", 200},
        {"POST", "/validate/", "Bearer " SECRET, "application/json", 404},
        {"GET", "/validate", "Bearer " SECRET, "application/json", 405},
        {"POST", "/validate", NULL, "application/json", 401},
        {"POST", "/validate", "Bearer ", "application/json", 401},
        {"POST", "/validate", "Basic " SECRET, "application/json", 401},
        {"POST", "/validate", SECRET, "application/json", 401},
        {"POST", "/validate", "Bearer " SECRET, "text/plain", 415},
        {"POST", "/validate", "Bearer " SECRET, NULL, 415},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_int_equal(status_of(rows[i].method, rows[i].path, rows[i].authorization, rows[i].type, GOOD), rows[i].status);
}

/* GOOD with one text put for another. */
static void replaced(char *out, size_t size, const char *from, const char *to)
{
    const char *at = strstr(GOOD, from);
    assert_non_null(at);
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
}

static void malformed_requests(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"\"version\":1", "\"version\":2"}, {"\"version\":1", "\"version\":\"1\""}, {"\"version\":1,", ""},
        {"\"version\":1", "\"version\":1,\"version\":1"}, {"\"version\":1", "\"version\":1,\"more\":1"},
        {"dns-01", "dns-02"}, {"\"dns-01\"", "1"}, {"\"type\":\"dns\"", "\"type\":\"email\""},
        {"\"type\":\"dns\",", ""}, {"\"type\":\"dns\"", "\"type\":\"dns\",\"x\":1"}, {"\"a.example\"", "null"},
        {"\"wildcard\":false", "\"wildcard\":0"}, {"\"wildcard\":false", "\"wildcard\":\"false\""},
        {"\"token\":\"t\"", "\"token\":1"}, {"\"token\":\"t\"", "\"token\":\"a\\u0000b\""},
        {"\"account-url\":null", "\"account-url\":{}"}, {"null}", "null"}, {"null}", "null}x"}, {"{\"version\"", "[\"version\""},
    };
    char body[2000];
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct perspective_request out;
        replaced(body, sizeof body, rows[i][0], rows[i][1]);
        struct bytes text = heap_copy(bytes_of_text(body));
        if (perspective_json_read_request(text, &out, &err) != STATUS_MALFORMED)
            fail_msg("%s", body);
        heap_free(text);
        assert_int_equal(status_of("POST", "/validate", "Bearer " SECRET, "application/json", body), 400);
    }
    char token[140], quoted[160];
    memset(token, 'a', sizeof token);
    for (size_t len = PERSPECTIVE_TOKEN_MAX; len <= PERSPECTIVE_TOKEN_MAX + 1; len++) {
        (void)snprintf(quoted, sizeof quoted, "\"token\":\"%.*s\"", (int)len, token);
        replaced(body, sizeof body, "\"token\":\"t\"", quoted);
        assert_int_equal(status_of("POST", "/validate", "Bearer " SECRET, "application/json", body),
                         len == PERSPECTIVE_TOKEN_MAX ? 200 : 400);
    }
    assert_int_equal(status_of("POST", "/validate", "Bearer " SECRET, "application/json", ""), 400);
}

static void results(void **state)
{
    (void)state;
    static const struct { const char *text; enum status status; } rows[] = {
        {"{\"version\":1,\"valid\":true,\"reuse-max\":null}", STATUS_OK},
        {"{\"version\":1,\"valid\":true,\"reuse-max\":0}", STATUS_OK},
        {"{\"version\":1,\"valid\":false,\"problem\":\"dns\",\"detail\":\"x\"}", STATUS_OK},
        {"{\"version\":1,\"valid\":true}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":1,\"reuse-max\":null}", STATUS_MALFORMED},
        {"{\"valid\":true,\"reuse-max\":null}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":true,\"reuse-max\":-1}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":true,\"reuse-max\":4294967295}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":true,\"reuse-max\":null,\"problem\":\"dns\"}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":true,\"valid\":true,\"reuse-max\":null}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":false,\"problem\":\"other\",\"detail\":\"x\"}", STATUS_MALFORMED},
        {"{\"version\":1,\"valid\":false,\"problem\":\"dns\"}", STATUS_MALFORMED},
        {"true", STATUS_MALFORMED},
        {"", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct perspective_result out;
        if (perspective_json_read_result(bytes_of_text(rows[i].text), &out, &err) != rows[i].status)
            fail_msg("%s", rows[i].text);
    }
}

static void freed_under_way(void **state)
{
    (void)state;
    struct validation_request r = example();
    ask(&r);
    struct wire *unanswered = last;
    perspective_server_free(server);
    server = NULL;
    inner_done(inner_cookie, &(struct validation_result){NULL, NULL, 1});
    assert_false(unanswered->is_sent);
    perspective_client_free(client);
    client = NULL;
    unanswered->x.response.status = 503;
    sent(&unanswered->x);
    (void)fake_timer_run(timer);
    assert_int_equal(done_count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(there_and_back), TEST(not_an_answer), TEST(wrong_secret), TEST(requests),
                                       TEST(malformed_requests), TEST(results), TEST(freed_under_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
