/* Every subtree of every small tree, and the ways in which a proof can be no proof. */
#include "unit/merkle/proof_checks.h"

#define TREE_SIZE_MAX 130

typedef void visit_subtree(struct model *m, struct subtree s);

static void for_each_subtree(const struct hash_alg *alg, visit_subtree *visit)
{
    struct model *m = model_new(alg);
    for (uint64_t end = 0; end <= TREE_SIZE_MAX; end++)
        for (uint64_t start = 0; start <= end; start++)
            if (model_is_valid(start, end))
                visit(m, (struct subtree){start, end});
    model_free(m);
}

static void every_subtree_hash(void **state)
{
    (void)state;
    for_each_subtree(&hash_sha256, checks_subtree_hash);
    for_each_subtree(&hash_sm3, checks_subtree_hash);
}

static void include_all(struct model *m, struct subtree s)
{
    for (uint64_t index = s.start; index < s.end; index++)
        checks_inclusion(m, s, index);
}

static void every_inclusion(void **state)
{
    (void)state;
    for_each_subtree(&hash_sha256, include_all);
    for_each_subtree(&hash_sm3, include_all);
}

static void consist_with_all(struct model *m, struct subtree s)
{
    for (uint64_t tree_size = s.end; tree_size <= TREE_SIZE_MAX; tree_size++)
        checks_consistency(m, s, tree_size);
}

static void every_consistency(void **state)
{
    (void)state;
    for_each_subtree(&hash_sha256, consist_with_all);
}

static void invalid_subtrees_are_refused(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sha256);
    struct node_source source = model_source(m, 100);
    struct builder out;
    uint8_t hash[HASH_SIZE] = {0};
    for (uint64_t end = 0; end <= 40; end++)
        for (uint64_t start = 0; start <= 40; start++) {
            if (model_is_valid(start, end))
                continue;
            struct subtree s = {start, end};
            struct bytes none = bytes_of(NULL, 0);
            builder_init(&out, 4096);
            assert_int_equal(proof_evaluate_inclusion(&m->h, s, start, hash, none, hash, NULL),
                             STATUS_REFUSED);
            assert_int_equal(proof_check_consistency(&m->h, s, 100, hash, hash, none, NULL),
                             STATUS_REFUSED);
            assert_int_equal(proof_subtree_hash(&m->h, &source, s, hash, NULL), STATUS_REFUSED);
            assert_int_equal(proof_make_inclusion(&m->h, &source, s, start, &out, NULL),
                             STATUS_REFUSED);
            assert_int_equal(proof_make_consistency(&m->h, &source, s, 100, &out, NULL),
                             STATUS_REFUSED);
            assert_int_equal(out.len, 0);
            builder_clear(&out);
        }
    model_free(m);
}

static void making_refuses_what_is_outside(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sha256);
    struct node_source source = model_source(m, 100);
    struct builder out;
    builder_init(&out, 4096);
    struct subtree s = {8, 12};
    assert_int_equal(proof_make_inclusion(&m->h, &source, s, 7, &out, NULL), STATUS_REFUSED);
    assert_int_equal(proof_make_inclusion(&m->h, &source, s, 12, &out, NULL), STATUS_REFUSED);
    assert_int_equal(proof_make_inclusion(&m->h, &source, (struct subtree){8, 8}, 8, &out, NULL),
                     STATUS_REFUSED);
    assert_int_equal(proof_make_consistency(&m->h, &source, s, 11, &out, NULL), STATUS_REFUSED);
    assert_int_equal(out.len, 0);
    builder_clear(&out);
    model_free(m);
}

/* Fails each read in turn: the failure must come out, and be the last read. */
static void a_failing_source_is_reported(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sha256);
    struct node_source source = model_source(m, 107);
    unsigned failures = 0;
    for (unsigned reads = 0;; reads++) {
        struct builder out;
        struct error err;
        builder_init(&out, 4096);
        m->reads_left = reads;
        enum status status =
            proof_make_consistency(&m->h, &source, (struct subtree){0, 53}, 107, &out, &err);
        if (status == STATUS_OK)
            m->reads_left = reads;
        if (status == STATUS_OK)
            status =
                proof_make_inclusion(&m->h, &source, (struct subtree){64, 107}, 70, &out, &err);
        if (status == STATUS_OK)
            m->reads_left = reads;
        if (status == STATUS_OK)
            status = proof_subtree_hash(&m->h, &source, (struct subtree){0, 107}, out.data, &err);
        builder_clear(&out);
        if (status == STATUS_OK)
            break;
        assert_int_equal(status, STATUS_IO);
        assert_string_equal(err.text, "the model was told to fail");
        assert_int_equal(m->reads_left, UINT32_MAX);
        failures++;
    }
    assert_true(failures >= 5);
    model_free(m);
}

