#include "unit/codec/codec_checks.h"

#include "codec/properties/properties.h"

/* 9 KiB: not on the stack of every test. */
static struct properties list;

static void assert_parses(const char *hex, enum properties_encoding encoding)
{
    struct hex input = unhex(hex);
    struct error err;
    if (properties_parse(hex_bytes(&input), encoding, &list, &err) != STATUS_OK)
        fail_msg("%s: %s", hex, err.text);
    struct builder b;
    builder_init(&b, PROPERTIES_SIZE_MAX);
    assert_int_equal(properties_write(&list, encoding, &b, NULL), STATUS_OK);
    assert_bytes(builder_view(&b), hex_bytes(&input));
    builder_clear(&b);
}

static void assert_group(size_t i, const char *text)
{
    struct builder b;
    builder_init(&b, 1024);
    tai_pattern_write_text(&list.groups[i], &b);
    assert_text(builder_view(&b), text);
    builder_clear(&b);
}

static void assert_id(const char *text)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&list.trust_anchor_id, id);
    assert_string_equal(id, text);
}

/* The examples of TAI -06 7.4 and TAI -04 5.4: the same properties in both encodings. */
static void examples(void **state)
{
    (void)state;
    assert_parses("002a 0000 0004 81fd5901 0001 001a 0018 09 910b910b0202648148"
                  "0d 81fd5981fd5903032a80648148 0002 0000", PROPERTIES_WITH_PATTERNS);
    assert_id("32473.1");
    assert_int_equal(list.group_count, 2);
    assert_group(0, "2187.2.{100-200}");
    assert_group(1, "32473.3.{42-}.{100-200}");
    assert_true(list.has_negotiation);

    assert_parses("003b 0000 0004 81fd5901 0001 002b 0029"
                  "03 910b02 0000000000000064 00000000000000c8"
                  "04 81fd5903 000000000000002a ffffffffffffffff 0002 0000",
                  PROPERTIES_WITH_RANGES);
    assert_id("32473.1");
    assert_int_equal(list.group_count, 2);
    assert_group(0, "2187.2.{100-200}");
    assert_group(1, "32473.3.{42-}");
    assert_true(list.has_negotiation);
}

static void shapes(void **state)
{
    (void)state;
    for (int e = PROPERTIES_WITH_PATTERNS; e <= PROPERTIES_WITH_RANGES; e++) {
        assert_parses("0000", (enum properties_encoding)e);
        assert_parses("0004 0002 0000", (enum properties_encoding)e);
        assert_parses("000a 0000 0006 82da4b2f0163", (enum properties_encoding)e);
        assert_parses("0006 ff01 0002 abcd", (enum properties_encoding)e);
        assert_true(list.has_sct_list);
        assert_int_equal(list.sct_list.len, 2);
        assert_int_equal(list.other_count, 0);
        assert_parses("000c 0003 0000 ff00 0000 ffff 0000", (enum properties_encoding)e);
        assert_int_equal(list.other_count, 3);
        assert_parses("000d 0003 0001 aa ff01 0000 ff02 0000", (enum properties_encoding)e);
        assert_int_equal(list.other_count, 2);
        assert_true(list.has_sct_list);
    }
    assert_parses("0007 0001 0003 0001 00", PROPERTIES_WITH_PATTERNS); /* the empty pattern */
    assert_parses("0018 0001 0014 0012 01 05 0000000000000007 0000000000000007"
                  "", PROPERTIES_WITH_RANGES);
    assert_group(0, "5.7");
}

static void assert_refuses(const char *hex, enum properties_encoding encoding, enum status status,
                           const char *says)
{
    struct hex input = unhex(hex);
    struct error err;
    assert_int_equal(properties_parse(hex_bytes(&input), encoding, &list, &err), status);
    assert_says(&err, status, says);
}

