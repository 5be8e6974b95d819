#include <stdio.h>

#include "unit/checks.h"

#include "fakes/fake_timer.h"
#include "service/validation/mpic_validator.h"

static struct error err;

#define DEC_2026_MS 1797292800000

/* A perspective that answers when the test says so. */
struct place {
    validator_done *done;
    void *cookie;
    unsigned asked;
    bool is_busy;
};

static enum status take(void *context, const struct validation_request *request, validator_done *done,
                        void *cookie, struct error *e)
{
    struct place *p = context;
    assert_string_equal(request->identifier.value, "example.com");
    if (p->is_busy)
        return error_set(e, STATUS_LIMIT, "too many");
    assert_null(p->done);
    p->asked++;
    p->done = done;
    p->cookie = cookie;
    return STATUS_OK;
}

static void say(struct place *p, const char *problem, const char *detail, uint32_t reuse_max_s)
{
    struct validation_result result = {problem, detail, reuse_max_s};
    validator_done *done = p->done;
    assert_non_null(done);
    p->done = NULL;
    done(p->cookie, &result);
}

static void yes(struct place *p)
{
    say(p, NULL, "", UINT32_MAX);
}

#define REMOTES 6
static struct place primary, places[REMOTES];
static struct validation_perspective remotes[REMOTES];
static struct fake_timer *timer;
static struct mpic_validator *validator;
static struct mpic_validator_config config;
static unsigned done_count;
static char problem[64], detail[1000];
static uint32_t reuse_max_s;

static void on_done(void *cookie, const struct validation_result *result)
{
    (void)cookie;
    done_count++;
    (void)snprintf(problem, sizeof problem, "%s", result->problem != NULL ? result->problem : "valid");
    (void)snprintf(detail, sizeof detail, "%s", result->detail);
    reuse_max_s = result->reuse_max_s;
}

static void restart(size_t remote_count)
{
    mpic_validator_free(validator);
    config.remote_count = remote_count;
    OK(mpic_validator_new(&config, &validator, &err));
}

