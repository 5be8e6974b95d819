#include "merkle/proof.h"

#include <inttypes.h>
#include <string.h>

#include "merkle/node.h"

static enum status check_subtree(struct subtree s, struct error *err)
{
    if (subtree_is_valid(s))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "[%" PRIu64 ", %" PRIu64 ") is not a valid subtree [MTC 4.1]", s.start, s.end);
}

static enum status check_contains(struct subtree s, uint64_t index, struct error *err)
{
    enum status status = check_subtree(s, err);
    if (status != STATUS_OK || subtree_contains(s, index))
        return status;
    return error_set(err, STATUS_REFUSED, "entry %" PRIu64 " is not in [%" PRIu64 ", %" PRIu64 ")",
                     index, s.start, s.end);
}

static enum status check_within(struct subtree s, uint64_t tree_size, struct error *err)
{
    enum status status = check_subtree(s, err);
    if (status != STATUS_OK || s.end <= tree_size)
        return status;
    return error_set(err, STATUS_REFUSED,
                     "subtree ends at entry %" PRIu64 ", after the tree's end at %" PRIu64, s.end,
                     tree_size);
}

static enum status check_whole_hashes(struct bytes proof, struct error *err)
{
    if (proof.len % HASH_SIZE == 0)
        return STATUS_OK;
    return error_set(err, STATUS_MALFORMED, "proof of %zu bytes is not a run of %d-byte hashes",
                     proof.len, HASH_SIZE);
}

/* `how` is "long" or "short". */
static enum status misfit(const char *what, const char *how, struct bytes proof, struct error *err)
{
    return error_set(err, STATUS_MALFORMED, "%s proof of %zu hashes is too %s", what,
                     proof.len / HASH_SIZE, how);
}

/* The loop of [MTC 4.3.2] step 4, with the hash and nothing else in it. False: too long. */
static bool climb(struct hasher *h, uint64_t fn, uint64_t *sn, struct bytes proof,
                  uint8_t r[HASH_SIZE])
{
    for (size_t offset = 0; offset < proof.len; offset += HASH_SIZE) {
        const uint8_t *p = proof.data + offset;
        if (*sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == *sn) {
            node_hash(h, p, r, r);
            /* fn is not 0 here: it is odd, or equal to an sn that is not 0. */
            unsigned skipped = (unsigned)__builtin_ctzll(fn);
            fn >>= skipped;
            *sn >>= skipped;
        } else {
            node_hash(h, r, p, r);
        }
        fn >>= 1;
        *sn >>= 1;
    }
    return true;
}

enum status proof_evaluate_inclusion(struct hasher *h, struct subtree s, uint64_t index,
                                     const uint8_t entry_hash[HASH_SIZE], struct bytes proof,
                                     uint8_t root[HASH_SIZE], struct error *err)
{
    enum status status = check_contains(s, index, err);
    if (status == STATUS_OK)
        status = check_whole_hashes(proof, err);
    if (status != STATUS_OK)
        return status;

    uint8_t r[HASH_SIZE];
    memcpy(r, entry_hash, HASH_SIZE);
    uint64_t sn = s.end - s.start - 1;
    if (!climb(h, index - s.start, &sn, proof, r))
        return misfit("inclusion", "long", proof, err);
    if (sn != 0)
        return misfit("inclusion", "short", proof, err);
    status = hasher_status(h, err);
    if (status == STATUS_OK)
        memcpy(root, r, HASH_SIZE);
    return status;
}

/* The positions that a consistency proof is about, at one level of the tree: of the first and last
 * node of the subtree and of the last node of the tree. [MTC 4.4.3] */
struct edges {
    uint64_t fn;
    uint64_t sn;
    uint64_t tn;
    unsigned level;
};

static void edges_rise(struct edges *e, unsigned levels)
{
    e->fn >>= levels;
    e->sn >>= levels;
    e->tn >>= levels;
    e->level += levels;
}

/* Steps 3 to 5: the level of the first hash, which is that of the largest subtree that ends where s
 * ends and is a node of both trees. s must not be empty. */
static struct edges edges_start(struct subtree s, uint64_t tree_size)
{
    struct edges e = {.fn = s.start, .sn = s.end - 1, .tn = tree_size - 1};
    bool ends_with_tree = e.sn == e.tn;
    while (e.fn != e.sn && (ends_with_tree || (e.sn & 1) != 0))
        edges_rise(&e, 1);
    return e;
}

