#include "service/acme/acme_order_text.h"

#include "unit/checks.h"

static void test_time(void **state)
{
    static const char *const bad[] = {"", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15 08:00:00Z", "2027-13-15T08:00:00Z",
                                      "2027-01-15T08:00:00.Z", "2027-01-15T08:00:00.1xZ", "2027-01-15T08:00:00+01:00",
                                      "2027-01-15T08:00:00ZZ", "1800000000", "1960-01-01T00:00:00Z", "2027-01-15T08:00:00.1Z1Z"};
    int64_t time_s;
    (void)state;
    assert_true(acme_order_text_time("2027-01-15T08:00:00Z", &time_s));
    assert_int_equal(time_s, 1800000000);
    assert_true(acme_order_text_time("2027-01-15T08:00:00.999999Z", &time_s));
    assert_int_equal(time_s, 1800000000);
    assert_false(acme_order_text_time(NULL, &time_s));
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (acme_order_text_time(bad[i], &time_s))
            fail_msg("%s was taken", bad[i]);
}

static void test_cursor(void **state)
{
    uint64_t after;
    (void)state;
    assert_true(acme_order_text_cursor(bytes_of(NULL, 0), &after) && after == 0);
    assert_true(acme_order_text_cursor(bytes_of_text("cursor=12"), &after) && after == 12);
    assert_true(acme_order_text_cursor(bytes_of_text("x=1&cursor=9223372036854775807"), &after) && after == INT64_MAX);
    assert_true(acme_order_text_cursor(bytes_of_text("cursors=1"), &after) && after == 0);
    assert_false(acme_order_text_cursor(bytes_of_text("cursor="), &after));
    assert_false(acme_order_text_cursor(bytes_of_text("cursor=-1"), &after));
    assert_false(acme_order_text_cursor(bytes_of_text("cursor=9223372036854775808"), &after));
}

static void test_common_name(void **state)
{
    static const struct {
        const char *hex, *want;
    } cases[] = {
        {"3000", ""},
        {"3016 3114 3012 0603550403 0c0b 6578616d706c652e636f6d", "example.com"},
        {"3010 310e 300c 0603550403 0c05 68656c6c6f", ""},           /* no host: "hello" */
        {"3010 310e 300c 060355040a 0c05 612e622e63", ""},           /* an organization */
        {"3010 310e 300c 0603550403 0c05 61 20 2e 62 63", ""},       /* "a .bc" */
        {"3020 310e 300c 060355040a 0c05 612e622e63 310e 300c 0603550403 1305 642e652e66", "d.e.f"},
        {"300d 310b 3009 0603550403 0c02 3a3a", "::"},
        {"0500", ""},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes name = heap_hex(cases[i].hex);
        assert_true(bytes_is_text(acme_order_text_common_name(name), cases[i].want));
        heap_free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_common_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
