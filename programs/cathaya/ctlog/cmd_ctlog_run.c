/* cathaya ctlog run - Certificate Transparency logs, and mirrors beside them. */
#include <stdlib.h>

#include "command.h"
#include "ctlog/ctlog_service.h"
#include "output.h"
#include "secret_process.h"

static int run(const struct options *options)
{
    struct ctlog_service *service = calloc(1, sizeof *service);
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    if (service == NULL)
        abort();
    secret_process_hide();
    service->config_file = options_value(options, "config");
    service->algorithms_file = options_value(options, "algorithms");
    if (ctlog_config_read(service->config_file, service->algorithms_file, &service->config, &err) != STATUS_OK) {
        status = output_failure(ROLE_NEEDED, &err);
    } else if (options_has(options, "check-config")) {
        output_line("%s: OK", service->config_file);
    } else if (ctlog_service_start(service, &err) == STATUS_OK) {
        ctlog_service_run(service);
    } else {
        status = output_failure(ROLE_STATE, &err);
    }
    ctlog_service_end(service);
    free(service);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration, see examples/ctlog.conf", .is_required = true},
    {.name = "check-config", .help = "read the configuration and the keys that it names, and end"},
    {.name = NULL},
};

const struct command command_ctlog_run = {
    .name = "ctlog run",
    .arguments = "",
    .summary = "run Certificate Transparency logs, GM and international",
    .details = "Serves RFC 6962 and static-ct-api over the same tree. Prints `ready` when it serves. SIGHUP reads the\n"
               "TLS certificate, accepted roots and states again; SIGTERM answers what was submitted.\n",
    .options = rows,
    .argument_min = 0,
    .argument_max = 0,
    .run = run,
};
