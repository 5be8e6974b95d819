/* Directory, nonces, CORS, and who is let through to a resource. */
#include "fakes/acme_client.h"
#include "service/acme/acme_frame.h"
#include "unit/checks.h"

#define URL ACME_WORLD_URL
#define NEW_ACCOUNT URL "/new-account"

static struct acme_world w;
static struct acme_client c;

static int setup(void **state)
{
    (void)state;
    acme_world_init(&w);
    acme_world_start(&w);
    acme_client_init(&c, &w, JWS_ES256);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    acme_client_clear(&c);
    acme_world_clear(&w);
    return 0;
}

static void expect_problem(int status, const char *type)
{
    char want[128], got[512];
    (void)snprintf(want, sizeof want, "urn:ietf:params:acme:error:%s", type);
    if (c.answer.status != status || strcmp(acme_answer_text(&c.answer, "type"), want) != 0)
        fail_msg("%d %.*s, want %d %s", c.answer.status, (int)c.answer.body.len, (const char *)c.answer.body.data, status, type);
    assert_int_equal(json_integer_value(json_object_get(c.answer.json, "status")), status);
    assert_string_not_equal(acme_answer_text(&c.answer, "detail"), "");
    assert_string_equal(acme_answer_header(&c.answer, "Content-Type", 0, got), "application/problem+json");
}

static bool has_header(const char *name)
{
    char value[512];
    return acme_answer_header(&c.answer, name, 0, value) != NULL;
}

static void expect_header(const char *name, const char *want)
{
    char value[512] = "";
    (void)acme_answer_header(&c.answer, name, 0, value);
    assert_string_equal(value, want);
}

/* ---- directory, nonces, methods ---- */

static void directory(void **state)
{
    (void)state;
    assert_int_equal(acme_client_send(&c, "GET", URL "/directory", NULL, NULL, NULL), 200);
    assert_string_equal(acme_answer_text(&c.answer, "newNonce"), URL "/new-nonce");
    assert_string_equal(acme_answer_text(&c.answer, "newAccount"), NEW_ACCOUNT);
    assert_string_equal(acme_answer_text(&c.answer, "newOrder"), URL "/new-order");
    assert_string_equal(acme_answer_text(&c.answer, "newAuthz"), URL "/new-authz");
    assert_string_equal(acme_answer_text(&c.answer, "revokeCert"), URL "/revoke-cert");
    assert_string_equal(acme_answer_text(&c.answer, "keyChange"), URL "/key-change");
    assert_string_equal(acme_answer_text(&c.answer, "renewalInfo"), URL "/renewal-info");
    const json_t *meta = json_object_get(c.answer.json, "meta");
    assert_true(json_is_false(json_object_get(meta, "externalAccountRequired")));
    assert_null(json_object_get(meta, "termsOfService"));
    assert_int_equal(json_object_size(json_object_get(meta, "profiles")), 3);
    assert_false(has_header("Replay-Nonce"));
    assert_false(has_header("Link"));
    expect_header("Content-Type", "application/json");
    expect_header("Access-Control-Allow-Origin", "*");

    assert_int_equal(acme_client_send(&c, "GET", URL "/profile/gm-intranet/directory", NULL, NULL, NULL), 200);
    assert_string_equal(acme_answer_text(&c.answer, "newOrder"), URL "/profile/gm-intranet/new-order");
    assert_string_equal(acme_answer_text(&c.answer, "newAccount"), NEW_ACCOUNT);
    const json_t *profiles = json_object_get(json_object_get(c.answer.json, "meta"), "profiles");
    assert_int_equal(json_object_size(profiles), 1);
    assert_string_equal(json_string_value(json_object_get(profiles, "gm-intranet")), "what gm-intranet is");
}

static void directory_with_everything(void **state)
{
    (void)state;
    static const char *const identities[] = {"ca.example", "ca.test"};
    struct acme_config config = w.config;
    struct error err;
    config.terms_url = "https://ca.example/terms";
    config.website_url = "https://ca.example/";
    config.caa_identities = identities;
    config.caa_identity_count = 2;
    OK(acme_reload(w.acme, &config, &err));
    (void)acme_client_send(&c, "GET", URL "/directory", NULL, NULL, NULL);
    const json_t *meta = json_object_get(c.answer.json, "meta");
    assert_string_equal(json_string_value(json_object_get(meta, "termsOfService")), "https://ca.example/terms");
    assert_string_equal(json_string_value(json_object_get(meta, "website")), "https://ca.example/");
    assert_int_equal(json_array_size(json_object_get(meta, "caaIdentities")), 2);
    OK(acme_reload(w.acme, &w.config, &err));
}

