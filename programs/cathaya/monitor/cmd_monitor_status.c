/* cathaya monitor status - what a running monitor says of itself */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "monitor/monitor_settings.h"
#include "output.h"
#include "service/control_client.h"

#define ANSWER_MAX ((size_t)16 * 1024 * 1024)

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "-";
}

static long long number_of(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

/* "12 s", or "never". */
static void age(const json_t *object, const char *name, char out[32])
{
    if (json_is_integer(json_object_get(object, name)))
        (void)snprintf(out, 32, "%lld s", number_of(object, name));
    else
        (void)snprintf(out, 32, "never");
}

static void print_logs(const json_t *logs)
{
    output_line("%-40s %12s %12s %10s %10s %9s  %s", "LOG", "TREE SIZE", "VERIFIED", "BEHIND", "CONTACT", "UPTIME", "FAILURE");
    for (size_t i = 0; i < json_array_size(logs); i++) {
        const json_t *log = json_array_get(logs, i);
        char contact[32], uptime[32] = "-";
        age(log, "contact_age_s", contact);
        if (json_is_real(json_object_get(log, "uptime")))
            (void)snprintf(uptime, sizeof uptime, "%.3f %%", json_real_value(json_object_get(log, "uptime")) * 100);
        output_line("%-40s %12lld %12lld %10lld %10s %9s  %s", text_of(log, "name"), number_of(log, "tree_size"),
                    number_of(log, "verified"), number_of(log, "behind"), contact, uptime, text_of(log, "failure"));
    }
}

static void print_rest(const json_t *status)
{
    const json_t *watch = json_object_get(status, "watch"), *index = json_object_get(status, "index");
    const json_t *actions = json_object_get(status, "actions"), *peers = json_object_get(status, "peers");
    output_line("watch list %s, read %s: %lld domains, %lld subtrees, %lld addresses, %lld organisations, %lld keys, %lld authorized",
                text_of(watch, "file"), text_of(watch, "read"), number_of(watch, "domains"), number_of(watch, "subtrees"),
                number_of(watch, "addresses"), number_of(watch, "organisations"), number_of(watch, "keys"),
                number_of(watch, "authorized"));
    if (json_is_string(json_object_get(watch, "refused")))
        output_line("  a newer one is refused: %s", text_of(watch, "refused"));
    if (index != NULL)
        output_line("index: %lld entries, %lld names, %lld bytes for an entry", number_of(index, "entries"),
                    number_of(index, "names"), number_of(index, "bytes_per_entry"));
    output_line("notifications that wait: %lld", number_of(status, "notifications_waiting"));
    for (size_t i = 0; i < json_array_size(actions); i++) {
        const json_t *one = json_array_get(actions, i);
        output_line("  %s: %lld delivered; last failure: %s", text_of(one, "action"), number_of(one, "delivered"),
                    text_of(one, "failure"));
    }
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *one = json_array_get(peers, i);
        char good[32];
        age(one, "good_age_s", good);
        output_line("peer %s: last good exchange %s ago; failure: %s", text_of(one, "url"), good, text_of(one, "failure"));
    }
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct monitor_settings *settings;
    json_t *status = NULL;
    char socket[MONITOR_PATH_MAX + 16];
    enum status s = monitor_settings_read(options_value(options, "config"), options_value(options, "algorithms"), &settings, &err);
    if (s != STATUS_OK)
        return output_failure(ROLE_NEEDED, &err);
    monitor_settings_socket(settings, socket);
    monitor_settings_free(settings);
    const struct control_request request = {
        .socket = socket, .service = "cathaya monitor run", .method = "GET", .path = "/status"};
    if (control_client_ask_json(&request, &status, &err) != STATUS_OK)
        return output_failure(ROLE_STATE, &err);
    bool is_ready = json_is_true(json_object_get(status, "ready"));
    if (options_has(options, "json")) {
        output_json(status);
        return is_ready ? EXIT_YES : EXIT_NO;
    }
    output_line("%s%s", is_ready ? "ready" : "not ready: ", is_ready ? "" : text_of(status, "why_not"));
    print_logs(json_object_get(status, "logs"));
    print_rest(status);
    json_decref(status);
    return is_ready ? EXIT_YES : EXIT_NO;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the monitor's configuration", .is_required = true},
    {.name = "json", .help = "one JSON object"},
    {.name = NULL},
};

const struct command command_monitor_status = {
    .name = "monitor status",
    .arguments = "",
    .summary = "how far a running monitor is with each log, and what waits",
    .details = "Exit status 1: the monitor is not ready, and says why.\n",
    .options = rows,
    .run = run,
};
