#include "unit/checks.h"

static void reasons(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, STATUS_REFUSED, "no %s", "way"), STATUS_REFUSED);
    assert_int_equal(err.status, STATUS_REFUSED);
    assert_string_equal(err.text, "no way");
    assert_int_equal(error_at(&err, STATUS_MALFORMED, 17, "bad %d", 3), STATUS_MALFORMED);
    assert_string_equal(err.text, "bad 3 (at byte 17)");
    assert_int_equal(error_prefix(&err, STATUS_MALFORMED, "file %s", "x"), STATUS_MALFORMED);
    assert_string_equal(err.text, "file x: bad 3 (at byte 17)");
}

static void nobody_listens(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, STATUS_IO, "x"), STATUS_IO);
    assert_int_equal(error_at(NULL, STATUS_LIMIT, 1, "x"), STATUS_LIMIT);
    assert_int_equal(error_prefix(NULL, STATUS_LIMIT, "x"), STATUS_LIMIT);
    assert_int_equal(error_prefix(NULL, STATUS_OK, "x"), STATUS_OK);
}

static void long_reasons_are_cut(void **state)
{
    (void)state;
    char text[2 * ERROR_TEXT_MAX];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct error err;
    (void)error_set(&err, STATUS_IO, "%s", text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    (void)error_at(&err, STATUS_IO, 1, "%s", text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    (void)error_prefix(&err, STATUS_IO, "file");
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    assert_memory_equal(err.text, "file: aaa", 9);
    (void)error_prefix(&err, STATUS_IO, "%s", text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    assert_int_equal(err.status, STATUS_IO);
}

static void names(void **state)
{
    (void)state;
    for (int s = STATUS_OK; s <= STATUS_USAGE; s++) {
        assert_string_not_equal(status_name((enum status)s), "unknown");
        for (int other = STATUS_OK; other < s; other++)
            assert_string_not_equal(status_name((enum status)s), status_name((enum status)other));
    }
    assert_string_equal(status_name((enum status)(STATUS_USAGE + 1)), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