static void nonces(void **state)
{
    (void)state;
    char first[512], second[512];
    assert_int_equal(acme_client_send(&c, "HEAD", URL "/new-nonce", NULL, NULL, NULL), 200);
    assert_non_null(acme_answer_header(&c.answer, "Replay-Nonce", 0, first));
    expect_header("Cache-Control", "no-store");
    expect_header("Link", "<" URL "/directory>;rel=\"index\"");
    assert_int_equal(acme_client_send(&c, "GET", URL "/new-nonce", NULL, NULL, NULL), 204);
    assert_non_null(acme_answer_header(&c.answer, "Replay-Nonce", 0, second));
    assert_null(acme_answer_header(&c.answer, "Replay-Nonce", 1, second));
    assert_string_not_equal(first, second);
}

static void methods_and_paths(void **state)
{
    (void)state;
    static const char *const gets[] = {NEW_ACCOUNT, URL "/order/1", URL "/authz/1", URL "/certificate/1", URL "/revoke-cert",
                                       URL "/challenge/1/http-01", URL "/account/1/orders", URL "/profile/gm-mtc/new-order"};
    for (size_t i = 0; i < LENGTH(gets); i++) {
        (void)acme_client_send(&c, "GET", gets[i], NULL, NULL, NULL);
        expect_problem(405, "malformed");
        expect_header("Allow", "POST, OPTIONS");
    }
    (void)acme_client_send(&c, "POST", URL "/directory", "application/jose+json", "{}", NULL);
    expect_problem(405, "malformed");
    assert_true(has_header("Replay-Nonce"));
    static const char *const unknown[] = {
        URL, URL "/", URL "/x", URL "/directory/", URL "//directory", URL "/order/", URL "/order/0", URL "/order/01",
        URL "/order/9223372036854775808", URL "/order/-1", URL "/order/1/x", URL "/order/1/finalize/", URL "x/directory",
        "https://ca.example/directory", URL "/profile/unknown/directory", URL "/profile/unknown/new-order", URL "/a/b/c/d/e",
        URL "/order/1%20"};
    for (size_t i = 0; i < LENGTH(unknown); i++) {
        (void)acme_client_send(&c, "GET", unknown[i], NULL, NULL, NULL);
        if (c.answer.status != 404)
            fail_msg("%s: %d", unknown[i], c.answer.status);
        expect_problem(404, "malformed");
    }
}

static void browsers(void **state)
{
    (void)state;
    assert_int_equal(acme_client_send(&c, "OPTIONS", NEW_ACCOUNT, NULL, NULL, "Origin: https://client.example"), 204);
    expect_header("Access-Control-Allow-Origin", "*");
    expect_header("Access-Control-Allow-Headers", "Content-Type, Accept");
    expect_header("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
    assert_false(has_header("Replay-Nonce"));
    (void)acme_client_send(&c, "GET", URL "/new-nonce", NULL, NULL, NULL);
    expect_header("Access-Control-Expose-Headers", "Replay-Nonce, Location, Link, Retry-After");
}

/* ---- what is no request ---- */

static void content_types(void **state)
{
    (void)state;
    static const char *const bad[] = {"application/json", "application/jose", "application/jose+jsonx", "", NULL};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        (void)acme_client_send(&c, "POST", NEW_ACCOUNT, bad[i], "{}", NULL);
        expect_problem(415, "malformed");
        assert_true(has_header("Replay-Nonce"));
    }
    static const char *const good[] = {"application/jose+json", "Application/JOSE+JSON", "application/jose+json; charset=utf-8"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        (void)acme_client_send(&c, "POST", NEW_ACCOUNT, good[i], "{}", NULL);
        expect_problem(400, "malformed");
    }
}

static void bodies(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x", "[]", "{}", "{\"protected\":\"\",\"payload\":\"\",\"signature\":\"\"}"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        (void)acme_client_send(&c, "POST", NEW_ACCOUNT, "application/jose+json", bad[i], NULL);
        expect_problem(400, "malformed");
        assert_true(has_header("Replay-Nonce"));
    }
    char *large = calloc(1, ACME_BODY_MAX + 2);
    assert_non_null(large);
    memset(large, ' ', ACME_BODY_MAX + 1);
    (void)acme_client_send(&c, "POST", NEW_ACCOUNT, "application/jose+json", large, NULL);
    expect_problem(413, "malformed");
    free(large);
}

