/* ca_backup_copy.h - copying the files of a CA directory; private to programs/cathaya/ca. */
#ifndef CATHAYA_PROGRAMS_CA_CA_BACKUP_COPY_H
#define CATHAYA_PROGRAMS_CA_CA_BACKUP_COPY_H

#include <time.h>

#include "base/status.h"

/* ca_backup_copy_heads copies what says how far each log is: checkpoint, record, staged batches, in this
 * order. Whatever the checkpoints need was there before *moment, which the clock of files tells. */
MUST_USE enum status ca_backup_copy_heads(const char *from, const char *to, struct timespec *moment,
                                          struct error *err);

/* ca_backup_copy_rest copies every other file that is not in `to` as it is in `from`; no locks, no
 * databases, no temporary files, and keys/ only with_keys. A file that goes away meanwhile is left out,
 * and so is one that was written at or after moment (unless it is NULL): it may lie beyond the record. */
MUST_USE enum status ca_backup_copy_rest(const char *from, const char *to, bool with_keys,
                                         const struct timespec *moment, struct error *err);

#endif
