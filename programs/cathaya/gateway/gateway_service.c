#include "gateway/gateway_service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/gateway_signer.h"
#include "gateway/privileges.h"

/* Requests that are under way get this long after SIGTERM; below SERVICE_RUN_STOP_MS. */
#define DRAIN_MS 30000

/* ---- tickets ---- */

static void rotate_tickets(void *cookie)
{
    struct gateway *g = cookie;
    struct timer_port timers = event_loop_timers(service_run_loop(g->run));
    struct error err;
    enum status s = tls_ticket_keys_rotate(&g->ticket_keys, &err);
    if (s == STATUS_OK)
        s = proxy_set_ticket_keys(g->proxy, &g->ticket_keys, &err);
    if (s != STATUS_OK)
        events_report(&g->events, EVENT_ERROR, "ticket-keys-not-rotated", {"reason", err.text});
    g->ticket_timer = timers.start(timers.context, (uint64_t)g->config->ticket_rotation_s * 1000, rotate_tickets, g);
}

/* ---- keys in signers ---- */

static void look_at_signers(void *cookie)
{
    struct gateway *g = cookie;
    struct timer_port timers = event_loop_timers(service_run_loop(g->run));
    gateway_signer_look(&g->events);
    g->signer_timer = timers.start(timers.context, GATEWAY_SIGNER_LOOK_MS, look_at_signers, g);
}

/* ---- access log ---- */

static enum status open_access_log(struct gateway *g, struct error *err)
{
    const char *path = g->config->access_log;
    enum proxy_log_format format = g->config->log_format == SERVICE_LOG_JSON ? PROXY_LOG_JSON : PROXY_LOG_TEXT;
    bool is_stdout = strcmp(path, "-") == 0;
    if (path[0] == '\0')
        return proxy_set_access_log(g->proxy, -1, format, err);
    int fd = is_stdout ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        return error_set(err, STATUS_USAGE, "access-log: %s: %s", path, strerror(errno));
    enum status s = proxy_set_access_log(g->proxy, fd, format, err);
    if (!is_stdout)
        (void)close(fd);
    return s;
}

/* ---- control plane ---- */

enum status gateway_service_open_control(struct gateway *g, struct error *err)
{
    struct gateway_control_settings settings = {
        .loop = service_run_loop(g->run), .events = &g->events, .deploy = g->deploy};
    enum status s = gateway_control_open(g->config, &settings, &g->control, err);
    return s == STATUS_OK ? gateway_admin_open(g, err) : s;
}

void gateway_service_close_control(struct gateway *g)
{
    gateway_admin_close(g);
    gateway_control_close(g->control);
    g->control = NULL;
}

/* ---- reload ---- */

/* What a reload cannot change is said, and stays as it was. */
static void warn_fixed(struct gateway *g, const struct gateway_config *next)
{
    bool is_same = g->config->listener_count == next->listener_count &&
                   g->config->worker_count == next->worker_count &&
                   g->config->trust_anchors_code_point == next->trust_anchors_code_point &&
                   (g->config->admin_listen == NULL) == (next->admin_listen == NULL);
    for (size_t i = 0; is_same && i < next->listener_count; i++)
        is_same = strcmp(g->config->listeners[i].address, next->listeners[i].address) == 0;
    if (!is_same)
        events_report(&g->events, EVENT_WARNING, "reload-needs-restart",
                      {"reason", "listen, admin-listen, workers and trust-anchors-code-point change with a restart"});
}

