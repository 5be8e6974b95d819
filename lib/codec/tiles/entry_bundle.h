/* entry_bundle.h - entry bundles: the entries of one tile [C2SP tlog-tiles].
 *
 *   bundle = 1*256 entry; entry = opaque<0..2^16-1>
 *
 * How many entries there are is said by the path and the tree size, not by the bytes.
 */
#ifndef CATHAYA_CODEC_TILES_ENTRY_BUNDLE_H
#define CATHAYA_CODEC_TILES_ENTRY_BUNDLE_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "merkle/tile.h"

#define ENTRY_BUNDLE_ENTRY_MAX 65535
/* 256 entries of the greatest length: 16 MiB. */
#define ENTRY_BUNDLE_SIZE_MAX ((size_t)TILE_WIDTH * (2 + ENTRY_BUNDLE_ENTRY_MAX))

/* The entries borrow from the bundle; they are an array that hasher_many takes as it is. */
struct entry_bundle {
    unsigned count;
    struct bytes entries[TILE_WIDTH];
};

/* entry_bundle_parse reads exactly expected_count (1..256) entries: STATUS_MALFORMED with the offset
 * when there are more, fewer or half ones; STATUS_USAGE for another count. */
MUST_USE enum status entry_bundle_parse(struct bytes input, unsigned expected_count,
                                        struct entry_bundle *out, struct error *err);

/* entry_bundle_next takes one entry from a reader on a bundle; false at the end and for half ones. */
struct reader;
MUST_USE bool entry_bundle_next(struct reader *r, struct bytes *entry);

/* entry_bundle_append adds one entry: a bundle is written so, one after the other. The builder fails
 * with STATUS_LIMIT when the entry has more than 65535 bytes. */
void entry_bundle_append(struct builder *out, struct bytes entry);

#endif
