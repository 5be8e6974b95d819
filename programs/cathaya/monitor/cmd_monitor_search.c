/* cathaya monitor search - which entries of the logs have a name */
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_domain_index.h"
#include "base/civil_time.h"
#include "base/text.h"
#include "command.h"
#include "monitor/monitor_settings.h"
#include "output.h"

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 1000000000U

struct search {
    bool is_json;
    uint64_t count;
};

static const char *kind_name(enum domain_index_kind kind)
{
    static const char *const names[] = {"certificate", "precertificate", "mtc", "unreadable"};
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

static void copy_text(char *out, size_t size, struct bytes text)
{
    (void)snprintf(out, size, "%.*s", (int)text.len, text.len > 0 ? (const char *)text.data : "");
}

static bool show(void *context, const struct domain_index_result *r)
{
    struct search *search = context;
    char name[DOMAIN_INDEX_NAME_MAX + 1], issuer[1024], fingerprint[2 * HASH_SIZE + 1];
    char before[CIVIL_TIME_TEXT_SIZE], after[CIVIL_TIME_TEXT_SIZE];
    search->count++;
    copy_text(name, sizeof name, r->name);
    copy_text(issuer, sizeof issuer, r->issuer);
    text_hex(BYTES_OF(r->fingerprint), fingerprint);
    civil_time_format(r->not_before_s, before);
    civil_time_format(r->not_after_s, after);
    if (!search->is_json) {
        output_line("%s  %s %llu  %s  %.10s..%.10s  %s  %.16s", name, r->log, (unsigned long long)r->index, kind_name(r->kind),
                    before, after, issuer, fingerprint);
        return true;
    }
    json_t *object = json_object();
    output_json_text(object, "name", name);
    output_json_text(object, "log", r->log);
    (void)json_object_set_new(object, "index", json_integer((json_int_t)r->index));
    (void)json_object_set_new(object, "kind", json_string(kind_name(r->kind)));
    (void)json_object_set_new(object, "not_before", json_string(before));
    (void)json_object_set_new(object, "not_after", json_string(after));
    output_json_text(object, "issuer", issuer);
    (void)json_object_set_new(object, "sha256", json_string(fingerprint));
    output_json(object);
    return true;
}

/* As people write it: with capitals, a dot before or behind, "*." or other characters than ASCII. */
static enum status read_name(const char *text, char **out, struct error *err)
{
    if (text[0] == '.')
        text++;
    bool is_ascii = true;
    for (const char *at = text; *at != '\0'; at++)
        is_ascii = is_ascii && (unsigned char)*at < 0x80;
    *out = NULL;
    if (is_ascii)
        *out = strdup(text);
    else if (idn2_to_ascii_8z(text, out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return error_set(err, STATUS_USAGE, "\"%.200s\" has no A-label form", text);
    return *out != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
}

static enum status search_index(const struct options *options, const char *name, uint64_t limit, struct search *search,
                                struct error *err)
{
    struct monitor_settings *settings;
    struct sqlite_domain_index *index = NULL;
    char path[MONITOR_PATH_MAX + 16];
    enum status s = monitor_settings_read(options_value(options, "config"), options_value(options, "algorithms"), &settings, err);
    if (s != STATUS_OK)
        return s;
    (void)snprintf(path, sizeof path, "%s/names.db", settings->directory);
    monitor_settings_free(settings);
    s = sqlite_domain_index_open(path, SQLITE_FOR_READING, &index, err);
    if (s == STATUS_NOT_FOUND)
        s = error_set(err, STATUS_USAGE, "%s: no index: has the monitor run, with index = true?", path);
    if (s != STATUS_OK)
        return s;
    struct domain_index port = sqlite_domain_index_port(index);
    const struct domain_index_query query = {bytes_of_text(name), options_has(options, "subtree"), limit};
    s = port.find(port.context, &query, show, search, err);
    sqlite_domain_index_close(index);
    return s;
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct search search = {.is_json = options_has(options, "json")};
    uint64_t limit = LIMIT_DEFAULT;
    char *name = NULL;
    enum status s = options_number(options, "limit", LIMIT_MAX, &limit, &err);
    if (s == STATUS_OK)
        s = read_name(options->arguments[0], &name, &err);
    if (s == STATUS_OK)
        s = search_index(options, name, limit, &search, &err);
    free(name);
    if (s != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    if (search.count == limit)
        output_error("more than %llu may have been found: --limit", (unsigned long long)limit);
    return search.count > 0 ? EXIT_YES : EXIT_NO;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the monitor's configuration", .is_required = true},
    {.name = "subtree", .help = "the name, and all names below it"},
    {.name = "limit", .metavar = "N", .help = "at most so many; 1000 when absent"},
    {.name = "json", .help = "one JSON object a line"},
    {.name = NULL},
};

const struct command command_monitor_search = {
    .name = "monitor search",
    .arguments = "NAME",
    .summary = "which entries of the logs have a name",
    .details = "Looks into the index that `cathaya monitor run` writes, while it runs or not. A wildcard that covers NAME counts.\n"
               "Exit status 1: there is none.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
