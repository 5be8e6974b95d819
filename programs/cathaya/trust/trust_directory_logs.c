#include "trust/trust_directory_logs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

static enum status join(char out[PATH_MAX], const char *folder, const char *name, struct error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return error_set(err, STATUS_USAGE, "%s: the path is too long", folder);
    return STATUS_OK;
}

static enum status read_trust_file(const char *path, struct builder *memory, struct trust_bundle *bundle, struct trust_file *out,
                                   struct error *err)
{
    struct trust_file file;
    builder_init(memory, TRUST_FILE_SIZE_MAX);
    enum status s = input_read(path, TRUST_FILE_SIZE_MAX, memory, err);
    if (s != STATUS_OK)
        return s;
    s = trust_file_parse(builder_view(memory), &file, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(file.contents, bundle, err);
    if (s == STATUS_OK)
        *out = file;
    return error_prefix(err, s, "%s", path);
}

static bool is_log_name(const char *name, struct tai *ca_id, uint16_t *number)
{
    struct tai id;
    return tai_parse_text(bytes_of_text(name), &id, NULL) == STATUS_OK && tai_split_log_id(&id, ca_id, number);
}

/* Serial numbers begin with the number of the log. */
static bool are_revoked_of(const struct trust_bundle *b, const struct tai *ca_id, uint16_t number)
{
    for (size_t i = 0; i < b->revoked.count; i++) {
        const struct trust_bundle_revoked *r = trust_bundle_revoked_at(b, i);
        if (!tai_equal(&r->ca_id, ca_id) || r->first >> 48 != number || r->last >> 48 != number)
            return false;
    }
    return true;
}

static bool is_of_one_log(const struct trust_bundle *b, const struct tai *ca_id, uint16_t number)
{
    return are_revoked_of(b, ca_id, number) && b->logs.count == 1 && b->anchors.count == 0 && b->cas.count == 0 && b->cosigners.count == 0 &&
           trust_bundle_log_at(b, 0)->log_number == number && tai_equal(&trust_bundle_log_at(b, 0)->ca_id, ca_id);
}

static enum status read_log(const char *path, const struct tai *ca_id, uint16_t number, struct trust_directory *d,
                            struct error *err)
{
    struct trust_directory_log *grown = reallocarray(d->logs, d->log_count + 1, sizeof *d->logs);
    if (grown == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    d->logs = grown;
    struct trust_directory_log *log = &grown[d->log_count++];
    *log = (struct trust_directory_log){.note = {NULL, 0}};
    trust_bundle_init(&log->bundle);
    struct trust_file file = {.note = {NULL, 0}};
    enum status s = read_trust_file(path, &log->memory, &log->bundle, &file, err);
    log->note = file.note;
    log->revocations = file.revocations;
    log->contents = file.contents;
    if (s == STATUS_OK && !is_of_one_log(&log->bundle, ca_id, number))
        s = error_set(err, STATUS_REFUSED, "%s: it is about another log than its name says", path);
    return s;
}

static enum status read_log_files(const char *folder, DIR *stream, struct trust_directory *d, struct error *err)
{
    const struct dirent *entry;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL) {
        char path[PATH_MAX];
        struct tai ca_id;
        uint16_t number;
        if (!is_log_name(entry->d_name, &ca_id, &number))
            continue;
        if (d->log_count == TRUST_BUNDLE_LOGS_MAX)
            return error_set(err, STATUS_LIMIT, "%s: more than %d logs", folder, TRUST_BUNDLE_LOGS_MAX);
        s = join(path, folder, entry->d_name, err);
        if (s == STATUS_OK)
            s = read_log(path, &ca_id, number, d, err);
    }
    if (s == STATUS_OK && errno != 0)
        s = error_set(err, STATUS_IO, "%s: cannot list: %s", folder, strerror(errno));
    return s;
}

static int compare_logs(const void *a, const void *b)
{
    const struct trust_bundle_log *x = trust_bundle_log_at(&((const struct trust_directory_log *)a)->bundle, 0);
    const struct trust_bundle_log *y = trust_bundle_log_at(&((const struct trust_directory_log *)b)->bundle, 0);
    int order = tai_compare(&x->ca_id, &y->ca_id);
    return order != 0 ? order : (int)x->log_number - (int)y->log_number;
}

enum status trust_directory_logs_read(const char *path, struct trust_directory *d, struct error *err)
{
    char folder[PATH_MAX];
    enum status s = join(folder, path, "logs", err);
    if (s != STATUS_OK)
        return s;
    DIR *stream = opendir(folder);
    if (stream == NULL && errno == ENOENT)
        return STATUS_OK;
    if (stream == NULL)
        return error_set(err, STATUS_IO, "%s: cannot list: %s", folder, strerror(errno));
    s = read_log_files(folder, stream, d, err);
    (void)closedir(stream);
    if (s == STATUS_OK && d->log_count > 1)
        qsort(d->logs, d->log_count, sizeof *d->logs, compare_logs);
    return s;
}
