#include "codec/ct/log_list.h"

#include <string.h>

void log_list_init(struct log_list *list)
{
    *list = (struct log_list){
        .operators = array_of(sizeof(struct log_list_operator), LOG_LIST_OPERATORS_MAX),
        .logs = array_of(sizeof(struct log_list_log), LOG_LIST_LOGS_MAX),
    };
}

void log_list_clear(struct log_list *list)
{
    array_clear(&list->operators);
    array_clear(&list->logs);
}

const struct log_list_log *log_list_find(const struct log_list *list, struct bytes log_id)
{
    for (size_t i = 0; i < list->logs.count; i++) {
        const struct log_list_log *log = log_list_at(list, i);
        if (bytes_equal(BYTES_OF(log->log_id), log_id))
            return log;
    }
    return NULL;
}

const char *log_list_operator(const struct log_list *list, const struct log_list_log *log)
{
    return ((const struct log_list_operator *)array_at(&list->operators, log->operator_index))->name;
}

const char *log_list_operator_at(const struct log_list *list, const struct log_list_log *log, int64_t at_s)
{
    for (size_t i = 0; i < log->previous_count; i++)
        if (at_s < log->previous[i].end_s)
            return log->previous[i].name;
    return log_list_operator(list, log);
}

bool log_list_takes(const struct log_list_log *log, int64_t not_after_s)
{
    return !log->has_interval || (not_after_s >= log->interval_start_s && not_after_s < log->interval_end_s);
}

static const char *const state_names[LOG_LIST_STATES] = {"unknown",  "pending",  "qualified", "usable",
                                                         "readonly", "retired", "rejected"};

const char *log_list_state_name(enum log_list_state state)
{
    return state_names[state];
}

enum log_list_state log_list_state_by_name(struct bytes name)
{
    for (unsigned i = LOG_LIST_PENDING; i < LOG_LIST_STATES; i++)
        if (bytes_is_text(name, state_names[i]))
            return (enum log_list_state)i;
    return LOG_LIST_UNKNOWN;
}

/* *index is the operator of that name, which is added where there is none. */
static enum status merge_operator(struct log_list *list, const struct log_list_operator *operator_, size_t *index,
                                  struct error *err)
{
    for (*index = 0; *index < list->operators.count; (*index)++) {
        const struct log_list_operator *known = array_at(&list->operators, *index);
        if (strcmp(known->name, operator_->name) == 0)
            return STATUS_OK;
    }
    return array_insert(&list->operators, *index, operator_, "operators of logs", err);
}

enum status log_list_merge(struct log_list *list, const struct log_list *from, struct error *err)
{
    for (size_t i = 0; i < from->logs.count; i++) {
        struct log_list_log log = *log_list_at(from, i);
        if (log_list_find(list, BYTES_OF(log.log_id)) != NULL)
            return error_set(err, STATUS_CONFLICT, "log list: %s is there twice", log.description);
        enum status s = merge_operator(list, array_at(&from->operators, log.operator_index), &log.operator_index, err);
        if (s == STATUS_OK)
            s = array_insert(&list->logs, list->logs.count, &log, "logs", err);
        if (s != STATUS_OK)
            return s;
    }
    /* The whole is as old as its oldest part. */
    if (list->timestamp_s == 0 || from->timestamp_s < list->timestamp_s)
        list->timestamp_s = from->timestamp_s;
    return STATUS_OK;
}

enum status log_list_set_key(struct log_list_log *log, struct bytes spki, struct error *err)
{
    if (spki.len == 0 || spki.len > LOG_LIST_KEY_MAX)
        return error_set(err, STATUS_LIMIT, "key of a log: none, or of more than %d bytes", LOG_LIST_KEY_MAX);
    memcpy(log->key, spki.data, spki.len);
    log->key_len = spki.len;
    return ct_suite_hash(log->suite, spki, log->log_id, err);
}
