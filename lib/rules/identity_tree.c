#include "rules/identity_tree.h"

#include <string.h>

#include "merkle/node.h"

enum status identity_tree_init(struct identity_tree *tree, struct error *err)
{
    *tree = (struct identity_tree){.hasher = {.alg = NULL}};
    for (size_t i = 0; i < IDENTITY_TREE_LEVELS; i++)
        tree->levels[i] = array_of(HASH_SIZE, (size_t)1 << (IDENTITY_TREE_LEVELS - 1 - i));
    return hasher_init(&tree->hasher, &hash_sm3, err);
}

void identity_tree_clear(struct identity_tree *tree)
{
    if (tree->hasher.alg != NULL)
        hasher_clear(&tree->hasher);
    for (size_t i = 0; i < IDENTITY_TREE_LEVELS; i++)
        array_clear(&tree->levels[i]);
}

enum status identity_tree_add(struct identity_tree *tree, struct bytes leaf, struct error *err)
{
    uint8_t hash[HASH_SIZE];
    node_leaf_hash(&tree->hasher, leaf, hash);
    enum status s = array_insert(&tree->levels[0], tree->levels[0].count, hash, "leaves of an identity tree", err);
    for (size_t level = 0; s == STATUS_OK && tree->levels[level].count % 2 == 0; level++) {
        struct array *a = &tree->levels[level];
        if (level + 1 == IDENTITY_TREE_LEVELS)
            break;
        node_hash(&tree->hasher, (const uint8_t *)array_at(a, a->count - 2), (const uint8_t *)array_at(a, a->count - 1), hash);
        s = array_insert(&tree->levels[level + 1], tree->levels[level + 1].count, hash, "nodes of an identity tree", err);
    }
    return s;
}

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *err)
{
    const struct identity_tree *tree = (const struct identity_tree *)context;
    if (level >= IDENTITY_TREE_LEVELS || index >= tree->levels[level].count)
        return error_set(err, STATUS_NOT_FOUND, "identity tree: no node %llu on level %u", (unsigned long long)index, level);
    memcpy(out, array_at(&tree->levels[level], (size_t)index), HASH_SIZE);
    return STATUS_OK;
}

enum status identity_tree_root(struct identity_tree *tree, uint64_t size, uint8_t out[HASH_SIZE], struct error *err)
{
    struct node_source source = {.context = tree, .read = read_node};
    enum status s = proof_subtree_hash(&tree->hasher, &source, (struct subtree){0, size}, out, err);
    return s == STATUS_OK ? hasher_status(&tree->hasher, err) : s;
}

enum status identity_tree_path(struct identity_tree *tree, uint64_t index, struct builder *out, struct error *err)
{
    struct node_source source = {.context = tree, .read = read_node};
    enum status s = proof_make_inclusion(&tree->hasher, &source, (struct subtree){0, identity_tree_size(tree)}, index, out, err);
    return s == STATUS_OK ? hasher_status(&tree->hasher, err) : s;
}

enum status identity_tree_check(struct hasher *h, uint64_t index, uint64_t size, struct bytes leaf, struct bytes path,
                                const uint8_t root[HASH_SIZE], struct error *err)
{
    uint8_t hash[HASH_SIZE];
    node_leaf_hash(h, leaf, hash);
    enum status s = proof_evaluate_inclusion(h, (struct subtree){0, size}, index, hash, path, hash, err);
    if (s == STATUS_OK)
        s = hasher_status(h, err);
    if (s == STATUS_OK && memcmp(hash, root, HASH_SIZE) != 0)
        s = error_set(err, STATUS_REFUSED, "its proof does not lead to the root that the bundle has");
    return s;
}
