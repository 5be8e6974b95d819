/* sqlite_ca_store.h - ca.db, the database of one CA: the public keys of its subjects by hash, plans of
 * batches, and revoked ranges.
 *
 * The object store keeps what issuer/subject_keys.h puts into it: its sync is the commit of everything,
 * so that the keys and plans of a batch become durable together. Faults as in sqlite_acme_store.h.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_CA_STORE_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_CA_STORE_H

#include "adapters/sqlite/sqlite_access.h"
#include "ports/issuance_store.h"
#include "ports/object_store.h"

struct sqlite_ca_store;

/* sqlite_ca_store_open opens the database: as sqlite_acme_store_open. One thread at a time. */
MUST_USE enum status sqlite_ca_store_open(const char *path, enum sqlite_access access,
                                          struct sqlite_ca_store **out, struct error *err);

/* sqlite_ca_store_close frees; what is not committed is lost. NULL is fine. */
void sqlite_ca_store_close(struct sqlite_ca_store *store);

/* Both borrow the store, and share its transaction. */
struct object_store sqlite_ca_store_subject_keys(struct sqlite_ca_store *store);
struct issuance_store sqlite_ca_store_issuance(struct sqlite_ca_store *store);

/* sqlite_ca_store_objects keeps small objects of any name: what a CA has signed directly, and revoked. It
 * borrows the store, and shares its transaction. */
struct object_store sqlite_ca_store_objects(struct sqlite_ca_store *store);

/* sqlite_ca_store_check reads the whole database; STATUS_IO with the first damage found. */
MUST_USE enum status sqlite_ca_store_check(struct sqlite_ca_store *store, struct error *err);

#endif
