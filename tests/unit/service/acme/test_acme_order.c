/* Orders and authorizations [RFC8555 7.4, 7.5]. */
#include "order_steps.h"

#define ONE "{'identifiers':[{'type':'dns','value':'www.example.com'}]}"

static void test_new_order(void **state)
{
    struct steps s;
    char authz[STEP_URL_SIZE], text[STEP_URL_SIZE];
    (void)state;
    step_begin(&s);
    step_order(&s, "{'identifiers':[{'type':'dns','value':'WWW.Example.com'},{'type':'dns','value':'www.example.com'},"
                   "{'type':'ip','value':'192.0.2.7'},{'type':'dns','value':'*.example.com'}],'unknown':[1]}");
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    assert_string_equal(acme_answer_text(&s.c.answer, "profile"), "gm-mtc");
    assert_int_equal(json_array_size(json_object_get(s.c.answer.json, "identifiers")), 3);
    assert_int_equal(json_array_size(json_object_get(s.c.answer.json, "authorizations")), 3);
    assert_non_null(acme_answer_header(&s.c.answer, "Retry-After", 0, text));
    (void)snprintf(text, sizeof text, "%.400s/finalize", s.order);
    assert_string_equal(acme_answer_text(&s.c.answer, "finalize"), text);
    assert_null(json_object_get(s.c.answer.json, "certificate"));
    step_authz(&s.c, 2, authz);
    step_want(&s.c, acme_client_post(&s.c, authz, NULL), 200);
    assert_true(json_is_true(json_object_get(s.c.answer.json, "wildcard")));
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    json_t *id = json_object_get(s.c.answer.json, "identifier");
    assert_string_equal(json_string_value(json_object_get(id, "value")), "example.com");
    /* The wildcard: DNS ones only, and the persistent one without token. */
    json_t *challenges = json_object_get(s.c.answer.json, "challenges");
    assert_int_equal(json_array_size(challenges), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(challenges, 0), "type")), "dns-01");
    json_t *persist = json_array_get(challenges, 2);
    assert_string_equal(json_string_value(json_object_get(persist, "type")), "dns-persist-01");
    assert_null(json_object_get(persist, "token"));
    assert_string_equal(json_string_value(json_object_get(persist, "accounturi")), s.c.kid);
    assert_true(json_is_array(json_object_get(persist, "issuer-domain-names")));
    const char *token0 = json_string_value(json_object_get(json_array_get(challenges, 0), "token"));
    const char *token1 = json_string_value(json_object_get(json_array_get(challenges, 1), "token"));
    assert_int_equal(strlen(token0), 43);
    assert_string_not_equal(token0, token1);
    step_end(&s);
}

static void test_refused(void **state)
{
    static const struct {
        const char *json, *type, *says;
    } cases[] = {
        {"{}", "malformed", "identifiers"},
        {"{'identifiers':[]}", "malformed", "1 to 100"},
        {"{'identifiers':{}}", "malformed", "array"},
        {"{'identifiers':['www.example.com']}", "malformed", "object"},
        {"{'identifiers':[{'type':'email','value':'a@example.com'}]}", "unsupportedIdentifier", "subproblems"},
        {"{'identifiers':[{'type':'dns','value':'-a.example.com'}]}", "rejectedIdentifier", "-a.example.com"},
        {"{'identifiers':[{'type':'dns','value':'-a.example.com'},{'type':'email','value':'b'}]}", "compound", "email"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'profile':'none'}", "invalidProfile", "none"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'profile':7}", "malformed", "string"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'notBefore':'soon'}", "malformed", "notBefore"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'notAfter':1800000000}", "malformed", "notAfter"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'notAfter':'2099-01-01T00:00:00Z'}", "malformed", "at most"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'notAfter':'2020-01-01T00:00:00Z'}", "malformed", "not after"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'notBefore':'2020-01-01T00:00:00Z'}", "malformed", "notBefore"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'profile':'gm-mtc','notAfter':'2099-01-01T00:00:00Z'}",
         "invalidProfile", "at most"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'replaces':'x'}", "malformed", "certificate ID"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'replaces':'AQIDBA.AQID'}", "malformed", "replaces"},
        {"{'identifiers':[{'type':'dns','value':'a.example'}],'replaces':[]}", "malformed", "replaces"},
    };
    struct steps s;
    (void)state;
    step_begin(&s);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int status = acme_client_post(&s.c, URL("/new-order"), step_json(cases[i].json));
        step_want_problem(&s.c, status, 400, cases[i].type);
        step_says(&s.c, cases[i].says);
    }
    /* 101 names */
    json_t *list = json_array();
    for (int i = 0; i < 101; i++)
        (void)json_array_append_new(list, json_pack("{s:s,s:s}", "type", "dns", "value", "a.example"));
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/new-order"), json_pack("{s:o}", "identifiers", list)), 400, "malformed");
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/new-order"), NULL), 400, "malformed");
    step_end(&s);
}

