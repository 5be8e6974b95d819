#include "unit/codec/codec_checks.h"

#include "codec/tai/tai.h"

/* 10 bytes: 2^64-1. */
#define LARGEST "81ffffffffffffffff7f"

static struct tai id_of(const char *text)
{
    struct tai id;
    assert_int_equal(tai_parse_text(bytes_of_text(text), &id, NULL), STATUS_OK);
    return id;
}

static void both_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *binary;
    } good[] = {
        {"32473.1", "81fd5901"},
        {"32473.1.1.8.42", "81fd590101082a"},
        {"0", "00"},
        {"127.128.16383.16384", "7f 8100 ff7f 818000"},
        {"18446744073709551615", LARGEST},
        {"44363.47.1.99", "82da4b2f0163"},
        {"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30.31.32",
         "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hex binary = unhex(good[i].binary);
        struct tai id, same;
        char text[TAI_TEXT_SIZE];
        assert_int_equal(tai_parse_text(bytes_of_text(good[i].text), &id, NULL), STATUS_OK);
        assert_bytes(tai_bytes(&id), hex_bytes(&binary));
        assert_int_equal(tai_parse_binary(hex_bytes(&binary), &same, NULL), STATUS_OK);
        assert_true(tai_equal(&id, &same));
        tai_text(&same, text);
        assert_string_equal(text, good[i].text);
    }
}

/* The longest texts that 32 bytes give fit the sizes of the header. */
static void longest_text(void **state)
{
    (void)state;
    struct tai id = {.len = 0};
    for (int i = 0; i < TAI_MAX; i++)
        assert_int_equal(tai_append(&id, 127, NULL), STATUS_OK);
    char text[TAI_TEXT_SIZE], name[TAI_NAME_SIZE];
    tai_text(&id, text);
    assert_int_equal(strlen(text), TAI_TEXT_SIZE - 1);
    tai_name(&id, name);
    assert_int_equal(strlen(name), TAI_NAME_SIZE - 1);
    struct tai same;
    assert_int_equal(tai_parse_name(bytes_of_text(name), &same, NULL), STATUS_OK);
    assert_true(tai_equal(&id, &same));
}

static void bad_binary(void **state)
{
    (void)state;
    static const struct {
        const char *binary, *says;
        enum status status;
    } bad[] = {
        {"", "empty", STATUS_MALFORMED},
        {"81", "byte 0", STATUS_MALFORMED},
        {"81fd59 81", "byte 3", STATUS_MALFORMED},
        {"8001", "shortest", STATUS_MALFORMED},
        {"01 80", "byte 1", STATUS_MALFORMED},
        {"01 808001", "byte 1", STATUS_MALFORMED},
        {"82808080808080808000", "2^64", STATUS_MALFORMED},
        {"8180808080808080808000", "2^64", STATUS_MALFORMED},
        {"01 81ffffffffffffffffff7f", "byte 1", STATUS_MALFORMED},
        {"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021", "32 bytes",
         STATUS_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hex binary = unhex(bad[i].binary);
        struct tai id;
        struct error err;
        assert_int_equal(tai_parse_binary(hex_bytes(&binary), &id, &err), bad[i].status);
        assert_says(&err, bad[i].status, bad[i].says);
    }
}

static void bad_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     ".",   "1.",   ".1",  "1..2", "01",   "1.02", "-1",
                                      "+1",   " 1",  "1 ",   "1.a", "0x1",  "1,2",  "1.2\n",
                                      "18446744073709551616"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct tai id;
        struct error err;
        assert_int_equal(tai_parse_text(bytes_of_text(bad[i]), &id, &err), STATUS_MALFORMED);
        assert_says(&err, STATUS_MALFORMED, "at byte");
    }
    struct tai id;
    struct error err;
    struct bytes nul = bytes_of("1.2\0", 4);
    assert_int_equal(tai_parse_text(nul, &id, &err), STATUS_MALFORMED);
    assert_int_equal(tai_parse_text(bytes_of_text("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19."
                                                  "20.21.22.23.24.25.26.27.28.29.30.31.32.33"),
                                    &id, &err), STATUS_LIMIT);
    assert_int_equal(tai_parse_text(bytes_of_text("18446744073709551615.18446744073709551615."
                                                  "18446744073709551615.128.1"), &id, &err),
                     STATUS_LIMIT);
}

