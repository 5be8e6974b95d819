#include "adapters/posix/posix_record_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "adapters/posix/directory.h"

#define RECORD_NAME    "record"
#define TEMPORARY_NAME "record.new~"
#define LOCK_NAME      "lock"
#define PID_TEXT_MAX   32

struct posix_record_store {
    int fd;
    int lock_fd; /* -1 in a reader */
    struct error failure; /* the first failed swap, for good: what is on disk is unknown */
    char *path;           /* for messages alone */
};

static enum status load(void *context, struct builder *out, struct error *err)
{
    const struct posix_record_store *s = context;
    /* What is to be seen may be gone after a power cut: nobody goes on from it. */
    if (s->failure.status != STATUS_OK)
        return error_set(err, STATUS_IO, "%s: the record store is dead after: %s", s->path, s->failure.text);
    enum status status = directory_read(s->fd, RECORD_NAME, out, err);
    return status == STATUS_IO ? error_prefix(err, status, "%s", s->path) : status;
}

static enum status check_expected(struct posix_record_store *s, struct bytes expected,
                                  struct error *err)
{
    struct builder now;
    builder_init(&now, RECORD_MAX);
    enum status status = directory_read(s->fd, RECORD_NAME, &now, err);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    if (status == STATUS_OK && !bytes_equal(builder_view(&now), expected))
        status = error_set(err, STATUS_CONFLICT, "the record is not the one that was read: "
                                                 "somebody else has changed it");
    builder_clear(&now);
    return status;
}

static enum status replace(struct posix_record_store *s, struct bytes next, struct error *err)
{
    bool is_parent_missing;
    enum status status = directory_write(s->fd, TEMPORARY_NAME, next, POSIX_PRIVATE, true,
                                         &is_parent_missing, err);
    if (status != STATUS_OK)
        return status;
    if (renameat(s->fd, TEMPORARY_NAME, s->fd, RECORD_NAME) != 0)
        return directory_error(err, "cannot rename the new", RECORD_NAME);
    return directory_sync(s->fd, ".", err);
}

static enum status swap(void *context, struct bytes expected, struct bytes next, struct error *err)
{
    struct posix_record_store *s = context;
    if (s->lock_fd < 0)
        return error_set(err, STATUS_REFUSED, "the log was opened for reading only");
    if (s->failure.status != STATUS_OK)
        return error_set(err, STATUS_IO, "%s: the record store is dead after: %s", s->path, s->failure.text);
    if (next.len == 0 || next.len > RECORD_MAX)
        return error_set(err, STATUS_LIMIT, "a record has 1 to %d bytes", RECORD_MAX);
    enum status status = check_expected(s, expected, err);
    if (status != STATUS_OK)
        return status;
    status = replace(s, next, &s->failure);
    if (status != STATUS_OK)
        return error_set(err, STATUS_IO, "%s: %s", s->path, s->failure.text);
    return STATUS_OK;
}

/* ---- the lock ---- */

static enum status refuse_second_writer(int fd, const char *path, struct error *err)
{
    char pid[PID_TEXT_MAX] = "";
    ssize_t len = pread(fd, pid, sizeof pid - 1, 0);
    size_t digits = 0;
    while (len > 0 && digits < (size_t)len && pid[digits] >= '0' && pid[digits] <= '9')
        digits++;
    pid[digits] = '\0';
    return error_set(err, STATUS_REFUSED,
                     "%s: %s %s has it open for writing: wait until it ends, or stop it", path,
                     digits > 0 ? "process" : "another", digits > 0 ? pid : "process");
}

/* The process ID is only for the text above; the lock does not depend on it. */
static enum status write_pid(int fd, const char *path, struct error *err)
{
    char text[PID_TEXT_MAX];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    errno = ENOSPC; /* what a short write means */
    if (len <= 0 || ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return directory_error(err, "cannot write the lock in", path);
    return STATUS_OK;
}

static enum status take_lock(struct posix_record_store *s, const char *path, struct error *err)
{
    s->lock_fd = openat(s->fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                        directory_file_mode(POSIX_PRIVATE));
    if (s->lock_fd < 0)
        return directory_error(err, "cannot open the lock in", path);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return refuse_second_writer(s->lock_fd, path, err);
        return directory_error(err, "cannot lock", path);
    }
    return write_pid(s->lock_fd, path, err);
}

/* An earlier writer may have ended between its rename and the fsync of the directory, or that fsync may have
 * failed: then the record that is to be seen is not durable, and what is signed on its word could be signed
 * again, otherwise, after a power cut. An fsync would not do: the kernel forgets what it could not write. */
static enum status make_durable_again(struct posix_record_store *s, struct error *err)
{
    struct builder now;
    builder_init(&now, RECORD_MAX);
    enum status status = load(s, &now, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_LIMIT) /* none; not ours: who loads it says so */
        status = STATUS_OK;
    else if (status == STATUS_OK)
        status = error_prefix(err, replace(s, builder_view(&now), err), "%s", s->path);
    builder_clear(&now);
    return status;
}

static enum status open_store(const char *path, bool is_writer, bool may_create,
                              struct posix_record_store **out, struct error *err)
{
    struct posix_record_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a store");
    s->fd = s->lock_fd = -1;
    s->path = strdup(path);
    enum status status = s->path == NULL ? error_set(err, STATUS_NO_MEMORY, "no memory for a store")
                                         : directory_open(path, POSIX_PRIVATE, may_create, &s->fd, err);
    if (status == STATUS_OK && is_writer)
        status = take_lock(s, path, err);
    if (status == STATUS_OK && is_writer)
        status = make_durable_again(s, err);
    if (status != STATUS_OK) {
        posix_record_store_close(s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

enum status posix_record_store_open(const char *path, bool may_create,
                                    struct posix_record_store **out, struct error *err)
{
    return open_store(path, true, may_create, out, err);
}

enum status posix_record_store_open_read_only(const char *path, struct posix_record_store **out,
                                              struct error *err)
{
    return open_store(path, false, false, out, err);
}

void posix_record_store_close(struct posix_record_store *s)
{
    if (s == NULL)
        return;
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    if (s->fd >= 0)
        (void)close(s->fd);
    free(s->path);
    free(s);
}

struct record_store posix_record_store_port(struct posix_record_store *s)
{
    return (struct record_store){.context = s, .load = load, .swap = swap};
}
