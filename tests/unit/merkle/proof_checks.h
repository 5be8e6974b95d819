/* proof_checks.h - one proof, looked at from all sides: made as the model makes it, taken, and
 * refused after every change of one bit, of its length or of what it is about. */
#ifndef CATHAYA_TESTS_MERKLE_PROOF_CHECKS_H
#define CATHAYA_TESTS_MERKLE_PROOF_CHECKS_H

#include "unit/merkle/model.h"

/* Which bit is flipped next: another one each time, so that many proofs see all of them. */
static inline void checks_flip(uint8_t hash[HASH_SIZE], bool is_undo)
{
    static unsigned bit;
    if (!is_undo)
        bit = (bit + 101) % (8 * HASH_SIZE);
    hash[bit / 8] ^= (uint8_t)(1U << bit % 8);
}

static inline struct bytes checks_bytes(const struct model_proof *p)
{
    return bytes_of(p->hashes, p->count * HASH_SIZE);
}

static inline void checks_same_proof(const struct builder *made, const struct model_proof *want)
{
    assert_int_equal(made->len, want->count * HASH_SIZE);
    if (made->len != 0)
        assert_memory_equal(made->data, want->hashes, made->len);
}

/* Long proofs are damaged here and there, for time's sake; over several proofs everywhere. */
static inline size_t checks_stride(const struct model_proof *p)
{
    static size_t turn;
    turn = (turn + 1) % 5;
    return p->count < 16 ? 1 : 1 + p->count / 8 + turn;
}

struct checks_inclusion {
    struct model *m;
    struct subtree s;
    uint64_t index;
    uint8_t entry_hash[HASH_SIZE];
    uint8_t root[HASH_SIZE];
};

static inline enum status checks_evaluate(struct checks_inclusion *c, struct bytes proof)
{
    uint8_t root[HASH_SIZE];
    memset(root, 0xa5, HASH_SIZE);
    struct error err;
    enum status status =
        proof_evaluate_inclusion(&c->m->h, c->s, c->index, c->entry_hash, proof, root, &err);
    if (status != STATUS_OK) {
        for (size_t i = 0; i < HASH_SIZE; i++)
            assert_int_equal(root[i], 0xa5);
        assert_int_equal(err.status, status);
        return status;
    }
    return memcmp(root, c->root, HASH_SIZE) == 0 ? STATUS_OK : STATUS_REFUSED;
}

static inline void checks_inclusion_damaged(struct checks_inclusion *c, struct model_proof *p)
{
    for (size_t i = 0; i < p->count; i += checks_stride(p)) {
        checks_flip(p->hashes[i], false);
        assert_int_equal(checks_evaluate(c, checks_bytes(p)), STATUS_REFUSED);
        checks_flip(p->hashes[i], true);
    }
    checks_flip(c->entry_hash, false);
    assert_int_equal(checks_evaluate(c, checks_bytes(p)), STATUS_REFUSED);
    checks_flip(c->entry_hash, true);

    struct bytes whole = checks_bytes(p);
    assert_int_equal(checks_evaluate(c, bytes_of(whole.data, whole.len + HASH_SIZE)),
                     STATUS_MALFORMED);
    assert_int_equal(checks_evaluate(c, bytes_of(whole.data, whole.len + 1)), STATUS_MALFORMED);
    if (whole.len == 0)
        return;
    assert_int_equal(checks_evaluate(c, bytes_of(whole.data, whole.len - 1)), STATUS_MALFORMED);
    for (size_t count = 0; count < p->count; count += checks_stride(p))
        assert_int_equal(checks_evaluate(c, bytes_of(whole.data, count * HASH_SIZE)),
                         STATUS_MALFORMED);
    assert_int_equal(checks_evaluate(c, bytes_of(whole.data + HASH_SIZE, whole.len - HASH_SIZE)),
                     STATUS_MALFORMED);
}

/* The same proof for a neighbour: another way through the tree, another root or a wrong length. */
static inline void checks_inclusion_elsewhere(struct checks_inclusion *c, struct model_proof *p)
{
    uint64_t index = c->index;
    if (index + 1 < c->s.end) {
        c->index = index + 1;
        assert_int_not_equal(checks_evaluate(c, checks_bytes(p)), STATUS_OK);
    }
    if (index > c->s.start) {
        c->index = index - 1;
        assert_int_not_equal(checks_evaluate(c, checks_bytes(p)), STATUS_OK);
        c->index = c->s.start - 1;
        assert_int_equal(checks_evaluate(c, checks_bytes(p)), STATUS_REFUSED);
    }
    c->index = c->s.end;
    assert_int_equal(checks_evaluate(c, checks_bytes(p)), STATUS_REFUSED);
    c->index = index;
}

