/* finalize and issuance [RFC8555 7.4]: exactly one certificate for an order, and none is lost. */
#include "order_steps.h"

#include "service/acme/acme_orders.h"

#define ONE "{'identifiers':[{'type':'dns','value':'www.example.com'}]}"
#define NAME "DNS:www.example.com"

struct ready {
    struct steps s;
    EVP_PKEY *key;
    char finalize[STEP_URL_SIZE + 16];
};

static void begin_ready_as(struct ready *r, const char *order)
{
    step_begin(&r->s);
    r->key = maker_key("EC", "P-256", 0);
    step_ready(&r->s, order);
    step_finalize_url(r->s.order, r->finalize);
}

static void begin_ready(struct ready *r)
{
    begin_ready_as(r, ONE);
}

static void end_ready(struct ready *r)
{
    EVP_PKEY_free(r->key);
    step_end(&r->s);
}

static size_t certificates(struct steps *s)
{
    struct acme_certificate_query query = {0};
    acme_id ids[64];
    size_t count = 0;
    struct error err;
    OK(s->w.inner.list_certificates(s->w.inner.context, &query, ids, 64, &count, &err));
    return count;
}

/* Sends finalize and lets the server hold it until it gives up. */
static void finalize_and_wait(struct ready *r)
{
    struct acme_answer answer = {0};
    char text[STEP_URL_SIZE];
    acme_client_begin(&r->s.c, r->finalize, step_csr(r->key, NAME), &answer);
    acme_world_run(&r->s.w);
    assert_false(answer.is_sent);
    acme_world_advance(&r->s.w, r->s.w.config.finalize_wait_ms);
    assert_true(answer.is_sent);
    assert_int_equal(answer.status, 200);
    assert_string_equal(acme_answer_text(&answer, "status"), "processing");
    assert_non_null(acme_answer_header(&answer, "Retry-After", 0, text));
    acme_answer_clear(&answer);
}

static void test_valid(void **state)
{
    struct ready r;
    char text[STEP_URL_SIZE], certificate[STEP_URL_SIZE];
    (void)state;
    begin_ready(&r);
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "valid");
    (void)snprintf(certificate, sizeof certificate, "%s", acme_answer_text(&r.s.c.answer, "certificate"));
    assert_string_not_equal(certificate, "");
    assert_string_equal(acme_answer_header(&r.s.c.answer, "Location", 0, text), r.s.order);
    step_want_status(&r.s.c, r.s.order, "valid");
    assert_int_equal(r.s.w.issuance_total, 1);
    assert_int_equal(certificates(&r.s), 1);
    step_want(&r.s.c, acme_client_post(&r.s.c, certificate, NULL), 200);
    /* Once more: nothing. */
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 403, "orderNotReady");
    assert_int_equal(r.s.w.issuance_total, 1);
    end_ready(&r);
}

static void test_not_ready(void **state)
{
    struct steps s;
    struct acme_client other;
    char text[STEP_URL_SIZE + 16];
    EVP_PKEY *key = maker_key("EC", "P-256", 0);
    (void)state;
    step_begin(&s);
    step_order(&s, ONE);
    step_want_problem(&s.c, step_finalize(&s.c, s.order, key, NAME), 403, "orderNotReady");
    step_ready(&s, ONE);
    acme_client_init(&other, &s.w, JWS_ES256);
    acme_client_open(&other);
    step_want_problem(&other, step_finalize(&other, s.order, key, NAME), 403, "unauthorized");
    acme_client_clear(&other);
    step_want_problem(&s.c, acme_client_post(&s.c, step_finalize_url(s.order, text), json_object()), 400, "malformed");
    acme_world_advance(&s.w, s.w.config.order_lifetime_s * 1000);
    step_want_problem(&s.c, step_finalize(&s.c, s.order, key, NAME), 403, "orderNotReady");
    assert_int_equal(s.w.issuance_total, 0);
    EVP_PKEY_free(key);
    step_end(&s);
}

