#include "adapters/sqlite/sqlite_error.h"

#include <string.h>

struct cure {
    int code; /* primary */
    enum status status;
    const char *text;
};

static const struct cure cures[] = {
    {SQLITE_FULL, STATUS_IO, "no space left (disk, quota or page limit): make room; nothing unfinished was acknowledged"},
    {SQLITE_BUSY, STATUS_IO, "another program holds the database locked: find it (fuser FILE) and end it"},
    {SQLITE_LOCKED, STATUS_IO, "another program holds the database locked: find it (fuser FILE) and end it"},
    {SQLITE_READONLY, STATUS_IO, "cannot be written: set owner and mode of the file and its directory, or mount it writable"},
    {SQLITE_PERM, STATUS_IO, "permission denied: set owner and mode of the file and its directory"},
    {SQLITE_CANTOPEN, STATUS_IO, "cannot be opened: look at owner, mode and space of its directory"},
    {SQLITE_CORRUPT, STATUS_IO, "damaged: stop the service, and restore it from a backup"},
    {SQLITE_NOTADB, STATUS_IO, "damaged, or not a database: stop the service, and restore it from a backup"},
    {SQLITE_IOERR, STATUS_IO, "disk error: mend the disk, then start again"},
    {SQLITE_NOMEM, STATUS_NO_MEMORY, "out of memory"},
    {SQLITE_TOOBIG, STATUS_LIMIT, "a value is too large for the database"},
    {SQLITE_CONSTRAINT, STATUS_CONFLICT, "there is such a record already"},
    {SQLITE_INTERRUPT, STATUS_AGAIN, "interrupted"},
};

static const struct cure *find(int code)
{
    for (size_t i = 0; i < sizeof cures / sizeof cures[0]; i++)
        if (cures[i].code == (code & 0xff))
            return &cures[i];
    return NULL;
}

bool sqlite_error_is_final(int code)
{
    int primary = code & 0xff;
    return primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

enum status sqlite_error_set(struct error *err, const char *path, sqlite3 *handle, int code)
{
    char text[128];
    const struct cure *cure = find(code);
    int reason = handle != NULL ? sqlite3_system_errno(handle) : 0;
    bool is_outside = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    if (cure == NULL)
        return error_set(err, STATUS_IO, "%s: %s", path, handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    if (reason == 0 || !is_outside)
        return error_set(err, cure->status, "%s: %s", path, cure->text);
    /* The GNU strerror_r: it may return a text of its own. */
    return error_set(err, cure->status, "%s: %s (%s)", path, cure->text, strerror_r(reason, text, sizeof text));
}