static int set_up(void **state)
{
    (void)state;
    static const char *const names[REMOTES] = {"one", "two", "three", "four", "five", "six"};
    static const char *const rirs[REMOTES] = {"ARIN", "ARIN", "RIPE", "APNIC", "LACNIC", "ARIN"};
    timer = fake_timer_new(DEC_2026_MS);
    primary = (struct place){.done = NULL};
    memset(places, 0, sizeof places);
    for (size_t i = 0; i < REMOTES; i++)
        remotes[i] = (struct validation_perspective){names[i], rirs[i], {&places[i], take}};
    config = (struct mpic_validator_config){.primary = {&primary, take}, .remotes = remotes,
                                            .clock = fake_timer_clock(timer)};
    done_count = 0;
    validator = NULL;
    restart(5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mpic_validator_free(validator);
    for (size_t i = 0; i < REMOTES; i++)
        if (places[i].done != NULL)
            yes(&places[i]); /* stragglers */
    if (primary.done != NULL)
        yes(&primary);
    fake_timer_free(timer);
    return 0;
}

static enum status begin(void)
{
    struct validation_request r = {.challenge = ACME_HTTP_01, .identifier = {.type = ACME_DNS, .value = "example.com"}};
    struct validator_port port = mpic_validator_port(validator);
    unsigned before = done_count;
    enum status s = port.validate(port.context, &r, on_done, NULL, &err);
    assert_int_equal(done_count, before);
    return s;
}

static void expect(unsigned count, const char *want, const char *fragment)
{
    assert_int_equal(done_count, count);
    if (strcmp(problem, want) != 0 || strstr(detail, fragment) == NULL)
        fail_msg("got %s: %s", problem, detail);
}

static void all_agree(void **state)
{
    (void)state;
    OK(begin());
    for (size_t i = 0; i < 4; i++)
        yes(&places[i]);
    assert_int_equal(done_count, 0); /* the primary has not spoken */
    say(&primary, NULL, "", 300);
    expect(1, "valid", ""); /* the fifth cannot change it */
    assert_int_equal(reuse_max_s, 300);
    say(&places[4], "dns", "late", 0);
    assert_int_equal(done_count, 1);
}

static void one_may_disagree(void **state)
{
    (void)state;
    OK(begin());
    yes(&primary);
    say(&places[0], "connection", "nobody answers", 0);
    yes(&places[1]);
    yes(&places[2]);
    yes(&places[3]);
    assert_int_equal(done_count, 0);
    yes(&places[4]);
    expect(1, "valid", "");
}

static void two_may_not(void **state)
{
    (void)state;
    OK(begin());
    yes(&primary);
    yes(&places[0]);
    say(&places[1], "serverInternal", "the perspective cannot be reached (0)", 0);
    say(&places[2], "unauthorized", "status 404", 0);
    expect(1, "unauthorized", "1 of 5 remote perspectives corroborated this, 2 did not, and at most 1 of them may; three: status 404");
}

static void primary_says_no(void **state)
{
    (void)state;
    OK(begin());
    for (size_t i = 0; i < 5; i++)
        yes(&places[i]);
    say(&primary, "caa", "CAA at example.com", 0);
    expect(1, "caa", "CAA at example.com");
}

static void one_region(void **state)
{
    (void)state;
    for (size_t i = 0; i < REMOTES; i++)
        remotes[i].rir = "APNIC";
    OK(begin());
    yes(&primary);
    expect(1, "unauthorized", "0 of 5");
}

static void too_few(void **state)
{
    (void)state;
    restart(4);
    OK(begin());
    for (size_t i = 0; i < 4; i++)
        yes(&places[i]);
    yes(&primary);
    expect(1, "serverInternal", "has 4 remote perspectives, and must ask 5");
}

static void six_have_two(void **state)
{
    (void)state;
    restart(6);
    places[5].is_busy = true; /* counts as a no */
    OK(begin());
    yes(&primary);
    say(&places[0], "dns", "x", 0);
    yes(&places[1]);
    yes(&places[2]);
    yes(&places[3]);
    assert_int_equal(done_count, 0);
    yes(&places[4]);
    expect(1, "valid", "");
}

/* Votes of one attempt are nothing to the next. */
static void no_mixing(void **state)
{
    (void)state;
    OK(begin());
    yes(&primary);
    yes(&places[0]);
    yes(&places[1]);
    say(&places[2], "dns", "x", 0);
    say(&places[3], "dns", "x", 0);
    expect(1, "dns", "2 of 5");
    yes(&places[4]);
    OK(begin());
    yes(&primary);
    yes(&places[2]);
    yes(&places[3]);
    assert_int_equal(done_count, 1);
    yes(&places[4]);
    yes(&places[0]);
    expect(2, "valid", "");
}

static void intranet_is_for_the_primary(void **state)
{
    (void)state;
    struct validation_request r = {.challenge = ACME_HTTP_01, .is_intranet = true,
                                   .identifier = {.type = ACME_DNS, .value = "example.com"}};
    struct validator_port port = mpic_validator_port(validator);
    OK(port.validate(port.context, &r, on_done, NULL, &err));
    assert_int_equal(places[0].asked, 0);
    yes(&primary);
    expect(1, "valid", "");
}

static void limits(void **state)
{
    (void)state;
    config.attempts_max = 1;
    restart(5);
    OK(begin());
    assert_int_equal(begin(), STATUS_LIMIT);
    say(&primary, "dns", "x", 0);
    /* Answered, but the remotes are still at it. */
    assert_int_equal(begin(), STATUS_LIMIT);
    for (size_t i = 0; i < 5; i++)
        yes(&places[i]);
    primary.is_busy = true;
    assert_int_equal(begin(), STATUS_LIMIT);
    assert_int_equal(places[0].asked, 1);
    primary.is_busy = false;
    OK(begin());
    struct mpic_validator *other;
    config.remote_count = MPIC_REMOTES_MAX + 1;
    assert_int_equal(mpic_validator_new(&config, &other, &err), STATUS_USAGE);
}

static void freed_under_way(void **state)
{
    (void)state;
    OK(begin());
    yes(&places[0]);
    mpic_validator_free(validator);
    validator = NULL;
    yes(&primary);
    yes(&places[1]);
    assert_int_equal(done_count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_agree), TEST(one_may_disagree), TEST(two_may_not), TEST(primary_says_no), TEST(one_region),
        TEST(too_few), TEST(six_have_two), TEST(no_mixing), TEST(intranet_is_for_the_primary), TEST(limits),
        TEST(freed_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
