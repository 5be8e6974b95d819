/* evidence.h - a file that proves, to anybody, that the holder of a key signed what a log must not sign: two views of it, or
 * promises that it has not kept.
 *
 *   cathaya-evidence v1
 *   kind KIND
 *   hash sm3 | sha256
 *   origin ORIGIN
 *   key NAME OID BASE64(SubjectPublicKeyInfo)     ; OID: dotted, of the signature algorithm
 *   seen TIME                                     ; RFC 3339
 *   where TEXT                                    ; who saw it, printable
 *   STATEMENT
 *   [STATEMENT]
 *   mmd MILLISECONDS                              ; late-merge, sct-not-honoured: the log's maximum merge delay
 *   sct BASE64(SerializedSCT)                     ; sct-not-honoured
 *   leaf INDEX BASE64(MerkleTreeLeaf)             ; late-merge, entry-after-head, sct-not-honoured
 *   part-hash BASE64(hash)                        ; not-a-prefix; sct-not-honoured: what is at INDEX, if the tree has that
 *   proof [BASE64(hashes)]                        ; with leaf or part-hash, of the last statement's tree
 *
 *   STATEMENT = note BASE64(signed checkpoint)
 *             | subtree START END TIMESTAMP BASE64(hash) BASE64(signature over the CosignedMessage)
 *             | sth SIZE TIMESTAMP BASE64(root) BASE64(DigitallySigned of the TreeHeadSignature)    ; [RFC6962 3.5], in ms
 *             | version BASE64(TrustVersion) BASE64(signature over it)    ; of a trust bundle [GM 14]; origin: of its log of versions
 *
 *   kind              statements            what they prove
 *   two-roots         two notes or sths     one size with different roots
 *   two-subtrees      two subtrees          one [start, end) with different hashes
 *   not-a-prefix      any, then note or sth the first, a subtree or a smaller tree, has another hash than part-hash, which the
 *                                           proof leads from to the root of the second
 *   shrank            two sths              the second is newer and has fewer entries
 *   entry-after-head  one sth               the leaf is in its tree, and has a time after it
 *   late-merge        two sths              the leaf is in the second's tree behind all that the first has, and its time is more
 *                                           than mmd before the first
 *   sct-not-honoured  one sth               the SCT's time is more than mmd before it, and its tree does not have the SCT's
 *                                           leaf at the SCT's leaf_index
 *   two-versions      two versions          one version of a trust bundle with different contents or times
 *
 * Every line ends with LF; one spelling for each content. An unknown kind, or anything else, is malformed. What is
 * proven is decided by rules/evidence_check.h.
 */
#ifndef CATHAYA_CODEC_EVIDENCE_EVIDENCE_H
#define CATHAYA_CODEC_EVIDENCE_EVIDENCE_H

#include "base/builder.h"
#include "codec/note/note.h"
#include "codec/witness/proof_lines.h"
#include "merkle/subtree.h"

/* Two of the largest notes in base64, and the key. */
#define EVIDENCE_SIZE_MAX ((size_t)4 * 1024 * 1024)
#define EVIDENCE_WHERE_MAX 255
#define EVIDENCE_STATEMENTS 2

/* 2^53 is the last number that JSON keeps; no log's delay is longer than a day. */
#define EVIDENCE_MMD_MAX_MS (UINT64_C(1) << 53)

enum evidence_kind {
    EVIDENCE_TWO_ROOTS,
    EVIDENCE_NOT_A_PREFIX,
    EVIDENCE_TWO_SUBTREES,
    EVIDENCE_SHRANK,
    EVIDENCE_ENTRY_AFTER_HEAD,
    EVIDENCE_LATE_MERGE,
    EVIDENCE_SCT_NOT_HONOURED,
    EVIDENCE_TWO_VERSIONS
};
#define EVIDENCE_KINDS 8

struct evidence_statement {
    bool is_note, is_sth, is_version; /* none: a subtree */
    struct bytes note; /* is_note */
    struct bytes version; /* is_version: TRUST_ENVELOPE_VERSION_SIZE bytes; with signature */
    struct subtree subtree; /* otherwise these; of an sth: [0, size) */
    uint64_t timestamp_s;   /* subtree */
    uint64_t timestamp_ms;  /* sth */
    uint8_t hash[HASH_SIZE];
    struct bytes signature;
};

struct evidence {
    enum evidence_kind kind;
    const struct hash_alg *hash;
    struct bytes origin;
    struct bytes key_name, key_oid, key_spki;
    int64_t seen_s;
    struct bytes where;
    struct evidence_statement statements[EVIDENCE_STATEMENTS]; /* of some kinds the first alone */
    uint64_t mmd_ms;
    struct bytes sct, leaf;
    uint64_t index;
    bool has_part; /* part_hash: always with not-a-prefix, where evidence_write does not look at it */
    uint8_t part_hash[HASH_SIZE];
    struct proof_lines proof;
};

/* evidence_kind_name is the word of the format. */
const char *evidence_kind_name(enum evidence_kind kind);

/* evidence_statement_count is 1 or 2. */
size_t evidence_statement_count(enum evidence_kind kind);

/* evidence_parse reads a whole file. What is in base64 is decoded into memory, which must be empty and allow
 * text.len bytes, and borrowed from it. STATUS_MALFORMED with the offset. */
MUST_USE enum status evidence_parse(struct bytes text, struct builder *memory, struct evidence *out,
                                    struct error *err);

/* evidence_write appends the file: STATUS_MALFORMED when the parts could not be read again. */
MUST_USE enum status evidence_write(const struct evidence *evidence, struct builder *out,
                                    struct error *err);

#endif
