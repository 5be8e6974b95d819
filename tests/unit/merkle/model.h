/* model.h - a tree of any 64-bit size, and the recursive definitions of the specifications on it.
 *
 * Leaf i is the byte i mod MODEL_PERIOD, so that the hash of a complete node depends only on its
 * level and on its start mod MODEL_PERIOD: a table holds them all. Neighbours always differ, so
 * that a node that is taken from the wrong place shows. The first 251 leaves are those of the
 * draft's accumulated vectors. Nothing here is shared with lib/merkle but the hash function.
 */
#ifndef CATHAYA_TESTS_MERKLE_MODEL_H
#define CATHAYA_TESTS_MERKLE_MODEL_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "merkle/proof.h"

#define MODEL_PERIOD 251    /* a prime below 256 */
#define MODEL_HASHES_MAX 80 /* more than any proof has */

struct model {
    struct hasher h;
    uint64_t tree_size;  /* what a node source may be asked for */
    unsigned reads_left; /* the read after these fails */
    uint8_t nodes[64][MODEL_PERIOD][HASH_SIZE];
};

/* A proof as the definitions make it. */
struct model_proof {
    size_t count;
    uint8_t hashes[MODEL_HASHES_MAX][HASH_SIZE];
};

static inline void model_hash_pair(struct model *m, const uint8_t *left, const uint8_t *right,
                                   uint8_t *out)
{
    static const uint8_t one = 1;
    hasher_start(&m->h);
    hasher_update(&m->h, bytes_of(&one, 1));
    hasher_update(&m->h, bytes_of(left, HASH_SIZE));
    hasher_update(&m->h, bytes_of(right, HASH_SIZE));
    hasher_finish(&m->h, out);
}

static inline void model_leaf(struct model *m, uint64_t index, uint8_t out[HASH_SIZE])
{
    const uint8_t message[2] = {0, (uint8_t)(index % MODEL_PERIOD)};
    hasher_one(&m->h, BYTES_OF(message), out);
}

static inline struct model *model_new(const struct hash_alg *alg)
{
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    assert_int_equal(hasher_init(&m->h, alg, NULL), STATUS_OK);
    for (unsigned i = 0; i < MODEL_PERIOD; i++)
        model_leaf(m, i, m->nodes[0][i]);
    for (unsigned level = 1; level < 64; level++)
        for (unsigned i = 0; i < MODEL_PERIOD; i++) {
            uint64_t right = (i + (UINT64_C(1) << (level - 1))) % MODEL_PERIOD;
            model_hash_pair(m, m->nodes[level - 1][i], m->nodes[level - 1][right],
                            m->nodes[level][i]);
        }
    m->reads_left = UINT32_MAX;
    return m;
}

static inline void model_free(struct model *m)
{
    assert_true(hasher_is_good(&m->h));
    hasher_clear(&m->h);
    free(m);
}

/* A node_source's read; context is the model. It insists on being asked only for complete nodes. */
static inline enum status model_read(void *context, unsigned level, uint64_t index,
                                     uint8_t out[HASH_SIZE], struct error *err)
{
    struct model *m = context;
    assert_true(level < 64);
    assert_true(index < m->tree_size >> level);
    if (m->reads_left-- == 0)
        return error_set(err, STATUS_IO, "the model was told to fail");
    memcpy(out, m->nodes[level][(index << level) % MODEL_PERIOD], HASH_SIZE);
    return STATUS_OK;
}

static inline struct node_source model_source(struct model *m, uint64_t tree_size)
{
    m->tree_size = tree_size;
    return (struct node_source){m, model_read};
}

/* The largest power of two smaller than n; n > 1. [RFC9162 2.1.1] */
static inline uint64_t model_split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k)
        k *= 2;
    return k;
}

/* MTH(D[start:end]) by its definition. Only a power of two of entries comes from the table, and
 * from 2^8 entries on, so that small trees are hashed from their leaves. */
static inline void model_mth(struct model *m, uint64_t start, uint64_t end, uint8_t out[HASH_SIZE])
{
    uint64_t n = end - start;
    if (n == 0) {
        hasher_one(&m->h, bytes_of(NULL, 0), out);
    } else if (n == 1) {
        model_leaf(m, start, out);
    } else if (n >= 256 && (n & (n - 1)) == 0) {
        unsigned level = 0;
        while (UINT64_C(1) << level != n)
            level++;
        memcpy(out, m->nodes[level][start % MODEL_PERIOD], HASH_SIZE);
    } else {
        uint8_t left[HASH_SIZE], right[HASH_SIZE];
        model_mth(m, start, start + model_split(n), left);
        model_mth(m, start + model_split(n), end, right);
        model_hash_pair(m, left, right, out);
    }
}

static inline void model_push(struct model *m, struct model_proof *p, uint64_t start, uint64_t end)
{
    assert_true(p->count < MODEL_HASHES_MAX);
    model_mth(m, start, end, p->hashes[p->count++]);
}

/* PATH(index - start, D[start:end]) [RFC9162 2.1.3.1], appended to p. */
static inline void model_path(struct model *m, uint64_t index, uint64_t start, uint64_t end,
                              struct model_proof *p)
{
    if (end - start == 1)
        return;
    uint64_t middle = start + model_split(end - start);
    if (index < middle) {
        model_path(m, index, start, middle, p);
        model_push(m, p, middle, end);
    } else {
        model_path(m, index, middle, end, p);
        model_push(m, p, start, middle);
    }
}

/* SUBTREE_SUBPROOF(start, end, D_n, known) [MTC 4.4.1], where D_n begins at entry `base`. */
static inline void model_subproof(struct model *m, uint64_t base, uint64_t start, uint64_t end,
                                  uint64_t n, bool is_known, struct model_proof *p)
{
    if (start == 0 && end == n) {
        if (!is_known)
            model_push(m, p, base, base + n);
        return;
    }
    uint64_t k = model_split(n);
    if (end <= k) {
        model_subproof(m, base, start, end, k, is_known, p);
        model_push(m, p, base + k, base + n);
    } else if (k <= start) {
        model_subproof(m, base + k, start - k, end - k, n - k, is_known, p);
        model_push(m, p, base, base + k);
    } else {
        assert_int_equal(start, 0);
        model_subproof(m, base + k, 0, end - k, n - k, false, p);
        model_push(m, p, base, base + k);
    }
}

static inline void model_consistency(struct model *m, uint64_t start, uint64_t end, uint64_t n,
                                     struct model_proof *p)
{
    p->count = 0;
    if (start != end)
        model_subproof(m, 0, start, end, n, true, p);
}

/* Validity in the words of [MTC 4.1], with room for 2^64. */
static inline bool model_is_valid(uint64_t start, uint64_t end)
{
    if (start > end)
        return false;
    __extension__ unsigned __int128 ceil = 1;
    while (ceil < end - start)
        ceil *= 2;
    return start % ceil == 0;
}

#endif
