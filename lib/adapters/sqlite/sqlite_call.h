/* sqlite_call.h - one execution of a kept statement; private to adapters/sqlite.
 *
 * The first failure sticks, so that a call is: start, the parameters in order, run or next, end. What is
 * bound and what columns give is borrowed until end.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_CALL_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_CALL_H

#include "adapters/sqlite/sqlite_database.h"

struct sqlite_call {
    struct sqlite_database *db;
    sqlite3_stmt *statement;
    int parameter, column;
    enum status status;
    struct error *err;
};

/* sqlite_call_read starts a statement that reads, sqlite_call_write one that writes: it opens the
 * transaction first. */
void sqlite_call_read(struct sqlite_call *call, struct sqlite_database *db, int statement,
                      struct error *err);
void sqlite_call_write(struct sqlite_call *call, struct sqlite_database *db, int statement,
                       struct error *err);

void sqlite_call_int(struct sqlite_call *call, int64_t value);
void sqlite_call_bytes(struct sqlite_call *call, struct bytes value);

/* sqlite_call_next steps to the next row: false behind the last one, and after a failure. */
MUST_USE bool sqlite_call_next(struct sqlite_call *call);

/* The columns of a row, in order. */
int64_t sqlite_call_get_int(struct sqlite_call *call);
struct bytes sqlite_call_get_bytes(struct sqlite_call *call);

/* sqlite_call_end gives what has failed, or STATUS_OK, and readies the statement for the next call. */
MUST_USE enum status sqlite_call_end(struct sqlite_call *call);

/* sqlite_call_run executes a statement without rows and ends the call. */
MUST_USE enum status sqlite_call_run(struct sqlite_call *call);

#endif
