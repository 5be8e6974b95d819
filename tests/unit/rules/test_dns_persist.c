#include "unit/checks.h"

#include "rules/dns_persist.h"
#include "rules/dns_txt.h"

static struct error err;

static const char *const issuers[] = {"authority.example", "ca.example"};
#define ACCOUNT "https://ca.example/acct/123"
#define NOW 1767225600

struct test_case {
    const char *first, *second; /* records; NULL: none */
    bool is_wildcard;
    enum status status;
    const char *reason;
};

static const struct test_case cases[] = {
    {"authority.example; accounturi=" ACCOUNT, NULL, false, STATUS_OK, NULL},
    {"Authority.Example;accounturi=" ACCOUNT, NULL, false, STATUS_OK, NULL},
    {"authority.example; ACCOUNTURI=" ACCOUNT "; extra=1", NULL, false, STATUS_OK, NULL},
    {"authority.example; accounturi=" ACCOUNT, NULL, true, STATUS_REFUSED, "policy=wildcard"},
    {"authority.example; accounturi=" ACCOUNT "; policy=wildcard", NULL, true, STATUS_OK, NULL},
    {"authority.example; accounturi=" ACCOUNT "; Policy=WildCard", NULL, true, STATUS_OK, NULL},
    {"authority.example; accounturi=" ACCOUNT "; policy=all", NULL, true, STATUS_REFUSED, "policy=wildcard"},
    {"authority.example; accounturi=" ACCOUNT "; policy=all", NULL, false, STATUS_OK, NULL},
    {"authority.example; accounturi=" ACCOUNT "; persistUntil=1767225600", NULL, false, STATUS_OK, NULL},
    {"authority.example; accounturi=" ACCOUNT "; persistUntil=1767225599", NULL, false, STATUS_REFUSED, "passed"},
    {"authority.example; accounturi=" ACCOUNT "; persistuntil=1735689600", NULL, false, STATUS_REFUSED, "passed"},
    {"authority.example; accounturi=" ACCOUNT "; persistUntil=99999999999999999999", NULL, false,
     STATUS_MALFORMED, "persistUntil"},
    {"authority.example; accounturi=" ACCOUNT "; persistUntil=-1", NULL, false, STATUS_MALFORMED, "persistUntil"},
    {"authority.example; accounturi=" ACCOUNT "; persistUntil=", NULL, false, STATUS_MALFORMED, "persistUntil"},
    {"authority.example; accounturi=" ACCOUNT "; persistUntil=1e9", NULL, false, STATUS_MALFORMED, "persistUntil"},
    {"authority.example", NULL, false, STATUS_MALFORMED, "accounturi is missing"},
    {"authority.example; accounturi=", NULL, false, STATUS_MALFORMED, "accounturi is missing"},
    {"authority.example; accounturi=" ACCOUNT ";", NULL, false, STATUS_MALFORMED, "empty parameter"},
    {"authority.example; ; accounturi=" ACCOUNT, NULL, false, STATUS_MALFORMED, "empty parameter"},
    {"authority.example.; accounturi=" ACCOUNT, NULL, false, STATUS_MALFORMED, "no domain name"},
    {"authority.example; accounturi=" ACCOUNT "; accounturi=" ACCOUNT, NULL, false, STATUS_MALFORMED, "more than once"},
    {"authority.example; accounturi=" ACCOUNT "; policy=wildcard; POLICY=wildcard", NULL, true,
     STATUS_MALFORMED, "more than once"},
    {"authority.example; accounturi=https://CA.example/acct/123", NULL, false, STATUS_REFUSED, "another account"},
    {"authority.example; accounturi=" ACCOUNT "4", NULL, false, STATUS_REFUSED, "another account"},
    {"other.example; accounturi=" ACCOUNT, NULL, false, STATUS_REFUSED, "none of 1 records"},
    {"", NULL, false, STATUS_REFUSED, "none of 1 records"},
    {"; accounturi=" ACCOUNT, NULL, false, STATUS_REFUSED, "none of 1 records"},
    {"sub.authority.example; accounturi=" ACCOUNT, NULL, false, STATUS_REFUSED, "none of"},
    {"other.example; %%%", "ca.example; accounturi=" ACCOUNT, false, STATUS_OK, NULL},
    {"authority.example; ;;", "ca.example; accounturi=" ACCOUNT, false, STATUS_OK, NULL},
    {"authority.example; accounturi=x", "ca.example; ;", false, STATUS_MALFORMED, "malformed"},
    {NULL, NULL, false, STATUS_REFUSED, "none of 0 records"},
};

static void decisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct test_case *c = &cases[i];
        struct bytes texts[2];
        size_t count = 0;
        if (c->first != NULL)
            texts[count++] = heap_copy(bytes_of_text(c->first));
        if (c->second != NULL)
            texts[count++] = heap_copy(bytes_of_text(c->second));
        struct dns_persist_question q = {issuers, LENGTH(issuers), ACCOUNT, c->is_wildcard, NOW};
        enum status s = dns_persist_check(texts, count, &q, &err);
        if (c->status == STATUS_OK)
            assert_ok(s, &err, c->first);
        else
            assert_says(s, &err, c->status, c->reason);
        while (count > 0)
            heap_free(texts[--count]);
    }
}

static void strings_are_joined(void **state)
{
    (void)state;
    static const struct { const char *rdata, *text; } rows[] = {
        {"03616263", "abc"}, {"0161026263", "abc"}, {"00", ""}, {"000161", "a"},
        {"", NULL}, {"0361", NULL}, {"016101", NULL}, {"01", NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct bytes rdata = heap_hex(rows[i].rdata);
        struct builder out;
        builder_init(&out, 16);
        enum status s = dns_txt_join(rdata, &out, &err);
        assert_int_equal(s, rows[i].text != NULL ? STATUS_OK : STATUS_MALFORMED);
        if (s == STATUS_OK)
            assert_true(bytes_is_text(builder_view(&out), rows[i].text));
        builder_clear(&out);
        heap_free(rdata);
    }
}

static void too_many_parameters(void **state)
{
    (void)state;
    struct dns_persist record;
    struct builder b;
    builder_init(&b, 4096);
    builder_text(&b, "ca.example; accounturi=x");
    for (int i = 0; i < 40; i++)
        builder_printf(&b, "; p%d=v", i);
    assert_says(dns_persist_parse(builder_view(&b), &record, &err), &err, STATUS_MALFORMED, "more than 32");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decisions), cmocka_unit_test(strings_are_joined),
                                       cmocka_unit_test(too_many_parameters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
