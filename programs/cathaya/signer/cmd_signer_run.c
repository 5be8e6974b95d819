#include "algorithms_file.h"
#include "command.h"
#include "output.h"
#include "secret_process.h"
#include "signer/signer_config.h"
#include "signer/signer_server.h"

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "configuration; examples/signer.conf explains it", .is_required = true},
    {.name = "check-config", .help = "read the configuration, open the keys, and end"},
    {.name = NULL},
};

/* What a signer does not sign, somebody has to look at. */
static void report(const struct error *reason)
{
    output_error("signer: not signed: %s", reason->text);
}

static enum status serve(struct signer_config *config, struct error *err)
{
    struct signer_core *core = NULL;
    struct signer_server *server = NULL;
    enum status s = signer_config_open_memories(config, err);
    if (s == STATUS_OK)
        s = signer_core_new(config->keys, config->key_count, &core, err);
    if (s == STATUS_OK)
        s = signer_server_open(config->socket, config->uids, config->uid_count, &server, err);
    if (s == STATUS_OK) {
        output_error("signer: %zu key%s at %s", config->key_count, config->key_count == 1 ? "" : "s", config->socket);
        s = signer_server_run(server, core, report, err);
    }
    signer_server_close(server);
    signer_core_free(core);
    return s;
}

/* The rules are asked without the memories, which a running signer has locked. */
static enum status nothing_yet(void *context, struct builder *out, struct error *err)
{
    (void)context;
    (void)out;
    return error_set(err, STATUS_NOT_FOUND, "no memory");
}

static enum status check(struct signer_config *config, struct error *err)
{
    struct signer_core *core = NULL;
    for (size_t i = 0; i < config->key_count; i++)
        config->keys[i].memory = (struct record_store){.load = nothing_yet};
    enum status s = signer_core_new(config->keys, config->key_count, &core, err);
    signer_core_free(core);
    return s;
}

static int run(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct signer_config *config = NULL;
    struct error err = {.status = STATUS_OK};
    bool is_check = options_has(options, "check-config");
    secret_process_start();
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK)
        s = signer_config_read(options_value(options, "config"), algorithms, &config, &err);
    if (s == STATUS_OK && is_check)
        s = check(config, &err);
    if (s == STATUS_OK && is_check)
        output_line("%s: OK, %zu keys", options_value(options, "config"), config->key_count);
    else if (s == STATUS_OK)
        s = serve(config, &err);
    int exit_status = s == STATUS_OK ? EXIT_YES : output_failure(ROLE_NEEDED, &err);
    signer_config_free(config);
    algorithms_free(algorithms);
    return exit_status;
}

const struct command command_signer_run = {
    .name = "signer run",
    .arguments = "",
    .summary = "hold keys apart from the CA, and sign one history of every log",
    .details = "Answers at a Unix socket until SIGTERM comes. A CA names such a key as signer:SOCKET#KEYID.\n",
    .options = rows,
    .argument_min = 0,
    .argument_max = 0,
    .run = run,
};
