#include "unit/checks.h"

static void numbers(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 100);
    builder_u8(&b, 0xa1);
    builder_u16(&b, 0xb1b2);
    builder_u24(&b, 0xc1c2c3);
    builder_u32(&b, 0xd1d2d3d4);
    builder_u48(&b, 0xe1e2e3e4e5e6);
    builder_u64(&b, UINT64_C(0xf1f2f3f4f5f6f7f8));
    assert_true(builder_is_good(&b));
    assert_hex(builder_view(&b), "a1 b1b2 c1c2c3 d1d2d3d4 e1e2e3e4e5e6 f1f2f3f4f5f6f7f8");
    builder_clear(&b);
    assert_int_equal(b.len, 0);
    builder_clear(&b);
}

/* What does not fit must not turn into another number. */
static void numbers_too_large(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 100);
    builder_u24(&b, 0xffffff);
    builder_u48(&b, 0xffffffffffff);
    assert_hex(builder_view(&b), "ffffff ffffffffffff");
    builder_u24(&b, 0x1000000);
    assert_int_equal(b.failure, STATUS_LIMIT);
    builder_reset(&b);
    builder_u48(&b, UINT64_C(1) << 48);
    assert_int_equal(b.failure, STATUS_LIMIT);
    assert_int_equal(b.len, 0);
    builder_clear(&b);
}

static void texts(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 100);
    builder_text(&b, "one ");
    builder_printf(&b, "%d %s", 22, "three");
    builder_bytes(&b, bytes_of(NULL, 0));
    builder_text(&b, "");
    assert_bytes(builder_view(&b), bytes_of_text("one 22 three"));
    builder_clear(&b);
}

static void first_failure_sticks(void **state)
{
    (void)state;
    struct builder b;
    struct error err;
    builder_init(&b, 4);
    builder_u24(&b, 1);
    OK(builder_status(&b, "thing", &err));
    builder_u16(&b, 2);
    assert_says(builder_status(&b, "thing", &err), &err, STATUS_LIMIT, "thing: longer than the 4 bytes");
    /* one byte would fit, but nothing is written any more */
    builder_u8(&b, 3);
    builder_printf(&b, "x");
    assert_null(builder_space(&b, 0));
    assert_null(builder_insert(&b, 0, 1));
    assert_hex(builder_view(&b), "000001");
    assert_false(builder_is_good(&b));
    size_t len = 7;
    assert_null(builder_take(&b, &len));
    assert_int_equal(len, 0);
    builder_reset(&b);
    assert_true(builder_is_good(&b));
    builder_u32(&b, 0x04050607);
    assert_hex(builder_view(&b), "04050607");
    builder_clear(&b);
}

static void fixed_never_allocates(void **state)
{
    (void)state;
    uint8_t memory[4];
    struct builder b;
    struct error err;
    builder_init_fixed(&b, memory, sizeof memory);
    builder_u32(&b, 0x01020304);
    assert_ptr_equal(b.data, memory);
    assert_hex(BYTES_OF(memory), "01020304");
    size_t len = 7;
    assert_null(builder_take(&b, &len));
    assert_int_equal(len, 0);
    builder_u8(&b, 5);
    assert_says(builder_status(&b, "thing", &err), &err, STATUS_LIMIT, "4 bytes");
    builder_clear(&b);
}

static void growing_and_taking(void **state)
{
    (void)state;
    struct builder b;
    size_t len;
    builder_init(&b, 100000);
    assert_null(builder_take(&b, &len));
    for (unsigned i = 0; i < 50000; i++)
        builder_u16(&b, (uint16_t)i);
    assert_true(builder_is_good(&b));
    uint8_t *data = builder_take(&b, &len);
    assert_int_equal(len, 100000);
    for (unsigned i = 0; i < 50000; i++)
        assert_int_equal(data[2 * i] << 8 | data[2 * i + 1], i);
    free(data);
    /* empty again, with the same maximum */
    assert_int_equal(b.len, 0);
    assert_non_null(builder_space(&b, 100000));
    assert_null(builder_space(&b, 1));
    builder_clear(&b);
}

