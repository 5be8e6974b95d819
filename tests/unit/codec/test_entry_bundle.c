#include "unit/codec/codec_checks.h"

#include "base/reader.h"
#include "codec/tiles/entry_bundle.h"

static void round_trip(void **state)
{
    (void)state;
    struct hex input = unhex("0004 00000000 0000 0003 616263");
    struct entry_bundle bundle;
    assert_int_equal(entry_bundle_parse(hex_bytes(&input), 3, &bundle, NULL), STATUS_OK);
    assert_int_equal(bundle.count, 3);
    assert_int_equal(bundle.entries[0].len, 4);
    assert_int_equal(bundle.entries[1].len, 0);
    assert_text(bundle.entries[2], "abc");
    struct builder b;
    builder_init(&b, ENTRY_BUNDLE_SIZE_MAX);
    for (unsigned i = 0; i < bundle.count; i++)
        entry_bundle_append(&b, bundle.entries[i]);
    assert_bytes(builder_view(&b), hex_bytes(&input));
    builder_clear(&b);
}

static void full(void **state)
{
    (void)state;
    static uint8_t entry[ENTRY_BUNDLE_ENTRY_MAX + 1];
    struct builder b;
    builder_init(&b, ENTRY_BUNDLE_SIZE_MAX);
    for (int i = 0; i < TILE_WIDTH; i++)
        entry_bundle_append(&b, bytes_of(entry, ENTRY_BUNDLE_ENTRY_MAX));
    assert_true(builder_is_good(&b));
    assert_int_equal(b.len, ENTRY_BUNDLE_SIZE_MAX);
    struct entry_bundle bundle;
    assert_int_equal(entry_bundle_parse(builder_view(&b), TILE_WIDTH, &bundle, NULL), STATUS_OK);
    builder_reset(&b);
    entry_bundle_append(&b, BYTES_OF(entry));
    assert_int_equal(builder_status(&b, "bundle", NULL), STATUS_LIMIT);
    builder_clear(&b);
}

static void bad(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        unsigned count;
        enum status status;
        const char *says;
    } cases[] = {
        {"", 1, STATUS_MALFORMED, "entry 0 of 1 (at byte 0)"},
        {"00", 1, STATUS_MALFORMED, "byte 0"},
        {"0001", 1, STATUS_MALFORMED, "byte 0"},
        {"0001 61 0002 62", 2, STATUS_MALFORMED, "entry 1 of 2 (at byte 3)"},
        {"0001 61", 2, STATUS_MALFORMED, "byte 3"},
        {"0001 61 0001 62", 1, STATUS_MALFORMED, "goes on after 1 entries (at byte 3)"},
        {"0001 61 00", 1, STATUS_MALFORMED, "goes on"},
        {"", 0, STATUS_USAGE, "1 to 256"},
        {"", 257, STATUS_USAGE, "1 to 256"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hex input = unhex(cases[i].input);
        struct entry_bundle bundle;
        struct error err;
        assert_int_equal(entry_bundle_parse(hex_bytes(&input), cases[i].count, &bundle, &err),
                         cases[i].status);
        assert_says(&err, cases[i].status, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(full),
        cmocka_unit_test(bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