static void bad_lists(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *says;
    } cases[] = {
        {"", "list cut short"},
        {"00", "list cut short"},
        {"0001", "list cut short"},
        {"0000 00", "after the list (at byte 2)"},
        {"0001 00", "property cut short (at byte 2)"},
        {"0003 0002 00", "property cut short"},
        {"0004 0002 0001", "property cut short"},
        {"0008 0002 0000 0002 0000", "ascending (at byte 6)"},
        {"0009 0002 0000 0000 0001 05", "ascending (at byte 6)"},
        {"0008 aaaa 0000 aaaa 0000", "ascending"},
        {"0008 bbbb 0000 aaaa 0000", "ascending"},
        {"0004 0000 0000", "empty trust anchor ID"},
        {"0006 0000 0002 8001", "value at byte 6"},
        {"0005 0002 0001 00", "not empty (at byte 6)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int e = PROPERTIES_WITH_PATTERNS; e <= PROPERTIES_WITH_RANGES; e++)
            assert_refuses(cases[i].hex, (enum properties_encoding)e, STATUS_MALFORMED,
                           cases[i].says);
    assert_refuses("0025 0000 0021 0101010101010101010101010101010101010101010101010101010101010101"
                   "01", PROPERTIES_WITH_PATTERNS, STATUS_LIMIT, "32 bytes");
}

/* The status is the same without an error object. */
static void without_error(void **state)
{
    (void)state;
    struct hex long_id = unhex("0025 0000 0021 0101010101010101010101010101010101010101010101010101"
                               "01010101010101");
    assert_int_equal(properties_parse(hex_bytes(&long_id), PROPERTIES_WITH_PATTERNS, &list, NULL),
                     STATUS_LIMIT);
}

static void bad_groups(void **state)
{
    (void)state;
    assert_refuses("0004 0001 0000", PROPERTIES_WITH_PATTERNS, STATUS_MALFORMED, "does not fill");
    assert_refuses("0006 0001 0002 0000", PROPERTIES_WITH_PATTERNS, STATUS_MALFORMED, "empty list");
    assert_refuses("0009 0001 0005 0003 05 1111", PROPERTIES_WITH_PATTERNS, STATUS_MALFORMED,
                   "pattern cut short (at byte 8)");
    assert_refuses("000a 0001 0006 0003 02 1111 00", PROPERTIES_WITH_PATTERNS, STATUS_MALFORMED,
                   "does not fill");
    assert_refuses("0009 0001 0005 0003 02 1110", PROPERTIES_WITH_PATTERNS, STATUS_MALFORMED,
                   "pattern at byte 8");
    assert_refuses("000d 0001 0009 0007 02 1111 03 222222", PROPERTIES_WITH_PATTERNS,
                   STATUS_MALFORMED, "pattern at byte 11");
    assert_refuses("0006 0001 0002 0000", PROPERTIES_WITH_RANGES, STATUS_MALFORMED, "empty list");
    assert_refuses("0017 0001 0013 0011 00 0000000000000001 0000000000000002",
                   PROPERTIES_WITH_RANGES, STATUS_MALFORMED, "empty trust anchor ID");
    assert_refuses("0018 0001 0014 0012 01 81 0000000000000001 0000000000000002",
                   PROPERTIES_WITH_RANGES, STATUS_MALFORMED, "range at byte 8");
    assert_refuses("0018 0001 0014 0012 01 05 0000000000000003 0000000000000002",
                   PROPERTIES_WITH_RANGES, STATUS_MALFORMED, "min above max");
    assert_refuses("0017 0001 0013 0011 01 05 0000000000000003 00000000000004",
                   PROPERTIES_WITH_RANGES, STATUS_MALFORMED, "range cut short");
}

static void limits(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, PROPERTIES_SIZE_MAX);
    size_t all = builder_open_vector(&b, 2);
    for (uint16_t i = 0; i <= PROPERTIES_OTHERS_MAX; i++) {
        builder_u16(&b, (uint16_t)(100 + i));
        builder_u16(&b, 0);
    }
    builder_close_vector(&b, all, 2);
    struct error err;
    assert_int_equal(properties_parse(builder_view(&b), PROPERTIES_WITH_PATTERNS, &list, &err),
                     STATUS_LIMIT);
    builder_reset(&b);
    all = builder_open_vector(&b, 2);
    builder_u16(&b, PROPERTIES_TRUST_ANCHOR_GROUPS);
    size_t value = builder_open_vector(&b, 2), groups = builder_open_vector(&b, 2);
    for (int i = 0; i <= PROPERTIES_GROUPS_MAX; i++)
        builder_bytes(&b, bytes_of("\x02\x01\x01", 3));
    builder_close_vector(&b, groups, 2);
    builder_close_vector(&b, value, 2);
    builder_close_vector(&b, all, 2);
    assert_int_equal(properties_parse(builder_view(&b), PROPERTIES_WITH_PATTERNS, &list, &err),
                     STATUS_LIMIT);
    builder_clear(&b);
}

