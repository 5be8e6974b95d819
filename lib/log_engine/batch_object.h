/* batch_object.h - the lasting object of a batch: its covering subtrees and their cosignatures.
 *
 *   struct {
 *     opaque cosigner_id<1..32>;       // binary trust anchor ID
 *     opaque signature<1..2^16-1>;     // over the CosignedMessage with timestamp 0
 *   } Cosignature;
 *   struct {
 *     uint64 start; uint64 end;
 *     HashValue hash;
 *     Cosignature cosignatures<0..2^24-1>;  // strictly increasing by cosigner [MTC 6.2]
 *   } CosignedSubtree;
 *   struct {
 *     uint8 label[16] = "cathaya/batch/1\n";
 *     uint64 number;
 *     uint64 start; uint64 end;        // the entries of the batch
 *     CosignedSubtree subtrees[n];     // those of the two that cover [start, end) which are not empty
 *   } BatchObject;
 */
#ifndef CATHAYA_LOG_ENGINE_BATCH_OBJECT_H
#define CATHAYA_LOG_ENGINE_BATCH_OBJECT_H

#include "base/builder.h"
#include "log_engine/log_engine.h"

/* Two subtrees with LOG_COSIGNERS_MAX of the longest signatures. */
#define BATCH_OBJECT_SIZE_MAX ((size_t)2 * LOG_COSIGNERS_MAX * (65536 + 64) + 256)

struct cosigned_subtree {
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
    size_t cosignature_count;
    struct log_cosignature cosignatures[LOG_COSIGNERS_MAX]; /* borrow */
};

struct batch_object {
    uint64_t number;
    uint64_t start, end;
    size_t subtree_count; /* 1 or 2 */
    struct cosigned_subtree subtrees[2];
};

/* batch_object_parse: STATUS_MALFORMED with the offset for everything but the above. */
MUST_USE enum status batch_object_parse(struct bytes input, struct batch_object *out,
                                        struct error *err);

/* batch_object_write appends the encoding of a value that batch_object_parse would give. */
MUST_USE enum status batch_object_write(const struct batch_object *object, struct builder *out,
                                        struct error *err);

/* batch_object_insert puts a cosignature where it belongs; false, and nothing is done, when one of the same
 * cosigner is there. There must be room for one more. */
bool batch_object_insert(struct cosigned_subtree *s, const struct log_cosignature *cosignature);

/* batch_object_cover gives the covering subtrees of [start, end) that are not empty, start < end. */
size_t batch_object_cover(uint64_t start, uint64_t end, struct subtree out[2]);

#endif
