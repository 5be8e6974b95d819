#include "registry/registry_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "input.h"
#include "base/text.h"
#include "registry/registry_edit.h"

/* A change while it is written, and when it is whole. */
#define CHANGE_FOLDER ".change"
#define WHOLE_FOLDER ".change-whole"
#define POLICY_FOLDER "policies"
/* Commands take milliseconds to move their files; people do not give so many in a row. */
#define LOADS_MAX 32

struct held_file {
    char *name;
    struct builder content;
    bool is_changed;
};

struct registry_directory {
    char path[PATH_MAX];
    const struct algorithms *algorithms;
    int lock; /* -1: only read */
    struct held_file *files;
    size_t file_count;
    struct registry *registry;
};

static enum status cannot(struct error *err, const char *path, const char *what)
{
    return error_set(err, errno == ENOENT || errno == ENOTDIR ? STATUS_USAGE : STATUS_IO, "%s: cannot %s: %s", path, what,
                     strerror(errno));
}

/* "PATH/name", or false when that is too long. */
static bool join(char *out, const char *path, const char *name)
{
    return snprintf(out, PATH_MAX, "%s/%s", path, name) < PATH_MAX;
}

/* ---- files in memory ---- */

static struct held_file *find(const struct registry_directory *d, const char *name)
{
    for (size_t i = 0; i < d->file_count; i++)
        if (strcmp(d->files[i].name, name) == 0)
            return &d->files[i];
    return NULL;
}

static struct held_file *hold(struct registry_directory *d, const char *name, struct error *err)
{
    struct held_file *grown = d->file_count < REGISTRY_FILES_MAX ? reallocarray(d->files, d->file_count + 1, sizeof *grown) : NULL;
    char *copy = grown != NULL ? text_dup(bytes_of_text(name)) : NULL;
    if (grown != NULL)
        d->files = grown;
    if (copy == NULL) {
        error_set(err, STATUS_LIMIT, "more than %d files, or out of memory", REGISTRY_FILES_MAX);
        return NULL;
    }
    struct held_file *file = &d->files[d->file_count++];
    *file = (struct held_file){.name = copy};
    builder_init(&file->content, REGISTRY_FILE_SIZE_MAX);
    return file;
}

static enum status load(struct registry_directory *d, const char *name, struct error *err)
{
    char path[PATH_MAX];
    struct stat status;
    struct held_file *file = hold(d, name, err);
    if (file == NULL || !join(path, d->path, name))
        return error_set(err, STATUS_LIMIT, "%s: too many files, or the path is too long", name);
    /* A pipe would be waited for; a link to a file is one. */
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(err, STATUS_USAGE, "%s: no file", path);
    return input_read(path, REGISTRY_FILE_SIZE_MAX, &file->content, err);
}

/* ---- reading a folder ---- */

static bool is_left_alone(const char *name)
{
    size_t len = strlen(name);
    return name[0] == '.' || (len > 3 && strcmp(name + len - 3, ".md") == 0) || (len > 1 && name[len - 1] == '~');
}

static enum status load_folder(struct registry_directory *d, const char *folder, struct error *err)
{
    char path[PATH_MAX], name[NAME_MAX + REGISTRY_ID_MAX];
    enum status s = STATUS_OK;
    if (!join(path, d->path, folder))
        return error_set(err, STATUS_LIMIT, "%s: the path is too long", d->path);
    DIR *stream = opendir(path);
    if (stream == NULL)
        return errno == ENOENT ? STATUS_OK : cannot(err, path, "read");
    for (const struct dirent *entry; s == STATUS_OK && (entry = readdir(stream)) != NULL;) {
        if (is_left_alone(entry->d_name))
            continue;
        if (snprintf(name, sizeof name, "%s/%s", folder, entry->d_name) >= (int)sizeof name ||
            !registry_has_file(bytes_of_text(name)))
            s = error_set(err, STATUS_USAGE, "%s/%s: no file of a registry has this name", path, entry->d_name);
        else
            s = load(d, name, err);
    }
    closedir(stream);
    return s;
}

