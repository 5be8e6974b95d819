#include "ct_json/log_list_json.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "ct_json/json_value.h"

#define WHAT "log list"

/* A list that is read; `log` is of which a reason speaks. */
static enum status copy_text(const json_t *object, const char *name, char *out, size_t size, struct error *err)
{
    struct bytes text;
    enum status s = json_value_string(object, WHAT, name, &text, err);
    if (s != STATUS_OK)
        return s;
    if (text.len >= size || !text_is_printable_utf8(text))
        return error_set(err, STATUS_LIMIT, WHAT ": \"%s\" is longer than %zu bytes, or has control characters", name,
                         size - 1);
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return STATUS_OK;
}

static enum status copy_text_if_there(const json_t *object, const char *name, char *out, size_t size, struct error *err)
{
    return json_object_get(object, name) != NULL ? copy_text(object, name, out, size, err) : STATUS_OK;
}

/* An address, without the slash at its end that the public lists have. */
static enum status copy_url(const json_t *object, const char *name, char *out, struct error *err)
{
    enum status s = copy_text(object, name, out, LOG_LIST_TEXT_MAX + 1, err);
    size_t len = s == STATUS_OK ? strlen(out) : 0;
    while (len > 0 && out[len - 1] == '/')
        out[--len] = '\0';
    if (s == STATUS_OK && len == 0)
        return error_set(err, STATUS_MALFORMED, WHAT ": \"%s\" is empty", name);
    return s;
}

static enum status read_time(const json_t *object, const char *name, int64_t *out, struct error *err)
{
    struct bytes text;
    enum status s = json_value_string(object, WHAT, name, &text, err);
    if (s != STATUS_OK)
        return s;
    /* Parts of a second, as some writers have them, say nothing here. */
    char whole[CIVIL_TIME_TEXT_SIZE];
    const uint8_t *dot = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
    if (dot != NULL && (size_t)(dot - text.data) == sizeof whole - 2 && text.data[text.len - 1] == 'Z') {
        memcpy(whole, text.data, sizeof whole - 2);
        whole[sizeof whole - 2] = 'Z';
        text = bytes_of(whole, sizeof whole - 1);
    }
    if (memchr(text.data, 'T', text.len) == NULL || !civil_time_parse(text, out))
        return error_set(err, STATUS_MALFORMED, WHAT ": \"%s\" is no time like 2027-01-01T00:00:00Z", name);
    return STATUS_OK;
}

static enum status read_key(const json_t *object, struct log_list_log *log, struct error *err)
{
    uint8_t memory[LOG_LIST_KEY_MAX], stated[HASH_SIZE];
    struct builder key;
    builder_init_fixed(&key, memory, sizeof memory);
    enum status s = json_value_base64(json_object_get(object, "key"), WHAT, "key", &key, err);
    if (s == STATUS_OK)
        s = log_list_set_key(log, builder_view(&key), err);
    if (s == STATUS_OK)
        s = json_value_hash(object, WHAT, "log_id", stated, err);
    if (s == STATUS_OK && !bytes_equal(BYTES_OF(stated), BYTES_OF(log->log_id)))
        s = error_set(err, STATUS_MALFORMED, WHAT ": \"log_id\" is not the %s hash of \"key\"", log->suite->hash->name);
    return s;
}

static enum status read_suite(const json_t *object, struct log_list_log *log, struct error *err)
{
    struct bytes name;
    log->suite = &ct_suite_intl;
    if (json_object_get(object, "suite") == NULL)
        return STATUS_OK;
    enum status s = json_value_string(object, WHAT, "suite", &name, err);
    if (s != STATUS_OK)
        return s;
    log->suite = ct_suite_by_name(name);
    return log->suite != NULL ? STATUS_OK : error_set(err, STATUS_MALFORMED, WHAT ": \"suite\" is neither gm nor intl");
}

static enum status read_final(const json_t *object, struct log_list_log *log, struct error *err)
{
    const json_t *final = json_object_get(object, "final_tree_head");
    if (final == NULL)
        return STATUS_OK;
    log->has_final_tree_head = true;
    enum status s = json_value_number(final, WHAT, "tree_size", &log->final_size, err);
    return s == STATUS_OK ? json_value_hash(final, WHAT, log->suite->root_member, log->final_root, err) : s;
}

