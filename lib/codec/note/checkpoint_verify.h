/* checkpoint_verify.h - does a checkpoint carry signatures of a key, and do all of them verify?
 *
 * What is signed depends on the type of the key [C2SP tlog-cosignature]: type 01 signs the text of the
 * note, type 04 the text with a time before it, type 05 the TreeHeadSignature of a CT log (and then the checkpoint
 * has no extension lines) [C2SP static-ct-api], every other type the CosignedMessage of the whole tree.
 */
#ifndef CATHAYA_CODEC_NOTE_CHECKPOINT_VERIFY_H
#define CATHAYA_CODEC_NOTE_CHECKPOINT_VERIFY_H

#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"

/* Whose signatures are looked for; everything is borrowed. */
struct checkpoint_verifier {
    struct bytes name;
    enum note_key_type type;
    const struct public_key *key;
};

/* checkpoint_verify looks at every line of the verifier's name and key ID. STATUS_NOT_FOUND when there is none,
 * STATUS_REFUSED when one does not verify: such a note is malformed [C2SP signed-note]. */
MUST_USE enum status checkpoint_verify(const struct note *note, const struct checkpoint *checkpoint,
                                       const struct checkpoint_verifier *verifier,
                                       struct error *err);

/* checkpoint_verify_payload verifies what follows the key ID in one line. */
MUST_USE enum status checkpoint_verify_payload(const struct note *note,
                                               const struct checkpoint *checkpoint,
                                               const struct checkpoint_verifier *verifier,
                                               struct bytes payload, struct error *err);

#endif
