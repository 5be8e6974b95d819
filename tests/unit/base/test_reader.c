#include "unit/checks.h"

#include "base/reader.h"

static const uint8_t count_up[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

/* Reads a number of `width` bytes with the function for it. */
static bool read_number(struct reader *r, size_t width, uint64_t *value)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    bool is_read;
    switch (width) {
    case 1:
        is_read = reader_u8(r, &u8);
        *value = is_read ? u8 : 0;
        return is_read;
    case 2:
        is_read = reader_u16(r, &u16);
        *value = is_read ? u16 : 0;
        return is_read;
    case 3:
        is_read = reader_u24(r, &u32);
        *value = is_read ? u32 : 0;
        return is_read;
    case 4:
        is_read = reader_u32(r, &u32);
        *value = is_read ? u32 : 0;
        return is_read;
    case 6:
        return reader_u48(r, value);
    default:
        return reader_u64(r, value);
    }
}

static void numbers(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 2, 3, 4, 6, 8};
    static const uint64_t values[] = {0x01, 0x0102, 0x010203, 0x01020304, 0x010203040506,
                                      0x0102030405060708};
    for (size_t i = 0; i < LENGTH(widths); i++) {
        for (size_t have = 0; have < sizeof count_up; have++) {
            struct bytes input = heap_copy(bytes_of(count_up, have));
            struct reader r;
            uint64_t value;
            reader_init(&r, input);
            assert_int_equal(read_number(&r, widths[i], &value), have >= widths[i]);
            assert_int_equal(reader_offset(&r), have >= widths[i] ? widths[i] : 0);
            if (have >= widths[i])
                assert_int_equal(value, values[i]);
            heap_free(input);
        }
    }
}

static void high_bytes(void **state)
{
    (void)state;
    static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct reader r;
    uint64_t value;
    reader_init(&r, BYTES_OF(ones));
    assert_true(reader_u64(&r, &value));
    assert_int_equal(value, UINT64_MAX);
    reader_init(&r, BYTES_OF(ones));
    assert_true(reader_u48(&r, &value));
    assert_int_equal(value, (UINT64_C(1) << 48) - 1);
    assert_int_equal(reader_left(&r), 2);
}

static void nothing(void **state)
{
    (void)state;
    struct reader r, child;
    struct bytes part;
    uint8_t byte;
    reader_init(&r, bytes_of(NULL, 0));
    assert_true(reader_is_at_end(&r));
    assert_int_equal(reader_left(&r), 0);
    assert_false(reader_peek_u8(&r, &byte));
    assert_true(reader_bytes(&r, 0, &part));
    assert_true(reader_skip(&r, 0));
    assert_false(reader_skip(&r, 1));
    assert_true(reader_copy(&r, NULL, 0));
    assert_false(reader_line(&r, &child));
    assert_false(reader_until(&r, 0, &part));
}

static void runs(void **state)
{
    (void)state;
    struct reader r;
    struct bytes part;
    uint8_t byte, copy[4];
    reader_init(&r, BYTES_OF(count_up));
    assert_true(reader_peek_u8(&r, &byte));
    assert_int_equal(byte, 1);
    assert_int_equal(reader_offset(&r), 0);
    assert_true(reader_bytes(&r, 2, &part));
    assert_bytes(part, bytes_of(count_up, 2));
    assert_true(reader_copy(&r, copy, sizeof copy));
    assert_memory_equal(copy, count_up + 2, sizeof copy);
    assert_true(reader_skip(&r, 1));
    assert_bytes(reader_rest(&r), bytes_of(count_up + 7, 2));
    assert_false(reader_bytes(&r, 3, &part));
    assert_false(reader_bytes(&r, SIZE_MAX, &part));
    assert_false(reader_copy(&r, copy, 3));
    assert_false(reader_skip(&r, 3));
    assert_int_equal(reader_offset(&r), 7);
}

static bool read_vector(struct reader *r, unsigned prefix, struct reader *child)
{
    return prefix == 1   ? reader_vector_u8(r, child)
           : prefix == 2 ? reader_vector_u16(r, child)
                         : reader_vector_u24(r, child);
}

static void vectors(void **state)
{
    (void)state;
    for (unsigned prefix = 1; prefix <= 3; prefix++) {
        /* 7, prefix with value 2, two bytes, one byte behind. */
        uint8_t data[7] = {7};
        data[prefix] = 2;
        data[prefix + 1] = 0xaa;
        data[prefix + 2] = 0xbb;
        for (size_t have = 1; have <= prefix + 4U; have++) {
            struct bytes input = heap_copy(bytes_of(data, have));
            struct reader r, child;
            uint8_t byte;
            reader_init(&r, input);
            assert_true(reader_skip(&r, 1));
            bool is_whole = have >= prefix + 3U;
            assert_int_equal(read_vector(&r, prefix, &child), is_whole);
            assert_int_equal(reader_offset(&r), is_whole ? prefix + 3 : 1);
            if (is_whole) {
                /* the child sees its two bytes, and counts from the start of the whole */
                assert_int_equal(reader_left(&child), 2);
                assert_int_equal(reader_offset(&child), prefix + 1);
                assert_false(reader_skip(&child, 3));
                assert_true(reader_u8(&child, &byte));
                assert_int_equal(byte, 0xaa);
                assert_int_equal(reader_offset(&child), prefix + 2);
            }
            heap_free(input);
        }
    }
}

static void lines(void **state)
{
    (void)state;
    struct reader r, line;
    struct bytes part;
    reader_init(&r, bytes_of_text("one\n\ntwo"));
    assert_true(reader_line(&r, &line));
    assert_bytes(reader_rest(&line), bytes_of_text("one"));
    assert_true(reader_line(&r, &line));
    assert_true(reader_is_at_end(&line));
    assert_int_equal(reader_offset(&line), 4);
    assert_false(reader_line(&r, &line));
    assert_int_equal(reader_offset(&r), 5);
    assert_true(reader_until(&r, 'w', &part));
    assert_bytes(part, bytes_of_text("t"));
    assert_false(reader_until(&r, 'w', &part));
    assert_bytes(reader_rest(&r), bytes_of_text("o"));
}

static void within(void **state)
{
    (void)state;
    struct reader r, part;
    reader_init(&r, BYTES_OF(count_up));
    reader_init_within(&part, &r, bytes_of(count_up + 3, 2));
    assert_int_equal(reader_offset(&part), 3);
    assert_int_equal(reader_left(&part), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(high_bytes), cmocka_unit_test(nothing),
        cmocka_unit_test(runs),    cmocka_unit_test(vectors),    cmocka_unit_test(lines),
        cmocka_unit_test(within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
