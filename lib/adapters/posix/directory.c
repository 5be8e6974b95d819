#include "adapters/posix/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than any name that the stores make. */
#define PATH_PART_MAX 512

enum status directory_error(struct error *err, const char *what, const char *name)
{
    char text[128];
    int reason = errno;
    /* The GNU strerror_r: it may return a text of its own. */
    const char *said = strerror_r(reason, text, sizeof text);
    return error_set(err, STATUS_IO, "%s %s: %s", what, name, said);
}

/* The directory that holds path, so that a new name in it can be made durable. */
static bool parent_of(const char *path, char out[PATH_PART_MAX])
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len >= PATH_PART_MAX)
        return false;
    int written = len == 0 ? snprintf(out, PATH_PART_MAX, ".")
                           : snprintf(out, PATH_PART_MAX, "%.*s", (int)len, path);
    return written > 0 && written < PATH_PART_MAX;
}

static enum status make_durable_directory(const char *path, enum posix_access access,
                                          struct error *err)
{
    char parent[PATH_PART_MAX];
    if (!parent_of(path, parent))
        return error_set(err, STATUS_USAGE, "%s: path too long", path);
    if (mkdir(path, directory_mode(access)) != 0 && errno != EEXIST) {
        if (errno == ENOENT || errno == ENOTDIR)
            return error_set(err, STATUS_USAGE, "%s: there is no directory %s to make it in", path, parent);
        return directory_error(err, "cannot make directory", path);
    }
    return directory_sync(AT_FDCWD, parent, err);
}

enum status directory_open(const char *path, enum posix_access access, bool may_create, int *fd,
                           struct error *err)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    *fd = open(path, flags);
    if (*fd < 0 && errno == ENOENT && may_create) {
        enum status status = make_durable_directory(path, access, err);
        if (status != STATUS_OK)
            return status;
        *fd = open(path, flags);
    }
    if (*fd >= 0)
        return STATUS_OK;
    if (errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "%s: no such directory", path);
    if (errno == ENOTDIR)
        return error_set(err, STATUS_USAGE, "%s: not a directory", path);
    return directory_error(err, "cannot open directory", path);
}

enum status directory_make_parents(int fd, const char *name, enum posix_access access,
                                   struct error *err)
{
    char part[PATH_PART_MAX];
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (i >= sizeof part - 1)
            return error_set(err, STATUS_USAGE, "%s: path too long", name);
        part[i] = name[i];
        if (name[i + 1] != '/')
            continue;
        part[i + 1] = '\0';
        if (mkdirat(fd, part, directory_mode(access)) != 0 && errno != EEXIST)
            return directory_error(err, "cannot make directory", part);
    }
    return STATUS_OK;
}

static bool write_all(int fd, struct bytes value)
{
    size_t done = 0;
    while (done < value.len) {
        ssize_t n = write(fd, value.data + done, value.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

enum status directory_write(int fd, const char *name, struct bytes value, enum posix_access access,
                            bool is_durable, bool *is_parent_missing, struct error *err)
{
    *is_parent_missing = false;
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                      directory_file_mode(access));
    if (file < 0) {
        *is_parent_missing = errno == ENOENT;
        return directory_error(err, "cannot make", name);
    }
    enum status status = STATUS_OK;
    if (!write_all(file, value))
        status = directory_error(err, "cannot write", name);
    else if (is_durable && fsync(file) != 0)
        status = directory_error(err, "cannot fsync", name);
    if (close(file) != 0 && status == STATUS_OK)
        status = directory_error(err, "cannot close", name);
    return status;
}

static enum status read_all(int file, const char *name, size_t size, struct builder *out,
                            struct error *err)
{
    uint8_t *space = builder_space(out, size);
    if (space == NULL)
        return builder_status(out, name, err);
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(file, space + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return directory_error(err, "cannot read", name);
        if (n == 0)
            return error_set(err, STATUS_IO, "%s became shorter while it was read", name);
        done += (size_t)n;
    }
    return STATUS_OK;
}

enum status directory_read(int fd, const char *name, struct builder *out, struct error *err)
{
    int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return error_set(err, STATUS_NOT_FOUND, "%s: there is none", name);
        return directory_error(err, "cannot open", name);
    }
    struct stat info;
    enum status status;
    if (fstat(file, &info) != 0)
        status = directory_error(err, "cannot stat", name);
    else if (!S_ISREG(info.st_mode))
        status = error_set(err, STATUS_IO, "%s is not a file", name);
    else
        status = read_all(file, name, (size_t)info.st_size, out, err);
    (void)close(file);
    return status;
}

enum status directory_sync(int fd, const char *name, struct error *err)
{
    int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return error_set(err, STATUS_NOT_FOUND, "%s: there is none", name);
        return directory_error(err, "cannot open", name);
    }
    enum status status = STATUS_OK;
    if (fsync(file) != 0)
        status = directory_error(err, "cannot fsync", name);
    (void)close(file);
    return status;
}
