#include "adapters/sqlite/sqlite_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sqlite/sqlite_call.h"
#include "adapters/sqlite/sqlite_error.h"
#include "adapters/sqlite/sqlite_open.h"

static enum status fail(struct error *err, const char *what, const char *path)
{
    char text[128];
    int reason = errno;
    return error_set(err, STATUS_IO, "cannot %s %s: %s", what, path, strerror_r(reason, text, sizeof text));
}

/* One read transaction from the first page to the last: a writer's commits do not start it again. */
static enum status copy_pages(struct sqlite_database *from, sqlite3 *to, const char *to_path,
                              struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from->handle, "main");
    if (backup == NULL)
        return sqlite_error_set(err, to_path, to, sqlite3_errcode(to));
    int code = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE && finished == SQLITE_OK)
        return STATUS_OK;
    return sqlite_error_set(err, to_path, to, finished != SQLITE_OK ? finished : code);
}

/* The copy is no WAL database any more, so that it is one file; a writer makes it one again. Orders that
 * are made in it must not be taken for those that were made after the backup. */
static enum status finish(sqlite3 *to, const char *to_path, struct error *err)
{
    static const char find[] = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'instance'";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_exec(to, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(to, find, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    (void)sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        code = sqlite3_exec(to, "UPDATE instance SET id = randomblob(16)", NULL, NULL, NULL);
    return code == SQLITE_OK || code == SQLITE_DONE ? STATUS_OK : sqlite_error_set(err, to_path, to, code);
}

static enum status copy(struct sqlite_database *from, const char *to_path, struct error *err)
{
    sqlite3 *to = NULL;
    enum status s = sqlite_open_make_file(to_path, err);
    if (s != STATUS_OK)
        return s;
    int code = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    s = code == SQLITE_OK ? copy_pages(from, to, to_path, err) : sqlite_error_set(err, to_path, to, code);
    if (s == STATUS_OK)
        s = finish(to, to_path, err);
    code = sqlite3_close(to);
    return s == STATUS_OK && code != SQLITE_OK ? sqlite_error_set(err, to_path, NULL, code) : s;
}

static enum status sync_path(const char *path, int flags, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return fail(err, "open", path);
    enum status s = fsync(fd) == 0 ? STATUS_OK : fail(err, "fsync", path);
    (void)close(fd);
    return s;
}

static enum status publish(const char *temporary, const char *to, struct error *err)
{
    char parent[SQLITE_DATABASE_PATH_MAX];
    enum status s = sync_path(temporary, 0, err);
    if (s == STATUS_OK && rename(temporary, to) != 0)
        s = fail(err, "rename to", to);
    (void)snprintf(parent, sizeof parent, "%s", to);
    return s == STATUS_OK ? sync_path(dirname(parent), O_DIRECTORY, err) : s;
}

/* Of any kind: only the file counts. */
static const struct sqlite_kind any_kind = {.name = "a database"};

enum status sqlite_backup_copy(const char *from, const char *to, struct error *err)
{
    char temporary[SQLITE_DATABASE_PATH_MAX], journal[SQLITE_DATABASE_PATH_MAX + 16], path[SQLITE_DATABASE_PATH_MAX];
    struct sqlite_database source = {.kind = &any_kind, .path = path, .lock_fd = -1};
    if (snprintf(temporary, sizeof temporary, "%s.new~", to) >= (int)sizeof temporary ||
        snprintf(path, sizeof path, "%s", from) >= (int)sizeof path)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", to);
    (void)snprintf(journal, sizeof journal, "%s-journal", temporary);
    if (access(from, F_OK) != 0)
        return sqlite_open_missing(from, err);
    (void)unlink(temporary); /* what an interrupted one has left */
    (void)unlink(journal);
    enum status s = sqlite_open_reader(&source, err);
    if (s == STATUS_OK)
        s = copy(&source, temporary, err);
    (void)sqlite3_close(source.handle);
    if (s == STATUS_OK)
        s = publish(temporary, to, err);
    if (s != STATUS_OK)
        (void)unlink(temporary);
    return s;
}