static void test_dates(void **state)
{
    struct steps s;
    (void)state;
    step_begin(&s);
    /* The world's clock stands at 2027-01-15T08:00:00Z. */
    step_order(&s, "{'identifiers':[{'type':'dns','value':'a.example'}],'notBefore':'2027-01-15T09:00:00.25Z','notAfter':'2027-01-17T08:00:00Z'}");
    assert_string_equal(acme_answer_text(&s.c.answer, "notBefore"), "2027-01-15T09:00:00Z");
    assert_string_equal(acme_answer_text(&s.c.answer, "notAfter"), "2027-01-17T08:00:00Z");
    /* To the second: both ends count. */
    step_order(&s, "{'identifiers':[{'type':'dns','value':'a.example'}],'notAfter':'2027-01-22T07:59:59Z'}");
    int status = acme_client_post(&s.c, URL("/new-order"),
                                  step_json("{'identifiers':[{'type':'dns','value':'a.example'}],'notAfter':'2027-01-22T08:00:00Z'}"));
    step_want_problem(&s.c, status, 400, "malformed");
    step_end(&s);
}

static void test_profiles(void **state)
{
    struct steps s;
    int status;
    (void)state;
    step_init(&s);
    s.w.profiles[1].has_wildcards = false;
    s.w.config.default_profile_sm2 = "gm-mtc";
    s.w.config.default_profile = "intl-classic";
    step_start(&s);
    step_order(&s, "{'identifiers':[{'type':'dns','value':'a.example'}],'profile':'intl-classic'}");
    assert_string_equal(acme_answer_text(&s.c.answer, "profile"), "intl-classic");
    /* Named, but it has no wildcards. */
    status = acme_client_post(&s.c, URL("/new-order"),
                              step_json("{'identifiers':[{'type':'dns','value':'*.a.example'}],'profile':'intl-classic'}"));
    step_want_problem(&s.c, status, 400, "invalidProfile");
    /* None named: the key decides, unless only one of the two can be. */
    step_order(&s, ONE);
    assert_null(json_object_get(s.c.answer.json, "profile"));
    step_order(&s, "{'identifiers':[{'type':'dns','value':'*.a.example'}]}");
    assert_string_equal(acme_answer_text(&s.c.answer, "profile"), "gm-mtc");
    /* A directory of its own. */
    step_want(&s.c, acme_client_post(&s.c, URL("/profile/gm-intranet/new-order"), step_json(ONE)), 201);
    assert_string_equal(acme_answer_text(&s.c.answer, "profile"), "gm-intranet");
    /* Which has that one profile and no other. */
    step_want(&s.c, acme_client_post(&s.c, URL("/profile/gm-mtc/new-order"),
                                     step_json("{'identifiers':[{'type':'dns','value':'a.example'}],'profile':'gm-mtc'}")), 201);
    status = acme_client_post(&s.c, URL("/profile/gm-mtc/new-order"),
                              step_json("{'identifiers':[{'type':'dns','value':'a.example'}],'profile':'intl-classic'}"));
    step_want_problem(&s.c, status, 400, "invalidProfile");
    step_end(&s);
}

static enum status refuse_b(void *context, const struct acme_issue_request *request, struct error *err)
{
    (void)context;
    for (size_t i = 0; i < request->identifier_count; i++)
        if (strstr(request->identifiers[i].value, "b.example") != NULL)
            return error_set(err, STATUS_REFUSED, "br-internal-name: b.example is nobody's");
    return STATUS_OK;
}

static void test_linter(void **state)
{
    struct steps s;
    (void)state;
    step_init(&s);
    s.w.issuer.check = refuse_b;
    step_start(&s);
    int status = acme_client_post(&s.c, URL("/new-order"), step_json("{'identifiers':[{'type':'dns','value':'a.example'},"
                                                                     "{'type':'dns','value':'b.example'}]}"));
    step_want_problem(&s.c, status, 400, "rejectedIdentifier");
    json_t *list = json_object_get(s.c.answer.json, "subproblems");
    assert_int_equal(json_array_size(list), 1);
    json_t *id = json_object_get(json_array_get(list, 0), "identifier");
    assert_string_equal(json_string_value(json_object_get(id, "value")), "b.example");
    step_says(&s.c, "br-internal-name");
    step_end(&s);
}

