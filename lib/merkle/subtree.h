/* subtree.h - subtrees [start, end) of a Merkle tree [MTC 4.1], [MTC 4.5]. Pure arithmetic, for all
 * 64-bit values. */
#ifndef CATHAYA_MERKLE_SUBTREE_H
#define CATHAYA_MERKLE_SUBTREE_H

#include <stdbool.h>
#include <stdint.h>

/* A half-open interval of entry indices. */
struct subtree {
    uint64_t start;
    uint64_t end;
};

static inline uint64_t subtree_size(struct subtree s)
{
    return s.end - s.start;
}

static inline bool subtree_contains(struct subtree s, uint64_t index)
{
    return s.start <= index && index < s.end;
}

static inline bool subtree_equal(struct subtree a, struct subtree b)
{
    return a.start == b.start && a.end == b.end;
}

/* subtree_is_valid: start <= end, and start is a multiple of BIT_CEIL(end - start). Above 2^63
 * entries only start 0 is valid. Empty subtrees are valid. [MTC 4.1] */
bool subtree_is_valid(struct subtree s);

/* subtree_cover gives the two subtrees that cover [start, end) efficiently; the second is empty
 * ([end, end)) when the interval has at most one entry. Requires start <= end. [MTC 4.5.1] */
void subtree_cover(uint64_t start, uint64_t end, struct subtree out[2]);

#endif
