/* ca_backup.h - a copy of a CA directory that opens, taken while it is in use.
 *
 * What is asked of the copy: every entry that its record has can be read, with its cosignatures and its
 * subject key, and its checkpoint is not ahead of its record. So the order is:
 *
 *   1. everything that takes long, so that little is left to do while the log goes on
 *   2. of each log the checkpoint, then the record, then the staged batches: the record is not behind the
 *      checkpoint, since a checkpoint is published after the record has it
 *      and again, if the log has settled meanwhile, which removes staged batches
 *   3. again everything else that is new, and older than step 2: tiles, batches and landmarks that the
 *      checkpoint needs are put before it, and what is put later may lie beyond the record
 *   4. the databases: a key is committed before the record has its entry, so they lack none
 *   5. the copy is opened; if step 3 came too late for a partial tile, again from step 2
 *
 * A file BACKUP is put beside: such a directory is for reading, and is refused for writing as long as it
 * is there (docs/operations.md: what was signed after the backup must not be signed again otherwise).
 */
#ifndef CATHAYA_PROGRAMS_CA_CA_BACKUP_H
#define CATHAYA_PROGRAMS_CA_CA_BACKUP_H

#include "ca/ca_directory.h"

#define CA_BACKUP_MARK "BACKUP"

/* A database goes to OUT/name. */
struct ca_backup_database {
    const char *path;
    const char *name;
};

struct ca_backup_request {
    const char *path; /* the CA directory */
    const char *out;  /* must not exist or be empty; made with mode 0700 */
    bool with_keys;
    const struct ca_backup_database *databases; /* beside ca.db */
    size_t database_count;
};

/* ca_backup_run makes the copy, durable and whole when it is there. STATUS_USAGE when out is no place for
 * it; STATUS_AGAIN when the log is written faster than it can be copied. */
MUST_USE enum status ca_backup_run(const struct ca_backup_request *request,
                                   struct algorithms *algorithms, struct error *err);

/* ca_backup_check_no_mark is STATUS_REFUSED, with what to do, for a directory that is a backup. */
MUST_USE enum status ca_backup_check_no_mark(const char *path, struct error *err);

#endif