/* Step 8. fr grows into the subtree's hash, sr into the root. False: too long. */
static bool climb_both(struct hasher *h, struct edges *e, struct bytes proof, uint8_t fr[HASH_SIZE],
                       uint8_t sr[HASH_SIZE])
{
    for (size_t offset = 0; offset < proof.len; offset += HASH_SIZE) {
        const uint8_t *c = proof.data + offset;
        if (e->tn == 0)
            return false;
        if ((e->sn & 1) != 0 || e->sn == e->tn) {
            if (e->fn < e->sn)
                node_hash(h, c, fr, fr);
            node_hash(h, c, sr, sr);
            edges_rise(e, (unsigned)__builtin_ctzll(e->sn));
        } else {
            node_hash(h, sr, c, sr);
        }
        edges_rise(e, 1);
    }
    return true;
}

static enum status compare(struct hasher *h, const uint8_t computed[HASH_SIZE],
                           const uint8_t given[HASH_SIZE], const char *what, struct error *err)
{
    /* Failed hashes are zeros, and must not be compared with anything. */
    enum status status = hasher_status(h, err);
    if (status != STATUS_OK || memcmp(computed, given, HASH_SIZE) == 0)
        return status;
    return error_set(err, STATUS_REFUSED, "consistency proof does not lead to the hash of the %s",
                     what);
}

static enum status check_empty(struct hasher *h, const uint8_t subtree_hash[HASH_SIZE],
                               struct bytes proof, struct error *err)
{
    if (proof.len != 0)
        return misfit("consistency", "long", proof, err);
    uint8_t empty[HASH_SIZE];
    node_empty_hash(h, empty);
    return compare(h, empty, subtree_hash, "subtree", err);
}

enum status proof_evaluate_consistency(struct hasher *h, struct subtree s, uint64_t tree_size,
                                       const uint8_t subtree_hash[HASH_SIZE], struct bytes proof,
                                       uint8_t part[HASH_SIZE], uint8_t root[HASH_SIZE],
                                       struct error *err)
{
    enum status status = check_within(s, tree_size, err);
    if (status == STATUS_OK)
        status = check_whole_hashes(proof, err);
    if (status != STATUS_OK)
        return status;
    if (s.start == s.end)
        return error_set(err, STATUS_REFUSED, "an empty subtree says nothing about its tree");
    struct edges e = edges_start(s, tree_size);
    struct bytes rest = proof;
    const uint8_t *first = subtree_hash;
    if (e.fn != e.sn) {
        if (proof.len == 0)
            return misfit("consistency", "short", proof, err);
        first = proof.data;
        rest = bytes_of(proof.data + HASH_SIZE, proof.len - HASH_SIZE);
    }
    uint8_t fr[HASH_SIZE], sr[HASH_SIZE];
    memcpy(fr, first, HASH_SIZE);
    memcpy(sr, first, HASH_SIZE);
    if (!climb_both(h, &e, rest, fr, sr))
        return misfit("consistency", "long", proof, err);
    if (e.tn != 0)
        return misfit("consistency", "short", proof, err);
    memcpy(part, fr, HASH_SIZE);
    memcpy(root, sr, HASH_SIZE);
    return hasher_status(h, err);
}

enum status proof_check_consistency(struct hasher *h, struct subtree s, uint64_t tree_size,
                                    const uint8_t subtree_hash[HASH_SIZE],
                                    const uint8_t root[HASH_SIZE], struct bytes proof,
                                    struct error *err)
{
    enum status status = check_within(s, tree_size, err);
    if (status == STATUS_OK)
        status = check_whole_hashes(proof, err);
    if (status != STATUS_OK)
        return status;
    if (s.start == s.end)
        return check_empty(h, subtree_hash, proof, err);
    uint8_t part[HASH_SIZE], whole[HASH_SIZE];
    status = proof_evaluate_consistency(h, s, tree_size, subtree_hash, proof, part, whole, err);
    if (status == STATUS_OK)
        status = compare(h, part, subtree_hash, "subtree", err);
    return status == STATUS_OK ? compare(h, whole, root, "tree", err) : status;
}

