/* cosigned_message.h - what every cosigner signs [MTC 5.3.1]:
 *
 *   struct {
 *     uint8 label[12] = "subtree/v1\n\0";
 *     opaque cosigner_name<1..2^8-1>;     // "oid/1.3.6.1.4.1." and the cosigner ID
 *     uint64 timestamp;                   // 0 in certificates
 *     opaque log_origin<1..2^8-1>;        // "oid/1.3.6.1.4.1." and the log ID
 *     uint64 start; uint64 end;
 *     HashValue subtree_hash;
 *   } CosignedMessage;
 */
#ifndef CATHAYA_CODEC_MTC_COSIGNED_MESSAGE_H
#define CATHAYA_CODEC_MTC_COSIGNED_MESSAGE_H

#include "base/builder.h"
#include "crypto/hash.h"
#include "merkle/subtree.h"

#define COSIGNED_MESSAGE_MAX (12 + 256 + 8 + 256 + 16 + HASH_SIZE)

/* [C2SP tlog-cosignature] */
#define COSIGNED_MESSAGE_TIMESTAMP_MAX ((uint64_t)INT64_MAX)

struct cosigned_message {
    struct bytes cosigner_name; /* "oid/1.3.6.1.4.1.32473.1" */
    struct bytes log_origin;    /* "oid/1.3.6.1.4.1.32473.1.0.1" */
    uint64_t timestamp;         /* not 0 only for a checkpoint: subtree.start is 0 then */
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
};

/* cosigned_message_write appends the message. STATUS_MALFORMED when a name is empty or over 255
 * bytes, the subtree is not valid, the timestamp is above 2^63-1, or not 0 with a start other than 0:
 * nobody signs or accepts such a thing. */
MUST_USE enum status cosigned_message_write(const struct cosigned_message *m, struct builder *out,
                                            struct error *err);

#endif
