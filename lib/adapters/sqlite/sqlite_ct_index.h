/* sqlite_ct_index.h - index.db, the index of one CT log (ports/ct_index.h).
 *
 * Everything in it can be made again from the log: so a commit is not synced to the disk, which after a power cut costs the
 * last entries and nothing else, and a damaged file may be removed.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_CT_INDEX_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_CT_INDEX_H

#include "adapters/sqlite/sqlite_access.h"
#include "ports/ct_index.h"

struct sqlite_ct_index;

/* sqlite_ct_index_open opens the index of the log whose LogID is given (HASH_SIZE bytes), as
 * sqlite_acme_store_open does; STATUS_REFUSED also when it is that of another log. One thread at a time;
 * readers beside the writer are connections of their own. */
MUST_USE enum status sqlite_ct_index_open(const char *path, enum sqlite_access access,
                                          const uint8_t log_id[HASH_SIZE], struct sqlite_ct_index **out,
                                          struct error *err);

/* sqlite_ct_index_close frees; what is not committed is lost. NULL is fine. */
void sqlite_ct_index_close(struct sqlite_ct_index *index);

/* sqlite_ct_index_port borrows the index. */
struct ct_index sqlite_ct_index_port(struct sqlite_ct_index *index);

#endif
