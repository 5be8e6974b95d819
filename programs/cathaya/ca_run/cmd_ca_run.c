/* cathaya ca run - the CA service */
#include <stdlib.h>

#include "ca/ca_session.h"
#include "ca_run/run_cqrp.h"
#include "ca_run/run_service.h"
#include "command.h"
#include "output.h"
#include "secret_process.h"

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration; examples/ca-run.conf is a commented one", .is_required = true},
    {.name = "check-config", .help = "read the configuration and what it names, say whether it is good, and end"},
    {.name = "lint", .metavar = "cqrp", .help = "say what does not meet Chrome's draft policy for Merkle Tree CAs, and end"},
    {.name = NULL},
};

static int serve(const char *path, struct run_config *config, struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    struct run_service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        run_config_free(config);
        return output_failure(ROLE_STATE, &(struct error){STATUS_NO_MEMORY, "out of memory"});
    }
    secret_process_hide();
    enum status s = run_service_open(service, path, config, algorithms, &err);
    if (s == STATUS_OK)
        run_service_until_stopped(service);
    else
        s = run_config_locate(config, path, s, &err);
    run_service_close(service);
    free(service);
    return s == STATUS_OK ? EXIT_YES : output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
}

static int check(const char *path, struct run_config *config, struct algorithms *algorithms)
{
    struct error err = {.status = STATUS_OK};
    enum status s = run_config_locate(config, path, run_service_check(config, algorithms, &err), &err);
    int exit_status = EXIT_YES;
    if (s == STATUS_OK)
        output_line("%s: OK", path);
    else
        exit_status = output_failure(ROLE_NEEDED, &err);
    run_config_free(config);
    return exit_status;
}

static int run(const struct options *options)
{
    struct ca_session session = {.algorithms = NULL};
    struct run_config *config = NULL;
    struct error err = {.status = STATUS_OK};
    const char *path = options_value(options, "config"), *lint = options_value(options, "lint");
    int exit_status = EXIT_YES;
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    enum status s = run_config_read(path, &config, &err);
    if (s == STATUS_OK && lint != NULL && !run_cqrp_is_name(lint))
        s = error_set(&err, STATUS_USAGE, "--lint: there is cqrp");
    if (s != STATUS_OK) {
        run_config_free(config);
        exit_status = output_failure(ROLE_NEEDED, &err);
    } else if (lint != NULL) {
        exit_status = run_cqrp(path, config, session.algorithms);
        run_config_free(config);
    } else if (options_has(options, "check-config")) {
        exit_status = check(path, config, session.algorithms);
    } else {
        exit_status = serve(path, config, session.algorithms);
    }
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_run = {
    .name = "ca run",
    .arguments = "",
    .summary = "the CA service: ACME, sequencing, mirrors, landmarks, revocation",
    .details = "Prints \"ready\" with its addresses on stdout when it serves, and events on stderr. SIGHUP reads the\n"
               "configuration again, SIGTERM finishes what was acknowledged and ends.\n",
    .options = rows,
    .run = run,
};
