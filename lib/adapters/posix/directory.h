/* directory.h - the few steps on files and directories that both stores are made of; private to
 * adapters/posix. */
#ifndef CATHAYA_ADAPTERS_POSIX_DIRECTORY_H
#define CATHAYA_ADAPTERS_POSIX_DIRECTORY_H

#include <sys/types.h>

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

enum posix_access {
    POSIX_PUBLIC, /* 0755 and 0644: a web server of another user serves it */
    POSIX_PRIVATE /* 0700 and 0600 */
};

static inline mode_t directory_mode(enum posix_access access)
{
    return access == POSIX_PUBLIC ? 0755 : 0700;
}

static inline mode_t directory_file_mode(enum posix_access access)
{
    return access == POSIX_PUBLIC ? 0644 : 0600;
}

/* directory_open opens a directory and gives its descriptor. With may_create the last component of
 * path is made, durably, when it is not there; STATUS_NOT_FOUND otherwise. STATUS_USAGE when path can be
 * no directory. */
MUST_USE enum status directory_open(const char *path, enum posix_access access, bool may_create,
                                    int *fd, struct error *err);

/* directory_make makes all parent directories of name below fd. */
MUST_USE enum status directory_make_parents(int fd, const char *name, enum posix_access access,
                                            struct error *err);

/* directory_write makes or truncates the file and writes value; with is_durable it is fsynced. The
 * parents must exist: *is_parent_missing says that they do not. */
MUST_USE enum status directory_write(int fd, const char *name, struct bytes value,
                                     enum posix_access access, bool is_durable,
                                     bool *is_parent_missing, struct error *err);

/* directory_read appends the whole file: STATUS_NOT_FOUND, STATUS_LIMIT, STATUS_IO. */
MUST_USE enum status directory_read(int fd, const char *name, struct builder *out,
                                    struct error *err);

/* directory_sync fsyncs the file or directory called name below fd, "." for fd itself.
 * STATUS_NOT_FOUND when it has gone. */
MUST_USE enum status directory_sync(int fd, const char *name, struct error *err);

/* directory_error is STATUS_IO with what failed on what, and errno as text. */
enum status directory_error(struct error *err, const char *what, const char *name);

#endif
