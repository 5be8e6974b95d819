/* staged_batch.h - a batch on its way into the log: all that recovery needs, as one object.
 *
 *   struct {
 *     uint8 label[17] = "cathaya/staged/1\n";
 *     uint64 number;                 // of the batch, from 1
 *     uint64 old_size; uint64 new_size;
 *     HashValue new_root;
 *     uint64 max_not_after_s;        // of these entries and all before
 *     uint8 entries[rest];           // new_size - old_size stored entries of the log's format, as in bundles
 *   } StagedBatch;
 *
 * There is no checksum: a staged object is believed only as far as its entries lead to the root that
 * the record has committed to.
 */
#ifndef CATHAYA_LOG_ENGINE_STAGED_BATCH_H
#define CATHAYA_LOG_ENGINE_STAGED_BATCH_H

#include "base/builder.h"
#include "crypto/hash.h"
#include "log_engine/log_engine.h"

#define STAGED_BATCH_HEADER_SIZE (17 + 8 + 8 + 8 + HASH_SIZE + 8)
#define STAGED_BATCH_SIZE_MAX    (STAGED_BATCH_HEADER_SIZE + LOG_BATCH_BYTES_MAX)

struct staged_batch {
    uint64_t number;
    uint64_t old_size, new_size;
    uint8_t new_root[HASH_SIZE];
    uint64_t max_not_after_s;
    struct bytes entries; /* borrows */
};

/* staged_batch_parse reads the header and takes the rest as entries, whose number is checked by
 * whoever hashes them. STATUS_MALFORMED with the offset. */
MUST_USE enum status staged_batch_parse(struct bytes input, struct staged_batch *out,
                                        struct error *err);

/* staged_batch_write_header appends everything before the entries. */
void staged_batch_write_header(const struct staged_batch *batch, struct builder *out);

#endif
