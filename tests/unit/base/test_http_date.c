#include "unit/checks.h"

#include "base/http_date.h"

static void dates(void **state)
{
    static const char *const bad[] = {
        "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:4x:37 GMT", "Sun, 06 Nov 1994 08-49-37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
    };
    int64_t epoch_s;
    (void)state;
    assert_true(http_date_parse(bytes_of_text("Sun, 06 Nov 1994 08:49:37 GMT"), &epoch_s));
    assert_int_equal(epoch_s, 784111777);
    assert_true(http_date_parse(bytes_of_text("Thu, 01 Jan 1970 00:00:00 GMT"), &epoch_s));
    assert_int_equal(epoch_s, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(http_date_parse(bytes_of_text(bad[i]), &epoch_s));
}

static void retry_after(void **state)
{
    (void)state;
    assert_int_equal(http_date_retry_after(bytes_of_text("120"), 784111777), 120);
    assert_int_equal(http_date_retry_after(bytes_of_text("0"), 0), 0);
    assert_int_equal(http_date_retry_after(bytes_of_text("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777 - 90), 90);
    assert_int_equal(http_date_retry_after(bytes_of_text("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777), 0);
    assert_int_equal(http_date_retry_after(bytes_of_text("Sun, 06 Nov 1994 08:49:37 GMT"), 784111778), 0);
    assert_int_equal(http_date_retry_after(bytes_of_text("soon"), 0), 0);
    assert_int_equal(http_date_retry_after(bytes_of_text("-5"), 0), 0);
    assert_int_equal(http_date_retry_after(bytes_of_text(""), 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(retry_after)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