static void a_full_builder_is_reported(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sha256);
    struct node_source source = model_source(m, 100);
    struct builder out;
    builder_init(&out, HASH_SIZE);
    assert_int_equal(proof_make_inclusion(&m->h, &source, (struct subtree){0, 100}, 5, &out, NULL),
                     STATUS_LIMIT);
    builder_clear(&out);
    builder_init(&out, HASH_SIZE);
    assert_int_equal(
        proof_make_consistency(&m->h, &source, (struct subtree){0, 5}, 100, &out, NULL),
        STATUS_LIMIT);
    builder_clear(&out);
    model_free(m);
}

/* Hashes that failed are zeros; a proof about zeros must not come true. */
static void a_failed_hasher_never_means_yes(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sm3);
    struct node_source source = model_source(m, 8);
    struct builder out;
    builder_init(&out, 4096);
    uint8_t zeros[3 * HASH_SIZE] = {0}, root[HASH_SIZE];
    struct subtree s = {0, 4}, empty = {4, 4};
    memset(root, 0xa5, sizeof root);
    m->h.has_failed = true;
    assert_int_equal(
        proof_evaluate_inclusion(&m->h, s, 0, zeros, bytes_of(zeros, 2 * HASH_SIZE), root, NULL),
        STATUS_NO_MEMORY);
    for (size_t i = 0; i < HASH_SIZE; i++)
        assert_int_equal(root[i], 0xa5);
    assert_int_equal(
        proof_check_consistency(&m->h, s, 8, zeros, zeros, bytes_of(zeros, HASH_SIZE), NULL),
        STATUS_NO_MEMORY);
    assert_int_equal(
        proof_check_consistency(&m->h, empty, 8, zeros, zeros, bytes_of(NULL, 0), NULL),
        STATUS_NO_MEMORY);
    assert_int_equal(proof_subtree_hash(&m->h, &source, s, root, NULL), STATUS_NO_MEMORY);
    assert_int_equal(proof_make_inclusion(&m->h, &source, s, 1, &out, NULL), STATUS_NO_MEMORY);
    assert_int_equal(proof_make_consistency(&m->h, &source, s, 8, &out, NULL), STATUS_NO_MEMORY);
    m->h.has_failed = false;
    builder_clear(&out);
    model_free(m);
}

/* The figures of [MTC 4.3.1] and [MTC 4.4.2], read from the pictures. */
static void the_examples_of_the_draft(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sha256);
    struct node_source source = model_source(m, 14);
    struct model_proof want = {.count = 0};
    struct builder out;
    builder_init(&out, 4096);
    model_push(m, &want, 11, 12);
    model_push(m, &want, 8, 10);
    model_push(m, &want, 12, 13);
    assert_int_equal(proof_make_inclusion(&m->h, &source, (struct subtree){8, 13}, 10, &out, NULL),
                     STATUS_OK);
    checks_same_proof(&out, &want);

    builder_reset(&out);
    want.count = 0;
    model_push(m, &want, 0, 4);
    model_push(m, &want, 8, 14);
    assert_int_equal(proof_make_consistency(&m->h, &source, (struct subtree){4, 8}, 14, &out, NULL),
                     STATUS_OK);
    checks_same_proof(&out, &want);

    builder_reset(&out);
    want.count = 0;
    model_push(m, &want, 12, 13);
    model_push(m, &want, 13, 14);
    model_push(m, &want, 8, 12);
    model_push(m, &want, 0, 8);
    assert_int_equal(
        proof_make_consistency(&m->h, &source, (struct subtree){8, 13}, 14, &out, NULL), STATUS_OK);
    checks_same_proof(&out, &want);
    builder_clear(&out);
    model_free(m);
}

/* The empty proof may have no address. */
static void an_empty_proof(void **state)
{
    (void)state;
    struct model *m = model_new(&hash_sha256);
    struct bytes none = bytes_of(NULL, 0);
    struct subtree one = {6, 7}, five = {0, 5};
    uint8_t leaf[HASH_SIZE], root[HASH_SIZE];
    model_leaf(m, 6, leaf);
    assert_int_equal(proof_evaluate_inclusion(&m->h, one, 6, leaf, none, root, NULL), STATUS_OK);
    assert_memory_equal(root, leaf, HASH_SIZE);
    model_mth(m, 0, 5, root);
    assert_int_equal(proof_check_consistency(&m->h, five, 5, root, root, none, NULL), STATUS_OK);
    assert_int_equal(proof_check_consistency(&m->h, five, 6, root, root, none, NULL),
                     STATUS_MALFORMED);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_draft),
        cmocka_unit_test(every_subtree_hash),
        cmocka_unit_test(every_inclusion),
        cmocka_unit_test(every_consistency),
        cmocka_unit_test(an_empty_proof),
        cmocka_unit_test(invalid_subtrees_are_refused),
        cmocka_unit_test(making_refuses_what_is_outside),
        cmocka_unit_test(a_failing_source_is_reported),
        cmocka_unit_test(a_full_builder_is_reported),
        cmocka_unit_test(a_failed_hasher_never_means_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
