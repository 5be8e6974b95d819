#include "ca/ca_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/sqlite/sqlite_backup.h"
#include "ca/ca_backup_copy.h"
#include "input.h"

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

static enum status fail(struct error *err, const char *what, const char *path)
{
    return error_set(err, STATUS_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

static enum status sync_folder(const char *path, bool with_all, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, "open", path);
    enum status s = (with_all ? syncfs(fd) : fsync(fd)) == 0 ? STATUS_OK : fail(err, "sync", path);
    (void)close(fd);
    return s;
}

static enum status put_mark(const char *path, struct error *err)
{
    char name[CA_DIRECTORY_PATH_MAX + NAME_ROOM];
    (void)snprintf(name, sizeof name, "%s/%s", path, CA_BACKUP_MARK);
    return input_write_file(name, bytes_of_text(mark), 0600, err);
}

static enum status publish(const char *temporary, const char *out, struct error *err)
{
    char parent[CA_DIRECTORY_PATH_MAX];
    enum status s = sync_folder(temporary, true, err);
    if (s == STATUS_OK && rename(temporary, out) != 0)
        s = fail(err, "rename the backup to", out);
    (void)snprintf(parent, sizeof parent, "%s", out);
    return s == STATUS_OK ? sync_folder(dirname(parent), false, err) : s;
}

/* rename takes the place of an empty directory, and of nothing else. */
static enum status check_out(const char *out, struct error *err)
{
    struct stat info;
    if (stat(out, &info) != 0)
        return STATUS_OK;
    if (S_ISDIR(info.st_mode) && (rmdir(out) == 0 || errno == ENOENT))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s: a backup wants a directory of its own, empty or not there", out);
}

/* Absolute, so that one can be seen to be within the other; out itself need not be there. */
static enum status resolve(const struct ca_backup_request *request, char from[CA_DIRECTORY_PATH_MAX],
                           char out[CA_DIRECTORY_PATH_MAX], struct error *err)
{
    char copy[CA_DIRECTORY_PATH_MAX], parent[CA_DIRECTORY_PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", request->out) >= (int)sizeof copy)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", request->out);
    if (realpath(request->path, from) == NULL)
        return error_set(err, STATUS_USAGE, "%s: %s", request->path, strerror(errno));
    if (realpath(dirname(copy), parent) == NULL)
        return error_set(err, STATUS_USAGE, "%s: there is no directory to make it in", request->out);
    (void)snprintf(copy, sizeof copy, "%s", request->out);
    if (snprintf(out, CA_DIRECTORY_PATH_MAX, "%s/%s", parent, basename(copy)) + NAME_ROOM >= CA_DIRECTORY_PATH_MAX ||
        strlen(from) + NAME_ROOM >= CA_DIRECTORY_PATH_MAX)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", request->out);
    size_t len = strlen(from);
    if (strncmp(out, from, len) == 0 && (out[len] == '/' || out[len] == '\0'))
        return error_set(err, STATUS_USAGE, "%s: within the directory that is backed up", request->out);
    return STATUS_OK;
}

enum status ca_backup_run(const struct ca_backup_request *request, struct algorithms *algorithms,
                          struct error *err)
{
    char temporary[CA_DIRECTORY_PATH_MAX + 8], out[CA_DIRECTORY_PATH_MAX], from[CA_DIRECTORY_PATH_MAX];
    struct ca_backup_request own = *request;
    enum status s = resolve(request, from, out, err);
    if (s != STATUS_OK)
        return s;
    own.path = from;
    (void)snprintf(temporary, sizeof temporary, "%s.new~", out);
    s = check_out(out, err);
    if (s == STATUS_OK)
        s = ca_backup_copy_remove(temporary, err); /* what an interrupted one has left */
    if (s == STATUS_OK && mkdir(temporary, 0700) != 0)
        s = fail(err, "make directory", temporary);
    if (s != STATUS_OK)
        return s;
    s = copy_consistently(&own, temporary, algorithms, err);
    if (s == STATUS_OK)
        s = put_mark(temporary, err);
    if (s == STATUS_OK)
        s = publish(temporary, out, err);
    if (s != STATUS_OK && ca_backup_copy_remove(temporary, NULL) != STATUS_OK) {
        /* The first failure is the one to be told. */
    }
    return s;
}
