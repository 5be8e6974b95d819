/* The client against the real server, over a wire that loses answers, is busy, and lies. */
#include "service/acme_client/acme_client.h"
#include "crypto/csr_make.h"
#include "crypto/hash.h"
#include "unit/service/acme_client/wire.h"

#define DIRECTORY ACME_WORLD_URL "/directory"
#define BAD_NONCE "{\"type\":\"urn:ietf:params:acme:error:badNonce\"}"

struct solver {
    unsigned provisioned, cleaned;
    char identifier[256], token[128], key_authorization[256];
    enum status status;
    struct acme_client_challenge challenge;
    bool is_held; /* done is called by the test */
    acme_client_provisioned *done;
    void *cookie;
};

struct world {
    struct acme_world w;
    struct wire wire;
    struct solver solver;
    struct algorithms *algorithms;
    struct private_key *key;
    struct acme_client *client;
    struct acme_client_config config;
    EVP_PKEY *pkey;
    struct bytes csr;
    unsigned started, issued, fetched, steps[3];
    enum status status;
    struct error err;
    char url[ACME_CLIENT_URL_MAX], alternate[ACME_CLIENT_URL_MAX], chain[256];
    int http_status;
    int64_t retry_after_s;
};

static void provision(void *solver, const struct acme_client_challenge *c, acme_client_provisioned *done, void *cookie)
{
    struct solver *s = solver;
    struct error err = {.status = STATUS_OK};
    s->provisioned++;
    s->challenge = *c;
    (void)snprintf(s->identifier, sizeof s->identifier, "%s", c->identifier);
    (void)snprintf(s->token, sizeof s->token, "%s", c->token);
    (void)snprintf(s->key_authorization, sizeof s->key_authorization, "%s", c->key_authorization);
    if (s->status != STATUS_OK)
        (void)error_set(&err, s->status, "the solver does not want to");
    s->done = done;
    s->cookie = cookie;
    if (!s->is_held)
        done(cookie, err.status, &err);
}

static void clean(void *solver, const struct acme_client_challenge *c)
{
    struct solver *s = solver;
    s->cleaned++;
    assert_string_equal(c->token, s->token);
    assert_string_equal(c->identifier, s->identifier);
}

static void on_started(void *cookie, enum status status, const struct error *err)
{
    struct world *t = cookie;
    t->started++;
    t->status = status;
    t->err = *err;
}

static void on_issued(void *cookie, enum status status, const struct acme_client_certificate *c, int64_t retry_after_s,
                      const struct error *err)
{
    struct world *t = cookie;
    t->retry_after_s = retry_after_s;
    t->issued++;
    t->status = status;
    t->err = *err;
    assert_int_equal(c != NULL, status == STATUS_OK);
    if (c == NULL)
        return;
    (void)snprintf(t->url, sizeof t->url, "%s", c->url);
    (void)snprintf(t->alternate, sizeof t->alternate, "%s", c->alternate_url);
    (void)snprintf(t->chain, sizeof t->chain, "%.*s", (int)c->chain.len, (const char *)c->chain.data);
}

static void progress(void *cookie, enum acme_client_step step)
{
    struct world *t = cookie;
    t->steps[step]++;
    if (step > ACME_CLIENT_ORDERED)
        assert_true(t->steps[step - 1] > 0);
}

static void on_fetched(void *cookie, int http_status, struct bytes body, int64_t retry_after_s, const struct error *err)
{
    struct world *t = cookie;
    t->fetched++;
    t->http_status = http_status;
    t->retry_after_s = retry_after_s;
    t->err = *err;
    (void)snprintf(t->chain, sizeof t->chain, "%.*s", (int)body.len, (const char *)body.data);
}

static void make_client(struct world *t)
{
    struct error err;
    OK(acme_client_new(&t->config, &t->client, &err));
}

static void start(struct world *t)
{
    acme_client_start(t->client, on_started, t);
    assert_int_equal(t->started, 0);
    acme_world_run(&t->w);
}

static void begin(struct world *t)
{
    struct error err;
    *t = (struct world){.started = 0};
    acme_world_init(&t->w);
    acme_world_start(&t->w);
    t->wire.world = &t->w;
    builder_init(&t->wire.log, (size_t)1 << 20);
    OK(algorithms_new(&t->algorithms, &err));
    OK(private_key_generate(algorithms_by_name(t->algorithms, bytes_of_text("ecdsa_p256_sha256")), &t->key, &err));
    t->pkey = maker_key("EC", "P-256", 0);
    t->csr = maker_csr(t->pkey, "DNS:www.example.com", (struct maker_signing){.digest = "SHA256"});
    t->config = (struct acme_client_config){
        .directory_url = DIRECTORY, .key = t->key, .contact = "mailto:a@example.com", .challenge = "http-01", .solver = &t->solver,
        .provision = provision, .clean = clean, .progress = progress, .fetch = wire_port(&t->wire), .timer = t->w.timer, .timeout_ms = 1000, .polls_max = 10};
    make_client(t);
}

