/* validating.h - one validation with all its fakes, for the tests of this role. */
#ifndef CATHAYA_TESTS_VALIDATING_H
#define CATHAYA_TESTS_VALIDATING_H

#include <stdio.h>

#include "unit/checks.h"

#include "fakes/fake_fetch.h"
#include "fakes/fake_resolver.h"
#include "fakes/fake_tls_probe.h"
#include "service/validation/validation.h"

#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define KEY_AUTHORIZATION TOKEN ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
/* base64url(SHA-256(KEY_AUTHORIZATION)), by another program */
#define DIGEST_TEXT "lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM"
/* _base32(SHA-256(ACCOUNT)[0..9]), by another program */
#define ACCOUNT_LABEL "_xxgbwvh7heppirbk"
#define ACCOUNT "https://ca.example/acct/7"
#define NOW_MS 1767225600000
/* An address of the world. */
#define HOST4 "93.184.215.14"
#define HOST6 "2606:2800:21f:cb07::1"

static struct error err;
static struct fake_timer *timer;
static struct fake_resolver *resolver;
static struct fake_fetch *fetch;
static struct fake_tls_probe probe;
static struct validation *validation;
static struct validation_config config;
static const char *const issuers[] = {"ca.example"};

/* What came. */
static unsigned done_count;
static char problem[64], detail[600];
static uint32_t reuse_max_s;

static void on_done(void *cookie, const struct validation_result *result)
{
    (void)cookie;
    done_count++;
    (void)snprintf(problem, sizeof problem, "%s", result->problem != NULL ? result->problem : "valid");
    (void)snprintf(detail, sizeof detail, "%s", result->detail != NULL ? result->detail : "");
    reuse_max_s = result->reuse_max_s;
    /* No secret of the challenge goes anywhere. */
    assert_null(strstr(detail, TOKEN));
    assert_null(strstr(detail, DIGEST_TEXT));
}

static void see_event(void *context, enum event_level level, const char *what,
                      const struct event_field *fields, size_t field_count)
{
    (void)context;
    (void)level;
    (void)what;
    for (size_t i = 0; i < field_count; i++)
        assert_null(strstr(fields[i].value, TOKEN));
}

static const struct events_port events = {NULL, see_event};

static void restart(void)
{
    validation_free(validation);
    struct validation_ports ports = {
        fake_resolver_port(resolver), fake_fetch_port(fetch), fake_tls_probe_port(&probe),
        fake_timer_port(timer), fake_timer_clock(timer), &events, NULL};
    OK(validation_new(&config, &ports, &validation, &err));
}

static int set_up(void **state)
{
    (void)state;
    timer = fake_timer_new(NOW_MS);
    resolver = fake_resolver_new(timer);
    fetch = fake_fetch_new(timer);
    probe = (struct fake_tls_probe){.timer = timer};
    config = (struct validation_config){.issuers = issuers, .issuer_count = LENGTH(issuers)};
    validation = NULL;
    done_count = 0;
    restart();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    validation_free(validation);
    fake_resolver_answer_muted(resolver);
    (void)fake_timer_run(timer);
    fake_fetch_free(fetch);
    fake_resolver_free(resolver);
    fake_timer_free(timer);
    return 0;
}

static struct validation_request request_for(enum acme_challenge challenge, const char *name)
{
    struct validation_request r = {.challenge = challenge, .account_url = ACCOUNT, .token = TOKEN,
                                   .key_authorization = KEY_AUTHORIZATION};
    uint8_t first = (uint8_t)name[0];
    bool is_ip = strchr(name, ':') != NULL || (first >= '0' && first <= '9');
    r.identifier.type = is_ip ? ACME_IP : ACME_DNS;
    (void)snprintf(r.identifier.value, sizeof r.identifier.value, "%s", name);
    return r;
}

static inline void begin(const struct validation_request *r)
{
    unsigned before = done_count;
    struct validator_port port = validation_port(validation);
    OK(port.validate(port.context, r, on_done, NULL, &err));
    assert_int_equal(done_count, before); /* later, never from within */
}

/* Carried through to its end. */
static inline void validate(const struct validation_request *r)
{
    unsigned before = done_count;
    begin(r);
    fake_timer_advance(timer, 60000);
    assert_int_equal(done_count, before + 1);
}

static inline void expect(const char *want_problem, const char *fragment)
{
    if (strcmp(problem, want_problem) != 0 || strstr(detail, fragment) == NULL)
        fail_msg("got %s: %s; want %s: ...%s...", problem, detail, want_problem, fragment);
}

static inline void check(const struct validation_request *r, const char *want_problem, const char *fragment)
{
    validate(r);
    expect(want_problem, fragment);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