static void test_bad_csr(void **state)
{
    static const char *const names[] = {"DNS:other.example.com", "DNS:www.example.com,DNS:more.example.com",
                                        "DNS:*.example.com", "IP:192.0.2.1", "DNS:www.example.com,email:a@example.com", NULL};
    struct ready r;
    (void)state;
    begin_ready(&r);
    for (size_t i = 0; i < LENGTH(names); i++)
        step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, names[i]), 400, "badCSR");
    /* Not what its signature is of. */
    struct bytes csr = maker_csr(r.key, NAME, (struct maker_signing){.digest = "SHA256"});
    ((uint8_t *)(uintptr_t)csr.data)[csr.len - 1] ^= 1;
    step_want_problem(&r.s.c, acme_client_post(&r.s.c, r.finalize, step_csr_json(csr)), 400, "badCSR");
    csr = heap_copy(bytes_of_text("no request"));
    step_want_problem(&r.s.c, acme_client_post(&r.s.c, r.finalize, step_csr_json(csr)), 400, "badCSR");
    step_want_problem(&r.s.c, acme_client_post(&r.s.c, r.finalize, step_json("{'csr':'a+b='}")), 400, "badCSR");
    step_want_problem(&r.s.c, acme_client_post(&r.s.c, r.finalize, step_json("{'csr':7}")), 400, "malformed");
    /* The account's own key, and one that the profile has not. */
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.s.c.pkey, NAME), 400, "badCSR");
    step_says(&r.s.c, "account");
    EVP_PKEY *p384 = maker_key("EC", "P-384", 0);
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, p384, NAME), 400, "badCSR");
    step_says(&r.s.c, "P-384");
    EVP_PKEY_free(p384);
    /* After all that it is still ready. */
    step_want_status(&r.s.c, r.s.order, "ready");
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, "DNS:WWW.example.com,DNS:www.example.com"), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "valid");
    end_ready(&r);
}

static void test_fewer_names(void **state)
{
    struct ready r;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'www.example.com'},{'type':'ip','value':'2001:db8::1'}]}");
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 400, "badCSR");
    step_says(&r.s.c, "2001:db8::1");
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME ",IP:2001:DB8::1"), 200);
    end_ready(&r);
}

/* The maker's requests have the common name www.example.com. */
static void test_common_name(void **state)
{
    struct ready r;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'other.example.com'}]}");
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, "DNS:other.example.com"), 400, "badCSR");
    step_says(&r.s.c, "common name");
    end_ready(&r);
}

/* A day later than when it was ordered. */
static void test_dates_are_over(void **state)
{
    struct ready r;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'notBefore':'2027-01-15T08:00:00Z'}");
    acme_world_advance(&r.s.w, 86400 * 1000);
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 403, "malformed");
    step_says(&r.s.c, "notBefore");
    assert_int_equal(r.s.w.issuance_total, 0);
    end_ready(&r);
}

static void test_profile_by_key(void **state)
{
    struct steps s;
    EVP_PKEY *keys[2] = {maker_key("SM2", NULL, 0), maker_key("EC", "P-256", 0)};
    static const char *const want[2] = {"gm-mtc", "intl-classic"};
    (void)state;
    step_init(&s);
    s.w.config.default_profile = "intl-classic";
    s.w.config.default_profile_sm2 = "gm-mtc";
    s.w.profiles[1].keys = PROFILE_KEY_P256;
    step_start(&s);
    for (size_t i = 0; i < 2; i++) {
        step_ready(&s, ONE);
        step_want(&s.c, step_finalize(&s.c, s.order, keys[i], NAME), 200);
        assert_string_equal(acme_answer_text(&s.c.answer, "status"), "valid");
        assert_string_equal(acme_answer_text(&s.c.answer, "profile"), want[i]);
    }
    /* Named, it stays. */
    step_ready(&s, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'intl-classic'}");
    step_want_problem(&s.c, step_finalize(&s.c, s.order, keys[0], NAME), 400, "badCSR");
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
    step_end(&s);
}

static void test_profile_is_gone(void **state)
{
    struct ready r;
    struct error err;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'gm-intranet'}");
    struct acme_config less = r.s.w.config;
    less.profile_count = 2;
    OK(acme_reload(r.s.w.acme, &less, &err));
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 400, "invalidProfile");
    end_ready(&r);
}

/* Both were looked at before one of them was decided. */
static void test_race(void **state)
{
    struct ready r;
    struct acme_answer answers[2] = {{0}, {0}};
    EVP_PKEY *other = maker_key("EC", "P-256", 0);
    (void)state;
    begin_ready(&r);
    acme_client_begin(&r.s.c, r.finalize, step_csr(r.key, NAME), &answers[0]);
    acme_client_begin(&r.s.c, r.finalize, step_csr(other, NAME), &answers[1]);
    acme_world_run(&r.s.w);
    assert_true(answers[0].is_sent && answers[1].is_sent);
    int good = answers[0].status == 200 ? 0 : 1;
    assert_int_equal(answers[good].status, 200);
    assert_string_equal(acme_answer_text(&answers[good], "status"), "valid");
    assert_int_equal(answers[1 - good].status, 403);
    assert_string_equal(acme_answer_text(&answers[1 - good], "type"), "urn:ietf:params:acme:error:orderNotReady");
    assert_int_equal(r.s.w.issuance_total, 1);
    assert_int_equal(certificates(&r.s), 1);
    acme_answer_clear(&answers[0]);
    acme_answer_clear(&answers[1]);
    EVP_PKEY_free(other);
    end_ready(&r);
}

