/* record_store.h - the tiny trusted record that decides what a log is.
 *
 * Trust: whoever can write it can make the log sign a second history; whoever loses it loses the log.
 * It is small, changed by compare-and-swap, and durable when swap returns.
 */
#ifndef CATHAYA_PORTS_RECORD_STORE_H
#define CATHAYA_PORTS_RECORD_STORE_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

/* A mirror keeps two signed checkpoints of a log in it: ML-DSA-87, in base64 twice, is 2 * 8.5 kB. */
#define RECORD_MAX 32768

struct record_store {
    void *context;

    /* load appends the record. STATUS_NOT_FOUND when there has never been one. To a writer it gives only what is
     * durable: whoever signs on the word of the record does so without swapping it first. */
    enum status (*load)(void *context, struct builder *out, struct error *err);

    /* swap replaces the record by `next` if it is still `expected` (empty: there must be none).
     * STATUS_CONFLICT when it is something else. Durable when it returns STATUS_OK; after any other
     * status but STATUS_CONFLICT it may be either: load it again before going on, which may fail too until
     * the store is opened anew. */
    enum status (*swap)(void *context, struct bytes expected, struct bytes next, struct error *err);
};

#endif
