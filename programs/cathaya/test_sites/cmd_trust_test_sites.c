/* cathaya trust test-sites - visits the test sites of applications. */
#include <string.h>
#include <time.h>

#include "algorithms_file.h"
#include "base/civil_time.h"
#include "command.h"
#include "output.h"
#include "registry/registry_directory.h"
#include "test_sites/site_visit.h"

#define TIMEOUT_MAX_S 3600
#define DAY_TEXT_LEN 10

struct session {
    struct algorithms *algorithms;
    struct registry_directory *directory;
    const struct options *options;
    int64_t now_s;
    uint64_t timeout_s;
    size_t visited, failed;
    int exit_status;
};

static void report(const struct session *s, const struct registry_case *application, const struct site_visit *v)
{
    const char *kind = registry_test_site_name(v->site->kind);
    if (!options_has(s->options, "json")) {
        output_line("%s: %s %s (%s): %s", application->head.id, v->is_passed ? "OK" : "FAIL", v->site->url, kind, v->text);
        return;
    }
    json_t *o = json_object();
    output_json_text(o, "application", application->head.id);
    output_json_text(o, "url", v->site->url);
    json_object_set_new(o, "kind", json_string(kind));
    output_json_text(o, "thing", v->site->thing_id);
    json_object_set_new(o, "passed", json_boolean(v->is_passed));
    json_object_set_new(o, "reached", json_boolean(v->is_reached));
    output_json_text(o, "text", v->text);
    output_json(o);
}

/* `visit DAY passed|failed URL "what was seen"` */
static enum status record(const struct session *s, const char *file, const struct site_visit *v, struct error *err)
{
    char day[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(s->now_s, day);
    day[DAY_TEXT_LEN] = '\0';
    const char *words[] = {"visit", day, v->is_passed ? "passed" : "failed", v->site->url, v->text};
    return registry_directory_add(s->directory, file, words, sizeof words / sizeof words[0], err);
}

static enum status visit_one(struct session *s, const struct registry *r, const struct registry_case *application, size_t i,
                             struct error *err)
{
    struct site_visit v = {.registry = r, .algorithms_file = options_value(s->options, "algorithms"), .now_s = s->now_s,
                           .connect = options_value(s->options, "connect"), .timeout_ms = (int64_t)s->timeout_s * 1000,
                           .site = REGISTRY_PART(r, test_site, test_sites, application->test_sites, i)};
    enum status status = site_visit_run(&v, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s, line %u", application->head.file, v.site->line);
    report(s, application, &v);
    s->visited++;
    s->failed += !v.is_passed;
    return options_has(s->options, "record") ? record(s, application->head.file, &v, err) : STATUS_OK;
}

static bool is_asked_for(const struct options *options, const char *id)
{
    for (size_t i = 0; i < options->argument_count; i++)
        if (strcmp(options->arguments[i], id) == 0)
            return true;
    return options->argument_count == 0;
}

static enum status visit_all(struct session *s, struct error *err)
{
    const struct registry *r = registry_directory_registry(s->directory);
    enum status status = STATUS_OK;
    size_t found = 0;
    for (size_t i = 0; status == STATUS_OK && i < r->applications.count; i++) {
        const struct registry_case *application = registry_application_at(r, i);
        if (!is_asked_for(s->options, application->head.id))
            continue;
        found++;
        for (size_t k = 0; status == STATUS_OK && k < application->test_sites.count; k++)
            status = visit_one(s, r, application, k, err);
    }
    if (status == STATUS_OK && found < s->options->argument_count)
        status = error_set(err, STATUS_USAGE, "the registry does not have all applications that are asked for");
    return status == STATUS_OK && options_has(s->options, "record") ? registry_directory_write(s->directory, err) : status;
}

static int run(const struct options *options)
{
    struct session s = {.options = options, .now_s = (int64_t)time(NULL), .timeout_s = SITE_VISIT_TIMEOUT_S};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    enum status status = options_number(options, "timeout", TIMEOUT_MAX_S, &s.timeout_s, &err);
    if (status == STATUS_OK && s.timeout_s == 0)
        status = error_set(&err, STATUS_USAGE, "--timeout 0: want at least 1");
    if (status == STATUS_OK)
        status = algorithms_file_open(options_value(options, "algorithms"), &s.algorithms, &err);
    if (status == STATUS_OK)
        status = registry_directory_open(options_value(options, "registry"), s.algorithms, options_has(options, "record"), &s.directory,
                                         &err);
    if (status == STATUS_OK)
        status = visit_all(&s, &err);
    if (status != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    else if (s.failed > 0)
        exit_status = EXIT_NO;
    registry_directory_close(s.directory);
    algorithms_free(s.algorithms);
    return exit_status;
}

static const struct option_row rows[] = {
    {.name = "registry", .metavar = "DIR", .is_required = true, .help = "the registry of the root program"},
    {.name = "record", .help = "write what was seen into the applications, as visit statements"},
    {.name = "connect", .metavar = "ADDR:PORT", .help = "connect there, whatever the URLs say"},
    {.name = "timeout", .metavar = "SECONDS", .help = "for each connection; 30"},
    {.name = "json", .help = "a JSON object for each site"},
    {.name = NULL},
};

const struct command command_trust_test_sites = {
    .name = "trust test-sites",
    .arguments = "[APPLICATION...]",
    .summary = "visit the test sites of applications, and say which behave as they must",
    .details = "A good site answers with a certificate that leads to the root or CA that it is to show; an expired one is refused because it\n"
               "has expired, a revoked one because it is revoked. Exit status 1 when one does not.\n",
    .options = rows,
    .argument_max = 4096,
    .run = run,
};