static void test_slow_issuer(void **state)
{
    struct ready r;
    (void)state;
    begin_ready(&r);
    r.s.w.is_issuance_held = true;
    finalize_and_wait(&r);
    step_want_status(&r.s.c, r.s.order, "processing");
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 403, "orderNotReady");
    /* A processing order does not expire. */
    acme_world_advance(&r.s.w, (r.s.w.config.order_lifetime_s + 1) * 1000);
    r.s.w.is_issuance_held = false;
    acme_world_run(&r.s.w);
    step_want_status(&r.s.c, r.s.order, "valid");
    assert_int_equal(r.s.w.issuance_total, 1);
    end_ready(&r);
}

static void test_no_waiting(void **state)
{
    struct ready r;
    (void)state;
    step_init(&r.s);
    r.s.w.config.finalize_wait_ms = 0;
    step_start(&r.s);
    r.key = maker_key("EC", "P-256", 0);
    step_ready(&r.s, ONE);
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "processing");
    step_want_status(&r.s.c, r.s.order, "valid");
    end_ready(&r);
}

static void test_issuer_fails_for_a_while(void **state)
{
    struct ready r;
    (void)state;
    begin_ready(&r);
    r.s.w.issue_status = STATUS_IO;
    finalize_and_wait(&r);
    step_want_status(&r.s.c, r.s.order, "processing");
    acme_world_advance(&r.s.w, 600 * 1000);
    size_t asked = r.s.w.issuance_total;
    assert_true(asked > 5 && asked < 30); /* with pauses that grow */
    r.s.w.issue_status = STATUS_OK;
    acme_world_advance(&r.s.w, 61 * 1000);
    step_want_status(&r.s.c, r.s.order, "valid");
    assert_int_equal(certificates(&r.s), 1);
    end_ready(&r);
}

static void test_issuer_refuses(void **state)
{
    struct ready r;
    (void)state;
    begin_ready(&r);
    r.s.w.issue_status = STATUS_REFUSED;
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "invalid");
    step_says(&r.s.c, "the test says so");
    assert_int_equal(certificates(&r.s), 0);
    end_ready(&r);
}

static bool is_pool_full;
static enum status (*real_issue)(void *context, const struct acme_issue_request *request, acme_issue_done *done,
                                 void *cookie, struct error *err);

static enum status issue_if_room(void *context, const struct acme_issue_request *request, acme_issue_done *done,
                                 void *cookie, struct error *err)
{
    if (is_pool_full)
        return error_set(err, STATUS_LIMIT, "the pool is full");
    return real_issue(context, request, done, cookie, err);
}

static void test_pool_is_full(void **state)
{
    struct ready r;
    struct acme_answer answer = {0};
    char second[STEP_URL_SIZE], third[STEP_URL_SIZE], first[STEP_URL_SIZE], text[STEP_URL_SIZE];
    (void)state;
    begin_ready(&r);
    real_issue = r.s.w.issuer.issue;
    r.s.w.issuer.issue = issue_if_room;
    (void)snprintf(first, sizeof first, "%s", r.s.order);
    step_ready(&r.s, ONE);
    (void)snprintf(second, sizeof second, "%s", r.s.order);
    step_ready(&r.s, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'intl-classic'}");
    (void)snprintf(third, sizeof third, "%s", r.s.order);
    is_pool_full = true;
    acme_client_begin(&r.s.c, r.finalize, step_csr(r.key, NAME), &answer);
    acme_world_run(&r.s.w);
    assert_false(answer.is_sent); /* taken: it will be tried again */
    /* The next one is told to wait, and stays ready. */
    step_want_problem(&r.s.c, step_finalize(&r.s.c, second, r.key, NAME), 503, "serverInternal");
    assert_non_null(acme_answer_header(&r.s.c.answer, "Retry-After", 0, text));
    step_want_status(&r.s.c, second, "ready");
    /* Another CA is not full. */
    step_want(&r.s.c, step_finalize(&r.s.c, third, r.key, NAME), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "valid");
    is_pool_full = false;
    acme_world_advance(&r.s.w, 1000);
    assert_true(answer.is_sent);
    assert_string_equal(acme_answer_text(&answer, "status"), "valid");
    acme_answer_clear(&answer);
    step_want_status(&r.s.c, first, "valid");
    step_want(&r.s.c, step_finalize(&r.s.c, second, r.key, NAME), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "valid");
    assert_int_equal(certificates(&r.s), 3);
    end_ready(&r);
}