static void drop_files(struct registry_directory *d)
{
    for (size_t i = 0; i < d->file_count; i++) {
        free(d->files[i].name);
        builder_clear(&d->files[i].content);
    }
    free(d->files);
    d->files = NULL;
    d->file_count = 0;
}

static enum status load_once(struct registry_directory *d, struct error *err)
{
    enum status s = load(d, "registry.conf", err);
    if (s == STATUS_OK)
        s = load_folder(d, POLICY_FOLDER, err);
    for (unsigned kind = REGISTRY_OPERATOR; s == STATUS_OK && kind < REGISTRY_KINDS; kind++)
        s = load_folder(d, registry_kind_folder((enum registry_kind)kind), err);
    return s;
}

static bool has_whole_change(const struct registry_directory *d)
{
    char path[PATH_MAX];
    struct stat status;
    return join(path, d->path, WHOLE_FOLDER) && lstat(path, &status) == 0;
}

/* A change makes and removes a folder in the registry's own, which has another time then. */
static struct timespec time_of(const struct registry_directory *d)
{
    struct stat status;
    return stat(d->path, &status) == 0 ? status.st_mtim : (struct timespec){0};
}

/* A reader whose files were moved under him reads them again. */
static enum status load_all(struct registry_directory *d, struct error *err)
{
    for (unsigned i = 0; i < LOADS_MAX; i++) {
        struct timespec before = time_of(d);
        enum status s = load_once(d, err);
        struct timespec after = time_of(d);
        bool is_moved = before.tv_sec != after.tv_sec || before.tv_nsec != after.tv_nsec || has_whole_change(d);
        if (!is_moved || d->lock >= 0)
            return s;
        drop_files(d);
    }
    return error_set(err, STATUS_AGAIN, "%s: it changes all the time", d->path);
}

enum status registry_directory_check(struct registry_directory *d, struct error *err)
{
    struct registry_file *files = calloc(d->file_count + 1, sizeof *files);
    struct registry *registry = NULL;
    if (files == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < d->file_count; i++)
        files[i] = (struct registry_file){bytes_of_text(d->files[i].name), builder_view(&d->files[i].content)};
    enum status s = registry_read(files, d->file_count, d->algorithms, &registry, err);
    free(files);
    if (s != STATUS_OK)
        return s;
    registry_free(d->registry);
    d->registry = registry;
    return STATUS_OK;
}

/* ---- a change on disk ---- */

static enum status move_file(const char *path, const char *folder, const char *name, struct error *err)
{
    char flat[REGISTRY_ID_MAX + 64], from[PATH_MAX + 128], to[PATH_MAX];
    snprintf(flat, sizeof flat, "%.*s", (int)sizeof flat - 1, name);
    /* In the folder of a change a file's place is written with ":" for "/". */
    for (char *c = flat; *c != '\0'; c++)
        *c = *c == ':' ? '/' : *c;
    /* A registry may have come from somebody else, with a folder that no command has made: nothing leaves the registry by it. */
    if (!registry_has_file(bytes_of_text(flat)))
        return error_set(err, STATUS_USAGE, "%s/%s: no change of a command has \"%s\": remove that folder", path, folder, name);
    if (snprintf(from, sizeof from, "%s/%s/%s", path, folder, name) >= (int)sizeof from || !join(to, path, flat))
        return error_set(err, STATUS_LIMIT, "%s: the path is too long", path);
    char *slash = strrchr(to, '/');
    *slash = '\0';
    if (mkdir(to, 0755) != 0 && errno != EEXIST)
        return cannot(err, to, "make");
    *slash = '/';
    return rename(from, to) == 0 ? STATUS_OK : cannot(err, to, "write");
}

/* The folder of a change; NULL when there is none (errno ENOENT), or it is a link: then what is in it is somebody else's. */
static DIR *open_change(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = folder >= 0 ? fdopendir(folder) : NULL;
    if (folder >= 0 && stream == NULL)
        (void)close(folder);
    return stream;
}

