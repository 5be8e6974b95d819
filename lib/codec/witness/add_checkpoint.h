/* add_checkpoint.h - what is sent to a witness or mirror to make it see a larger tree
 * [C2SP tlog-witness add-checkpoint].
 *
 *   body = "old " size LF proof checkpoint-note
 *
 * The answer is signature lines (note_parse_signatures), or with 409 a size (proof_lines_parse_size).
 */
#ifndef CATHAYA_CODEC_WITNESS_ADD_CHECKPOINT_H
#define CATHAYA_CODEC_WITNESS_ADD_CHECKPOINT_H

#include "codec/note/note.h"
#include "codec/witness/proof_lines.h"

#define ADD_CHECKPOINT_SIZE_MAX (NOTE_SIZE_MAX + 4096)

struct add_checkpoint {
    uint64_t old_size;
    struct proof_lines proof; /* from old_size to the checkpoint's */
    struct bytes note;        /* the whole signed note; borrows. Not looked at here. */
};

MUST_USE enum status add_checkpoint_parse(struct bytes body, struct add_checkpoint *out,
                                          struct error *err);
void add_checkpoint_write(const struct add_checkpoint *request, struct builder *out);

#endif
