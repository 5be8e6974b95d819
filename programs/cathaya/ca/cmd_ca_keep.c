/* cmd_ca_keep.c - keeping a CA: prune, log rotate, cosigner add. */
#include <stdio.h>

#include "ca/ca_logs.h"
#include "ca/ca_session.h"
#include "command.h"

#define DAY_S 86400

/* ---- ca prune ---- */

static const struct option_row prune_rows[] = {
    CA_SESSION_DIR,
    CA_SESSION_LOG,
    {.name = "retain-days", .metavar = "N", .help = "days to keep entries after they expired; ca.conf's when absent"},
    CA_SESSION_JSON,
    {.name = NULL},
};

static int prune(struct ca_session *session, const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    uint64_t days = (uint64_t)session->dir.config.retain_s / DAY_S, removed = 0;
    if (options_number(options, "retain-days", 36500, &days, &err) != STATUS_OK)
        return output_failure(ROLE_STATE, &err);
    if (days < CA_CONFIG_RETAIN_DAYS_MIN)
        output_error("warning: monitors count on entries for %d days after they expired (GM-63)",
                     CA_CONFIG_RETAIN_DAYS_MIN);
    if (log_prune(session->dir.log, (int64_t)days * DAY_S, &removed, &err) != STATUS_OK)
        return output_failure(ROLE_OBJECT, &err);
    unsigned long long min_index = log_state(session->dir.log).min_index;
    if (session->is_json)
        output_json(json_pack("{s:i, s:I, s:I}", "log", (int)session->dir.log_number, "min_index",
                              (json_int_t)min_index, "removed", (json_int_t)removed));
    else
        output_line("log %u: minimum index %llu, %llu objects removed", session->dir.log_number, min_index,
                    (unsigned long long)removed);
    return EXIT_YES;
}

static int run_prune(const struct options *options)
{
    struct ca_session session;
    int exit_status = EXIT_YES;
    if (ca_session_open(&session, options, CA_DIRECTORY_WRITE, &exit_status))
        exit_status = prune(&session, options);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_prune = {
    .name = "ca prune",
    .arguments = "",
    .summary = "remove what no unexpired certificate needs from the front of a log",
    .details = "Relying parties should raise their minimum index first (a revoked range from 0 up to it).\n",
    .options = prune_rows,
    .run = run_prune,
};

/* ---- ca log rotate ---- */

static const struct option_row rotate_rows[] = {
    CA_SESSION_DIR,
    {.name = "record-lost", .help = "give up the log whose record is missing and cannot be restored"},
    CA_SESSION_JSON,
    {.name = NULL},
};

static int run_rotate(const struct options *options)
{
    struct ca_session session;
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    uint16_t log_number = 0;
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    if (ca_logs_rotate(options_value(options, "dir"), options_has(options, "record-lost"), session.algorithms,
                       &log_number, &err) != STATUS_OK)
        exit_status = output_failure(ROLE_STATE, &err);
    else if (options_has(options, "json"))
        output_json(json_pack("{s:i, s:i}", "closed", log_number - 1, "log", (int)log_number));
    else
        output_line("log %u is closed for good; log %u is open", log_number - 1U, (unsigned)log_number);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_log_rotate = {
    .name = "ca log rotate",
    .arguments = "",
    .summary = "close the current log for good, and open the next one",
    .details = "For a log that has failed. Every rotation is an event that root programs want explained.\n"
               "Certificates of the old log stay good, and `cathaya ca certificate --log N` still gives them.\n",
    .options = rotate_rows,
    .run = run_rotate,
};

/* ---- ca cosigner add ---- */

static const struct option_row cosigner_rows[] = {
    CA_SESSION_DIR,
    {.name = "id", .metavar = "ID", .help = "trust anchor ID of the cosigner, outside the CA's own", .is_required = true},
    {.name = "alg", .metavar = "ALG", .help = "its algorithm", .is_required = true},
    CA_SESSION_KEY,
    CA_SESSION_KEY_PROVIDER,
    {.name = NULL},
};

static int run_cosigner_add(const struct options *options)
{
    struct ca_session session;
    struct ca_config_cosigner cosigner = {.algorithm = ""};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    const char *path = options_value(options, "dir"), *alg = options_value(options, "alg");
    enum status s = tai_parse_text(bytes_of_text(options_value(options, "id")), &cosigner.id, &err);
    if (s != STATUS_OK)
        s = error_prefix(&err, STATUS_USAGE, "--id");
    if (s == STATUS_OK && snprintf(cosigner.algorithm, sizeof cosigner.algorithm, "%s", alg) > ALGORITHM_NAME_MAX)
        s = error_set(&err, STATUS_USAGE, "--alg: unknown algorithm %.40s", alg);
    if (s == STATUS_OK)
        s = ca_session_key(options, &cosigner.where, &err);
    if (s == STATUS_OK)
        s = ca_directory_add_cosigner(path, &cosigner, session.algorithms, &err);
    if (s == STATUS_OK)
        output_line("%s: %s signs with %s from now on; give %s/policy.txt to those who verify", path,
                    options_value(options, "id"), alg, path);
    else
        exit_status = output_failure(ROLE_STATE, &err);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_cosigner_add = {
    .name = "ca cosigner add",
    .arguments = "",
    .summary = "make a further cosigner of this CA, with a key of its own",
    .details = "Every batch from now on carries its signature too: SM2 and ML-DSA-44 over one tree, say.\n"
               "With --key no private key is made: ca.conf names the one that is used.\n",
    .options = cosigner_rows,
    .run = run_cosigner_add,
};
