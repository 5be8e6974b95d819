/* cathaya trust serve - the distributor: a version every interval, and its folder over HTTP. */
#include <stdlib.h>

#include "command.h"
#include "output.h"
#include "secret_process.h"
#include "trust_publish/publish_service.h"

static int run(const struct options *options)
{
    struct publish_service *service = calloc(1, sizeof *service);
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    if (service == NULL)
        abort();
    secret_process_hide();
    service->config_file = options_value(options, "config");
    service->algorithms_file = options_value(options, "algorithms");
    if (publish_config_read(service->config_file, service->algorithms_file, &service->config, &err) != STATUS_OK) {
        status = output_failure(ROLE_NEEDED, &err);
    } else if (options_has(options, "check-config")) {
        output_line("%s: OK", service->config_file);
    } else if (publish_service_start(service, &err) == STATUS_OK) {
        publish_service_run(service);
    } else {
        status = output_failure(ROLE_STATE, &err);
    }
    publish_service_end(service);
    free(service);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration, see examples/trust.conf", .is_required = true},
    {.name = "check-config", .help = "read the configuration and the keys that it names, and end"},
    {.name = NULL},
};

const struct command command_trust_serve = {
    .name = "trust serve",
    .arguments = "",
    .summary = "make versions of the trust bundle regularly, and publish them",
    .details = "Makes a version every `interval` as `trust build` does, and serves the published folder where `listen` says, if it\n"
               "says anything: any web server can carry the folder. Prints `ready` when it serves. SIGHUP reads the TLS\n"
               "certificate again and makes a version now; SIGTERM ends when the build that is under way has ended.\n",
    .options = rows,
    .run = run,
};
