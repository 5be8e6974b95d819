#include "ct_json/log_list_json.h"

#include "base/civil_time.h"
#include "base/text.h"
#include "ct_json/json_value.h"

#define WHAT "log list"

/* A failure of jansson leaves something out: then nothing is written. */
struct making {
    bool has_failed;
};

static void put(struct making *m, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        m->has_failed = true;
}

static void put_time(struct making *m, json_t *object, const char *name, int64_t at_s)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(at_s, text);
    put(m, object, name, json_string(text));
}

static void put_base64(struct making *m, json_t *object, const char *name, struct bytes value)
{
    struct builder b;
    builder_init(&b, 2 * LOG_LIST_KEY_MAX);
    text_write_base64(&b, value);
    put(m, object, name, builder_is_good(&b) ? json_stringn((const char *)b.data, b.len) : NULL);
    builder_clear(&b);
}

static void put_state(struct making *m, json_t *object, const struct log_list_log *log)
{
    if (log->state == LOG_LIST_UNKNOWN)
        return;
    json_t *value = json_object(), *state = json_object();
    put_time(m, value, "timestamp", log->state_since_s);
    if (log->has_final_tree_head) {
        json_t *final = json_object();
        put_base64(m, final, log->suite->root_member, BYTES_OF(log->final_root));
        put(m, final, "tree_size", json_integer((json_int_t)log->final_size));
        put(m, value, "final_tree_head", final);
    }
    put(m, state, log_list_state_name(log->state), value);
    put(m, object, "state", state);
}

static void put_interval(struct making *m, json_t *object, const struct log_list_log *log)
{
    if (!log->has_interval)
        return;
    json_t *interval = json_object();
    put_time(m, interval, "start_inclusive", log->interval_start_s);
    put_time(m, interval, "end_exclusive", log->interval_end_s);
    put(m, object, "temporal_interval", interval);
}

static void put_previous(struct making *m, json_t *object, const struct log_list_log *log)
{
    if (log->previous_count == 0)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < log->previous_count; i++) {
        json_t *row = json_object();
        put(m, row, "name", json_string(log->previous[i].name));
        put_time(m, row, "end_time", log->previous[i].end_s);
        if (json_array_append_new(list, row) != 0)
            m->has_failed = true;
    }
    put(m, object, "previous_operators", list);
}

/* The slash at the end is how the public lists have it. */
static void put_url(struct making *m, json_t *object, const char *name, const char *url)
{
    put(m, object, name, json_sprintf("%s/", url));
}

static json_t *make_log(struct making *m, const struct log_list_log *log)
{
    json_t *object = json_object();
    put(m, object, "description", json_string(log->description));
    put_base64(m, object, "log_id", BYTES_OF(log->log_id));
    put_base64(m, object, "key", log_list_key(log));
    if (log->is_tiled) {
        put_url(m, object, "submission_url", log->submission_url);
        put_url(m, object, "monitoring_url", log->monitoring_url);
    } else {
        put_url(m, object, "url", log->submission_url);
    }
    put(m, object, "mmd", json_integer(log->mmd_s));
    put(m, object, "suite", json_string(log->suite->name));
    put_state(m, object, log);
    put_interval(m, object, log);
    put(m, object, "log_type", json_string(log->is_test ? "test" : "prod"));
    put_previous(m, object, log);
    return object;
}

static json_t *make_logs(struct making *m, const struct log_list *list, size_t operator_index, bool is_tiled)
{
    json_t *logs = json_array();
    for (size_t i = 0; i < log_list_count(list); i++) {
        const struct log_list_log *log = log_list_at(list, i);
        if (log->operator_index == operator_index && log->is_tiled == is_tiled &&
            json_array_append_new(logs, make_log(m, log)) != 0)
            m->has_failed = true;
    }
    return logs;
}

static json_t *make_operator(struct making *m, const struct log_list *list, size_t index)
{
    const struct log_list_operator *row = array_at(&list->operators, index);
    json_t *object = json_object(), *emails = json_array();
    put(m, object, "name", json_string(row->name));
    for (size_t i = 0; i < row->email_count; i++)
        if (json_array_append_new(emails, json_string(row->emails[i])) != 0)
            m->has_failed = true;
    put(m, object, "email", emails);
    put(m, object, "logs", make_logs(m, list, index, false));
    put(m, object, "tiled_logs", make_logs(m, list, index, true));
    return object;
}

static enum status finish(const struct making *m, json_t *root, struct builder *out, struct error *err)
{
    if (m->has_failed) {
        json_decref(root);
        return error_set(err, STATUS_NO_MEMORY, WHAT ": out of memory, or a text that is not UTF-8");
    }
    enum status s = json_value_write(root, JSON_INDENT(2), out, WHAT, err);
    builder_u8(out, '\n');
    return s == STATUS_OK ? builder_status(out, WHAT, err) : s;
}

enum status log_list_json_write_log(const struct log_list_log *log, struct builder *out, struct error *err)
{
    struct making m = {.has_failed = false};
    json_t *root = make_log(&m, log);
    return finish(&m, root, out, err);
}

enum status log_list_json_write(const struct log_list *list, struct builder *out, struct error *err)
{
    struct making m = {.has_failed = false};
    json_t *root = json_object(), *operators = json_array();
    if (list->version[0] != '\0')
        put(&m, root, "version", json_string(list->version));
    put_time(&m, root, "log_list_timestamp", list->timestamp_s);
    for (size_t i = 0; i < list->operators.count; i++)
        if (json_array_append_new(operators, make_operator(&m, list, i)) != 0)
            m.has_failed = true;
    put(&m, root, "operators", operators);
    return finish(&m, root, out, err);
}