static void test_commit_fails(void **state)
{
    struct ready r;
    (void)state;
    begin_ready(&r);
    /* "processing" is not durable: the CA does not hear of it. */
    r.s.w.must_commit_fail = true;
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 503, "serverInternal");
    assert_int_equal(r.s.w.issuance_total, 0);
    step_want_status(&r.s.c, r.s.order, "ready");
    /* "valid" is not: nobody hears of the certificate until it is. */
    r.s.w.is_issuance_held = true;
    struct acme_answer answer = {0};
    acme_client_begin(&r.s.c, r.finalize, step_csr(r.key, NAME), &answer);
    acme_world_run(&r.s.w);
    r.s.w.is_issuance_held = false;
    r.s.w.must_commit_fail = true;
    acme_world_run(&r.s.w);
    assert_true(answer.is_sent);
    assert_int_equal(answer.status, 503);
    acme_answer_clear(&answer);
    assert_int_equal(certificates(&r.s), 0);
    step_want_status(&r.s.c, r.s.order, "processing");
    acme_world_advance(&r.s.w, 10000);
    step_want_status(&r.s.c, r.s.order, "valid");
    assert_int_equal(r.s.w.issuance_total, 2);
    assert_int_equal(certificates(&r.s), 1);
    end_ready(&r);
}

static void test_restart(void **state)
{
    struct ready r;
    (void)state;
    begin_ready(&r);
    r.s.w.is_issuance_held = true;
    finalize_and_wait(&r);
    r.s.w.issuance_count = 0; /* lost with the process */
    acme_world_restart(&r.s.w);
    r.s.c.nonce[0] = '\0';
    assert_int_equal(r.s.w.issuance_total, 2);
    r.s.w.is_issuance_held = false;
    acme_world_run(&r.s.w);
    step_want_status(&r.s.c, r.s.order, "valid");
    assert_int_equal(certificates(&r.s), 1);
    /* What waits for its next try is resumed too. */
    step_ready(&r.s, ONE);
    step_finalize_url(r.s.order, r.finalize);
    r.s.w.issue_status = STATUS_AGAIN;
    finalize_and_wait(&r);
    r.s.w.issue_status = STATUS_OK;
    acme_world_restart(&r.s.w);
    r.s.c.nonce[0] = '\0';
    acme_world_run(&r.s.w);
    step_want_status(&r.s.c, r.s.order, "valid");
    end_ready(&r);
}

static void test_stop_answers(void **state)
{
    struct ready r;
    struct acme_answer answer = {0};
    (void)state;
    begin_ready(&r);
    r.s.w.is_issuance_held = true;
    acme_client_begin(&r.s.c, r.finalize, step_csr(r.key, NAME), &answer);
    acme_world_run(&r.s.w);
    acme_stop(r.s.w.acme);
    acme_world_run(&r.s.w);
    assert_true(answer.is_sent);
    assert_string_equal(acme_answer_text(&answer, "status"), "processing");
    acme_answer_clear(&answer);
    /* What the CA finishes until the end is kept. */
    r.s.w.is_issuance_held = false;
    acme_world_run(&r.s.w);
    assert_int_equal(certificates(&r.s), 1);
    end_ready(&r);
}

