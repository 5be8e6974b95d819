#include "unit/checks.h"

#include "rules/caa.h"

static struct error err;

static const char *const issuers[] = {"ca.example", "ca2.example"};
#define ACCOUNT "https://ca.example/acct/7"

#define RECORDS_MAX 6
struct row {
    unsigned flags;
    const char *tag, *value;
};

static struct bytes record_of(const struct row *row)
{
    struct builder b;
    builder_init(&b, 1024);
    builder_u8(&b, (uint8_t)row->flags);
    size_t mark = builder_open_vector(&b, 1);
    builder_text(&b, row->tag);
    builder_close_vector(&b, mark, 1);
    builder_text(&b, row->value);
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static enum status check(const struct row *rows, bool is_wildcard, const char *method)
{
    struct bytes records[RECORDS_MAX];
    size_t count = 0;
    for (; rows[count].tag != NULL; count++)
        records[count] = record_of(&rows[count]);
    struct caa_question q = {issuers, LENGTH(issuers), is_wildcard, method, ACCOUNT};
    enum status s = caa_check(records, count, &q, &err);
    for (size_t i = 0; i < count; i++)
        heap_free(records[i]);
    return s;
}

struct test_case {
    struct row rows[RECORDS_MAX];
    bool is_wildcard;
    const char *reason; /* NULL: allowed */
};

static const struct test_case cases[] = {
    {{{0}}, false, NULL},
    {{{0, "issue", "ca.example"}}, false, NULL},
    {{{0, "ISSUE", " CA.Example \t; "}}, false, NULL},
    {{{128, "issue", "ca2.example"}}, false, NULL},
    {{{1, "issue", "ca2.example"}}, false, NULL}, /* other flags are ignored */
    {{{0, "issue", "other.example"}}, false, "permits only other CAs"},
    {{{0, "issue", "other.example"}, {0, "issue", "ca.example"}}, false, NULL},
    {{{0, "issue", ""}}, false, "permits no CA"},
    {{{0, "issue", ";"}}, false, "permits no CA"},
    {{{0, "issue", "; accounturi=" ACCOUNT}}, false, "permits no CA"},
    {{{0, "issue", "%%%%%"}}, false, "malformed"},
    {{{0, "issue", "ca.example."}}, false, "malformed"},
    {{{0, "issue", "ca.example; a"}}, false, "malformed"},
    {{{0, "issue", "ca.example; a=b;"}}, false, "malformed"},
    {{{0, "issue", "ca.example; a=b c"}}, false, "malformed"},
    {{{0, "issue", "ca.example; unknown=parameter"}}, false, NULL},
    /* iodef, contacts and mail do not restrict; unknown ones only when they are critical */
    {{{0, "iodef", "mailto:a@b.example"}}, false, NULL},
    {{{128, "iodef", "mailto:a@b.example"}}, false, NULL},
    {{{0, "issuemail", ";"}}, false, NULL},
    {{{0, "tbs", "x"}}, false, NULL},
    {{{128, "tbs", "x"}}, false, "critical and unknown"},
    {{{129, "tbs", "x"}, {0, "issue", "ca.example"}}, false, "critical and unknown"},
    /* wildcards */
    {{{0, "issue", "ca.example"}}, true, NULL},
    {{{0, "issue", "ca.example"}, {0, "issuewild", ";"}}, true, "permits no CA"},
    {{{0, "issue", "ca.example"}, {0, "issuewild", ";"}}, false, NULL},
    {{{0, "issue", ";"}, {0, "issuewild", "ca.example"}}, true, NULL},
    {{{0, "issue", ";"}, {0, "issuewild", "ca.example"}}, false, "permits no CA"},
    {{{0, "issuewild", "ca.example"}}, false, NULL},
    {{{0, "issuewild", "other.example"}}, false, NULL},
    {{{0, "issuewild", "other.example"}}, true, "other CAs"},
    /* parameters */
    {{{0, "issue", "ca.example; accounturi=" ACCOUNT}}, false, NULL},
    {{{0, "issue", "ca.example; AccountURI = " ACCOUNT}}, false, NULL},
    {{{0, "issue", "ca.example; accounturi=" ACCOUNT "8"}}, false, "another account"},
    {{{0, "issue", "ca.example; accounturi="}}, false, "another account"},
    {{{0, "issue", "ca.example; accounturi=" ACCOUNT "; accounturi=" ACCOUNT}}, false, "more than one"},
    {{{0, "issue", "ca.example; validationmethods=dns-01"}}, false, "does not list http-01"},
    {{{0, "issue", "ca.example; validationmethods=dns-01,http-01"}}, false, NULL},
    {{{0, "issue", "ca.example; validationmethods=http-01x,xhttp-01"}}, false, "does not list"},
    {{{0, "issue", "ca.example; validationmethods="}}, false, "does not list"},
    {{{0, "issue", "ca.example; validationmethods=http-01; validationmethods=http-01"}}, false, "more than one"},
    {{{0, "issue", "ca.example; validationmethods=http-01; accounturi=" ACCOUNT}}, false, NULL},
    {{{0, "issue", "ca.example; accounturi=x"}, {0, "issue", "ca2.example"}}, false, NULL},
    {{{0, "issue", "zz.example"}, {0, "issue", "ca.example; accounturi=x"}}, false, "another account"},
};

static void decisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        enum status s = check(cases[i].rows, cases[i].is_wildcard, "http-01");
        if (cases[i].reason == NULL)
            assert_ok(s, &err, cases[i].rows[0].value != NULL ? cases[i].rows[0].value : "no records");
        else
            assert_says(s, &err, STATUS_REFUSED, cases[i].reason);
    }
}

static void malformed_rdata(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "00", "0005697373", "0000", "00012d", "0003690a65"};
    struct caa_question q = {issuers, LENGTH(issuers), false, "http-01", ACCOUNT};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes rdata = heap_hex(bad[i]);
        struct caa_record record;
        assert_int_equal(caa_record_parse(rdata, &record, &err), STATUS_MALFORMED);
        assert_says(caa_check(&rdata, 1, &q, &err), &err, STATUS_REFUSED, "malformed");
        heap_free(rdata);
    }
}

static void nobody_known(void **state)
{
    (void)state;
    struct bytes record = record_of(&(struct row){0, "issue", "ca.example; validationmethods=http-01"});
    struct caa_question q = {issuers, LENGTH(issuers), false, NULL, NULL};
    assert_says(caa_check(&record, 1, &q, &err), &err, STATUS_REFUSED, "does not list");
    q.issuer_count = 0;
    assert_says(caa_check(&record, 1, &q, &err), &err, STATUS_REFUSED, "other CAs");
    heap_free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decisions), cmocka_unit_test(malformed_rdata),
                                       cmocka_unit_test(nobody_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
