#include "ca/ca_logs.h"

#include <stdio.h>
#include <unistd.h>

#include "ca/ca_directory_files.h"

/* What the numbers say: current is 0 when no log has a record; next is the first number without record
 * or mark. */
struct ca_logs {
    uint16_t current, next;
};

static bool has_file(const struct ca_directory *dir, const char *folder, unsigned number,
                     const char *file)
{
    char name[48], path[CA_DIRECTORY_PATH_MAX];
    (void)snprintf(name, sizeof name, "%s/%u/%s", folder, number, file);
    return ca_directory_path(dir, name, path) && access(path, F_OK) == 0;
}

static struct ca_logs scan(const struct ca_directory *dir)
{
    struct ca_logs logs = {0, 1};
    for (; logs.next < UINT16_MAX; logs.next++) {
        if (has_file(dir, "log", logs.next, "record"))
            logs.current = logs.next;
        else if (!has_file(dir, "log", logs.next, "lost"))
            break;
    }
    return logs;
}

/* An empty directory is what an interrupted rotation leaves; a checkpoint is what a log leaves. */
static bool has_lost_record(const struct ca_directory *dir, struct ca_logs logs)
{
    return has_file(dir, "public", logs.next, "checkpoint");
}

static enum status record_is_lost(const struct ca_directory *dir, struct ca_logs logs, struct error *err)
{
    return error_set(err, STATUS_REFUSED,
                     "%s: log/%u/record is missing, and without it nobody knows what log %u has signed: restore "
                     "the newest, never an older one; if it is lost, `cathaya ca log rotate --record-lost`",
                     dir->path, logs.next, logs.next);
}

enum status ca_logs_current(const struct ca_directory *dir, uint16_t *log_number, struct error *err)
{
    struct ca_logs logs = scan(dir);
    if (logs.current == 0 || has_lost_record(dir, logs))
        return record_is_lost(dir, logs, err);
    *log_number = logs.current;
    return STATUS_OK;
}

/* Only the record is needed: whatever else of the log is damaged is the reason for rotating. */
static enum status close_log(struct ca_directory *dir, uint16_t log_number, struct error *err)
{
    struct log_config config = {.hash = dir->config.draft->hash};
    char name[32], path[CA_DIRECTORY_PATH_MAX];
    (void)snprintf(name, sizeof name, "log/%u", log_number);
    enum status s = tai_log_id(&dir->config.id, log_number, &config.log_id, err);
    if (s == STATUS_OK && !ca_directory_path(dir, name, path))
        s = error_set(err, STATUS_USAGE, "%s: path too long", dir->path);
    if (s == STATUS_OK)
        s = posix_record_store_open(path, false, &dir->record, err);
    if (s != STATUS_OK)
        return s;
    config.record = posix_record_store_port(dir->record);
    s = log_close_for_good(&config, err);
    posix_record_store_close(dir->record);
    dir->record = NULL;
    return s;
}

/* Marks a log whose record is lost, so that its number is never used again. */
static enum status give_up(struct ca_directory *dir, struct ca_logs logs, struct error *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, "log/%u/lost", logs.next);
    if (!has_lost_record(dir, logs))
        return error_set(err, STATUS_USAGE, "%s: no log here has lost its record", dir->path);
    return ca_directory_put(dir, name, bytes_of_text("The record of this log is lost. It is closed for good.\n"), err);
}

static enum status rotate(struct ca_directory *dir, bool is_record_lost, uint16_t *log_number,
                          struct error *err)
{
    struct ca_logs logs = scan(dir);
    enum status s = is_record_lost ? give_up(dir, logs, err) : ca_logs_current(dir, &logs.current, err);
    if (s != STATUS_OK)
        return s;
    logs = scan(dir);
    *log_number = logs.next;
    if (logs.next > dir->ca.max_serial >> 48)
        return error_set(err, STATUS_REFUSED,
                         "log %u is the last one in the serial window of ca.pem: a new CA is needed", logs.next - 1U);
    if (logs.current != 0)
        s = close_log(dir, logs.current, err);
    return s == STATUS_OK ? ca_directory_found_log(dir, logs.next, err) : s;
}

enum status ca_logs_rotate(const char *path, bool is_record_lost, struct algorithms *algorithms,
                           uint16_t *log_number, struct error *err)
{
    struct ca_directory dir;
    enum status s = ca_directory_open_base(&dir, path, false, algorithms, err);
    if (s == STATUS_OK)
        s = rotate(&dir, is_record_lost, log_number, err);
    enum status closed = ca_directory_close(&dir, s == STATUS_OK ? err : NULL);
    return s == STATUS_OK ? closed : s;
}
