/* frontier.h - a tree as its right edge: append and root in O(log n), nothing else remembered. */
#ifndef CATHAYA_MERKLE_FRONTIER_H
#define CATHAYA_MERKLE_FRONTIER_H

#include "merkle/node.h"
#include "merkle/proof.h"

/* hashes[k] is the hash of the complete subtree of 2^k entries that bit k of size stands for. */
struct frontier {
    uint64_t size;
    uint8_t hashes[64][HASH_SIZE];
};

void frontier_init(struct frontier *f);

/* frontier_load reads the frontier of a tree of the given size from its nodes. After a failure of
 * the source, which is returned, f is empty. */
MUST_USE enum status frontier_load(struct frontier *f, const struct node_source *source,
                                   uint64_t size, struct error *err);

/* frontier_append adds one leaf hash. False when the tree has 2^64 - 1 entries; a failure of the
 * hash function shows in hasher_status. */
MUST_USE bool frontier_append(struct frontier *f, struct hasher *h,
                              const uint8_t leaf_hash[HASH_SIZE]);

/* frontier_append_subtree adds the hash of a complete subtree of 2^level entries. False when the size is no multiple of that, or
 * the tree becomes too large. */
MUST_USE bool frontier_append_subtree(struct frontier *f, struct hasher *h, unsigned level,
                                      const uint8_t hash[HASH_SIZE]);

/* frontier_root is the root hash of the tree; HASH("") for the empty one. */
void frontier_root(const struct frontier *f, struct hasher *h, uint8_t out[HASH_SIZE]);

#endif
