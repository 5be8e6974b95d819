#include "ctlog/ctlog_admin.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/ct/log_list.h"
#include "ct_json/log_list_json.h"

#define REQUEST_MAX 4096

static void answer(struct http_exchange *x, int status, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    http_respond_text(&x->response, status, "application/json", text != NULL ? text : "{}");
    free(text);
    json_decref(object);
    x->send(x);
}

static void refuse(struct http_exchange *x, int status, const char *why)
{
    answer(x, status, json_pack("{s:s}", "error", why));
}

/* ---- status ---- */

static const char *state_name(enum ct_log_state state)
{
    static const char *const names[] = {"pending", "qualified", "usable", "readonly", "retired"};
    return names[state];
}

static json_t *status_of(const struct ctlog_log *log)
{
    struct ct_log_status s = ct_log_status(ctlog_log_role(log));
    char root[2 * HASH_SIZE + 1];
    text_hex(BYTES_OF(s.root), root);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I}", "title", s.title, "origin",
                     s.origin, "suite", ctlog_log_settings(log)->suite->name, "state", state_name(s.state), "ready",
                     (int)s.is_ready, "frozen", (int)s.is_frozen, "size", (json_int_t)s.size, "min_index",
                     (json_int_t)s.min_index, "tree_head_ms", (json_int_t)s.tree_head_ms, "tree_head_age_ms",
                     (json_int_t)s.tree_head_age_ms, "root", root, "pending", (json_int_t)s.pending_count, "roots",
                     (json_int_t)s.root_count, "index_size", (json_int_t)s.index_size);
}

json_t *ctlog_admin_status(const struct ctlog_service *service)
{
    json_t *logs = json_array();
    for (size_t i = 0; i < service->log_count; i++)
        (void)json_array_append_new(logs, status_of(service->logs[i]));
    return json_pack("{s:o}", "logs", logs);
}

/* ---- list ---- */

static enum status add_to_list(const struct ctlog_log *log, struct log_list *list, struct error *err)
{
    struct builder text;
    struct log_list one;
    builder_init(&text, LOG_LIST_JSON_SIZE_MAX);
    enum status s = ct_log_write_list(ctlog_log_role(log), &text, err);
    if (s == STATUS_OK)
        s = log_list_json_parse(builder_view(&text), &one, err);
    if (s == STATUS_OK) {
        memcpy(list->version, one.version, sizeof list->version);
        list->timestamp_s = one.timestamp_s > list->timestamp_s ? one.timestamp_s : list->timestamp_s;
        s = log_list_merge(list, &one, err);
        log_list_clear(&one);
    }
    builder_clear(&text);
    return s;
}

static void answer_list(const struct ctlog_service *service, struct http_exchange *x)
{
    struct log_list list;
    struct error err = {.text = ""};
    enum status s = STATUS_OK;
    log_list_init(&list);
    for (size_t i = 0; i < service->log_count && s == STATUS_OK; i++)
        s = add_to_list(service->logs[i], &list, &err);
    if (s == STATUS_OK)
        s = log_list_json_write(&list, &x->response.body, &err);
    log_list_clear(&list);
    if (s != STATUS_OK) {
        builder_reset(&x->response.body);
        refuse(x, 500, err.text);
        return;
    }
    x->response.status = 200;
    http_response_header(&x->response, "Content-Type", "application/json");
    x->send(x);
}

/* ---- freeze ---- */

struct freezing {
    struct ct_log *log;
    struct http_exchange *x;
};

static void frozen(void *cookie, enum status status, const struct error *err)
{
    struct freezing *f = cookie;
    struct ct_log_status s = ct_log_status(f->log);
    char root[2 * HASH_SIZE + 1];
    text_hex(BYTES_OF(s.root), root);
    if (status == STATUS_OK)
        answer(f->x, 200, json_pack("{s:I, s:s}", "size", (json_int_t)s.size, "root", root));
    else
        refuse(f->x, 500, err->text);
    free(f);
}

static struct ctlog_log *find(const struct ctlog_service *service, const char *title)
{
    for (size_t i = 0; title != NULL && i < service->log_count; i++)
        if (strcmp(ctlog_log_settings(service->logs[i])->title, title) == 0)
            return service->logs[i];
    return NULL;
}

static void freeze(const struct ctlog_service *service, struct http_exchange *x)
{
    struct bytes body = x->request.body;
    json_t *question = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    struct ctlog_log *log = find(service, json_string_value(json_object_get(question, "log")));
    json_decref(question);
    if (log == NULL) {
        refuse(x, 404, "no log of this title is running");
        return;
    }
    struct freezing *f = calloc(1, sizeof *f);
    if (f == NULL) {
        refuse(x, 500, "out of memory");
        return;
    }
    *f = (struct freezing){ctlog_log_role(log), x};
    ct_log_freeze(f->log, frozen, f);
}

/* ---- the handler ---- */

static void handle(void *context, struct http_exchange *x)
{
    struct ctlog_service *service = context;
    bool is_post = bytes_is_text(x->request.method, "POST");
    if (!is_post && bytes_is_text(x->request.path, "/status"))
        answer(x, 200, ctlog_admin_status(service));
    else if (!is_post && bytes_is_text(x->request.path, "/list"))
        answer_list(service, x);
    else if (is_post && bytes_is_text(x->request.path, "/freeze"))
        freeze(service, x);
    else
        refuse(x, 404, "no such resource");
}

struct http_handler ctlog_admin_handler(struct ctlog_service *service)
{
    return (struct http_handler){.context = service, .body_max = REQUEST_MAX, .handle = handle};
}