static void begin_started(struct world *t)
{
    begin(t);
    start(t);
    assert_int_equal(t->started, 1);
    assert_int_equal(t->status, STATUS_OK);
    builder_reset(&t->wire.log);
}

static void end(struct world *t)
{
    assert_int_equal(t->wire.under_way, 0);
    assert_int_equal(t->solver.provisioned, t->solver.cleaned);
    acme_client_free(t->client);
    acme_world_clear(&t->w);
    private_key_free(t->key);
    algorithms_free(t->algorithms);
    builder_clear(&t->wire.log);
    heap_free(t->csr);
    EVP_PKEY_free(t->pkey);
}

static struct wire_fault *fault(struct world *t, const char *method, const char *part, unsigned times)
{
    assert_true(t->wire.fault_count < WIRE_FAULTS_MAX);
    struct wire_fault *f = &t->wire.faults[t->wire.fault_count++];
    *f = (struct wire_fault){.method = method, .part = part, .times = times};
    return f;
}

static void busy(struct world *t, const char *method, const char *part, unsigned times, int status, const char *headers)
{
    struct wire_fault *f = fault(t, method, part, times);
    f->status = status;
    f->headers = headers;
    f->body = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"not so fast\"}";
}

/* Without waiting for anything. */
static void issue(struct world *t, const char *name)
{
    struct error err;
    struct acme_client_request request = {.names = &name, .name_count = 1, .csr = t->csr};
    t->issued = 0;
    OK(acme_client_issue(t->client, &request, on_issued, t, &err));
    assert_int_equal(t->issued, 0);
    acme_world_run(&t->w);
}

static void want_certificate(struct world *t)
{
    if (t->issued != 1 || t->status != STATUS_OK)
        fail_msg("%u issued: %s", t->issued, t->err.text);
    assert_non_null(strstr(t->url, ACME_WORLD_URL "/"));
    assert_non_null(strstr(t->chain, "standalone with properties"));
    assert_int_equal(t->solver.provisioned, t->solver.cleaned);
}

static void want_failure(struct world *t, enum status status, const char *what)
{
    assert_int_equal(t->issued, 1);
    assert_int_equal(t->status, status);
    if (strstr(t->err.text, what) == NULL)
        fail_msg("%s: not about %s", t->err.text, what);
    assert_int_equal(t->solver.provisioned, t->solver.cleaned);
}

/* ---- account ---- */

static void test_account(void **state)
{
    struct world t;
    char account[ACME_CLIENT_URL_MAX];
    (void)state;
    begin_started(&t);
    (void)snprintf(account, sizeof account, "%s", acme_client_account(t.client));
    assert_non_null(strstr(account, ACME_WORLD_URL "/"));
    /* A new process with the same key has the same account; and so has a second start. */
    acme_client_free(t.client);
    make_client(&t);
    assert_string_equal(acme_client_account(t.client), "");
    for (unsigned i = 0; i < 2; i++) {
        t.started = 0;
        start(&t);
        assert_int_equal(t.status, STATUS_OK);
        assert_string_equal(acme_client_account(t.client), account);
    }
    end(&t);
}

static void test_no_start(void **state)
{
    static const struct {
        const char *method, *part;
        struct wire_fault fault;
        enum status status;
    } cases[] = {
        {"GET", "directory", {.failure = FETCH_CONNECT}, STATUS_IO},
        {"GET", "directory", {.failure = FETCH_TLS}, STATUS_IO},
        {"GET", "directory", {.status = 200, .body = "no JSON"}, STATUS_REFUSED},
        {"GET", "directory", {.status = 200, .body = "{\"newNonce\":1}"}, STATUS_REFUSED},
        {"GET", "directory", {.status = 200, .body = "{\"newNonce\":\"https://a.example/\",\"newAccount\":\"https://a.example/\\\"\",\"newOrder\":\"https://a.example/\"}"}, STATUS_REFUSED},
        {"GET", "directory", {.status = 200, .body = "{\"newNonce\":\"http://a.example/\",\"newAccount\":\"http://a.example/x\",\"newOrder\":\"http://a.example/\"}"}, STATUS_REFUSED},
        {"GET", "directory", {.status = 302, .headers = "Location: https://a.example/\r\n"}, STATUS_REFUSED},
        {"GET", "directory", {.status = 200, .body = "{}", .is_cut = true}, STATUS_REFUSED},
        {"HEAD", "new-nonce", {.status = 200}, STATUS_IO},
        {"HEAD", "new-nonce", {.status = 200, .headers = "Replay-Nonce: \"no,nonce\"\r\n"}, STATUS_IO},
        {"POST", "new-account", {.status = 201, .body = "{}"}, STATUS_REFUSED},
        {"POST", "new-account", {.status = 201, .headers = "Location: /relative\r\n", .body = "{}"}, STATUS_REFUSED},
        {"POST", "new-account", {.status = 403, .body = "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"gone\"}"}, STATUS_REFUSED},
        {"POST", "new-account", {.failure = FETCH_TIMEOUT}, STATUS_IO},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct world t;
        begin(&t);
        struct wire_fault *f = fault(&t, cases[i].method, cases[i].part, 1);
        *f = cases[i].fault;
        f->method = cases[i].method;
        f->part = cases[i].part;
        f->times = 1;
        start(&t);
        assert_int_equal(t.started, 1);
        if (t.status != cases[i].status)
            fail_msg("case %zu: %s", i, t.err.text);
        assert_string_not_equal(t.err.text, "");
        end(&t);
    }
}

