/* landmark_check.h - what can be said about a checkpoint and a list of landmarks without the tree. Inside
 * service/landmark_update; pure. */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_CHECK_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_CHECK_H

#include "codec/landmarks/landmarks.h"
#include "codec/note/checkpoint.h"
#include "service/landmark_update/landmark_update.h"

/* landmark_check_checkpoint reads a signed checkpoint of the log: STATUS_REFUSED when the CA has not signed it, or
 * a cosignature is wrong; STATUS_AGAIN when too few have signed for the requirements yet. *out borrows from note. */
MUST_USE enum status landmark_check_checkpoint(const struct landmark_update_log *log, struct bytes note, struct checkpoint *out,
                                               struct error *err);

/* landmark_check_parse reads a checkpoint that was checked before. */
MUST_USE enum status landmark_check_parse(struct bytes note, struct checkpoint *out, struct error *err);

/* landmark_check_size: against the checkpoint held (size 0: none). STATUS_REFUSED when it is smaller, STATUS_CONFLICT when it
 * has the same size and another root. */
MUST_USE enum status landmark_check_size(const struct checkpoint *held, const struct checkpoint *now, struct error *err);

/* landmark_check_list: every landmark lies in the checkpoint's tree, and those held have not changed. STATUS_REFUSED. */
MUST_USE enum status landmark_check_list(const struct landmark_update_log *log, const struct landmarks *list,
                                         const struct checkpoint *checkpoint, struct error *err);

/* landmark_check_held finds a landmark by number; NULL: it is not held. *before is the size of the one before. */
const struct trust_bundle_landmark *landmark_check_held(const struct landmark_update_log *log, uint64_t number, uint64_t *before);

#endif