static void test_caa_again(void **state)
{
    struct ready r;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'www.example.com'},{'type':'dns','value':'a.example'}]}");
    acme_world_advance(&r.s.w, r.s.w.config.caa_recheck_s * 1000);
    size_t before = r.s.w.validation_total;
    r.s.w.is_validation_held = true;
    struct acme_answer answer = {0};
    acme_client_begin(&r.s.c, r.finalize, step_csr(r.key, NAME ",DNS:a.example"), &answer);
    acme_world_run(&r.s.w);
    assert_int_equal(r.s.w.validation_count, 2);
    assert_true(r.s.w.validations[0].is_caa_only && r.s.w.validations[1].is_caa_only);
    assert_int_equal(r.s.w.validations[0].challenge, ACME_HTTP_01);
    r.s.w.problem = "caa";
    r.s.w.is_validation_held = false;
    acme_world_run(&r.s.w);
    assert_true(answer.is_sent);
    assert_int_equal(answer.status, 403);
    assert_string_equal(acme_answer_text(&answer, "type"), "urn:ietf:params:acme:error:caa");
    assert_int_equal(json_array_size(json_object_get(answer.json, "subproblems")), 2);
    acme_answer_clear(&answer);
    assert_int_equal(r.s.w.issuance_total, 0);
    step_want_status(&r.s.c, r.s.order, "ready");
    r.s.w.problem = NULL;
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME ",DNS:a.example"), 200);
    assert_string_equal(acme_answer_text(&r.s.c.answer, "status"), "valid");
    assert_int_equal(r.s.w.validation_total, before + 4);
    /* It is remembered. */
    step_ready(&r.s, ONE);
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 200);
    assert_int_equal(r.s.w.validation_total, before + 4);
    end_ready(&r);
}

static void test_caa_race(void **state)
{
    struct ready r;
    struct acme_answer answers[2] = {{0}, {0}};
    (void)state;
    begin_ready(&r);
    acme_world_advance(&r.s.w, r.s.w.config.caa_recheck_s * 1000);
    r.s.w.is_validation_held = true;
    for (int i = 0; i < 2; i++)
        acme_client_begin(&r.s.c, r.finalize, step_csr(r.key, NAME), &answers[i]);
    acme_world_run(&r.s.w);
    r.s.w.is_validation_held = false;
    acme_world_run(&r.s.w);
    assert_true(answers[0].is_sent && answers[1].is_sent);
    assert_int_equal(answers[0].status + answers[1].status, 200 + 403);
    assert_int_equal(r.s.w.issuance_total, 1);
    acme_answer_clear(&answers[0]);
    acme_answer_clear(&answers[1]);
    end_ready(&r);
}

static void test_caa_not_in_intranets(void **state)
{
    struct ready r;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'db.corp'},{'type':'dns','value':'www.example.com'}],"
                       "'profile':'gm-intranet'}");
    /* What has a public name in it is validated as such [root program IN-04]. */
    assert_true(r.s.w.seen[0].is_intranet);
    assert_false(r.s.w.seen[1].is_intranet);
    acme_world_advance(&r.s.w, r.s.w.config.caa_recheck_s * 1000);
    size_t before = r.s.w.validation_total;
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME ",DNS:db.corp"), 200);
    assert_int_equal(r.s.w.validation_total, before + 1);
    assert_string_equal(r.s.w.seen[before].identifier.value, "www.example.com");
    end_ready(&r);
}

/* A reload has made a public profile of an intranet's: what was shown inside proves nothing outside. */
static void test_intranet_no_more(void **state)
{
    struct ready r;
    (void)state;
    begin_ready_as(&r, "{'identifiers':[{'type':'dns','value':'db.corp'},{'type':'dns','value':'www.example.com'}],"
                       "'profile':'gm-intranet'}");
    r.s.w.profiles[2].is_intranet = false;
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME ",DNS:db.corp"), 403, "unauthorized");
    assert_int_equal(r.s.w.issuance_total, 0);
    end_ready(&r);
}

/* An order may live longer than the store keeps an authorization that has ended. */
static void test_authorization_is_forgotten(void **state)
{
    struct ready r;
    struct error err;
    size_t removed;
    (void)state;
    step_init(&r.s);
    r.s.w.config.order_lifetime_s = r.s.w.config.authz_pending_lifetime_s = 90 * 86400;
    r.s.w.reuse_max_s = 3600;
    step_start(&r.s);
    r.key = maker_key("EC", "P-256", 0);
    step_ready(&r.s, ONE);
    char first[STEP_URL_SIZE];
    (void)snprintf(first, sizeof first, "%s", r.s.order);
    step_order(&r.s, "{'identifiers':[{'type':'dns','value':'b.example'}]}"); /* the newest is never dropped */
    r.s.w.now_ms += 9 * (int64_t)86400000;
    OK(r.s.w.inner.expire(r.s.w.inner.context, r.s.w.now_ms / 1000, 0, 100, &removed, &err));
    assert_int_equal(removed, 1);
    step_want_problem(&r.s.c, step_finalize(&r.s.c, first, r.key, NAME), 403, "unauthorized");
    step_want_status(&r.s.c, first, "invalid");
    end_ready(&r);
}

