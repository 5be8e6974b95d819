#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "ca/ca_session.h"
#include "classic/classic_directory.h"
#include "command.h"

static const struct option_row rows[] = {
    {.name = "suite", .metavar = "gm|intl", .help = "SM2 with SM3, or the international algorithms", .is_required = true},
    {.name = "organisation", .metavar = "NAME", .help = "in the names of root and issuing CA", .is_required = true},
    {.name = "url", .metavar = "URL", .help = "http: below it relying parties find root.cer, issuing.cer and crl/",
     .is_required = true},
    {.name = "alg", .metavar = "ALG", .help = "algorithm of both keys (gm: sm2_sm3, intl: ecdsa_p256_sha256)"},
    CA_SESSION_KEY,
    CA_SESSION_KEY_PROVIDER,
    {.name = "intranet", .help = "a root for internal names, and for nothing else"},
    {.name = NULL},
};

/* What a certificate says for life is looked at before it is made. */
static enum status check_url(const char *url, struct error *err)
{
    size_t len = strlen(url);
    bool is_plain = strncmp(url, "http://", 7) == 0 && len > 7 && len <= CLASSIC_URL_MAX - 20 && url[len - 1] != '/';
    for (const char *c = url; is_plain && *c != '\0'; c++)
        is_plain = *c > ' ' && *c < 0x7f && *c != '"' && *c != '\\';
    return is_plain ? STATUS_OK
                    : error_set(err, STATUS_USAGE, "--url: an http URL without a '/' at its end, as [BR 7.1.2.7.7] asks");
}

/* The issuing CA's; the root's is made here and taken away. */
static enum status read_key(const struct options *options, struct classic_settings *settings, struct error *err)
{
    struct ca_config_key where = {.key = ""};
    enum status s = ca_session_key(options, &where, err);
    if (s != STATUS_OK)
        return s;
    if (strpbrk(where.key, "\"\\\n") != NULL || strpbrk(where.provider, "\"\\\n") != NULL)
        return error_set(err, STATUS_USAGE, "--key, --key-provider: without quotes and backslashes");
    memcpy(settings->key, where.key, sizeof settings->key);
    memcpy(settings->key_provider, where.provider, sizeof settings->key_provider);
    return STATUS_OK;
}

static enum status read_options(const struct options *options, struct classic_settings *settings,
                                struct error *err)
{
    const char *suite = options_value(options, "suite"), *alg = options_value(options, "alg");
    const char *organisation = options_value(options, "organisation"), *url = options_value(options, "url");
    settings->is_gm = strcmp(suite, "gm") == 0;
    settings->is_intranet = options_has(options, "intranet");
    if (!settings->is_gm && strcmp(suite, "intl") != 0)
        return error_set(err, STATUS_USAGE, "--suite: gm or intl");
    if (*organisation == '\0' || strlen(organisation) > 30 || strpbrk(organisation, "\"\\\n") != NULL)
        return error_set(err, STATUS_USAGE, "--organisation: 1 to 30 bytes, without quotes");
    if (alg == NULL)
        alg = settings->is_gm ? "sm2_sm3" : "ecdsa_p256_sha256";
    if ((size_t)snprintf(settings->algorithm, sizeof settings->algorithm, "%s", alg) >= sizeof settings->algorithm)
        return error_set(err, STATUS_USAGE, "--alg: unknown algorithm");
    (void)snprintf(settings->organisation, sizeof settings->organisation, "%s", organisation);
    enum status s = check_url(url, err);
    if (s == STATUS_OK)
        (void)snprintf(settings->url, sizeof settings->url, "%s", url);
    return s == STATUS_OK ? read_key(options, settings, err) : s;
}

static void print_next(const char *path, const struct classic_settings *settings)
{
    const char *suite = settings->is_gm ? "gm" : "intl", *kind = settings->is_intranet ? "intranet" : "classic";
    char resolved[PATH_MAX];
    if (realpath(path, resolved) != NULL)
        path = resolved;
    output_line("%s: new root and issuing CA with keys of %s; give %s/root.pem to those who verify, and take "
                "%s/keys/root.pem off this machine", path, settings->algorithm, path, path);
    output_line("%s is to lead to %s/public: the service has that folder at BASE/classic/%s-r1", settings->url, path, suite);
    output_line("add to the configuration of `cathaya ca run`:");
    output_line("    classic \"%s-r1\" { directory = \"%s\" }", suite, path);
    output_line("    profile \"%s-%s\" { ca = \"%s-r1\" }", suite, kind, suite);
}

static int run(const struct options *options)
{
    struct ca_session session = {.algorithms = NULL};
    struct classic_settings settings = {.is_gm = false};
    struct error err = {.status = STATUS_OK};
    struct clock_port clock = posix_clock();
    const char *path = options->arguments[0];
    int exit_status = EXIT_YES;
    if (!ca_session_algorithms(&session, options, &exit_status))
        return ca_session_close(&session, exit_status);
    enum status s = read_options(options, &settings, &err);
    if (s == STATUS_OK)
        s = classic_directory_create(path, &settings, session.algorithms, clock.now_ms(clock.context) / 1000, &err);
    if (s == STATUS_OK)
        print_next(path, &settings);
    else
        exit_status = output_failure(ROLE_STATE, &err);
    return ca_session_close(&session, exit_status);
}

const struct command command_ca_classic_init = {
    .name = "ca classic init",
    .arguments = "DIR",
    .summary = "make a CA of directly signed certificates: root, issuing CA, keys",
    .details = "For the classic and intranet profiles of `cathaya ca run`, beside Merkle Tree Certificates.\n"
               "DIR must not exist or be empty. With --key the issuing CA has that key, and none is made.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