static void test_usage(void **state)
{
    struct world t;
    struct error err;
    struct acme_client *client;
    const char *name = "www.example.com", *bad = "\xff.example.com";
    char path[ACME_CLIENT_URL_MAX + 1];
    (void)state;
    begin(&t);
    struct acme_client_request request = {.names = &name, .name_count = 1, .csr = t.csr};
    assert_int_equal(acme_client_issue(t.client, &request, on_issued, &t, &err), STATUS_USAGE); /* no account */
    start(&t);
    request.name_count = 0;
    assert_int_equal(acme_client_issue(t.client, &request, on_issued, &t, &err), STATUS_USAGE);
    request.name_count = ACME_CLIENT_NAMES_MAX + 1;
    assert_int_equal(acme_client_issue(t.client, &request, on_issued, &t, &err), STATUS_USAGE);
    request = (struct acme_client_request){.names = &bad, .name_count = 1, .csr = t.csr};
    assert_int_equal(acme_client_issue(t.client, &request, on_issued, &t, &err), STATUS_USAGE);
    struct acme_client_config config = t.config;
    config.directory_url = "ftp://ca.example/directory";
    assert_int_equal(acme_client_new(&config, &client, &err), STATUS_USAGE);
    config = t.config;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    config.ca_file = path;
    assert_int_equal(acme_client_new(&config, &client, &err), STATUS_USAGE);
    config = t.config;
    struct private_key *other;
    OK(private_key_generate(algorithms_by_name(t.algorithms, bytes_of_text("sm2_sm3")), &other, &err));
    config.key = other;
    assert_int_equal(acme_client_new(&config, &client, &err), STATUS_USAGE);
    private_key_free(other);
    assert_int_equal(t.issued, 0);
    end(&t);
}

/* ---- orders ---- */

static void test_issue(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    issue(&t, "www.example.com");
    want_certificate(&t);
    assert_int_equal(t.solver.provisioned, 1);
    assert_string_equal(t.solver.identifier, "www.example.com");
    assert_memory_equal(t.solver.key_authorization, t.solver.token, strlen(t.solver.token));
    assert_non_null(strstr(t.alternate, ACME_WORLD_URL "/"));
    for (size_t i = 0; i < LENGTH(t.steps); i++)
        assert_int_equal(t.steps[i], 1);
    /* Once more: the authorization is still good, the order is ready at once. */
    builder_reset(&t.wire.log);
    issue(&t, "www.example.com");
    want_certificate(&t);
    assert_int_equal(t.solver.provisioned, 1);
    assert_int_equal(wire_count(&t.wire, "POST /"), 3);
    assert_int_equal(wire_count(&t.wire, "HEAD /"), 0);
    end(&t);
}

static void test_many(void **state)
{
    struct world t;
    static const char *const names[] = {"www.example.com", "*.example.com", "example.com"};
    struct error err;
    (void)state;
    begin(&t);
    t.config.challenge = "dns-01";
    acme_client_free(t.client);
    make_client(&t);
    start(&t);
    heap_free(t.csr);
    t.csr = maker_csr(t.pkey, "DNS:www.example.com,DNS:*.example.com,DNS:example.com", (struct maker_signing){.digest = "SHA256"});
    struct acme_client_request request = {.names = names, .name_count = LENGTH(names), .csr = t.csr, .profile = "gm-mtc"};
    /* Several at a time. */
    for (unsigned i = 0; i < 5; i++) /* more certificates for one set of names are refused */
        OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    assert_int_equal(t.issued, 5);
    if (t.status != STATUS_OK)
        fail_msg("%s", t.err.text);
    assert_true(t.solver.provisioned >= 3);
    end(&t);
}

