/* note.h - signed notes [C2SP signed-note].
 *
 *   note           = text LF 1*signature-line      ; split at the last empty line
 *   text           = 1*(line LF)
 *   signature-line = U+2014 SP name SP base64(key-id[4] || signature) LF
 *
 * UTF-8 without characters below U+0020 other than LF. A name is not empty and has neither Unicode
 * spaces nor "+". Base64 is canonical. Two lines of one key are not an error of the format: whoever
 * trusts a key verifies every line of that name and key ID.
 */
#ifndef CATHAYA_CODEC_NOTE_NOTE_H
#define CATHAYA_CODEC_NOTE_NOTE_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

/* A verifier must accept 16; 64 leaves room for every witness of a public network. */
#define NOTE_SIGNATURES_MAX 64
/* 64 ML-DSA-44 cosignatures are 212 KiB; 8 of the largest SLH-DSA, in base64, 520 KiB;
 * 65,536 ranges of revoked entries, 3 MiB. */
#define NOTE_SIZE_MAX ((size_t)4 * 1024 * 1024)
#define NOTE_KEY_ID_SIZE 4

struct note_signature {
    struct bytes name;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct bytes base64; /* checked: key ID and at least one byte of payload */
};

/* Everything borrows from the note that was parsed. */
struct note {
    struct bytes text; /* with its final LF: what is signed */
    size_t signature_count;
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

/* note_parse reads a whole note: STATUS_MALFORMED or STATUS_LIMIT with the line. No signature is
 * verified here. */
MUST_USE enum status note_parse(struct bytes input, struct note *out, struct error *err);

/* note_parse_signatures reads signature lines alone, at least one: the answer of a witness or mirror.
 * out->text is empty. */
MUST_USE enum status note_parse_signatures(struct bytes lines, struct note *out, struct error *err);

/* note_find gives the first signature at or after *at whose name and key ID match, and sets *at
 * behind it; NULL when there is none. Start with *at = 0 and go on until NULL: a verifier looks at
 * all of them. */
const struct note_signature *note_find(const struct note *note, struct bytes name,
                                       const uint8_t key_id[NOTE_KEY_ID_SIZE], size_t *at);

/* note_signature_payload appends the decoded bytes after the key ID. */
MUST_USE enum status note_signature_payload(const struct note_signature *signature,
                                            struct builder *out, struct error *err);

/* note_is_line says whether a line, without its LF, may stand in a note. */
bool note_is_line(struct bytes line);

/* note_is_name says whether a key name is allowed. */
bool note_is_name(struct bytes name);

/* note_write_text appends the text and the empty line: STATUS_MALFORMED when it is not a text of a
 * note. note_write_signature appends one signature line; payload is what follows the key ID. */
MUST_USE enum status note_write_text(struct bytes text, struct builder *out, struct error *err);
MUST_USE enum status note_write_signature(struct bytes name, const uint8_t key_id[NOTE_KEY_ID_SIZE],
                                          struct bytes payload, struct builder *out,
                                          struct error *err);

#endif
