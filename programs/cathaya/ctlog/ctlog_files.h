/* ctlog_files.h - the files of one log: its record, with the lock, and its two stores.
 *
 *   DIR/TITLE/private/   record, lock, staged/, roots...                 ; the log's own
 *   DIR/TITLE/public/    checkpoint, tile/..., issuer/..., log.v3.json   ; served
 *   DIR/TITLE/index.db   can be made again
 *   DIR/TITLE/evidence/  what proves that a witness has signed two views
 */
#ifndef CATHAYA_PROGRAM_CTLOG_CTLOG_FILES_H
#define CATHAYA_PROGRAM_CTLOG_CTLOG_FILES_H

#include "ctlog/ctlog_config.h"

/* Zeroed at first. */
struct ctlog_files {
    struct posix_record_store *record;
    struct posix_object_store *private, *public;
};

/* ctlog_files_path is DIR/TITLE, or DIR/TITLE/name when name is not "". */
MUST_USE enum status ctlog_files_path(const struct ctlog_config *config, const struct ctlog_config_log *log, const char *name,
                                      char out[CTLOG_PATH_MAX], struct error *err);

/* ctlog_files_open makes what is not there when may_create, and takes the lock: STATUS_CONFLICT when another process has it.
 * ctlog_files_close follows also after a failure. */
MUST_USE enum status ctlog_files_open(struct ctlog_files *files, const struct ctlog_config *config,
                                      const struct ctlog_config_log *log, bool may_create, struct error *err);
void ctlog_files_close(struct ctlog_files *files);

/* ctlog_files_set makes the stores those of an engine; they are borrowed. */
void ctlog_files_set(const struct ctlog_files *files, struct log_config *engine);

#endif
