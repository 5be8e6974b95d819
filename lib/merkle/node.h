/* node.h - hashing of leaves and nodes [RFC9162 2.1.1]. */
#ifndef CATHAYA_MERKLE_NODE_H
#define CATHAYA_MERKLE_NODE_H

#include "crypto/hash.h"

/* node_leaf_hash is HASH(0x00 || entry). */
void node_leaf_hash(struct hasher *h, struct bytes entry, uint8_t out[HASH_SIZE]);

/* node_hash is HASH(0x01 || left || right); out may be left or right. */
void node_hash(struct hasher *h, const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE],
               uint8_t out[HASH_SIZE]);

/* node_empty_hash is HASH(""), the hash of the empty tree. */
void node_empty_hash(struct hasher *h, uint8_t out[HASH_SIZE]);

/* node_pairs hashes count pairs: out[i] = HASH(0x01 || left[i] || right[i]), in batches for
 * hasher_many. pairs is 2 * count hashes in a row, left[0] right[0] left[1] ..., as they stand in a
 * tile. out may be the start of pairs, and must not overlap them in any other way. */
void node_pairs(struct hasher *h, const uint8_t *pairs, size_t count, uint8_t (*out)[HASH_SIZE]);

#endif