/* [BR 6.1.1.3]: a key that is known to be somebody else's too is in no certificate again. */
static void test_compromised_key(void **state)
{
    struct ready r;
    struct acme_client other;
    struct error err;
    (void)state;
    begin_ready(&r);
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 200);
    struct acme_certificate_query query = {0};
    const struct acme_store *store = &r.s.w.inner;
    acme_id id;
    size_t count = 0;
    OK(store->list_certificates(store->context, &query, &id, 1, &count, &err));
    OK(acme_revoke_note(r.s.w.acme, id, 1, false, &err));
    acme_world_run(&r.s.w);
    /* For anybody, and when the certificate is long forgotten. */
    r.s.w.now_ms += 2000 * (int64_t)86400000;
    acme_client_init(&other, &r.s.w, JWS_ES256);
    acme_client_open(&other);
    step_order_by(&r.s, &other, ONE);
    step_authorize_by(&other, r.s.order);
    step_want_problem(&other, step_finalize(&other, r.s.order, r.key, NAME), 400, "badCSR");
    step_says(&other, "compromised");
    EVP_PKEY *fresh = maker_key("EC", "P-256", 0);
    step_want(&other, step_finalize(&other, r.s.order, fresh, NAME), 200);
    EVP_PKEY_free(fresh);
    acme_client_clear(&other);
    end_ready(&r);
}

/* A CA that was down for a day must not sign by yesterday's CAA records [BR 3.2.2.8]. */
static void test_waited_too_long(void **state)
{
    struct ready r;
    (void)state;
    begin_ready(&r);
    int64_t from_s = r.s.w.now_ms / 1000;
    step_want(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 200);
    assert_int_equal(r.s.w.last_new_until_s, from_s + 8 * 3600);
    end_ready(&r);
}

/* Deactivated between "ready" and finalize. */
static void test_authorization_is_gone(void **state)
{
    struct ready r;
    char authz[STEP_URL_SIZE];
    (void)state;
    begin_ready(&r);
    step_authz(&r.s.c, 0, authz);
    step_want(&r.s.c, acme_client_post(&r.s.c, authz, step_json("{'status':'deactivated'}")), 200);
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 403, "unauthorized");
    step_want_status(&r.s.c, r.s.order, "invalid");
    assert_int_equal(r.s.w.issuance_total, 0);
    end_ready(&r);
}

static void test_limit(void **state)
{
    struct ready r;
    (void)state;
    step_init(&r.s);
    r.s.w.config.limits.rates[ACME_LIMIT_SET] = (struct acme_rate){1, 86400};
    step_start(&r.s);
    r.key = maker_key("EC", "P-256", 0);
    step_ready(&r.s, ONE);
    char second[STEP_URL_SIZE];
    (void)snprintf(second, sizeof second, "%s", r.s.order);
    step_ready(&r.s, ONE);
    step_want(&r.s.c, step_finalize(&r.s.c, second, r.key, NAME), 200);
    step_want_problem(&r.s.c, step_finalize(&r.s.c, r.s.order, r.key, NAME), 429, "rateLimited");
    step_want_status(&r.s.c, r.s.order, "ready");
    step_want_problem(&r.s.c, acme_client_post(&r.s.c, URL("/new-order"), step_json(ONE)), 429, "rateLimited");
    end_ready(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_not_ready),
        cmocka_unit_test(test_bad_csr),
        cmocka_unit_test(test_fewer_names),
        cmocka_unit_test(test_common_name),
        cmocka_unit_test(test_dates_are_over),
        cmocka_unit_test(test_profile_by_key),
        cmocka_unit_test(test_profile_is_gone),
        cmocka_unit_test(test_race),
        cmocka_unit_test(test_slow_issuer),
        cmocka_unit_test(test_no_waiting),
        cmocka_unit_test(test_issuer_fails_for_a_while),
        cmocka_unit_test(test_issuer_refuses),
        cmocka_unit_test(test_pool_is_full),
        cmocka_unit_test(test_commit_fails),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_stop_answers),
        cmocka_unit_test(test_caa_again),
        cmocka_unit_test(test_caa_race),
        cmocka_unit_test(test_caa_not_in_intranets),
        cmocka_unit_test(test_intranet_no_more),
        cmocka_unit_test(test_authorization_is_forgotten),
        cmocka_unit_test(test_compromised_key),
        cmocka_unit_test(test_waited_too_long),
        cmocka_unit_test(test_authorization_is_gone),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
