/* cathaya trust admit-log - a CT log is admitted by its monitor's report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/log_admission.h"
#include "command.h"
#include "input.h"
#include "output.h"
#include "registry/registry_command.h"

/* A dozen endpoints with their figures. */
#define REPORT_SIZE_MAX ((size_t)1024 * 1024)

static enum status read_report(const char *path, json_t **out, struct error *err)
{
    struct builder text;
    json_error_t wrong;
    builder_init(&text, REPORT_SIZE_MAX);
    enum status s = input_read(path, REPORT_SIZE_MAX, &text, err);
    if (s == STATUS_OK) {
        *out = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &wrong);
        if (!json_is_object(*out))
            s = error_set(err, STATUS_MALFORMED, "%s: no JSON object: %.100s", path, wrong.text);
    }
    builder_clear(&text);
    return s;
}

/* ---- states ---- */

/* From pending to qualified, from qualified to usable; anything else is no admission. */
static enum status find_state(const struct registry_command *c, const struct registry_thing *log, const char **out, struct error *err)
{
    const struct registry_state *now = registry_state_at(registry_directory_registry(c->directory), log, REGISTRY_ITSELF, c->at_s);
    enum log_list_state state = now != NULL ? now->log_state : LOG_LIST_UNKNOWN;
    *out = options_value(c->options, "state");
    if (state != LOG_LIST_PENDING && state != LOG_LIST_QUALIFIED)
        return error_set(err, STATUS_REFUSED, "%s is %s: only what is pending or qualified can be admitted", log->head.id,
                         log_list_state_name(state));
    if (*out == NULL)
        *out = state == LOG_LIST_PENDING ? "qualified" : "usable";
    if (strcmp(*out, "usable") == 0 || (strcmp(*out, "qualified") == 0 && state == LOG_LIST_PENDING))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "--state %.20s: %s is %s, and can become %s", *out, log->head.id, log_list_state_name(state),
                     state == LOG_LIST_PENDING ? "qualified or usable" : "usable");
}

static enum status add_state(struct registry_command *c, const struct registry_target *target, const char *state, const json_t *report,
                             struct error *err)
{
    char reason[256];
    (void)snprintf(reason, sizeof reason, "monitor's report of %.32s", json_string_value(json_object_get(report, "time")));
    const char *const words[] = {"state", state, c->day, options_has(c->options, "reason") ? options_value(c->options, "reason") : reason};
    return registry_directory_add(c->directory, target->conf, words, sizeof words / sizeof words[0], err);
}

/* ---- the answer ---- */

static void print(const struct registry_command *c, const char *log, const char *state, const struct log_admission *a)
{
    if (options_has(c->options, "json")) {
        json_t *o = json_object(), *list = json_array();
        output_json_text(o, "log", log);
        json_object_set_new(o, "admit", json_boolean(a->is_yes));
        json_object_set_new(o, "state", a->is_yes ? json_string(state) : json_null());
        for (size_t i = 0; i < a->count; i++) {
            json_t *one = json_object();
            output_json_text(one, "criterion", a->answers[i].name);
            json_object_set_new(one, "yes", json_boolean(a->answers[i].is_yes));
            output_json_text(one, "reason", a->answers[i].reason);
            json_array_append_new(list, one);
        }
        json_object_set_new(o, "criteria", list);
        output_json(o);
        return;
    }
    for (size_t i = 0; i < a->count; i++)
        if (!a->answers[i].is_yes || options_has(c->options, "verbose"))
            output_line("  %-30s %-3s  %s", a->answers[i].name, a->answers[i].is_yes ? "yes" : "NO", a->answers[i].reason);
}

static int admit(struct registry_command *c, const json_t *report, struct log_admission *a)
{
    struct registry_target target;
    struct error err = {.status = STATUS_OK};
    const char *state = NULL, *argument = c->options->arguments[0];
    const struct registry *r = registry_directory_registry(c->directory);
    char done[128];
    enum status s = registry_command_target(c, argument, true, &target, &err);
    if (s == STATUS_OK && target.kind != REGISTRY_CT_LOG)
        s = error_set(&err, STATUS_USAGE, "%s: no CT log; ct-logs/ID", argument);
    const struct registry_thing *log = s == STATUS_OK ? registry_find_thing(r, REGISTRY_CT_LOG, target.id) : NULL;
    if (s == STATUS_OK)
        s = find_state(c, log, &state, &err);
    if (s == STATUS_OK)
        s = log_admission_judge(&r->program, log, report, c->at_s, a, &err);
    if (s != STATUS_OK)
        return output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_OBJECT, &err);
    print(c, argument, state, a);
    if (!a->is_yes) {
        if (!options_has(c->options, "json"))
            output_line("%s: not admitted", argument);
        return EXIT_NO;
    }
    s = add_state(c, &target, state, report, &err);
    if (s != STATUS_OK)
        return registry_command_fail(&err);
    (void)snprintf(done, sizeof done, "%.80s: %s", argument, state);
    return registry_command_finish(c, true, options_has(c->options, "json") ? NULL : done);
}

static int run(const struct options *options)
{
    struct registry_command c;
    struct error err = {.status = STATUS_OK};
    json_t *report = NULL;
    int exit_status;
    struct log_admission *answers = (struct log_admission *)calloc(1, sizeof *answers);
    enum status s = registry_command_open(&c, options, REGISTRY_COMMAND_CHANGE, &err);
    if (s == STATUS_OK && answers == NULL)
        s = error_set(&err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = read_report(options_value(options, "report"), &report, &err);
    exit_status = s == STATUS_OK ? admit(&c, report, answers) : output_failure(s == STATUS_MALFORMED ? ROLE_OBJECT : ROLE_NEEDED, &err);
    json_decref(report);
    free(answers);
    registry_command_close(&c);
    return exit_status;
}

static const struct option_row rows[] = {
    {.name = "registry", .metavar = "DIR", .is_required = true, .help = "the registry of the root program"},
    {.name = "report", .metavar = "FILE", .is_required = true, .help = "what `cathaya monitor report --json` has said of the log"},
    {.name = "state", .metavar = "STATE", .help = "qualified or usable; the one that comes next"},
    {.name = "reason", .metavar = "TEXT", .help = "for the history; the report's date"},
    {.name = "at", .metavar = "DAY", .help = "from when on; today"},
    {.name = "verbose", .help = "what is met too"},
    {.name = "json", .help = "a JSON object"},
    {.name = NULL},
};

const struct command command_trust_admit_log = {
    .name = "trust admit-log",
    .arguments = "ct-logs/ID",
    .summary = "admit a CT log by the report of a monitor, or say what is not good enough",
    .details = "How good it has to be is in registry.conf: log-observed-days, log-uptime (hundredths of a percent), log-outage-hours,\n"
               "log-report-days. Exit status 1: the log is not admitted.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
