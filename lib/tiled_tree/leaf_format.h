/* leaf_format.h - what the entries of a log are like: where they are kept, how one ends, what is hashed.
 *
 * Three kinds of log have one kind of tree:
 *
 *             bundle                 stored entry                 leaf hash
 *   mtc       tile/entries/<N>       opaque entry<0..2^16-1>      HASH(00 || entry)              [C2SP tlog-tiles]
 *   ct        tile/data/<N>          TileLeaf                     HASH(00 || 00 00 || TimestampedEntry)
 *                                                                          [RFC6962 3.4], [C2SP static-ct-api]
 *   trust     tile/entries/<N>       opaque entry<0..2^16-1>      HASH(00 || entry); entry: the TrustVersion of version index + 1
 *                                                                          [GM 14]
 *
 * A run is stored entries one after the other: a bundle, or the entries of a staged batch.
 */
#ifndef CATHAYA_TILED_TREE_LEAF_FORMAT_H
#define CATHAYA_TILED_TREE_LEAF_FORMAT_H

#include "base/builder.h"
#include "base/reader.h"
#include "crypto/hash.h"
#include "merkle/tile.h"

/* One stored entry; everything borrows from the run. */
struct stored_leaf {
    struct bytes entry;  /* what a writer gives and a reader gets: MTC: without its length; CT: the TileLeaf */
    struct bytes hashed; /* the part of it that is hashed, behind leaf_format.prefix */
    uint64_t time_ms;    /* CT: that of the TimestampedEntry; MTC: 0 */
};

struct leaf_format {
    const char *name;   /* "mtc", "ct", "trust": for messages */
    const char *folder; /* of the bundles, below tile/: "entries", "data" */
    size_t entry_max;   /* bytes of stored_leaf.entry */
    size_t stored_max;  /* the same with what stands around it */
    uint64_t size_max;  /* entries of a log: indices of 48 bits [MTC 5.2], of 40 [C2SP static-ct-api] */
    /* What stands before `hashed`, with the 00 of a leaf [RFC9162 2.1.1]. */
    uint8_t prefix[3];
    size_t prefix_len;
    /* next takes the next stored entry off a run; false at the end, for a half one and for one that is longer
     * than entry_max. r moves on success only. */
    bool (*next)(struct reader *r, struct stored_leaf *out);
    /* append puts an entry, which check has found good, behind a run. */
    void (*append)(struct builder *run, struct bytes entry);
    /* check: may this stand at this index of a log? STATUS_MALFORMED, STATUS_LIMIT, or STATUS_REFUSED for an entry whose
     * type or extensions are not known: it may mean something that we must not vouch for [MTC 5.2.1]. The leaf_index
     * of a CT log's entry must be that index. */
    enum status (*check)(struct bytes entry, uint64_t index, struct error *err);
};

extern const struct leaf_format leaf_format_mtc, leaf_format_ct, leaf_format_trust;

/* The entries of one tile. */
struct leaf_bundle {
    unsigned count;
    struct stored_leaf leaves[TILE_WIDTH];
};

/* leaf_format_bundle_max is how many bytes a bundle can have. */
static inline size_t leaf_format_bundle_max(const struct leaf_format *format)
{
    return TILE_WIDTH * format->stored_max;
}

/* leaf_format_parse reads a bundle of exactly expected_count (1..256) entries: STATUS_MALFORMED with the offset
 * when there are more, fewer or half ones. */
MUST_USE enum status leaf_format_parse(const struct leaf_format *format, struct bytes bundle,
                                       unsigned expected_count, struct leaf_bundle *out,
                                       struct error *err);

/* leaf_format_hash makes the leaf hashes of `count` leaves. Failures stick in h. */
void leaf_format_hash(const struct leaf_format *format, struct hasher *h, const struct stored_leaf *leaves,
                      size_t count, uint8_t (*out)[HASH_SIZE]);

/* leaf_format_path and leaf_format_parse_path are tile_path_in and tile_parse_path_in for this format. */
void leaf_format_path(const struct leaf_format *format, const struct tile *tile, char out[TILE_PATH_SIZE]);
MUST_USE enum status leaf_format_parse_path(const struct leaf_format *format, struct bytes path,
                                            struct tile *out, struct error *err);

#endif