static void test_alternate(void **state)
{
    struct world t;
    struct error err;
    (void)state;
    begin_started(&t);
    issue(&t, "www.example.com");
    want_certificate(&t);
    OK(acme_client_fetch(t.client, t.alternate, NULL, on_fetched, &t, &err));
    acme_world_run(&t.w);
    assert_int_equal(t.fetched, 1);
    assert_int_equal(t.http_status, 202);
    assert_int_equal(t.retry_after_s, 60);
    t.w.has_landmark = true;
    OK(acme_client_fetch(t.client, t.alternate, NULL, on_fetched, &t, &err));
    acme_world_run(&t.w);
    assert_int_equal(t.http_status, 200);
    assert_non_null(strstr(t.chain, "landmark"));
    fault(&t, "POST", "/", 1)->failure = FETCH_TLS;
    OK(acme_client_fetch(t.client, t.alternate, NULL, on_fetched, &t, &err));
    acme_world_run(&t.w);
    assert_int_equal(t.http_status, 0);
    assert_int_equal(t.fetched, 3);
    OK(acme_client_fetch(t.client, "nowhere", NULL, on_fetched, &t, &err));
    acme_world_run(&t.w);
    assert_int_equal(t.http_status, 0);
    end(&t);
}

static void test_refused(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    issue(&t, "no_name");
    want_failure(&t, STATUS_REFUSED, "400");
    t.w.problem = "connection";
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_REFUSED, "the test says so");
    assert_int_equal(t.solver.provisioned, 1);
    t.w.problem = NULL;
    t.solver.status = STATUS_IO;
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_IO, "does not want");
    t.solver.status = STATUS_OK;
    issue(&t, "other.example.com"); /* the CSR is for another name */
    want_failure(&t, STATUS_REFUSED, "badCSR");
    t.w.issue_status = STATUS_REFUSED;
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_REFUSED, "");
    t.wire.is_refusing = true;
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_LIMIT, "too many");
    t.wire.is_refusing = false;
    end(&t);
}

/* Validation and issuance take longer than the server holds an answer. */
static void test_slow(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    t.w.is_validation_held = t.w.is_issuance_held = true;
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, t.w.config.challenge_wait_ms + 2000);
    assert_int_equal(t.issued, 0);
    t.w.is_validation_held = false;
    acme_world_advance(&t.w, 5000);
    assert_int_equal(t.issued, 0);
    assert_int_equal(t.solver.cleaned, 1);
    t.w.is_issuance_held = false;
    acme_world_advance(&t.w, 5000);
    want_certificate(&t);
    assert_int_equal(t.w.issuance_total, 1);
    /* And one that never ends. */
    t.w.is_issuance_held = true;
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, 10 * 60 * 1000);
    want_failure(&t, STATUS_AGAIN, "no end");
    t.w.is_issuance_held = false;
    acme_world_run(&t.w);
    end(&t);
}

/* ---- nonces ---- */

static void test_bad_nonce(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    acme_world_restart(&t.w); /* it has forgotten all nonces */
    issue(&t, "www.example.com");
    want_certificate(&t);
    builder_reset(&t.wire.log);
    struct wire_fault *f = fault(&t, "POST", "new-order", 3);
    f->status = 400;
    f->body = BAD_NONCE;
    issue(&t, "www.example.com");
    want_certificate(&t);
    assert_int_equal(wire_count(&t.wire, "POST /new-order"), 4);
    f->times = 4;
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_REFUSED, "badNonce");
    assert_int_equal(f->times, 0);
    end(&t);
}

/* ---- a server that is busy, or not there ---- */

static void test_busy(void **state)
{
    static const struct {
        const char *method, *part;
    } steps[] = {{"HEAD", "new-nonce"}, {"POST", "new-order"}, {"POST", "/authz/"}, {"POST", "/challenge/"}, {"POST", "/finalize"}, {"POST", "/certificate/"}};
    (void)state;
    for (size_t i = 0; i < LENGTH(steps); i++) {
        struct world t;
        begin_started(&t);
        if (i == 0) {
            struct wire_fault *f = fault(&t, "POST", "new-order", 1);
            f->status = 400;
            f->body = BAD_NONCE;
        }
        busy(&t, steps[i].method, steps[i].part, 2, i % 2 == 0 ? 503 : 429, "Retry-After: 7\r\n");
        issue(&t, "www.example.com");
        assert_int_equal(t.issued, 0);
        acme_world_advance(&t.w, 6900);
        assert_int_equal(t.issued, 0);
        acme_world_advance(&t.w, 7200);
        if (t.issued != 1)
            fail_msg("step %zu: %.*s", i, (int)t.wire.log.len, (const char *)t.wire.log.data);
        want_certificate(&t);
        end(&t);
    }
}

