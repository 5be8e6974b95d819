#include "adapters/sqlite/sqlite_database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "adapters/sqlite/sqlite_error.h"
#include "adapters/sqlite/sqlite_lock.h"
#include "adapters/sqlite/sqlite_open.h"

/* A reader may have to wait for another one's recovery, and nobody for longer. */
#define BUSY_TIMEOUT_MS 5000
/* After a crash: a look, not a reading of gigabytes while the service is down. */
#define CHECK_AFTER_CRASH_MS 5000
/* Between two looks at the clock. */
#define CHECK_STEP_COUNT 100000

enum status sqlite_database_fail(struct sqlite_database *db, int code, struct error *err)
{
    struct error own = {.status = STATUS_OK};
    struct error *said = err != NULL ? err : &own;
    enum status s = sqlite_error_set(said, db->path, db->handle, code);
    bool is_lasting = s == STATUS_IO || s == STATUS_NO_MEMORY;
    if (is_lasting && sqlite_error_is_final(code) && db->dead.status == STATUS_OK)
        db->dead = *said;
    if (is_lasting && db->is_open && db->broken.status == STATUS_OK)
        db->broken = *said;
    return s;
}

enum status sqlite_database_ready(const struct sqlite_database *db, struct error *err)
{
    if (db->dead.status != STATUS_OK)
        return error_set(err, STATUS_IO, "the database is not used any more after: %s", db->dead.text);
    if (db->broken.status != STATUS_OK)
        return error_set(err, STATUS_IO, "the transaction has failed: %s", db->broken.text);
    return STATUS_OK;
}

enum status sqlite_database_run(struct sqlite_database *db, const char *sql, struct error *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : sqlite_database_fail(db, code, err);
}

enum status sqlite_database_number(struct sqlite_database *db, const char *sql, int64_t *out,
                                   struct error *err)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        *out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        if (code == SQLITE_ROW || code == SQLITE_DONE)
            code = SQLITE_OK;
        if (code != SQLITE_OK)
            (void)sqlite_database_fail(db, code, err);
        (void)sqlite3_finalize(statement);
        return code == SQLITE_OK ? STATUS_OK : (err != NULL ? err->status : STATUS_IO);
    }
    return sqlite_database_fail(db, code, err);
}

/* ---- transactions ---- */

enum status sqlite_database_begin(struct sqlite_database *db, struct error *err)
{
    enum status s = sqlite_database_ready(db, err);
    if (s != STATUS_OK || db->is_open)
        return s;
    if (!db->is_writer)
        return error_set(err, STATUS_REFUSED, "%s: opened for reading only", db->path);
    s = sqlite_database_run(db, "BEGIN IMMEDIATE", err);
    db->is_open = s == STATUS_OK;
    return s;
}

enum status sqlite_database_commit(struct sqlite_database *db, struct error *err)
{
    enum status s = sqlite_database_ready(db, err);
    if (s != STATUS_OK || !db->is_open)
        return s;
    s = sqlite_database_run(db, "COMMIT", err);
    if (s == STATUS_OK)
        db->is_open = false;
    return s;
}

void sqlite_database_rollback(struct sqlite_database *db)
{
    /* After some failures SQLite has done so itself. */
    if (sqlite3_get_autocommit(db->handle) == 0 && sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        (void)error_set(&db->dead, STATUS_IO, "%s: a transaction could not be rolled back: start again", db->path);
    db->is_open = false;
    db->broken.status = STATUS_OK;
}

/* ---- damage ---- */

static int64_t monotonic_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int is_time_over(void *deadline_ms)
{
    return monotonic_ms() > *(const int64_t *)deadline_ms;
}

enum status sqlite_database_check(struct sqlite_database *db, int64_t limit_ms, struct error *err)
{
    int64_t deadline_ms = monotonic_ms() + limit_ms;
    sqlite3_stmt *statement = NULL;
    enum status s = STATUS_OK;
    if (limit_ms > 0)
        sqlite3_progress_handler(db->handle, CHECK_STEP_COUNT, is_time_over, &deadline_ms);
    int code = sqlite3_prepare_v2(db->handle, limit_ms > 0 ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(statement, 0);
        const char *line = said != NULL ? strrchr(said, '\n') : NULL; /* behind a headline */
        if (said == NULL || strcmp(said, "ok") != 0) {
            s = error_set(&db->dead, STATUS_IO, "%s: damaged (%s): stop the service, and restore it from a backup", db->path,
                          said == NULL ? "out of memory" : line != NULL ? line + 1 : said);
            (void)error_set(err, s, "%s", db->dead.text);
        }
    } else if (code != SQLITE_INTERRUPT) {
        s = sqlite_database_fail(db, code, err);
    }
    (void)sqlite3_finalize(statement);
    sqlite3_progress_handler(db->handle, 0, NULL, NULL);
    return s;
}

/* ---- open and close ---- */

static enum status open_writer(struct sqlite_database *db, enum sqlite_access access, struct error *err)
{
    struct stat info;
    bool is_unclean = false, is_new = stat(db->path, &info) != 0;
    if (is_new && access != SQLITE_MAY_CREATE)
        return sqlite_open_missing(db->path, err);
    enum status s = sqlite_lock_take(db->path, &db->lock_fd, &is_unclean, err);
    if (s == STATUS_OK && is_new)
        s = sqlite_open_make_file(db->path, err);
    if (s == STATUS_OK)
        s = sqlite_open_writer(db, err);
    if (s == STATUS_OK && is_unclean)
        s = sqlite_database_check(db, CHECK_AFTER_CRASH_MS, err);
    return s == STATUS_OK ? sqlite_open_migrate(db, access == SQLITE_MAY_CREATE, err) : s;
}

static enum status open_reader(struct sqlite_database *db, struct error *err)
{
    struct stat info;
    if (stat(db->path, &info) != 0)
        return sqlite_open_missing(db->path, err);
    enum status s = sqlite_open_reader(db, err);
    return s == STATUS_OK ? sqlite_open_check_schema(db, err) : s;
}

enum status sqlite_database_open(const char *path, enum sqlite_access access,
                                 const struct sqlite_kind *kind, struct sqlite_database **out,
                                 struct error *err)
{
    struct sqlite_database *db = calloc(1, sizeof *db);
    enum status s = STATUS_OK;
    *out = NULL;
    if (db == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a database");
    db->lock_fd = -1;
    db->kind = kind;
    db->is_writer = access != SQLITE_FOR_READING;
    db->path = strdup(path);
    db->statements = calloc((size_t)kind->statement_count, sizeof *db->statements);
    if (db->path == NULL || db->statements == NULL)
        s = error_set(err, STATUS_NO_MEMORY, "no memory for a database");
    else
        s = db->is_writer ? open_writer(db, access, err) : open_reader(db, err);
    if (s == STATUS_OK)
        (void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (s != STATUS_OK) {
        sqlite_database_close(db);
        return s;
    }
    *out = db;
    return STATUS_OK;
}

void sqlite_database_close(struct sqlite_database *db)
{
    if (db == NULL)
        return;
    if (db->handle != NULL)
        sqlite_database_rollback(db);
    for (int i = 0; db->statements != NULL && i < db->kind->statement_count; i++)
        (void)sqlite3_finalize(db->statements[i]);
    int code = sqlite3_close(db->handle);
    sqlite_lock_release(db->lock_fd, code == SQLITE_OK && db->dead.status == STATUS_OK);
    free(db->statements);
    free(db->path);
    free(db);
}
