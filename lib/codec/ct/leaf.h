/* leaf.h - what a CT log holds [RFC6962 3.1, 3.4, 4.6], [C2SP static-ct-api], [GM 4].
 *
 *   struct {
 *     uint64 timestamp;                          // milliseconds since 1970
 *     LogEntryType entry_type;                   // x509_entry(0), precert_entry(1), tbs_cert_entry(FF01)
 *     select (entry_type) {
 *       case x509_entry:     opaque ASN.1Cert<1..2^24-1>;
 *       case precert_entry:  struct { opaque issuer_key_hash[32]; opaque tbs_certificate<1..2^24-1>; } PreCert;
 *       case tbs_cert_entry: struct { opaque ca_key_hash[32]; opaque issuance_log_id<1..32>; uint48 index;
 *                                     opaque entry<4..2^16-1>; } TbsCertEntry;
 *     } signed_entry;
 *     opaque extensions<0..2^16-1>;              // CtExtensions
 *   } TimestampedEntry;
 *   struct { uint8 version = 0; uint8 leaf_type = 0; TimestampedEntry; } MerkleTreeLeaf;
 *   struct {
 *     TimestampedEntry timestamped_entry;
 *     select (entry_type) { case precert_entry: opaque pre_certificate<1..2^24-1>; default: Empty; };
 *     opaque Fingerprint[32] certificate_chain<0..2^16-1>;
 *   } TileLeaf;                                  // a data tile: one after the other
 *
 * `extensions` are those of the SCT, byte by byte. So in a tiled log THE LEAF HAS THE leaf_index: a MerkleTreeLeaf
 * can be put together only when its index is known, and what an SCT signs (sct_input.h) is the same bytes as
 * the MerkleTreeLeaf. Every client that asks for the inclusion of an SCT computes the leaf hash that way.
 */
#ifndef CATHAYA_CODEC_CT_LEAF_H
#define CATHAYA_CODEC_CT_LEAF_H

#include "base/builder.h"
#include "base/reader.h"
#include "crypto/hash.h"

#define LEAF_X509 0x0000
#define LEAF_PRECERT 0x0001
#define LEAF_TBS_CERT 0xff01

/* What a MerkleTreeLeaf has before its TimestampedEntry: version and leaf_type. */
#define LEAF_MERKLE_PREFIX_SIZE 2
/* Certificates are 2 KiB, chains of a log at most 512 KiB; a precertificate is there twice. What is longer
 * is refused, for one entry shall not take the memory of a whole tile. */
#define LEAF_TILE_ENTRY_MAX ((size_t)1024 * 1024)
/* A log asks the caller for no more (chain-bytes) and fingerprints are 32 bytes each. */
#define LEAF_MTC_LOG_ID_MAX 32

/* A TbsCertEntry: an entry of an issuance log. Borrows. */
struct leaf_mtc {
    struct bytes ca_key_hash; /* HASH_SIZE: the CT log's hash of the CA cosigner's SubjectPublicKeyInfo */
    struct bytes log_id;      /* 1..LEAF_MTC_LOG_ID_MAX: the issuance log's trust anchor ID */
    uint64_t index;           /* below 2^48 */
    struct bytes entry;       /* 4..65535: MTCLogEntry */
};

/* A TimestampedEntry. Borrows. Only the fields of its type mean something. */
struct leaf {
    uint64_t timestamp_ms;
    uint16_t type;
    struct bytes certificate;     /* x509_entry */
    struct bytes issuer_key_hash; /* precert_entry: HASH_SIZE */
    struct bytes tbs;             /* precert_entry: without poison, as precert_write_tbs makes it */
    struct leaf_mtc mtc;          /* tbs_cert_entry */
    struct bytes extensions;      /* contents; sct_leaf_index's form in a tiled log */
};

/* leaf_read takes a TimestampedEntry. STATUS_MALFORMED with the offset; STATUS_REFUSED for an entry type
 * that is not known: then timestamp_ms and type are set, and how long it is nobody can tell. r moves on
 * success only. */
