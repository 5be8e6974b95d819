/* The accumulated vectors of the draft's appendix "Subtree Test Vectors": a rolling hash of all
 * answers for trees of up to 130 entries. SHA-256 as published there; with an SM3 tree the values
 * come from an independent implementation, as no official ones exist. */
#include "unit/merkle/model.h"

#include <inttypes.h>

#include "base/text.h"
#include "merkle/subtree.h"

#define TREE_SIZE_MAX 130

/* The answers, hashed line by line as they are written. */
struct roll {
    struct model *m;
    struct hasher rolling;
    struct builder line;
    struct builder proof;
};

static void roll_init(struct roll *r, const struct hash_alg *tree, const struct hash_alg *rolling)
{
    r->m = model_new(tree);
    assert_int_equal(hasher_init(&r->rolling, rolling, NULL), STATUS_OK);
    hasher_start(&r->rolling);
    builder_init(&r->line, 8192);
    builder_init(&r->proof, 4096);
}

static void roll_end_line(struct roll *r)
{
    builder_text(&r->line, "\n");
    assert_true(builder_is_good(&r->line));
    hasher_update(&r->rolling, builder_view(&r->line));
    builder_reset(&r->line);
}

static void roll_subtree(struct roll *r, struct subtree s)
{
    builder_printf(&r->line, "[%" PRIu64 ", %" PRIu64 ")", s.start, s.end);
}

/* Each hash of the proof after a blank, then the end of the line. */
static void roll_proof(struct roll *r)
{
    struct bytes proof = builder_view(&r->proof);
    for (size_t at = 0; at < proof.len; at += HASH_SIZE) {
        builder_text(&r->line, " ");
        text_write_hex(&r->line, bytes_of(proof.data + at, HASH_SIZE));
    }
    builder_reset(&r->proof);
    roll_end_line(r);
}

static void roll_finish(struct roll *r, const char *want)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    hasher_finish(&r->rolling, hash);
    assert_true(hasher_is_good(&r->rolling));
    text_hex(BYTES_OF(hash), hex);
    builder_clear(&r->line);
    builder_clear(&r->proof);
    hasher_clear(&r->rolling);
    model_free(r->m);
    assert_string_equal(hex, want);
}

static void roll_hash_of(struct roll *r, struct subtree s)
{
    uint8_t hash[HASH_SIZE];
    struct node_source source = model_source(r->m, s.end);
    assert_int_equal(proof_subtree_hash(&r->m->h, &source, s, hash, NULL), STATUS_OK);
    roll_subtree(r, s);
    builder_text(&r->line, " ");
    text_write_hex(&r->line, BYTES_OF(hash));
    roll_end_line(r);
}

static void roll_inclusions_of(struct roll *r, struct subtree s)
{
    struct node_source source = model_source(r->m, s.end);
    for (uint64_t index = s.start; index < s.end; index++) {
        assert_int_equal(proof_make_inclusion(&r->m->h, &source, s, index, &r->proof, NULL),
                         STATUS_OK);
        builder_printf(&r->line, "%" PRIu64 " ", index);
        roll_subtree(r, s);
        roll_proof(r);
    }
}

static void for_each_subtree(struct roll *r, uint64_t end,
                             void (*visit)(struct roll *, struct subtree))
{
    for (uint64_t start = 0; start <= end; start++) {
        struct subtree s = {start, end};
        if (subtree_is_valid(s))
            visit(r, s);
    }
}

/* The tree size of the consistency proofs of this round; the others read it from nowhere else. */
static uint64_t tree_size;

static void roll_consistency_of(struct roll *r, struct subtree s)
{
    struct node_source source = model_source(r->m, tree_size);
    assert_int_equal(proof_make_consistency(&r->m->h, &source, s, tree_size, &r->proof, NULL),
                     STATUS_OK);
    roll_subtree(r, s);
    builder_printf(&r->line, " %" PRIu64, tree_size);
    roll_proof(r);
}

static void roll_covering(struct roll *r, uint64_t start, uint64_t end)
{
    struct subtree out[2];
    subtree_cover(start, end, out);
    roll_subtree(r, out[0]);
    builder_text(&r->line, " ");
    roll_subtree(r, out[1]);
    roll_end_line(r);
}

