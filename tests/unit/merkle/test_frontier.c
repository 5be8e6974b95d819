#include "unit/merkle/model.h"

#include "merkle/frontier.h"

#define TWO(n) (UINT64_C(1) << (n))

static void assert_root(struct model *m, const struct frontier *f, uint64_t size)
{
    assert_int_equal(f->size, size);
    uint8_t want[HASH_SIZE], got[HASH_SIZE];
    model_mth(m, 0, size, want);
    frontier_root(f, &m->h, got);
    assert_memory_equal(got, want, HASH_SIZE);
}

static void assert_same(const struct frontier *a, const struct frontier *b)
{
    assert_int_equal(a->size, b->size);
    for (unsigned level = 0; level < 64; level++)
        if ((a->size >> level & 1) != 0)
            assert_memory_equal(a->hashes[level], b->hashes[level], HASH_SIZE);
}

static void append_next(struct model *m, struct frontier *f)
{
    uint8_t leaf[HASH_SIZE];
    model_leaf(m, f->size, leaf);
    assert_true(frontier_append(f, &m->h, leaf));
}

/* Grown leaf by leaf and loaded from nodes, the frontier is the same and has the naive root. */
static void small_trees(void **state)
{
    (void)state;
    static const struct hash_alg *const algs[] = {&hash_sha256, &hash_sm3};
    for (size_t a = 0; a < 2; a++) {
        struct model *m = model_new(algs[a]);
        struct frontier grown, loaded;
        frontier_init(&grown);
        for (uint64_t size = 0; size <= 1030; size++) {
            assert_root(m, &grown, size);
            struct node_source source = model_source(m, size);
            assert_int_equal(frontier_load(&loaded, &source, size, NULL), STATUS_OK);
            assert_same(&grown, &loaded);
            append_next(m, &grown);
        }
        model_free(m);
    }
}

static void large_trees(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    static const uint64_t starts[] = {TWO(47) - 5, TWO(48) - 5, TWO(63) - 5, UINT64_MAX - 10};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct frontier f;
        struct node_source source = model_source(m, starts[i]);
        assert_int_equal(frontier_load(&f, &source, starts[i], NULL), STATUS_OK);
        assert_root(m, &f, starts[i]);
        for (unsigned step = 1; step <= 10; step++) {
            append_next(m, &f);
            assert_root(m, &f, starts[i] + step);
        }
    }
    model_free(m);
}

static void a_full_tree_takes_no_more(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    struct node_source source = model_source(m, UINT64_MAX);
    struct frontier f;
    assert_int_equal(frontier_load(&f, &source, UINT64_MAX, NULL), STATUS_OK);
    struct frontier before = f;
    assert_false(frontier_append(&f, &m->h, m->nodes[0][0]));
    assert_memory_equal(&f, &before, sizeof f);
    model_free(m);
}

static void a_failing_source_leaves_it_empty(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    for (unsigned reads = 0; reads < 4; reads++) {
        struct node_source source = model_source(m, 0xf0);
        struct frontier f;
        struct error err;
        memset(&f, 0xee, sizeof f);
        m->reads_left = reads;
        assert_int_equal(frontier_load(&f, &source, 0xf0, &err), STATUS_IO);
        assert_int_equal(err.status, STATUS_IO);
        assert_root(m, &f, 0);
    }
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_trees),
        cmocka_unit_test(large_trees),
        cmocka_unit_test(a_full_tree_takes_no_more),
        cmocka_unit_test(a_failing_source_leaves_it_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
