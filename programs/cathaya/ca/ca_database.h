/* ca_database.h - ca.db of a CA directory, and how the older subject-keys/ goes into it; private to
 * programs/cathaya/ca. */
#ifndef CATHAYA_PROGRAMS_CA_CA_DATABASE_H
#define CATHAYA_PROGRAMS_CA_CA_DATABASE_H

#include "ca/ca_directory.h"

/* ca_database_open opens dir->database. Only the current log is added to, so that only its writer has
 * the database for writing: older logs are pruned beside it. A writer moves the keys of an older
 * directory's subject-keys/ into the database, durably, and removes the folder. STATUS_REFUSED when
 * ca.db is missing, and in a reader when the keys have not been moved yet. */
MUST_USE enum status ca_database_open(struct ca_directory *dir, bool is_read_only, bool may_create,
                                      struct error *err);

#endif
