#include "registry/registry_command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "algorithms_file.h"
#include "base/civil_time.h"
#include "output.h"

/* A line of a few dozen bytes for each of REGISTRY_FINDINGS_MAX. */
#define BEFORE_MAX ((size_t)2 * 1024 * 1024)
/* A few dozen things of one decision. */
#define JUDGED_MAX ((size_t)64 * 1024)

/* ---- what lint says ---- */

static void write_key(const struct registry_finding *finding, struct builder *out)
{
    builder_printf(out, "\n%s %s %u\n", finding->id, finding->head->file, (unsigned)finding->purpose);
}

static enum status lint(const struct registry_command *c, struct registry_report *report, struct error *err)
{
    return registry_lint(registry_directory_registry(c->directory), c->at_s, report, err);
}

static enum status note_findings(struct registry_command *c, struct error *err)
{
    struct registry_report report = {.error_count = 0};
    enum status s = lint(c, &report, err);
    for (size_t i = 0; s == STATUS_OK && i < report.findings.count; i++)
        write_key(registry_finding_at(&report, i), &c->before);
    registry_report_clear(&report);
    return s == STATUS_OK ? builder_status(&c->before, "findings", err) : s;
}

static bool is_new(const struct registry_command *c, const struct registry_finding *finding)
{
    uint8_t memory[REGISTRY_COMMAND_NAME_SIZE * 2];
    struct builder key;
    builder_init_fixed(&key, memory, sizeof memory);
    builder_printf(&key, "\n%s\n", finding->head->file);
    if (finding->purpose == REGISTRY_ITSELF && c->judged.len > 0 && memmem(c->judged.data, c->judged.len, key.data, key.len) != NULL)
        return true;
    builder_reset(&key);
    write_key(finding, &key);
    return c->before.len == 0 || memmem(c->before.data, c->before.len, key.data, key.len) == NULL;
}

void registry_command_print(const struct registry_finding *finding)
{
    char line[16] = "";
    if (finding->line > 0)
        snprintf(line, sizeof line, ":%u", finding->line);
    output_line("%s%s: %s: %s [%s]", finding->head->file, line, registry_severity_name(finding->severity), finding->text, finding->id);
    output_line("    %s", finding->fix);
}

/* Counts the errors in what is new. */
static size_t count_new(const struct registry_command *c, const struct registry_report *report, bool is_printed)
{
    size_t errors = 0;
    for (size_t i = 0; i < report->findings.count; i++) {
        const struct registry_finding *finding = registry_finding_at(report, i);
        if (!is_new(c, finding))
            continue;
        if (is_printed)
            registry_command_print(finding);
        errors += finding->severity == REGISTRY_ERROR ? 1 : 0;
    }
    return errors;
}

/* ---- opening ---- */

static enum status read_day(struct registry_command *c, struct error *err)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    const char *at = options_value(c->options, "at");
    c->at_s = (int64_t)time(NULL);
    if (at != NULL && !registry_parse_day(bytes_of_text(at), false, &c->at_s))
        return error_set(err, STATUS_USAGE, "--at %s: a day (2026-02-01) or a time (2026-02-01T00:00:00Z)", at);
    civil_time_format(c->at_s, text);
    snprintf(c->day, sizeof c->day, "%.10s", text);
    return STATUS_OK;
}

enum status registry_command_open(struct registry_command *c, const struct options *options, enum registry_command_mode mode,
                                  struct error *err)
{
    const char *path = options_value(options, "registry");
    *c = (struct registry_command){.options = options};
    builder_init(&c->before, BEFORE_MAX);
    builder_init(&c->judged, JUDGED_MAX);
    enum status s = read_day(c, err);
    if (s == STATUS_OK)
        s = algorithms_file_open(options_value(options, "algorithms"), &c->algorithms, err);
    if (s != STATUS_OK)
        return s;
    if (mode == REGISTRY_COMMAND_NEW)
        return registry_directory_new(path, c->algorithms, &c->directory, err);
    s = registry_directory_open(path, c->algorithms, mode == REGISTRY_COMMAND_CHANGE, &c->directory, err);
    return s == STATUS_OK && mode == REGISTRY_COMMAND_CHANGE ? note_findings(c, err) : s;
}

void registry_command_close(struct registry_command *c)
{
    registry_directory_close(c->directory);
    algorithms_free(c->algorithms);
    builder_clear(&c->before);
    builder_clear(&c->judged);
}

void registry_command_judge(struct registry_command *c, const struct registry_target *target)
{
    builder_printf(&c->judged, "\n%s\n", target->conf);
}

