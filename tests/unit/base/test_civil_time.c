#include "unit/checks.h"

#include <time.h>

#include "base/civil_time.h"

static void known(void **state)
{
    (void)state;
    static const struct {
        int64_t epoch_s;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},           {-1, "1969-12-31T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},   {1795255200, "2026-11-21T10:00:00Z"},
        {4107542399, "2100-02-28T23:59:59Z"},  {4107542400, "2100-03-01T00:00:00Z"},
        {-62167219200, "0000-01-01T00:00:00Z"}, {253402300799, "9999-12-31T23:59:59Z"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[CIVIL_TIME_TEXT_SIZE];
        civil_time_format(cases[i].epoch_s, text);
        assert_string_equal(text, cases[i].text);
        int64_t epoch_s = 7;
        assert_true(civil_time_parse(bytes_of_text(cases[i].text), &epoch_s));
        assert_int_equal(epoch_s, cases[i].epoch_s);
    }
}

static void outside(void **state)
{
    (void)state;
    char text[CIVIL_TIME_TEXT_SIZE];
    struct civil_time t;
    static const int64_t far[] = {INT64_MIN, -62167219201, 253402300800, INT64_MAX};
    static const char *const texts[] = {"-9223372036854775808", "-62167219201", "253402300800",
                                        "9223372036854775807"};
    for (size_t i = 0; i < LENGTH(far); i++) {
        assert_false(civil_time_from_epoch(far[i], &t));
        civil_time_format(far[i], text);
        assert_string_equal(text, texts[i]);
    }
}

/* A prime number of seconds a step, through four hundred years and more, against the C library. */
static void as_the_c_library(void **state)
{
    (void)state;
    for (int64_t at = -30000000000; at < 30000000000; at += 1000003) {
        struct civil_time t;
        int64_t back;
        assert_true(civil_time_from_epoch(at, &t));
        time_t clock = (time_t)at;
        struct tm tm;
        assert_non_null(gmtime_r(&clock, &tm));
        assert_int_equal(t.year, tm.tm_year + 1900);
        assert_int_equal(t.month, tm.tm_mon + 1);
        assert_int_equal(t.day, tm.tm_mday);
        assert_int_equal(t.hour, tm.tm_hour);
        assert_int_equal(t.minute, tm.tm_min);
        assert_int_equal(t.second, tm.tm_sec);
        assert_true(civil_time_to_epoch(&t, &back));
        assert_int_equal(back, at);
    }
}

static void fields_out_of_range(void **state)
{
    (void)state;
    static const struct civil_time bad[] = {
        {-1, 1, 1, 0, 0, 0},     {10000, 1, 1, 0, 0, 0},  {2026, 0, 1, 0, 0, 0},   {2026, 13, 1, 0, 0, 0},
        {2026, 1, 0, 0, 0, 0},   {2026, 1, 32, 0, 0, 0},  {2026, 4, 31, 0, 0, 0},  {2026, 2, 29, 0, 0, 0},
        {1900, 2, 29, 0, 0, 0},  {2000, 2, 30, 0, 0, 0},  {2026, 1, 1, -1, 0, 0},  {2026, 1, 1, 24, 0, 0},
        {2026, 1, 1, 0, -1, 0},  {2026, 1, 1, 0, 60, 0},  {2026, 1, 1, 0, 0, -1},  {2026, 12, 31, 23, 59, 60},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        int64_t epoch_s;
        if (civil_time_to_epoch(&bad[i], &epoch_s))
            fail_msg("case %zu", i);
    }
}

static void texts(void **state)
{
    (void)state;
    int64_t epoch_s;
    assert_true(civil_time_parse(bytes_of_text("1795255200"), &epoch_s));
    assert_int_equal(epoch_s, 1795255200);
    assert_true(civil_time_parse(bytes_of_text("9223372036854775807"), &epoch_s));
    assert_int_equal(epoch_s, INT64_MAX);
    static const char *const bad[] = {
        "", "-1", "9223372036854775808", "00", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21T10:00:00z",
        "2026-11-21t10:00:00Z", "2026-11-21 10:00:00Z", "2026-11-21T10:00:00.0Z", "2026-11-21T10:00:00+00:00",
        "2026/11-21T10:00:00Z", "2026-11/21T10:00:00Z", "2026-11-21T10.00:00Z", "2026-11-21T10:00.00Z",
        "202a-11-21T10:00:00Z", "2026-1a-21T10:00:00Z", "2026-11-2aT10:00:00Z", "2026-11-21T1a:00:00Z",
        "2026-11-21T10:0a:00Z", "2026-11-21T10:00:0aZ", "2026-11-21T24:00:00Z", "2026-13-21T10:00:00Z",
        "-026-11-21T10:00:00Z", "18446744073709551615", "2026-11-21T10:00:60Z", "2026-02-29T10:00:00Z",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes text = heap_copy(bytes_of_text(bad[i]));
        if (civil_time_parse(text, &epoch_s))
            fail_msg("\"%s\"", bad[i]);
        heap_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),   cmocka_unit_test(outside),
        cmocka_unit_test(texts),   cmocka_unit_test(as_the_c_library),
        cmocka_unit_test(fields_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
