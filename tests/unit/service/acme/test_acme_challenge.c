/* Challenges [RFC8555 7.5.1]: validated once, whatever happens around it. */
#include "order_steps.h"

#define ONE "{'identifiers':[{'type':'dns','value':'www.example.com'}]}"

struct one {
    struct steps s;
    char authz[STEP_URL_SIZE], http[STEP_URL_SIZE];
};

static void begin_one(struct one *o)
{
    step_begin(&o->s);
    step_order(&o->s, ONE);
    step_authz(&o->s.c, 0, o->authz);
    step_challenge_url(o->authz, "http-01", o->http);
}

/* Asks for the challenge and lets the server wait for the result; the answer comes when it gives up. */
static void try_and_wait(struct one *o)
{
    struct acme_answer answer = {0};
    acme_client_begin(&o->s.c, o->http, json_object(), &answer);
    acme_world_run(&o->s.w);
    assert_false(answer.is_sent);
    acme_world_advance(&o->s.w, o->s.w.config.challenge_wait_ms);
    assert_true(answer.is_sent);
    assert_int_equal(answer.status, 200);
    assert_string_equal(acme_answer_text(&answer, "status"), "processing");
    char text[STEP_URL_SIZE];
    assert_non_null(acme_answer_header(&answer, "Retry-After", 0, text));
    acme_answer_clear(&answer);
}

static void test_valid(void **state)
{
    struct one o;
    char thumbprint[44], want[128], link[STEP_URL_SIZE], token[64];
    bool has_up = false;
    (void)state;
    begin_one(&o);
    o.s.w.is_validation_held = true;
    step_want(&o.s.c, acme_client_post(&o.s.c, o.http, NULL), 200);
    (void)snprintf(token, sizeof token, "%s", acme_answer_text(&o.s.c.answer, "token"));
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "pending");
    assert_int_equal(o.s.w.validation_count, 0);
    try_and_wait(&o);
    assert_int_equal(o.s.w.validation_count, 1);
    assert_int_equal(o.s.w.validations[0].challenge, ACME_HTTP_01);
    assert_string_equal(o.s.w.validations[0].token, token);
    acme_client_thumbprint(&o.s.c, thumbprint);
    (void)snprintf(want, sizeof want, "%s.%s", token, thumbprint);
    assert_string_equal(o.s.w.validations[0].key_authorization, want);
    o.s.w.is_validation_held = false;
    acme_world_run(&o.s.w);
    step_want_status(&o.s.c, o.http, "valid");
    for (unsigned i = 0; acme_answer_header(&o.s.c.answer, "Link", i, link) != NULL; i++)
        has_up = has_up || (strstr(link, "rel=\"up\"") != NULL && strstr(link, o.authz) != NULL);
    assert_true(has_up);
    assert_string_not_equal(acme_answer_text(&o.s.c.answer, "validated"), "");
    step_want_status(&o.s.c, o.authz, "valid");
    assert_int_equal(json_array_size(json_object_get(o.s.c.answer.json, "challenges")), 1);
    step_want_status(&o.s.c, o.s.order, "ready");
    /* Asking again starts nothing. */
    step_want(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 200);
    assert_int_equal(o.s.w.validation_total, 1);
    step_end(&o.s);
}

static void test_held_answer(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    /* The result comes at once: so does the answer, and nobody has to poll. */
    step_want(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 200);
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "valid");
    step_end(&o.s);
}

static void test_invalid(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    o.s.w.problem = "connection";
    step_want(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 200);
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "invalid");
    step_says(&o.s.c, "urn:ietf:params:acme:error:connection");
    step_says(&o.s.c, "the test says so");
    step_want_status(&o.s.c, o.authz, "invalid");
    assert_int_equal(json_array_size(json_object_get(o.s.c.answer.json, "challenges")), 1);
    step_want_status(&o.s.c, o.s.order, "invalid");
    step_says(&o.s.c, "urn:ietf:params:acme:error:connection");
    step_says(&o.s.c, "www.example.com");
    /* Only a new order helps. */
    o.s.w.problem = NULL;
    step_want(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 200);
    assert_int_equal(o.s.w.validation_total, 1);
    step_ready(&o.s, ONE);
    step_end(&o.s);
}

static void test_failure_limit(void **state)
{
    struct one o;
    (void)state;
    step_init(&o.s);
    o.s.w.config.limits.rates[ACME_LIMIT_FAILED_VALIDATION] = (struct acme_rate){2, 3600};
    step_start(&o.s);
    o.s.w.problem = "serverInternal"; /* ours: does not count */
    for (int i = 0; i < 5; i++) {
        if (i == 3)
            o.s.w.problem = "unauthorized";
        step_order(&o.s, ONE);
        step_authz(&o.s.c, 0, o.authz);
        step_challenge_url(o.authz, "http-01", o.http);
        step_want(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 200);
    }
    step_want_problem(&o.s.c, acme_client_post(&o.s.c, URL("/new-order"), step_json(ONE)), 429, "rateLimited");
    /* Another name may be tried. */
    step_order(&o.s, "{'identifiers':[{'type':'dns','value':'other.example.com'}]}");
    step_end(&o.s);
}

static void test_only_one_at_a_time(void **state)
{
    struct one o;
    char dns[STEP_URL_SIZE];
    (void)state;
    begin_one(&o);
    o.s.w.is_validation_held = true;
    try_and_wait(&o);
    step_want(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 200);
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "processing");
    step_challenge_url(o.authz, "dns-01", dns);
    step_want_problem(&o.s.c, acme_client_post(&o.s.c, dns, json_object()), 400, "malformed");
    assert_int_equal(o.s.w.validation_total, 1);
    step_challenge_url(o.authz, "none-01", dns);
    step_want_problem(&o.s.c, acme_client_post(&o.s.c, dns, json_object()), 404, "malformed");
    step_end(&o.s);
}