static void test_too_busy(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    busy(&t, "POST", "/finalize", 1, 429, "Retry-After: 3600\r\n");
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_AGAIN, "not so fast");
    busy(&t, "POST", "/new-order", 100, 503, NULL);
    builder_reset(&t.wire.log);
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, 10 * 60 * 1000);
    want_failure(&t, STATUS_AGAIN, "503");
    assert_int_equal(wire_count(&t.wire, "POST /new-order"), 7);
    end(&t);
}

static void test_gone(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    fault(&t, "POST", "/", 3)->failure = FETCH_CONNECT;
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, 10000);
    want_certificate(&t);
    fault(&t, "POST", "/", 1000)->failure = FETCH_CONNECT;
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, 10 * 60 * 1000);
    want_failure(&t, STATUS_IO, "the test says so");
    end(&t);
}

/* The server did it, and the client does not know. */
static void test_lost_answers(void **state)
{
    static const char *const steps[] = {"/authz/", "/challenge/", "/finalize", "/certificate/"};
    (void)state;
    for (size_t i = 0; i < LENGTH(steps); i++)
        for (unsigned k = 0; k < 2; k++) {
            struct world t;
            begin_started(&t);
            struct wire_fault *f = fault(&t, "POST", steps[i], 1);
            f->failure = k == 0 ? FETCH_TIMEOUT : FETCH_PROTOCOL;
            f->is_after = true;
            issue(&t, "www.example.com");
            acme_world_advance(&t.w, 60000);
            want_certificate(&t);
            assert_int_equal(t.w.issuance_total, 1);
            end(&t);
        }
}

/* ---- a server that lies ---- */

static void test_lies(void **state)
{
    static const struct {
        const char *part, *headers, *body;
        int status;
    } cases[] = {
        {"new-order", "Location: https://ca.example/o\r\n", "no JSON", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "[]", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "{\"status\":\"pending\",\"authorizations\":[],\"finalize\":\"https://ca.example/f\"}", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "{\"status\":\"pending\",\"authorizations\":[7],\"finalize\":\"https://ca.example/f\"}", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "{\"status\":\"pending\",\"authorizations\":[\"file:///etc/passwd\"],\"finalize\":\"https://ca.example/f\"}", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "{\"status\":\"pending\",\"authorizations\":{\"a\":1},\"finalize\":\"https://ca.example/f\"}", 201},
        {"new-order", NULL, "{\"status\":\"pending\",\"authorizations\":[\"https://ca.example/a\"],\"finalize\":\"https://ca.example/f\"}", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "{\"status\":\"invalid\",\"authorizations\":[\"https://ca.example/a\"],\"finalize\":\"https://ca.example/f\"}", 201},
        {"new-order", "Location: https://ca.example/o\r\n", "{\"authorizations\":[\"https://ca.example/a\"],\"finalize\":\"https://ca.example/f\"}", 201},
        {"/authz/", NULL, "{\"status\":\"pending\",\"identifier\":{\"value\":\"www.example.com\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"../../etc/passwd\"}]}", 200},
        {"/authz/", NULL, "{\"status\":\"pending\",\"identifier\":{\"value\":\"www.example.com\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"\"}]}", 200},
        {"/authz/", NULL, "{\"status\":\"pending\",\"identifier\":{\"value\":\"a/../b\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"abc\"}]}", 200},
        {"/authz/", NULL, "{\"status\":\"pending\",\"identifier\":{\"value\":\"www.example.com\"},\"challenges\":[{\"type\":\"dns-01\",\"url\":\"https://ca.example/c\",\"token\":\"abc\"}]}", 200},
        {"/authz/", NULL, "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"other.example\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"abc\"}]}", 200},
        {"/authz/", NULL, "{\"status\":\"pending\",\"identifier\":{\"type\":\"ip\",\"value\":\"127.0.0.1\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"abc\"}]}", 200},
        {"/authz/", NULL, "{\"status\":\"invalid\",\"challenges\":[{\"error\":{\"detail\":\"because\"}}]}", 200},
        {"/challenge/", NULL, "{\"status\":\"invalid\",\"error\":{\"detail\":\"because\"}}", 200},
        {"/challenge/", NULL, "{}", 200},
        {"/finalize", NULL, "{\"status\":\"valid\"}", 200},
        {"/finalize", NULL, "{\"status\":\"valid\",\"certificate\":\"http://ca.example/no-tls\"}", 200},
        {"/finalize", NULL, "{\"status\":\"invalid\",\"error\":{\"detail\":\"because\"}}", 200},
        {"/certificate/", NULL, "", 200},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct world t;
        begin_started(&t);
        struct wire_fault *f = fault(&t, "POST", cases[i].part, 1);
        f->status = cases[i].status;
        f->headers = cases[i].headers;
        f->body = cases[i].body;
        issue(&t, "www.example.com");
        acme_world_advance(&t.w, 60000);
        if (t.issued != 1 || t.status != STATUS_REFUSED)
            fail_msg("case %zu: %s", i, t.err.text);
        if (strstr(cases[i].body, "because") != NULL)
            want_failure(&t, STATUS_REFUSED, "because");
        end(&t);
    }
}

