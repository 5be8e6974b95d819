/* sqlite_objects.h - an object store in a table of a database that has more: four statements of its kind, in this order; private
 * to adapters/sqlite.
 *
 * sync is the commit of everything that was written to the database. One that fails has undone it, and the store can be used
 * again (a disk that was full for a while), unless the database is not: then everything fails. After a put that has failed
 * nothing works before a sync, which fails too: what was put beside it is not kept either.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_OBJECTS_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_OBJECTS_H

#include "adapters/sqlite/sqlite_call.h"
#include "ports/object_store.h"

#define SQLITE_OBJECTS_TABLE "CREATE TABLE object(name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
#define SQLITE_OBJECTS_PUT \
    "INSERT INTO object(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"
#define SQLITE_OBJECTS_GET "SELECT value FROM object WHERE name = ?"
#define SQLITE_OBJECTS_DROP "DELETE FROM object WHERE name = ?"
#define SQLITE_OBJECTS_LIST "SELECT name FROM object WHERE name > ? ORDER BY name LIMIT 1"

struct sqlite_objects {
    struct sqlite_database *db;
    int put; /* the number of the first statement */
};

/* sqlite_objects_port borrows. */
struct object_store sqlite_objects_port(struct sqlite_objects *objects);

#endif
