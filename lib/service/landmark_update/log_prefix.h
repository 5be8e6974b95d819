/* log_prefix.h - where a log may be served: its candidates, one after the other. Inside service/landmark_update; pure. */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_LOG_PREFIX_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_LOG_PREFIX_H

#include "service/landmark_update/landmark_update.h"

/* log_prefix_set writes candidate number `at`: a URL without a slash at its end. False: there is none, or it is too long. The
 * first is the CA's, below which stands the log number. A mirror has that too, or the name by which C2SP keeps what is
 * mirrored, the hash of the origin: so each of the other URLs makes two. */
MUST_USE bool log_prefix_set(const struct landmark_update_log *log, size_t at, char out[LANDMARK_UPDATE_URL_MAX]);

#endif
