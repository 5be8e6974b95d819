#include "service/site_certificates/site_time.h"
#include "unit/checks.h"

#define DAY 86400
#define NB INT64_C(1800000000)

static void test_renewal(void **state)
{
    (void)state;
    assert_int_equal(site_time_renewal(NB, NB + 1000, 0), NB + 720);
    assert_int_equal(site_time_renewal(NB, NB + 1000, UINT32_MAX), NB + 779);
    assert_int_equal(site_time_renewal(NB, NB, UINT32_MAX), NB);
    assert_true(site_time_renewal(NB, NB + 7 * DAY, UINT32_MAX / 2) < NB + 7 * DAY * 76 / 100);
    assert_true(site_time_renewal(NB, NB + 7 * DAY, UINT32_MAX / 2) > NB + 7 * DAY * 74 / 100);
}

static void test_window(void **state)
{
    (void)state;
    assert_int_equal(site_time_in_window(NB + 10, NB + 20, NB, NB + 100, 0), NB + 10);
    assert_int_equal(site_time_in_window(NB + 10, NB + 20, NB, NB + 100, UINT32_MAX), NB + 19);
    assert_int_equal(site_time_in_window(NB + 10, NB + 10, NB, NB + 100, 7), NB + 10);
    /* In the past: now. */
    assert_int_equal(site_time_in_window(NB - 10, NB - 5, NB, NB + 100, 0), NB - 10);
    /* Too late: a CA that errs. */
    assert_int_equal(site_time_in_window(NB + 200, NB + 300, NB, NB + 100, 7), NB + 90);
}

static void test_advice_pause(void **state)
{
    (void)state;
    assert_int_equal(site_time_advice_pause(7 * DAY, 0), 6 * 3600);
    assert_int_equal(site_time_advice_pause(7 * DAY, 3600), 3600);
    assert_int_equal(site_time_advice_pause(7 * DAY, 1), 60);
    assert_int_equal(site_time_advice_pause(90 * DAY, 30 * DAY), DAY);
    assert_int_equal(site_time_advice_pause(120, 3600), 12);
    assert_int_equal(site_time_advice_pause(120, 1), 2);
    assert_int_equal(site_time_advice_pause(0, 0), 1);
    assert_int_equal(site_time_advice_pause(-5, 0), 1);
}

static void test_backoff(void **state)
{
    (void)state;
    for (unsigned failures = 1; failures < 200; failures++) {
        int64_t least = site_time_backoff(failures, 10, 3600, 0, 0), most = site_time_backoff(failures, 10, 3600, 0, UINT32_MAX);
        int64_t middle = failures < 10 && (INT64_C(10) << (failures - 1)) < 3600 ? INT64_C(10) << (failures - 1) : 3600;
        assert_int_equal(least, middle - middle / 5);
        assert_true(most >= middle && most <= middle + middle / 5 + 1);
    }
    /* The server's wish counts, within a day. */
    assert_int_equal(site_time_backoff(1, 10, 3600, 7200, 0), 7200);
    assert_int_equal(site_time_backoff(1, 10, 3600, INT64_MAX, 0), DAY);
    assert_int_equal(site_time_backoff(1, 10, 3600, -1, 0), 8);
    assert_int_equal(site_time_backoff(0, 1, 3600, 0, 0), 1);
}

static void test_others(void **state)
{
    (void)state;
    assert_int_equal(site_time_landmark_pause(0, 0), 30);
    assert_int_equal(site_time_landmark_pause(1, 0), 60);
    assert_int_equal(site_time_landmark_pause(50, 0), 3600);
    assert_int_equal(site_time_landmark_pause(50, 5), 5);
    assert_int_equal(site_time_landmark_pause(0, DAY), 3600);
    assert_false(site_time_is_near(NB, NB + 100, NB + 54));
    assert_true(site_time_is_near(NB, NB + 100, NB + 55));
    assert_int_equal(site_time_bound(NB + 200, NB, 100), NB + 100);
    assert_int_equal(site_time_bound(NB - 200, NB, 100), NB - 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_renewal), cmocka_unit_test(test_window), cmocka_unit_test(test_advice_pause),
                                       cmocka_unit_test(test_backoff), cmocka_unit_test(test_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