/* Where a proof is made from and goes to. */
struct maker {
    struct hasher *h;
    const struct node_source *source;
    struct builder *out;
    struct error *err;
};

/* MTH of a valid subtree with at least one entry. It is a row of complete subtrees, one per bit of
 * its size, the largest first; so they are joined from the right, smallest first. */
static enum status join(const struct maker *m, struct subtree s, uint8_t out[HASH_SIZE])
{
    uint8_t left[HASH_SIZE];
    uint64_t position = s.end;
    for (uint64_t sizes = s.end - s.start; sizes != 0; sizes &= sizes - 1) {
        unsigned level = (unsigned)__builtin_ctzll(sizes);
        bool is_rightmost = position == s.end;
        position -= UINT64_C(1) << level;
        enum status status = m->source->read(m->source->context, level, position >> level,
                                             is_rightmost ? out : left, m->err);
        if (status != STATUS_OK)
            return status;
        if (!is_rightmost)
            node_hash(m->h, left, out, out);
    }
    return STATUS_OK;
}

enum status proof_subtree_hash(struct hasher *h, const struct node_source *source, struct subtree s,
                               uint8_t out[HASH_SIZE], struct error *err)
{
    enum status status = check_subtree(s, err);
    if (status != STATUS_OK)
        return status;
    struct maker m = {.h = h, .source = source, .err = err};
    if (s.start == s.end)
        node_empty_hash(h, out);
    else
        status = join(&m, s, out);
    return status == STATUS_OK ? hasher_status(h, err) : status;
}

static enum status append(const struct maker *m, struct subtree s)
{
    uint8_t hash[HASH_SIZE];
    enum status status = join(m, s, hash);
    if (status == STATUS_OK)
        builder_bytes(m->out, BYTES_OF(hash));
    return status;
}

/* Appends the hashes that lead from the node at `level`, the at-th of tree s, to the root of s:
 * PATH of [RFC9162 2.1.3.1] made from the bottom. last is the position of the last node of s at
 * that level; it is the only one that may be incomplete. */
static enum status append_path(const struct maker *m, struct subtree s, unsigned level, uint64_t at,
                               uint64_t last)
{
    enum status status = STATUS_OK;
    for (; last != 0 && status == STATUS_OK; at >>= 1, last >>= 1, level++) {
        uint64_t sibling = at ^ 1;
        /* A last node without a sibling is its own parent. */
        if (sibling > last)
            continue;
        uint64_t start = s.start + (sibling << level);
        uint64_t end = sibling == last ? s.end : start + (UINT64_C(1) << level);
        status = append(m, (struct subtree){start, end});
    }
    return status;
}

/* The last word on a proof that was made: did all of it fit, are the hashes hashes? */
static enum status finish(const struct maker *m, enum status status, const char *what)
{
    if (status == STATUS_OK)
        status = hasher_status(m->h, m->err);
    return status == STATUS_OK ? builder_status(m->out, what, m->err) : status;
}

enum status proof_make_inclusion(struct hasher *h, const struct node_source *source,
                                 struct subtree s, uint64_t index, struct builder *out,
                                 struct error *err)
{
    enum status status = check_contains(s, index, err);
    if (status != STATUS_OK)
        return status;
    struct maker m = {.h = h, .source = source, .out = out, .err = err};
    status = append_path(&m, s, 0, index - s.start, s.end - s.start - 1);
    return finish(&m, status, "inclusion proof");
}

enum status proof_make_consistency(struct hasher *h, const struct node_source *source,
                                   struct subtree s, uint64_t tree_size, struct builder *out,
                                   struct error *err)
{
    enum status status = check_within(s, tree_size, err);
    if (status != STATUS_OK || s.start == s.end)
        return status;
    struct maker m = {.h = h, .source = source, .out = out, .err = err};
    /* SUBTREE_PROOF of [MTC 4.4.1] is the path of the node that the verifier starts from, with that
     * node in front when the verifier does not know it. It is complete then: it ends before the
     * tree does. */
    struct edges e = edges_start(s, tree_size);
    if (e.fn != e.sn)
        status = append(&m, (struct subtree){e.sn << e.level, s.end});
    if (status == STATUS_OK)
        status = append_path(&m, (struct subtree){0, tree_size}, e.level, e.sn, e.tn);
    return finish(&m, status, "consistency proof");
}
