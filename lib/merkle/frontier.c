#include "merkle/frontier.h"

#include <string.h>

void frontier_init(struct frontier *f)
{
    memset(f, 0, sizeof *f);
}

enum status frontier_load(struct frontier *f, const struct node_source *source, uint64_t size,
                          struct error *err)
{
    frontier_init(f);
    uint64_t end = size;
    for (uint64_t sizes = size; sizes != 0; sizes &= sizes - 1) {
        unsigned level = (unsigned)__builtin_ctzll(sizes);
        end -= UINT64_C(1) << level;
        enum status status =
            source->read(source->context, level, end >> level, f->hashes[level], err);
        if (status != STATUS_OK)
            return status;
    }
    f->size = size;
    return STATUS_OK;
}

bool frontier_append_subtree(struct frontier *f, struct hasher *h, unsigned level,
                             const uint8_t hash[HASH_SIZE])
{
    uint64_t count = level < 64 ? UINT64_C(1) << level : 0;
    if (count == 0 || f->size % count != 0 || f->size > UINT64_MAX - count)
        return false;
    /* Adding one carries through the set low bits: each is a complete subtree that gets its right
     * sibling. */
    uint8_t r[HASH_SIZE];
    memcpy(r, hash, HASH_SIZE);
    for (; (f->size >> level & 1) != 0; level++)
        node_hash(h, f->hashes[level], r, r);
    memcpy(f->hashes[level], r, HASH_SIZE);
    f->size += count;
    return true;
}

bool frontier_append(struct frontier *f, struct hasher *h, const uint8_t leaf_hash[HASH_SIZE])
{
    return frontier_append_subtree(f, h, 0, leaf_hash);
}

void frontier_root(const struct frontier *f, struct hasher *h, uint8_t out[HASH_SIZE])
{
    if (f->size == 0) {
        node_empty_hash(h, out);
        return;
    }
    memcpy(out, f->hashes[__builtin_ctzll(f->size)], HASH_SIZE);
    for (uint64_t sizes = f->size & (f->size - 1); sizes != 0; sizes &= sizes - 1)
        node_hash(h, f->hashes[__builtin_ctzll(sizes)], out, out);
}
