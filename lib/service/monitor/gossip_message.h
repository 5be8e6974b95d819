/* gossip_message.h - tree heads as monitors exchange them: POST <peer>/gossip/v1/tree-heads, and its answer, JSON both:
 *
 *   {"tree_heads": [
 *     {"log": HEX(LogID), "tree_size": N, "timestamp": MS, "root_hash": BASE64, "signature": BASE64},    CT; the signature of the STH
 *     {"log": ORIGIN, "checkpoint": TEXT}]}                                                              issuance logs; signed
 *
 * Nobody is authenticated but by the signatures of the logs, which who reads it verifies. Members that are not known are ignored, and
 * heads that are not of this form are left out: a newer version may have others.
 */
#ifndef CATHAYA_SERVICE_MONITOR_GOSSIP_MESSAGE_H
#define CATHAYA_SERVICE_MONITOR_GOSSIP_MESSAGE_H

#include "base/array.h"
#include "base/builder.h"
#include "ports/log_feed.h"

#define GOSSIP_PATH "/gossip/v1/tree-heads"
/* All logs of the world, twice over. */
#define GOSSIP_HEADS_MAX 1024
/* A checkpoint with cosignatures of ML-DSA-44 of some mirrors has 10 kB; most heads 300 bytes. */
#define GOSSIP_MESSAGE_MAX ((size_t)2 << 20)
#define GOSSIP_LOG_MAX 255
#define GOSSIP_SIGNATURE_MAX 16384
#define GOSSIP_CHECKPOINT_MAX ((size_t)64 * 1024)

struct gossip_head {
    char log[GOSSIP_LOG_MAX + 1];
    bool is_checkpoint;
    struct followed_head head; /* is_checkpoint: signature alone, the note */
};

/* gossip_message_parse reads a message; signatures borrow from memory, which is the caller's and grows up to GOSSIP_MESSAGE_MAX.
 * heads is an empty array of struct gossip_head. STATUS_MALFORMED for what is no message; STATUS_LIMIT for more than
 * GOSSIP_HEADS_MAX. */
MUST_USE enum status gossip_message_parse(struct bytes text, struct array *heads, struct builder *memory, struct error *err);

/* gossip_message_write appends a message of count heads. */
MUST_USE enum status gossip_message_write(const struct gossip_head *heads, size_t count, struct builder *out, struct error *err);

#endif