static void algorithms(void **state)
{
    (void)state;
    static const char *const bad[] = {"none", "HS256", "ES512", "PS256", ""};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        json_t *header = acme_client_header(&c, NEW_ACCOUNT);
        (void)json_object_set_new(header, "alg", json_string(bad[i]));
        (void)acme_client_post_jws(&c, NEW_ACCOUNT, acme_client_jws(&c, header, "{}"));
        expect_problem(400, "badSignatureAlgorithm");
        assert_int_equal(json_array_size(json_object_get(c.answer.json, "algorithms")), 4);
    }
    /* Another algorithm than the account's key has. */
    acme_client_open(&c);
    json_t *header = acme_client_header(&c, c.kid);
    (void)json_object_set_new(header, "alg", json_string("RS256"));
    (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, header, ""));
    expect_problem(400, "malformed");
}

static void bad_keys(void **state)
{
    (void)state;
    json_t *header = acme_client_header(&c, NEW_ACCOUNT);
    json_t *jwk = json_object_get(header, "jwk");
    (void)json_object_set(jwk, "y", json_object_get(jwk, "x"));
    (void)acme_client_post_jws(&c, NEW_ACCOUNT, acme_client_jws(&c, header, "{}"));
    expect_problem(400, "badPublicKey");
    header = acme_client_header(&c, NEW_ACCOUNT);
    (void)json_object_set_new(json_object_get(header, "jwk"), "crv", json_string("P-521"));
    (void)acme_client_post_jws(&c, NEW_ACCOUNT, acme_client_jws(&c, header, "{}"));
    expect_problem(400, "badPublicKey");
}

static void signatures(void **state)
{
    (void)state;
    json_t *jws = acme_client_jws(&c, acme_client_header(&c, NEW_ACCOUNT), "{}");
    (void)json_object_set_new(jws, "payload", json_string("e30K")); /* "{}\n" */
    (void)acme_client_post_jws(&c, NEW_ACCOUNT, jws);
    expect_problem(400, "malformed");
    jws = acme_client_jws(&c, acme_client_header(&c, NEW_ACCOUNT), "{}");
    (void)json_object_set_new(jws, "header", json_object());
    (void)acme_client_post_jws(&c, NEW_ACCOUNT, jws);
    expect_problem(400, "malformed");
    /* Somebody else's signature under the account's name. */
    acme_client_open(&c);
    struct acme_client other;
    acme_client_init(&other, &w, JWS_ES256);
    json_t *header = acme_client_header(&c, c.kid);
    (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&other, header, ""));
    expect_problem(400, "malformed");
    acme_client_clear(&other);
}

static void replayed_nonces(void **state)
{
    (void)state;
    acme_client_open(&c);
    json_t *header = acme_client_header(&c, c.kid);
    json_t *again = json_deep_copy(header);
    assert_int_equal(acme_client_post_jws(&c, c.kid, acme_client_jws(&c, header, "")), 200);
    (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, again, ""));
    expect_problem(400, "badNonce");
    /* The new one that came with the refusal is good. */
    assert_int_equal(acme_client_post(&c, c.kid, NULL), 200);
    static const char *const bad[] = {"", "AAAA", "AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "__________8AAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        header = acme_client_header(&c, c.kid);
        (void)json_object_set_new(header, "nonce", json_string(bad[i]));
        (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, header, ""));
        expect_problem(400, "badNonce");
    }
    header = acme_client_header(&c, c.kid);
    (void)json_object_del(header, "nonce");
    (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, header, ""));
    expect_problem(400, "badNonce");
    header = acme_client_header(&c, c.kid);
    (void)json_object_set_new(header, "nonce", json_string("not/base64url"));
    (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, header, ""));
    expect_problem(400, "malformed");
    /* One of a former process. */
    header = acme_client_header(&c, c.kid);
    acme_world_restart(&w);
    (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, header, ""));
    expect_problem(400, "badNonce");
}

