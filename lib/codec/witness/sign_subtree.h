/* sign_subtree.h - how a cosigner is asked for the signature of a subtree [C2SP tlog-witness
 * sign-subtree].
 *
 *   body = "subtree " start " " end LF hash-line proof checkpoint-note
 *
 * The checkpoint is one that this cosigner has signed; the answer is signature lines
 * (note_parse_signatures) with timestamp 0.
 */
#ifndef CATHAYA_CODEC_WITNESS_SIGN_SUBTREE_H
#define CATHAYA_CODEC_WITNESS_SIGN_SUBTREE_H

#include "codec/note/note.h"
#include "codec/witness/proof_lines.h"
#include "merkle/subtree.h"

#define SIGN_SUBTREE_SIZE_MAX (NOTE_SIZE_MAX + 4096)

struct sign_subtree {
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
    struct proof_lines proof; /* of the subtree in the checkpoint's tree [MTC 4.4] */
    struct bytes note;        /* the whole signed note; borrows. Not looked at here. */
};

/* sign_subtree_parse: STATUS_MALFORMED also for a range that is no valid subtree [MTC 4.1]. */
MUST_USE enum status sign_subtree_parse(struct bytes body, struct sign_subtree *out,
                                        struct error *err);
void sign_subtree_write(const struct sign_subtree *request, struct builder *out);

#endif
