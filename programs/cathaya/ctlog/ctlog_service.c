#include "ctlog/ctlog_service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctlog/ctlog_admin.h"

/* Submissions that wait for their batch get their answers. */
#define DRAIN_MS 20000
/* Between two looks whether the last jobs of the logs have ended. */
#define WORK_LOOK_MS 20

/* ---- ready ---- */

static const char *why_not_ready(void *context)
{
    struct ctlog_service *s = context;
    if (service_run_is_stopping(s->run))
        return "stopping";
    for (size_t i = 0; i < s->log_count; i++) {
        struct ct_log_status status = ct_log_status(ctlog_log_role(s->logs[i]));
        if (status.is_ready)
            continue;
        (void)snprintf(s->why, sizeof s->why, "log \"%s\" has stopped, or its tree head is old: see the events", status.title);
        return s->why;
    }
    if (s->mirror != NULL && !mirror_service_is_ready(s->mirror))
        return "a mirrored log was stopped by a failure: see the events";
    return NULL;
}

/* ---- reload ---- */

static const struct ctlog_config_log *find_settings(const struct ctlog_config *config, const char *title)
{
    for (size_t i = 0; i < config->log_count; i++)
        if (strcmp(config->logs[i].title, title) == 0)
            return &config->logs[i];
    return NULL;
}

static void reload_log(struct ctlog_service *s, struct ctlog_log *log, const struct ctlog_config *config)
{
    const char *title = ctlog_log_settings(log)->title;
    const struct ctlog_config_log *settings = find_settings(config, title);
    struct error err = {.text = "the log's block is not there any more: it goes on until the next start"};
    /* What becomes of the roots the log tells itself, when they are checked. */
    if (settings == NULL || ctlog_log_reload(log, settings, &err) != STATUS_OK)
        events_report(&s->events, EVENT_ERROR, "log-not-reloaded", {"log", title}, {"reason", err.text});
}

/* TLS, roots and states; the rest needs a restart. */
static void reload(void *context)
{
    struct ctlog_service *s = context;
    struct ctlog_config *config = NULL;
    struct error err = {.text = ""};
    if (ctlog_config_read(s->config_file, s->algorithms_file, &config, &err) != STATUS_OK) {
        events_report(&s->events, EVENT_ERROR, "not-reloaded", {"reason", err.text});
        return;
    }
    service_listen_reload(&config->listen, s->config->listen.address_count, s->server, &s->tls, &s->events);
    for (size_t i = 0; i < s->log_count; i++)
        reload_log(s, s->logs[i], config);
    ctlog_config_free(config);
}

/* ---- the end ---- */

static bool has_work(const struct ctlog_service *s)
{
    for (size_t i = 0; i < s->log_count; i++)
        if (ct_log_has_work(ctlog_log_role(s->logs[i])))
            return true;
    return false;
}

static void wait_for_work(void *context)
{
    struct ctlog_service *s = context;
    struct timer_port timers = event_loop_timers(service_run_loop(s->run));
    if (has_work(s))
        (void)timers.start(timers.context, WORK_LOOK_MS, wait_for_work, s);
    else
        service_run_finished(s->run);
}

static void stop(void *context)
{
    struct ctlog_service *s = context;
    if (s->mirror != NULL)
        mirror_service_stop(s->mirror);
    for (size_t i = 0; i < s->log_count; i++)
        ctlog_log_stop(s->logs[i]);
    http_server_drain(s->server, DRAIN_MS, wait_for_work, s);
}

/* ---- start ---- */

static enum status open_logs(struct ctlog_service *s, struct error *err)
{
    struct ctlog_log_ports ports = {service_run_loop(s->run), s->server, curl_fetch_port(s->fetch), s->events, s->metrics};
    enum status status = STATUS_OK;
    if (mkdir(s->config->directory, 0755) != 0 && errno != EEXIST)
        return error_set(err, STATUS_IO, "%s: %s", s->config->directory, strerror(errno));
    for (size_t i = 0; i < s->config->log_count && status == STATUS_OK; i++) {
        status = ctlog_log_open(s->config, &s->config->logs[i], &ports, &s->logs[i], err);
        s->log_count += status == STATUS_OK;
    }
    return status;
}

