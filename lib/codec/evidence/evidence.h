/* evidence.h - a file that proves, to anybody, that the holder of a key signed two views of a log.
 *
 *   cathaya-evidence v1
 *   kind two-roots | not-a-prefix | two-subtrees
 *   hash sm3 | sha256
 *   origin ORIGIN
 *   key NAME OID BASE64(SubjectPublicKeyInfo)     ; OID: dotted, of the signature algorithm
 *   seen TIME                                     ; RFC 3339
 *   where TEXT                                    ; who saw it, printable
 *   STATEMENT
 *   STATEMENT
 *   part-hash BASE64(hash)                        ; not-a-prefix alone
 *   proof [BASE64(hashes)]                        ; not-a-prefix alone
 *
 *   STATEMENT = note BASE64(signed checkpoint)
 *             | subtree START END TIMESTAMP BASE64(hash) BASE64(signature over the CosignedMessage)
 *
 * two-roots: two notes of one size with different roots. two-subtrees: two statements about one [start, end)
 * with different hashes. not-a-prefix: the first statement, a subtree or a smaller tree, has another hash than
 * part-hash, which the proof leads from to the root of the second, a note.
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

enum evidence_kind { EVIDENCE_TWO_ROOTS, EVIDENCE_NOT_A_PREFIX, EVIDENCE_TWO_SUBTREES };
#define EVIDENCE_KINDS 3

struct evidence_statement {
    bool is_note;
    struct bytes note; /* is_note */
    struct subtree subtree; /* otherwise these */
    uint64_t timestamp_s;
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
    struct evidence_statement statements[EVIDENCE_STATEMENTS];
    uint8_t part_hash[HASH_SIZE];
    struct proof_lines proof;
};

/* evidence_kind_name is the word of the format. */
const char *evidence_kind_name(enum evidence_kind kind);

/* evidence_parse reads a whole file. What is in base64 is decoded into memory, which must be empty and allow
 * text.len bytes, and borrowed from it. STATUS_MALFORMED with the offset. */
MUST_USE enum status evidence_parse(struct bytes text, struct builder *memory, struct evidence *out,
                                    struct error *err);

/* evidence_write appends the file: STATUS_MALFORMED when the parts could not be read again. */
MUST_USE enum status evidence_write(const struct evidence *evidence, struct builder *out,
                                    struct error *err);

#endif
