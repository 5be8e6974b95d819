/* log_list.h - lists of CT logs: what is in one, for everyone who uses logs. ct_json/log_list_json.h reads and writes
 * the JSON (schema 3 with our fields `suite` and `sm3_root_hash`); here is what can be asked.
 *
 * Rows are values: nothing is borrowed from the text that they were read from.
 */
#ifndef CATHAYA_CODEC_CT_LOG_LIST_H
#define CATHAYA_CODEC_CT_LOG_LIST_H

#include "base/array.h"
#include "base/bytes.h"
#include "codec/ct/ct_suite.h"

/* The public lists have some 10 operators and 100 logs. */
#define LOG_LIST_OPERATORS_MAX 256
#define LOG_LIST_LOGS_MAX 2048
#define LOG_LIST_EMAILS_MAX 8
#define LOG_LIST_PREVIOUS_MAX 4
/* Names, descriptions, addresses. */
#define LOG_LIST_TEXT_MAX 255
/* RSA-4096; a P-256 or SM2 key has 91 bytes. */
#define LOG_LIST_KEY_MAX 600

/* In the order in which a log goes through them. */
enum log_list_state {
    LOG_LIST_UNKNOWN = 0, /* the list says nothing */
    LOG_LIST_PENDING,
    LOG_LIST_QUALIFIED,
    LOG_LIST_USABLE,
    LOG_LIST_READONLY,
    LOG_LIST_RETIRED,
    LOG_LIST_REJECTED
};
#define LOG_LIST_STATES (LOG_LIST_REJECTED + 1)

struct log_list_previous {
    char name[LOG_LIST_TEXT_MAX + 1];
    int64_t end_s; /* the operator until then, exclusive */
};

struct log_list_log {
    const struct ct_suite *suite;
    uint8_t log_id[HASH_SIZE]; /* checked: the suite's hash of key */
    uint8_t key[LOG_LIST_KEY_MAX]; /* DER SubjectPublicKeyInfo */
    size_t key_len;
    size_t operator_index; /* the operator now */
    char description[LOG_LIST_TEXT_MAX + 1];
    bool is_tiled;                            /* static-ct: in tiled_logs */
    char submission_url[LOG_LIST_TEXT_MAX + 1]; /* without a slash at the end; of an RFC 6962 log both are its url */
    char monitoring_url[LOG_LIST_TEXT_MAX + 1];
    int64_t mmd_s;
    enum log_list_state state;
    int64_t state_since_s;
    bool has_final_tree_head; /* of a read-only log */
    uint64_t final_size;
    uint8_t final_root[HASH_SIZE];
    bool has_interval; /* takes certificates whose notAfter is in [interval_start_s, interval_end_s) */
    int64_t interval_start_s, interval_end_s;
    bool is_test; /* log_type "test" */
    size_t previous_count;
    struct log_list_previous previous[LOG_LIST_PREVIOUS_MAX]; /* in order of end_s */
};

struct log_list_operator {
    char name[LOG_LIST_TEXT_MAX + 1];
    size_t email_count;
    char emails[LOG_LIST_EMAILS_MAX][LOG_LIST_TEXT_MAX + 1];
};

struct log_list {
    char version[32]; /* "" when the list has none */
    int64_t timestamp_s;
    struct array operators; /* struct log_list_operator */
    struct array logs;      /* struct log_list_log, in the order of the list */
};

/* log_list_init makes an empty list; log_list_clear frees it (the zero list is fine). */
void log_list_init(struct log_list *list);
void log_list_clear(struct log_list *list);

static inline size_t log_list_count(const struct log_list *list)
{
    return list->logs.count;
}
static inline const struct log_list_log *log_list_at(const struct log_list *list, size_t i)
{
    return (const struct log_list_log *)array_at(&list->logs, i);
}

/* log_list_find is the log of that ID, NULL when there is none. */
const struct log_list_log *log_list_find(const struct log_list *list, struct bytes log_id);

/* log_list_operator is the name of who runs the log now; log_list_operator_at, who ran it at that time. Borrowed. */
const char *log_list_operator(const struct log_list *list, const struct log_list_log *log);
const char *log_list_operator_at(const struct log_list *list, const struct log_list_log *log, int64_t at_s);

/* log_list_takes: is a certificate with this notAfter in the log's temporal interval? */
bool log_list_takes(const struct log_list_log *log, int64_t not_after_s);

/* log_list_state_name is the word of the schema: "usable"...; log_list_state_by_name is LOG_LIST_UNKNOWN for others. */
const char *log_list_state_name(enum log_list_state state);
enum log_list_state log_list_state_by_name(struct bytes name);

/* log_list_merge appends the operators and logs of `from`, which is not changed. A log ID that is there already is
 * STATUS_CONFLICT. Operators of one name become one. For a program that is given several lists. */
MUST_USE enum status log_list_merge(struct log_list *list, const struct log_list *from, struct error *err);

/* log_list_set_key takes a DER SubjectPublicKeyInfo and computes the log ID; log->suite is set before.
 * STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE enum status log_list_set_key(struct log_list_log *log, struct bytes spki, struct error *err);

static inline struct bytes log_list_key(const struct log_list_log *log)
{
    return bytes_of(log->key, log->key_len);
}

#endif
