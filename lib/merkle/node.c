#include "merkle/node.h"

#include <string.h>

#define LEAF_PREFIX 0x00
#define NODE_PREFIX 0x01

/* One batch holds the pairs of a full tile; its results need 4 KiB of stack. */
#define PAIRS_PER_BATCH 128

void node_leaf_hash(struct hasher *h, struct bytes entry, uint8_t out[HASH_SIZE])
{
    static const uint8_t prefix = LEAF_PREFIX;
    hasher_start(h);
    hasher_update(h, bytes_of(&prefix, 1));
    hasher_update(h, entry);
    hasher_finish(h, out);
}

void node_hash(struct hasher *h, const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE],
               uint8_t out[HASH_SIZE])
{
    /* hasher_many has the fast way for a pair; a copy, because out may be left or right. */
    uint8_t pair[2 * HASH_SIZE];
    uint8_t result[1][HASH_SIZE];
    memcpy(pair, left, HASH_SIZE);
    memcpy(pair + HASH_SIZE, right, HASH_SIZE);
    hasher_many(h, NODE_PREFIX, &BYTES_OF(pair), 1, result);
    memcpy(out, result[0], HASH_SIZE);
}

void node_empty_hash(struct hasher *h, uint8_t out[HASH_SIZE])
{
    hasher_one(h, bytes_of(NULL, 0), out);
}

/* At most PAIRS_PER_BATCH pairs. */
static void hash_batch(struct hasher *h, const uint8_t *pairs, size_t count,
                       uint8_t (*out)[HASH_SIZE])
{
    struct bytes messages[PAIRS_PER_BATCH];
    uint8_t results[PAIRS_PER_BATCH][HASH_SIZE];
    for (size_t i = 0; i < count; i++)
        messages[i] = bytes_of(pairs + i * 2 * HASH_SIZE, 2 * HASH_SIZE);
    hasher_many(h, NODE_PREFIX, messages, count, results);
    memcpy(out, results, count * HASH_SIZE);
}

void node_pairs(struct hasher *h, const uint8_t *pairs, size_t count, uint8_t (*out)[HASH_SIZE])
{
    /* out may be the start of pairs: a batch writes at most half of what has been read by then. */
    while (count > 0) {
        size_t now = count < PAIRS_PER_BATCH ? count : PAIRS_PER_BATCH;
        hash_batch(h, pairs, now, out);
        pairs += now * 2 * HASH_SIZE;
        out += now;
        count -= now;
    }
}
