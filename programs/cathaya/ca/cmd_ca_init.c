#include "ca/ca_session.h"

#include <stdio.h>

#include "command.h"
#include "input.h"

static const struct option_row rows[] = {
    {.name = "suite", .metavar = "gm|intl", .help = "gm: SM3 and SM2; intl: SHA-256 and ML-DSA-44", .is_required = true},
    {.name = "id", .metavar = "ID", .help = "trust anchor ID below your enterprise number, such as 32473.1", .is_required = true},
    {.name = "alg", .metavar = "ALG", .help = "algorithm of the CA cosigner; the suite's own when absent"},
    {.name = "lifetime", .metavar = "SECONDS", .help = "validity of certificates; 604800 when absent"},
    CA_SESSION_KEY,
    CA_SESSION_KEY_PROVIDER,
    {.name = NULL},
};

static enum status read_algorithm(const char *name, const struct algorithms *algorithms,
                                  struct ca_config *config, struct error *err)
{
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(name));
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "--alg: unknown algorithm %s; --algorithms FILE adds one", name);
    if (config->draft == &draft_gm && !algorithm_is_for_sm3_ca(alg))
        return error_set(err, STATUS_USAGE,
                         "--alg: the CA cosigner of a gm CA signs with sm2_sm3, not with %s; `cathaya ca cosigner add` "
                         "makes a further one", name);
    (void)snprintf(config->algorithm, sizeof config->algorithm, "%s", alg->name);
    return STATUS_OK;
}

static enum status read_options(const struct options *options, const struct algorithms *algorithms,
                                struct ca_config *config, struct error *err)
{
    uint64_t lifetime_s;
    const char *alg = options_value(options, "alg");
    if (!ca_config_suite(options_value(options, "suite"), config))
        return error_set(err, STATUS_USAGE, "--suite: gm or intl");
    lifetime_s = (uint64_t)config->lifetime_s;
    enum status s = tai_parse_text(bytes_of_text(options_value(options, "id")), &config->id, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "--id");
    s = alg != NULL ? read_algorithm(alg, algorithms, config, err) : STATUS_OK;
    if (s == STATUS_OK)
        s = ca_session_key(options, &config->where, err);
    if (s != STATUS_OK)
        return s;
    s = options_number(options, "lifetime", CA_CONFIG_LIFETIME_MAX_S, &lifetime_s, err);
    if (s == STATUS_OK && lifetime_s <= (uint64_t)config->backdate_s)
        s = error_set(err, STATUS_USAGE, "--lifetime: more than the %lld seconds of backdating",
                      (long long)config->backdate_s);
    config->lifetime_s = (int64_t)lifetime_s;
    return s;
}

/* The algorithms file goes into ca.conf: the CA does not depend on a file elsewhere. */
static enum status read_extra(const struct options *options, struct builder *extra, struct error *err)
{
    const char *path = options_value(options, "algorithms");
    if (path == NULL)
        return STATUS_OK;
    builder_text(extra, "\n");
    return input_read(path, CA_CONFIG_SIZE_MAX / 2, extra, err);
}

static int run(const struct options *options)
{
    struct ca_session session;
    struct ca_config config;
    struct error err = {.status = STATUS_OK};
    struct builder extra;
    int exit_status = EXIT_YES;
    builder_init(&extra, CA_CONFIG_SIZE_MAX);
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    const char *path = options->arguments[0];
    enum status s = read_options(options, session.algorithms, &config, &err);
    if (s == STATUS_OK)
        s = read_extra(options, &extra, &err);
    if (s == STATUS_OK)
        s = ca_directory_create(path, &config, builder_view(&extra), session.algorithms, &err);
    if (s == STATUS_OK)
        output_line("%s: new %s CA %s with a key of %s; give %s/ca.pem to those who verify; "
                    "`cathaya ca run --config %s/run.conf` serves it", path,
                    options_value(options, "suite"), options_value(options, "id"), config.algorithm, path, path);
    else
        exit_status = output_failure(ROLE_STATE, &err);
    if (s == STATUS_OK && config.lifetime_s > CA_CONFIG_SHORT_LIVED_S)
        output_error("warning: certificates valid for more than 7 days need a way to be revoked that clients "
                     "follow; none is in them (GM-35)");
    builder_clear(&extra);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_init = {
    .name = "ca init",
    .arguments = "DIR",
    .summary = "make a new Merkle Tree CA: key, CA certificate, log 1",
    .details = "DIR must not exist or be empty. Back up DIR/keys, and DIR/log with its record: a CA whose\n"
               "record is lost can never go on. docs/operations.md describes every file.\n"
               "With --key no private key is made: ca.conf names the one that is used.\n"
               "DIR/run.conf is a first configuration of `cathaya ca run` for this CA.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
