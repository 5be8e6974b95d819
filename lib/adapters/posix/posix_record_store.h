/* posix_record_store.h - the record of a log as a file, and the lock that keeps a second writer out.
 *
 *   DIR/record   the record; replaced by a temporary file, fsync, rename, fsync of DIR
 *   DIR/lock     held with flock by the one writer; holds its process ID as text
 *
 * The kernel lets go of the lock when the process ends, however it ends.
 */
#ifndef CATHAYA_ADAPTERS_POSIX_POSIX_RECORD_STORE_H
#define CATHAYA_ADAPTERS_POSIX_POSIX_RECORD_STORE_H

#include "ports/record_store.h"

struct posix_record_store;

/* posix_record_store_open takes the lock of the directory; with may_create the directory's last
 * component is made. STATUS_REFUSED when somebody else has the lock, and who; STATUS_NOT_FOUND. */
MUST_USE enum status posix_record_store_open(const char *path, bool may_create,
                                             struct posix_record_store **out, struct error *err);

/* posix_record_store_open_read_only takes no lock, and its swap refuses. */
MUST_USE enum status posix_record_store_open_read_only(const char *path,
                                                       struct posix_record_store **out,
                                                       struct error *err);

/* posix_record_store_close lets go of the lock; NULL is fine. */
void posix_record_store_close(struct posix_record_store *store);

struct record_store posix_record_store_port(struct posix_record_store *store);

#endif