/* "processing" for ever, and "ready" for ever. */
static void test_no_end(void **state)
{
    static const char *const bodies[] = {"{\"status\":\"processing\"}", "{\"status\":\"ready\"}", "{\"status\":\"pending\"}"};
    (void)state;
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        struct world t;
        begin_started(&t);
        for (unsigned k = 0; k < 2; k++) {
            struct wire_fault *f = fault(&t, "POST", k == 0 ? "/finalize" : "/order/", 1000);
            f->status = 200;
            f->body = bodies[i];
        }
        issue(&t, "www.example.com");
        acme_world_advance(&t.w, 10 * 60 * 1000);
        want_failure(&t, STATUS_AGAIN, "no end");
        end(&t);
    }
}

/* However slow a server is, an order ends in its time. */
static void test_late(void **state)
{
    struct world t;
    (void)state;
    begin(&t);
    acme_client_free(t.client);
    t.config.clock = t.w.clock;
    t.config.order_s = 120;
    t.config.polls_max = 1000;
    make_client(&t);
    start(&t);
    for (unsigned k = 0; k < 2; k++) {
        struct wire_fault *f = fault(&t, "POST", k == 0 ? "/finalize" : "/order/", 1000);
        f->status = 200;
        f->headers = "Retry-After: 50\r\n";
        f->body = "{\"status\":\"processing\"}";
    }
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, 100 * 1000);
    assert_int_equal(t.issued, 0);
    acme_world_advance(&t.w, 60 * 1000);
    want_failure(&t, STATUS_AGAIN, "no end");
    end(&t);
}

/* ---- what takes its time ---- */

static void test_slow_provision(void **state)
{
    struct world t;
    struct error err = {.status = STATUS_OK};
    (void)state;
    begin_started(&t);
    t.solver.is_held = true;
    issue(&t, "www.example.com");
    acme_world_advance(&t.w, 60000);
    assert_int_equal(t.issued, 0);
    assert_int_equal(wire_count(&t.wire, "/challenge/"), 0); /* nothing is said before it can be seen */
    assert_int_equal(t.solver.cleaned, 0);
    t.solver.done(t.solver.cookie, STATUS_OK, &err);
    acme_world_run(&t.w);
    want_certificate(&t);
    end(&t);
}

/* What the three types show comes from one key authorization. */
static void test_challenge_values(void **state)
{
    static const char *const types[] = {"http-01", "tls-alpn-01", "dns-01"};
    (void)state;
    for (size_t i = 0; i < LENGTH(types); i++) {
        struct world t;
        uint8_t digest[32];
        struct builder text;
        begin(&t);
        t.config.challenge = types[i];
        acme_client_free(t.client);
        make_client(&t);
        start(&t);
        issue(&t, "www.example.com");
        want_certificate(&t);
        const struct bytes shown = bytes_of_text(t.solver.key_authorization);
        assert_true(hash_label_sha256(&shown, 1, digest));
        assert_memory_equal(t.solver.challenge.digest, digest, sizeof digest);
        builder_init(&text, 64);
        text_write_base64url(&text, BYTES_OF(digest));
        builder_u8(&text, 0);
        assert_string_equal(t.solver.challenge.dns_value, (const char *)text.data);
        assert_false(t.solver.challenge.is_ip);
        builder_clear(&text);
        end(&t);
    }
}

static void test_address(void **state)
{
    struct world t;
    struct error err;
    static const char *const names[] = {"192.0.2.7", "2001:db8::7"};
    (void)state;
    begin_started(&t);
    heap_free(t.csr);
    struct builder key, csr;
    builder_init(&key, 16384);
    builder_init(&csr, 16384);
    OK(csr_make_key("p256", &key, &err));
    OK(csr_make_request(builder_view(&key), names, 2, &csr, &err));
    t.csr = heap_copy(builder_view(&csr));
    builder_clear(&key);
    builder_clear(&csr);
    struct acme_client_request request = {.names = names, .name_count = 2, .csr = t.csr};
    OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    want_certificate(&t);
    assert_true(t.solver.challenge.is_ip);
    assert_int_equal(t.solver.provisioned, 2);
    end(&t);
}

/* ---- account ---- */

static const uint8_t eab_secret[32] = {1, 2, 3};

