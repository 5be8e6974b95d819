#include "unit/service/validation/validating.h"

static void dns_01(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_DNS_01, "example.com");
    check(&r, "unauthorized", "_acme-challenge.example.com does not exist");
    fake_resolver_add_address(resolver, "_acme-challenge.example.com", HOST4);
    check(&r, "unauthorized", "has no TXT records");
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", "something else");
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", KEY_AUTHORIZATION);
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", DIGEST_TEXT "=");
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", "");
    fake_resolver_add(resolver, "_acme-challenge.example.com", DNS_TXT, bytes_of("\x05" "ab", 3));
    check(&r, "unauthorized", "none of the 5 TXT records");
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", DIGEST_TEXT);
    check(&r, "valid", "");
    r.is_wildcard = true;
    check(&r, "valid", "");
    assert_int_equal(reuse_max_s, UINT32_MAX);
    fake_resolver_fail(resolver, "_acme-challenge.example.com", DNS_TXT, DNS_FAILED, 0);
    check(&r, "dns", "looking up the TXT records");
    fake_resolver_fail(resolver, "_acme-challenge.example.com", DNS_TXT, DNS_BOGUS, 0);
    check(&r, "dns", "DNSSEC");
}

static void long_name(void **state)
{
    (void)state;
    char name[254];
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 50 == 49 ? '.' : 'a';
    name[253] = '\0';
    struct validation_request r = request_for(ACME_DNS_01, name);
    check(&r, "malformed", "too long");
}

static void dns_account_01(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_DNS_ACCOUNT_01, "example.com");
    fake_resolver_add_txt(resolver, "_acme-challenge.example.com", DIGEST_TEXT);
    check(&r, "unauthorized", ACCOUNT_LABEL "._acme-challenge.example.com does not exist");
    fake_resolver_add_txt(resolver, ACCOUNT_LABEL "._acme-challenge.example.com", DIGEST_TEXT);
    check(&r, "valid", "");
    r.is_wildcard = true;
    check(&r, "valid", "");
    r.account_url = "https://ca.example/acct/8";
    check(&r, "unauthorized", "does not exist");
    r.account_url = NULL;
    check(&r, "malformed", "account");
}

static void persist(const char *text, uint32_t ttl_s)
{
    (void)ttl_s;
    fake_resolver_clear(resolver);
    fake_resolver_add_txt(resolver, "_validation-persist.example.com", text);
}

static void dns_persist_01(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_DNS_PERSIST_01, "example.com");
    r.token = r.key_authorization = NULL;
    check(&r, "unauthorized", "does not exist");
    persist("ca.example; accounturi=" ACCOUNT, 300);
    check(&r, "valid", "");
    assert_int_equal(reuse_max_s, 300); /* the record's TTL */
    r.is_wildcard = true;
    check(&r, "unauthorized", "policy=wildcard");
    persist("ca.example; accounturi=" ACCOUNT "; policy=wildcard", 300);
    check(&r, "valid", "");
    r.is_wildcard = false;
    persist("ca.example; accounturi=" ACCOUNT "; persistUntil=1767225599", 300);
    check(&r, "unauthorized", "persistUntil");
    persist("ca.example; accounturi=https://ca.example/acct/8", 300);
    check(&r, "unauthorized", "another account");
    persist("other.example; accounturi=" ACCOUNT, 300);
    check(&r, "unauthorized", "none of 1 records");
    persist("ca.example", 300);
    check(&r, "malformed", "accounturi");
    fake_resolver_add(resolver, "_validation-persist.example.com", DNS_TXT, bytes_of("\x09" "cut", 4));
    fake_resolver_add_txt(resolver, "_validation-persist.example.com", "ca.example; accounturi=" ACCOUNT);
    check(&r, "valid", "");
    fake_resolver_fail(resolver, "_validation-persist.example.com", DNS_TXT, DNS_BOGUS, 0);
    check(&r, "dns", "DNSSEC");
    r.account_url = NULL;
    check(&r, "malformed", "account");
}

/* In strings of 255 bytes, as DNS has them. */
static void long_record(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_DNS_PERSIST_01, "example.com");
    char text[900];
    (void)snprintf(text, sizeof text, "ca.example; accounturi=%s; padding=%0600d", ACCOUNT, 0);
    persist(text, 300);
    check(&r, "valid", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(dns_01), TEST(long_name), TEST(dns_account_01), TEST(dns_persist_01),
                                       TEST(long_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
