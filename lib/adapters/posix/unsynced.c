#include "adapters/posix/unsynced.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "adapters/posix/directory.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "ports/object_store.h"

void unsynced_init(struct unsynced *u)
{
    builder_init(&u->files, UNSYNCED_BYTES_MAX);
    builder_init(&u->directories, UNSYNCED_BYTES_MAX);
    u->known_count = 0;
}

void unsynced_clear(struct unsynced *u)
{
    builder_clear(&u->files);
    builder_clear(&u->directories);
    u->known_count = 0;
}

static void note(struct builder *list, const char *name, size_t len)
{
    builder_bytes(list, bytes_of(name, len));
    builder_u8(list, '\0');
}

/* FNV-1a, 64 bits: two directories of one hash would cost one of them its fsync in the parent, at
 * odds of 1 in 2^44 for a full set. */
static uint64_t hash_of(const char *name, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool is_known(struct unsynced *u, uint64_t hash)
{
    /* The newest are asked for most. */
    for (size_t i = u->known_count; i > 0; i--) {
        if (u->known[i - 1] == hash)
            return true;
    }
    if (u->known_count == UNSYNCED_KNOWN_MAX)
        u->known_count = 0;
    u->known[u->known_count++] = hash;
    return false;
}

/* The length of the directory part; 0 is the root of the store. */
static size_t directory_len(const char *name, size_t len)
{
    while (len > 0 && name[len - 1] != '/')
        len--;
    return len == 0 ? 0 : len - 1;
}

static void note_directory(struct builder *list, const char *name, size_t len)
{
    note(list, len == 0 ? "." : name, len == 0 ? 1 : len);
}

/* A batch puts its files into few directories: a look at the last names saves most repetitions. */
static bool was_just_noted(const struct builder *list, const char *name, size_t len)
{
    if (len == 0) {
        name = ".";
        len = 1;
    }
    return list->len > len && memcmp(list->data + list->len - len - 1, name, len) == 0 &&
           (list->len == len + 1 || list->data[list->len - len - 2] == '\0');
}

/* The directory of the name, and every directory above that this store has not met yet: whoever made
 * it, its name in its parent may not be durable. */
static void note_parents(struct unsynced *u, const char *name)
{
    size_t len = directory_len(name, strlen(name));
    if (!was_just_noted(&u->directories, name, len))
        note_directory(&u->directories, name, len);
    while (len > 0 && !is_known(u, hash_of(name, len))) {
        len = directory_len(name, len);
        note_directory(&u->directories, name, len);
    }
}

void unsynced_forget_directories(struct unsynced *u)
{
    u->known_count = 0;
}

enum status unsynced_note_remove(struct unsynced *u, const char *name, struct error *err)
{
    note_parents(u, name);
    enum status status = builder_status(&u->files, "names to sync", err);
    if (status != STATUS_OK)
        return status;
    return builder_status(&u->directories, "directories to sync", err);
}

enum status unsynced_note_file(struct unsynced *u, const char *name, struct error *err)
{
    note(&u->files, name, strlen(name));
    return unsynced_note_remove(u, name, err);
}

static enum status sync_files(const struct builder *list, int fd, struct error *err)
{
    struct reader r;
    struct bytes name;
    reader_init(&r, builder_view(list));
    while (reader_until(&r, '\0', &name)) {
        /* Removed since: its directory is fsynced, and that is all there is to say. */
        enum status status = directory_sync(fd, (const char *)name.data, err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Pointers to the names of a list, sorted, so that each directory is fsynced once. The caller frees. */
static const char **sorted_names(const struct builder *list, size_t *count)
{
    struct reader r;
    struct bytes name;
    *count = 0;
    for (reader_init(&r, builder_view(list)); reader_until(&r, '\0', &name);)
        ++*count;
    const char **names = malloc((*count + 1) * sizeof *names);
    if (names == NULL)
        return NULL;
    size_t i = 0;
    for (reader_init(&r, builder_view(list)); reader_until(&r, '\0', &name);)
        names[i++] = (const char *)name.data;
    qsort(names, *count, sizeof *names, compare_names);
    return names;
}

/* ---- many files at once ---- */

static unsigned take_number(const char **at)
{
    unsigned value = 0;
    for (; **at >= '0' && **at <= '9' && value < 1000; ++*at)
        value = value * 10 + (unsigned)(**at - '0');
    return value;
}

/* Before 5.8 Linux did not say when syncfs lost data. */
static bool has_honest_syncfs(void)
{
    struct utsname system;
    if (uname(&system) != 0 || strcmp(system.sysname, "Linux") != 0)
        return false;
    const char *at = system.release; /* "6.1.0-13-amd64" */
    unsigned major = take_number(&at);
    unsigned minor = *at++ == '.' ? take_number(&at) : 0;
    return major > 5 || (major == 5 && minor >= 8);
}

/* Whether all directories are on the file system of fd: another one may be mounted below. */
static bool is_one_file_system(const char *const *directories, size_t count, int fd)
{
    struct stat root, info;
    if (fstat(fd, &root) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (fstatat(fd, directories[i], &info, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno != ENOENT && errno != ENOTDIR)
                return false;
        } else if (info.st_dev != root.st_dev) {
            return false;
        }
    }
    return true;
}

static enum status sync_directories(const char *const *names, size_t count, int fd, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i > 0 && strcmp(names[i - 1], names[i]) == 0)
            continue;
        status = directory_sync(fd, names[i], err);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK; /* removed since: its parent is in the list */
    }
    return status;
}

static enum status sync_one_by_one(const struct unsynced *u, const char *const *directories,
                                   size_t count, int fd, struct error *err)
{
    enum status status = sync_files(&u->files, fd, err);
    return status == STATUS_OK ? sync_directories(directories, count, fd, err) : status;
}

enum status unsynced_sync(struct unsynced *u, int fd, struct error *err)
{
    size_t count;
    const char **directories = sorted_names(&u->directories, &count);
    if (directories == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory to sync %zu directories", count);
    enum status status;
    /* A thousand files: one after the other takes seconds on a busy disk, together milliseconds. */
    if (u->files.len >= UNSYNCED_TOGETHER_BYTES && has_honest_syncfs() &&
        is_one_file_system(directories, count, fd))
        status = syncfs(fd) == 0 ? STATUS_OK : directory_error(err, "cannot sync", "the file system");
    else
        status = sync_one_by_one(u, directories, count, fd, err);
    free(directories);
    if (status != STATUS_OK)
        return status;
    builder_reset(&u->files);
    builder_reset(&u->directories);
    return STATUS_OK;
}