static void bad_writes(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, PROPERTIES_SIZE_MAX);
    static const uint16_t types[][2] = {{4, 4}, {5, 4}, {2, 4}, {0, 4}, {4, 0xff01}};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        list = (struct properties){.other_count = 2};
        list.others[0].type = types[i][0];
        list.others[1].type = types[i][1];
        assert_int_equal(properties_write(&list, PROPERTIES_WITH_PATTERNS, &b, NULL), STATUS_USAGE);
    }
    static const char *const patterns[] = {"{1-2}.3", "32473.{1-}.{2-}", "5"};
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        list = (struct properties){.group_count = 1};
        assert_int_equal(tai_pattern_parse_text(bytes_of_text(patterns[i]), &list.groups[0], NULL),
                         STATUS_OK);
        assert_int_equal(properties_write(&list, PROPERTIES_WITH_RANGES, &b, NULL), STATUS_USAGE);
    }
    list = (struct properties){.group_count = 1};
    assert_int_equal(properties_write(&list, PROPERTIES_WITH_RANGES, &b, NULL), STATUS_USAGE);
    static uint8_t large[65535];
    list = (struct properties){.has_sct_list = true, .sct_list = BYTES_OF(large)};
    assert_int_equal(properties_write(&list, PROPERTIES_WITH_PATTERNS, &b, NULL), STATUS_LIMIT);
    builder_clear(&b);
}

static void assert_written(const char *hex)
{
    struct hex want = unhex(hex);
    struct builder b;
    builder_init(&b, PROPERTIES_SIZE_MAX);
    assert_int_equal(properties_write(&list, PROPERTIES_WITH_PATTERNS, &b, NULL), STATUS_OK);
    assert_bytes(builder_view(&b), hex_bytes(&want));
    builder_clear(&b);
}

static void our_certificates(void **state)
{
    (void)state;
    struct tai ca;
    assert_int_equal(tai_parse_text(bytes_of_text("32473.1"), &ca, NULL), STATUS_OK);
    assert_int_equal(properties_standalone(&ca, &list, NULL), STATUS_OK);
    assert_written("001d 0000 0004 81fd5901 0001 0011 000f 0e 81fd5981fd590101020200800080");
    assert_int_equal(properties_landmark(&ca, 1, 3, &list, NULL), STATUS_OK);
    assert_written("0024 0000 0007 81fd5901010103 0001 0011 000f 0e 81fd5981fd590101020201010380"
                   "0002 0000");
    assert_int_equal(properties_landmark(&ca, 2, 1, &list, NULL), STATUS_OK);
    assert_written("0024 0000 0007 81fd5901010201 0001 0011 000f 0e 81fd5981fd590101020202020180"
                   "0002 0000");
    assert_int_equal(properties_landmark(&ca, 0, 3, &list, NULL), STATUS_USAGE);
    for (int i = ca.len; i < TAI_MAX; i++)
        assert_int_equal(tai_append(&ca, 1, NULL), STATUS_OK);
    assert_int_equal(properties_landmark(&ca, 1, 3, &list, NULL), STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),   cmocka_unit_test(shapes), cmocka_unit_test(bad_lists),
        cmocka_unit_test(bad_groups), cmocka_unit_test(limits), cmocka_unit_test(bad_writes),
        cmocka_unit_test(our_certificates), cmocka_unit_test(without_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
