#include "unit/codec/codec_checks.h"

#include "codec/tai/tai_pattern.h"

static struct tai_pattern pattern_of(const char *text)
{
    struct tai_pattern p;
    assert_int_equal(tai_pattern_parse_text(bytes_of_text(text), &p, NULL), STATUS_OK);
    return p;
}

static void both_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *binary;
    } good[] = {
        {"32473.{123-456}.{789-}", "81fd5981fd59 7b8348 861580"}, /* the example of TAI 5.3.1 */
        {"32473.1", "81fd5981fd59 0101"},
        {"2187.2.{100-200}", "910b910b 0202 648148"},
        {"32473.3.{42-}.{100-200}", "81fd5981fd59 0303 2a80 648148"},
        {"{0-}", "0080"},
        {"{0-18446744073709551615}", "00 81ffffffffffffffff7f"},
        {"{18446744073709551615-}", "81ffffffffffffffff7f 80"},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hex binary = unhex(good[i].binary);
        struct tai_pattern p = pattern_of(good[i].text), same;
        assert_bytes(tai_pattern_bytes(&p), hex_bytes(&binary));
        assert_int_equal(tai_pattern_parse_binary(hex_bytes(&binary), &same, NULL), STATUS_OK);
        struct builder text;
        builder_init(&text, 1024);
        tai_pattern_write_text(&same, &text);
        assert_text(builder_view(&text), good[i].text);
        builder_clear(&text);
    }
}

static void bad_binary(void **state)
{
    (void)state;
    static const struct {
        const char *binary, *says;
    } bad[] = {
        {"81fd59", "byte 0"},    {"81", "byte 0"},        {"0101 02", "byte 2"},
        {"80 01", "byte 0"},     {"01 8001", "byte 2"},   {"0101 8042", "byte 2"},
        {"0201", "min above"},   {"01 81", "byte 0"},     {"0180 80", "byte 2"},
        {"00 82808080808080808000", "byte 0"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hex binary = unhex(bad[i].binary);
        struct tai_pattern p;
        struct error err;
        assert_int_equal(tai_pattern_parse_binary(hex_bytes(&binary), &p, &err), STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, bad[i].says);
    }
}

static void bad_text(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      ".",       "1.",      ".1",     "{",      "}",        "{}",       "{-}",
        "{-1}",  "{1}",     "{1-2",    "1-2}",   "1-2",    "{1-2-3}",  "{2-1}",    "{1-1}",
        "{01-}", "{1-02}",  "{1 -2}",  "{1-2}3", "{1-2}}", "{{1-2}",   "1.{2-}.",  "01",
        "-1",    "{1--2}",  "{18446744073709551616-}",     "18446744073709551616"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct tai_pattern p;
        struct error err;
        assert_int_equal(tai_pattern_parse_text(bytes_of_text(bad[i]), &p, &err),
                         STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, "at byte");
    }
}

static void limit(void **state)
{
    (void)state;
    struct tai_pattern p = {.len = 0}, before;
    struct tai_range one = {.min = 1, .max = 1, .has_max = true};
    struct tai_range three = {.min = 1, .max = 200, .has_max = true};
    for (int i = 0; i < 126; i++)
        assert_int_equal(tai_pattern_append(&p, one, NULL), STATUS_OK);
    before = p;
    assert_int_equal(tai_pattern_append(&p, three, NULL), STATUS_OK);
    assert_int_equal(p.len, TAI_PATTERN_MAX);
    struct error err;
    struct tai_pattern full = p;
    assert_int_equal(tai_pattern_append(&p, one, &err), STATUS_LIMIT);
    assert_memory_equal(&p, &full, sizeof p);
    struct tai_range wrong = {.min = 2, .max = 1, .has_max = true};
    assert_int_equal(tai_pattern_append(&before, wrong, &err), STATUS_USAGE);
    uint8_t large[256] = {0};
    assert_int_equal(tai_pattern_parse_binary(BYTES_OF(large), &p, &err), STATUS_LIMIT);
}

static void contains(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *id;
        bool is_in;
    } cases[] = {
        {"32473.{123-456}.{789-}", "32473.123.789", true},
        {"32473.{123-456}.{789-}", "32473.456.18446744073709551615", true},
        {"32473.{123-456}.{789-}", "32473.122.789", false},
        {"32473.{123-456}.{789-}", "32473.457.789", false},
        {"32473.{123-456}.{789-}", "32473.200.788", false},
        {"32473.{123-456}.{789-}", "32473.200", false},
        {"32473.{123-456}.{789-}", "32473.200.800.1", false},
        {"32473.{123-456}.{789-}", "32474.200.800", false},
        {"32473.1.2.{0-}.{0-}", "32473.1.2.1.7", true},
        {"32473.1.2.1.{3-}", "32473.1.2.1.3", true},
        {"32473.1.2.1.{3-}", "32473.1.2.1.2", false},
        {"32473.1.2.1.{3-}", "32473.1.2.2.3", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tai_pattern p = pattern_of(cases[i].pattern);
        struct tai id;
        assert_int_equal(tai_parse_text(bytes_of_text(cases[i].id), &id, NULL), STATUS_OK);
        assert_int_equal(tai_pattern_contains(&p, &id), cases[i].is_in);
    }
}

static void empty_pattern_contains_nothing(void **state)
{
    (void)state;
    struct tai_pattern p;
    assert_int_equal(tai_pattern_parse_binary(bytes_of(NULL, 0), &p, NULL), STATUS_OK);
    struct tai none = {.len = 0}, one = {.len = 1};
    assert_false(tai_pattern_contains(&p, &none));
    assert_false(tai_pattern_contains(&p, &one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms), cmocka_unit_test(bad_binary),
        cmocka_unit_test(bad_text),   cmocka_unit_test(limit),
        cmocka_unit_test(contains),   cmocka_unit_test(empty_pattern_contains_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
