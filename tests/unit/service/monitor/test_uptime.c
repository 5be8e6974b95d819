/* Uptime over 90 days, and what a report makes of it. */
#include "unit/checks.h"

#include "service/monitor/admission.h"

#define DAY_MS ((int64_t)86400000)
#define NOW_MS ((int64_t)20000 * DAY_MS)
#define INTERVAL_MS 60000

static struct error err;

/* count samples from begin on; every bad_every-th is a failure. */
static void sample(struct uptime *u, const char *endpoint, int64_t begin_ms, unsigned count, unsigned bad_every)
{
    for (unsigned i = 0; i < count; i++)
        uptime_note(u, endpoint, bad_every == 0 || i % bad_every != bad_every - 1, false, begin_ms + (int64_t)i * INTERVAL_MS);
}

static void each_endpoint_for_itself(void **state)
{
    (void)state;
    static struct uptime u;
    struct uptime_figures f;
    size_t lowest;
    u = (struct uptime){.interval_ms = INTERVAL_MS};
    assert_false(uptime_minimum(&u, NOW_MS, &lowest, &f));
    sample(&u, "get-sth", NOW_MS, 1000, 0);
    sample(&u, "get-entries", NOW_MS, 1000, 50);
    assert_true(uptime_minimum(&u, NOW_MS, &lowest, &f));
    assert_string_equal(u.endpoints[lowest].name, "get-entries");
    assert_int_equal(f.good, 980);
    assert_int_equal(f.bad, 20);
    assert_true(f.ratio > 0.979 && f.ratio < 0.981);
}

static void one_sample_an_interval(void **state)
{
    (void)state;
    static struct uptime u;
    struct uptime_figures f;
    u = (struct uptime){.interval_ms = INTERVAL_MS};
    for (int i = 0; i < 100; i++) /* a burst of a hundred requests */
        uptime_note(&u, "tile", i > 0, false, NOW_MS + i);
    uptime_figures(&u, 0, NOW_MS, &f);
    assert_int_equal(f.good + f.bad, 1);
    assert_int_equal(f.bad, 1);
    uptime_note(&u, "tile", true, false, NOW_MS - DAY_MS); /* a clock that was set back */
    uptime_figures(&u, 0, NOW_MS, &f);
    assert_int_equal(f.good, 1);
}

static void what_we_could_not_see(void **state)
{
    (void)state;
    static struct uptime u;
    struct uptime_figures f;
    u = (struct uptime){.interval_ms = INTERVAL_MS};
    uptime_note(&u, "tile", true, false, NOW_MS);
    for (int i = 1; i < 100; i++)
        uptime_note(&u, "tile", false, true, NOW_MS + (int64_t)i * INTERVAL_MS); /* our own network */
    uptime_figures(&u, 0, NOW_MS, &f);
    assert_int_equal(f.good, 1);
    assert_int_equal(f.bad, 0);
    /* It fails, we are away for three days, it fails: that is no outage of three days. */
    uptime_note(&u, "tile", false, false, NOW_MS + 200 * INTERVAL_MS);
    uptime_note(&u, "tile", false, false, NOW_MS + 201 * INTERVAL_MS);
    uptime_note(&u, "tile", false, false, NOW_MS + 3 * DAY_MS);
    uptime_figures(&u, 0, NOW_MS + 3 * DAY_MS, &f);
    assert_int_equal(f.bad, 3);
    assert_int_equal(f.longest_outage_ms, INTERVAL_MS);
}

/* Half a day it answers, half a day it does not, and is asked eight times less often meanwhile: that is half of the time. An endpoint
 * that is asked every five minutes has outages too. */
