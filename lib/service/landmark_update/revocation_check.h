/* revocation_check.h - what a client makes of a log's signed revocations file [GM 11.5]. Pure. */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_REVOCATION_CHECK_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_REVOCATION_CHECK_H

#include "codec/revocations/revocations.h"
#include "service/landmark_update/landmark_update.h"

/* Clocks of clients are wrong by hours, rarely more (as with bundles). */
#define REVOCATION_CHECK_SKEW_S 86400

/* revocation_check_file judges a file that somebody served: the CA has to have signed it, for this log; it must not be from
 * the future; neither its number nor its minimum index may be lower than what is held, and the number that is held has to
 * have the same text. STATUS_REFUSED otherwise. A file whose `next` is past is good here: what it revokes is revoked. *out is
 * an empty list that borrows from file. */
MUST_USE enum status revocation_check_file(const struct landmark_update_log *log, struct bytes file, int64_t now_s,
                                           struct revocations *out, struct error *err);

/* revocation_check_read reads a file that was judged before. *out is an empty list that borrows from file. */
MUST_USE enum status revocation_check_read(struct bytes file, struct revocations *out, struct error *err);

/* revocation_check_apply gives a bundle of this log alone what it has to hold as revoked: what was held (NULL: nothing), for
 * nothing that was revoked becomes good again, and what the file says (empty: none); ranges in order, merged, as serial
 * numbers, without those that the minimum index covers. STATUS_LIMIT. */
MUST_USE enum status revocation_check_apply(const struct trust_bundle *held, struct bytes file, struct trust_bundle *bundle,
                                            struct error *err);

#endif
