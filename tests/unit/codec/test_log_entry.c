#include "unit/checks.h"

#include "codec/mtc/log_entry.h"

static struct error err;

static void parse(const char *hex, const char *extensions, uint16_t type, const char *data)
{
    struct bytes input = heap_hex(hex);
    struct log_entry e;
    assert_ok(log_entry_parse(input, &e, &err), &err, hex);
    assert_hex(e.extensions, extensions);
    assert_int_equal(e.type, type);
    assert_hex(e.data, data);
    heap_free(input);
}

static void good(void **state)
{
    (void)state;
    parse("00000000", "0000", LOG_ENTRY_NULL, "");
    parse("00000001", "0000", LOG_ENTRY_TBS_CERT, "");
    parse("00000001 0500", "0000", LOG_ENTRY_TBS_CERT, "0500");
    parse("0000f000 aa", "0000", 0xf000, "aa");
    parse("0004 00010000 0000", "000400010000", LOG_ENTRY_NULL, "");
    parse("000a 00000000 ffff0002aabb 0001", "000a 00000000 ffff0002aabb", LOG_ENTRY_TBS_CERT, "");
}

static void bad(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "bad extensions (at byte 0)"},
        {"00", "bad extensions (at byte 0)"},
        {"0001", "bad extensions (at byte 0)"},
        {"0000", "no type (at byte 2)"},
        {"000000", "no type (at byte 2)"},
        {"00000000 00", "null entry with data"},
        {"0001 00 0000", "bad extension (at byte 2)"},
        {"0003 000100 0000", "bad extension (at byte 2)"},
        {"0005 00010002 aa 0000", "bad extension (at byte 2)"},
        {"0005 00010000 00 0000", "bad extension (at byte 6)"},
        {"0008 00010000 00010000 0000", "not in order, or one twice (at byte 6)"},
        {"0008 00020000 00010000 0000", "not in order, or one twice (at byte 6)"},
        {"0008 00000000 00000000 0000", "not in order, or one twice (at byte 6)"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes input = heap_hex(cases[i][0]);
        struct log_entry e;
        assert_says(log_entry_parse(input, &e, &err), &err, STATUS_MALFORMED, cases[i][1]);
        heap_free(input);
    }
}

static void longest(void **state)
{
    (void)state;
    uint8_t *entry = calloc(1, LOG_ENTRY_SIZE_MAX + 1);
    struct log_entry e;
    entry[3] = LOG_ENTRY_TBS_CERT;
    OK(log_entry_parse(bytes_of(entry, LOG_ENTRY_SIZE_MAX), &e, &err));
    assert_int_equal(e.data.len, LOG_ENTRY_SIZE_MAX - 4);
    assert_says(log_entry_parse(bytes_of(entry, LOG_ENTRY_SIZE_MAX + 1), &e, &err), &err, STATUS_LIMIT, "65535");
    free(entry);
}

static void writing(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 10);
    log_entry_write_start(&b, LOG_ENTRY_NULL);
    assert_hex(builder_view(&b), "00000000");
    builder_reset(&b);
    log_entry_write_start(&b, LOG_ENTRY_TBS_CERT);
    assert_hex(builder_view(&b), "00000001");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(bad),
        cmocka_unit_test(longest),
        cmocka_unit_test(writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
