#include "help.h"

#include <string.h>

/* Where the second column begins, unless the first one is longer. */
#define COLUMN 30

static void print_row(FILE *out, const char *left, const char *right)
{
    if (strlen(left) >= COLUMN - 3)
        (void)fprintf(out, "  %s\n%*s%s\n", left, COLUMN, "", right);
    else
        (void)fprintf(out, "  %-*s%s\n", COLUMN - 2, left, right);
}

static void print_option(FILE *out, const struct option_row *row)
{
    char left[80], right[240];
    bool has_value = row->metavar != NULL;
    (void)snprintf(left, sizeof left, "--%s%s%s", row->name, has_value ? " " : "",
                   has_value ? row->metavar : "");
    (void)snprintf(right, sizeof right, "%s%s%s", row->help, row->is_required ? "; required" : "",
                   row->is_repeatable ? "; may be repeated" : "");
    print_row(out, left, right);
}

static bool is_any_optional(const struct option_row *rows)
{
    for (; rows->name != NULL; rows++)
        if (!rows->is_required)
            return true;
    return false;
}

static void print_usage(FILE *out, const struct command *command)
{
    (void)fprintf(out, "usage: cathaya %s", command->name);
    for (const struct option_row *row = command->options; row->name != NULL; row++)
        if (row->is_required)
            (void)fprintf(out, " --%s %s", row->name, row->metavar);
    if (is_any_optional(command->options))
        (void)fputs(" [options]", out);
    (void)fprintf(out, "%s%s\n", command->arguments[0] != '\0' ? " " : "", command->arguments);
}

void help_command(FILE *out, const struct command *command)
{
    print_usage(out, command);
    (void)fprintf(out, "\n%s\n", command->summary);
    if (command->details != NULL)
        (void)fprintf(out, "\n%s", command->details);
    (void)fputs("\noptions:\n", out);
    for (const struct option_row *row = command->options; row->name != NULL; row++)
        print_option(out, row);
    for (const struct option_row *row = options_common; row->name != NULL; row++)
        print_option(out, row);
}

void help_list(FILE *out, size_t word_count, char *const *words)
{
    (void)fputs("usage: cathaya", out);
    for (size_t i = 0; i < word_count; i++)
        (void)fprintf(out, " %s", words[i]);
    (void)fputs(" COMMAND [options] [arguments]\n\ncommands:\n", out);
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        char left[120];
        if (!command_is_below(command, word_count, words))
            continue;
        (void)snprintf(left, sizeof left, "%s%s%s", command->name,
                       command->arguments[0] != '\0' ? " " : "", command->arguments);
        print_row(out, left, command->summary);
    }
    (void)fputs("\n`cathaya help COMMAND` tells more, and so does the man page, cathaya-COMMAND(1).\n"
                "exit status: 0 yes, done; 1 no; 2 wrong usage, or a file that is needed cannot be\n"
                "read; 3 disk, network or permission failed\n", out);
}