static void test_reuse(void **state)
{
    struct steps s;
    struct acme_client other;
    char first[STEP_URL_SIZE], again[STEP_URL_SIZE];
    (void)state;
    step_begin(&s);
    /* Pending ones are used again too. */
    step_order(&s, ONE);
    step_authz(&s.c, 0, first);
    step_order(&s, ONE);
    step_authz(&s.c, 0, again);
    assert_string_equal(first, again);
    step_authorize_by(&s.c, s.order);
    assert_int_equal(s.w.validation_total, 1);
    /* Ready at once; for another CA's profile as well. */
    step_order(&s, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'intl-classic'}");
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "ready");
    step_authz(&s.c, 0, again);
    assert_string_equal(first, again);
    /* Not for a wildcard, not for the intranet, not for somebody else. */
    step_order(&s, "{'identifiers':[{'type':'dns','value':'*.www.example.com'}]}");
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    step_authorize_by(&s.c, s.order);
    step_order(&s, "{'identifiers':[{'type':'dns','value':'db.corp'}]}");
    step_authorize_by(&s.c, s.order);
    step_order(&s, "{'identifiers':[{'type':'dns','value':'db.corp'}],'profile':'gm-intranet'}");
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    acme_client_init(&other, &s.w, JWS_EDDSA);
    acme_client_open(&other);
    step_order_by(&s, &other, ONE);
    assert_string_equal(acme_answer_text(&other.answer, "status"), "pending");
    step_want_problem(&other, acme_client_post(&other, first, NULL), 403, "unauthorized");
    acme_client_clear(&other);
    /* Not after the reuse time. */
    acme_world_advance(&s.w, s.w.config.authz_reuse_s * 1000);
    step_order(&s, ONE);
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    step_end(&s);
}

/* [BR 4.2.1]: for 200 days, from 2027-03-15 on for 100, whatever the configuration says. */
static void test_reuse_by_date(void **state)
{
    struct steps s;
    (void)state;
    step_init(&s);
    s.w.config.authz_reuse_s = s.w.config.order_lifetime_s = s.w.config.caa_recheck_s = 398 * (int64_t)86400;
    step_start(&s); /* on 2027-01-15 */
    step_ready(&s, ONE);
    s.w.now_ms += 99 * (int64_t)86400000;
    step_order(&s, ONE);
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "ready");
    s.w.now_ms += (int64_t)86400000;
    /* What is ready is so no longer. */
    EVP_PKEY *key = maker_key("EC", "P-256", 0);
    step_want_problem(&s.c, step_finalize(&s.c, s.order, key, "DNS:www.example.com"), 403, "unauthorized");
    step_want_status(&s.c, s.order, "invalid");
    EVP_PKEY_free(key);
    step_order(&s, ONE);
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    step_end(&s);
}

static void test_reuse_by_challenge(void **state)
{
    struct steps s;
    char first[STEP_URL_SIZE], other[STEP_URL_SIZE];
    (void)state;
    step_init(&s);
    s.w.acme_profiles[1].challenges = ACME_DNS_01;
    step_start(&s);
    step_order(&s, ONE); /* http-01 comes first */
    step_authz(&s.c, 0, first);
    step_order(&s, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'intl-classic'}");
    step_authz(&s.c, 0, other);
    assert_string_not_equal(first, other);
    step_want_status(&s.c, other, "pending");
    assert_int_equal(json_array_size(json_object_get(s.c.answer.json, "challenges")), 1);
    step_want(&s.c, acme_client_post(&s.c, other, step_json("{'status':'deactivated'}")), 200);
    step_order(&s, ONE);
    step_authorize_by(&s.c, s.order);
    step_order(&s, "{'identifiers':[{'type':'dns','value':'www.example.com'}],'profile':'intl-classic'}");
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    int status = acme_client_post(&s.c, URL("/new-order"),
                                  step_json("{'identifiers':[{'type':'ip','value':'192.0.2.1'}],'profile':'intl-classic'}"));
    step_want_problem(&s.c, status, 400, "rejectedIdentifier");
    step_end(&s);
}

static void test_expired(void **state)
{
    struct steps s;
    char authz[STEP_URL_SIZE];
    (void)state;
    step_begin(&s);
    step_order(&s, ONE);
    step_authz(&s.c, 0, authz);
    acme_world_advance(&s.w, s.w.config.order_lifetime_s * 1000);
    step_want_status(&s.c, s.order, "invalid");
    step_says(&s.c, "expired");
    acme_world_advance(&s.w, s.w.config.authz_pending_lifetime_s * 1000);
    step_want_status(&s.c, authz, "expired");
    step_end(&s);
}

static void test_whose(void **state)
{
    struct steps s;
    struct acme_client other;
    (void)state;
    step_begin(&s);
    step_order(&s, ONE);
    acme_client_init(&other, &s.w, JWS_ES384);
    acme_client_open(&other);
    step_want_problem(&other, acme_client_post(&other, s.order, NULL), 403, "unauthorized");
    step_want_problem(&other, acme_client_post(&other, URL("/order/999"), NULL), 404, "malformed");
    acme_client_clear(&other);
    step_end(&s);
}

