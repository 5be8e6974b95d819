/* cathaya monitor run, monitor check - the service that follows logs */
#include <stdlib.h>

#include "command.h"
#include "monitor/monitor_service.h"
#include "output.h"

static void announce(const struct monitor_service *service)
{
    for (size_t i = 0; i < service->settings->listen.address_count; i++)
        service_run_announce("monitor", http_server_address(service->server, i));
    if (service->admin_server != NULL)
        service_run_announce("admin", http_server_address(service->admin_server, 0));
}

/* The list is part of the configuration: a bad one is said before anything runs. */
static enum status check_watch_list(const struct monitor_settings *settings, struct error *err)
{
    struct monitor_watch_file file = {.path = settings->watch_list};
    struct monitor_watch *watch;
    enum status s = monitor_watch_file_read(&file, 0, &watch, err);
    monitor_watch_release(watch);
    return s;
}

static int run(const struct options *options)
{
    struct monitor_service *service = calloc(1, sizeof *service);
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    if (service == NULL)
        abort();
    enum status s = monitor_settings_read(options_value(options, "config"), options_value(options, "algorithms"),
                                          &service->settings, &err);
    if (s == STATUS_OK)
        s = check_watch_list(service->settings, &err);
    if (s != STATUS_OK) {
        status = output_failure(ROLE_NEEDED, &err);
        monitor_settings_free(service->settings);
        free(service);
        return status;
    }
    if (options_has(options, "check-config")) {
        output_line("%s: OK: %zu logs, %zu actions, %zu peers", options_value(options, "config"), service->settings->log_count,
                    service->settings->action_count, service->settings->peer_count);
    } else if (monitor_service_start(service, &err) == STATUS_OK) {
        announce(service);
        service_run_until_stopped(service->run, true);
    } else {
        status = output_failure(ROLE_STATE, &err);
    }
    monitor_service_end(service);
    free(service);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration, see examples/monitor.conf", .is_required = true},
    {.name = "check-config", .help = "read the configuration and the watch list, and end"},
    {.name = NULL},
};

const struct command command_monitor_run = {
    .name = "monitor run",
    .arguments = "",
    .summary = "follow logs, verify them, and tell of certificates that are watched for",
    .details = "Prints `ready` when it follows. SIGHUP reads the watch list and the TLS certificate again; the list is also read\n"
               "when its file changes, and a bad one is refused. SIGTERM keeps what is known and ends.\n",
    .options = rows,
    .run = run,
};
