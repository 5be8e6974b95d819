/* cathaya trust set - one statement of one file of a registry. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "registry/registry_command.h"

/* Words that say which statement is meant, where the keyword alone does not. */
static size_t key_count(enum registry_kind kind, const char *keyword)
{
    bool has_language = kind == REGISTRY_PROGRAM || kind == REGISTRY_OPERATOR;
    bool is_two = strcmp(keyword, "setting") == 0 || strcmp(keyword, "minimum-index") == 0 ||
                  (has_language && strcmp(keyword, "name") == 0);
    return is_two ? 2 : 1;
}

static enum status change(struct registry_command *c, const struct options *options, struct error *err)
{
    struct registry_target target;
    const char *const *words = options->arguments + 1;
    size_t count = options->argument_count - 1;
    if (options_has(options, "replace") && options_has(options, "remove"))
        return error_set(err, STATUS_USAGE, "--replace or --remove, not both");
    enum status s = registry_command_target(c, options->arguments[0], true, &target, err);
    if (s != STATUS_OK)
        return s;
    if (options_has(options, "remove"))
        return registry_directory_remove(c->directory, target.conf, words, count, err);
    if (!options_has(options, "replace"))
        return registry_directory_add(c->directory, target.conf, words, count, err);
    size_t keys = key_count(target.kind, words[0]);
    return registry_directory_set(c->directory, target.conf, words, count, keys < count ? keys : count, err);
}

static int run(const struct options *options)
{
    struct registry_command c;
    struct error err = {.status = STATUS_OK};
    char done[REGISTRY_COMMAND_NAME_SIZE * 2];
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_CHANGE, &err);
    if (s == STATUS_OK)
        s = change(&c, options, &err);
    snprintf(done, sizeof done, "%.120s: changed", options->arguments[0]);
    int exit_status = s == STATUS_OK ? registry_command_finish(&c, false, done) : registry_command_fail(&err);
    registry_command_close(&c);
    return exit_status;
}

static const struct option_row rows[] = {
    REGISTRY_COMMAND_REGISTRY,
    {.name = "replace", .help = "in place of the statement of the same name"},
    {.name = "remove", .help = "take out the statements that begin with these words"},
    REGISTRY_COMMAND_AT,
    {.name = NULL},
};

const struct command command_trust_set = {
    .name = "trust set",
    .arguments = "FOLDER/ID STATEMENT WORD...",
    .summary = "add, replace or take out a statement of a registry's file",
    .details = "Words with blanks are quoted by the shell alone. FOLDER/ID may be `registry`. What lint finds new is printed.\n",
    .options = rows,
    .argument_min = 2,
    .argument_max = REGISTRY_WORDS_MAX + 1,
    .run = run,
};