static enum status open_mirror(struct ctlog_service *s, struct error *err)
{
    struct mirror_service_ports ports = {service_run_loop(s->run), s->server, s->events, s->metrics};
    return s->config->mirror != NULL ? mirror_service_new(s->config->mirror, &ports, &s->mirror, err) : STATUS_OK;
}

static enum status listen_socket(struct ctlog_service *s, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler handler = ctlog_admin_handler(s);
    char address[CTLOG_PATH_MAX + 8];
    (void)snprintf(address, sizeof address, "unix:%s", s->config->socket);
    enum status status = http_server_new(service_run_loop(s->run), &limits, &s->socket_server, err);
    if (status == STATUS_OK)
        status = http_server_add_route(s->socket_server, "/", &handler, err);
    return status == STATUS_OK ? http_server_listen(s->socket_server, address, NULL, err) : status;
}

static enum status listen_admin(struct ctlog_service *s, struct error *err)
{
    s->admin = (struct service_admin){.metrics = s->metrics, .why_not_ready = why_not_ready, .context = s};
    enum status status = listen_socket(s, err);
    if (status == STATUS_OK)
        status = service_admin_listen(&s->admin, service_run_loop(s->run), s->config->listen.admin, &s->admin_server, err);
    if (s->admin_server != NULL)
        service_admin_watch(&s->admin, s->server);
    return status;
}

enum status ctlog_service_start(struct ctlog_service *s, struct error *err)
{
    struct service_callbacks callbacks = {.context = s, .reload = reload, .stop = stop};
    struct http_server_limits limits = http_server_default_limits();
    s->log = service_log_stderr(s->config->listen.is_json);
    s->events = service_log_port(&s->log);
    enum status status = metrics_new(&s->metrics, err);
    if (status == STATUS_OK)
        status = service_run_new(&callbacks, &s->events, &s->run, err);
    if (status == STATUS_OK)
        status = curl_fetch_new(service_run_loop(s->run), &s->fetch, err);
    if (status == STATUS_OK)
        status = http_server_new(service_run_loop(s->run), &limits, &s->server, err);
    if (status == STATUS_OK)
        status = open_logs(s, err);
    if (status == STATUS_OK)
        status = open_mirror(s, err);
    if (status == STATUS_OK)
        status = listen_admin(s, err);
    return status == STATUS_OK ? service_listen_open(&s->config->listen, s->server, &s->tls, err) : status;
}

void ctlog_service_run(struct ctlog_service *s)
{
    for (size_t i = 0; i < s->config->listen.address_count; i++)
        service_run_announce("ctlog", http_server_address(s->server, i));
    if (s->admin_server != NULL)
        service_run_announce("admin", http_server_address(s->admin_server, 0));
    for (size_t i = 0; i < s->log_count; i++)
        ctlog_log_run(s->logs[i]);
    if (s->mirror != NULL)
        mirror_service_run(s->mirror);
    service_run_until_stopped(s->run, true);
}

static void stop_when_done(void *context)
{
    struct ctlog_service *s = context;
    struct timer_port timers = event_loop_timers(service_run_loop(s->run));
    if (has_work(s))
        (void)timers.start(timers.context, WORK_LOOK_MS, stop_when_done, s);
    else
        event_loop_stop(service_run_loop(s->run));
}

/* Who is told to stop at once waits for no client any more; but what threads are at work on cannot be taken from them. */
static void end_work(struct ctlog_service *s)
{
    if (!has_work(s))
        return;
    stop_when_done(s);
    event_loop_run(service_run_loop(s->run));
}

/* Servers first: what their connections leave is work for logs and mirror. */
void ctlog_service_end(struct ctlog_service *s)
{
    http_server_free(s->admin_server);
    http_server_free(s->socket_server);
    http_server_free(s->server);
    end_work(s);
    for (size_t i = 0; i < s->log_count; i++)
        ctlog_log_free(s->logs[i]);
    mirror_service_free(s->mirror);
    curl_fetch_free(s->fetch);
    tls_context_free(s->tls);
    service_run_free(s->run);
    metrics_free(s->metrics);
    ctlog_config_free(s->config);
}
