/* ct_index.h - where a CT log finds an entry by its leaf hash, and a submission that it has had before.
 *
 * The index says nothing that the tree does not say: it covers the entries [0, size), and what is lost is added again
 * from the tree. A shortened index can make the log answer a duplicate with a new entry, or not find a leaf, and nothing
 * worse. What it takes for a duplicate gets an SCT and is not logged: two submissions must never be one to it.
 *
 * It may keep a part of a hash, as long as nobody can make two hashes that are alike to it: 16 bytes of a hash with a secret of
 * its own. Two alike by chance: it need not find the second.
 *
 * One thread at a time. Writes open a transaction; commit makes all of it durable at once. Reads see what was
 * written before. STATUS_IO when the store fails: the caller rolls back.
 */
#ifndef CATHAYA_PORTS_CT_INDEX_H
#define CATHAYA_PORTS_CT_INDEX_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"

/* An entry, as the index has it. */
struct ct_index_row {
    uint64_t index;
    uint64_t timestamp_ms;
    uint8_t leaf_hash[HASH_SIZE];
    uint8_t submission[HASH_SIZE]; /* hash over the entry without its timestamp */
};

struct ct_index {
    void *context;

    /* get_size: the entries [0, size) are in the index. */
    enum status (*get_size)(void *context, uint64_t *size, struct error *err);

    /* find_leaf gives the first entry with this leaf hash, find_submission the first of this submission.
     * STATUS_NOT_FOUND. */
    enum status (*find_leaf)(void *context, const uint8_t leaf_hash[HASH_SIZE], uint64_t *index,
                             struct error *err);
    enum status (*find_submission)(void *context, const uint8_t submission[HASH_SIZE], uint64_t *index,
                                   uint64_t *timestamp_ms, struct error *err);

    /* add appends an entry. STATUS_CONFLICT when its index is not the size. A leaf hash or a submission that is
     * there already keeps its first entry. */
    enum status (*add)(void *context, const struct ct_index_row *row, struct error *err);

    enum status (*commit)(void *context, struct error *err);
    void (*rollback)(void *context);
};

#endif