static void urls(void **state)
{
    (void)state;
    acme_client_open(&c);
    static const char *const bad[] = {NEW_ACCOUNT, "http://ca.example/acme/account/1", "https://other.example/acme/account/1",
                                      URL "/account/1?x", URL "/account/1/", URL "/account/2", "/acme/account/1", ""};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        json_t *header = acme_client_header(&c, bad[i]);
        (void)acme_client_post_jws(&c, URL "/account/1", acme_client_jws(&c, header, ""));
        expect_problem(403, "unauthorized");
    }
    /* The query is a part of it. */
    json_t *header = acme_client_header(&c, URL "/account/1");
    (void)acme_client_post_jws(&c, URL "/account/1?x=1", acme_client_jws(&c, header, ""));
    expect_problem(403, "unauthorized");
    header = acme_client_header(&c, URL "/account/1?x=1");
    assert_int_equal(acme_client_post_jws(&c, URL "/account/1?x=1", acme_client_jws(&c, header, "")), 200);
}

static void kids(void **state)
{
    (void)state;
    acme_client_open(&c);
    assert_string_equal(c.kid, URL "/account/1");
    static const char *const bad[] = {URL "/account/2", URL "/account/0", URL "/account/01", URL "/account/1/", "1", "",
                                      "https://other.example/acme/account/1", URL "/account/", URL "/order/1"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        json_t *header = acme_client_header(&c, URL "/account/1");
        (void)json_object_set_new(header, "kid", json_string(bad[i]));
        (void)acme_client_post_jws(&c, URL "/account/1", acme_client_jws(&c, header, ""));
        expect_problem(400, "accountDoesNotExist");
    }
    /* Both, none, and the wrong one of both. */
    json_t *header = acme_client_header(&c, URL "/account/1");
    (void)json_object_set_new(header, "jwk", acme_client_jwk(&c));
    (void)acme_client_post_jws(&c, URL "/account/1", acme_client_jws(&c, header, ""));
    expect_problem(400, "malformed");
    header = acme_client_header(&c, URL "/account/1");
    (void)json_object_del(header, "kid");
    (void)acme_client_post_jws(&c, URL "/account/1", acme_client_jws(&c, header, ""));
    expect_problem(400, "malformed");
    header = acme_client_header(&c, URL "/account/1");
    (void)json_object_del(header, "kid");
    (void)json_object_set_new(header, "jwk", acme_client_jwk(&c));
    (void)acme_client_post_jws(&c, URL "/account/1", acme_client_jws(&c, header, ""));
    expect_problem(400, "malformed");
    header = acme_client_header(&c, NEW_ACCOUNT);
    (void)acme_client_post_jws(&c, NEW_ACCOUNT, acme_client_jws(&c, header, "{}"));
    expect_problem(400, "malformed");
}

static void payloads(void **state)
{
    (void)state;
    acme_client_open(&c);
    static const char *const bad[] = {"x", "[]", "\"x\"", "{\"a\":1,\"a\":1}", "{} x"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        (void)acme_client_post_jws(&c, c.kid, acme_client_jws(&c, acme_client_header(&c, c.kid), bad[i]));
        expect_problem(400, "malformed");
    }
    (void)acme_client_post(&c, URL "/new-order", NULL);
    expect_problem(400, "malformed");
    (void)acme_client_post(&c, URL "/order/1", json_object());
    expect_problem(400, "malformed");
}

/* ---- durable or not ---- */

static void commits(void **state)
{
    (void)state;
    struct acme_client other;
    acme_client_init(&other, &w, JWS_EDDSA);
    struct acme_answer first = {.is_sent = false}, second = {.is_sent = false};
    (void)acme_client_send(&c, "HEAD", URL "/new-nonce", NULL, NULL, NULL);
    (void)acme_client_send(&other, "HEAD", URL "/new-nonce", NULL, NULL, NULL);
    /* Two requests of one turn, one commit; nothing is sent before. */
    acme_client_begin(&c, NEW_ACCOUNT, json_object(), &first);
    acme_client_begin(&other, NEW_ACCOUNT, json_object(), &second);
    assert_int_equal(w.job_count, 2);
    unsigned before = w.commit_count;
    for (size_t i = 0; i < 2; i++) {
        w.jobs[i].run(w.jobs[i].cookie);
        w.jobs[i].done(w.jobs[i].cookie);
    }
    w.job_count = 0;
    assert_false(first.is_sent || second.is_sent);
    assert_int_equal(acme_open_count(w.acme), 2);
    acme_flush(w.acme);
    assert_int_equal(w.commit_count, before + 1);
    assert_int_equal(first.status, 201);
    assert_int_equal(second.status, 201);
    assert_int_equal(acme_open_count(w.acme), 0);
    acme_answer_clear(&first);
    acme_answer_clear(&second);
    acme_client_clear(&other);
}