enum status registry_command_target(const struct registry_command *c, const char *argument, bool is_there,
                                    struct registry_target *out, struct error *err)
{
    const char *slash = strchr(argument, '/');
    *out = (struct registry_target){.kind = REGISTRY_PROGRAM, .id = ""};
    if (strcmp(argument, "registry") == 0) {
        snprintf(out->conf, sizeof out->conf, "registry.conf");
    } else {
        out->kind = slash != NULL ? registry_kind_by_folder(bytes_of(argument, (size_t)(slash - argument))) : REGISTRY_KINDS;
        if (out->kind == REGISTRY_KINDS)
            return error_set(err, STATUS_USAGE, "%s: FOLDER/ID, as roots/example-r1 (folders: operators, roots, intermediates, mtc-cas, "
                             "cosigners, ct-logs, identity-signers, bundle-keys, applications, incidents)", argument);
        out->id = slash + 1;
        snprintf(out->conf, sizeof out->conf, "%s.conf", argument);
        snprintf(out->pem, sizeof out->pem, "%s.pem", argument);
    }
    if (strlen(argument) + 6 > sizeof out->conf || !registry_has_file(bytes_of_text(out->conf)))
        return error_set(err, STATUS_USAGE, "%s: an ID has small letters, digits, - _ and ., at most %d", argument, REGISTRY_ID_MAX);
    bool is_known = registry_directory_text(c->directory, out->conf).data != NULL;
    if (is_there && !is_known)
        return error_set(err, STATUS_USAGE, "%s: there is no such file in the registry", out->conf);
    if (!is_there && is_known)
        return error_set(err, STATUS_CONFLICT, "%s: it is there already", out->conf);
    return STATUS_OK;
}

/* ---- what would be ---- */

static enum status suppose_thing(struct registry_command *c, const struct registry_thing *thing, size_t *count, struct error *err)
{
    const struct registry *r = registry_directory_registry(c->directory);
    enum status s = STATUS_OK;
    for (uint16_t purpose = REGISTRY_ITSELF; s == STATUS_OK && purpose <= REGISTRY_PURPOSE_MAX; purpose++) {
        const struct registry_state *state = registry_state_at(r, thing, purpose, c->at_s);
        const char *const words[] = {"state", registry_purpose_name(purpose), "accepted", c->day, "supposed"};
        const char *const words_of_itself[] = {"state", "accepted", c->day, "supposed"};
        if (state == NULL || state->state != REGISTRY_APPLIED)
            continue;
        (*count)++;
        s = purpose == REGISTRY_ITSELF ? registry_directory_add(c->directory, thing->head.file, words_of_itself, 4, err)
                                       : registry_directory_add(c->directory, thing->head.file, words, 5, err);
    }
    return s;
}

enum status registry_command_suppose(struct registry_command *c, const struct registry_target *target, struct error *err)
{
    const struct registry *r = registry_directory_registry(c->directory);
    enum status s = STATUS_OK;
    size_t count = 0;
    for (size_t i = 0; s == STATUS_OK && i < r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(r, i);
        if (target == NULL || (thing->head.kind == target->kind && strcmp(thing->head.id, target->id) == 0))
            s = suppose_thing(c, thing, &count, err);
    }
    if (s == STATUS_OK && count == 0)
        s = error_set(err, STATUS_NOT_FOUND, "nothing has been applied for");
    return s == STATUS_OK ? registry_directory_check(c->directory, err) : s;
}

/* ---- the end ---- */

int registry_command_fail(const struct error *err)
{
    return output_failure(err->status == STATUS_CONFLICT || err->status == STATUS_REFUSED ? ROLE_OBJECT : ROLE_NEEDED, err);
}

int registry_command_finish(struct registry_command *c, bool is_refusing, const char *done)
{
    struct error err = {.status = STATUS_OK};
    struct registry_report report = {.error_count = 0};
    enum status s = registry_directory_check(c->directory, &err);
    if (s == STATUS_OK)
        s = lint(c, &report, &err);
    if (s == STATUS_OK)
        s = builder_status(&c->judged, "things of one decision", &err);
    size_t errors = s == STATUS_OK ? count_new(c, &report, done != NULL) : 0;
    bool is_cut = report.findings.count < report.error_count + report.warning_count + report.note_count;
    registry_report_clear(&report);
    if (s == STATUS_OK && is_refusing && is_cut)
        s = error_set(&err, STATUS_REFUSED, "lint finds more than %d things: which of them are new cannot be said; nothing was changed",
                      REGISTRY_FINDINGS_MAX);
    if (s == STATUS_OK && is_refusing && errors > 0) {
        output_error("%zu conditions are not met: nothing was changed; a case that is decided otherwise is written down with "
                     "`cathaya trust set FOLDER/ID exception FINDING from DAY until DAY REASON`", errors);
        return EXIT_NO;
    }
    if (s != STATUS_OK)
        return registry_command_fail(&err);
    s = registry_directory_write(c->directory, &err);
    if (s != STATUS_OK)
        return s == STATUS_IO ? output_failure(ROLE_STATE, &err) : registry_command_fail(&err);
    if (done != NULL)
        output_line("%s", done);
    return EXIT_YES;
}
