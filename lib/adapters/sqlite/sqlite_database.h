/* sqlite_database.h - one open SQLite database with its lock, its schema and its kept statements;
 * private to adapters/sqlite.
 *
 * SQLite 3.40 may lose a commit when two connections write or checkpoint at the same moment (the WAL
 * reset bug, fixed in 3.51): so exactly one connection does either, the holder of PATH.lock. Readers are
 * opened read-only and never checkpoint, not even when they are the last to close.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_DATABASE_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_DATABASE_H

#include <sqlite3.h>

#include "adapters/sqlite/sqlite_access.h"
#include "base/bytes.h"
#include "base/status.h"

#define SQLITE_DATABASE_PATH_MAX 4096

/* A kind of database. Statements are prepared at first use and kept. */
struct sqlite_kind {
    const char *name;             /* "an ACME database", for messages */
    int application_id;           /* PRAGMA application_id */
    const char *const *migrations; /* [n] makes version n + 1 of version n; the first makes the tables */
    int version;                  /* how many */
    const char *const *statements;
    int statement_count;
};

struct sqlite_database {
    const struct sqlite_kind *kind;
    sqlite3 *handle;
    sqlite3_stmt **statements;
    char *path; /* for messages, and its files */
    int lock_fd; /* -1 in a reader */
    bool is_writer;
    bool is_open;          /* a transaction is */
    struct error broken;   /* the first failure of the transaction, until rollback */
    struct error dead;     /* a failure after which only a new process may go on */
};

/* sqlite_database_open: STATUS_NOT_FOUND, STATUS_REFUSED (locked, newer, another kind), STATUS_IO. */
MUST_USE enum status sqlite_database_open(const char *path, enum sqlite_access access,
                                          const struct sqlite_kind *kind,
                                          struct sqlite_database **out, struct error *err);

/* sqlite_database_close rolls back and frees; NULL is fine. */
void sqlite_database_close(struct sqlite_database *db);

/* sqlite_database_ready says that reads may be done: no failure sticks. */
MUST_USE enum status sqlite_database_ready(const struct sqlite_database *db, struct error *err);

/* sqlite_database_begin opens the transaction when none is open. Before every write. */
MUST_USE enum status sqlite_database_begin(struct sqlite_database *db, struct error *err);
MUST_USE enum status sqlite_database_commit(struct sqlite_database *db, struct error *err);
void sqlite_database_rollback(struct sqlite_database *db);

/* sqlite_database_run executes statements that give no rows. */
MUST_USE enum status sqlite_database_run(struct sqlite_database *db, const char *sql,
                                         struct error *err);

/* sqlite_database_number is the first column of the first row. */
MUST_USE enum status sqlite_database_number(struct sqlite_database *db, const char *sql,
                                            int64_t *out, struct error *err);

/* sqlite_database_fail turns SQLite's result code into a status and a text with what to do, and notes
 * what sticks. */
enum status sqlite_database_fail(struct sqlite_database *db, int code, struct error *err);

/* sqlite_database_check reads everything, for at most limit_ms (0: to the end): STATUS_IO with the first
 * damage, and then the database is dead, and the next writer looks again. */
MUST_USE enum status sqlite_database_check(struct sqlite_database *db, int64_t limit_ms,
                                           struct error *err);

#endif
