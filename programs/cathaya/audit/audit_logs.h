/* audit_logs.h - which logs a command follows: out of log lists, and named one by one. */
#ifndef CATHAYA_PROGRAM_AUDIT_LOGS_H
#define CATHAYA_PROGRAM_AUDIT_LOGS_H

#include "codec/ct/log_list.h"
#include "options.h"
#include "service/log_follower/log_follower.h"

/* The public lists have some 100 logs. */
#define AUDIT_LOGS_MAX LOG_LIST_LOGS_MAX

struct posix_object_store;

/* One log; owned. What `followed` points to is here. */
struct audit_log {
    struct followed_log followed;
    char name[LOG_FOLLOWER_NAME_MAX + 1];
    char url[LOG_FOLLOWER_URL_MAX], submission_url[LOG_FOLLOWER_URL_MAX];
    const struct ct_suite *suite; /* NULL: mtc */
    uint8_t log_id[HASH_SIZE];    /* CT */
    struct public_key *key;
    struct trust_store *store; /* mtc */
    struct object_store source;
    struct posix_object_store *directory; /* behind source */
    struct log_list_log row; /* CT, for sct_check */
};

struct audit_logs {
    struct audit_log **items;
    size_t count;
    const char *mirrors[LOG_FOLLOWER_MIRRORS_MAX];
    size_t mirror_count;
};

/* audit_logs_load reads --log-list, --log, --policy, --mirror, --mmd, --ca-file. STATUS_USAGE. algorithms must outlive the logs.
 * audit_logs_clear follows in any case. */
MUST_USE enum status audit_logs_load(const struct options *options, const struct algorithms *algorithms, struct audit_logs *out,
                                     struct error *err);
void audit_logs_clear(struct audit_logs *logs);

/* audit_logs_find is the number of the CT log with that ID; logs->count: there is none. */
size_t audit_logs_find(const struct audit_logs *logs, struct bytes log_id);

#endif