static void failing_commit(void **state)
{
    (void)state;
    w.must_commit_fail = true;
    (void)acme_client_post(&c, NEW_ACCOUNT, json_object());
    expect_problem(503, "serverInternal");
    assert_true(has_header("Retry-After"));
    assert_true(has_header("Replay-Nonce"));
    assert_false(has_header("Location"));
    assert_non_null(strstr((const char *)w.event_text.data, "disk to be full"));
    assert_null(strstr((const char *)c.answer.body.data, "disk to be full"));
    /* It is as if it had not been: the same ID is given again, and to whoever comes first. */
    struct acme_client other;
    acme_client_init(&other, &w, JWS_EDDSA);
    acme_client_open(&other);
    assert_string_equal(other.kid, URL "/account/1");
    (void)acme_client_post(&c, NEW_ACCOUNT, json_pack("{s:b}", "onlyReturnExisting", 1));
    expect_problem(400, "accountDoesNotExist");
    /* And the key of the one that was lost is not known for it. */
    (void)snprintf(c.kid, sizeof c.kid, "%s", other.kid);
    (void)acme_client_post(&c, c.kid, NULL);
    expect_problem(400, "malformed");
    acme_client_clear(&other);
}

/* A connection whose next request is there before the first was answered. */
struct pipelined {
    struct http_exchange x;
    struct pipelined *next;
    unsigned sent_count;
};

static void send_and_go_on(struct http_exchange *x)
{
    struct pipelined *p = (struct pipelined *)x;
    p->sent_count++;
    assert_int_equal(x->response.status, 200);
    builder_clear(&x->response.headers);
    builder_clear(&x->response.body);
    if (p->next != NULL)
        acme_handle(w.acme, &p->next->x);
}

static void pipelining(void **state)
{
    (void)state;
    struct pipelined all[5];
    for (size_t i = 0; i < LENGTH(all); i++) {
        all[i] = (struct pipelined){.next = i + 1 < LENGTH(all) ? &all[i + 1] : NULL};
        all[i].x.request.method = bytes_of_text("GET");
        all[i].x.request.path = bytes_of_text("/acme/directory");
        all[i].x.send = send_and_go_on;
        builder_init(&all[i].x.response.headers, 4096);
        builder_init(&all[i].x.response.body, 4096);
    }
    acme_handle(w.acme, &all[0].x);
    assert_int_equal(all[0].sent_count, 0);
    acme_flush(w.acme);
    for (size_t i = 0; i < LENGTH(all); i++)
        assert_int_equal(all[i].sent_count, 1);
    assert_int_equal(acme_open_count(w.acme), 0);
}

/* Two first requests with one key: one account. */
static void same_key_twice(void **state)
{
    (void)state;
    struct acme_answer first = {.is_sent = false}, second = {.is_sent = false};
    acme_client_begin(&c, NEW_ACCOUNT, json_object(), &first);
    acme_client_begin(&c, NEW_ACCOUNT, json_object(), &second);
    acme_world_run(&w);
    assert_int_equal(first.status, 201);
    assert_int_equal(second.status, 200);
    acme_answer_clear(&first);
    acme_answer_clear(&second);
}

static void too_many(void **state)
{
    (void)state;
    acme_client_open(&c);
    w.acme->post_count = ACME_POSTS_MAX;
    (void)acme_client_post(&c, c.kid, NULL);
    expect_problem(503, "serverInternal");
    expect_header("Retry-After", "1");
    w.acme->post_count = 0;
    assert_int_equal(acme_client_post(&c, c.kid, NULL), 200);
}

static void nonce_window(void **state)
{
    (void)state;
    struct acme_nonces *nonces;
    struct error err;
    char first[ACME_NONCE_SIZE], second[ACME_NONCE_SIZE], last[ACME_NONCE_SIZE];
    OK(acme_nonces_new(&nonces, &err));
    acme_nonces_issue(nonces, first);
    acme_nonces_issue(nonces, second);
    for (uint64_t i = 0; i < ((uint64_t)1 << 22) - 1; i++)
        acme_nonces_issue(nonces, last);
    assert_false(acme_nonces_use(nonces, first));
    assert_true(acme_nonces_use(nonces, second));
    assert_false(acme_nonces_use(nonces, second));
    assert_true(acme_nonces_use(nonces, last));
    assert_false(acme_nonces_use(nonces, last));
    acme_nonces_issue(nonces, first);
    assert_true(acme_nonces_use(nonces, first));
    acme_nonces_free(nonces);
}

