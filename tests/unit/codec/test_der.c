#include "unit/codec/der_parts.h"

#include "codec/asn1/der.h"

static struct error err;

/* A reader on a copy of exactly these bytes. */
static struct bytes input;

static struct reader reader_on(const char *hex)
{
    struct reader r;
    input = heap_hex(hex);
    reader_init(&r, input);
    return r;
}

/* Frees the input; the reader must have gone all the way, or not at all. */
static void done(const struct reader *r, bool is_read)
{
    assert_int_equal(reader_offset(r), is_read ? input.len : 0);
    heap_free(input);
}

static void any(const char *hex, bool is_good)
{
    struct reader r = reader_on(hex);
    struct der_element e;
    if (der_any(&r, &e) != is_good)
        fail_msg("%s", hex);
    if (is_good) {
        assert_bytes(e.whole, input);
        assert_int_equal(e.tag, input.data[0]);
    }
    done(&r, is_good);
}

static void lengths(void **state)
{
    (void)state;
    any("0400", true);
    any("0401aa", true);
    any("0402aa", false);
    any("04", false);
    any("", false);
    any("0480", false);
    any("30800000", false);
    any("048100", false);
    any("04817f", false);
    any("048180", false);
    any("0482007f", false);
    any("04820080", false);
    any("048200ff", false);
    any("0483000100", false);
    any("0484", false);
    any("048400000001aa", false);
    any("0485 0000000001 aa", false);
    any("04ff", false);
    any("0481", false);
    any("0482 01", false);
    /* the shortest and longest length of each form, with its contents and with one byte too few */
    static const size_t sizes[] = {0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x20000};
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        struct builder b;
        builder_init(&b, PARTS_SIZE_MAX);
        memset(builder_space(&b, sizes[i]), 0x55, sizes[i]);
        parts_wrap(&b, 0, DER_OCTET_STRING);
        struct bytes whole = heap_copy(builder_view(&b));
        struct reader r;
        struct der_element e;
        reader_init(&r, whole);
        assert_true(der_any(&r, &e));
        assert_true(reader_is_at_end(&r));
        assert_int_equal(e.contents.len, sizes[i]);
        reader_init(&r, bytes_of(whole.data, whole.len - 1));
        assert_false(der_any(&r, &e));
        builder_reset(&b);
        der_write(&b, DER_OCTET_STRING, e.contents);
        assert_bytes(builder_view(&b), whole);
        heap_free(whole);
        builder_clear(&b);
    }
}

/* 128 bytes behind lengths that say 128, but not in the one way: 128 contents are there, so that only
 * the length is wrong. */
static void other_lengths(void **state)
{
    (void)state;
    static const char *const heads[] = {"820080", "83000080", "8400000080", "89010000000000000080", "880000000000000080"};
    for (size_t i = 0; i < LENGTH(heads); i++) {
        struct builder b;
        struct reader r;
        struct der_element e;
        builder_init(&b, 1000);
        builder_u8(&b, DER_OCTET_STRING);
        parts_hex(&b, heads[i]);
        memset(builder_space(&b, 128), 0x55, 128);
        reader_init(&r, builder_view(&b));
        if (der_any(&r, &e))
            fail_msg("%s", heads[i]);
        builder_clear(&b);
    }
}

static void tags(void **state)
{
    (void)state;
    any("0000", false);
    any("1f8100", false);
    any("3f0100", false);
    any("ff00", false);
    any("bf2000", false);
    any("9e00", true);
    any("3000", true);
    struct reader r = reader_on("020101"), child;
    struct der_element e;
    assert_true(der_next_is(&r, DER_INTEGER));
    assert_false(der_next_is(&r, DER_BOOLEAN));
    assert_false(der_tagged(&r, DER_BOOLEAN, &e));
    assert_false(der_enter(&r, DER_SEQUENCE, &child));
    assert_int_equal(reader_offset(&r), 0);
    assert_true(der_enter(&r, DER_INTEGER, &child));
    assert_int_equal(reader_offset(&child), 2);
    assert_int_equal(reader_left(&child), 1);
    assert_false(der_next_is(&r, DER_INTEGER));
    done(&r, true);
}

