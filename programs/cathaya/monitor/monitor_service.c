#include "monitor/monitor_service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"

/* Figures of uptime are worth a minute. */
#define FLUSH_MS 60000

/* ---- watch list ---- */

static void reload_watch(struct monitor_service *s)
{
    struct monitor_watch *watch;
    struct error err = {.text = ""};
    int64_t now_s = s->clock.now_ms(s->clock.context) / 1000;
    if (monitor_watch_file_read(&s->watch_file, now_s, &watch, &err) != STATUS_OK) {
        events_report(&s->events, EVENT_ERROR, "watch-list-refused", {"reason", err.text}, {"in-use", "the one before"});
        return;
    }
    monitor_watch_file_report(&s->watch_file, watch, &s->events);
    monitor_set_watch(s->monitor, watch);
}

static void look_at_watch_file(void *context)
{
    struct monitor_service *s = context;
    s->look_timer = s->timers.start(s->timers.context, MONITOR_WATCH_FILE_LOOK_MS, look_at_watch_file, s);
    if (monitor_watch_file_has_changed(&s->watch_file))
        reload_watch(s);
}

static void reload(void *context)
{
    struct monitor_service *s = context;
    reload_watch(s);
    service_listen_reload(&s->settings->listen, s->settings->listen.address_count, s->server, &s->tls, &s->events);
}

/* ---- stopping ---- */

static void monitor_ended(void *cookie)
{
    struct monitor_service *s = cookie;
    s->has_ended = true;
    service_run_finished(s->run);
}

static void part_ended(void *cookie)
{
    struct monitor_service *s = cookie;
    if (--s->stopping == 0)
        monitor_stop(s->monitor, monitor_ended, s);
}

/* What is under way ends at once: it comes again with the next start, and what was found is in the queue. */
static void stop(void *context)
{
    struct monitor_service *s = context;
    s->timers.cancel(s->timers.context, s->look_timer);
    s->stopping = s->followed_count + s->watched_count + 3;
    gossip_stop(s->gossip, part_ended, s);
    prober_stop(s->prober, part_ended, s);
    monitor_follow_stop(s, part_ended);
    monitor_trust_stop(s, part_ended);
    curl_fetch_stop(s->fetch);
    part_ended(s);
}

/* ---- parts ---- */

static const char *why_not_ready(void *context)
{
    const struct monitor_service *s = context;
    return service_run_is_stopping(s->run) ? "stopping" : monitor_why_not_ready(s->monitor);
}

static void before_metrics(void *context)
{
    const struct monitor_service *s = context;
    monitor_set_metrics(s->monitor);
}

