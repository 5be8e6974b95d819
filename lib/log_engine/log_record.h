/* log_record.h - the record: the few lines that decide what a log is.
 *
 *   cathaya-log-record v1
 *   origin oid/1.3.6.1.4.1.32473.1.0.1
 *   hash sm3
 *   batch 12                      the last batch that is in the log; batches count from 1
 *   size 12000
 *   root <base64>
 *   settled-batch 10              everything up to here is durable in its final place
 *   settled-size 10000
 *   settled-root <base64>
 *   first-batch 1                 the batch objects before are pruned
 *   min-index 0                   the entries before are pruned
 *   removed-index 0               how far removing what is pruned has come
 *   max-not-after 1793283605      of all entries ever, in seconds since the Epoch
 *   landmark 3                    the newest landmark; its list is the object landmarks/<3>
 *   first-landmark 1              the lists before are pruned
 *   state open                    or closed
 *
 * Every line ends with LF, in this order, numbers in decimal without leading zeros.
 */
#ifndef CATHAYA_LOG_ENGINE_LOG_RECORD_H
#define CATHAYA_LOG_ENGINE_LOG_RECORD_H

#include "base/builder.h"
#include "crypto/hash.h"
#include "log_engine/log_engine.h"

#define LOG_RECORD_HASH_NAME_MAX 31

struct log_record {
    char origin[LOG_ORIGIN_SIZE];
    char hash_name[LOG_RECORD_HASH_NAME_MAX + 1];
    uint64_t batch, size;
    uint8_t root[HASH_SIZE];
    uint64_t settled_batch, settled_size;
    uint8_t settled_root[HASH_SIZE];
    uint64_t first_batch, min_index, removed_index;
    uint64_t max_not_after_s;
    uint64_t landmark, first_landmark;
    bool is_closed;
};

/* log_record_parse is strict: STATUS_MALFORMED with the line for every other text, also when the
 * numbers contradict each other. */
MUST_USE enum status log_record_parse(struct bytes text, struct log_record *out, struct error *err);

/* log_record_write appends the text. */
MUST_USE enum status log_record_write(const struct log_record *record, struct builder *out,
                                      struct error *err);

#endif