static void test_binding(void **state)
{
    static const struct acme_eab_key keys[] = {{.kid = "customer-1", .key = {eab_secret, sizeof eab_secret}, .is_reusable = false}};
    static const struct {
        const char *kid;
        uint8_t first;
        bool is_existing_only, is_good;
    } cases[] = {{NULL, 0, false, false}, {"customer-1", 1, false, true}, {"customer-1", 9, false, false}, {"customer-2", 1, false, false},
                 {"customer-1", 1, true, false}};
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct world t;
        uint8_t secret[32];
        begin(&t);
        acme_client_free(t.client);
        acme_world_clear(&t.w);
        acme_world_init(&t.w);
        t.w.config.is_eab_required = true;
        t.w.config.eab_keys = keys;
        t.w.config.eab_key_count = 1;
        acme_world_start(&t.w);
        memcpy(secret, eab_secret, sizeof secret);
        secret[0] = cases[i].first;
        t.config.eab_kid = cases[i].kid;
        t.config.eab_key = BYTES_OF(secret);
        t.config.is_existing_only = cases[i].is_existing_only;
        t.config.timer = t.w.timer;
        make_client(&t);
        start(&t);
        assert_int_equal(t.started, 1);
        if ((t.status == STATUS_OK) != cases[i].is_good)
            fail_msg("case %zu: %s", i, t.err.text);
        assert_int_equal(acme_client_is_started(t.client), cases[i].is_good);
        if (cases[i].is_good) { /* the account is there: found by its key, without making one */
            t.config.is_existing_only = true;
            acme_client_free(t.client);
            make_client(&t);
            t.started = 0;
            start(&t);
            assert_int_equal(t.status, STATUS_OK);
        }
        end(&t);
    }
}

static void test_waiters(void **state)
{
    struct world t;
    (void)state;
    begin(&t);
    for (unsigned i = 0; i < 300; i++)
        acme_client_start(t.client, on_started, &t);
    assert_int_equal(t.started, 0);
    acme_world_run(&t.w);
    assert_int_equal(t.started, 300);
    assert_int_equal(wire_count(&t.wire, "POST /new-account"), 1);
    end(&t);
}

static void test_account_gone(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    struct wire_fault *f = fault(&t, "POST", "new-order", 1);
    f->status = 400;
    f->body = "{\"type\":\"urn:ietf:params:acme:error:accountDoesNotExist\"}";
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_REFUSED, "accountDoesNotExist");
    assert_false(acme_client_is_started(t.client));
    t.started = 0;
    start(&t);
    issue(&t, "www.example.com");
    want_certificate(&t);
    end(&t);
}

/* ---- orders to go on with ---- */

static char kept_url[ACME_CLIENT_URL_MAX];

static enum status keep_url(void *cookie, const char *order_url, struct error *err)
{
    struct world *t = cookie;
    if (t->solver.token[0] != '\0')
        return error_set(err, STATUS_IO, "after a challenge");
    (void)snprintf(kept_url, sizeof kept_url, "%s", order_url);
    return STATUS_OK;
}

static enum status refuse_url(void *cookie, const char *order_url, struct error *err)
{
    (void)cookie, (void)order_url;
    return error_set(err, STATUS_IO, "no room to keep it");
}

static void test_resume(void **state)
{
    struct world t;
    struct error err;
    const char *name = "www.example.com";
    (void)state;
    begin_started(&t);
    struct acme_client_request request = {.names = &name, .name_count = 1, .csr = t.csr, .ordered = refuse_url};
    OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    want_failure(&t, STATUS_IO, "no room");
    assert_int_equal(t.solver.provisioned, 0);
    request.ordered = keep_url;
    t.issued = 0;
    OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    want_certificate(&t);
    /* It is valid now: downloaded again, and nothing is ordered. */
    builder_reset(&t.wire.log);
    request.order_url = kept_url;
    t.issued = 0;
    OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    want_certificate(&t);
    assert_int_equal(wire_count(&t.wire, "POST /new-order"), 0);
    assert_int_equal(wire_count(&t.wire, "/finalize"), 0);
    assert_int_equal(t.w.issuance_total, 1);
    /* One that nobody knows. */
    request.order_url = ACME_WORLD_URL "/order/99999999";
    t.issued = 0;
    OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    want_failure(&t, STATUS_NOT_FOUND, "404");
    /* Of a server that the issuer had before: it is not even asked. */
    builder_reset(&t.wire.log);
    request.order_url = "https://old.example/order/7";
    t.issued = 0;
    OK(acme_client_issue(t.client, &request, on_issued, &t, &err));
    acme_world_run(&t.w);
    want_failure(&t, STATUS_NOT_FOUND, "not an order of");
    assert_int_equal(t.wire.log.len, 0);
    request.order_url = "no URL";
    assert_int_equal(acme_client_issue(t.client, &request, on_issued, &t, &err), STATUS_USAGE);
    end(&t);
}