static inline void checks_inclusion(struct model *m, struct subtree s, uint64_t index)
{
    struct checks_inclusion c = {.m = m, .s = s, .index = index};
    struct model_proof p = {.count = 0};
    model_path(m, index, s.start, s.end, &p);
    model_leaf(m, index, c.entry_hash);
    model_mth(m, s.start, s.end, c.root);

    struct node_source source = model_source(m, s.end);
    struct builder made;
    builder_init(&made, PROOF_HASHES_MAX * HASH_SIZE);
    assert_int_equal(proof_make_inclusion(&m->h, &source, s, index, &made, NULL), STATUS_OK);
    checks_same_proof(&made, &p);
    builder_clear(&made);

    assert_int_equal(checks_evaluate(&c, checks_bytes(&p)), STATUS_OK);
    checks_inclusion_damaged(&c, &p);
    checks_inclusion_elsewhere(&c, &p);
}

struct checks_consistency {
    struct model *m;
    struct subtree s;
    uint64_t tree_size;
    uint8_t subtree_hash[HASH_SIZE];
    uint8_t root[HASH_SIZE];
};

static inline enum status checks_consist(const struct checks_consistency *c, struct bytes proof)
{
    struct error err = {.status = STATUS_OK};
    enum status status = proof_check_consistency(&c->m->h, c->s, c->tree_size, c->subtree_hash,
                                                 c->root, proof, &err);
    assert_int_equal(err.status, status);
    return status;
}

static inline void checks_consistency_damaged(struct checks_consistency *c, struct model_proof *p)
{
    for (size_t i = 0; i < p->count; i += checks_stride(p)) {
        checks_flip(p->hashes[i], false);
        assert_int_equal(checks_consist(c, checks_bytes(p)), STATUS_REFUSED);
        checks_flip(p->hashes[i], true);
    }
    checks_flip(c->subtree_hash, false);
    assert_int_equal(checks_consist(c, checks_bytes(p)), STATUS_REFUSED);
    checks_flip(c->subtree_hash, true);
    checks_flip(c->root, false);
    /* The empty subtree is in every tree. [MTC 4.4.3] */
    assert_int_equal(checks_consist(c, checks_bytes(p)),
                     c->s.start == c->s.end ? STATUS_OK : STATUS_REFUSED);
    checks_flip(c->root, true);

    struct bytes whole = checks_bytes(p);
    assert_int_equal(checks_consist(c, bytes_of(whole.data, whole.len + HASH_SIZE)),
                     STATUS_MALFORMED);
    assert_int_equal(checks_consist(c, bytes_of(whole.data, whole.len + 1)), STATUS_MALFORMED);
    if (whole.len == 0)
        return;
    assert_int_equal(checks_consist(c, bytes_of(whole.data, whole.len - 1)), STATUS_MALFORMED);
    for (size_t count = 0; count < p->count; count += checks_stride(p))
        assert_int_equal(checks_consist(c, bytes_of(whole.data, count * HASH_SIZE)),
                         STATUS_MALFORMED);
}

static inline void checks_consistency(struct model *m, struct subtree s, uint64_t tree_size)
{
    struct checks_consistency c = {.m = m, .s = s, .tree_size = tree_size};
    struct model_proof p = {.count = 0};
    model_consistency(m, s.start, s.end, tree_size, &p);
    model_mth(m, s.start, s.end, c.subtree_hash);
    model_mth(m, 0, tree_size, c.root);

    struct node_source source = model_source(m, tree_size);
    struct builder made;
    builder_init(&made, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    assert_int_equal(proof_make_consistency(&m->h, &source, s, tree_size, &made, NULL), STATUS_OK);
    checks_same_proof(&made, &p);
    builder_clear(&made);

    assert_int_equal(checks_consist(&c, checks_bytes(&p)), STATUS_OK);
    checks_consistency_damaged(&c, &p);
    if (s.end > 0) {
        c.tree_size = s.end - 1;
        assert_int_equal(checks_consist(&c, checks_bytes(&p)), STATUS_REFUSED);
    }
}

static inline void checks_subtree_hash(struct model *m, struct subtree s)
{
    uint8_t want[HASH_SIZE], got[HASH_SIZE];
    model_mth(m, s.start, s.end, want);
    struct node_source source = model_source(m, s.end);
    assert_int_equal(proof_subtree_hash(&m->h, &source, s, got, NULL), STATUS_OK);
    assert_memory_equal(got, want, HASH_SIZE);
}

#endif
