#include "adapters/sqlite/sqlite_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "adapters/sqlite/sqlite_database.h"

#define PID_TEXT_MAX 32

static enum status fail(struct error *err, const char *path, const char *what)
{
    char text[128];
    int reason = errno;
    return error_set(err, STATUS_IO, "%s.lock: %s: %s", path, what, strerror_r(reason, text, sizeof text));
}

static void read_pid(int fd, char pid[PID_TEXT_MAX])
{
    ssize_t len = pread(fd, pid, PID_TEXT_MAX - 1, 0);
    size_t digits = 0;
    while (len > 0 && digits < (size_t)len && pid[digits] >= '0' && pid[digits] <= '9')
        digits++;
    pid[digits] = '\0';
}

static enum status write_pid(int fd, const char *path, struct error *err)
{
    char text[PID_TEXT_MAX];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    errno = ENOSPC; /* what a short write means */
    if (len <= 0 || ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return fail(err, path, "cannot write");
    /* After a power cut it has to tell of us. */
    return fsync(fd) == 0 ? STATUS_OK : fail(err, path, "cannot fsync");
}

enum status sqlite_lock_take(const char *path, int *fd, bool *is_unclean, struct error *err)
{
    char name[SQLITE_DATABASE_PATH_MAX], pid[PID_TEXT_MAX];
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
    int lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return fail(err, path, "cannot open");
    enum status s = STATUS_OK;
    if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        read_pid(lock, pid);
        s = error_set(err, STATUS_REFUSED, "%s: %s %s has it open for writing: wait until it ends, or stop it", path,
                      pid[0] != '\0' ? "process" : "another", pid[0] != '\0' ? pid : "process");
    } else {
        read_pid(lock, pid);
        *is_unclean = pid[0] != '\0';
        s = write_pid(lock, path, err);
    }
    if (s != STATUS_OK) {
        (void)close(lock);
        return s;
    }
    *fd = lock;
    return STATUS_OK;
}

void sqlite_lock_release(int fd, bool is_clean)
{
    if (fd < 0)
        return;
    if (is_clean && ftruncate(fd, 0) != 0) {
        /* The next writer checks once too often. */
    }
    (void)close(fd);
}
