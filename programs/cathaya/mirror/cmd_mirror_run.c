/* cathaya mirror run - the mirror and witness service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "mirror/mirror_service.h"
#include "output.h"
#include "secret_process.h"
#include "service/service_admin.h"
#include "service/service_log.h"
#include "service/service_run.h"

/* Requests that are under way get this long after SIGTERM. */
#define DRAIN_MS 20000

struct running {
    struct mirror_config_file *config;
    struct service_log log;
    struct events_port events;
    struct metrics *metrics;
    struct service_run *run;
    struct http_server *server, *admin_server;
    struct service_admin admin;
    struct tls_context *tls;
    struct mirror_service *service;
};

static const char *why_not_ready(void *context)
{
    struct running *r = context;
    if (service_run_is_stopping(r->run))
        return "stopping";
    return mirror_service_is_ready(r->service) ? NULL : "a log was stopped by a failure: see the events";
}

/* ---- TLS ---- */

static void reload(void *context)
{
    struct running *r = context;
    service_listen_reload(&r->config->listen, r->config->listen.address_count, r->server, &r->tls, &r->events);
}

/* ---- life ---- */

static void drained(void *context)
{
    struct running *r = context;
    service_run_finished(r->run);
}

static void stop(void *context)
{
    struct running *r = context;
    mirror_service_stop(r->service);
    http_server_drain(r->server, DRAIN_MS, drained, r);
}

static enum status start_server(struct running *r, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    return http_server_new(service_run_loop(r->run), &limits, &r->server, err);
}

static enum status start_mirror(struct running *r, struct error *err)
{
    struct mirror_service_ports ports = {service_run_loop(r->run), r->server, r->events, r->metrics};
    return mirror_service_new(r->config, &ports, &r->service, err);
}

static enum status start_admin(struct running *r, struct error *err)
{
    r->admin = (struct service_admin){
        .metrics = r->metrics, .why_not_ready = why_not_ready, .context = r};
    enum status s = service_admin_listen(&r->admin, service_run_loop(r->run), r->config->listen.admin, &r->admin_server, err);
    if (r->admin_server != NULL)
        service_admin_watch(&r->admin, r->server);
    return s;
}

static void announce(struct running *r)
{
    for (size_t i = 0; i < r->config->listen.address_count; i++)
        service_run_announce("mirror", http_server_address(r->server, i));
    if (r->admin_server != NULL)
        service_run_announce("admin", http_server_address(r->admin_server, 0));
}

static enum status start(struct running *r, struct error *err)
{
    struct service_callbacks callbacks = {.context = r, .reload = reload, .stop = stop};
    r->log = service_log_stderr(r->config->listen.is_json);
    r->events = service_log_port(&r->log);
    enum status s = metrics_new(&r->metrics, err);
    if (s == STATUS_OK)
        s = service_run_new(&callbacks, &r->events, &r->run, err);
    if (s == STATUS_OK)
        s = start_server(r, err);
    if (s == STATUS_OK)
        s = start_mirror(r, err);
    if (s == STATUS_OK)
        s = start_admin(r, err);
    return s == STATUS_OK ? service_listen_open(&r->config->listen, r->server, &r->tls, err) : s;
}

/* Stopped early there may be connections. Their end is work for the logs: what came of an upload is kept. So the servers
 * go first; exchanges outlive them until they are sent. */
static void end(struct running *r)
{
    http_server_free(r->admin_server);
    http_server_free(r->server);
    mirror_service_free(r->service);
    tls_context_free(r->tls);
    service_run_free(r->run);
    metrics_free(r->metrics);
    mirror_config_free(r->config);
}

static int run(const struct options *options)
{
    struct running *r = calloc(1, sizeof *r);
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    if (r == NULL)
        abort();
    secret_process_hide();
    enum status s = mirror_config_read(options_value(options, "config"),
                                       options_value(options, "algorithms"), &r->config, &err);
    if (s == STATUS_OK && (s = service_listen_required(&r->config->listen, &err)) != STATUS_OK)
        s = error_prefix(&err, s, "%s", options_value(options, "config"));
    if (s != STATUS_OK) {
        status = output_failure(ROLE_NEEDED, &err);
    } else if (options_has(options, "check-config")) {
        output_line("%s: OK", options_value(options, "config"));
    } else {
        s = start(r, &err);
        if (s == STATUS_OK) {
            announce(r);
            mirror_service_run(r->service);
            service_run_until_stopped(r->run, true);
        } else {
            status = output_failure(ROLE_STATE, &err);
        }
    }
    end(r);
    free(r);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration, see examples/mirror.conf", .is_required = true},
    {.name = "check-config", .help = "read the configuration and the keys that it names, and end"},
    {.name = NULL},
};

const struct command command_mirror_run = {
    .name = "mirror run",
    .arguments = "",
    .summary = "mirror issuance logs, and vouch for what is stored",
    .details = "Prints `ready` when it serves. SIGHUP reads the TLS certificate again; SIGTERM finishes what was\n"
               "begun.\n",
    .options = rows,
    .argument_min = 0,
    .argument_max = 0,
    .run = run,
};