static void counted(void **state)
{
    (void)state;
    struct metrics *metrics;
    struct error err;
    struct builder text;
    struct acme *former = w.acme;
    OK(metrics_new(&metrics, &err));
    w.ports.metrics = metrics;
    OK(acme_new(&w.config, &w.ports, &w.acme, &err));
    acme_client_open(&c);
    (void)acme_client_post(&c, URL "/account/9", NULL);
    expect_problem(403, "unauthorized");
    builder_init(&text, 1 << 20);
    metrics_write(metrics, &text);
    builder_u8(&text, 0);
    assert_non_null(strstr((const char *)text.data, "cathaya_acme_answers_total{class=\"2xx\"} 2"));
    assert_non_null(strstr((const char *)text.data, "cathaya_acme_answers_total{class=\"4xx\"} 1"));
    assert_non_null(strstr((const char *)text.data, "cathaya_acme_resource_answers_total{resource=\"new-account\"} 1"));
    assert_non_null(strstr((const char *)text.data, "cathaya_acme_problems_total{type=\"unauthorized\"} 1"));
    assert_non_null(strstr((const char *)text.data, "cathaya_acme_commit_seconds_count 1"));
    assert_non_null(strstr((const char *)text.data, "cathaya_acme_open_requests 0"));
    builder_clear(&text);
    acme_free(w.acme);
    metrics_free(metrics);
    w.acme = former;
}

static void stopping(void **state)
{
    (void)state;
    acme_client_open(&c);
    acme_stop(w.acme);
    (void)acme_client_post(&c, c.kid, NULL);
    expect_problem(503, "serverInternal");
    assert_true(has_header("Retry-After"));
}

static void every_algorithm(void **state)
{
    (void)state;
    for (enum jws_alg alg = JWS_ES256; alg <= JWS_EDDSA; alg++) {
        struct acme_client one;
        acme_client_init(&one, &w, alg);
        acme_client_open(&one);
        assert_int_equal(one.answer.status, 201);
        assert_int_equal(acme_client_post(&one, one.kid, NULL), 200);
        acme_client_clear(&one);
    }
    acme_client_open(&c);
    acme_world_restart(&w);
    assert_int_equal(acme_client_post(&c, c.kid, NULL), 400);
    assert_int_equal(acme_client_post(&c, c.kid, NULL), 200);
}

static void bad_configurations(void **state)
{
    (void)state;
    static const char *const urls_[] = {"", "https://ca.example/acme/", "ftp://x", "https://ca.example/a?b", "https://ca.example/a b", NULL};
    struct acme *acme;
    struct error err;
    struct acme_config config;
    for (size_t i = 0; i < LENGTH(urls_); i++) {
        config = w.config;
        config.base_url = urls_[i];
        assert_says(acme_new(&config, &w.ports, &acme, &err), &err, STATUS_USAGE, "base URL");
    }
    config = w.config;
    config.default_profile = "other";
    assert_says(acme_new(&config, &w.ports, &acme, &err), &err, STATUS_USAGE, "default profile");
    config = w.config;
    config.is_eab_required = true;
    assert_says(acme_new(&config, &w.ports, &acme, &err), &err, STATUS_USAGE, "EAB");
    config = w.config;
    struct acme_eab_key weak = {"weak", bytes_of("0123456789", 10), false};
    config.eab_keys = &weak;
    config.eab_key_count = 1;
    assert_says(acme_new(&config, &w.ports, &acme, &err), &err, STATUS_USAGE, "shorter than 32");
    config = w.config;
    config.limits.public_suffix_file = "/nonexistent/list";
    assert_says(acme_new(&config, &w.ports, &acme, &err), &err, STATUS_USAGE, "public suffix");
    config = w.config;
    config.base_url = "https://other.example";
    assert_says(acme_reload(w.acme, &config, &err), &err, STATUS_USAGE, "cannot change");
    assert_int_equal(acme_client_send(&c, "GET", URL "/directory", NULL, NULL, NULL), 200);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(directory),       CASE(directory_with_everything), CASE(nonces),         CASE(methods_and_paths),
        CASE(browsers),        CASE(content_types),             CASE(bodies),         CASE(algorithms),
        CASE(bad_keys),        CASE(signatures),                CASE(replayed_nonces), CASE(urls),
        CASE(kids),            CASE(payloads),                  CASE(commits),        CASE(failing_commit),
        CASE(pipelining),      CASE(same_key_twice),            CASE(too_many),       CASE(nonce_window),   CASE(counted),
        CASE(stopping),        CASE(every_algorithm),           CASE(bad_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