static void who_is_asked_less_often(void **state)
{
    (void)state;
    static struct uptime u;
    struct uptime_figures f;
    u = (struct uptime){.interval_ms = 10000, .gap_ms = 900000};
    for (int i = 0; i < 4320; i++)
        uptime_note(&u, "checkpoint", true, false, NOW_MS + (int64_t)i * 10000);
    for (int i = 1; i <= 540; i++)
        uptime_note(&u, "checkpoint", false, false, NOW_MS + DAY_MS / 2 - 10000 + (int64_t)i * 80000);
    uptime_figures(&u, 0, NOW_MS + DAY_MS, &f);
    assert_int_equal(f.good, 4320);
    assert_int_equal(f.bad, 4320);
    for (int i = 0; i < 100; i++)
        uptime_note(&u, "get-roots", i < 10 || i > 60, false, NOW_MS + (int64_t)i * 300000);
    uptime_figures(&u, 1, NOW_MS + DAY_MS, &f);
    assert_int_equal(f.longest_outage_ms, 51 * 300000);
    assert_int_equal(f.bad, 51 * 30);
    /* What we could not see stands for nothing. */
    uptime_note(&u, "tile", true, false, NOW_MS);
    uptime_note(&u, "tile", false, true, NOW_MS + 60000);
    uptime_note(&u, "tile", true, false, NOW_MS + 120000);
    uptime_figures(&u, 2, NOW_MS + DAY_MS, &f);
    assert_int_equal(f.good, 2);
}

static void ninety_days(void **state)
{
    (void)state;
    static struct uptime u;
    struct uptime_figures f;
    unsigned since, with;
    u = (struct uptime){.interval_ms = INTERVAL_MS};
    for (int day = 0; day < 120; day++)
        if (day != 100)
            uptime_note(&u, "tile", day >= 30, false, NOW_MS + day * DAY_MS);
    uptime_figures(&u, 0, NOW_MS + 119 * DAY_MS, &f);
    assert_int_equal(f.days, 89);
    assert_int_equal(f.bad, 0); /* 30 failures are older */
    assert_int_equal(f.good, 89);
    uptime_observed_days(&u, NOW_MS + 119 * DAY_MS, &since, &with);
    assert_int_equal(since, 90);
    assert_int_equal(with, 89);
    uptime_figures(&u, 0, NOW_MS + 400 * DAY_MS, &f);
    assert_int_equal(f.good + f.bad, 0);
}

static void text_is_read_again(void **state)
{
    (void)state;
    static struct uptime u, again;
    struct builder text, text2;
    builder_init(&text, UPTIME_TEXT_MAX);
    builder_init(&text2, UPTIME_TEXT_MAX);
    u = (struct uptime){.interval_ms = INTERVAL_MS};
    again = (struct uptime){.interval_ms = INTERVAL_MS};
    for (int day = 0; day < 100; day++) {
        sample(&u, "checkpoint", NOW_MS + day * DAY_MS, 3, 2);
        sample(&u, "tile", NOW_MS + day * DAY_MS, 2, 0);
    }
    uptime_write(&u, &text);
    OK(uptime_read(builder_view(&text), &again, &err));
    uptime_write(&again, &text2);
    assert_bytes(builder_view(&text), builder_view(&text2));
    static const char *const bad[] = {
        "", "cathaya-uptime v2\n", "cathaya-uptime v1\nday 1 2 3\n", "cathaya-uptime v1\nendpoint a 1 2 3\n",
        "cathaya-uptime v1\nendpoint a 1 2 3 4\nendpoint a 1 2 3 4\n", "cathaya-uptime v1\nendpoint a 1 2 3 4\nday 0 1 1\n",
        "cathaya-uptime v1\nendpoint a 1 2 3 4\nday 5 1 1\nday 5 1 1\n", "cathaya-uptime v1\nfirst -1\n",
        "cathaya-uptime v1\nendpoint a 1 2 3 4\nday 5 1 99999999999\n", "cathaya-uptime v1\nsomething 1\n"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        again = (struct uptime){.interval_ms = INTERVAL_MS};
        assert_int_equal(uptime_read(bytes_of_text(bad[i]), &again, &err), STATUS_MALFORMED);
    }
    builder_clear(&text);
    builder_clear(&text2);
}

