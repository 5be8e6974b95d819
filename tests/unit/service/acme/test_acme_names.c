#include "service/acme/acme_names.h"

#include "unit/checks.h"

static enum status parse(const char *type, const char *value, struct acme_identifier *out, const char **problem,
                         struct error *err)
{
    json_t *json = json_pack("{s:s,s:s}", "type", type, "value", value);
    assert_non_null(json);
    enum status s = acme_names_parse(json, out, problem, err);
    json_decref(json);
    return s;
}

static void test_good(void **state)
{
    static const struct {
        const char *type, *value, *want;
    } cases[] = {
        {"dns", "example.com", "example.com"},
        {"dns", "WWW.Example.COM", "www.example.com"},
        {"dns", "*.example.com", "*.example.com"},
        {"dns", "NAS", "nas"}, /* an intranet has such names: its linter lets them through */
        {"dns", "xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"dns", "XN--BCHER-KVA.example", "xn--bcher-kva.example"},
        {"dns", "xn--fiqs8s.example", "xn--fiqs8s.example"},
        {"ip", "192.0.2.1", "192.0.2.1"},
        {"ip", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"ip", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct acme_identifier id;
        const char *problem;
        struct error err;
        OK(parse(cases[i].type, cases[i].value, &id, &problem, &err));
        assert_string_equal(id.value, cases[i].want);
        assert_int_equal(id.type, strcmp(cases[i].type, "dns") == 0 ? ACME_DNS : ACME_IP);
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *type, *value, *problem, *says;
    } cases[] = {
        {"dns", "b\xc3\xbc" "cher.example", "malformed", "xn--bcher-kva.example"},
        {"dns", "\xe2\x98\x83\xef\xbf\xbd.example", "malformed", "ASCII"},
        {"dns", "xn--a.example", "rejectedIdentifier", "xn--a"},
        {"dns", "xn--.example", "rejectedIdentifier", ""},
        {"dns", "ab--cd.example", "rejectedIdentifier", ""},
        {"dns", "local_host", "rejectedIdentifier", ""},
        {"dns", "*.corp", "rejectedIdentifier", ""},
        {"dns", "example.com.", "rejectedIdentifier", ""},
        {"dns", "a..example.com", "rejectedIdentifier", ""},
        {"dns", "*.com", "rejectedIdentifier", ""},
        {"dns", "a.*.example.com", "rejectedIdentifier", ""},
        {"dns", "192.0.2.1", "rejectedIdentifier", ""},
        {"dns", "_x.example.com", "rejectedIdentifier", ""},
        {"dns", "", "rejectedIdentifier", ""},
        {"ip", "192.0.2.01", "malformed", "address"},
        {"ip", "[2001:db8::1]", "malformed", "address"},
        {"ip", "fe80::1%eth0", "malformed", "address"},
        {"ip", "example.com", "malformed", "address"},
        {"email", "a@example.com", "unsupportedIdentifier", "email"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct acme_identifier id;
        const char *problem = "";
        struct error err = {0};
        if (parse(cases[i].type, cases[i].value, &id, &problem, &err) == STATUS_OK)
            fail_msg("%s was taken", cases[i].value);
        assert_string_equal(problem, cases[i].problem);
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].value, err.text);
    }
    /* 64 letters in a label, 254 in a name */
    char text[300];
    struct acme_identifier id;
    const char *problem;
    struct error err;
    memset(text, 'a', sizeof text);
    memcpy(text + 64, ".example", 9);
    assert_int_equal(parse("dns", text, &id, &problem, &err), STATUS_REFUSED);
    memset(text, 'a', sizeof text);
    for (size_t i = 50; i < 250; i += 50)
        text[i] = '.';
    text[254] = '\0';
    assert_int_equal(parse("dns", text, &id, &problem, &err), STATUS_REFUSED);
}

static void test_not_objects(void **state)
{
    static const char *const texts[] = {"[]", "{}", "{\"type\":\"dns\"}", "{\"type\":1,\"value\":\"a.example\"}",
                                        "{\"type\":\"dns\",\"value\":[]}"};
    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        json_t *json = json_loads(texts[i], 0, NULL);
        struct acme_identifier id;
        const char *problem = "";
        struct error err;
        assert_int_equal(acme_names_parse(json, &id, &problem, &err), STATUS_MALFORMED);
        assert_string_equal(problem, "malformed");
        json_decref(json);
    }
}

static struct acme_identifier dns(const char *name)
{
    struct acme_identifier id = {.type = ACME_DNS};
    (void)snprintf(id.value, sizeof id.value, "%s", name);
    return id;
}

static void test_base_and_challenges(void **state)
{
    const unsigned all = ACME_HTTP_01 | ACME_DNS_01 | ACME_TLS_ALPN_01 | ACME_DNS_ACCOUNT_01 | ACME_DNS_PERSIST_01;
    struct acme_identifier wildcard = dns("*.example.com"), plain = dns("example.com"), base;
    struct acme_identifier address = {.type = ACME_IP, .value = "192.0.2.1"};
    (void)state;
    assert_true(acme_names_base(&wildcard, &base));
    assert_true(acme_names_equal(&base, &plain));
    assert_false(acme_names_base(&plain, &base));
    assert_true(acme_names_equal(&base, &plain));
    assert_int_equal(acme_names_challenges(&plain, all), all);
    assert_int_equal(acme_names_challenges(&wildcard, all), ACME_DNS_01 | ACME_DNS_ACCOUNT_01 | ACME_DNS_PERSIST_01);
    assert_int_equal(acme_names_challenges(&address, all), ACME_HTTP_01 | ACME_TLS_ALPN_01);
    assert_int_equal(acme_names_challenges(&wildcard, ACME_HTTP_01), 0);
}

static void test_sets(void **state)
{
    struct acme_identifier a[3] = {dns("a.example"), dns("b.example"), dns("c.example")};
    struct acme_identifier b[3] = {dns("c.example"), dns("a.example"), dns("b.example")};
    struct acme_identifier list[ACME_IDENTIFIERS_MAX];
    size_t count = 0;
    struct error err;
    (void)state;
    OK(acme_names_compare(a, 3, b, 3, &err));
    assert_says(acme_names_compare(a, 3, b, 2, &err), &err, STATUS_REFUSED, "b.example");
    assert_says(acme_names_compare(a, 2, b, 3, &err), &err, STATUS_REFUSED, "c.example");
    b[0] = dns("d.example");
    assert_says(acme_names_compare(a, 3, b, 3, &err), &err, STATUS_REFUSED, "c.example");
    /* A name and an address of the same text are not the same. */
    struct acme_identifier address = a[0];
    address.type = ACME_IP;
    assert_int_equal(acme_names_compare(a, 1, &address, 1, &err), STATUS_REFUSED);
    for (size_t i = 0; i < 6; i++)
        acme_names_add(list, &count, &a[i % 3]);
    assert_int_equal(count, 3);
}

static void test_lines(void **state)
{
    struct acme_identifier names[3] = {dns("a.example"), dns("*.b.example"), {.type = ACME_IP, .value = "2001:db8::1"}};
    struct builder b;
    (void)state;
    builder_init(&b, 1000);
    acme_names_write_lines(names, 3, &b);
    struct bytes rest = builder_view(&b);
    struct acme_identifier back;
    for (size_t i = 0; i < 3; i++) {
        assert_true(acme_names_next_line(&rest, &back));
        assert_true(acme_names_equal(&back, &names[i]));
    }
    assert_false(acme_names_next_line(&rest, &back));
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_not_objects),
        cmocka_unit_test(test_base_and_challenges),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
