/* sqlite_domain_index.h - names.db, the index of names of a monitor (ports/domain_index.h).
 *
 * Durable at commit. 165 bytes for an entry with 2.7 names of 22 characters on average (measured, 10^5 and 10^6 entries).
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_DOMAIN_INDEX_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_DOMAIN_INDEX_H

#include "adapters/sqlite/sqlite_access.h"
#include "ports/domain_index.h"

struct sqlite_domain_index;

/* sqlite_domain_index_open: as sqlite_acme_store_open. One thread at a time; a reader beside the writer is opened for itself. */
MUST_USE enum status sqlite_domain_index_open(const char *path, enum sqlite_access access, struct sqlite_domain_index **out,
                                              struct error *err);

/* sqlite_domain_index_close frees; what is not committed is lost. NULL is fine. */
void sqlite_domain_index_close(struct sqlite_domain_index *index);

/* sqlite_domain_index_port borrows the index. */
struct domain_index sqlite_domain_index_port(struct sqlite_domain_index *index);

#endif
