#include "ctlog/ctlog_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"

static enum status make_directory(const char *path, struct error *err)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

enum status ctlog_files_path(const struct ctlog_config *config, const struct ctlog_config_log *log, const char *name,
                             char out[CTLOG_PATH_MAX], struct error *err)
{
    const char *slash = name[0] != '\0' ? "/" : "";
    if (snprintf(out, CTLOG_PATH_MAX, "%s/%s%s%s", config->directory, log->title, slash, name) < CTLOG_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", config->directory);
}

enum status ctlog_files_open(struct ctlog_files *files, const struct ctlog_config *config, const struct ctlog_config_log *log,
                             bool may_create, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    enum status s = ctlog_files_path(config, log, "", path, err);
    if (s == STATUS_OK && may_create)
        s = make_directory(path, err);
    if (s == STATUS_OK)
        s = ctlog_files_path(config, log, "private", path, err);
    if (s == STATUS_OK)
        s = posix_record_store_open(path, may_create, &files->record, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(path, POSIX_PRIVATE, may_create, &files->private, err);
    if (s == STATUS_OK)
        s = ctlog_files_path(config, log, "public", path, err);
    return s == STATUS_OK ? posix_object_store_open(path, POSIX_PUBLIC, may_create, &files->public, err) : s;
}

void ctlog_files_close(struct ctlog_files *files)
{
    posix_object_store_close(files->private);
    posix_object_store_close(files->public);
    posix_record_store_close(files->record);
    *files = (struct ctlog_files){.record = NULL};
}

void ctlog_files_set(const struct ctlog_files *files, struct log_config *engine)
{
    engine->public_store = posix_object_store_port(files->public);
    engine->private_store = posix_object_store_port(files->private);
    engine->record = posix_record_store_port(files->record);
}
