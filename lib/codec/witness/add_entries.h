/* add_entries.h - the upload of entries to a mirror [C2SP tlog-mirror add-entries].
 *
 *   header  = u16 length, origin, u64 upload_start, u64 upload_end, u16 length, ticket
 *   package = *(u16 length, entry), u8 hash-count (<= 63), hash-count * hash[32]
 *   body    = header *package
 *
 * Package i has the entries of [rounded_start + 256 i, rounded_start + 256 (i + 1)) that are in
 * [upload_start, upload_end), where rounded_start is upload_start rounded down to a multiple of 256, and the
 * proof that the subtree [rounded_start + 256 i, end of the package) is one of the tree of upload_end.
 */
#ifndef CATHAYA_CODEC_WITNESS_ADD_ENTRIES_H
#define CATHAYA_CODEC_WITNESS_ADD_ENTRIES_H

#include "base/builder.h"
#include "codec/tiles/entry_bundle.h"
#include "codec/witness/mirror_info.h"
#include "codec/witness/proof_lines.h"
#include "merkle/subtree.h"

#define ADD_ENTRIES_CONTENT_TYPE "application/octet-stream"

/* Clients should send at most so many packages in one request [C2SP tlog-mirror]. */
#define ADD_ENTRIES_CLIENT_PACKAGES 32

#define ADD_ENTRIES_ORIGIN_MAX 65535
#define ADD_ENTRIES_PACKAGE_MAX (ENTRY_BUNDLE_SIZE_MAX + 1 + PROOF_LINES_MAX * HASH_SIZE)

struct add_entries_header {
    struct bytes origin;
    uint64_t upload_start, upload_end;
    struct bytes ticket;
};

/* add_entries_package_count is how many packages the canonical sequence of [start, end) has. */
uint64_t add_entries_package_count(uint64_t upload_start, uint64_t upload_end);

/* add_entries_package_range is [start, end) of package i: the entries that it carries. Its proof is of the
 * subtree [start rounded down to a multiple of 256, end). */
struct subtree add_entries_package_range(uint64_t upload_start, uint64_t upload_end, uint64_t i);

/* ---- writing ---- */

MUST_USE enum status add_entries_write_header(const struct add_entries_header *header,
                                              struct builder *out, struct error *err);

/* add_entries_write_package appends a package: entries is a run of opaque<0..2^16-1>, as a bundle has
 * them; proof a run of at most 63 hashes, or STATUS_LIMIT. */
MUST_USE enum status add_entries_write_package(struct bytes entries, struct bytes proof,
                                               struct builder *out, struct error *err);

/* ---- reading, as the bytes arrive ---- */

enum add_entries_event {
    ADD_ENTRIES_MORE,    /* all bytes are used and more are needed */
    ADD_ENTRIES_HEADER,  /* header is there */
    ADD_ENTRIES_PACKAGE, /* package is there */
    ADD_ENTRIES_END      /* the whole canonical sequence was read; what follows is dropped */
};

struct add_entries_package {
    struct subtree range; /* the entries */
    struct bytes entries; /* range.end - range.start times opaque<0..2^16-1> */
    struct bytes proof;   /* a run of hashes */
};

struct add_entries_reader {
    struct builder memory; /* the header, or the package that is being read */
    size_t header_len;
    unsigned stage;
    size_t wanted;      /* memory.len at which the stage is complete */
    size_t entries_len; /* of the package */
    uint64_t entries_left, package_number;
    struct add_entries_header header;   /* valid after HEADER; borrows from the reader */
    struct add_entries_package package; /* valid after PACKAGE until the next call; borrows */
};

/* add_entries_reader_init starts a reader whose packages have at most package_max bytes. Nothing is
 * allocated before bytes come. add_entries_reader_clear must follow. */
void add_entries_reader_init(struct add_entries_reader *r, size_t package_max);
void add_entries_reader_clear(struct add_entries_reader *r);

/* add_entries_reader_next uses bytes of *piece, which advances, up to the next event. STATUS_MALFORMED:
 * upload_start > upload_end, an end of 2^63 or more, more than 63 hashes; STATUS_LIMIT: a package too large. The reader
 * is not to be used after a failure. Call it until ADD_ENTRIES_MORE. */
MUST_USE enum status add_entries_reader_next(struct add_entries_reader *r, struct bytes *piece,
                                             enum add_entries_event *event, struct error *err);

/* add_entries_reader_is_between: has everything that came been reported? Otherwise a header or package is
 * cut short. */
bool add_entries_reader_is_between(const struct add_entries_reader *r);

#endif
