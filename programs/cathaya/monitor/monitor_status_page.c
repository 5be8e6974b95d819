/* GET /status: what the monitor knows of itself, as one JSON object. GET /figures/{uptime,facts}/LOG: what a report is made of, as
 * of now: the state has it a minute later. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "monitor/monitor_service.h"

static void add_follower(json_t *log, const struct monitor_followed *f)
{
    struct follower_status status;
    log_follower_status(f->follower, &status);
    (void)json_object_set_new(log, "kind", json_string(log_kind_name(f->settings->kind)));
    (void)json_object_set_new(log, "requests", json_integer((json_int_t)status.request_count));
    (void)json_object_set_new(log, "failure", status.failure[0] != '\0' ? json_string(status.failure) : json_null());
}

static json_t *peers_json(const struct monitor_service *service)
{
    json_t *list = json_array();
    int64_t now = service->clock.now_ms(service->clock.context);
    for (size_t i = 0; i < gossip_peer_count(service->gossip); i++) {
        struct gossip_peer_status peer;
        json_t *object = json_object();
        gossip_peer_status(service->gossip, i, &peer);
        (void)json_object_set_new(object, "url", json_string(peer.url));
        (void)json_object_set_new(object, "good_age_s", peer.good_ms == 0 ? json_null() : json_integer((now - peer.good_ms) / 1000));
        (void)json_object_set_new(object, "failure", peer.failure[0] != '\0' ? json_string(peer.failure) : json_null());
        (void)json_array_append_new(list, object);
    }
    return list;
}

static void add_watch_file(json_t *status, const struct monitor_watch_file *file)
{
    json_t *watch = json_object_get(status, "watch");
    char time[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(file->read_s, time);
    (void)json_object_set_new(watch, "file", json_string(file->path));
    (void)json_object_set_new(watch, "read", json_string(time));
    (void)json_object_set_new(watch, "refused", file->refusal[0] != '\0' ? json_string(file->refusal) : json_null());
}

static bool is_get(struct http_exchange *x)
{
    if (bytes_is_text(x->request.method, "GET"))
        return true;
    http_response_header(&x->response, "Allow", "GET");
    http_respond_text(&x->response, 405, "text/plain", "use GET\n");
    x->send(x);
    return false;
}

static void answer(void *context, struct http_exchange *x)
{
    struct monitor_service *service = context;
    if (!is_get(x))
        return;
    json_t *status = monitor_status(service->monitor), *logs = json_object_get(status, "logs");
    for (size_t i = 0; i < service->followed_count; i++)
        add_follower(json_array_get(logs, i), &service->followed[i]);
    (void)json_object_set_new(status, "peers", peers_json(service));
    add_watch_file(status, &service->watch_file);
    char *text = json_dumps(status, JSON_INDENT(2));
    json_decref(status);
    http_respond_text(&x->response, text != NULL ? 200 : 503, "application/json", text != NULL ? text : "");
    http_response_header(&x->response, "Cache-Control", "no-store");
    builder_text(&x->response.body, "\n");
    free(text);
    x->send(x);
}

struct http_handler monitor_status_handler(struct monitor_service *service)
{
    return (struct http_handler){.context = service, .handle = answer};
}

static void answer_figures(void *context, struct http_exchange *x)
{
    const struct monitor_service *service = context;
    struct bytes path = x->request.path;
    const char *folders[] = {MONITOR_FIGURES_PATH "/uptime/", MONITOR_FIGURES_PATH "/facts/"};
    enum status s = STATUS_NOT_FOUND;
    if (!is_get(x))
        return;
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(folders[i]);
        if (path.len > len && memcmp(path.data, folders[i], len) == 0)
            s = monitor_write_figures(service->monitor, bytes_of(path.data + len, path.len - len), i == 0, &x->response.body);
    }
    if (s == STATUS_OK)
        x->response.status = 200;
    else
        http_respond_text(&x->response, s == STATUS_NOT_FOUND ? 404 : 503, "text/plain", "not here\n");
    x->send(x);
}

struct http_handler monitor_figures_handler(struct monitor_service *service)
{
    return (struct http_handler){.context = service, .handle = answer_figures};
}