MUST_USE enum status leaf_read(struct reader *r, struct leaf *out, struct error *err);

/* leaf_parse reads a whole MerkleTreeLeaf (leaf_input of get-entries). Statuses of leaf_read; another version
 * or leaf type is STATUS_REFUSED too, with type 0xffff. */
MUST_USE enum status leaf_parse(struct bytes merkle_leaf, struct leaf *out, struct error *err);

/* leaf_write appends a TimestampedEntry, leaf_write_merkle a MerkleTreeLeaf. STATUS_USAGE when a field is not
 * of its size, or the type is not known. */
MUST_USE enum status leaf_write(const struct leaf *leaf, struct builder *out, struct error *err);
MUST_USE enum status leaf_write_merkle(const struct leaf *leaf, struct builder *out, struct error *err);

/* leaf_hash is HASH(00 || 00 00 || timestamped): the leaf hash of an encoded TimestampedEntry. */
void leaf_hash(struct hasher *h, struct bytes timestamped, uint8_t out[HASH_SIZE]);

/* leaf_index reads leaf_index from the extensions: statuses of sct_leaf_index. */
MUST_USE enum status leaf_index(const struct leaf *leaf, uint64_t *index, struct error *err);

/* leaf_type_name is "x509_entry", "precert_entry", "tbs_cert_entry" or "unknown". */
const char *leaf_type_name(uint16_t type);

/* ---- data tiles ---- */

struct leaf_tile {
    struct leaf leaf;
    struct bytes timestamped;     /* the encoded TimestampedEntry: for leaf_hash; not looked at by leaf_tile_write */
    struct bytes pre_certificate; /* precert_entry: the whole one; otherwise empty */
    struct bytes chain;           /* a run of fingerprints of HASH_SIZE each, the leaf's issuer first */
};

/* leaf_tile_next takes one TileLeaf. STATUS_NOT_FOUND at the end; STATUS_REFUSED for an unknown entry type
 * (fields as leaf_read), behind which nothing of the tile can be read; STATUS_LIMIT above
 * LEAF_TILE_ENTRY_MAX. r moves on success only. */
MUST_USE enum status leaf_tile_next(struct reader *r, struct leaf_tile *out, struct error *err);

/* leaf_tile_write appends one. STATUS_USAGE as leaf_write; STATUS_LIMIT above LEAF_TILE_ENTRY_MAX. */
MUST_USE enum status leaf_tile_write(const struct leaf_tile *entry, struct builder *out, struct error *err);

/* ---- extra_data of get-entries [RFC6962 4.6] ----
 *
 *   x509_entry, tbs_cert_entry:  opaque ASN.1Cert<1..2^24-1> certificate_chain<0..2^24-1>;
 *   precert_entry:  struct { opaque pre_certificate<1..2^24-1>; certificate_chain as above; } PrecertChainEntry;
 *
 * Of a tbs_cert_entry the chain is the MTC CA's certificate alone [GM 4].
 */
struct leaf_extra {
    struct bytes pre_certificate; /* precert_entry */
    struct bytes chain;           /* contents of certificate_chain, checked: for leaf_chain_next */
    size_t chain_count;
};

/* leaf_extra_parse: STATUS_MALFORMED with the offset; STATUS_REFUSED for an unknown type. */
MUST_USE enum status leaf_extra_parse(uint16_t type, struct bytes extra_data, struct leaf_extra *out,
                                      struct error *err);

/* leaf_chain_next takes the next certificate of leaf_extra.chain; false at the end. */
MUST_USE bool leaf_chain_next(struct reader *r, struct bytes *certificate);

/* leaf_extra_write appends extra_data. pre_certificate is looked at for a precert_entry only. */
MUST_USE enum status leaf_extra_write(uint16_t type, struct bytes pre_certificate, const struct bytes *chain,
                                      size_t chain_count, struct builder *out, struct error *err);

#endif
