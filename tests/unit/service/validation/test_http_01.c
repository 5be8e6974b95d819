#include "unit/service/validation/validating.h"

#define FILE_AT(host) "http://" host "/.well-known/acme-challenge/" TOKEN

static void resolve(const char *name, const char *address)
{
    fake_resolver_add_address(resolver, name, address);
}

static void good(void **state)
{
    (void)state;
    static const char *const bodies[] = {KEY_AUTHORIZATION, KEY_AUTHORIZATION "\n", KEY_AUTHORIZATION " \r\n\t\n"};
    struct validation_request r = request_for(ACME_HTTP_01, "www.example.com");
    resolve("www.example.com", HOST4);
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        fake_fetch_page(fetch, FILE_AT("www.example.com"), HOST4, 200, bodies[i], NULL);
        check(&r, "valid", "");
        assert_int_equal(reuse_max_s, UINT32_MAX);
    }
    assert_true(fake_resolver_asked(resolver, "www.example.com", DNS_CAA) > 0);
    assert_true(fake_resolver_asked(resolver, "com", DNS_CAA) > 0);
}

static void wrong_files(void **state)
{
    (void)state;
    static const struct { const char *body; int status; const char *fragment; } rows[] = {
        {"", 200, "is not the key authorization"},
        {TOKEN, 200, "is not the key authorization"},
        {" " KEY_AUTHORIZATION, 200, "is not the key authorization"},
        {KEY_AUTHORIZATION "x", 200, "is not the key authorization"},
        {"<html>not found</html>", 200, "is not the key authorization"},
        {KEY_AUTHORIZATION, 404, "status 404"},
        {KEY_AUTHORIZATION, 500, "status 500"},
        {KEY_AUTHORIZATION, 304, "status 304"},
        {KEY_AUTHORIZATION, 303, "status 303"},
    };
    struct validation_request r = request_for(ACME_HTTP_01, "www.example.com");
    resolve("www.example.com", HOST4);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        fake_fetch_page(fetch, FILE_AT("www.example.com"), NULL, rows[i].status, rows[i].body, "http://b.example/");
        check(&r, "unauthorized", rows[i].fragment);
    }
    char *large = calloc(1, 5000);
    assert_non_null(large);
    memset(large, ' ', 4999);
    memcpy(large, KEY_AUTHORIZATION, strlen(KEY_AUTHORIZATION));
    fake_fetch_page(fetch, FILE_AT("www.example.com"), NULL, 200, large, NULL);
    check(&r, "unauthorized", "more than 1024 bytes");
    free(large);
}

