/* publish_identity_log.h - the log of website identities only grows, from version to version. */
#ifndef CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_IDENTITY_LOG_H
#define CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_IDENTITY_LOG_H

#include "rules/identity_log.h"

/* publish_identity_log_check: does this log (NULL: the registry has none) go on where that of the newest version in the published folder
 * ends? STATUS_REFUSED when it does not: a version of it would be evidence against the program, signed for ever. A folder without
 * a version that can be read says nothing, and is fine. */
MUST_USE enum status publish_identity_log_check(const char *published, struct identity_log *log, struct error *err);

#endif
