/* cathaya monitor report - may this log be admitted? */
#include <stdio.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "adapters/sqlite/sqlite_state_store.h"
#include "base/civil_time.h"
#include "command.h"
#include "monitor/monitor_settings.h"
#include "output.h"
#include "service/control_client.h"
#include "service/monitor/admission.h"

struct report {
    const struct monitor_settings_log *log;
    struct uptime uptime;
    struct log_facts facts;
    struct admission_report answers;
    int64_t now_ms;
};

/* ---- what a running monitor knows now ---- */

static bool ask(const char *socket, const char *folder, const char *log, struct builder *out)
{
    char path[MONITOR_PATH_MAX];
    struct error err;
    (void)snprintf(path, sizeof path, MONITOR_FIGURES_PATH "/%s/%s", folder, log);
    const struct control_request request = {.socket = socket, .service = "cathaya monitor run", .method = "GET", .path = path};
    builder_reset(out);
    return control_client_ask(&request, out, &err) == STATUS_OK;
}

static bool ask_running(const struct monitor_settings *settings, struct report *r)
{
    char socket[MONITOR_PATH_MAX + 16];
    struct builder text;
    struct error err;
    monitor_settings_socket(settings, socket);
    builder_init(&text, UPTIME_TEXT_MAX);
    bool is_good = ask(socket, "uptime", r->log->name, &text) && uptime_read(builder_view(&text), &r->uptime, &err) == STATUS_OK &&
                   ask(socket, "facts", r->log->name, &text) && log_facts_read(builder_view(&text), &r->facts, &err) == STATUS_OK;
    builder_clear(&text);
    if (!is_good) {
        r->uptime = (struct uptime){.first_ms = 0};
        r->facts = (struct log_facts){.first_ms = 0};
    }
    return is_good;
}

/* ---- what it kept ---- */