static enum status read_state(const json_t *object, struct log_list_log *log, struct error *err)
{
    const json_t *state = json_object_get(object, "state");
    const char *name;
    json_t *value;
    if (state == NULL)
        return STATUS_OK;
    if (!json_is_object(state) || json_object_size(state) != 1)
        return error_set(err, STATUS_MALFORMED, WHAT ": \"state\" is not an object with one member");
    json_object_foreach((json_t *)(uintptr_t)state, name, value) {
        log->state = log_list_state_by_name(bytes_of_text(name));
        if (log->state == LOG_LIST_UNKNOWN)
            return error_set(err, STATUS_MALFORMED, WHAT ": state \"%.40s\" is not known", name);
        enum status s = read_time(value, "timestamp", &log->state_since_s, err);
        if (s == STATUS_OK)
            s = read_final(value, log, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status read_interval(const json_t *object, struct log_list_log *log, struct error *err)
{
    const json_t *interval = json_object_get(object, "temporal_interval");
    if (interval == NULL)
        return STATUS_OK;
    log->has_interval = true;
    enum status s = read_time(interval, "start_inclusive", &log->interval_start_s, err);
    if (s == STATUS_OK)
        s = read_time(interval, "end_exclusive", &log->interval_end_s, err);
    if (s == STATUS_OK && log->interval_end_s <= log->interval_start_s)
        s = error_set(err, STATUS_MALFORMED, WHAT ": \"temporal_interval\" ends before it starts");
    return s;
}

static enum status read_previous(const json_t *object, struct log_list_log *log, struct error *err)
{
    const json_t *list;
    if (json_object_get(object, "previous_operators") == NULL)
        return STATUS_OK;
    enum status s = json_value_array(object, WHAT, "previous_operators", LOG_LIST_PREVIOUS_MAX, &list, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(list); i++) {
        struct log_list_previous row;
        s = copy_text(json_array_get(list, i), "name", row.name, sizeof row.name, err);
        if (s == STATUS_OK)
            s = read_time(json_array_get(list, i), "end_time", &row.end_s, err);
        if (s != STATUS_OK)
            return s;
        size_t at = log->previous_count++;
        for (; at > 0 && log->previous[at - 1].end_s > row.end_s; at--)
            log->previous[at] = log->previous[at - 1];
        log->previous[at] = row;
    }
    return s;
}

static enum status read_urls(const json_t *object, struct log_list_log *log, struct error *err)
{
    log->is_tiled = json_object_get(object, "submission_url") != NULL;
    if (log->is_tiled) {
        enum status s = copy_url(object, "submission_url", log->submission_url, err);
        return s == STATUS_OK ? copy_url(object, "monitoring_url", log->monitoring_url, err) : s;
    }
    enum status s = copy_url(object, "url", log->submission_url, err);
    if (s == STATUS_OK)
        memcpy(log->monitoring_url, log->submission_url, sizeof log->monitoring_url);
    return s;
}

static enum status read_log(const json_t *object, struct log_list_log *log, struct error *err)
{
    static enum status (*const readers[])(const json_t *, struct log_list_log *, struct error *) = {
        read_suite, read_key, read_urls, read_state, read_interval, read_previous};
    uint64_t mmd;
    char type[8] = "";
    enum status s = copy_text_if_there(object, "description", log->description, sizeof log->description, err);
    for (size_t i = 0; s == STATUS_OK && i < sizeof readers / sizeof readers[0]; i++)
        s = readers[i](object, log, err);
    if (s == STATUS_OK)
        s = json_value_number(object, WHAT, "mmd", &mmd, err);
    if (s == STATUS_OK && mmd > INT32_MAX)
        s = error_set(err, STATUS_MALFORMED, WHAT ": \"mmd\" is of more than 68 years");
    if (s == STATUS_OK && json_object_get(object, "log_type") != NULL)
        s = copy_text(object, "log_type", type, sizeof type, err);
    if (s != STATUS_OK)
        return s;
    log->mmd_s = (int64_t)mmd;
    log->is_test = strcmp(type, "test") == 0;
    return STATUS_OK;
}

static enum status add_log(const json_t *object, struct log_list *list, size_t operator_index, struct error *err)
{
    struct log_list_log log = {.operator_index = operator_index};
    enum status s = read_log(object, &log, err);
    if (s == STATUS_OK && log_list_find(list, BYTES_OF(log.log_id)) != NULL)
        s = error_set(err, STATUS_MALFORMED, WHAT ": this log is there twice");
    if (s == STATUS_OK)
        s = array_insert(&list->logs, list->logs.count, &log, "logs", err);
    return s == STATUS_OK ? s : error_prefix(err, s, "\"%.80s\"", log.description);
}

static enum status read_logs(const json_t *operator_, const char *name, struct log_list *list, size_t operator_index,
                             struct error *err)
{
    const json_t *logs;
    if (json_object_get(operator_, name) == NULL)
        return STATUS_OK;
    enum status s = json_value_array(operator_, WHAT, name, LOG_LIST_LOGS_MAX, &logs, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(logs); i++)
        s = add_log(json_array_get(logs, i), list, operator_index, err);
    return s;
}

static enum status read_emails(const json_t *object, struct log_list_operator *out, struct error *err)
{
    const json_t *emails;
    if (json_object_get(object, "email") == NULL)
        return STATUS_OK;
    enum status s = json_value_array(object, WHAT, "email", LOG_LIST_EMAILS_MAX, &emails, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(emails); i++) {
        const char *text = json_string_value(json_array_get(emails, i));
        if (text == NULL || strlen(text) > LOG_LIST_TEXT_MAX || !text_is_printable_utf8(bytes_of_text(text)))
            return error_set(err, STATUS_MALFORMED, WHAT ": \"email\" has something else than short strings");
        memcpy(out->emails[out->email_count++], text, strlen(text) + 1);
    }
    return s;
}

static enum status read_operator(const json_t *object, struct log_list *list, struct error *err)
{
    struct log_list_operator row = {.email_count = 0};
    size_t index = list->operators.count;
    enum status s = copy_text(object, "name", row.name, sizeof row.name, err);
    if (s == STATUS_OK)
        s = read_emails(object, &row, err);
    if (s == STATUS_OK)
        s = array_insert(&list->operators, index, &row, "operators of logs", err);
    if (s == STATUS_OK)
        s = read_logs(object, "logs", list, index, err);
    return s == STATUS_OK ? read_logs(object, "tiled_logs", list, index, err) : s;
}

static enum status read_list(const json_t *root, struct log_list *list, struct error *err)
{
    const json_t *operators;
    enum status s = copy_text_if_there(root, "version", list->version, sizeof list->version, err);
    if (s == STATUS_OK && json_object_get(root, "log_list_timestamp") != NULL)
        s = read_time(root, "log_list_timestamp", &list->timestamp_s, err);
    if (s == STATUS_OK)
        s = json_value_array(root, WHAT, "operators", LOG_LIST_OPERATORS_MAX, &operators, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(operators); i++)
        s = read_operator(json_array_get(operators, i), list, err);
    return s;
}

/* log.v3.json: one log without a list around it. */
static enum status read_single(const json_t *root, struct log_list *list, struct error *err)
{
    struct log_list_operator row = {.email_count = 0};
    enum status s = copy_text_if_there(root, "operator", row.name, sizeof row.name, err);
    if (s == STATUS_OK)
        s = array_insert(&list->operators, 0, &row, "operators of logs", err);
    return s == STATUS_OK ? add_log(root, list, 0, err) : s;
}

enum status log_list_json_parse(struct bytes text, struct log_list *out, struct error *err)
{
    json_t *root;
    log_list_init(out);
    enum status s = json_value_load(text, LOG_LIST_JSON_SIZE_MAX, WHAT, &root, err);
    if (s == STATUS_OK)
        s = json_object_get(root, "log_id") != NULL ? read_single(root, out, err) : read_list(root, out, err);
    json_decref(root);
    if (s != STATUS_OK)
        log_list_clear(out);
    return s;
}
