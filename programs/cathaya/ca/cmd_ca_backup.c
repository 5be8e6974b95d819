#include "ca/ca_backup.h"
#include "ca/ca_session.h"
#include "command.h"

static const struct option_row rows[] = {
    CA_SESSION_DIR,
    {.name = "with-keys", .help = "private keys too: whoever has the copy is the CA"},
    {.name = NULL},
};

static int run(const struct options *options)
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
                    request.with_keys ? "with" : "without");
    else
        exit_status = output_failure(ROLE_STATE, &err);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_backup = {
    .name = "ca backup",
    .arguments = "OUT",
    .summary = "copy a CA, which may be in use, without its private keys",
    .details = "The copy is for reading, and to be put back as docs/operations.md says: an older record must never\n"
               "sign again. OUT must not exist or be empty, and is for its owner alone.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
