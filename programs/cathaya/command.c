#include "command.h"

#include <stdio.h>
#include <string.h>

#include "help.h"
#include "output.h"

static const struct command *const commands[] = {
    &command_audit,
    &command_ca_backup,
    &command_ca_certificate,
    &command_ca_classic_crl,
    &command_ca_classic_init,
    &command_ca_cosigner_add,
    &command_ca_fsck,
    &command_ca_init,
    &command_ca_issue,
    &command_ca_landmark,
    &command_ca_log_rotate,
    &command_ca_prune,
    &command_ca_revoke,
    &command_ca_run,
    &command_ca_status,
    &command_ca_subtrees,
    &command_ctlog_freeze,
    &command_ctlog_fsck,
    &command_ctlog_init,
    &command_ctlog_list,
    &command_ctlog_run,
    &command_ctlog_status,
    &command_demo,
    &command_evidence_verify,
    &command_fetch,
    &command_gateway_backup,
    &command_gateway_check,
    &command_gateway_explain,
    &command_gateway_renew,
    &command_gateway_run,
    &command_gateway_status,
    &command_inspect,
    &command_landmarks_check,
    &command_mirror_init,
    &command_mirror_run,
    &command_monitor_report,
    &command_monitor_run,
    &command_monitor_search,
    &command_monitor_status,
    &command_monitor_test,
    &command_perspective_run,
    &command_signer_run,
    &command_trust_accept,
    &command_trust_add,
    &command_trust_admit_log,
    &command_trust_build,
    &command_trust_diff,
    &command_trust_explain,
    &command_trust_identity_add,
    &command_trust_identity_audit,
    &command_trust_identity_check,
    &command_trust_identity_list,
    &command_trust_identity_revoke,
    &command_trust_identity_show,
    &command_trust_identity_sign,
    &command_trust_import,
    &command_trust_import_logs,
    &command_trust_init,
    &command_trust_keygen,
    &command_trust_lint,
    &command_trust_page,
    &command_trust_remove,
    &command_trust_restrict,
    &command_trust_serve,
    &command_trust_set,
    &command_trust_show,
    &command_trust_state,
    &command_trust_test_sites,
    &command_trust_update,
    &command_verify,
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

const struct command *command_at(size_t i)
{
    return i < COMMAND_COUNT ? commands[i] : NULL;
}

/* The next word of a name; NULL behind the last one. */
static const char *next_word(const char *name)
{
    const char *space = strchr(name, ' ');
    return space != NULL ? space + 1 : NULL;
}

bool command_is_below(const struct command *command, size_t word_count, char *const *words)
{
    const char *rest = command->name;
    for (size_t i = 0; i < word_count; i++) {
        size_t len = strlen(words[i]);
        if (rest == NULL || strncmp(rest, words[i], len) != 0 || (rest[len] != ' ' && rest[len] != '\0'))
            return false;
        rest = next_word(rest);
    }
    return true;
}

static size_t count_words(const char *name)
{
    size_t count = 0;
    for (; name != NULL; name = next_word(name))
        count++;
    return count;
}

static bool is_any_below(size_t word_count, char *const *words)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (command_is_below(commands[i], word_count, words))
            return true;
    return false;
}

static const struct command *find(size_t argc, char *const *argv)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t count = count_words(commands[i]->name);
        if (count <= argc && command_is_below(commands[i], count, argv))
            return commands[i];
    }
    return NULL;
}

static int run_found(const struct command *command, size_t argc, char **argv)
{
    struct options options;
    struct error err = {.status = STATUS_OK};
    if (options_is_help(argc, argv)) {
        help_command(stdout, command);
        return EXIT_YES;
    }
    enum status s = options_parse(command->options, argc, argv, &options, &err);
    if (s == STATUS_OK && options.argument_count < command->argument_min)
        s = error_set(&err, STATUS_USAGE, "%s is missing", command->arguments);
    if (s == STATUS_OK && options.argument_count > command->argument_max)
        s = error_set(&err, STATUS_USAGE, "\"%s\" is one argument too many",
                      options.arguments[command->argument_max]);
    int status = EXIT_WRONG_USAGE;
    if (s == STATUS_OK)
        status = command->run(&options);
    else
        output_error("%s: %s; see `cathaya %s --help`", command->name, err.text, command->name);
    options_clear(&options);
    return status;
}

/* No command has this name: the help of those that begin like it. */
static int run_unknown(size_t argc, char **argv)
{
    size_t known = 0, words = 0;
    while (words < argc && argv[words][0] != '-')
        words++;
    while (known < words && is_any_below(known + 1, argv))
        known++;
    bool is_help = options_is_help(argc, argv);
    if (is_help && known == words) {
        help_list(stdout, known, argv);
        return EXIT_YES;
    }
    if (known < argc)
        output_error("unknown %s \"%s\"; these are known:", argv[known][0] == '-' ? "option" : "command",
                     argv[known]);
    else
        output_error("no command is given; these are known:");
    help_list(stderr, known, argv);
    return EXIT_WRONG_USAGE;
}

/* `cathaya help WORD...` is `cathaya WORD... --help`. */
static int run_help(size_t argc, char **argv)
{
    const struct command *command = find(argc, argv);
    if (command != NULL) {
        help_command(stdout, command);
        return EXIT_YES;
    }
    if (!is_any_below(argc, argv))
        return run_unknown(argc, argv);
    help_list(stdout, argc, argv);
    return EXIT_YES;
}

int command_run(size_t argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "--version") == 0) {
        (void)printf("cathaya %s\n", CATHAYA_VERSION);
        return EXIT_YES;
    }
    if (argc > 0 && strcmp(argv[0], "help") == 0)
        return run_help(argc - 1, argv + 1);
    const struct command *command = find(argc, argv);
    if (command == NULL)
        return run_unknown(argc, argv);
    size_t words = count_words(command->name);
    return run_found(command, argc - words, argv + words);
}