/* Nothing, in a builder that has no memory yet, is no failure. */
static void room_for_nothing(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 0);
    assert_non_null(builder_space(&b, 0));
    text_write_base64(&b, bytes_of(NULL, 0));
    text_write_hex(&b, bytes_of(NULL, 0));
    assert_true(builder_is_good(&b));
    assert_int_equal(b.len, 0);
    assert_null(builder_space(&b, 1));
    assert_null(builder_space(&b, 0));
    builder_clear(&b);
}

static void inserting(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 8);
    builder_u32(&b, 0x01020304);
    memset(builder_insert(&b, 1, 2), 0xaa, 2);
    assert_hex(builder_view(&b), "01aaaa020304");
    memset(builder_insert(&b, 6, 1), 0xbb, 1);
    memset(builder_insert(&b, 0, 1), 0xcc, 1);
    assert_hex(builder_view(&b), "cc01aaaa020304bb");
    assert_null(builder_insert(&b, 0, 1));
    assert_int_equal(b.failure, STATUS_LIMIT);
    builder_clear(&b);
}

/* The largest vector of each prefix, and one byte more. */
static void vectors(void **state)
{
    (void)state;
    static const size_t longest[] = {0, 0xff, 0xffff, 0xffffff};
    for (unsigned prefix = 1; prefix <= 3; prefix++) {
        for (size_t more = 0; more < 2; more++) {
            struct builder b;
            builder_init(&b, (size_t)1 << 25);
            builder_u8(&b, 0x77);
            size_t mark = builder_open_vector(&b, prefix);
            uint8_t *space = builder_space(&b, longest[prefix] + more);
            assert_non_null(space);
            memset(space, 0, longest[prefix] + more);
            builder_close_vector(&b, mark, prefix);
            assert_int_equal(b.failure, more == 0 ? STATUS_OK : STATUS_LIMIT);
            if (more == 0)
                for (unsigned i = 0; i < prefix; i++)
                    assert_int_equal(b.data[1 + i], 0xff);
            builder_clear(&b);
        }
    }
    struct builder b;
    builder_init(&b, 2);
    size_t mark = builder_open_vector(&b, 2);
    builder_close_vector(&b, mark, 2);
    assert_hex(builder_view(&b), "0000");
    /* no room for the prefix: closing must not write either */
    mark = builder_open_vector(&b, 2);
    builder_close_vector(&b, mark, 2);
    assert_int_equal(b.failure, STATUS_LIMIT);
    assert_hex(builder_view(&b), "0000");
    builder_clear(&b);
}

static void secrets(void **state)
{
    (void)state;
    uint8_t a[] = {1, 2, 3}, b[] = {1, 2, 3};
    assert_true(bytes_equal_secret(BYTES_OF(a), BYTES_OF(b)));
    assert_false(bytes_equal_secret(BYTES_OF(a), bytes_of(b, 2)));
    assert_true(bytes_equal_secret(bytes_of(NULL, 0), bytes_of(NULL, 0)));
    for (size_t i = 0; i < sizeof b; i++) {
        b[i] ^= 0x80;
        assert_false(bytes_equal_secret(BYTES_OF(a), BYTES_OF(b)));
        assert_false(bytes_equal(BYTES_OF(a), BYTES_OF(b)));
        b[i] ^= 0x80;
    }
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of(a, 0)));
    assert_false(bytes_equal(BYTES_OF(a), bytes_of(b, 2)));
    assert_true(bytes_is_text(bytes_of("abc", 3), "abc"));
    assert_false(bytes_is_text(bytes_of("abc", 4), "abc"));
    bytes_wipe(a, sizeof a);
    assert_hex(BYTES_OF(a), "000000");
    bytes_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),   cmocka_unit_test(texts),
        cmocka_unit_test(vectors),   cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(inserting), cmocka_unit_test(fixed_never_allocates),
        cmocka_unit_test(secrets),   cmocka_unit_test(room_for_nothing),
        cmocka_unit_test(growing_and_taking), cmocka_unit_test(numbers_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
