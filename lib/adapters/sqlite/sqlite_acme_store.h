/* sqlite_acme_store.h - the ACME server's memory (ports/acme_store.h) in one SQLite database.
 *
 * Durable at commit: WAL with synchronous=FULL. The first write after a commit begins the next
 * transaction, and everything until commit becomes durable together.
 *
 * After a call has failed with STATUS_IO or STATUS_NO_MEMORY, every call up to rollback fails, so that
 * no half of a group is ever committed. After an error of the disk itself, or damage, the store is dead
 * for good: a new process reads what is really there.
 *
 * Also STATUS_NOT_FOUND from put_* with an id that is not there; STATUS_CONFLICT from put_account with
 * another account's thumbprint, and from put_certificate with another one's CA and serial number.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_ACME_STORE_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_ACME_STORE_H

#include "adapters/sqlite/sqlite_access.h"
#include "ports/acme_store.h"

/* Random bytes that a database got when it was made, and a restored backup gets anew: order IDs mean
 * something together with them only. */
#define SQLITE_ACME_INSTANCE_SIZE 16

struct sqlite_acme_store;

/* sqlite_acme_store_open opens the database. STATUS_REFUSED: another process has it open for writing (the
 * text names the file and the process), it is of a newer schema, or it is another kind of database.
 * STATUS_NOT_FOUND: there is none. STATUS_IO with what to do otherwise. One thread at a time. */
MUST_USE enum status sqlite_acme_store_open(const char *path, enum sqlite_access access,
                                            struct sqlite_acme_store **out, struct error *err);

/* sqlite_acme_store_close frees; what is not committed is lost. NULL is fine. */
void sqlite_acme_store_close(struct sqlite_acme_store *store);

/* sqlite_acme_store_port borrows the store as a port. */
struct acme_store sqlite_acme_store_port(struct sqlite_acme_store *store);

/* sqlite_acme_store_instance borrows the SQLITE_ACME_INSTANCE_SIZE bytes. */
const uint8_t *sqlite_acme_store_instance(const struct sqlite_acme_store *store);

#endif