static void test_list(void **state)
{
    struct steps s;
    char url[STEP_URL_SIZE], link[STEP_URL_SIZE], next[STEP_URL_SIZE];
    size_t count = 0;
    (void)state;
    step_begin(&s);
    for (int i = 0; i < 130; i++)
        step_order(&s, ONE);
    (void)snprintf(next, sizeof next, "%.400s/orders", s.c.kid);
    for (int page = 0; page < 2; page++) {
        (void)snprintf(url, sizeof url, "%s", next);
        step_want(&s.c, acme_client_post(&s.c, url, NULL), 200);
        count += json_array_size(json_object_get(s.c.answer.json, "orders"));
        const char *found = NULL;
        for (unsigned i = 0; found == NULL && acme_answer_header(&s.c.answer, "Link", i, link) != NULL; i++)
            found = strstr(link, "rel=\"next\"") != NULL ? link : NULL;
        if (page == 1) {
            assert_null(found);
            break;
        }
        assert_non_null(found);
        (void)snprintf(next, sizeof next, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
    }
    assert_int_equal(count, 130);
    (void)snprintf(url, sizeof url, "%.400s/orders?cursor=x", s.c.kid);
    step_want_problem(&s.c, acme_client_post(&s.c, url, NULL), 400, "malformed");
    step_end(&s);
}

static void test_new_authz(void **state)
{
    struct steps s;
    char first[STEP_URL_SIZE], again[STEP_URL_SIZE];
    const char *const name = "{'identifier':{'type':'dns','value':'www.example.com'}}";
    (void)state;
    step_begin(&s);
    step_want(&s.c, acme_client_post(&s.c, URL("/new-authz"), step_json(name)), 201);
    assert_non_null(acme_answer_header(&s.c.answer, "Location", 0, first));
    step_want(&s.c, acme_client_post(&s.c, URL("/new-authz"), step_json(name)), 200);
    assert_non_null(acme_answer_header(&s.c.answer, "Location", 0, again));
    assert_string_equal(first, again);
    step_order(&s, ONE);
    step_authz(&s.c, 0, again);
    assert_string_equal(first, again);
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/new-authz"), step_json("{'identifier':{'type':'dns','value':'*.example.com'}}")),
                      400, "malformed");
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/new-authz"), step_json("{}")), 400, "malformed");
    step_end(&s);
}

static void test_deactivation(void **state)
{
    struct steps s;
    char authz[STEP_URL_SIZE];
    (void)state;
    step_begin(&s);
    step_order(&s, ONE);
    step_authz(&s.c, 0, authz);
    step_want_problem(&s.c, acme_client_post(&s.c, authz, step_json("{'status':'valid'}")), 400, "malformed");
    step_want(&s.c, acme_client_post(&s.c, authz, step_json("{'status':'deactivated'}")), 200);
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "deactivated");
    step_want_status(&s.c, s.order, "invalid");
    step_says(&s.c, "www.example.com");
    step_want_problem(&s.c, acme_client_post(&s.c, authz, step_json("{'status':'deactivated'}")), 400, "malformed");
    /* A valid one: the next order needs a new one. */
    step_ready(&s, ONE);
    step_authz(&s.c, 0, authz);
    step_want(&s.c, acme_client_post(&s.c, authz, step_json("{'status':'deactivated'}")), 200);
    step_order(&s, ONE);
    assert_string_equal(acme_answer_text(&s.c.answer, "status"), "pending");
    step_end(&s);
}

static void test_limits(void **state)
{
    struct steps s;
    char text[STEP_URL_SIZE];
    (void)state;
    step_init(&s);
    s.w.config.limits.rates[ACME_LIMIT_ORDERS] = (struct acme_rate){2, 3600};
    step_start(&s);
    step_order(&s, ONE);
    step_order(&s, ONE);
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/new-order"), step_json(ONE)), 429, "rateLimited");
    assert_non_null(acme_answer_header(&s.c.answer, "Retry-After", 0, text));
    step_end(&s);
}

static void test_commit_fails(void **state)
{
    struct steps s;
    (void)state;
    step_begin(&s);
    s.w.must_commit_fail = true;
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/new-order"), step_json(ONE)), 503, "serverInternal");
    char text[STEP_URL_SIZE];
    assert_null(acme_answer_header(&s.c.answer, "Location", 0, text));
    step_want_problem(&s.c, acme_client_post(&s.c, URL("/order/1"), NULL), 404, "malformed");
    step_order(&s, ONE);
    step_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_order),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_linter),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_reuse_by_date),
        cmocka_unit_test(test_reuse_by_challenge),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_whose),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_new_authz),
        cmocka_unit_test(test_deactivation),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_commit_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
