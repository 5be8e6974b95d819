#include "adapters/posix/posix_object_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/posix/unsynced.h"

/* No object has a '~' in its name. One writer, so one name per directory is enough, and a crash
 * leaves at most one such file in each. */
#define TEMPORARY_NAME ".put~"
#define PATH_SIZE      (OBJECT_NAME_MAX + sizeof TEMPORARY_NAME + 1)

struct posix_object_store {
    int fd;
    enum posix_access access;
    struct unsynced unsynced;
    struct error failure; /* the first failed sync, for good */
    char *path;           /* for messages alone */
};

/* Names are those of objects: a message about the disk says in which directory. */
static enum status say_where(const struct posix_object_store *s, enum status status, struct error *err)
{
    return status == STATUS_IO ? error_prefix(err, status, "%s", s->path) : status;
}

static enum status check_name(const struct posix_object_store *s, const char *name,
                              struct error *err)
{
    if (s->failure.status != STATUS_OK)
        return error_set(err, STATUS_IO, "the store is dead after: %s", s->failure.text);
    if (!object_name_is_valid(name))
        return error_set(err, STATUS_USAGE, "\"%.*s\" is not an object name", OBJECT_NAME_MAX, name);
    return STATUS_OK;
}

static void temporary_name(const char *name, char out[PATH_SIZE])
{
    const char *slash = strrchr(name, '/');
    int directory = slash == NULL ? 0 : (int)(slash - name + 1);
    (void)snprintf(out, PATH_SIZE, "%.*s%s", directory, name, TEMPORARY_NAME);
}

static enum status write_temporary(struct posix_object_store *s, const char *name,
                                   const char *temporary, struct bytes value, struct error *err)
{
    bool is_parent_missing;
    enum status status = directory_write(s->fd, temporary, value, s->access, false,
                                         &is_parent_missing, err);
    if (!is_parent_missing)
        return status;
    status = directory_make_parents(s->fd, name, s->access, err);
    if (status != STATUS_OK)
        return status;
    return directory_write(s->fd, temporary, value, s->access, false, &is_parent_missing, err);
}

static enum status put_object(void *context, const char *name, struct bytes value, struct error *err)
{
    struct posix_object_store *s = context;
    enum status status = check_name(s, name, err);
    if (status != STATUS_OK)
        return status;
    char temporary[PATH_SIZE];
    temporary_name(name, temporary);
    status = write_temporary(s, name, temporary, value, err);
    if (status != STATUS_OK)
        return status;
    if (renameat(s->fd, temporary, s->fd, name) != 0)
        return directory_error(err, "cannot rename the new", name);
    return unsynced_note_file(&s->unsynced, name, err);
}

static enum status put(void *context, const char *name, struct bytes value, struct error *err)
{
    return say_where(context, put_object(context, name, value, err), err);
}

static enum status get(void *context, const char *name, struct builder *out, struct error *err)
{
    struct posix_object_store *s = context;
    enum status status = check_name(s, name, err);
    if (status == STATUS_OK)
        status = directory_read(s->fd, name, out, err);
    return say_where(s, status, err);
}

/* An object store has no directories: an empty one is not kept, nor those above that it leaves empty.
 * That rmdir fails is the rule: most often the directory is not empty. */
static enum status remove_empty_parents(struct posix_object_store *s, const char *name,
                                        struct error *err)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s", name);
    for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
        *slash = '\0';
        if (unlinkat(s->fd, path, AT_REMOVEDIR) != 0)
            return STATUS_OK;
        unsynced_forget_directories(&s->unsynced);
        enum status status = unsynced_note_remove(&s->unsynced, path, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status remove_object(void *context, const char *name, struct error *err)
{
    struct posix_object_store *s = context;
    enum status status = check_name(s, name, err);
    if (status != STATUS_OK)
        return status;
    if (unlinkat(s->fd, name, 0) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return error_set(err, STATUS_NOT_FOUND, "%s: there is none", name);
        return say_where(s, directory_error(err, "cannot remove", name), err);
    }
    status = unsynced_note_remove(&s->unsynced, name, err);
    if (status != STATUS_OK)
        return status;
    return remove_empty_parents(s, name, err);
}

/* ---- list ---- */

/* A directory of ours has at most 1000 files and 1000 folders beside the .p folders. */
#define DIRECTORY_BYTES_MAX ((size_t)1 << 20)

struct listing {
    struct posix_object_store *store;
    enum status (*each)(void *each_context, const char *name, struct error *err);
    void *each_context;
};

static enum status list_directory(const struct listing *l, const char *path, struct error *err);

/* Names are collected first, so that `each` may remove what it is called for. */
static enum status read_names(const struct listing *l, const char *path, struct builder *names,
                              struct error *err)
{
    int fd = openat(l->store->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? STATUS_OK : directory_error(err, "cannot open", path);
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        enum status status = directory_error(err, "cannot list", path);
        (void)close(fd);
        return status;
    }
    errno = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            builder_bytes(names, bytes_of(entry->d_name, strlen(entry->d_name) + 1));
        errno = 0;
    }
    enum status status = errno == 0 ? builder_status(names, path, err)
                                    : directory_error(err, "cannot list", path);
    (void)closedir(dir);
    return status;
}

