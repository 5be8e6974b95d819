/* sqlite_state_store.h - many small objects of a role in one database file: the queue of a monitor, its figures.
 *
 * sync is a commit: durable, and everything since the last one or nothing. Faults as in sqlite_acme_store.h.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_STATE_STORE_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_STATE_STORE_H

#include "adapters/sqlite/sqlite_access.h"
#include "ports/object_store.h"

struct sqlite_state_store;

/* sqlite_state_store_open opens the database: as sqlite_acme_store_open. One thread at a time. */
MUST_USE enum status sqlite_state_store_open(const char *path, enum sqlite_access access, struct sqlite_state_store **out,
                                             struct error *err);

/* sqlite_state_store_close frees; what is not synced is lost. NULL is fine. */
void sqlite_state_store_close(struct sqlite_state_store *store);

/* sqlite_state_store_port borrows the store. */
struct object_store sqlite_state_store_port(struct sqlite_state_store *store);

#endif
