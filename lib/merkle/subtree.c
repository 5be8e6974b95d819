#include "merkle/subtree.h"

/* The number of bits that x needs; 0 for 0. */
static unsigned bit_length(uint64_t x)
{
    return x == 0 ? 0 : 64 - (unsigned)__builtin_clzll(x);
}

/* The lowest `count` bits set; count may be 64, which a plain shift could not do. */
static uint64_t low_bits(unsigned count)
{
    return count == 0 ? 0 : UINT64_MAX >> (64 - count);
}

bool subtree_is_valid(struct subtree s)
{
    if (s.start > s.end)
        return false;
    uint64_t size = s.end - s.start;
    /* BIT_CEIL(size) - 1 is the mask of as many bits as size - 1 has. Above 2^63 entries these are
     * all 64 bits, so that only start 0 passes: the overflow rule of the draft needs no branch. */
    return size <= 1 || (s.start & low_bits(bit_length(size - 1))) == 0;
}

void subtree_cover(uint64_t start, uint64_t end, struct subtree out[2])
{
    if (end - start <= 1) {
        out[0] = (struct subtree){start, end};
        out[1] = (struct subtree){end, end};
        return;
    }
    uint64_t last = end - 1;
    /* The height at which the paths of start and last part; they differ, so there is such a bit. */
    unsigned split = bit_length(start ^ last) - 1;
    uint64_t mask = low_bits(split);
    uint64_t mid = last & ~mask;
    /* The height of the lowest common ancestor of [start, mid). */
    unsigned left_split = bit_length(~start & mask);
    out[0] = (struct subtree){start & ~low_bits(left_split), mid};
    out[1] = (struct subtree){mid, end};
}