static enum status read_figures(const struct object_store *state, struct report *r, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    struct builder text;
    builder_init(&text, UPTIME_TEXT_MAX);
    (void)snprintf(name, sizeof name, "uptime/%s", r->log->name);
    enum status s = state->get(state->context, name, &text, err);
    if (s == STATUS_OK)
        s = uptime_read(builder_view(&text), &r->uptime, err);
    builder_reset(&text);
    (void)snprintf(name, sizeof name, "facts/%s", r->log->name);
    if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        s = state->get(state->context, name, &text, err);
    if (s == STATUS_OK)
        s = log_facts_read(builder_view(&text), &r->facts, err);
    builder_clear(&text);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status read_kept(const struct monitor_settings *settings, struct report *r, struct error *err)
{
    struct sqlite_state_store *store;
    char path[MONITOR_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/state.db", settings->directory);
    enum status s = sqlite_state_store_open(path, SQLITE_FOR_READING, &store, err);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_USAGE, "%s: nothing there: has the monitor run?", path);
    if (s != STATUS_OK)
        return s;
    struct object_store state = sqlite_state_store_port(store);
    s = read_figures(&state, r, err);
    sqlite_state_store_close(store);
    return s;
}

static enum status make(const struct monitor_settings *settings, const char *name, struct report *r, struct error *err)
{
    for (size_t i = 0; i < settings->log_count; i++)
        if (strcmp(settings->logs[i]->name, name) == 0)
            r->log = settings->logs[i];
    if (r->log == NULL)
        return error_set(err, STATUS_USAGE, "%.100s: no log of this name; `cathaya monitor status` lists them", name);
    enum status s = ask_running(settings, r) ? STATUS_OK : read_kept(settings, r, err);
    struct clock_port clock = posix_clock();
    r->now_ms = clock.now_ms(clock.context);
    admission_judge(&r->uptime, &r->facts, r->now_ms, &r->answers);
    return s;
}

static void print_text(const struct report *r)
{
    char now[CIVIL_TIME_TEXT_SIZE], first[CIVIL_TIME_TEXT_SIZE] = "never";
    civil_time_format(r->now_ms / 1000, now);
    if (r->facts.first_ms > 0)
        civil_time_format(r->facts.first_ms / 1000, first);
    output_line("Admission report of the log %s", r->log->name);
    output_line("  %s, %s, %s", log_kind_name(r->log->kind), r->log->url, r->log->id);
    output_line("  written %s, followed since %s, %llu entries compared", now, first, (unsigned long long)r->facts.entry_count);
    output_line("%s", "");
    for (size_t i = 0; i < ADMISSION_CRITERIA; i++)
        output_line("  %-12s %-3s  %s", admission_criterion_name((enum admission_criterion)i),
                    r->answers.answers[i].is_yes ? "yes" : "NO", r->answers.answers[i].reason);
    output_line("%s", "");
    for (size_t i = 0; i < r->uptime.endpoint_count; i++) {
        struct uptime_figures f;
        uptime_figures(&r->uptime, i, r->now_ms, &f);
        output_line("  endpoint %-20s %8.4f %%  %llu of %llu intervals on %u days, longest outage %lld min",
                    r->uptime.endpoints[i].name, f.ratio * 100, (unsigned long long)f.good, (unsigned long long)(f.good + f.bad),
                    f.days, (long long)(f.longest_outage_ms / 60000));
    }
    output_line("%s", "");
    output_line("Result: %s", r->answers.is_yes ? "yes, it may be admitted" : "no");
}

static void print_json(const struct report *r)
{
    json_t *object = json_object(), *criteria = json_array(), *endpoints = json_array();
    char time[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(r->now_ms / 1000, time);
    (void)json_object_set_new(object, "log", json_string(r->log->name));
    (void)json_object_set_new(object, "url", json_string(r->log->url));
    (void)json_object_set_new(object, "id", json_string(r->log->id));
    (void)json_object_set_new(object, "time", json_string(time));
    (void)json_object_set_new(object, "admit", json_boolean(r->answers.is_yes));
    for (size_t i = 0; i < ADMISSION_CRITERIA; i++) {
        json_t *one = json_object();
        (void)json_object_set_new(one, "criterion", json_string(admission_criterion_name((enum admission_criterion)i)));
        (void)json_object_set_new(one, "yes", json_boolean(r->answers.answers[i].is_yes));
        output_json_text(one, "reason", r->answers.answers[i].reason);
        (void)json_array_append_new(criteria, one);
    }
    for (size_t i = 0; i < r->uptime.endpoint_count; i++) {
        struct uptime_figures f;
        json_t *one = json_object();
        uptime_figures(&r->uptime, i, r->now_ms, &f);
        (void)json_object_set_new(one, "endpoint", json_string(r->uptime.endpoints[i].name));
        (void)json_object_set_new(one, "uptime", json_real(f.ratio));
        (void)json_object_set_new(one, "good", json_integer((json_int_t)f.good));
        (void)json_object_set_new(one, "bad", json_integer((json_int_t)f.bad));
        (void)json_object_set_new(one, "days", json_integer(f.days));
        (void)json_object_set_new(one, "longest_outage_s", json_integer((json_int_t)(f.longest_outage_ms / 1000)));
        (void)json_array_append_new(endpoints, one);
    }
    (void)json_object_set_new(object, "criteria", criteria);
    (void)json_object_set_new(object, "endpoints", endpoints);
    output_json(object);
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct monitor_settings *settings;
    struct report r = {.log = NULL};
    enum status s = monitor_settings_read(options_value(options, "config"), options_value(options, "algorithms"), &settings, &err);
    if (s != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    s = make(settings, options->arguments[0], &r, &err);
    int status = s == STATUS_OK ? (r.answers.is_yes ? EXIT_YES : EXIT_NO) : output_failure(ROLE_NEEDED, &err);
    if (s == STATUS_OK && options_has(options, "json"))
        print_json(&r);
    else if (s == STATUS_OK)
        print_text(&r);
    monitor_settings_free(settings);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the monitor's configuration", .is_required = true},
    {.name = "json", .help = "one JSON object"},
    {.name = NULL},
};

const struct command command_monitor_report = {
    .name = "monitor report",
    .arguments = "LOG",
    .summary = "may this log be admitted: uptime of 90 days, MMD, append-only, policy",
    .details = "From what `cathaya monitor run` has seen: until now while it runs, or else until it ended. Exit status 1: the answer is no.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