static void test_deactivated_meanwhile(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    o.s.w.is_validation_held = true;
    try_and_wait(&o);
    step_want(&o.s.c, acme_client_post(&o.s.c, o.authz, step_json("{'status':'deactivated'}")), 200);
    o.s.w.is_validation_held = false;
    acme_world_run(&o.s.w);
    step_want_status(&o.s.c, o.authz, "deactivated");
    step_want_status(&o.s.c, o.s.order, "invalid");
    step_end(&o.s);
}

static void test_restart(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    o.s.w.is_validation_held = true;
    try_and_wait(&o);
    /* The process ends, and the validation with it. */
    o.s.w.validation_count = 0;
    acme_world_restart(&o.s.w);
    o.s.c.nonce[0] = '\0';
    o.s.w.is_validation_held = false;
    step_want_status(&o.s.c, o.authz, "pending"); /* its client asks, and it is started again */
    assert_int_equal(o.s.w.validation_total, 2);
    step_want_status(&o.s.c, o.authz, "valid");
    step_want_status(&o.s.c, o.s.order, "ready");
    step_end(&o.s);
}

static void test_commit_fails(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    o.s.w.must_commit_fail = true;
    step_want_problem(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 503, "serverInternal");
    assert_int_equal(o.s.w.validation_total, 0);
    step_want_status(&o.s.c, o.http, "pending");
    /* And when the result cannot be written: nothing was said, and it is done again. */
    o.s.w.is_validation_held = true;
    try_and_wait(&o);
    o.s.w.is_validation_held = false;
    o.s.w.must_commit_fail = true;
    acme_world_run(&o.s.w);
    step_want(&o.s.c, acme_client_post(&o.s.c, o.authz, NULL), 200);
    step_want_status(&o.s.c, o.authz, "valid");
    assert_int_equal(o.s.w.validation_total, 2);
    step_end(&o.s);
}

static void test_expired(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    acme_world_advance(&o.s.w, o.s.w.config.authz_pending_lifetime_s * 1000);
    step_want_problem(&o.s.c, acme_client_post(&o.s.c, o.http, json_object()), 403, "malformed");
    assert_int_equal(o.s.w.validation_total, 0);
    step_end(&o.s);
}

static void test_reuse_of_method(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    o.s.w.reuse_max_s = 0; /* only for the orders that wait for it */
    step_authorize_by(&o.s.c, o.s.order);
    step_want_status(&o.s.c, o.s.order, "ready");
    step_order(&o.s, ONE);
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "pending");
    o.s.w.reuse_max_s = 86400;
    step_authorize_by(&o.s.c, o.s.order);
    step_order(&o.s, ONE);
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "ready");
    acme_world_advance(&o.s.w, 86400 * 1000);
    step_order(&o.s, ONE);
    assert_string_equal(acme_answer_text(&o.s.c.answer, "status"), "pending");
    step_end(&o.s);
}

static enum status turn_away(void *context, const struct validation_request *r, validator_done *done, void *cookie,
                             struct error *err)
{
    (void)context;
    (void)r;
    (void)done;
    (void)cookie;
    return error_set(err, STATUS_LIMIT, "busy");
}

static void test_validator_is_full(void **state)
{
    struct one o;
    (void)state;
    begin_one(&o);
    struct validator_port real = o.s.w.validator;
    o.s.w.validator.validate = turn_away;
    try_and_wait(&o);
    o.s.w.validator = real;
    acme_world_advance(&o.s.w, 1000);
    step_want_status(&o.s.c, o.authz, "valid");
    assert_int_equal(o.s.w.validation_total, 1);
    step_end(&o.s);
}

/* Several names: ready with the last. */
static void test_many(void **state)
{
    struct one o;
    char authzs[3][STEP_URL_SIZE], url[STEP_URL_SIZE];
    (void)state;
    step_begin(&o.s);
    step_order(&o.s, "{'identifiers':[{'type':'dns','value':'a.example'},{'type':'dns','value':'b.example'},"
                     "{'type':'ip','value':'2001:db8::7'}]}");
    for (size_t i = 0; i < 3; i++)
        step_authz(&o.s.c, i, authzs[i]);
    for (size_t i = 0; i < 3; i++) {
        step_want_status(&o.s.c, o.s.order, "pending");
        step_challenge_url(authzs[i], "tls-alpn-01", url);
        step_want(&o.s.c, acme_client_post(&o.s.c, url, json_object()), 200);
    }
    step_want_status(&o.s.c, o.s.order, "ready");
    step_end(&o.s);
}

static void test_stop_answers(void **state)
{
    struct one o;
    struct acme_answer answer = {0};
    (void)state;
    begin_one(&o);
    o.s.w.is_validation_held = true;
    acme_client_begin(&o.s.c, o.http, json_object(), &answer);
    acme_world_run(&o.s.w);
    assert_false(answer.is_sent);
    acme_stop(o.s.w.acme);
    acme_world_run(&o.s.w);
    assert_true(answer.is_sent);
    assert_string_equal(acme_answer_text(&answer, "status"), "processing");
    acme_answer_clear(&answer);
    step_end(&o.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_held_answer),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_failure_limit),
        cmocka_unit_test(test_only_one_at_a_time),
        cmocka_unit_test(test_deactivated_meanwhile),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_commit_fails),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_reuse_of_method),
        cmocka_unit_test(test_validator_is_full),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_stop_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
