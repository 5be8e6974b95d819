/* signer_message.h - what a signer is asked, and what it answers.
 *
 * On the socket each message stands behind its length as uint32. Requests and answers alternate.
 *
 *   struct {
 *     uint8 version = 1;
 *     uint8 operation;                    // 1 list, 2 last, 3 tree, 4 subtree, 5 document, 6 handshake
 *     select (operation) {
 *       case list:     Empty;
 *       case last:     opaque key_id<1..63>; opaque log_origin<1..2^8-1>;
 *       case tree:     opaque key_id<1..63>; opaque cosigner_name<1..2^8-1>; opaque log_origin<1..2^8-1>;
 *                      uint64 timestamp; uint64 size; HashValue root;
 *                      HashValue proof<0..65*32>;      // of the last size, uint16 length
 *       case subtree:  opaque key_id<1..63>; opaque cosigner_name<1..2^8-1>; opaque log_origin<1..2^8-1>;
 *                      uint64 start; uint64 end; HashValue subtree_hash;
 *                      HashValue proof<0..65*32>;      // of the subtree in the last tree
 *       case document, handshake: opaque key_id<1..63>; opaque document<1..2^24-1>;
 *     };
 *   } SignerRequest;
 *
 *   struct {
 *     uint8 version = 1;
 *     uint8 verdict;                      // 0 done, 1 needs a proof, 2 refused, 3 not found, 4 malformed, 5 failed
 *     select (verdict, operation) {
 *       case done, list: struct { opaque key_id<1..63>; opaque algorithm<1..31>; opaque spki<1..2^16-1>; } keys[];
 *       case done, last: uint8 is_known; uint64 size; HashValue root;
 *       case done, tree, subtree, document, handshake: opaque signature[];   // the rest
 *       default: opaque reason[];                                    // the rest: UTF-8, for people
 *     };
 *   } SignerAnswer;
 *
 * A tree and a subtree are operations of their own: what is signed is made from their fields by the signer
 * (codec/mtc/cosigned_message.h), never given to it as bytes. The document of a handshake is what a TLS server signs in
 * CertificateVerify [RFC8446 4.4.3]; with SM2 it is signed under the ID of [RFC8998 3.2.1].
 */
#ifndef CATHAYA_CODEC_SIGNER_SIGNER_MESSAGE_H
#define CATHAYA_CODEC_SIGNER_SIGNER_MESSAGE_H

#include "base/reader.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/x509/crl.h"
#include "crypto/algorithm.h"
#include "merkle/proof.h"

#define SIGNER_KEY_ID_MAX 63
/* A shard of a revocation list, or the revocations file: both are below. */
#define SIGNER_DOCUMENT_MAX CRL_SIZE_MAX
/* A document, or names and a proof of 2 KiB. */
#define SIGNER_REQUEST_MAX (SIGNER_DOCUMENT_MAX + 4096)
#define SIGNER_PROOF_MAX ((size_t)PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE)
/* Keys of one signer: each is a line in a configuration that one person oversees. */
#define SIGNER_KEYS_MAX 16
/* The list of so many keys of at most 4 KiB; a signature is at most 64 KiB. */
#define SIGNER_ANSWER_MAX ((size_t)SIGNER_KEYS_MAX * (4096 + 256))

enum signer_operation {
    SIGNER_LIST = 1,
    SIGNER_LAST,
    SIGNER_TREE,
    SIGNER_SUBTREE,
    SIGNER_DOCUMENT,
    SIGNER_HANDSHAKE
};

struct signer_request {
    enum signer_operation operation;
    struct bytes key_id;
    struct cosigned_message statement; /* SIGNER_LAST: only its log_origin */
    struct bytes proof;
    struct bytes document;
};

enum signer_verdict {
    SIGNER_DONE,
    SIGNER_NEEDS_PROOF, /* the one that came does not lead from the last tree; the reason says which that is */
    SIGNER_REFUSED,
    SIGNER_NOT_FOUND, /* no such key */
    SIGNER_MALFORMED,
    SIGNER_FAILED     /* the signer's disk or crypto library */
};

/* signer_request_parse reads a whole request, which out borrows from. STATUS_MALFORMED. */
MUST_USE enum status signer_request_parse(struct bytes input, struct signer_request *out,
                                          struct error *err);

/* signer_request_write appends it. A statement with start 0 and a timestamp is a tree, one without a
 * timestamp a subtree: STATUS_USAGE when the operation says otherwise. */
MUST_USE enum status signer_request_write(const struct signer_request *request, struct builder *out,
                                          struct error *err);

/* What an answer says; body borrows: the reason, when the verdict is not SIGNER_DONE. */
struct signer_answer {
    enum signer_verdict verdict;
    struct bytes body;
};

MUST_USE enum status signer_answer_parse(struct bytes input, struct signer_answer *out, struct error *err);

/* signer_answer_start appends version and verdict; the body follows. */
void signer_answer_start(enum signer_verdict verdict, struct builder *out);

struct signer_key_row {
    struct bytes key_id, algorithm, spki;
};

/* signer_key_row_read reads the next row of a list; STATUS_NOT_FOUND at its end. */
MUST_USE enum status signer_key_row_read(struct reader *body, struct signer_key_row *out,
                                         struct error *err);
void signer_key_row_write(const struct signer_key_row *row, struct builder *out);

/* The last tree of a log that a key has signed. */
struct signer_last {
    bool is_known; /* false: size and root are zeros */
    uint64_t size;
    uint8_t root[HASH_SIZE];
};

MUST_USE enum status signer_last_parse(struct bytes body, struct signer_last *out, struct error *err);
void signer_last_write(const struct signer_last *last, struct builder *out);

#endif