static void names(void **state)
{
    (void)state;
    struct tai id = id_of("32473.1"), same;
    char name[TAI_NAME_SIZE];
    tai_name(&id, name);
    assert_string_equal(name, "oid/1.3.6.1.4.1.32473.1");
    assert_int_equal(tai_parse_name(bytes_of_text(name), &same, NULL), STATUS_OK);
    assert_true(tai_equal(&id, &same));
    static const char *const bad[] = {"", "oid/1.3.6.1.4.1.", "oid/1.3.6.1.4.132473.1", "32473.1",
                                      "OID/1.3.6.1.4.1.32473.1", "oid/1.3.6.1.4.1..1",
                                      "oid/1.3.6.1.4.2.32473.1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(tai_parse_name(bytes_of_text(bad[i]), &same, NULL), STATUS_MALFORMED);
}

static void cosigner_order(void **state)
{
    (void)state;
    static const char *const ascending[] = {"1", "2", "127", "1.1", "1.2", "1.1.1", "32473",
                                            "32473.1", "32473.2", "32473.1.0", "32473.2.0"};
    for (size_t i = 0; i < COUNT_OF(ascending); i++) {
        for (size_t k = 0; k < COUNT_OF(ascending); k++) {
            struct tai a = id_of(ascending[i]), b = id_of(ascending[k]);
            int order = tai_compare(&a, &b);
            assert_int_equal(order < 0 ? -1 : order > 0, i < k ? -1 : i > k);
        }
    }
    assert_int_equal(tai_compare_binary(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0);
}

static void children(void **state)
{
    (void)state;
    struct tai ca = id_of("32473.1"), id, parent;
    char text[TAI_TEXT_SIZE];
    uint16_t log_number;
    assert_int_equal(tai_log_id(&ca, 65535, &id, NULL), STATUS_OK);
    tai_text(&id, text);
    assert_string_equal(text, "32473.1.0.65535");
    assert_true(tai_split_log_id(&id, &parent, &log_number));
    assert_true(tai_equal(&parent, &ca));
    assert_int_equal(log_number, 65535);
    assert_int_equal(tai_landmark_id(&ca, 8, 42, &id, NULL), STATUS_OK);
    tai_text(&id, text);
    assert_string_equal(text, "32473.1.1.8.42");
    assert_int_equal(tai_group(&ca, 8, TAI_LANDMARK_NUMBER_MAX, &id, NULL), STATUS_OK);
    tai_text(&id, text);
    assert_string_equal(text, "32473.1.2.8.281474976710655");
    assert_int_equal(tai_log_id(&ca, 0, &id, NULL), STATUS_USAGE);
    assert_int_equal(tai_landmark_id(&ca, 1, 0, &id, NULL), STATUS_USAGE);
    assert_int_equal(tai_group(&ca, 1, TAI_LANDMARK_NUMBER_MAX + 1, &id, NULL), STATUS_USAGE);
}

static void too_long_children(void **state)
{
    (void)state;
    struct tai ca = {.len = 0}, id = id_of("7"), before = id;
    for (int i = 0; i < TAI_MAX - 2; i++)
        assert_int_equal(tai_append(&ca, 1, NULL), STATUS_OK);
    struct error err;
    assert_int_equal(tai_log_id(&ca, 127, &id, NULL), STATUS_OK);
    id = before;
    assert_int_equal(tai_log_id(&ca, 128, &id, &err), STATUS_LIMIT);
    assert_int_equal(tai_landmark_id(&ca, 1, 1, &id, &err), STATUS_LIMIT);
    assert_true(tai_equal(&id, &before));
}

static void other_log_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "0.1", "32473.1", "32473.1.1", "32473.1.0.0",
                                      "32473.1.1.1", "32473.1.0.65536", "32473.1.0.1.1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct tai id = id_of(bad[i]), ca;
        uint16_t log_number;
        assert_false(tai_split_log_id(&id, &ca, &log_number));
    }
}

static void arcs(void **state)
{
    (void)state;
    struct tai arc = id_of("32473.1"), same = arc, below = id_of("32473.1.0.1");
    struct tai sibling = id_of("32473.16"), above = id_of("32473");
    assert_true(tai_is_within(&same, &arc));
    assert_true(tai_is_within(&below, &arc));
    assert_false(tai_is_within(&sibling, &arc));
    assert_false(tai_is_within(&above, &arc));
    struct tai two_bytes = id_of("32473.128"), one = id_of("32473.1.0");
    assert_false(tai_is_within(&two_bytes, &one));
    assert_false(tai_is_within(&one, &two_bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms),   cmocka_unit_test(longest_text),
        cmocka_unit_test(bad_binary),   cmocka_unit_test(bad_text),
        cmocka_unit_test(names),        cmocka_unit_test(cosigner_order),
        cmocka_unit_test(children),     cmocka_unit_test(too_long_children),
        cmocka_unit_test(other_log_ids), cmocka_unit_test(arcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