static void addresses(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    check(&r, "dns", "no A or AAAA");
    /* IPv6 first, then IPv4 once. */
    resolve("a.example", HOST6);
    resolve("a.example", HOST4);
    fake_fetch_page(fetch, FILE_AT("a.example"), HOST4, 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
    assert_string_equal(fake_fetch_log(fetch), "GET " FILE_AT("a.example") " " HOST6 "\n"
                                               "GET " FILE_AT("a.example") " " HOST4 "\n");
    fake_fetch_fail(fetch, FILE_AT("a.example"), HOST6, FETCH_TIMEOUT);
    check(&r, "valid", "");
    fake_fetch_fail(fetch, FILE_AT("a.example"), HOST4, FETCH_CONNECT);
    check(&r, "connection", HOST4 ": nobody answers");
    /* A wrong answer by IPv6 is an answer. */
    fake_fetch_clear(fetch);
    fake_fetch_page(fetch, FILE_AT("a.example"), HOST6, 404, "", NULL);
    fake_fetch_page(fetch, FILE_AT("a.example"), HOST4, 200, KEY_AUTHORIZATION, NULL);
    check(&r, "unauthorized", "404");
    fake_fetch_clear(fetch);
    fake_fetch_fail(fetch, FILE_AT("a.example"), NULL, FETCH_PROTOCOL);
    check(&r, "connection", "not HTTP");
    fake_fetch_fail(fetch, FILE_AT("a.example"), NULL, FETCH_STOPPED);
    check(&r, "serverInternal", "shutting down");
}

static void lookups_that_fail(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    fake_fetch_page(fetch, FILE_AT("a.example"), HOST4, 200, KEY_AUTHORIZATION, NULL);
    fake_resolver_fail(resolver, "a.example", DNS_AAAA, DNS_FAILED, 0);
    check(&r, "dns", "no answer for AAAA");
    resolve("a.example", HOST4);
    check(&r, "valid", ""); /* the other one is enough */
    fake_resolver_fail(resolver, "a.example", DNS_AAAA, DNS_BOGUS, 0);
    check(&r, "dns", "DNSSEC");
    fake_resolver_refuse(resolver, true);
    check(&r, "serverInternal", "try again");
    fake_resolver_refuse(resolver, false);
    fake_resolver_fail(resolver, "a.example", DNS_AAAA, DNS_FOUND, 0);
    fake_fetch_refuse(fetch, true);
    check(&r, "serverInternal", "try again");
}

static void no_private_space(void **state)
{
    (void)state;
    static const char *const blocked[] = {
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
        "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1",
    };
    for (size_t i = 0; i < LENGTH(blocked); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%zu.example", i);
        resolve(name, blocked[i]);
        struct validation_request r = request_for(ACME_HTTP_01, name);
        check(&r, "connection", "not an address of the public Internet");
    }
    assert_string_equal(fake_fetch_log(fetch), ""); /* nobody was asked anything */
    /* Beside a good one, the bad one is not there. */
    resolve("two.example", "10.0.0.1");
    resolve("two.example", HOST4);
    resolve("two.example", "::1");
    fake_fetch_page(fetch, FILE_AT("two.example"), HOST4, 200, KEY_AUTHORIZATION, NULL);
    struct validation_request r = request_for(ACME_HTTP_01, "two.example");
    check(&r, "valid", "");
}

static void redirect_to(const char *target)
{
    fake_fetch_clear(fetch);
    fake_fetch_page(fetch, FILE_AT("a.example"), NULL, 302, "", target);
}

static void bad_redirects(void **state)
{
    (void)state;
    static const struct { const char *target, *fragment; } rows[] = {
        {"http://127.0.0.1/", "public Internet"},
        {"http://169.254.169.254/latest/meta-data/", "public Internet"},
        {"http://[::1]/", "public Internet"},
        {"http://[::ffff:10.0.0.1]/", "public Internet"},
        {"https://[::ffff:a00:1]/", "public Internet"},
        {"http://inside.example/", "public Internet"},
        {"//inside.example/", "public Internet"},
        {"http://localhost/", "single label"},
        {"http://" HOST4 ":22/", "port 22"},
        {"https://b.example:8443/", "port 8443"},
        {"http://2130706433/", "not an http or https URL"},
        {"ftp://b.example/", "not an http or https URL"},
        {"http://u@b.example/", "not an http or https URL"},
        {"gopher://b.example/", "not an http"},
        {FILE_AT("a.example"), "to itself"},
        {"http://a.example:80/\x7f", "character"},
        {NULL, "not an http"},
    };
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    resolve("a.example", HOST4);
    resolve("inside.example", "10.1.2.3");
    for (size_t i = 0; i < LENGTH(rows); i++) {
        redirect_to(rows[i].target);
        check(&r, "connection", rows[i].fragment);
        /* One question was asked, and only of the first host. */
        assert_string_equal(fake_fetch_log(fetch), "GET " FILE_AT("a.example") " " HOST4 "\n");
    }
}

static void good_redirects(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    resolve("a.example", HOST4);
    resolve("b.example", "93.184.215.15");
    static const int codes[] = {301, 302, 307, 308};
    for (size_t i = 0; i < LENGTH(codes); i++) {
        fake_fetch_clear(fetch);
        fake_fetch_page(fetch, FILE_AT("a.example"), HOST4, codes[i], "", "https://b.example/x");
        fake_fetch_page(fetch, "https://b.example/x", "93.184.215.15", 302, "", "/y");
        fake_fetch_page(fetch, "https://b.example/y", "93.184.215.15", 200, KEY_AUTHORIZATION, NULL);
        check(&r, "valid", "");
        assert_non_null(strstr(fake_fetch_log(fetch), "https://b.example/y 93.184.215.15 any-certificate"));
    }
    assert_true(fake_resolver_asked(resolver, "b.example", DNS_A) > 0);
    redirect_to("http://" HOST4 "/file");
    fake_fetch_page(fetch, "http://" HOST4 "/file", HOST4, 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
}

static void redirect_loops(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    resolve("a.example", HOST4);
    redirect_to("/1");
    fake_fetch_page(fetch, "http://a.example/1", NULL, 302, "", "/2");
    fake_fetch_page(fetch, "http://a.example/2", NULL, 302, "", "/1");
    check(&r, "connection", "more than 10 redirects");
    /* Ten are fine. */
    for (int i = 1; i <= 10; i++) {
        char from[64], to[16];
        (void)snprintf(from, sizeof from, "http://a.example/%d", i);
        (void)snprintf(to, sizeof to, "/%d", i + 1);
        fake_fetch_page(fetch, from, NULL, i < 10 ? 302 : 200, KEY_AUTHORIZATION, i < 10 ? to : NULL);
    }
    check(&r, "valid", "");
}

static void another_port(void **state)
{
    (void)state;
    config.http_port = 5002;
    restart();
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    resolve("a.example", HOST4);
    fake_fetch_page(fetch, FILE_AT("a.example:5002"), HOST4, 302, "", "http://a.example:5002/x");
    fake_fetch_page(fetch, "http://a.example:5002/x", HOST4, 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
}

static void allowed_ranges(void **state)
{
    (void)state;
    struct validation_range ranges[2];
    OK(validation_range_parse("127.0.0.0/8", &ranges[0], &err));
    OK(validation_range_parse("fd00::/64", &ranges[1], &err));
    static const char *const bad[] = {"127.0.0.1", "127.0.0.0/33", "::/129", "x/8", "127.0.0.0/", "/8", "1.2.3.4/-1"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct validation_range range;
        assert_int_equal(validation_range_parse(bad[i], &range, &err), STATUS_USAGE);
    }
    config.allowed = ranges;
    config.allowed_count = 2;
    restart();
    struct validation_request r = request_for(ACME_HTTP_01, "a.example"), ip = request_for(ACME_HTTP_01, "127.0.0.2");
    resolve("a.example", "127.0.0.1");
    fake_fetch_page(fetch, FILE_AT("a.example"), "127.0.0.1", 200, KEY_AUTHORIZATION, NULL);
    fake_fetch_page(fetch, FILE_AT("127.0.0.2"), "127.0.0.2", 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
    check(&ip, "valid", "");
    r = request_for(ACME_HTTP_01, "b.example");
    resolve("b.example", "10.0.0.1");
    check(&r, "connection", "public Internet");
    resolve("b.example", "fd00::1");
    fake_fetch_page(fetch, FILE_AT("b.example"), "fd00::1", 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
}

static void intranet(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "wiki");
    resolve("wiki", "10.0.0.1");
    fake_fetch_page(fetch, FILE_AT("wiki"), "10.0.0.1", 200, KEY_AUTHORIZATION, NULL);
    check(&r, "malformed", "no name that can be validated");
    r.is_intranet = true;
    check(&r, "valid", "");
    assert_int_equal(fake_resolver_asked(resolver, "wiki", DNS_CAA), 0);
    /* This machine and the link are nobody's intranet. */
    static const char *const never[] = {"127.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"};
    for (size_t i = 0; i < LENGTH(never); i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%zu", i);
        resolve(name, never[i]);
        r = request_for(ACME_HTTP_01, name);
        r.is_intranet = true;
        check(&r, "connection", "public Internet");
    }
}

static void ip_identifiers(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, HOST4);
    fake_fetch_page(fetch, FILE_AT(HOST4), HOST4, 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
    r = request_for(ACME_HTTP_01, HOST6);
    fake_fetch_page(fetch, FILE_AT("[" HOST6 "]"), HOST6, 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
    static const char *const reserved[] = {"127.0.0.1", "10.0.0.1", "::1", "192.31.196.1", "64:ff9b::808:808"};
    for (size_t i = 0; i < LENGTH(reserved); i++) {
        r = request_for(ACME_HTTP_01, reserved[i]);
        check(&r, "malformed", "reserved");
    }
    r = request_for(ACME_HTTP_01, "10.0.0.1");
    r.is_intranet = true;
    fake_fetch_page(fetch, FILE_AT("10.0.0.1"), "10.0.0.1", 200, KEY_AUTHORIZATION, NULL);
    check(&r, "valid", "");
    r = request_for(ACME_HTTP_01, "1.2.3.400");
    check(&r, "malformed", "no IP address");
    r = request_for(ACME_DNS_01, HOST4);
    check(&r, "malformed", "cannot be validated by DNS");
}

static void bad_requests(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    r.is_wildcard = true;
    check(&r, "malformed", "wildcard");
    r = request_for(ACME_HTTP_01, "a.example");
    r.token = "../../etc/passwd";
    check(&r, "malformed", "token");
    r.token = NULL;
    check(&r, "malformed", "token");
    r = request_for((enum acme_challenge)32, "a.example");
    check(&r, "malformed", "method");
    r = request_for(ACME_HTTP_01, "*.example.com");
    check(&r, "malformed", "no name");
    r = request_for(ACME_HTTP_01, "a.example/../x");
    check(&r, "malformed", "no name");
    char longer[600];
    memset(longer, 'a', sizeof longer);
    longer[599] = '\0';
    r = request_for(ACME_HTTP_01, "a.example");
    r.token = longer;
    struct validator_port port = validation_port(validation);
    assert_int_equal(port.validate(port.context, &r, on_done, NULL, &err), STATUS_USAGE);
}

static void deadlines(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    fake_resolver_mute(resolver, "a.example", DNS_A);
    begin(&r);
    fake_timer_advance(timer, 9999);
    assert_int_equal(done_count, 0);
    fake_timer_advance(timer, 2);
    assert_int_equal(done_count, 1);
    expect("dns", "no answer for A");
    fake_resolver_answer_muted(resolver); /* too late, and nobody minds */
    assert_int_equal(done_count, 1);
    /* A port that never answers. */
    resolve("b.example", HOST4);
    fake_fetch_mute(fetch, FILE_AT("b.example"));
    r = request_for(ACME_HTTP_01, "b.example");
    begin(&r);
    fake_timer_advance(timer, 44999);
    assert_int_equal(done_count, 1);
    fake_timer_advance(timer, 2);
    assert_int_equal(done_count, 2);
    expect("connection", "more than 45 seconds");
}

static void at_most_so_many(void **state)
{
    (void)state;
    config.attempts_max = 2;
    restart();
    struct validation_request r = request_for(ACME_HTTP_01, "a.example");
    struct validator_port port = validation_port(validation);
    begin(&r);
    begin(&r);
    assert_says(port.validate(port.context, &r, on_done, NULL, &err), &err, STATUS_LIMIT, "2 validations");
    fake_timer_advance(timer, 1000);
    assert_int_equal(done_count, 2);
    validate(&r);
}

/* Freed with everything in the air: nobody is called, and nothing leaks (ASan looks). */
static void freed_under_way(void **state)
{
    (void)state;
    resolve("b.example", HOST4);
    fake_resolver_mute(resolver, "a.example", DNS_A);
    struct validation_request r = request_for(ACME_HTTP_01, "a.example"), s = request_for(ACME_HTTP_01, "b.example"),
                              bad = request_for(ACME_HTTP_01, "-");
    begin(&r);
    begin(&s);
    begin(&bad);
    validation_free(validation);
    validation = NULL;
    fake_timer_advance(timer, 100000);
    fake_resolver_answer_muted(resolver);
    assert_int_equal(done_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good), TEST(wrong_files), TEST(addresses), TEST(lookups_that_fail), TEST(no_private_space),
        TEST(bad_redirects), TEST(good_redirects), TEST(redirect_loops), TEST(another_port),
        TEST(allowed_ranges), TEST(intranet), TEST(ip_identifiers), TEST(bad_requests), TEST(deadlines),
        TEST(at_most_so_many), TEST(freed_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
