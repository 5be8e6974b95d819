/* cathaya trust init - a registry with a program, its policies, and nothing that is trusted. */
#include <stdio.h>

#include "command.h"
#include "output.h"
#include "policy/policy_set.h"
#include "registry/registry_command.h"
#include "registry/registry_edit.h"

static void comment(struct builder *out, const char *text)
{
    builder_printf(out, "# %s\n", text);
}

static enum status write_name(const char *language, const char *name, struct builder *out, struct error *err)
{
    const char *const words[] = {"name", language, name};
    return name != NULL ? registry_edit_write(words, 3, out, err) : STATUS_OK;
}

static enum status write_program(const struct registry_command *c, struct builder *out, struct error *err)
{
    const char *website = options_value(c->options, "website");
    const char *const contact[] = {"contact", options_value(c->options, "contact")}, *const site[] = {"website", website};
    comment(out, "A root program. docs/root-program.md says how it is run, docs/registry.md has every statement.");
    builder_text(out, "registry-format 1\n");
    enum status s = write_name("en", options_value(c->options, "name"), out, err);
    if (s == STATUS_OK)
        s = write_name("zh", options_value(c->options, "name-zh"), out, err);
    if (s == STATUS_OK && website != NULL)
        s = registry_edit_write(site, 2, out, err);
    if (s == STATUS_OK)
        s = registry_edit_write(contact, 2, out, err);
    builder_text(out, "\n");
    comment(out, "What lint counts with, in days.");
    builder_text(out, "setting audit-period-days 366\nsetting audit-report-days 92\nsetting warn-days 90\nsetting report-days 14\n"
                      "setting disclosure-days 366\n");
    return s == STATUS_OK ? builder_status(out, "registry.conf", err) : s;
}

static int run(const struct options *options)
{
    struct registry_command c;
    struct error err = {.status = STATUS_OK};
    struct builder conf;
    char done[512];
    builder_init(&conf, REGISTRY_FILE_SIZE_MAX);
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_NEW, &err);
    if (s == STATUS_OK)
        s = write_program(&c, &conf, &err);
    if (s == STATUS_OK)
        s = registry_directory_put(c.directory, "registry.conf", builder_view(&conf), &err);
    if (s == STATUS_OK)
        s = registry_directory_put(c.directory, "policies/root-program.conf", policy_set_default_text(), &err);
    if (s == STATUS_OK)
        s = registry_directory_put(c.directory, "policies/ct-policy.conf", policy_set_default_ct_text(), &err);
    snprintf(done, sizeof done, "%s: a registry with policies, and nothing trusted yet", options_value(options, "registry"));
    int exit_status = s == STATUS_OK ? registry_command_finish(&c, false, done) : registry_command_fail(&err);
    builder_clear(&conf);
    registry_command_close(&c);
    return exit_status;
}

static const struct option_row rows[] = {
    REGISTRY_COMMAND_REGISTRY,
    {.name = "name", .metavar = "NAME", .is_required = true, .help = "the program's name"},
    {.name = "name-zh", .metavar = "NAME", .help = "its name in Chinese"},
    {.name = "contact", .metavar = "EMAIL", .is_required = true, .help = "where CAs write to"},
    {.name = "website", .metavar = "URL", .help = "where the program is published"},
    REGISTRY_COMMAND_AT,
    {.name = NULL},
};

const struct command command_trust_init = {
    .name = "trust init",
    .arguments = "",
    .summary = "start the registry of a root program",
    .details = "Makes the directory with registry.conf and the policies that this program has.\n",
    .options = rows,
    .run = run,
};
