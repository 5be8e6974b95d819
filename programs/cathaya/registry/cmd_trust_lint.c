/* cathaya trust lint, cathaya trust diff - what is wrong with a registry, and what changed between two. */
#include <limits.h>
#include <stdio.h>

#include "algorithms_file.h"
#include "command.h"
#include "identity/identity_file.h"
#include "input.h"
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
        s = registry_lint(registry_directory_registry(c.directory), c.at_s, &report, &err);
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

static enum status read_identities(const char *dir, struct builder *out, struct error *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" IDENTITY_FILE_LOG, dir) >= (int)sizeof path)
        return error_set(err, STATUS_USAGE, "%s: the path is too long", dir);
    enum status s = input_read(path, IDENTITY_LOG_TEXT_MAX, out, err);
    return s == STATUS_USAGE ? STATUS_OK : s; /* no such file: it has none */
}

/* What changed in the log of website identities, which is no file of registry_read; "" when nothing has. */
static enum status compare_identities(const char *before, const char *after, char *text, size_t size, struct error *err)
{
    struct builder old, new;
    builder_init(&old, IDENTITY_LOG_TEXT_MAX);
    builder_init(&new, IDENTITY_LOG_TEXT_MAX);
    text[0] = '\0';
    enum status s = read_identities(before, &old, err);
    if (s == STATUS_OK)
        s = read_identities(after, &new, err);
    bool is_longer = s == STATUS_OK && new.len >= old.len && bytes_equal(bytes_of(new.data, old.len), builder_view(&old));
    size_t lines = 0;
    for (size_t i = old.len; is_longer && i < new.len; i++)
        lines += new.data[i] == '\n' ? 1 : 0;
    if (s == STATUS_OK && !is_longer)
        snprintf(text, size, "website identities: the log is not what it was before: what was in it must stay");
    else if (s == STATUS_OK && new.len > old.len)
        snprintf(text, size, "website identities: %zu more entries of the log", lines);
    builder_clear(&old);
    builder_clear(&new);
    return s;
}

static void add_change(json_t *list, const char *kind, const char *file, const char *text, bool is_json)
{
    json_t *item = json_object();
    json_object_set_new(item, "kind", json_string(kind));
    output_json_text(item, "file", file);
    output_json_text(item, "text", text);
    json_array_append_new(list, item);
    if (!is_json)
        output_line("%s", text);
}

static void print_changes(const struct registry_changes *changes, const char *identities, bool is_json)
{
    json_t *list = json_array(), *object = json_object();
    for (size_t i = 0; i < changes->changes.count; i++) {
        const struct registry_change *change = registry_change_at(changes, i);
        add_change(list, registry_change_name(change->kind), change->head->file, change->text, is_json);
    }
    if (identities[0] != '\0')
        add_change(list, registry_change_name(REGISTRY_RECORD), IDENTITY_FILE_LOG, identities, is_json);
    json_object_set_new(object, "changes", list);
    if (is_json) {
        output_json(object);
        return;
    }
    json_decref(object);
    if (changes->changes.count == 0 && identities[0] == '\0')
        output_line("nothing has changed");
}

static int run_diff(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct registry_directory *before = NULL, *after = NULL;
    struct registry_changes changes = {.changes = {0}};
    char identities[128];
    struct error err = {.status = STATUS_OK};
    enum status s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK)
        s = registry_directory_open(options->arguments[0], algorithms, false, &before, &err);
    if (s == STATUS_OK)
        s = registry_directory_open(options->arguments[1], algorithms, false, &after, &err);
    if (s == STATUS_OK)
        s = registry_diff(registry_directory_registry(before), registry_directory_registry(after), &changes, &err);
    if (s == STATUS_OK)
        s = compare_identities(options->arguments[0], options->arguments[1], identities, sizeof identities, &err);
    if (s == STATUS_OK)
        print_changes(&changes, identities, options_has(options, "json"));
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
