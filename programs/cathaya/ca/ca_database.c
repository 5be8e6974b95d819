#include "ca/ca_database.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca/ca_directory_files.h"
#include "ca/ca_logs.h"

#define OLD_FOLDER "subject-keys"
/* Keys were named "ab/cdef...", by the first byte of a hash. */
#define FOLDER_COUNT 256
/* An SPKI of any algorithm that a CSR may have. */
#define KEY_SIZE_MAX (1u << 16)
/* Descriptors that nftw may hold: the depth of the folder and more. */
#define WALK_DEPTH 8

/* ---- the older way: one file a key ---- */

struct move {
    struct object_store from, to;
    struct builder key;
};

static enum status move_key(void *context, const char *name, struct error *err)
{
    struct move *m = context;
    builder_reset(&m->key);
    enum status s = m->from.get(m->from.context, name, &m->key, err);
    return s == STATUS_OK ? m->to.put(m->to.context, name, builder_view(&m->key), err) : s;
}

static enum status move_keys(struct sqlite_ca_store *database, struct posix_object_store *old, struct error *err)
{
    struct move m = {.from = posix_object_store_port(old), .to = sqlite_ca_store_subject_keys(database)};
    enum status s = STATUS_OK;
    builder_init(&m.key, KEY_SIZE_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < FOLDER_COUNT; i++) {
        char prefix[8];
        (void)snprintf(prefix, sizeof prefix, "%02x/", i);
        s = m.from.list(m.from.context, prefix, move_key, &m, err);
    }
    if (s == STATUS_OK)
        s = m.to.sync(m.to.context, err);
    builder_clear(&m.key);
    return s;
}

static int remove_one(const char *name, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(name);
}

/* A crash in between leaves files that the next writer moves once more. */
static enum status migrate(struct sqlite_ca_store *database, const char *folder, struct error *err)
{
    struct posix_object_store *old = NULL;
    enum status s = posix_object_store_open(folder, POSIX_PRIVATE, false, &old, err);
    if (s == STATUS_OK)
        s = move_keys(database, old, err);
    posix_object_store_close(old);
    if (s == STATUS_OK && nftw(folder, remove_one, WALK_DEPTH, FTW_DEPTH | FTW_PHYS) != 0)
        s = error_set(err, STATUS_IO, "%s: its keys are in ca.db, but it cannot be removed: %s", folder, strerror(errno));
    return s;
}

/* ---- open ---- */

static enum status missing(const struct ca_directory *dir, bool has_old, struct error *err)
{
    if (has_old)
        return error_set(err, STATUS_REFUSED, "%s: of an older layout: a command that writes, such as `cathaya ca fsck`, "
                                              "brings it up to date", dir->path);
    return error_set(err, STATUS_REFUSED, "%s/ca.db is missing: restore it from a backup, then run fsck", dir->path);
}

static bool is_current(const struct ca_directory *dir)
{
    uint16_t current;
    return ca_logs_current(dir, &current, NULL) == STATUS_OK && current == dir->log_number;
}

enum status ca_database_open(struct ca_directory *dir, bool is_read_only, bool may_create,
                             struct error *err)
{
    char path[CA_DIRECTORY_PATH_MAX], folder[CA_DIRECTORY_PATH_MAX];
    if (!ca_directory_path(dir, "ca.db", path) || !ca_directory_path(dir, OLD_FOLDER, folder))
        return error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    bool has_old = access(folder, F_OK) == 0;
    bool is_writer = !is_read_only && (may_create || is_current(dir));
    enum sqlite_access how = !is_writer              ? SQLITE_FOR_READING
                             : may_create || has_old ? SQLITE_MAY_CREATE
                                                     : SQLITE_FOR_WRITING;
    enum status s = sqlite_ca_store_open(path, how, &dir->database, err);
    if (s == STATUS_NOT_FOUND)
        return missing(dir, has_old, err);
    if (s == STATUS_OK && has_old && !is_writer)
        return missing(dir, true, err);
    return s == STATUS_OK && has_old ? migrate(dir->database, folder, err) : s;
}
