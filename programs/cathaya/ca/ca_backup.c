#include "ca/ca_backup.h"

#include <stdio.h>
#include <unistd.h>

#include "adapters/sqlite/sqlite_backup.h"
#include "ca/ca_backup_copy.h"
#include "input.h"
#include "tree_copy.h"

/* Each takes as long as a walk over the directory; one is nearly always enough. */
#define TRIES_MAX 10
/* "/BACKUP", "/ca.db", the name of another database. */
#define NAME_ROOM 256

static const char mark[] =
    "This directory is a backup. It may be read; it must not sign, because it may be older than what the CA\n"
    "has signed since. docs/operations.md, \"Putting a backup back\", says what to do before this file is removed.\n";

enum status ca_backup_check_no_mark(const char *path, struct error *err)
{
    char name[CA_DIRECTORY_PATH_MAX + NAME_ROOM];
    if (snprintf(name, sizeof name, "%s/%s", path, CA_BACKUP_MARK) >= (int)sizeof name || access(name, F_OK) != 0)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "%s: a backup, which may be older than what was signed since: put the newest published checkpoint into "
                     "public/N/, then remove the file BACKUP (docs/operations.md)", path);
}

/* ---- the copy ---- */

static enum status copy_database(const char *from_folder, const char *from, const char *to_folder,
                                 const char *name, struct error *err)
{
    char source[CA_DIRECTORY_PATH_MAX + NAME_ROOM], copy[CA_DIRECTORY_PATH_MAX + NAME_ROOM];
    (void)snprintf(source, sizeof source, "%s%s%s", from_folder, from_folder[0] != '\0' ? "/" : "", from);
    (void)snprintf(copy, sizeof copy, "%s/%s", to_folder, name);
    return sqlite_backup_copy(source, copy, err);
}

static enum status copy_databases(const struct ca_backup_request *request, const char *to, struct error *err)
{
    enum status s = copy_database(request->path, "ca.db", to, "ca.db", err);
    for (size_t i = 0; s == STATUS_OK && i < request->database_count; i++)
        s = copy_database("", request->databases[i].path, to, request->databases[i].name, err);
    return s;
}

/* A log that has lost its record cannot be opened in the CA itself. */
static bool is_lost(const char *path, uint16_t number)
{
    char name[CA_DIRECTORY_PATH_MAX + NAME_ROOM];
    (void)snprintf(name, sizeof name, "%s/log/%u/lost", path, number);
    return access(name, F_OK) == 0;
}

/* Whoever restores it finds a directory that opens: the current log, and all before it. */
static enum status verify(const char *path, struct algorithms *algorithms, struct error *err)
{
    struct ca_directory dir;
    enum status s = ca_directory_open(&dir, path, CA_DIRECTORY_READ, 0, algorithms, err);
    uint16_t number = dir.log_number;
    (void)ca_directory_close(&dir, NULL);
    while (s == STATUS_OK && number > 1) {
        if (is_lost(path, --number))
            continue;
        s = ca_directory_open(&dir, path, CA_DIRECTORY_READ, number, algorithms, err);
        (void)ca_directory_close(&dir, NULL);
    }
    return s;
}

static enum status copy_consistently(const struct ca_backup_request *request, const char *to,
                                     struct algorithms *algorithms, struct error *err)
{
    struct timespec moment;
    enum status s = ca_backup_copy_rest(request->path, to, request->with_keys, NULL, err);
    if (s != STATUS_OK)
        return s;
    for (int i = 0; i < TRIES_MAX; i++) {
        s = ca_backup_copy_heads(request->path, to, &moment, err);
        if (s == STATUS_OK)
            s = ca_backup_copy_rest(request->path, to, request->with_keys, &moment, err);
        if (s == STATUS_OK)
            s = copy_databases(request, to, err);
        if (s != STATUS_OK)
            return s;
        s = verify(to, algorithms, err);
        if (s != STATUS_REFUSED && s != STATUS_AGAIN)
            return s;
    }
    return error_prefix(err, s, "the copy does not open after %d tries (if the CA itself does, stop its service for the "
                                "backup)", TRIES_MAX);
}

/* ---- in its place ---- */

static enum status put_mark(const char *path, struct error *err)
{
    char name[CA_DIRECTORY_PATH_MAX + NAME_ROOM];
    (void)snprintf(name, sizeof name, "%s/%s", path, CA_BACKUP_MARK);
    return input_write_file(name, bytes_of_text(mark), 0600, err);
}

enum status ca_backup_run(const struct ca_backup_request *request, struct algorithms *algorithms,
                          struct error *err)
{
    struct tree_copy_place place;
    struct ca_backup_request own = *request;
    enum status s = tree_copy_begin(request->path, request->out, &place, err);
    if (s != STATUS_OK)
        return s;
    own.path = place.from;
    s = copy_consistently(&own, place.temporary, algorithms, err);
    if (s == STATUS_OK)
        s = put_mark(place.temporary, err);
    if (s == STATUS_OK)
        s = tree_copy_publish(&place, err);
    if (s != STATUS_OK && tree_copy_remove(place.temporary, NULL) != STATUS_OK) {
        /* The first failure is the one to be told. */
    }
    return s;
}
