/* log.v3.json, the entry of this log in a log list, and the list with it alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct_json/log_list_json.h"
#include "service/ct_log/ct_log_internal.h"

static enum log_list_state list_state(enum ct_log_state state)
{
    static const enum log_list_state states[] = {
        [CT_LOG_PENDING] = LOG_LIST_PENDING,   [CT_LOG_QUALIFIED] = LOG_LIST_QUALIFIED, [CT_LOG_USABLE] = LOG_LIST_USABLE,
        [CT_LOG_READONLY] = LOG_LIST_READONLY, [CT_LOG_RETIRED] = LOG_LIST_RETIRED,
    };
    return states[state];
}

static bool copy_text(char out[LOG_LIST_TEXT_MAX + 1], const char *text)
{
    return snprintf(out, LOG_LIST_TEXT_MAX + 1, "%s", text) <= LOG_LIST_TEXT_MAX;
}

static bool fill_texts(const struct ct_log *log, struct log_list_log *row, struct log_list_operator *operator)
{
    const struct ct_log_config *config = &log->config;
    char description[LOG_LIST_TEXT_MAX + 1];
    bool is_good = copy_text(operator->name, config->operator_name != NULL ? config->operator_name : "");
    (void)snprintf(description, sizeof description, "%.200s '%.50s'", operator->name, config->title);
    is_good = copy_text(row->description, config->description != NULL ? config->description : description) && is_good;
    is_good = copy_text(row->submission_url, config->submission_url) && is_good;
    is_good = copy_text(row->monitoring_url, config->monitoring_url != NULL ? config->monitoring_url : config->submission_url) && is_good;
    operator->email_count = config->operator_email_count < LOG_LIST_EMAILS_MAX ? config->operator_email_count : LOG_LIST_EMAILS_MAX;
    for (size_t i = 0; i < operator->email_count; i++)
        is_good = copy_text(operator->emails[i], config->operator_emails[i]) && is_good;
    return is_good;
}

static void fill_state(const struct ct_log *log, struct log_list_log *row)
{
    const struct ct_log_config *config = &log->config;
    row->mmd_s = config->mmd_s;
    row->state = list_state(log->state);
    row->state_since_s = log->state_since_s;
    row->has_final_tree_head = log->state == CT_LOG_READONLY && log->is_frozen;
    row->final_size = log->head.size;
    memcpy(row->final_root, log->head.root, HASH_SIZE);
    row->has_interval = config->not_after_end_s != 0;
    row->interval_start_s = config->not_after_start_s;
    row->interval_end_s = config->not_after_end_s;
}

static enum status make_list(const struct ct_log *log, struct log_list *list, struct error *err)
{
    struct log_list_operator *operator = calloc(1, sizeof *operator);
    struct log_list_log *row = calloc(1, sizeof *row);
    enum status status = STATUS_OK;
    if (operator == NULL || row == NULL)
        status = error_set(err, STATUS_NO_MEMORY, "out of memory");
    else if (!fill_texts(log, row, operator))
        status = error_set(err, STATUS_USAGE, "a log list has texts of at most %d bytes", LOG_LIST_TEXT_MAX);
    if (status == STATUS_OK) {
        row->suite = log->config.suite;
        row->is_tiled = true;
        fill_state(log, row);
        status = log_list_set_key(row, public_key_spki(log->config.signer.key), err);
    }
    if (status == STATUS_OK)
        status = array_insert(&list->operators, 0, operator, "operators", err);
    if (status == STATUS_OK)
        status = array_insert(&list->logs, 0, row, "logs", err);
    free(operator);
    free(row);
    return status;
}

/* The list, or its one log alone. */
static enum status write_list(const struct ct_log *log, bool is_alone, struct builder *out, struct error *err)
{
    struct log_list list;
    log_list_init(&list);
    (void)snprintf(list.version, sizeof list.version, "1.0");
    list.timestamp_s = log->config.clock.now_ms(log->config.clock.context) / 1000;
    enum status status = make_list(log, &list, err);
    if (status == STATUS_OK)
        status = is_alone ? log_list_json_write_log(log_list_at(&list, 0), out, err) : log_list_json_write(&list, out, err);
    log_list_clear(&list);
    return status == STATUS_OK ? builder_status(out, CT_LOG_OBJECT_LIST, err) : status;
}

enum status ct_log_write_entry(const struct ct_log *log, struct builder *out, struct error *err)
{
    return write_list(log, true, out, err);
}

enum status ct_log_write_list(const struct ct_log *log, struct builder *out, struct error *err)
{
    return write_list(log, false, out, err);
}

/* ---- publishing ---- */

struct publishing {
    struct ct_log *log;
    struct builder text;
    enum status status;
    struct error err;
};

static void run_publishing(void *cookie)
{
    struct publishing *p = cookie;
    const struct object_store *store = &p->log->store.engine_config.public_store;
    p->status = ct_log_store_check(&p->log->store, &p->err);
    if (p->status == STATUS_OK)
        p->status = store->put(store->context, CT_LOG_OBJECT_LIST, builder_view(&p->text), &p->err);
}

static void end_publishing(void *cookie)
{
    struct publishing *p = cookie;
    ct_log_job_ended(p->log);
    if (p->status != STATUS_OK && p->status != STATUS_AGAIN)
        ct_log_report(p->log, EVENT_WARNING, "ct-log-list-not-published", "reason", p->err.text);
    builder_clear(&p->text);
    free(p);
}

void ct_log_publish_list(struct ct_log *log)
{
    struct publishing *p = calloc(1, sizeof *p);
    if (p == NULL)
        return; /* it is put again at the next start */
    p->log = log;
    builder_init(&p->text, LOG_LIST_JSON_SIZE_MAX);
    p->status = ct_log_write_entry(log, &p->text, &p->err);
    if (p->status != STATUS_OK) {
        ct_log_report(log, EVENT_WARNING, "ct-log-list-not-published", "reason", p->err.text);
        builder_clear(&p->text);
        free(p);
        return;
    }
    ct_log_submit_job(log, &log->config.work, run_publishing, end_publishing, p);
}
