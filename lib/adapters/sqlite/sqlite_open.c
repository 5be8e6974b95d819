#include "adapters/sqlite/sqlite_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/sqlite/sqlite_error.h"
#include "base/builder.h"

/* Long enough for a look at a database that another process is recovering. */
#define OPEN_TIMEOUT_MS 5000
/* A URI escapes each byte in three. */
#define URI_SIZE_MAX (3 * SQLITE_DATABASE_PATH_MAX + 64)

enum status sqlite_open_missing(const char *path, struct error *err)
{
    char text[128];
    if (errno == ENOENT || errno == ENOTDIR)
        return error_set(err, STATUS_NOT_FOUND, "%s: there is no such database", path);
    return error_set(err, STATUS_IO, "%s: %s", path, strerror_r(errno, text, sizeof text));
}

/* ---- connections ---- */

static int open_handle(struct sqlite_database *db, const char *name, int flags)
{
    (void)sqlite3_close(db->handle);
    db->handle = NULL;
    int code = sqlite3_open_v2(name, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK)
        return code;
    (void)sqlite3_busy_timeout(db->handle, OPEN_TIMEOUT_MS);
    /* Files are written to by others than us: a schema from there must not run anything. */
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return SQLITE_OK;
}

enum status sqlite_open_writer(struct sqlite_database *db, struct error *err)
{
    int code = open_handle(db, db->path, SQLITE_OPEN_READWRITE);
    if (code != SQLITE_OK)
        return sqlite_database_fail(db, code, err);
    return sqlite_database_run(db,
                               "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA wal_autocheckpoint=4000;"     /* 16 MiB: a page changed often is written once */
                               "PRAGMA journal_size_limit=67108864;" /* what one large transaction left goes away */
                               "PRAGMA cache_size=-65536;"           /* 64 MiB */
                               "PRAGMA temp_store=MEMORY;", err);
}

/* For the owner alone; SQLite gives the WAL and the shared memory the mode of the database. */
enum status sqlite_open_make_file(const char *path, struct error *err)
{
    char text[128];
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return STATUS_OK;
    if (fd < 0)
        return error_set(err, STATUS_IO, "%s: cannot be made: %s", path, strerror_r(errno, text, sizeof text));
    (void)close(fd);
    return STATUS_OK;
}

/* Something is read: only then SQLite opens the WAL. */
static int try_read(struct sqlite_database *db)
{
    return sqlite3_exec(db->handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

static void write_uri(const char *path, const char *options, char out[URI_SIZE_MAX])
{
    struct builder uri;
    builder_init_fixed(&uri, out, URI_SIZE_MAX - 1);
    builder_text(&uri, "file:");
    for (const char *c = path; *c != '\0'; c++)
        if (*c == '%' || *c == '?' || *c == '#')
            builder_printf(&uri, "%%%02x", (unsigned)*c);
        else
            builder_u8(&uri, (uint8_t)*c);
    builder_text(&uri, options);
    builder_u8(&uri, 0);
}

static bool has_wal(const char *path)
{
    char name[SQLITE_DATABASE_PATH_MAX];
    struct stat info;
    return snprintf(name, sizeof name, "%s-wal", path) < (int)sizeof name && stat(name, &info) == 0 && info.st_size > 0;
}

/* Without shared memory there is no talking to a writer, and on a copy there is none. A WAL that was
 * copied too is read with an index in our own memory, which takes the exclusive mode and no locks. */
static int open_copy(struct sqlite_database *db)
{
    char uri[URI_SIZE_MAX] = "";
    bool is_wal_there = has_wal(db->path);
    write_uri(db->path, is_wal_there ? "?vfs=unix-none" : "?immutable=1", uri);
    int code = open_handle(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    if (code == SQLITE_OK && is_wal_there)
        code = sqlite3_exec(db->handle, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
    return code == SQLITE_OK ? try_read(db) : code;
}

static bool is_unwritable(int code)
{
    int primary = code & 0xff;
    return primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
}

enum status sqlite_open_reader(struct sqlite_database *db, struct error *err)
{
    int code = open_handle(db, db->path, SQLITE_OPEN_READONLY);
    if (code == SQLITE_OK)
        code = try_read(db);
    if (is_unwritable(code) && access(db->path, R_OK) == 0)
        code = open_copy(db);
    if (code != SQLITE_OK)
        return sqlite_database_fail(db, code, err);
    /* The last reader to leave would write the WAL back. */
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return STATUS_OK;
}

/* ---- schema ---- */

static enum status read_schema(struct sqlite_database *db, int64_t *id, int64_t *version,
                               int64_t *table_count, struct error *err)
{
    enum status s = sqlite_database_number(db, "PRAGMA application_id", id, err);
    if (s == STATUS_OK)
        s = sqlite_database_number(db, "PRAGMA user_version", version, err);
    if (s == STATUS_OK)
        s = sqlite_database_number(db, "SELECT count(*) FROM sqlite_schema", table_count, err);
    return s;
}

static enum status check_kind(const struct sqlite_database *db, int64_t id, int64_t version,
                              struct error *err)
{
    if (id != db->kind->application_id)
        return error_set(err, STATUS_REFUSED, "%s: not %s", db->path, db->kind->name);
    if (version > db->kind->version)
        return error_set(err, STATUS_REFUSED,
                         "%s: %s of version %lld, and this program knows versions up to %d: use the newer program that "
                         "wrote it", db->path, db->kind->name, (long long)version, db->kind->version);
    if (version < 1)
        return error_set(err, STATUS_REFUSED, "%s: %s without a version", db->path, db->kind->name);
    return STATUS_OK;
}

enum status sqlite_open_check_schema(struct sqlite_database *db, struct error *err)
{
    int64_t id = 0, version = 0, table_count = 0;
    enum status s = read_schema(db, &id, &version, &table_count, err);
    if (s == STATUS_OK)
        s = check_kind(db, id, version, err);
    if (s == STATUS_OK && version < db->kind->version)
        s = error_set(err, STATUS_REFUSED, "%s: of the older version %lld: a command that writes migrates it", db->path,
                      (long long)version);
    return s;
}

static enum status migrate_once(struct sqlite_database *db, int64_t version, struct error *err)
{
    char pragmas[96];
    (void)snprintf(pragmas, sizeof pragmas, "PRAGMA user_version=%d; PRAGMA application_id=%d", (int)version + 1,
                   db->kind->application_id);
    enum status s = sqlite_database_begin(db, err);
    if (s == STATUS_OK)
        s = sqlite_database_run(db, db->kind->migrations[version], err);
    if (s == STATUS_OK)
        s = sqlite_database_run(db, pragmas, err);
    if (s == STATUS_OK)
        s = sqlite_database_commit(db, err);
    if (s != STATUS_OK) {
        sqlite_database_rollback(db);
        (void)error_prefix(err, s, "migration to version %d", (int)version + 1);
    }
    return s;
}

enum status sqlite_open_migrate(struct sqlite_database *db, bool may_create, struct error *err)
{
    int64_t id = 0, version = 0, table_count = 0;
    enum status s = read_schema(db, &id, &version, &table_count, err);
    bool is_empty = id == 0 && version == 0 && table_count == 0;
    if (s == STATUS_OK && is_empty && !may_create)
        s = error_set(err, STATUS_IO, "%s: empty, so everything in it is lost: restore it from a backup", db->path);
    if (s == STATUS_OK && !is_empty)
        s = check_kind(db, id, version, err);
    for (; s == STATUS_OK && version < db->kind->version; version++)
        s = migrate_once(db, version, err);
    return s;
}