static void booleans(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool is_good, value;
    } cases[] = {
        {"010100", true, false}, {"0101ff", true, true}, {"010101", false, false}, {"0101fe", false, false},
        {"0100", false, false},  {"0102ffff", false, false}, {"0201ff", false, false}, {"", false, false},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct reader r = reader_on(cases[i].hex);
        bool value = !cases[i].value;
        assert_int_equal(der_read_boolean(&r, &value), cases[i].is_good);
        if (cases[i].is_good)
            assert_int_equal(value, cases[i].value);
        done(&r, cases[i].is_good);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint64_t value;
    } good[] = {
        {"020100", 0}, {"020101", 1}, {"02017f", 127}, {"02020080", 128}, {"020200ff", 255}, {"02020100", 256},
        {"02087fffffffffffffff", INT64_MAX}, {"0209008000000000000000", (uint64_t)1 << 63},
        {"020900ffffffffffffffff", UINT64_MAX}, {"0207 01000000000849", 0x1000000000849},
    };
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct reader r = reader_on(good[i].hex);
        uint64_t value;
        assert_true(der_read_u64(&r, &value));
        assert_int_equal(value, good[i].value);
        struct builder b;
        builder_init(&b, 20);
        der_write_u64(&b, value);
        assert_bytes(builder_view(&b), input);
        builder_clear(&b);
        done(&r, true);
    }
    static const char *const bad[] = {
        "0200", "02020000", "0202007f", "0201ff", "020180", "02088000000000000000", "0209010000000000000000",
        "020a0000ffffffffffffffff", "020a 00010000000000000000", "0209ffffffffffffffffff", "030101", "02", "",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct reader r = reader_on(bad[i]);
        uint64_t value;
        if (der_read_u64(&r, &value))
            fail_msg("%s", bad[i]);
        done(&r, false);
    }
    assert_false(der_is_integer(bytes_of("", 0)));
    assert_true(der_is_integer(bytes_of("\xff", 1)));
    assert_false(der_is_integer(bytes_of("\xff\x80", 2)));
    assert_true(der_is_integer(bytes_of("\xff\x7f", 2)));
    assert_false(der_is_integer(bytes_of("\x00\x7f", 2)));
    assert_true(der_is_integer(bytes_of("\x00\x80", 2)));
}

static void times(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        int64_t epoch_s;
    } good[] = {
        {DER_UTC_TIME, "500101000000Z", -631152000},         {DER_UTC_TIME, "700101000000Z", 0},
        {DER_UTC_TIME, "991231235959Z", 946684799},          {DER_UTC_TIME, "000101000000Z", 946684800},
        {DER_UTC_TIME, "261121100000Z", 1795255200},         {DER_UTC_TIME, "491231235959Z", 2524607999},
        {DER_GENERALIZED_TIME, "20500101000000Z", 2524608000}, {DER_GENERALIZED_TIME, "99991231235959Z", 253402300799},
    };
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct builder b, again;
        struct reader r;
        int64_t epoch_s;
        builder_init(&b, 30);
        builder_init(&again, 30);
        builder_text(&b, good[i].text);
        parts_wrap(&b, 0, good[i].tag);
        reader_init(&r, builder_view(&b));
        assert_true(der_read_time(&r, &epoch_s));
        assert_true(reader_is_at_end(&r));
        assert_int_equal(epoch_s, good[i].epoch_s);
        der_write_time(&again, epoch_s);
        assert_bytes(builder_view(&again), builder_view(&b));
        builder_clear(&b);
        builder_clear(&again);
    }
    static const struct {
        uint8_t tag;
        const char *text;
    } bad[] = {
        {DER_UTC_TIME, "2611211000Z"}, {DER_UTC_TIME, "261121100000"}, {DER_UTC_TIME, "261121100000z"},
        {DER_UTC_TIME, "2611211000000"}, {DER_UTC_TIME, "261121100000+0000"}, {DER_UTC_TIME, "261121100060Z"},
        {DER_UTC_TIME, "261321100000Z"}, {DER_UTC_TIME, "260229100000Z"}, {DER_UTC_TIME, "26112110000aZ"},
        {DER_UTC_TIME, "2611211000a0Z"}, {DER_UTC_TIME, "26112110a000Z"}, {DER_UTC_TIME, "261121a00000Z"},
        {DER_UTC_TIME, "2611a1100000Z"}, {DER_UTC_TIME, "26a121100000Z"}, {DER_UTC_TIME, "a61121100000Z"},
        {DER_UTC_TIME, "20500101000000Z"}, {DER_UTC_TIME, ""},
        {DER_UTC_TIME, "/91121100000Z"}, {DER_UTC_TIME, "1/1121100000Z"}, {DER_UTC_TIME, "261121100000Z0"},
        {DER_GENERALIZED_TIME, "20500101000000Z0"}, {DER_GENERALIZED_TIME, "20500101000000"},
        {DER_GENERALIZED_TIME, "20491231235959Z"}, {DER_GENERALIZED_TIME, "19700101000000Z"},
        {DER_GENERALIZED_TIME, "20500101000000.0Z"}, {DER_GENERALIZED_TIME, "205001010000Z"},
        {DER_GENERALIZED_TIME, "20500101000000+0000"}, {DER_GENERALIZED_TIME, "205a0101000000Z"},
        {DER_GENERALIZED_TIME, "a0500101000000Z"}, {DER_GENERALIZED_TIME, "500101000000Z"},
        {DER_UTF8_STRING, "261121100000Z"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct builder b;
        int64_t epoch_s;
        builder_init(&b, 30);
        builder_text(&b, bad[i].text);
        parts_wrap(&b, 0, bad[i].tag);
        input = heap_copy(builder_view(&b));
        struct reader r;
        reader_init(&r, input);
        if (der_read_time(&r, &epoch_s))
            fail_msg("%s", bad[i].text);
        done(&r, false);
        builder_clear(&b);
    }
    struct reader r = reader_on("");
    int64_t epoch_s;
    assert_false(der_read_time(&r, &epoch_s));
    done(&r, false);
}

