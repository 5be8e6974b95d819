/* cathaya trust lint, cathaya trust diff - what is wrong with a registry, and what changed between two. */
#include "algorithms_file.h"
#include "command.h"
#include "output.h"
#include "registry/registry_command.h"
#include "registry/registry_diff.h"

/* ---- lint ---- */

static json_t *finding_json(const struct registry_finding *finding)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_string(finding->id));
    json_object_set_new(object, "severity", json_string(registry_severity_name(finding->severity)));
    output_json_text(object, "file", finding->head->file);
    json_object_set_new(object, "line", json_integer(finding->line));
    if (finding->purpose != REGISTRY_ITSELF)
        json_object_set_new(object, "purpose", json_string(registry_purpose_name(finding->purpose)));
    output_json_text(object, "text", finding->text);
    json_object_set_new(object, "fix", json_string(finding->fix));
    return object;
}

static void print_json(const struct registry_command *c, const struct registry_report *report)
{
    json_t *object = json_object(), *findings = json_array();
    for (size_t i = 0; i < report->findings.count; i++)
        json_array_append_new(findings, finding_json(registry_finding_at(report, i)));
    json_object_set_new(object, "at", json_string(c->day));
    json_object_set_new(object, "errors", json_integer((json_int_t)report->error_count));
    json_object_set_new(object, "warnings", json_integer((json_int_t)report->warning_count));
    json_object_set_new(object, "notes", json_integer((json_int_t)report->note_count));
    json_object_set_new(object, "findings", findings);
    output_json(object);
}

static void print_report(const struct registry_command *c, const struct registry_report *report)
{
    for (size_t i = 0; i < report->findings.count; i++)
        registry_command_print(registry_finding_at(report, i));
    size_t all = report->error_count + report->warning_count + report->note_count;
    if (all > report->findings.count)
        output_line("%zu more findings are counted and not shown", all - report->findings.count);
    output_line("%s on %s: %zu errors, %zu warnings, %zu notes", options_value(c->options, "registry"), c->day, report->error_count,
                report->warning_count, report->note_count);
}

static int run_lint(const struct options *options)
{
    struct registry_command c;
    struct registry_report report = {.error_count = 0};
    struct error err = {.status = STATUS_OK};
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_LOOK, &err);
    if (s == STATUS_OK && options_has(options, "if-accepted")) {
        s = registry_command_suppose(&c, NULL, &err);
        s = s == STATUS_NOT_FOUND ? STATUS_OK : s;
    }
    if (s == STATUS_OK)
        s = registry_lint(registry_directory_registry(c.directory), c.algorithms, c.at_s, &report, &err);
    int exit_status = report.error_count > 0 ? EXIT_NO : EXIT_YES;
    if (s != STATUS_OK)
        exit_status = output_failure(ROLE_OBJECT, &err);
    else if (options_has(options, "json"))
        print_json(&c, &report);
    else
        print_report(&c, &report);
    registry_report_clear(&report);
    registry_command_close(&c);
    return exit_status;
}

/* ---- diff ---- */

static void print_changes(const struct registry_changes *changes, bool is_json)
{
    json_t *list = json_array(), *object = json_object();
    for (size_t i = 0; i < changes->changes.count; i++) {
        const struct registry_change *change = registry_change_at(changes, i);
        json_t *item = json_object();
        json_object_set_new(item, "kind", json_string(registry_change_name(change->kind)));
        output_json_text(item, "file", change->head->file);
        output_json_text(item, "text", change->text);
        json_array_append_new(list, item);
        if (!is_json)
            output_line("%s", change->text);
    }
    json_object_set_new(object, "changes", list);
    if (is_json) {
        output_json(object);
        return;
    }
    json_decref(object);
    if (changes->changes.count == 0)
        output_line("nothing has changed");
}

static int run_diff(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct registry_directory *before = NULL, *after = NULL;
    struct registry_changes changes = {.changes = {0}};
    struct error err = {.status = STATUS_OK};
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK)
        s = registry_directory_open(options->arguments[0], algorithms, false, &before, &err);
    if (s == STATUS_OK)
        s = registry_directory_open(options->arguments[1], algorithms, false, &after, &err);
    if (s == STATUS_OK)
        s = registry_diff(registry_directory_registry(before), registry_directory_registry(after), &changes, &err);
    if (s == STATUS_OK)
        print_changes(&changes, options_has(options, "json"));
    registry_changes_clear(&changes);
    registry_directory_close(before);
    registry_directory_close(after);
    algorithms_free(algorithms);
    return s == STATUS_OK ? EXIT_YES : registry_command_fail(&err);
}

static const struct option_row lint_rows[] = {
    REGISTRY_COMMAND_REGISTRY,
    REGISTRY_COMMAND_AT,
    {.name = "if-accepted", .help = "as if all that is applied for were accepted: what is missing for it"},
    {.name = "json", .help = "one JSON object"},
    {.name = NULL},
};
static const struct option_row diff_rows[] = {{.name = "json", .help = "one JSON object"}, {.name = NULL}};

const struct command command_trust_lint = {
    .name = "trust lint", .arguments = "", .summary = "what is wrong, missing or overdue in a registry",
    .details = "Exit status 1 when there is an error.\n", .options = lint_rows, .run = run_lint,
};

const struct command command_trust_diff = {
    .name = "trust diff", .arguments = "OLD NEW", .summary = "what changed between two registries, in words",
    .details = "OLD and NEW are directories; of a revision: git worktree add OLD REVISION.\n",
    .options = diff_rows, .argument_min = 2, .argument_max = 2, .run = run_diff,
};
