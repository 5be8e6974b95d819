#include "ca_run/run_backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/sqlite/sqlite_backup.h"
#include "ca/ca_backup.h"
#include "ca_run/run_config.h"
#include "classic/classic_directory.h"
#include "input.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)

static enum status join(const char *directory, const char *name, char out[RUN_PATH_MAX], struct error *err)
{
    if (snprintf(out, RUN_PATH_MAX, "%s/%s", directory, name) < RUN_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", directory);
}

static enum status make_empty(const char *path, struct error *err)
{
    size_t count = 0;
    if (mkdir(path, 0700) == 0)
        return STATUS_OK;
    DIR *d = errno == EEXIST ? opendir(path) : NULL;
    if (d == NULL)
        return error_set(err, STATUS_USAGE, "%s: %s", path, strerror(errno));
    while (readdir(d) != NULL)
        count++;
    (void)closedir(d);
    return count <= 2 ? STATUS_OK : error_set(err, STATUS_USAGE, "%s: not empty; a backup wants a directory of its own", path);
}

/* A file that is replaced as a whole, never written to. */
static enum status copy_file(const char *from, const char *to, const char *name, mode_t mode, struct error *err)
{
    char source[RUN_PATH_MAX], target[RUN_PATH_MAX];
    struct builder content;
    builder_init(&content, FILE_MAX);
    enum status s = join(from, name, source, err);
    if (s == STATUS_OK)
        s = join(to, name, target, err);
    if (s == STATUS_OK)
        s = input_read(source, FILE_MAX, &content, err);
    if (s == STATUS_OK)
        s = input_write_file(target, builder_view(&content), mode, err);
    builder_clear(&content);
    return s;
}

/* A key that is elsewhere (in a signer) is not here to be copied. */
static enum status copy_issuing_key(const char *from, const char *to, struct error *err)
{
    char path[RUN_PATH_MAX];
    struct classic_directory directory = {.store = NULL};
    enum status s = classic_directory_read(&directory, from, err);
    bool is_here = directory.settings.key[0] == '\0';
    classic_directory_close(&directory);
    if (s == STATUS_OK && is_here)
        s = join(to, "keys", path, err);
    if (s == STATUS_OK && is_here)
        s = make_empty(path, err);
    return s == STATUS_OK && is_here ? copy_file(from, to, "keys/issuing.pem", 0600, err) : s;
}

static enum status copy_classic(const struct run_classic *classic, const char *out, bool with_keys, struct error *err)
{
    static const char *const files[] = {"classic.conf", "root.pem", "issuing.pem", "public/root.cer", "public/issuing.cer", "public/root.crl"};
    char target[RUN_PATH_MAX], path[RUN_PATH_MAX], database[RUN_PATH_MAX];
    enum status s = join(out, classic->name, target, err);
    if (s == STATUS_OK)
        s = make_empty(target, err);
    if (s == STATUS_OK)
        s = join(target, "public", path, err);
    if (s == STATUS_OK)
        s = make_empty(path, err);
    for (size_t i = 0; s == STATUS_OK && i < sizeof files / sizeof files[0]; i++)
        s = copy_file(classic->directory, target, files[i], 0644, err);
    if (s == STATUS_OK && with_keys)
        s = copy_issuing_key(classic->directory, target, err);
    if (s == STATUS_OK)
        s = join(classic->directory, "ca.db", database, err);
    if (s == STATUS_OK)
        s = join(target, "ca.db", path, err);
    return s == STATUS_OK ? sqlite_backup_copy(database, path, err) : s;
}

static enum status copy_all(const struct run_config *config, const char *out, bool with_keys, struct algorithms *algorithms,
                            struct error *err)
{
    char path[RUN_PATH_MAX];
    enum status s = make_empty(out, err);
    if (s == STATUS_OK)
        s = join(out, "acme.db", path, err);
    if (s == STATUS_OK)
        s = sqlite_backup_copy(config->database, path, err);
    for (size_t i = 0; s == STATUS_OK && i < config->ca_count; i++) {
        const struct ca_backup_request request = {.path = config->cas[i].directory, .out = path, .with_keys = with_keys};
        s = join(out, config->cas[i].name, path, err);
        if (s == STATUS_OK && (s = ca_backup_run(&request, algorithms, err)) != STATUS_OK)
            (void)error_prefix(err, s, "ca \"%s\"", config->cas[i].name);
    }
    for (size_t i = 0; s == STATUS_OK && i < config->classic_count; i++)
        s = copy_classic(&config->classics[i], out, with_keys, err);
    return s;
}

enum status run_backup(const char *config_path, const char *out, bool with_keys, struct algorithms *algorithms, struct error *err)
{
    struct run_config *config = NULL;
    enum status s = run_config_read(config_path, &config, err);
    if (s == STATUS_OK)
        s = copy_all(config, out, with_keys, algorithms, err);
    run_config_free(config);
    return s;
}
