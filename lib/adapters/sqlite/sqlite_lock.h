/* sqlite_lock.h - the lock of the one writer, a file beside the database; private to adapters/sqlite.
 *
 * The file holds the writer's process ID for as long as it has not closed in order: what is still there
 * when the lock is free tells of a crash.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_LOCK_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_LOCK_H

#include "base/status.h"

/* sqlite_lock_take locks PATH.lock: STATUS_REFUSED names the holder. *is_unclean: the last one crashed. */
MUST_USE enum status sqlite_lock_take(const char *path, int *fd, bool *is_unclean, struct error *err);

/* sqlite_lock_release notes the end in order, and lets go. -1 is fine. */
void sqlite_lock_release(int fd, bool is_clean);

#endif