static void facts_are_read_again(void **state)
{
    (void)state;
    struct log_facts facts = {.first_ms = 5, .tree_size = 7, .verified_size = 6, .tree_head_ms = 9, .entry_count = 11}, again = {0};
    struct builder text;
    builder_init(&text, LOG_FACTS_TEXT_MAX);
    log_facts_note(&facts, FINDING_SPLIT_VIEW, 100);
    log_facts_note(&facts, FINDING_SPLIT_VIEW, 200);
    log_facts_write(&facts, &text);
    builder_text(&text, "finding one-of-a-later-version 1 2 3\n");
    OK(log_facts_read(builder_view(&text), &again, &err));
    assert_int_equal(again.findings[FINDING_SPLIT_VIEW].count, 2);
    assert_int_equal(again.findings[FINDING_SPLIT_VIEW].last_ms, 200);
    assert_int_equal(again.verified_size, 6);
    assert_int_equal(again.entry_count, 11);
    assert_int_equal(log_facts_read(bytes_of_text("cathaya-log-facts v1\nseen 1 2\n"), &again, &err), STATUS_MALFORMED);
    assert_int_equal(log_facts_read(bytes_of_text("x\n"), &again, &err), STATUS_MALFORMED);
    builder_clear(&text);
}

static bool is_yes(const struct uptime *u, const struct log_facts *facts, enum admission_criterion criterion, int64_t now)
{
    struct admission_report report;
    admission_judge(u, facts, now, &report);
    bool is_all = true;
    for (size_t i = 0; i < ADMISSION_CRITERIA; i++) {
        is_all = is_all && report.answers[i].is_yes;
        assert_true(strlen(report.answers[i].reason) > 0);
    }
    assert_int_equal(report.is_yes, is_all);
    return report.answers[criterion].is_yes;
}

static void admission(void **state)
{
    (void)state;
    static struct uptime u;
    struct log_facts good = {.first_ms = NOW_MS, .tree_size = 7, .verified_size = 7, .tree_head_ms = NOW_MS}, facts;
    struct admission_report report;
    int64_t now = NOW_MS + 91 * DAY_MS;
    u = (struct uptime){.interval_ms = INTERVAL_MS};
    assert_false(is_yes(&u, &good, ADMISSION_UPTIME, now)); /* nothing is known */
    for (int day = 0; day < 91; day++)
        sample(&u, "tile", NOW_MS + day * DAY_MS, 100, day == 50 ? 2 : 0);
    admission_judge(&u, &good, now, &report);
    for (size_t i = 0; i < ADMISSION_CRITERIA; i++)
        if (!report.answers[i].is_yes)
            fail_msg("%s: %s", admission_criterion_name((enum admission_criterion)i), report.answers[i].reason);
    assert_true(report.is_yes);
    assert_false(is_yes(&u, &good, ADMISSION_OBSERVED, NOW_MS + 89 * DAY_MS));
    for (int day = 10; day < 20; day++)
        sample(&u, "data", NOW_MS + day * DAY_MS, 100, 40); /* 97.5 % */
    assert_false(is_yes(&u, &good, ADMISSION_UPTIME, now));
    facts = good;
    facts.verified_size = 6;
    assert_false(is_yes(&u, &facts, ADMISSION_VERIFIED, now));
    facts = good;
    log_facts_note(&facts, FINDING_SHRANK, NOW_MS - 1000 * DAY_MS); /* never forgotten */
    assert_false(is_yes(&u, &facts, ADMISSION_APPEND_ONLY, now));
    facts = good;
    log_facts_note(&facts, FINDING_LATE_MERGE, now - 89 * DAY_MS);
    assert_false(is_yes(&u, &facts, ADMISSION_MMD, now));
    facts.findings[FINDING_LATE_MERGE].last_ms = now - 91 * DAY_MS;
    assert_true(is_yes(&u, &facts, ADMISSION_MMD, now));
    facts = good;
    log_facts_note(&facts, FINDING_OUTSIDE_INTERVAL, now);
    assert_false(is_yes(&u, &facts, ADMISSION_POLICY, now));
    assert_true(is_yes(&u, &facts, ADMISSION_MMD, now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_endpoint_for_itself), cmocka_unit_test(one_sample_an_interval),
        cmocka_unit_test(what_we_could_not_see),    cmocka_unit_test(who_is_asked_less_often), cmocka_unit_test(ninety_days),
        cmocka_unit_test(text_is_read_again),       cmocka_unit_test(facts_are_read_again),
        cmocka_unit_test(admission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
