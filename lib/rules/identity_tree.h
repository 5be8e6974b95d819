/* identity_tree.h - a whole Merkle tree in memory, SM3 [RFC9162 2.1]: of the identity log, and of the lists that are made of it. Pure. */
#ifndef CATHAYA_RULES_IDENTITY_TREE_H
#define CATHAYA_RULES_IDENTITY_TREE_H

#include "base/array.h"
#include "merkle/proof.h"

/* As WEBSITE_IDENTITY_LOG_MAX; its complete nodes are 64 MiB. */
#define IDENTITY_TREE_LEVELS 21

struct identity_tree {
    struct hasher hasher;
    struct array levels[IDENTITY_TREE_LEVELS]; /* hashes of complete nodes; level 0 are the leaves */
};

/* identity_tree_init starts an empty tree; identity_tree_clear follows, also after a failure. */
MUST_USE enum status identity_tree_init(struct identity_tree *tree, struct error *err);
void identity_tree_clear(struct identity_tree *tree);

/* identity_tree_add appends a leaf: HASH(0x00 || leaf). STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE enum status identity_tree_add(struct identity_tree *tree, struct bytes leaf, struct error *err);

static inline uint64_t identity_tree_size(const struct identity_tree *tree)
{
    return tree->levels[0].count;
}

/* identity_tree_root is the root of the first size leaves, which are there. */
MUST_USE enum status identity_tree_root(struct identity_tree *tree, uint64_t size, uint8_t out[HASH_SIZE], struct error *err);

/* identity_tree_path appends the inclusion proof of a leaf in the whole tree. */
MUST_USE enum status identity_tree_path(struct identity_tree *tree, uint64_t index, struct builder *out, struct error *err);

/* identity_tree_check: is leaf number index of the tree of size leaves with that root? STATUS_OK is yes; STATUS_REFUSED;
 * STATUS_MALFORMED for a path of another length. */
MUST_USE enum status identity_tree_check(struct hasher *h, uint64_t index, uint64_t size, struct bytes leaf, struct bytes path,
                                         const uint8_t root[HASH_SIZE], struct error *err);

#endif