/* One column of the table of vectors. */
struct column {
    const struct hash_alg *tree, *rolling;
    const char *subtree, *inclusion, *consistency, *covering;
};

static void check_column(const struct column *c)
{
    struct roll r;
    roll_init(&r, c->tree, c->rolling);
    for (uint64_t end = 0; end <= TREE_SIZE_MAX; end++)
        for_each_subtree(&r, end, roll_hash_of);
    roll_finish(&r, c->subtree);

    roll_init(&r, c->tree, c->rolling);
    for (uint64_t end = 0; end <= TREE_SIZE_MAX; end++)
        for_each_subtree(&r, end, roll_inclusions_of);
    roll_finish(&r, c->inclusion);

    roll_init(&r, c->tree, c->rolling);
    for (tree_size = 0; tree_size <= TREE_SIZE_MAX; tree_size++)
        for (uint64_t end = 0; end <= tree_size; end++)
            for_each_subtree(&r, end, roll_consistency_of);
    roll_finish(&r, c->consistency);

    roll_init(&r, c->tree, c->rolling);
    for (uint64_t end = 0; end <= TREE_SIZE_MAX; end++)
        for (uint64_t start = 0; start <= end; start++)
            roll_covering(&r, start, end);
    roll_finish(&r, c->covering);
}

static void sha256_tree(void **state)
{
    (void)state;
    check_column(&(struct column){
        .tree = &hash_sha256,
        .rolling = &hash_sha256,
        .subtree = "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81",
        .inclusion = "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f",
        .consistency = "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74",
        .covering = "7fd9c8b926e9d2b5cf831560e8ce295a5ef97ad5c5ede4ea0dea28a8c8fc8bb0",
    });
}

static void sm3_tree(void **state)
{
    (void)state;
    check_column(&(struct column){
        .tree = &hash_sm3,
        .rolling = &hash_sm3,
        .subtree = "41fc25f6927e7ea2caeb638f1f1002a16a0f172f97d9687846e5778945f2d2a8",
        .inclusion = "68ba0ccb35b0cc12bc3e5edea68a6a4a689836f9935beac545325620457dcb78",
        .consistency = "17e389d5ec6de1c25c0d806c27164fd7792d687fa11e0c24198d6f662d118186",
        .covering = "aab1ee3887c521c5faed0d64eb47a58764127fe5b236952125b3491a69e37a5d",
    });
}

static void sm3_tree_sha256_rolling(void **state)
{
    (void)state;
    check_column(&(struct column){
        .tree = &hash_sm3,
        .rolling = &hash_sha256,
        .subtree = "a4ad800d93e96c67f5b4824fd35d63b89b222edb511db82ef12677e01901502e",
        .inclusion = "d2fab70333ae350714b61ee85aa65889ae9108be244293ebe862e74cbd9bce70",
        .consistency = "55965cc2ae2d4c0c1857f68b00e038deb62dc9aa569b271a442b5c4c36a7001c",
        .covering = "7fd9c8b926e9d2b5cf831560e8ce295a5ef97ad5c5ede4ea0dea28a8c8fc8bb0",
    });
}

static void roots_of_130(void **state)
{
    (void)state;
    static const struct {
        const struct hash_alg *alg;
        const char *root;
    } want[] = {
        {&hash_sha256, "f05d2f5ef24c72dd70b0a8f28e576b3acaf944c00e014524c47aa42325d7d1c3"},
        {&hash_sm3, "602126a7e14687e78be6a8689a1e258cf5c368329e7e890e8ad0e4a2679c07ee"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct model *m = model_new(want[i].alg);
        struct node_source source = model_source(m, 130);
        uint8_t hash[HASH_SIZE];
        char hex[2 * HASH_SIZE + 1];
        assert_int_equal(proof_subtree_hash(&m->h, &source, (struct subtree){0, 130}, hash, NULL),
                         STATUS_OK);
        text_hex(BYTES_OF(hash), hex);
        assert_string_equal(hex, want[i].root);
        model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_tree),
        cmocka_unit_test(sm3_tree),
        cmocka_unit_test(sm3_tree_sha256_rolling),
        cmocka_unit_test(roots_of_130),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