static enum status make_directory(const char *path, struct error *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? STATUS_OK
                                                      : error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status open_stores(struct monitor_service *s, struct error *err)
{
    const char *directory = s->settings->directory;
    char path[MONITOR_PATH_MAX + 32];
    enum status status = make_directory(directory, err);
    (void)snprintf(path, sizeof path, "%s/logs", directory);
    if (status == STATUS_OK)
        status = make_directory(path, err);
    (void)snprintf(path, sizeof path, "%s/state.db", directory);
    if (status == STATUS_OK)
        status = sqlite_state_store_open(path, SQLITE_MAY_CREATE, &s->state, err);
    if (status == STATUS_OK)
        status = posix_object_store_open(directory, POSIX_PRIVATE, false, &s->files, err);
    (void)snprintf(path, sizeof path, "%s/names.db", directory);
    if (status == STATUS_OK && s->settings->has_index)
        status = sqlite_domain_index_open(path, SQLITE_MAY_CREATE, &s->index, err);
    if (s->index != NULL)
        s->index_port = sqlite_domain_index_port(s->index);
    return status;
}

static enum status start_monitor(struct monitor_service *s, struct error *err)
{
    struct monitor_watch *watch = NULL;
    const struct monitor_config config = {.clock = s->clock,
                                          .timer = s->timers,
                                          .fetch = curl_fetch_port(s->fetch),
                                          .state_work = serial_worker_port(s->state_worker),
                                          .index_work = serial_worker_port(s->index_worker),
                                          .state = sqlite_state_store_port(s->state),
                                          .files = posix_object_store_port(s->files),
                                          .index = s->index != NULL ? &s->index_port : NULL,
                                          .events = s->events,
                                          .metrics = s->metrics,
                                          .actions = monitor_actions_list(s->actions),
                                          .action_count = s->settings->action_count,
                                          .flush_ms = FLUSH_MS,
                                          .interval_ms = s->settings->interval_ms,
                                          .probe_ms = s->settings->probe_ms,
                                          .retention_s = s->settings->index_retention_s,
                                          .context = s,
                                          .kept = monitor_follow_kept};
    enum status status = monitor_new(&config, &s->monitor, err);
    if (status == STATUS_OK)
        status = monitor_watch_file_read(&s->watch_file, s->clock.now_ms(s->clock.context) / 1000, &watch, err);
    if (status == STATUS_OK) {
        monitor_watch_file_report(&s->watch_file, watch, &s->events);
        monitor_set_watch(s->monitor, watch);
    }
    return status;
}

static enum status start_gossip(struct monitor_service *s, struct error *err)
{
    const struct gossip_config gossip = {.clock = s->clock,
                                         .timer = s->timers,
                                         .fetch = curl_fetch_port(s->fetch),
                                         .events = s->events,
                                         .metrics = s->metrics,
                                         .interval_ms = s->settings->interval_ms,
                                         .peers = s->settings->gossip_peers,
                                         .peer_count = s->settings->peer_count,
                                         .context = s,
                                         .head = monitor_follow_head,
                                         .view = monitor_follow_view};
    const struct prober_config prober = {.clock = s->clock,
                                         .timer = s->timers,
                                         .fetch = curl_fetch_port(s->fetch),
                                         .interval_ms = s->settings->probe_ms,
                                         .ca_file = s->settings->ca_file[0] != '\0' ? s->settings->ca_file : NULL,
                                         .context = s,
                                         .tree_size = monitor_follow_tree_size,
                                         .contact = monitor_follow_contact};
    enum status status = gossip_new(&gossip, &s->gossip, err);
    return status == STATUS_OK ? prober_new(&prober, &s->prober, err) : status;
}

static enum status start_parts(struct monitor_service *s, struct error *err)
{
    enum status status = open_stores(s, err);
    if (status == STATUS_OK)
        status = curl_fetch_new(s->loop, &s->fetch, err);
    if (status == STATUS_OK)
        status = serial_worker_new(s->loop, &s->state_worker, err);
    if (status == STATUS_OK)
        status = serial_worker_new(s->loop, &s->index_worker, err);
    if (status == STATUS_OK)
        status = monitor_actions_new(s->settings, curl_fetch_port(s->fetch), s->loop, &s->actions, err);
    if (status == STATUS_OK)
        status = start_monitor(s, err);
    if (status == STATUS_OK)
        status = start_gossip(s, err);
    if (status == STATUS_OK)
        status = monitor_follow_add(s, err);
    return status == STATUS_OK ? monitor_trust_add(s, err) : status;
}

/* ---- servers ---- */

static enum status start_server(struct monitor_service *s, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler handler = gossip_handler(s->gossip);
    if (s->settings->listen.address_count == 0)
        return STATUS_OK;
    enum status status = http_server_new(s->loop, &limits, &s->server, err);
    if (status == STATUS_OK)
        status = http_server_add_route(s->server, GOSSIP_PATH, &handler, err);
    if (status == STATUS_OK)
        status = service_listen_open(&s->settings->listen, s->server, &s->tls, err);
    return status;
}

static enum status start_control(struct monitor_service *s, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler handler = monitor_status_handler(s);
    char address[MONITOR_PATH_MAX + 32], socket[MONITOR_PATH_MAX + 16];
    monitor_settings_socket(s->settings, socket);
    (void)snprintf(address, sizeof address, "unix:%s", socket);
    enum status status = http_server_new(s->loop, &limits, &s->control_server, err);
    if (status == STATUS_OK)
        status = http_server_add_route(s->control_server, "/status", &handler, err);
    handler = monitor_figures_handler(s);
    if (status == STATUS_OK)
        status = http_server_add_route(s->control_server, MONITOR_FIGURES_PATH, &handler, err);
    return status == STATUS_OK ? http_server_listen(s->control_server, address, NULL, err) : status;
}

static enum status start_admin(struct monitor_service *s, struct error *err)
{
    struct http_handler handler = monitor_status_handler(s);
    s->admin = (struct service_admin){
        .metrics = s->metrics, .why_not_ready = why_not_ready, .before_metrics = before_metrics, .context = s};
    enum status status = service_admin_listen(&s->admin, s->loop, s->settings->listen.admin, &s->admin_server, err);
    if (status == STATUS_OK && s->admin_server != NULL)
        status = http_server_add_route(s->admin_server, "/status", &handler, err);
    if (s->admin_server != NULL && s->server != NULL)
        service_admin_watch(&s->admin, s->server);
    return status;
}

/* ---- life ---- */

enum status monitor_service_start(struct monitor_service *s, struct error *err)
{
    struct service_callbacks callbacks = {.context = s, .reload = reload, .stop = stop};
    s->log = service_log_stderr(s->settings->listen.is_json);
    s->events = service_log_port(&s->log);
    s->clock = posix_clock();
    s->watch_file.path = s->settings->watch_list;
    enum status status = metrics_new(&s->metrics, err);
    if (status == STATUS_OK)
        status = service_run_new(&callbacks, &s->events, &s->run, err);
    if (status != STATUS_OK)
        return status;
    s->loop = service_run_loop(s->run);
    s->timers = event_loop_timers(s->loop);
    status = start_parts(s, err);
    if (status == STATUS_OK)
        status = start_server(s, err);
    if (status == STATUS_OK)
        status = start_control(s, err);
    if (status == STATUS_OK)
        status = start_admin(s, err);
    if (status != STATUS_OK)
        return status;
    s->is_started = true;
    monitor_start(s->monitor);
    monitor_follow_start(s);
    monitor_trust_start(s);
    gossip_start(s->gossip);
    prober_start(s->prober);
    s->look_timer = s->timers.start(s->timers.context, MONITOR_WATCH_FILE_LOOK_MS, look_at_watch_file, s);
    return STATUS_OK;
}

/* Servers first, whose exchanges ask the others; workers end with their last job before what it touches goes. */
void monitor_service_end(struct monitor_service *s)
{
    if (s->is_started && !s->has_ended) /* a second signal: the process ends with its work under way, as if it were killed */
        return;
    http_server_free(s->admin_server);
    http_server_free(s->control_server);
    http_server_free(s->server);
    curl_fetch_free(s->fetch);
    monitor_actions_free(s->actions);
    serial_worker_free(s->state_worker);
    serial_worker_free(s->index_worker);
    monitor_trust_free(s);
    monitor_follow_free(s);
    prober_free(s->prober);
    gossip_free(s->gossip);
    monitor_free(s->monitor);
    sqlite_domain_index_close(s->index);
    sqlite_state_store_close(s->state);
    posix_object_store_close(s->files);
    tls_context_free(s->tls);
    service_run_free(s->run);
    metrics_free(s->metrics);
    monitor_settings_free(s->settings);
}
