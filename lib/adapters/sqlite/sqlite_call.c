#include "adapters/sqlite/sqlite_call.h"

static void start(struct sqlite_call *call, int statement)
{
    sqlite3_stmt **kept = &call->db->statements[statement];
    if (call->status == STATUS_OK && *kept == NULL) {
        int code = sqlite3_prepare_v3(call->db->handle, call->db->kind->statements[statement], -1,
                                      SQLITE_PREPARE_PERSISTENT, kept, NULL);
        if (code != SQLITE_OK)
            call->status = sqlite_database_fail(call->db, code, call->err);
    }
    call->statement = call->status == STATUS_OK ? *kept : NULL;
}

void sqlite_call_read(struct sqlite_call *call, struct sqlite_database *db, int statement,
                      struct error *err)
{
    *call = (struct sqlite_call){.db = db, .err = err, .status = sqlite_database_ready(db, err)};
    start(call, statement);
}

void sqlite_call_write(struct sqlite_call *call, struct sqlite_database *db, int statement,
                       struct error *err)
{
    *call = (struct sqlite_call){.db = db, .err = err, .status = sqlite_database_begin(db, err)};
    start(call, statement);
}

static void note(struct sqlite_call *call, int code)
{
    if (code != SQLITE_OK)
        call->status = sqlite_database_fail(call->db, code, call->err);
}

void sqlite_call_int(struct sqlite_call *call, int64_t value)
{
    if (call->status == STATUS_OK)
        note(call, sqlite3_bind_int64(call->statement, ++call->parameter, value));
}

void sqlite_call_bytes(struct sqlite_call *call, struct bytes value)
{
    /* A NULL pointer would be SQL's NULL. */
    const void *data = value.data != NULL ? (const void *)value.data : "";
    if (call->status == STATUS_OK)
        note(call, sqlite3_bind_blob64(call->statement, ++call->parameter, data, value.len, SQLITE_STATIC));
}

bool sqlite_call_next(struct sqlite_call *call)
{
    if (call->status != STATUS_OK)
        return false;
    int code = sqlite3_step(call->statement);
    call->column = 0;
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        note(call, code);
    return false;
}

int64_t sqlite_call_get_int(struct sqlite_call *call)
{
    return sqlite3_column_int64(call->statement, call->column++);
}

struct bytes sqlite_call_get_bytes(struct sqlite_call *call)
{
    int column = call->column++;
    const void *data = sqlite3_column_blob(call->statement, column);
    int len = sqlite3_column_bytes(call->statement, column);
    return bytes_of(data, data != NULL ? (size_t)len : 0);
}

enum status sqlite_call_end(struct sqlite_call *call)
{
    if (call->statement != NULL)
        (void)sqlite3_reset(call->statement);
    call->statement = NULL;
    return call->status;
}

enum status sqlite_call_run(struct sqlite_call *call)
{
    while (sqlite_call_next(call)) {
        /* A statement without rows gives none. */
    }
    return sqlite_call_end(call);
}
