#include "tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_CHUNK 65536
/* "/BACKUP", "/ca.db", the name of another database. */
#define NAME_ROOM 256

static enum status fail(struct error *err, const char *what, const char *path)
{
    return error_set(err, STATUS_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

/* ---- one file ---- */

static enum status copy_content(int in, int out, const char *from, const char *to, struct error *err)
{
    static uint8_t chunk[COPY_CHUNK];
    for (;;) {
        ssize_t len = read(in, chunk, sizeof chunk);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return fail(err, "read", from);
        if (len == 0)
            return STATUS_OK;
        for (ssize_t done = 0, n; done < len; done += n) {
            n = write(out, chunk + done, (size_t)(len - done));
            if (n < 0)
                return fail(err, "write", to);
        }
    }
}

static bool is_same(const struct stat *info, const char *to)
{
    struct stat there;
    return stat(to, &there) == 0 && there.st_size == info->st_size && there.st_mtim.tv_sec == info->st_mtim.tv_sec &&
           there.st_mtim.tv_nsec == info->st_mtim.tv_nsec;
}

/* The copy has the time of the file, so that what has not changed is known again. Files are replaced as a
 * whole, so one descriptor sees one content. */
static enum status copy_open_file(int in, const char *from, const char *to, struct error *err)
{
    struct stat info;
    if (fstat(in, &info) != 0)
        return fail(err, "look at", from);
    if (is_same(&info, to))
        return STATUS_OK;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, info.st_mode & 0777);
    if (out < 0)
        return fail(err, "make", to);
    const struct timespec times[2] = {info.st_mtim, info.st_mtim};
    enum status s = copy_content(in, out, from, to, err);
    if (s == STATUS_OK && futimens(out, times) != 0)
        s = fail(err, "set the time of", to);
    if (close(out) != 0 && s == STATUS_OK)
        s = fail(err, "close", to);
    return s;
}

enum status tree_copy_file(const char *from, const char *to, struct error *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return errno == ENOENT ? STATUS_OK : fail(err, "open", from);
    enum status s = copy_open_file(in, from, to, err);
    (void)close(in);
    return s;
}

/* ---- a tree ---- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

bool tree_copy_is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static enum status visit(FTSENT *entry, const char *name, const char *to, struct error *err)
{
    char path[TREE_COPY_PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", to, name) >= (int)sizeof path)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", to);
    if (entry->fts_info == FTS_F)
        return tree_copy_file(entry->fts_path, path, err);
    if (entry->fts_info != FTS_D || mkdir(path, entry->fts_statp->st_mode & 0777) == 0 || errno == EEXIST)
        return STATUS_OK;
    return fail(err, "make directory", path);
}

static bool is_too_new(const FTSENT *entry, const struct tree_copy_selection *selection)
{
    return entry->fts_info == FTS_F && selection->moment != NULL &&
           !tree_copy_is_before(entry->fts_statp->st_mtim, *selection->moment);
}

enum status tree_copy_run(const char *from, const char *to, const struct tree_copy_selection *selection,
                          struct error *err)
{
    char root[TREE_COPY_PATH_MAX];
    char *const roots[] = {root, NULL};
    enum status s = STATUS_OK;
    if (snprintf(root, sizeof root, "%s", from) >= (int)sizeof root)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", from);
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (walk == NULL)
        return fail(err, "read", from);
    errno = 0;
    for (FTSENT *e = fts_read(walk); s == STATUS_OK && e != NULL; e = fts_read(walk)) {
        if (e->fts_level == 0)
            continue;
        const char *name = e->fts_path + strlen(from) + 1;
        if (!selection->is_wanted(name, selection->with_keys) || is_too_new(e, selection))
            (void)fts_set(walk, e, FTS_SKIP);
        else if ((e->fts_info == FTS_DNR || e->fts_info == FTS_ERR) && e->fts_errno != ENOENT)
            s = error_set(err, STATUS_IO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
        else
            s = visit(e, name, to, err);
        errno = 0;
    }
    (void)fts_close(walk);
    return s;
}

enum status tree_copy_remove(const char *path, struct error *err)
{
    char root[TREE_COPY_PATH_MAX];
    char *const roots[] = {root, NULL};
    enum status s = STATUS_OK;
    if (snprintf(root, sizeof root, "%s", path) >= (int)sizeof root)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
    if (access(path, F_OK) != 0)
        return STATUS_OK;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (walk == NULL)
        return fail(err, "read", path);
    for (FTSENT *e = fts_read(walk); s == STATUS_OK && e != NULL; e = fts_read(walk))
        if (e->fts_info != FTS_D && remove(e->fts_accpath) != 0 && errno != ENOENT)
            s = fail(err, "remove", e->fts_path);
    (void)fts_close(walk);
    return s;
}

/* ---- in its place ---- */

static enum status sync_folder(const char *path, bool with_all, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, "open", path);
    enum status s = (with_all ? syncfs(fd) : fsync(fd)) == 0 ? STATUS_OK : fail(err, "sync", path);
    (void)close(fd);
    return s;
}

enum status tree_copy_publish(const struct tree_copy_place *place, struct error *err)
{
    char parent[TREE_COPY_PATH_MAX];
    enum status s = sync_folder(place->temporary, true, err);
    if (s == STATUS_OK && rename(place->temporary, place->out) != 0)
        s = fail(err, "rename the backup to", place->out);
    (void)snprintf(parent, sizeof parent, "%s", place->out);
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
static enum status resolve(const char *given_from, const char *given_out, char from[TREE_COPY_PATH_MAX],
                           char out[TREE_COPY_PATH_MAX], struct error *err)
{
    char copy[TREE_COPY_PATH_MAX], parent[TREE_COPY_PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", given_out) >= (int)sizeof copy)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", given_out);
    if (realpath(given_from, from) == NULL)
        return error_set(err, STATUS_USAGE, "%s: %s", given_from, strerror(errno));
    if (realpath(dirname(copy), parent) == NULL)
        return error_set(err, STATUS_USAGE, "%s: there is no directory to make it in", given_out);
    (void)snprintf(copy, sizeof copy, "%s", given_out);
    if (snprintf(out, TREE_COPY_PATH_MAX, "%s/%s", parent, basename(copy)) + NAME_ROOM >= TREE_COPY_PATH_MAX ||
        strlen(from) + NAME_ROOM >= TREE_COPY_PATH_MAX)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", given_out);
    size_t len = strlen(from);
    if (strncmp(out, from, len) == 0 && (out[len] == '/' || out[len] == '\0'))
        return error_set(err, STATUS_USAGE, "%s: within the directory that is backed up", given_out);
    return STATUS_OK;
}

enum status tree_copy_begin(const char *from, const char *out, struct tree_copy_place *place, struct error *err)
{
    enum status s = resolve(from, out, place->from, place->out, err);
    if (s != STATUS_OK)
        return s;
    (void)snprintf(place->temporary, sizeof place->temporary, "%s.new~", place->out);
    s = check_out(place->out, err);
    if (s == STATUS_OK)
        s = tree_copy_remove(place->temporary, err); /* what an interrupted one has left */
    if (s == STATUS_OK && mkdir(place->temporary, 0700) != 0)
        s = fail(err, "make directory", place->temporary);
    return s;
}
