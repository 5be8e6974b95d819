/* sqlite_backup.h - a consistent copy of a database while it is in use. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_BACKUP_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_BACKUP_H

#include "base/status.h"

/* sqlite_backup_copy writes what is committed in the database `from` at one moment to the file `to`,
 * durable and whole when it returns STATUS_OK: a temporary file beside it is renamed. The copy is one
 * file, without WAL, for its owner alone. Takes no lock, and the writer does not wait; its WAL grows
 * meanwhile. An ACME database's copy gets an instance of its own (sqlite_acme_store.h).
 * STATUS_NOT_FOUND: there is no `from`. STATUS_IO. */
MUST_USE enum status sqlite_backup_copy(const char *from, const char *to, struct error *err);

#endif
