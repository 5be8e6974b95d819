/* options.h - options of a command line, read by the table that their help is printed from. */
#ifndef CATHAYA_PROGRAM_OPTIONS_H
#define CATHAYA_PROGRAM_OPTIONS_H

#include "base/status.h"

struct option_row {
    const char *name;    /* without "--"; NULL ends a table */
    const char *metavar; /* what its value is called; NULL: it takes none */
    const char *help;    /* lower case, no full stop */
    bool is_required;
    bool is_repeatable;
};

/* Those that every command takes: --algorithms and --help. */
extern const struct option_row options_common[];

struct option_value {
    const struct option_row *row;
    const char *value; /* borrows from the command line; NULL when it takes none */
};

struct options {
    const struct option_row *rows;
    struct option_value *values;
    size_t value_count;
    const char **arguments; /* what is no option */
    size_t argument_count;
};

/* options_is_help says whether --help or -h stands before any "--". */
bool options_is_help(size_t argc, char *const *argv);

/* options_parse reads `--name value`, `--name=value` and arguments, in any order; after "--" all are
 * arguments; "-" is one. Names are not abbreviated. STATUS_USAGE for an unknown option, a value that
 * is missing or too many, a second one of those that are not repeatable, a required one that is
 * missing. Borrows argv. options_clear follows in any case. */
MUST_USE enum status options_parse(const struct option_row *rows, size_t argc, char *const *argv,
                                   struct options *out, struct error *err);
void options_clear(struct options *options);

/* options_value is the value of an option; NULL when it was not given. options_has says whether an
 * option was given. options_next gives the values of a repeatable one: start with *at = 0, until
 * NULL. The name must be one of the command's. */
const char *options_value(const struct options *options, const char *name);
bool options_has(const struct options *options, const char *name);
const char *options_next(const struct options *options, const char *name, size_t *at);

/* options_number and options_time read a value: decimal, at most max; RFC 3339 in UTC, or seconds
 * since the Epoch. *value stays as it is when the option was not given. STATUS_USAGE. */
MUST_USE enum status options_number(const struct options *options, const char *name, uint64_t max,
                                    uint64_t *value, struct error *err);
MUST_USE enum status options_time(const struct options *options, const char *name,
                                  int64_t *epoch_s, struct error *err);

#endif
