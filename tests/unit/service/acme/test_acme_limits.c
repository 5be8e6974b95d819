/* Rate limits: how many, by whom, and when again. */
#include "fakes/acme_client.h"
#include "service/acme/acme_frame.h"
#include "unit/checks.h"

#define URL ACME_WORLD_URL
#define HOUR_MS ((int64_t)3600 * 1000)

static struct acme_world w;

static int setup(void **state)
{
    (void)state;
    acme_world_init(&w);
    acme_world_start(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    acme_world_clear(&w);
    return 0;
}

static struct acme_identifier dns(const char *name)
{
    struct acme_identifier i = {.type = ACME_DNS};
    (void)snprintf(i.value, sizeof i.value, "%s", name);
    return i;
}

static struct acme_identifier ip(const char *address)
{
    struct acme_identifier i = dns(address);
    i.type = ACME_IP;
    return i;
}

static void expect_domain(struct acme_identifier identifier, const char *want)
{
    char got[ACME_IDENTIFIER_SIZE];
    acme_limits_domain(w.acme->limits, &identifier, got);
    assert_string_equal(got, want);
}

static void registered_domains(void **state)
{
    (void)state;
    expect_domain(dns("example.com"), "example.com");
    expect_domain(dns("a.b.example.com"), "example.com");
    expect_domain(dns("*.example.com"), "example.com");
    expect_domain(dns("www.example.co.uk"), "example.co.uk");
    expect_domain(dns("co.uk"), "co.uk");
    expect_domain(dns("www.example.com.cn"), "example.com.cn");
    expect_domain(dns("a.xn--fiq228c5hs.xn--fiqs8s"), "xn--fiq228c5hs.xn--fiqs8s");
    expect_domain(dns("me.github.io"), "me.github.io");
    expect_domain(dns("x.me.github.io"), "me.github.io");
    expect_domain(dns("server.unknown-tld"), "server.unknown-tld");
    expect_domain(ip("192.0.2.7"), "192.0.2.7");
    expect_domain(ip("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    expect_domain(ip("::1"), "::/64");
}

static void suffix_file(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/list", w.directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("// a list\ncom\nexample.com\n", file);
    assert_int_equal(fclose(file), 0);
    struct error err;
    struct acme_config config = w.config;
    config.limits.public_suffix_file = path;
    OK(acme_reload(w.acme, &config, &err));
    expect_domain(dns("a.b.example.com"), "b.example.com");
    assert_non_null(file = fopen(path, "w"));
    assert_int_equal(fclose(file), 0);
    struct acme_config empty = config;
    assert_says(acme_reload(w.acme, &empty, &err), &err, STATUS_USAGE, "not a public suffix list");
    expect_domain(dns("a.b.example.com"), "b.example.com");
    OK(acme_reload(w.acme, &w.config, &err));
    expect_domain(dns("a.b.example.com"), "example.com");
    assert_int_equal(remove(path), 0);
}

/* ---- new accounts ---- */

static int open_from(const char *peer)
{
    struct acme_client c;
    acme_client_init(&c, &w, JWS_EDDSA);
    c.peer = peer;
    int status = acme_client_post(&c, URL "/new-account", json_object());
    if (status == 429) {
        char text[512];
        assert_string_equal(acme_answer_text(&c.answer, "type"), "urn:ietf:params:acme:error:rateLimited");
        assert_non_null(acme_answer_header(&c.answer, "Retry-After", 0, text));
        uint64_t wait_s;
        assert_true(text_parse_u64(bytes_of_text(text), 7 * 86400, &wait_s));
        assert_true(wait_s > 0);
        assert_non_null(strstr(acme_answer_text(&c.answer, "detail"), "try again after 20"));
    }
    acme_client_clear(&c);
    return status;
}

static void accounts_per_address(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(open_from("192.0.2.1"), 201);
    assert_int_equal(open_from("192.0.2.1"), 429);
    assert_int_equal(open_from("::ffff:192.0.2.1"), 429);
    assert_int_equal(open_from("192.0.2.2"), 201);
    /* Refilled evenly: one in 18 minutes. */
    acme_world_advance(&w, 17 * 60000);
    assert_int_equal(open_from("192.0.2.1"), 429);
    acme_world_advance(&w, 60001);
    assert_int_equal(open_from("192.0.2.1"), 201);
    assert_int_equal(open_from("192.0.2.1"), 429);
}

static void accounts_per_network(void **state)
{
    (void)state;
    static const struct acme_limit_override overrides[] = {{ACME_LIMIT_ACCOUNTS_RANGE, "2001:db8:1::/48", {3, 10800}}};
    struct error err;
    struct acme_config config = w.config;
    config.limits.overrides = overrides;
    config.limits.override_count = 1;
    OK(acme_reload(w.acme, &config, &err));
    assert_int_equal(open_from("2001:db8:1::1"), 201);
    assert_int_equal(open_from("2001:db8:1:ffff::2%eth0"), 201);
    assert_int_equal(open_from("2001:db8:1:2::3"), 201);
    assert_int_equal(open_from("2001:db8:1:3::4"), 429);
    assert_int_equal(open_from("2001:db8:2::1"), 201);
    /* What was counted is still there, and is refilled at the general rate now. */
    OK(acme_reload(w.acme, &w.config, &err));
    acme_world_advance(&w, 22000);
    assert_int_equal(open_from("2001:db8:1:3::4"), 201);
}

/* What is refused for its content is not counted, and neither is an account that is there. */
static void not_counted(void **state)
{
    (void)state;
    struct acme_client c;
    acme_client_init(&c, &w, JWS_ES256);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(acme_client_post(&c, URL "/new-account", json_pack("{s:[s]}", "contact", "tel:1")), 400);
    acme_client_open(&c);
    c.kid[0] = '\0';
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(acme_client_post(&c, URL "/new-account", json_object()), 200);
    acme_client_clear(&c);
}

/* ---- orders and certificates ---- */

static enum status take_order(acme_id account, const struct acme_identifier *names, size_t count, struct error *err)
{
    int64_t retry_after_ms = 0;
    enum status s = acme_limits_take_order(w.acme, account, names, count, &retry_after_ms, err);
    assert_true((s == STATUS_LIMIT) == (retry_after_ms > 0));
    return s;
}

static enum status take_certificate(const struct acme_identifier *names, size_t count, struct error *err)
{
    int64_t retry_after_ms;
    return acme_limits_take_certificate(w.acme, 1, names, count, &retry_after_ms, err);
}

static void orders_per_account(void **state)
{
    (void)state;
    struct error err;
    struct acme_identifier name = dns("example.com");
    for (unsigned i = 0; i < 300; i++)
        OK(take_order(7, &name, 1, &err));
    assert_says(take_order(7, &name, 1, &err), &err, STATUS_LIMIT, "new orders of account 7: 300 in 3 hours");
    OK(take_order(8, &name, 1, &err));
    w.now_ms += 3 * HOUR_MS / 300;
    OK(take_order(7, &name, 1, &err));
    assert_int_equal(take_order(7, &name, 1, NULL), STATUS_LIMIT);
}

static void certificates_per_set(void **state)
{
    (void)state;
    struct error err;
    struct acme_identifier set[] = {dns("a.example.com"), dns("b.example.com")};
    struct acme_identifier turned[] = {set[1], set[0]};
    for (unsigned i = 0; i < 5; i++)
        OK(take_certificate(i % 2 ? set : turned, 2, &err));
    assert_says(take_certificate(set, 2, &err), &err, STATUS_LIMIT, "exact set of names");
    assert_int_equal(take_order(1, turned, 2, NULL), STATUS_LIMIT);
    OK(take_certificate(set, 1, &err));
    OK(take_order(1, set, 1, &err));
    w.now_ms += 7 * 24 * HOUR_MS / 5;
    OK(take_certificate(set, 2, &err));
}

static void certificates_per_domain(void **state)
{
    (void)state;
    struct error err;
    char text[64];
    struct acme_identifier names[2] = {dns(""), dns("other.example")};
    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(text, sizeof text, "host%u.example.com", i);
        names[0] = dns(text);
        OK(take_certificate(names, 1, &err));
    }
    names[0] = dns("host50.example.com");
    assert_says(take_certificate(names, 1, &err), &err, STATUS_LIMIT, "certificates for example.com: 50 in 168 hours");
    /* All or nothing: the other domain has lost nothing by fifty attempts. */
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(take_certificate(names, 2, NULL), STATUS_LIMIT);
    for (unsigned i = 0; i < 5; i++)
        OK(take_certificate(names + 1, 1, &err));
    /* Two names of one domain are one certificate of it. */
    struct acme_identifier two[] = {dns("a.example.net"), dns("b.example.net")};
    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(text, sizeof text, "host%u.example.net", i);
        two[0] = dns(text);
        OK(take_certificate(two, 2, &err));
    }
    assert_int_equal(take_certificate(two, 2, NULL), STATUS_LIMIT);
}

static void exceptions(void **state)
{
    (void)state;
    static const struct acme_limit_override overrides[] = {
        {ACME_LIMIT_DOMAIN, "example.com", {0, 0}}, {ACME_LIMIT_SET, "example.com", {0, 0}},
        {ACME_LIMIT_ORDERS, "7", {1, 3600}},        {ACME_LIMIT_ACCOUNTS, "192.0.2.1", {1, 3600}},
        {ACME_LIMIT_FAILED_VALIDATION, "a.example.com", {1, 3600}}};
    struct error err;
    struct acme_config config = w.config;
    config.limits.overrides = overrides;
    config.limits.override_count = LENGTH(overrides);
    OK(acme_reload(w.acme, &config, &err));
    struct acme_identifier names[] = {dns("a.example.com"), dns("b.example.com"), dns("other.example")};
    for (unsigned i = 0; i < 200; i++)
        OK(take_certificate(names, 2, &err));
    /* The exception is for sets that are within the domain. */
    for (unsigned i = 0; i < 5; i++)
        OK(take_certificate(names, 3, &err));
    assert_int_equal(take_certificate(names, 3, NULL), STATUS_LIMIT);
    OK(take_order(7, names, 2, &err));
    assert_int_equal(take_order(7, names, 2, NULL), STATUS_LIMIT);
    assert_int_equal(open_from("192.0.2.1"), 201);
    assert_int_equal(open_from("192.0.2.1"), 429);
    struct acme_limit_override bad[] = {{ACME_LIMIT_DOMAIN, "example.com", {5, 0}}};
    struct acme_config wrong = config;
    wrong.limits.overrides = bad;
    wrong.limits.override_count = 1;
    assert_says(acme_reload(w.acme, &wrong, &err), &err, STATUS_USAGE, "not a rate");
    OK(acme_reload(w.acme, &w.config, &err));
}

static void exceptions_of_accounts(void **state)
{
    (void)state;
    static const struct acme_limit_override overrides[] = {{ACME_LIMIT_DOMAIN, "1", {0, 0}}, {ACME_LIMIT_SET, "1", {6, 604800}}};
    struct error err;
    struct acme_config config = w.config;
    config.limits.overrides = overrides;
    config.limits.override_count = LENGTH(overrides);
    OK(acme_reload(w.acme, &config, &err));
    char text[64];
    struct acme_identifier name = dns("");
    for (unsigned i = 0; i < 60; i++) {
        (void)snprintf(text, sizeof text, "host%u.example.com", i);
        name = dns(text);
        OK(take_certificate(&name, 1, &err));
    }
    for (unsigned i = 0; i < 5; i++)
        OK(take_certificate(&name, 1, &err));
    assert_int_equal(take_certificate(&name, 1, NULL), STATUS_LIMIT);
    OK(acme_reload(w.acme, &w.config, &err));
}

static void failed_validations(void **state)
{
    (void)state;
    struct error err;
    int64_t retry_after_ms = 0;
    struct acme_identifier name = dns("a.example.com"), other = dns("b.example.com");
    for (unsigned i = 0; i < 5; i++) {
        OK(acme_limits_look_validation(w.acme, 1, &name, &retry_after_ms, &err));
        OK(acme_limits_failed_validation(w.acme, 1, &name, &err));
    }
    assert_says(acme_limits_look_validation(w.acme, 1, &name, &retry_after_ms, &err), &err, STATUS_LIMIT, "failed validations of a.example.com");
    assert_true(retry_after_ms > 0 && retry_after_ms <= HOUR_MS / 5);
    OK(acme_limits_failed_validation(w.acme, 1, &name, &err));
    OK(acme_limits_look_validation(w.acme, 2, &name, &retry_after_ms, &err));
    OK(acme_limits_look_validation(w.acme, 1, &other, &retry_after_ms, &err));
    w.now_ms += HOUR_MS / 5;
    OK(acme_limits_look_validation(w.acme, 1, &name, &retry_after_ms, &err));
}

static void survive_restart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(open_from("192.0.2.1"), 201);
    acme_world_restart(&w);
    assert_int_equal(open_from("192.0.2.1"), 429);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(registered_domains), CASE(suffix_file),          CASE(accounts_per_address),    CASE(accounts_per_network),
        CASE(not_counted),        CASE(orders_per_account),   CASE(certificates_per_set),    CASE(certificates_per_domain),
        CASE(exceptions),         CASE(exceptions_of_accounts), CASE(failed_validations),   CASE(survive_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
