#include "ca/ca_backup_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ca_directory.h"
#include "input.h"
#include "log_engine/log_record.h"
#include "tree_copy.h"

/* A record is far below. */
#define RECORD_READ_MAX 65536
/* "checkpoint", "record", "staged" and a log's number around them. */
#define HEAD_NAME_MAX 64
/* The clock of files moves on every 1 to 10 ms; a log that publishes at every tick of it is not waited
 * for for ever. */
#define TICK_NS 2000000
#define TICKS_MAX 500

/* ---- which files ---- */

/* The part of "log/12/record" behind the number; NULL when the name is not below such a folder. */
static const char *in_log(const char *name, const char *folder)
{
    size_t len = strlen(folder);
    if (strncmp(name, folder, len) != 0 || name[len] != '/')
        return NULL;
    const char *rest = name + len + 1;
    rest += strspn(rest, "0123456789");
    return *rest == '/' ? rest + 1 : NULL;
}

static bool is_head(const char *name)
{
    const char *log = in_log(name, "log"), *public = in_log(name, "public");
    return (log != NULL && (strcmp(log, "record") == 0 || strncmp(log, "staged", 6) == 0)) ||
           (public != NULL && strcmp(public, "checkpoint") == 0);
}

/* What a CA is made of. Nothing else is copied: beside it may stand a service's secrets and databases, which
 * have a way of their own, as ca.db has. */
static bool is_part_of_ca(const char *name, bool with_keys)
{
    static const char *const parts[] = {"ca.conf", "ca.pem", "policy.txt", "run.conf", "log", "public", "evidence",
                                        "subject-keys"};
    static const char policy[] = ".policy"; /* mirrors */
    size_t len = strcspn(name, "/"), end = sizeof policy - 1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (len == strlen(parts[i]) && strncmp(name, parts[i], len) == 0)
            return true;
    if (name[len] == '\0' && len > end && strcmp(name + len - end, policy) == 0)
        return true;
    return with_keys && len == 4 && strncmp(name, "keys", 4) == 0;
}

static bool is_rest(const char *name, bool with_keys)
{
    const char *log = in_log(name, "log");
    if (strchr(name, '~') != NULL || is_head(name) || (log != NULL && strcmp(log, "lock") == 0))
        return false;
    return is_part_of_ca(name, with_keys);
}

static bool is_staged(const char *name, bool with_keys)
{
    (void)with_keys;
    const char *log = in_log(name, "log");
    return strchr(name, '~') == NULL &&
           (strcmp(name, "log") == 0 || (strncmp(name, "log/", 4) == 0 && strchr(name + 4, '/') == NULL) ||
            (log != NULL && strncmp(log, "staged", 6) == 0));
}

enum status ca_backup_copy_rest(const char *from, const char *to, bool with_keys,
                                const struct timespec *moment, struct error *err)
{
    const struct tree_copy_selection rest = {.is_wanted = is_rest, .with_keys = with_keys, .moment = moment};
    return tree_copy_run(from, to, &rest, err);
}

static enum status copy_one(const char *from, const char *to, const char *folder, unsigned number,
                            const char *name, struct error *err)
{
    char source[CA_DIRECTORY_PATH_MAX + HEAD_NAME_MAX], copy[CA_DIRECTORY_PATH_MAX + HEAD_NAME_MAX];
    (void)snprintf(source, sizeof source, "%s/%s/%u/%s", from, folder, number, name);
    (void)snprintf(copy, sizeof copy, "%s/%s/%u/%s", to, folder, number, name);
    /* Always anew: a record that is swapped twice within a tick of the clock has the same size and time. */
    (void)unlink(copy);
    return access(source, F_OK) == 0 ? tree_copy_file(source, copy, err) : STATUS_OK;
}

static bool has_log(const char *path, unsigned number)
{
    char name[CA_DIRECTORY_PATH_MAX + HEAD_NAME_MAX];
    (void)snprintf(name, sizeof name, "%s/log/%u", path, number);
    return access(name, F_OK) == 0;
}

/* Whether every checkpoint in the copy was written before the moment. */
static bool are_checkpoints_before(const char *to, struct timespec moment)
{
    for (unsigned n = 1; n <= UINT16_MAX && has_log(to, n); n++) {
        char name[CA_DIRECTORY_PATH_MAX + HEAD_NAME_MAX];
        struct stat info;
        (void)snprintf(name, sizeof name, "%s/public/%u/checkpoint", to, n);
        if (stat(name, &info) == 0 && !tree_copy_is_before(info.st_mtim, moment))
            return false;
    }
    return true;
}

static enum status copy_marks(const char *from, const char *to, struct error *err)
{
    enum status s = STATUS_OK;
    /* A log that was founded since the first look comes with the next backup. */
    for (unsigned n = 1; s == STATUS_OK && n <= UINT16_MAX && has_log(to, n); n++) {
        s = copy_one(from, to, "public", n, "checkpoint", err);
        if (s == STATUS_OK)
            s = copy_one(from, to, "log", n, "record", err);
    }
    return s;
}

/* The batch that a log's record says is settled; 0 for a record that cannot be read, which is verify's matter. */
static uint64_t settled_batch(const char *path, unsigned number)
{
    char name[CA_DIRECTORY_PATH_MAX + HEAD_NAME_MAX];
    struct builder text;
    struct log_record record;
    struct error err;
    (void)snprintf(name, sizeof name, "%s/log/%u/record", path, number);
    builder_init(&text, RECORD_READ_MAX);
    bool is_read = access(name, F_OK) == 0 && input_read(name, RECORD_READ_MAX, &text, &err) == STATUS_OK &&
                   log_record_parse(builder_view(&text), &record, &err) == STATUS_OK;
    builder_clear(&text);
    return is_read ? record.settled_batch : 0;
}

/* Whether a log has settled since its record was copied: staged batches that the copy needs may be gone then. */
static bool has_settled(const char *from, const char *to)
{
    for (unsigned n = 1; n <= UINT16_MAX && has_log(to, n); n++)
        if (settled_batch(from, n) != settled_batch(to, n))
            return true;
    return false;
}

enum status ca_backup_copy_heads(const char *from, const char *to, struct timespec *moment,
                                 struct error *err)
{
    const struct timespec tick = {.tv_nsec = TICK_NS};
    const struct tree_copy_selection staged = {.is_wanted = is_staged};
    enum status s = STATUS_OK;
    bool is_good = false;
    for (int i = 0; s == STATUS_OK && !is_good && i < TICKS_MAX; i++) {
        if (i > 0)
            (void)nanosleep(&tick, NULL);
        (void)clock_gettime(CLOCK_REALTIME_COARSE, moment);
        s = copy_marks(from, to, err);
        /* A tile that is written after the checkpoint has its time, when both are of one tick. */
        if (s != STATUS_OK || !are_checkpoints_before(to, *moment))
            continue;
        s = tree_copy_run(from, to, &staged, err);
        is_good = s == STATUS_OK && !has_settled(from, to);
    }
    return s == STATUS_OK && !is_good ? error_set(err, STATUS_AGAIN, "the log is written faster than it can be copied") : s;
}
