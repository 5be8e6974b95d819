/* tree_head.h - signed tree heads of CT logs [RFC6962 3.5], [C2SP static-ct-api].
 *
 *   digitally-signed struct {
 *     uint8 version = 0; uint8 signature_type = 1; uint64 timestamp; uint64 tree_size; opaque root_hash[32];
 *   } TreeHeadSignature;
 *   struct { uint64 timestamp; DigitallySigned signature; } RFC6962NoteSignature;
 *
 * An RFC6962NoteSignature is the payload of a note signature of type 05, whose key ID is
 * SHA-256(name || 0A || 05 || LogID)[0:4]; SHA-256 in a GM log too, where the LogID is an SM3 hash (a label).
 * A checkpoint with such a signature has no extension lines.
 * Times are milliseconds since 1970.
 */
#ifndef CATHAYA_CODEC_CT_TREE_HEAD_H
#define CATHAYA_CODEC_CT_TREE_HEAD_H

#include "codec/ct/digitally_signed.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note.h"

#define TREE_HEAD_INPUT_SIZE (1 + 1 + 8 + 8 + HASH_SIZE)
#define TREE_HEAD_NOTE_SIGNATURE_MAX (8 + DIGITALLY_SIGNED_SIZE_MAX)

struct tree_head {
    uint64_t timestamp_ms;
    uint64_t size;
    uint8_t root[HASH_SIZE];
};

/* tree_head_write_input writes what is signed. */
void tree_head_write_input(const struct tree_head *head, uint8_t out[TREE_HEAD_INPUT_SIZE]);

/* tree_head_verify is STATUS_OK when signature is key's of head; STATUS_REFUSED when not. */
MUST_USE enum status tree_head_verify(const struct public_key *key, const struct tree_head *head,
                                      const struct digitally_signed *signature, struct error *err);

/* tree_head_write_note_signature appends an RFC6962NoteSignature: for note_write_signature. */
void tree_head_write_note_signature(uint64_t timestamp_ms, const struct digitally_signed *signature,
                                    struct builder *out);

/* tree_head_parse_note_signature reads a whole one. STATUS_MALFORMED. *signature borrows. */
MUST_USE enum status tree_head_parse_note_signature(struct bytes payload, uint64_t *timestamp_ms,
                                                    struct digitally_signed *signature, struct error *err);

/* The key ID of a log, without its key: name is the origin. STATUS_USAGE for a bad name. note_key_id_as with
 * NOTE_KEY_RFC6962 gives the same from the key. */
MUST_USE enum status tree_head_key_id(struct bytes name, const uint8_t log_id[HASH_SIZE],
                                      uint8_t out[NOTE_KEY_ID_SIZE], struct error *err);

/* tree_head_from_note finds the signature of the log `name` in a checkpoint, verifies it, and gives the tree head: the
 * one that get-sth answers with. STATUS_NOT_FOUND when there is none, STATUS_REFUSED when it does not verify, when
 * there are two that differ in time, or when the checkpoint has extension lines. The signature, when signature is
 * not NULL, is appended to memory as DigitallySigned. */
MUST_USE enum status tree_head_from_note(const struct note *note, const struct checkpoint *checkpoint,
                                         struct bytes name, const struct public_key *key, struct tree_head *out,
                                         struct builder *signature, struct error *err);

#endif
