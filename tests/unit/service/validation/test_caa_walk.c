#include "unit/service/validation/validating.h"

static struct validation_request request(void)
{
    struct validation_request r = request_for(ACME_DNS_01, "a.b.example.com");
    r.is_caa_only = true;
    r.token = r.key_authorization = NULL;
    return r;
}

static void climbs(void **state)
{
    (void)state;
    struct validation_request r = request();
    check(&r, "valid", "");
    static const char *const names[] = {"a.b.example.com", "b.example.com", "example.com", "com"};
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_int_equal(fake_resolver_asked(resolver, names[i], DNS_CAA), 1);
    fake_resolver_add_caa(resolver, "com", 0, "issue", ";");
    check(&r, "caa", "CAA at com: CAA value \";\" permits no CA");
    /* The first set that is found counts, whatever is above. */
    fake_resolver_add_caa(resolver, "example.com", 0, "issue", "ca.example");
    check(&r, "valid", "");
    fake_resolver_add_caa(resolver, "b.example.com", 0, "iodef", "mailto:a@example.com");
    check(&r, "valid", "");
    fake_resolver_add_caa(resolver, "b.example.com", 128, "tbs", "x");
    check(&r, "caa", "CAA at b.example.com: CAA property \"tbs\" is critical");
    fake_resolver_add_caa(resolver, "a.b.example.com", 0, "issue", "other.example");
    check(&r, "caa", "other CAs");
}

static void parameters(void **state)
{
    (void)state;
    struct validation_request r = request();
    fake_resolver_add_caa(resolver, "example.com", 0, "issue",
                          "ca.example; accounturi=" ACCOUNT "; validationmethods=dns-01");
    check(&r, "valid", "");
    r.challenge = ACME_HTTP_01;
    check(&r, "caa", "does not list http-01");
    r = request();
    r.account_url = "https://ca.example/acct/8";
    check(&r, "caa", "another account");
    r = request();
    fake_resolver_add_caa(resolver, "example.com", 0, "issuewild", ";");
    check(&r, "valid", "");
    r.is_wildcard = true;
    check(&r, "caa", "permits no CA");
}

/* What is not known is no permission. */
static void failures(void **state)
{
    (void)state;
    struct validation_request r = request();
    fake_resolver_fail(resolver, "b.example.com", DNS_CAA, DNS_FAILED, 1);
    check(&r, "valid", ""); /* the second try */
    assert_int_equal(fake_resolver_asked(resolver, "b.example.com", DNS_CAA), 2);
    fake_resolver_fail(resolver, "b.example.com", DNS_CAA, DNS_FAILED, 2);
    check(&r, "dns", "looking up the CAA records of b.example.com failed (SERVFAIL)");
    assert_int_equal(fake_resolver_asked(resolver, "b.example.com", DNS_CAA), 4);
    fake_resolver_fail(resolver, "com", DNS_CAA, DNS_BOGUS, 0);
    check(&r, "dns", "DNSSEC: the CAA records of com do not validate");
    fake_resolver_mute(resolver, "a.b.example.com", DNS_CAA);
    check(&r, "dns", "no answer in time");
}

static void not_asked(void **state)
{
    (void)state;
    struct validation_request r = request();
    fake_resolver_add_caa(resolver, "example.com", 0, "issue", ";");
    r.is_intranet = true;
    check(&r, "valid", "");
    r = request_for(ACME_HTTP_01, HOST4);
    r.is_caa_only = true;
    check(&r, "valid", "");
    assert_int_equal(fake_resolver_asked(resolver, "example.com", DNS_CAA), 0);
}

/* CAA comes after the method, and its no is a no. */
static void after_a_method(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_DNS_01, "example.com");
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", DIGEST_TEXT);
    fake_resolver_add_caa(resolver, "example.com", 0, "issue", "ca.example; validationmethods=http-01");
    check(&r, "caa", "does not list dns-01");
    assert_int_equal(reuse_max_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(climbs), TEST(parameters), TEST(failures), TEST(not_asked),
                                       TEST(after_a_method)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
