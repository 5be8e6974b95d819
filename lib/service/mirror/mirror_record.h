/* mirror_record.h - the record of one mirrored log: what has been promised about it.
 *
 *   cathaya-mirror-record v1
 *   origin oid/1.3.6.1.4.1.32473.1.0.1
 *   hash sm3
 *   minimum-index 0
 *   stored SIZE BASE64(root)        ; entries that are on disk, verified
 *   mirrored BASE64(note)           ; the mirror checkpoint, signed by the log; "-": none
 *   pending BASE64(note)            ; the pending checkpoint, signed by the log; "-": none
 *
 * minimum-index <= mirrored <= stored <= pending, as sizes. One spelling.
 */
#ifndef CATHAYA_SERVICE_MIRROR_MIRROR_RECORD_H
#define CATHAYA_SERVICE_MIRROR_MIRROR_RECORD_H

#include "codec/note/checkpoint.h"
#include "codec/note/note.h"

/* A checkpoint with its note; size 0 and no note: there has never been one. */
struct mirror_point {
    uint64_t size;
    uint8_t root[HASH_SIZE];
    struct bytes note; /* the whole note with the log's signatures */
};

struct mirror_record {
    struct bytes origin;
    const struct hash_alg *hash;
    uint64_t min_index;
    uint64_t stored_size;
    uint8_t stored_root[HASH_SIZE];
    struct mirror_point mirrored, pending;
};

/* mirror_record_parse reads a whole record; notes are decoded into memory, which must be empty, and
 * borrowed from it. STATUS_MALFORMED with the line. */
MUST_USE enum status mirror_record_parse(struct bytes text, struct builder *memory,
                                         struct mirror_record *out, struct error *err);
MUST_USE enum status mirror_record_write(const struct mirror_record *record, struct builder *out,
                                         struct error *err);

#endif
