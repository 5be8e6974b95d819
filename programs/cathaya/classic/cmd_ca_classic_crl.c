/* cathaya ca classic crl - the root's list of revoked issuing CAs, signed anew */
#include "adapters/posix/posix_clock.h"
#include "base/civil_time.h"
#include "ca/ca_session.h"
#include "classic/classic_root.h"
#include "command.h"

static const struct option_row rows[] = {
    {.name = "key", .metavar = "NAME", .help = "the root's key, when it is not DIR/keys/root.pem: a file, a URI, or signer:SOCKET#KEYID"},
    {.name = "key-provider", .metavar = "MODULE", .help = "OpenSSL provider of the key's URI: path of its module"},
    {.name = NULL},
};

static enum status renew(const struct options *options, const struct algorithms *algorithms,
                         struct classic_root_crl *made, struct error *err)
{
    struct classic_directory dir = {.store = NULL};
    struct clock_port clock = posix_clock();
    struct key_name key = {options_value(options, "key"), options_value(options, "key-provider"), NULL};
    if (key.key == NULL && key.provider != NULL)
        return error_set(err, STATUS_USAGE, "--key-provider goes with --key");
    enum status s = classic_directory_read(&dir, options->arguments[0], err);
    if (s == STATUS_OK)
        s = classic_root_renew_crl(&dir, key.key != NULL ? &key : NULL, algorithms, clock.now_ms(clock.context) / 1000, made, err);
    classic_directory_close(&dir);
    return s;
}

static int run(const struct options *options)
{
    struct ca_session session = {.algorithms = NULL};
    struct classic_root_crl made;
    struct error err = {.status = STATUS_OK};
    char until[CIVIL_TIME_TEXT_SIZE];
    int exit_status = EXIT_YES;
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    if (renew(options, session.algorithms, &made, &err) == STATUS_OK) {
        civil_time_format(made.next_update_s, until);
        output_line("%s/" CLASSIC_ROOT_CRL ": number %llu, %zu revoked, good until %s", options->arguments[0],
                    (unsigned long long)made.number, made.entry_count, until);
    } else {
        exit_status = output_failure(ROLE_STATE, &err);
    }
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_classic_crl = {
    .name = "ca classic crl",
    .arguments = "DIR",
    .summary = "sign a root's list of revoked issuing CAs anew, for another year",
    .details = "Needs the root's key, which is elsewhere at other times. A service that is running serves the new list\n"
               "at once.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
