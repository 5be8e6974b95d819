#include "ca/ca_chain.h"
#include "ca/ca_session.h"
#include "command.h"

#include <stdio.h>

static const struct option_row rows[] = {
    CA_SESSION_DIR,
    {.name = "index", .metavar = "N", .help = "index of the entry", .is_required = true},
    CA_SESSION_LOG,
    {.name = "landmark", .help = "landmark-relative: no signatures, for clients that know the landmark"},
    {.name = "properties", .help = "put the CERTIFICATE PROPERTIES block in front"},
    {.name = NULL},
};

static enum status write_chain(const struct ca_directory *dir, const struct options *options,
                               struct builder *out, struct error *err)
{
    uint64_t index = 0;
    struct object_store objects = sqlite_ca_store_objects(dir->database);
    enum status s = options_number(options, "index", LOG_SIZE_MAX, &index, err);
    if (s == STATUS_OK)
        s = ca_chain_write(dir, index, options_has(options, "landmark"), options_has(options, "properties"), &objects, out,
                           NULL, err);
    if (s == STATUS_AGAIN)
        s = error_set(err, s, "no landmark contains entry %llu yet: `cathaya ca landmark` allocates one",
                      (unsigned long long)index);
    return s;
}

static int run(const struct options *options)
{
    struct ca_session session;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    struct builder pem;
    builder_init(&pem, 2 * CERTIFICATE_SIZE_MAX);
    if (ca_session_open(&session, options, CA_DIRECTORY_READ, &exit_status)) {
        if (write_chain(&session.dir, options, &pem, &err) == STATUS_OK)
            (void)fwrite(pem.data, 1, pem.len, stdout);
        else
            exit_status = output_failure(ROLE_OBJECT, &err);
    }
    builder_clear(&pem);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_certificate = {
    .name = "ca certificate",
    .arguments = "",
    .summary = "print the certificate of a log entry as PEM",
    .details = "Standalone with the batch's cosignatures, or with --landmark relative to the first landmark\n"
               "after it. Exit status 1 when there is no such entry, or no landmark above it yet.\n",
    .options = rows,
    .run = run,
};
