/* cathaya gateway backup - a copy of certificates, keys and accounts, also while the gateway runs */
#include <string.h>

#include "command.h"
#include "gateway/gateway_config.h"
#include "output.h"
#include "tree_copy.h"

static bool is_state(const char *name)
{
    const char *last = strrchr(name, '/');
    return last != NULL && strncmp(last, "/state.", 7) == 0;
}

static bool is_part(const char *name)
{
    size_t len = strcspn(name, "/");
    return (len == 5 && strncmp(name, "sites", len) == 0) || (len == 8 && strncmp(name, "accounts", len) == 0);
}

/* Accounts, sites/NAME/KIND, and in it what says which of the numbered folders count. */
static bool is_first(const char *name, bool with_keys)
{
    size_t slashes = 0;
    (void)with_keys;
    for (const char *at = name; *at != '\0'; at++)
        slashes += *at == '/';
    return is_part(name) && (slashes <= 2 || is_state(name));
}

static bool is_any(const char *name, bool with_keys)
{
    (void)with_keys;
    return is_part(name);
}

/* States first: what one of them names was on the disk before it, and what came later nobody misses. Twice, for what a
 * state named when it was copied may be gone when its turn comes: the second time there is a newer state. */
static enum status copy(const struct tree_copy_place *place, struct error *err)
{
    const struct tree_copy_selection passes[] = {
        {.is_wanted = is_first}, {.is_wanted = is_any}, {.is_wanted = is_first}, {.is_wanted = is_any}};
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < sizeof passes / sizeof passes[0]; i++)
        s = tree_copy_run(place->from, place->temporary, &passes[i], err);
    return s;
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct tree_copy_place place;
    struct gateway_config *config;
    const char *path = options_value(options, "config");
    if (gateway_config_read(path, &config, &err) != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    enum status s = tree_copy_begin(config->directory, options->arguments[0], &place, &err);
    gateway_config_free(config);
    if (s != STATUS_OK)
        return output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    s = copy(&place, &err);
    if (s == STATUS_OK)
        s = tree_copy_publish(&place, &err);
    if (s == STATUS_OK) {
        output_line("%s: certificates, keys and accounts of the gateway of %s", options->arguments[0], path);
        return EXIT_YES;
    }
    if (tree_copy_remove(place.temporary, NULL) != STATUS_OK) {
        /* The first failure is the one to be told. */
    }
    return output_failure(ROLE_STATE, &err);
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the configuration of the gateway", .is_required = true},
    {.name = NULL},
};

const struct command command_gateway_backup = {
    .name = "gateway backup",
    .arguments = "OUT",
    .summary = "copy certificates, private keys and accounts, also while the gateway runs",
    .details = "OUT is made as a whole or not at all; whoever has it can be the sites. To put it back: stop the gateway, copy\n"
               "what is in OUT into an empty directory of the configuration, start. Never run two gateways on one state.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
