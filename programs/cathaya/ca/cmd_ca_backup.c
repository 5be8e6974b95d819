#include "ca/ca_backup.h"
#include "ca/ca_session.h"
#include "ca_run/run_backup.h"
#include "command.h"

static const struct option_row rows[] = {
    {.name = "dir", .metavar = "DIR", .help = "the CA's directory"},
    {.name = "config", .metavar = "FILE", .help = "or all of a service: its configuration"},
    {.name = "with-keys", .help = "private keys too: whoever has the copy is the CA"},
    {.name = NULL},
};

static const char *with_or_without(const struct options *options)
{
    return options_has(options, "with-keys") ? "with" : "without";
}

static int run_for_service(const struct options *options)
{
    struct ca_session session = {.algorithms = NULL};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    const char *config = options_value(options, "config"), *out = options->arguments[0];
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    enum status s = run_backup(config, out, options_has(options, "with-keys"), session.algorithms, &err);
    if (s == STATUS_OK)
        output_line("%s: a backup of the service of %s, %s private keys", out, config, with_or_without(options));
    else
        exit_status = output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    return ca_session_close(&session, exit_status);
}

static int run_for_directory(const struct options *options)
{
    struct ca_session session = {.algorithms = NULL};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    const struct ca_backup_request request = {
        .path = options_value(options, "dir"),
        .out = options->arguments[0],
        .with_keys = options_has(options, "with-keys"),
    };
    /* Opened as a reader first: a CA that cannot be read is told as `ca status` tells it. */
    if (!ca_session_open(&session, options, CA_DIRECTORY_READ, &exit_status))
        return ca_session_close(&session, exit_status);
    if (ca_backup_run(&request, session.algorithms, &err) == STATUS_OK)
        output_line("%s: a backup of %s, %s private keys", request.out, request.path,
                    with_or_without(options));
    else
        exit_status = output_failure(ROLE_STATE, &err);
    return ca_session_close(&session, exit_status);
}

static int run(const struct options *options)
{
    bool has_dir = options_has(options, "dir"), has_config = options_has(options, "config");
    if (has_dir == has_config) {
        output_error("ca backup: either --dir DIR or --config FILE; see `cathaya ca backup --help`");
        return EXIT_WRONG_USAGE;
    }
    return has_dir ? run_for_directory(options) : run_for_service(options);
}

const struct command command_ca_backup = {
    .name = "ca backup",
    .arguments = "OUT",
    .summary = "copy a CA or a whole service, which may be in use, without private keys",
    .details = "The copy is for reading, and to be put back as docs/operations.md says: an older record must never\n"
               "sign again. OUT must not exist or be empty, and is for its owner alone.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