static enum status list_one(const struct listing *l, const char *path, struct error *err)
{
    struct stat info;
    /* Not ours (a temporary file, an editor's copy), or gone. */
    if (!object_name_is_valid(path) ||
        fstatat(l->store->fd, path, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return STATUS_OK;
    if (S_ISDIR(info.st_mode))
        return list_directory(l, path, err);
    return S_ISREG(info.st_mode) ? l->each(l->each_context, path, err) : STATUS_OK;
}

/* Recursion ends: names are at most OBJECT_NAME_MAX long. */
static enum status list_directory(const struct listing *l, const char *path, struct error *err)
{
    struct builder names;
    builder_init(&names, DIRECTORY_BYTES_MAX);
    enum status status = say_where(l->store, read_names(l, path, &names, err), err);
    for (size_t at = 0; status == STATUS_OK && at < names.len;) {
        const char *name = (const char *)names.data + at;
        char child[PATH_SIZE];
        int len = strcmp(path, ".") == 0 ? snprintf(child, sizeof child, "%s", name)
                                         : snprintf(child, sizeof child, "%s/%s", path, name);
        if (len > 0 && (size_t)len < sizeof child)
            status = list_one(l, child, err);
        at += strlen(name) + 1;
    }
    builder_clear(&names);
    return status;
}

static enum status list(void *context, const char *prefix,
                        enum status (*each)(void *each_context, const char *name,
                                            struct error *err),
                        void *each_context, struct error *err)
{
    struct posix_object_store *s = context;
    size_t len = strlen(prefix);
    if (len == 0 || len > OBJECT_NAME_MAX || prefix[len - 1] != '/')
        return error_set(err, STATUS_USAGE, "\"%.*s\" does not end in /", OBJECT_NAME_MAX, prefix);
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%.*s", (int)(len - 1), prefix);
    enum status status = check_name(s, path, err);
    if (status != STATUS_OK)
        return status;
    struct listing l = {.store = s, .each = each, .each_context = each_context};
    return list_directory(&l, path, err);
}

static enum status sync_store(void *context, struct error *err)
{
    struct posix_object_store *s = context;
    if (s->failure.status != STATUS_OK)
        return error_set(err, STATUS_IO, "%s: the store is dead after: %s", s->path, s->failure.text);
    enum status status = unsynced_sync(&s->unsynced, s->fd, &s->failure);
    if (status != STATUS_OK)
        return error_set(err, STATUS_IO, "%s: %s", s->path, s->failure.text);
    s->failure.status = STATUS_OK; /* a name that had gone may have set it */
    return STATUS_OK;
}

enum status posix_object_store_open(const char *path, enum posix_access access, bool may_create,
                                    struct posix_object_store **out, struct error *err)
{
    struct posix_object_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a store");
    s->access = access;
    s->fd = -1;
    s->path = strdup(path);
    enum status status = s->path == NULL ? error_set(err, STATUS_NO_MEMORY, "no memory for a store")
                                         : directory_open(path, access, may_create, &s->fd, err);
    if (status != STATUS_OK) {
        free(s->path);
        free(s);
        return status;
    }
    unsynced_init(&s->unsynced);
    *out = s;
    return STATUS_OK;
}

void posix_object_store_close(struct posix_object_store *s)
{
    if (s == NULL)
        return;
    unsynced_clear(&s->unsynced);
    (void)close(s->fd);
    free(s->path);
    free(s);
}

struct object_store posix_object_store_port(struct posix_object_store *s)
{
    return (struct object_store){
        .context = s, .put = put, .get = get, .remove = remove_object, .list = list,
        .sync = sync_store};
}