static enum status keep_old_config(struct gateway *g, struct error *err)
{
    struct gateway_config **more = realloc(g->old_configs, (g->old_config_count + 1) * sizeof(struct gateway_config *));
    if (more == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    g->old_configs = more;
    return STATUS_OK;
}

static enum status take_config(struct gateway *g, struct gateway_config *next, struct error *err)
{
    struct gateway_backends *backends = NULL, *old_backends = g->backends;
    if (strcmp(g->config->directory, next->directory) != 0)
        return error_set(err, STATUS_USAGE, "directory: cannot change while running");
    enum status s = keep_old_config(g, err);
    if (s == STATUS_OK)
        s = gateway_backends_new(service_run_loop(g->run), next, old_backends, &g->events, &backends, err);
    if (s != STATUS_OK)
        return s;
    s = gateway_deploy_configure(g->deploy, next, backends, err);
    if (s == STATUS_OK)
        s = gateway_control_reload(g->control, next, err);
    if (s != STATUS_OK) {
        struct error ignored;
        if (gateway_deploy_configure(g->deploy, g->config, old_backends, &ignored) != STATUS_OK)
            abort();
        gateway_backends_free(backends);
        return s;
    }
    gateway_deploy_settle(g->deploy);
    warn_fixed(g, next);
    g->old_configs[g->old_config_count++] = g->config;
    g->config = next;
    g->backends = backends;
    gateway_backends_free(old_backends);
    return STATUS_OK;
}

static void reload(void *context)
{
    struct gateway *g = context;
    struct gateway_config *next = NULL;
    struct error err;
    if (g->control == NULL)
        return; /* another process takes over */
    enum status s = gateway_config_read(g->config_path, &next, &err);
    if (s == STATUS_OK)
        s = take_config(g, next, &err);
    if (s == STATUS_OK) {
        if (open_access_log(g, &err) != STATUS_OK)
            events_report(&g->events, EVENT_ERROR, "access-log-not-opened", {"reason", err.text});
        events_report(&g->events, EVENT_INFO, "reloaded", {"file", g->config_path});
    } else {
        gateway_config_free(next);
        events_report(&g->events, EVENT_ERROR, "not-reloaded", {"reason", err.text});
    }
}

/* ---- restart and stop ---- */

static void drained(void *cookie)
{
    struct gateway *g = cookie;
    service_run_finished(g->run);
}

static void drain(struct gateway *g)
{
    gateway_deploy_stop(g->deploy);
    proxy_drain(g->proxy, DRAIN_MS, drained, g);
}

static void stop(void *context)
{
    struct gateway *g = context;
    gateway_service_close_control(g);
    if (!g->is_handed_over)
        drain(g);
}

static void prepare_restart(void *context)
{
    struct gateway *g = context;
    events_report(&g->events, EVENT_INFO, "restarting", {"reason", "SIGUSR2"});
    gateway_service_close_control(g);
}

static void restart_done(void *context, bool is_taken_over)
{
    struct gateway *g = context;
    struct error err;
    if (is_taken_over) {
        events_report(&g->events, EVENT_INFO, "taken-over", {"reason", "a new process serves"});
        g->is_handed_over = true;
        drain(g);
    } else if (gateway_service_open_control(g, &err) != STATUS_OK) {
        events_report(&g->events, EVENT_ERROR, "control-not-reopened", {"reason", err.text});
    }
}

static void on_restart(void *context)
{
    struct gateway *g = context;
    if (g->control != NULL)
        gateway_restart_start(g->restart);
}

/* ---- start ---- */

static enum status open_proxy(struct gateway *g, struct error *err)
{
    const struct proxy_settings settings = {.worker_count = g->config->worker_count,
                                            .trust_anchors_type = g->config->trust_anchors_code_point};
    enum status s = proxy_new(service_run_loop(g->run), &settings, &g->proxy, err);
    return s == STATUS_OK ? gateway_service_open_listeners(g, err) : s;
}

static enum status give_up_rights(struct gateway *g, struct error *err)
{
    struct error reason;
    enum status s = privileges_drop(g->config->user, err);
    if (s == STATUS_OK && privileges_restrict_calls(&reason) != STATUS_OK)
        events_report(&g->events, EVENT_WARNING, "not-restricted", {"reason", reason.text});
    return s;
}

static enum status make_restart(struct gateway *g, struct error *err)
{
    struct gateway_restart_settings settings = {
        .loop = service_run_loop(g->run), .events = &g->events, .config_path = g->config_path, .proxy = g->proxy,
        .context = g, .prepare = prepare_restart, .done = restart_done};
    return gateway_restart_new(&settings, &g->restart, err);
}

static enum status open_base(struct gateway *g, struct error *err)
{
    struct service_callbacks callbacks = {.context = g, .reload = reload, .restart = on_restart, .stop = stop};
    g->log = (struct service_log){.format = g->config->log_format, .minimum = g->config->log_level, .fd = STDERR_FILENO};
    g->events = service_log_port(&g->log);
    enum status s = metrics_new(&g->metrics, err);
    if (s == STATUS_OK)
        s = service_run_new(&callbacks, &g->events, &g->run, err);
    return s;
}

enum status gateway_service_start(struct gateway *g, struct error *err)
{
    enum status s = open_base(g, err);
    if (s == STATUS_OK)
        s = open_proxy(g, err);
    if (s == STATUS_OK)
        s = make_restart(g, err);
    if (s == STATUS_OK)
        s = give_up_rights(g, err);
    if (s == STATUS_OK)
        s = open_access_log(g, err);
    if (s == STATUS_OK)
        s = gateway_backends_new(service_run_loop(g->run), g->config, NULL, &g->events, &g->backends, err);
    if (s == STATUS_OK)
        s = gateway_deploy_new(service_run_loop(g->run), &g->events, &g->deploy, err);
    if (s == STATUS_OK)
        s = gateway_deploy_configure(g->deploy, g->config, g->backends, err);
    if (s == STATUS_OK) {
        gateway_stats_init(&g->stats, g->metrics);
        s = gateway_service_open_control(g, err);
    }
    if (s == STATUS_OK && g->config->ticket_rotation_s > 0)
        rotate_tickets(g);
    if (s == STATUS_OK)
        look_at_signers(g);
    return s == STATUS_OK ? gateway_deploy_start(g->deploy, g->proxy, err) : s;
}

void gateway_service_end(struct gateway *g)
{
    gateway_service_close_control(g);
    if (g->run != NULL) {
        struct timer_port timers = event_loop_timers(service_run_loop(g->run));
        timers.cancel(timers.context, g->ticket_timer);
        timers.cancel(timers.context, g->signer_timer);
    }
    proxy_free(g->proxy);
    gateway_restart_free(g->restart);
    gateway_deploy_free(g->deploy);
    gateway_backends_free(g->backends);
    service_run_free(g->run);
    metrics_free(g->metrics);
    tls_ticket_keys_wipe(&g->ticket_keys);
    for (size_t i = 0; i < g->old_config_count; i++)
        gateway_config_free(g->old_configs[i]);
    free(g->old_configs);
    gateway_config_free(g->config);
}