/* Moves all files of a folder into place, or away; the folder goes too. */
static enum status empty_folder(const char *path, const char *folder, bool is_moved, struct error *err)
{
    char whole[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
    enum status s = STATUS_OK;
    if (!join(whole, path, folder))
        return error_set(err, STATUS_LIMIT, "%s: the path is too long", path);
    DIR *stream = open_change(whole);
    if (stream == NULL)
        return errno == ENOENT ? STATUS_OK : cannot(err, whole, "read");
    for (const struct dirent *entry; s == STATUS_OK && (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", whole, entry->d_name);
        if (is_moved)
            s = move_file(path, folder, entry->d_name, err);
        else if (unlink(file) != 0)
            s = cannot(err, file, "remove");
    }
    closedir(stream);
    if (s == STATUS_OK && rmdir(whole) != 0)
        s = cannot(err, whole, "remove");
    return s;
}

/* What a change that was cut short has left: one that is whole is finished, another one is forgotten. */
static enum status recover(const char *path, struct error *err)
{
    enum status s = empty_folder(path, WHOLE_FOLDER, true, err);
    return s == STATUS_OK ? empty_folder(path, CHANGE_FOLDER, false, err) : s;
}

static enum status write_changed(const struct registry_directory *d, const char *folder, struct error *err)
{
    char path[PATH_MAX + NAME_MAX + 2], flat[REGISTRY_ID_MAX + 64];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < d->file_count; i++) {
        if (!d->files[i].is_changed)
            continue;
        snprintf(flat, sizeof flat, "%s", d->files[i].name);
        for (char *c = flat; *c != '\0'; c++)
            *c = *c == '/' ? ':' : *c;
        snprintf(path, sizeof path, "%s/%s", folder, flat);
        s = input_write_file(path, builder_view(&d->files[i].content), 0644, err);
    }
    return s;
}

enum status registry_directory_write(struct registry_directory *d, struct error *err)
{
    char change[PATH_MAX], whole[PATH_MAX];
    enum status s = registry_directory_check(d, err);
    if (s != STATUS_OK)
        return s;
    if (!join(change, d->path, CHANGE_FOLDER) || !join(whole, d->path, WHOLE_FOLDER))
        return error_set(err, STATUS_LIMIT, "%s: the path is too long", d->path);
    if (mkdir(change, 0755) != 0)
        return cannot(err, change, "make");
    s = write_changed(d, change, err);
    if (s != STATUS_OK) {
        (void)empty_folder(d->path, CHANGE_FOLDER, false, NULL);
        return s;
    }
    if (rename(change, whole) != 0)
        return cannot(err, whole, "make");
    s = recover(d->path, err);
    for (size_t i = 0; s == STATUS_OK && i < d->file_count; i++)
        d->files[i].is_changed = false;
    return s;
}

/* ---- changes in memory ---- */

const struct registry *registry_directory_registry(const struct registry_directory *d)
{
    return d->registry;
}

struct bytes registry_directory_text(const struct registry_directory *d, const char *name)
{
    const struct held_file *file = find(d, name);
    return file != NULL ? builder_view(&file->content) : bytes_of(NULL, 0);
}

enum status registry_directory_put(struct registry_directory *d, const char *name, struct bytes content, struct error *err)
{
    struct held_file *file = find(d, name);
    struct builder fresh;
    if (file == NULL)
        file = hold(d, name, err);
    if (file == NULL)
        return STATUS_LIMIT;
    builder_init(&fresh, REGISTRY_FILE_SIZE_MAX); /* content may be the file's own */
    builder_bytes(&fresh, content);
    builder_clear(&file->content);
    file->content = fresh;
    file->is_changed = true;
    return builder_status(&file->content, name, err);
}

static enum status put_edited(struct registry_directory *d, const char *name, enum status s, struct builder *edited, struct error *err)
{
    if (s == STATUS_OK)
        s = registry_directory_put(d, name, builder_view(edited), err);
    builder_clear(edited);
    return error_prefix(err, s, "%s", name);
}

enum status registry_directory_add(struct registry_directory *d, const char *name, const char *const *words, size_t count,
                                   struct error *err)
{
    struct builder edited;
    builder_init(&edited, REGISTRY_FILE_SIZE_MAX);
    return put_edited(d, name, registry_edit_add(registry_directory_text(d, name), words, count, &edited, err), &edited, err);
}

enum status registry_directory_set(struct registry_directory *d, const char *name, const char *const *words, size_t count,
                                   size_t key_count, struct error *err)
{
    struct builder edited;
    builder_init(&edited, REGISTRY_FILE_SIZE_MAX);
    return put_edited(d, name, registry_edit_set(registry_directory_text(d, name), words, count, key_count, &edited, err), &edited, err);
}

enum status registry_directory_remove(struct registry_directory *d, const char *name, const char *const *words, size_t count,
                                      struct error *err)
{
    struct builder edited;
    builder_init(&edited, REGISTRY_FILE_SIZE_MAX);
    return put_edited(d, name, registry_edit_remove(registry_directory_text(d, name), words, count, &edited, err), &edited, err);
}

/* ---- opening ---- */

static enum status lock(struct registry_directory *d, struct error *err)
{
    d->lock = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->lock < 0)
        return cannot(err, d->path, "open");
    if (flock(d->lock, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_CONFLICT, "%s: another command is changing it: try again when it has ended", d->path);
}

static void unlock(struct registry_directory *d)
{
    if (d->lock >= 0)
        (void)close(d->lock);
    d->lock = -1;
}

static enum status make(const char *path, const struct algorithms *algorithms, struct registry_directory **out, struct error *err)
{
    struct registry_directory *d = calloc(1, sizeof *d);
    *out = NULL;
    if (d == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    d->algorithms = algorithms;
    d->lock = -1;
    /* room for the longest name behind it */
    if (snprintf(d->path, sizeof d->path - NAME_MAX, "%s", path) >= (int)(sizeof d->path - NAME_MAX)) {
        free(d);
        return error_set(err, STATUS_USAGE, "%s: the path is too long", path);
    }
    *out = d;
    return STATUS_OK;
}

enum status registry_directory_open(const char *path, const struct algorithms *algorithms, bool is_for_change,
                                    struct registry_directory **out, struct error *err)
{
    enum status s = make(path, algorithms, out, err);
    if (s != STATUS_OK)
        return s;
    struct registry_directory *d = *out;
    /* A reader finishes a change too, when nobody is at it: half of it would be wrong. */
    if (is_for_change)
        s = lock(d, err);
    else if (has_whole_change(d) && lock(d, NULL) != STATUS_OK)
        unlock(d);
    if (s == STATUS_OK && d->lock >= 0)
        s = recover(d->path, err);
    if (s == STATUS_OK)
        s = load_all(d, err);
    if (!is_for_change)
        unlock(d);
    if (s == STATUS_OK)
        s = error_prefix(err, registry_directory_check(d, err), "%s", path);
    if (s == STATUS_OK)
        return STATUS_OK;
    registry_directory_close(d);
    *out = NULL;
    return s;
}

enum status registry_directory_new(const char *path, const struct algorithms *algorithms, struct registry_directory **out,
                                   struct error *err)
{
    char conf[PATH_MAX];
    struct stat status;
    enum status s = make(path, algorithms, out, err);
    if (s != STATUS_OK)
        return s;
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        s = cannot(err, path, "make");
    if (s == STATUS_OK)
        s = lock(*out, err);
    if (s == STATUS_OK)
        s = recover(path, err);
    if (s == STATUS_OK && join(conf, path, "registry.conf") && stat(conf, &status) == 0)
        s = error_set(err, STATUS_CONFLICT, "%s: there is a registry already", path);
    if (s == STATUS_OK)
        return STATUS_OK;
    registry_directory_close(*out);
    *out = NULL;
    return s;
}

void registry_directory_close(struct registry_directory *d)
{
    if (d == NULL)
        return;
    drop_files(d);
    registry_free(d->registry);
    unlock(d);
    free(d);
}