/* What a server that puts off says reaches whoever decides when to ask again. */
static void test_retry_after(void **state)
{
    struct world t;
    (void)state;
    begin_started(&t);
    busy(&t, "POST", "new-order", 1, 429, "Retry-After: 7200\r\n");
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_AGAIN, "429");
    assert_int_equal(t.retry_after_s, 7200);
    t.w.problem = "connection";
    issue(&t, "www.example.com");
    want_failure(&t, STATUS_REFUSED, "");
    assert_int_equal(t.retry_after_s, 0);
    end(&t);
}

/* ---- renewal information ---- */

struct advice {
    unsigned count;
    enum status status;
    int64_t start_s, end_s, retry_after_s;
};

static void on_renewal(void *cookie, enum status status, int64_t start_s, int64_t end_s, int64_t retry_after_s, const struct error *err)
{
    struct advice *a = cookie;
    assert_true(status == STATUS_OK || err->text[0] != '\0');
    *a = (struct advice){a->count + 1, status, start_s, end_s, retry_after_s};
}

static void test_renewal(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum status want;
        int64_t start_s, end_s;
    } cases[] = {
        {200, "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\",\"end\":\"2025-01-03T04:00:00Z\"}}", STATUS_OK, 1735790400, 1735876800},
        {200, "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00.123456789Z\",\"end\":\"2025-01-02T05:00:00+01:00\"}}", STATUS_OK, 1735790400, 1735790400},
        {200, "{\"suggestedWindow\":{\"start\":\"2025-01-01T23:30:00-04:30\",\"end\":\"2025-01-03T04:00:00Z\"}}", STATUS_OK, 1735790400, 1735876800},
        {200, "{\"suggestedWindow\":{\"start\":\"2025-01-03T04:00:00Z\",\"end\":\"2025-01-02T04:00:00Z\"}}", STATUS_REFUSED, 0, 0},
        {200, "{\"suggestedWindow\":{\"start\":\"2025-01-03\",\"end\":1}}", STATUS_REFUSED, 0, 0},
        {200, "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00.Z\",\"end\":\"2025-01-03T04:00:00Z\"}}", STATUS_REFUSED, 0, 0},
        {200, "[]", STATUS_REFUSED, 0, 0},
        {404, "{}", STATUS_NOT_FOUND, 0, 0},
        {500, "", STATUS_AGAIN, 0, 0},
    };
    struct world t;
    struct error err;
    struct advice a = {.count = 0};
    (void)state;
    begin(&t);
    assert_int_equal(acme_client_renewal(t.client, "AQID.BA", on_renewal, &a, &err), STATUS_USAGE);
    start(&t);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        t.wire.fault_count = 0;
        struct wire_fault *f = fault(&t, "GET", "AQID.BA", 1);
        f->status = cases[i].status;
        f->body = cases[i].body;
        f->headers = "Retry-After: 21600\r\n";
        OK(acme_client_renewal(t.client, "AQID.BA", on_renewal, &a, &err));
        acme_world_run(&t.w);
        assert_int_equal(a.count, i + 1);
        if (a.status != cases[i].want)
            fail_msg("case %zu: %d", i, a.status);
        assert_int_equal(a.retry_after_s, 21600);
        if (a.status == STATUS_OK && (a.start_s != cases[i].start_s || a.end_s != cases[i].end_s))
            fail_msg("case %zu: %lld %lld", i, (long long)a.start_s, (long long)a.end_s);
    }
    /* The real server does not know this one. */
    OK(acme_client_renewal(t.client, "AQID.BA", on_renewal, &a, &err));
    acme_world_run(&t.w);
    assert_int_equal(a.status, STATUS_NOT_FOUND);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_provision), cmocka_unit_test(test_challenge_values), cmocka_unit_test(test_address),
        cmocka_unit_test(test_binding), cmocka_unit_test(test_waiters), cmocka_unit_test(test_account_gone), cmocka_unit_test(test_resume),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_account),  cmocka_unit_test(test_no_start),  cmocka_unit_test(test_usage),
        cmocka_unit_test(test_issue),    cmocka_unit_test(test_many),      cmocka_unit_test(test_alternate),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_slow),      cmocka_unit_test(test_bad_nonce),
        cmocka_unit_test(test_busy),     cmocka_unit_test(test_too_busy),  cmocka_unit_test(test_gone),
        cmocka_unit_test(test_lost_answers), cmocka_unit_test(test_lies),  cmocka_unit_test(test_no_end), cmocka_unit_test(test_late),
    };
    return cmocka_run_group_tests_name("acme_client", tests, NULL, NULL);
}
