/* cathaya gateway run, gateway check */
#include <stdlib.h>

#include "command.h"
#include "gateway/gateway_service.h"
#include "output.h"
#include "secret_process.h"

static void announce(const struct gateway *g)
{
    for (size_t i = 0; i < proxy_listener_count(g->proxy); i++) {
        struct proxy_listener_info info;
        proxy_listener(g->proxy, i, &info);
        service_run_announce(info.kind == PROXY_HTTPS ? "https" : "http", info.address);
    }
    if (g->admin_http != NULL)
        service_run_announce("admin", http_server_address(g->admin_http, 0));
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct gateway *g = calloc(1, sizeof *g);
    int status = EXIT_YES;
    if (g == NULL)
        abort();
    secret_process_hide();
    g->config_path = options_value(options, "config");
    enum status s = gateway_config_read(g->config_path, &g->config, &err);
    if (s != STATUS_OK) {
        status = output_failure(ROLE_NEEDED, &err);
    } else {
        s = gateway_service_start(g, &err);
        if (s == STATUS_OK) {
            announce(g);
            gateway_restart_report();
            service_run_until_stopped(g->run, true);
        } else {
            /* The configuration is a good one: a port in use, a directory that another gateway has. */
            (void)output_failure(ROLE_STATE, &err);
            status = s == STATUS_USAGE ? EXIT_WRONG_USAGE : EXIT_SURROUNDINGS;
        }
    }
    gateway_service_end(g);
    free(g);
    return status;
}

static int check(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct gateway_config *config;
    const char *path = options_value(options, "config");
    if (gateway_config_read(path, &config, &err) != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    output_line("%s: OK: %zu sites, %zu issuers, %zu listeners", path, config->site_count, config->issuer_count,
                config->listener_count);
    gateway_config_free(config);
    return EXIT_YES;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration, see examples/gateway.conf", .is_required = true},
    {.name = NULL},
};

const struct command command_gateway_run = {
    .name = "gateway run",
    .arguments = "",
    .summary = "put certificates and GM TLS in front of any server",
    .details = "Prints `ready` when it serves. SIGHUP reads the configuration again, SIGUSR2 replaces the program without\n"
               "losing a connection, SIGTERM finishes what is under way.\n",
    .options = rows,
    .run = run,
};

const struct command command_gateway_check = {
    .name = "gateway check",
    .arguments = "",
    .summary = "is this a good configuration of a gateway?",
    .options = rows,
    .run = check,
};
