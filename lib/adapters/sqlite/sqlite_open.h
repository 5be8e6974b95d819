/* sqlite_open.h - how the file of a database is opened, and its schema brought up to date; private to
 * adapters/sqlite. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_OPEN_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_OPEN_H

#include "adapters/sqlite/sqlite_database.h"

/* sqlite_open_missing is STATUS_NOT_FOUND for a path that could not be looked at, or STATUS_IO. */
enum status sqlite_open_missing(const char *path, struct error *err);

/* sqlite_open_make_file makes an empty file, which is an empty database; one that is there is fine. */
MUST_USE enum status sqlite_open_make_file(const char *path, struct error *err);

/* The lock is held. */
MUST_USE enum status sqlite_open_writer(struct sqlite_database *db, struct error *err);

/* sqlite_open_reader opens beside a writer; where nothing can be written it falls back to ways that need
 * no shared memory: on a copy, which nobody changes. */
MUST_USE enum status sqlite_open_reader(struct sqlite_database *db, struct error *err);

/* sqlite_open_check_schema: STATUS_REFUSED when the database is not of this kind and version. */
MUST_USE enum status sqlite_open_check_schema(struct sqlite_database *db, struct error *err);

/* sqlite_open_migrate makes the newest version of an empty or older database, each step durable. An empty
 * one without may_create is STATUS_IO: it has lost everything. */
MUST_USE enum status sqlite_open_migrate(struct sqlite_database *db, bool may_create,
                                         struct error *err);

#endif
