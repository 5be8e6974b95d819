#include "unit/merkle/model.h"

#include "merkle/subtree.h"

#define TWO(n) (UINT64_C(1) << (n))

static void assert_subtree(struct subtree s, uint64_t start, uint64_t end)
{
    assert_int_equal(s.start, start);
    assert_int_equal(s.end, end);
}

static void validity_follows_the_definition(void **state)
{
    (void)state;
    for (uint64_t start = 0; start <= 300; start++)
        for (uint64_t end = 0; end <= 300; end++)
            assert_int_equal(subtree_is_valid((struct subtree){start, end}),
                             model_is_valid(start, end));
}

static void validity_at_large_indices(void **state)
{
    (void)state;
    static const struct subtree valid[] = {
        {0, TWO(47) + 1},
        {0, TWO(48) - 1},
        {0, TWO(62) + 1},
        {0, TWO(63) - 1},
        {0, TWO(63) + 1},
        {0, UINT64_MAX},
        {TWO(63), TWO(63) + 1},
        {TWO(63), UINT64_MAX},
        {UINT64_MAX, UINT64_MAX},
        {UINT64_MAX - 1, UINT64_MAX},
        {0, TWO(63)},
        {1, 1},
    };
    static const struct subtree invalid[] = {
        {TWO(46), TWO(47) + 1},
        {TWO(46), TWO(48) - 1},
        {TWO(61), TWO(62) + 1},
        {TWO(61), TWO(63) - 1},
        {TWO(62), TWO(63) + 1},
        {TWO(62), UINT64_MAX},
        {1, UINT64_MAX},
        {1, TWO(63) + 1},
        {TWO(62), TWO(62) + TWO(63)},
        {1, 0},
        {UINT64_MAX, 0},
        {UINT64_MAX, UINT64_MAX - 1},
    };
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
        assert_true(subtree_is_valid(valid[i]));
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        assert_false(subtree_is_valid(invalid[i]));
}

/* Every pair of values around the powers of two. */
static void validity_around_powers_of_two(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < 64; b++)
            for (unsigned step = 0; step < 9; step++) {
                uint64_t start = TWO(a) + step / 3 - 1, end = TWO(b) + step % 3 - 1;
                assert_int_equal(subtree_is_valid((struct subtree){start, end}),
                                 model_is_valid(start, end));
            }
}

/* The three properties of [MTC 4.5.1], and that both are valid subtrees. */
static void assert_covers(uint64_t start, uint64_t end)
{
    struct subtree out[2];
    subtree_cover(start, end, out);
    assert_true(model_is_valid(out[0].start, out[0].end));
    assert_true(model_is_valid(out[1].start, out[1].end));
    assert_int_equal(out[0].end, out[1].start);
    assert_int_equal(out[1].end, end);
    assert_true(out[0].start <= start);
    if (start != end)
        assert_true(start - out[0].start < out[0].end - start);
    if (end - start <= 1) {
        assert_subtree(out[0], start, end);
        assert_subtree(out[1], end, end);
    } else {
        assert_true(out[1].start < end);
    }
}

static void covering_keeps_its_promises(void **state)
{
    (void)state;
    for (uint64_t end = 0; end <= 300; end++)
        for (uint64_t start = 0; start <= end; start++) {
            assert_covers(start, end);
            assert_covers(TWO(48) - 150 + start, TWO(48) - 150 + end);
            assert_covers(TWO(63) - 150 + start, TWO(63) - 150 + end);
            assert_covers(UINT64_MAX - end, UINT64_MAX - start);
            assert_covers(start, UINT64_MAX - end);
        }
}

static void covering_at_large_indices(void **state)
{
    (void)state;
    struct subtree out[2];
    subtree_cover(0x500000000000, 0xd00000000000, out);
    assert_subtree(out[0], 0x400000000000, 0x800000000000);
    assert_subtree(out[1], 0x800000000000, 0xd00000000000);
    subtree_cover(0x7fffffffffff, 0x800000000001, out);
    assert_subtree(out[0], 0x7fffffffffff, 0x800000000000);
    assert_subtree(out[1], 0x800000000000, 0x800000000001);
    subtree_cover(0xfffffffffffe, 0xffffffffffff, out);
    assert_subtree(out[0], 0xfffffffffffe, 0xffffffffffff);
    assert_subtree(out[1], 0xffffffffffff, 0xffffffffffff);
    subtree_cover(0, UINT64_MAX, out);
    assert_subtree(out[0], 0, TWO(63));
    assert_subtree(out[1], TWO(63), UINT64_MAX);
    subtree_cover(5, 13, out);
    assert_subtree(out[0], 4, 8);
    assert_subtree(out[1], 8, 13);
}

static void small_questions(void **state)
{
    (void)state;
    struct subtree s = {4, 8};
    assert_int_equal(subtree_size(s), 4);
    assert_false(subtree_contains(s, 3));
    assert_true(subtree_contains(s, 4));
    assert_true(subtree_contains(s, 7));
    assert_false(subtree_contains(s, 8));
    assert_true(subtree_equal(s, (struct subtree){4, 8}));
    assert_false(subtree_equal(s, (struct subtree){4, 7}));
    assert_false(subtree_equal(s, (struct subtree){5, 8}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validity_follows_the_definition),
        cmocka_unit_test(validity_at_large_indices),
        cmocka_unit_test(validity_around_powers_of_two),
        cmocka_unit_test(covering_keeps_its_promises),
        cmocka_unit_test(covering_at_large_indices),
        cmocka_unit_test(small_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
