/* help.h - help texts, made from the table of commands and their options. */
#ifndef CATHAYA_PROGRAM_HELP_H
#define CATHAYA_PROGRAM_HELP_H

#include <stdio.h>

#include "command.h"

/* help_command prints how one command is used. */
void help_command(FILE *out, const struct command *command);

/* help_list prints the commands whose names begin with the words, all of them when there are none. */
void help_list(FILE *out, size_t word_count, char *const *words);

#endif
