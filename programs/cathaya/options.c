#include "options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"

const struct option_row options_common[] = {
    {.name = "algorithms", .metavar = "FILE",
     .help = "signature algorithms that this program does not name, see cathaya(1)"},
    {.name = "help", .help = "print this"},
    {.name = NULL},
};

bool options_is_help(size_t argc, char *const *argv)
{
    for (size_t i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static const struct option_row *find_in(const struct option_row *rows, const char *name, size_t len)
{
    for (; rows->name != NULL; rows++)
        if (strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
            return rows;
    return NULL;
}

static const struct option_row *find_row(const struct option_row *rows, const char *name, size_t len)
{
    const struct option_row *row = find_in(rows, name, len);
    return row != NULL ? row : find_in(options_common, name, len);
}

static bool is_given(const struct options *o, const struct option_row *row)
{
    for (size_t i = 0; i < o->value_count; i++)
        if (o->values[i].row == row)
            return true;
    return false;
}

/* Reads argv[*i], which begins with '-', and its value; *i moves to the last word that it took. */
static enum status read_option(struct options *o, size_t argc, char *const *argv, size_t *i,
                               struct error *err)
{
    const char *word = argv[*i], *name = word + 2, *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct option_row *row = NULL;
    if (len > 2 && word[1] == '-')
        row = find_row(o->rows, name, len - 2);
    if (row == NULL)
        return error_set(err, STATUS_USAGE, "unknown option %.*s", (int)(len < 80 ? len : 80), word);
    if (row->metavar == NULL && equals != NULL)
        return error_set(err, STATUS_USAGE, "--%s takes no value", row->name);
    if (is_given(o, row) && !row->is_repeatable)
        return error_set(err, STATUS_USAGE, "--%s is given twice", row->name);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (row->metavar != NULL && equals == NULL) {
        /* "--policy --json" is a value that was forgotten. */
        if (*i + 1 == argc || strncmp(argv[*i + 1], "--", 2) == 0)
            return error_set(err, STATUS_USAGE, "--%s needs a value: %s", row->name, row->metavar);
        value = argv[++*i];
    }
    o->values[o->value_count++] = (struct option_value){row, value};
    return STATUS_OK;
}

enum status options_parse(const struct option_row *rows, size_t argc, char *const *argv,
                          struct options *out, struct error *err)
{
    *out = (struct options){.rows = rows};
    out->values = calloc(argc + 1, sizeof *out->values);
    out->arguments = calloc(argc + 1, sizeof *out->arguments);
    if (out->values == NULL || out->arguments == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    bool is_after_dashes = false;
    for (size_t i = 0; i < argc; i++) {
        if (is_after_dashes || argv[i][0] != '-' || argv[i][1] == '\0') {
            out->arguments[out->argument_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            is_after_dashes = true;
        } else {
            enum status s = read_option(out, argc, argv, &i, err);
            if (s != STATUS_OK)
                return s;
        }
    }
    for (const struct option_row *row = rows; row->name != NULL; row++)
        if (row->is_required && !is_given(out, row))
            return error_set(err, STATUS_USAGE, "--%s %s is missing", row->name,
                             row->metavar != NULL ? row->metavar : "");
    return STATUS_OK;
}

void options_clear(struct options *options)
{
    free(options->values);
    free(options->arguments);
    *options = (struct options){.rows = NULL};
}

const char *options_next(const struct options *options, const char *name, size_t *at)
{
    const struct option_row *row = find_row(options->rows, name, strlen(name));
    assert(row != NULL);
    while (*at < options->value_count) {
        const struct option_value *value = &options->values[(*at)++];
        if (value->row == row)
            return value->value;
    }
    return NULL;
}

const char *options_value(const struct options *options, const char *name)
{
    size_t at = 0;
    return options_next(options, name, &at);
}

bool options_has(const struct options *options, const char *name)
{
    const struct option_row *row = find_row(options->rows, name, strlen(name));
    assert(row != NULL);
    return is_given(options, row);
}

enum status options_number(const struct options *options, const char *name, uint64_t max,
                           uint64_t *value, struct error *err)
{
    const char *text = options_value(options, name);
    if (text == NULL || text_parse_u64(bytes_of_text(text), max, value))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "--%s \"%.80s\": want a number from 0 to %llu", name, text,
                     (unsigned long long)max);
}

enum status options_time(const struct options *options, const char *name, int64_t *epoch_s,
                         struct error *err)
{
    const char *text = options_value(options, name);
    if (text == NULL || civil_time_parse(bytes_of_text(text), epoch_s))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE,
                     "--%s \"%.80s\": want a time like 2026-11-21T10:00:00Z, or seconds since the Epoch",
                     name, text);
}