static void times_that_cannot_be_written(void **state)
{
    (void)state;
    static const int64_t bad[] = {-631152001, 253402300800, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct builder b;
        builder_init(&b, 30);
        der_write_time(&b, bad[i]);
        assert_int_equal(b.failure, STATUS_LIMIT);
        builder_clear(&b);
    }
}

static void writing(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 1000);
    size_t outer = der_open(&b, DER_SEQUENCE), inner = der_open(&b, DER_SET);
    der_write_boolean_true(&b);
    der_close(&b, inner);
    memset(builder_space(&b, 0x80), 0, 0x80);
    der_close(&b, outer);
    assert_int_equal(b.len, 3 + 5 + 0x80);
    assert_memory_equal(b.data, "\x30\x81\x85\x31\x03\x01\x01\xff", 8);
    builder_clear(&b);
    /* no room for the longer length */
    builder_init(&b, 2 + 0x80);
    outer = der_open(&b, DER_SEQUENCE);
    memset(builder_space(&b, 0x80), 0, 0x80);
    der_close(&b, outer);
    assert_int_equal(b.failure, STATUS_LIMIT);
    builder_clear(&b);
    /* a length that 3 bytes cannot say */
    builder_init(&b, (size_t)1 << 25);
    outer = der_open(&b, DER_SEQUENCE);
    assert_non_null(builder_space(&b, (size_t)1 << 24));
    der_close(&b, outer);
    assert_int_equal(b.failure, STATUS_LIMIT);
    builder_clear(&b);
}

/* `depth` SEQUENCEs, one in the other. */
static enum status check_depth(size_t depth)
{
    struct builder b;
    builder_init(&b, 1000);
    for (size_t i = 0; i < depth; i++)
        parts_wrap(&b, 0, DER_SEQUENCE);
    enum status s = der_check_nested(builder_view(&b), "thing", &err);
    builder_clear(&b);
    return s;
}

static void nesting(void **state)
{
    (void)state;
    static const char *const good[] = {"", "0500", "3000", "300405003000", "30020500 3100 0500", "0402 3080", "0302 0030"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct bytes b = heap_hex(good[i]);
        assert_ok(der_check_nested(b, "thing", &err), &err, good[i]);
        heap_free(b);
    }
    static const char *const bad[][2] = {
        {"30", "thing: not DER (at byte 0)"},       {"300205", "thing: not DER (at byte 0)"},
        {"300105", "thing: not DER (at byte 2)"},   {"0500 30020501", "thing: not DER (at byte 4)"},
        {"3003 0500 00", "thing: not DER (at byte 4)"}, {"3004 a1028000 ff", "thing: not DER (at byte 6)"},
        {"3006 3004 048100 00", "thing: not DER (at byte 4)"}, {"0000", "thing: not DER (at byte 0)"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes b = heap_hex(bad[i][0]);
        assert_says(der_check_nested(b, "thing", &err), &err, STATUS_MALFORMED, bad[i][1]);
        heap_free(b);
    }
    OK(check_depth(DER_DEPTH_MAX - 1));
    assert_says(check_depth(DER_DEPTH_MAX), &err, STATUS_LIMIT, "24 levels");
    assert_says(check_depth(DER_DEPTH_MAX + 40), &err, STATUS_LIMIT, "24 levels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths), cmocka_unit_test(tags),    cmocka_unit_test(booleans), cmocka_unit_test(integers),
        cmocka_unit_test(times),   cmocka_unit_test(writing), cmocka_unit_test(nesting),
        cmocka_unit_test(times_that_cannot_be_written), cmocka_unit_test(other_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
