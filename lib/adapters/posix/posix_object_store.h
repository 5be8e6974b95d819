/* posix_object_store.h - an object store in a directory: one file per object, named as it is.
 *
 * put writes a temporary file in the object's directory and renames it; sync fsyncs every file and
 * then every directory that was touched since the last sync, or the whole file system at once when
 * there are many (docs/decisions/0006-syncfs.md).
 *
 * About fsync errors: Linux reports a failed write-back once and may then drop the pages. So after a
 * failed sync every later call fails; only a new process that reads what is really there may go on.
 * A file is opened again for its fsync: Linux >= 4.16 reports to it a write-back error that nobody
 * has seen yet, unless the inode was evicted in between; older kernels could lose one.
 */
#ifndef CATHAYA_ADAPTERS_POSIX_POSIX_OBJECT_STORE_H
#define CATHAYA_ADAPTERS_POSIX_POSIX_OBJECT_STORE_H

#include "adapters/posix/directory.h"
#include "ports/object_store.h"

struct posix_object_store;

/* posix_object_store_open opens the directory; with may_create its last component is made. Whoever
 * writes to it holds the lock of the log's posix_record_store: two writers would share temporary
 * names. One thread at a time. */
MUST_USE enum status posix_object_store_open(const char *path, enum posix_access access,
                                             bool may_create, struct posix_object_store **out,
                                             struct error *err);

/* posix_object_store_close frees, without a sync; NULL is fine. */
void posix_object_store_close(struct posix_object_store *store);

/* posix_object_store_port borrows the store as a port. */
struct object_store posix_object_store_port(struct posix_object_store *store);

#endif
