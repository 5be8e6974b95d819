/* cathaya perspective run - looks at names for a CA, from where this machine is */
#include <stdlib.h>

#include "adapters/http_client/curl_fetch.h"
#include "adapters/http_server/http_server.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/tls_client/tls_prober.h"
#include "command.h"
#include "output.h"
#include "perspective/perspective_config.h"
#include "service/service_admin.h"
#include "service/service_run.h"

/* Validations that are under way get their answers, or their deadline. */
#define DRAIN_MS 50000

struct perspective {
    struct perspective_config *config;
    struct events_port events;
    struct service_run *run;
    struct metrics *metrics;
    struct unbound_resolver *resolver;
    struct curl_fetch *fetch;
    struct tls_prober *prober;
    struct validation *validation;
    struct perspective_server *server;
    struct http_server *http, *admin_http;
    struct service_admin admin;
};

static const char *why_not_ready(void *context)
{
    const struct perspective *p = context;
    return service_run_is_stopping(p->run) ? "stopping" : NULL;
}

static void drained(void *cookie)
{
    struct perspective *p = cookie;
    service_run_finished(p->run);
}

static void stop(void *context)
{
    struct perspective *p = context;
    http_server_drain(p->http, DRAIN_MS, drained, p);
}

static enum status make_validation(struct perspective *p, struct error *err)
{
    struct event_loop *loop = service_run_loop(p->run);
    enum status s = unbound_resolver_open(loop, &p->config->dns.unbound, &p->resolver, err);
    if (s == STATUS_OK)
        s = curl_fetch_new(loop, &p->fetch, err);
    if (s == STATUS_OK)
        s = tls_prober_new(loop, &p->prober, err);
    if (s != STATUS_OK)
        return s;
    struct validation_ports ports = {
        .resolver = unbound_resolver_port(p->resolver), .fetch = curl_fetch_port(p->fetch),
        .tls_probe = tls_prober_port(p->prober), .timer = event_loop_timers(loop), .clock = posix_clock(),
        .events = &p->events, .metrics = p->metrics,
    };
    return validation_new(&p->config->validation, &ports, &p->validation, err);
}

static enum status make_server(struct perspective *p, struct error *err)
{
    const char *secrets[PERSPECTIVE_SECRETS_MAX];
    for (size_t i = 0; i < p->config->secret_count; i++)
        secrets[i] = (const char *)p->config->secrets[i].data;
    struct perspective_server_config config = {
        .validator = validation_port(p->validation), .secrets = secrets, .secret_count = p->config->secret_count,
        .is_intranet_allowed = p->config->is_intranet_allowed, .events = &p->events, .metrics = p->metrics,
    };
    return perspective_server_new(&config, &p->server, err);
}

static enum status listen_all(struct perspective *p, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler handler = perspective_server_handler(p->server);
    struct tls_context *tls = NULL;
    enum status s = http_server_new(service_run_loop(p->run), &limits, &p->http, err);
    if (s == STATUS_OK)
        s = http_server_add_route(p->http, "/validate", &handler, err);
    if (s == STATUS_OK && p->config->tls_key.len > 0)
        s = tls_context_new_server(builder_view(&p->config->tls_certificate),
                                   builder_view(&p->config->tls_key), &tls, err);
    for (size_t i = 0; s == STATUS_OK && i < p->config->listener_count; i++)
        s = http_server_listen(p->http, p->config->listeners[i], tls, err);
    tls_context_free(tls);
    return s;
}

static enum status listen_admin(struct perspective *p, struct error *err)
{
    p->admin = (struct service_admin){.metrics = p->metrics, .why_not_ready = why_not_ready, .context = p};
    service_admin_watch(&p->admin, p->http);
    return service_admin_listen(&p->admin, service_run_loop(p->run), p->config->admin_listen, &p->admin_http, err);
}

static enum status start(struct perspective *p, struct error *err)
{
    struct service_callbacks callbacks = {.context = p, .stop = stop};
    p->events = service_log_port(&p->config->log);
    enum status s = service_run_new(&callbacks, &p->events, &p->run, err);
    if (s == STATUS_OK)
        s = metrics_new(&p->metrics, err);
    if (s == STATUS_OK)
        s = make_validation(p, err);
    if (s == STATUS_OK)
        s = make_server(p, err);
    if (s == STATUS_OK)
        s = listen_all(p, err);
    return s == STATUS_OK ? listen_admin(p, err) : s;
}

static void clear(struct perspective *p)
{
    http_server_free(p->admin_http);
    http_server_free(p->http);
    perspective_server_free(p->server);
    /* Those who answer what is under way go before it. */
    curl_fetch_free(p->fetch);
    tls_prober_free(p->prober);
    unbound_resolver_close(p->resolver);
    validation_free(p->validation);
    service_run_free(p->run);
    metrics_free(p->metrics);
}

static void announce(const struct perspective *p)
{
    for (size_t i = 0; i < p->config->listener_count; i++)
        service_run_announce("perspective", http_server_address(p->http, i));
    if (p->admin_http != NULL)
        service_run_announce("admin", http_server_address(p->admin_http, 0));
}

static int run_service(struct perspective_config *config)
{
    struct error err = {.status = STATUS_OK};
    struct perspective p = {.config = config};
    enum status s = start(&p, &err);
    if (s == STATUS_OK) {
        announce(&p);
        service_run_until_stopped(p.run, true);
    }
    clear(&p);
    return s == STATUS_OK ? EXIT_YES : output_failure(ROLE_NEEDED, &err);
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct perspective_config *config;
    const char *path = options_value(options, "config");
    enum status s = perspective_config_read(path, &config, &err);
    int status = EXIT_YES;
    if (s != STATUS_OK)
        status = output_failure(ROLE_NEEDED, &err);
    else if (options_has(options, "check-config"))
        output_line("%s: OK", path);
    else
        status = run_service(config);
    perspective_config_free(config);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration", .is_required = true},
    {.name = "check-config", .help = "read the configuration, say whether it is good, and end"},
    {.name = NULL},
};

const struct command command_perspective_run = {
    .name = "perspective run",
    .arguments = "",
    .summary = "a remote perspective: look at names for a CA, from here",
    .details = "Answers POST /validate of CAs that know a secret. SIGTERM finishes what is under way.\n"
               "The commented example of a configuration is examples/perspective.conf.\n",
    .options = rows,
    .run = run,
};
