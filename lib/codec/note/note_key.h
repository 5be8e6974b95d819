/* note_key.h - key IDs and verifier keys of signed notes.
 *
 *   key-id = SHA-256(name || 0A || type || public-key)[0:4]              [C2SP signed-note]
 *   vkey   = name "+" hex(key-id) "+" base64(type || public-key)
 *
 * Type 01 and 04 (Ed25519) and 06 (ML-DSA-44): public-key is the raw key, without its
 * SubjectPublicKeyInfo [C2SP tlog-cosignature]. Every other algorithm has type ff, and after it
 * "mtc-cosignature/v1/" OID LF stands in front of the DER SubjectPublicKeyInfo [GM 3].
 * Type 05 is a CT log's tree head [C2SP static-ct-api]: public-key is its LogID, the SM3 hash of the
 * SubjectPublicKeyInfo for an SM2 key and SHA-256 for others. In its vkey the SubjectPublicKeyInfo stands in the LogID's
 * place, as witnesses of CT logs have it: nothing can be verified with a hash.
 * SHA-256 in both suites: a key ID is a label.
 */
#ifndef CATHAYA_CODEC_NOTE_NOTE_KEY_H
#define CATHAYA_CODEC_NOTE_NOTE_KEY_H

#include "codec/note/note.h"
#include "crypto/key.h"

enum note_key_type {
    NOTE_KEY_ED25519 = 0x01,             /* plain: a log on the public witness network */
    NOTE_KEY_ED25519_COSIGNATURE = 0x04, /* its message does not say who cosigns */
    NOTE_KEY_RFC6962 = 0x05,             /* RFC6962NoteSignature, codec/ct/tree_head.h */
    NOTE_KEY_MLDSA44_COSIGNATURE = 0x06,
    NOTE_KEY_OTHER = 0xff
};

/* note_key_id is the key ID for the type that signature_alg.note_type names. STATUS_USAGE when the
 * name is not allowed or the key is not one of that type; STATUS_NO_MEMORY when hashing fails. */
MUST_USE enum status note_key_id(struct bytes name, const struct public_key *key,
                                 uint8_t out[NOTE_KEY_ID_SIZE], struct error *err);

/* note_key_id_as is the same for a type that the caller chooses: an Ed25519 key of a log is 01. */
MUST_USE enum status note_key_id_as(enum note_key_type type, struct bytes name,
                                    const struct public_key *key, uint8_t out[NOTE_KEY_ID_SIZE],
                                    struct error *err);

/* note_key_write_vkey appends the verifier key as text, without a line end. */
MUST_USE enum status note_key_write_vkey(struct bytes name, const struct public_key *key,
                                         struct builder *out, struct error *err);

/* note_key_write_vkey_as is the same for a type that the caller chooses. */
MUST_USE enum status note_key_write_vkey_as(enum note_key_type type, struct bytes name,
                                            const struct public_key *key, struct builder *out,
                                            struct error *err);

#endif
