/* cathaya monitor test - does somebody hear when the monitor tells? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/http_client/curl_fetch.h"
#include "adapters/posix/posix_clock.h"
#include "command.h"
#include "monitor/monitor_actions.h"
#include "output.h"

struct testing {
    struct monitor_settings *settings;
    struct event_loop *loop;
    struct curl_fetch *fetch;
    struct monitor_actions *actions;
    struct notification *notification;
    size_t left, failed;
    bool is_json;
};

struct one {
    struct testing *t;
    const char *name;
};

static void told(void *cookie, enum status status, const struct error *err)
{
    struct one *one = cookie;
    struct testing *t = one->t;
    if (t->is_json) {
        json_t *object = json_object();
        (void)json_object_set_new(object, "action", json_string(one->name));
        (void)json_object_set_new(object, "delivered", json_boolean(status == STATUS_OK));
        if (status != STATUS_OK)
            output_json_text(object, "failure", err->text);
        output_json(object);
    } else {
        output_line("%s: %s%s", one->name, status == STATUS_OK ? "OK" : "FAIL ", status == STATUS_OK ? "" : err->text);
    }
    t->failed += status != STATUS_OK;
    free(one);
    if (--t->left == 0)
        event_loop_stop(t->loop);
}

static void start_all(struct testing *t)
{
    const struct notifier_action *actions = monitor_actions_list(t->actions);
    t->left = t->settings->action_count;
    for (size_t i = 0; i < t->settings->action_count; i++) {
        struct one *one = malloc(sizeof *one);
        if (one == NULL)
            abort();
        *one = (struct one){t, actions[i].name};
        actions[i].start(actions[i].context, t->notification->json, told, one);
    }
}

static enum status test(const struct options *options, struct testing *t, struct error *err)
{
    struct clock_port clock = posix_clock();
    char seed[64];
    enum status s = monitor_settings_read(options_value(options, "config"), options_value(options, "algorithms"), &t->settings, err);
    if (s != STATUS_OK)
        return s;
    (void)mkdir(t->settings->directory, 0700); /* where lines of JSON may go to */
    (void)snprintf(seed, sizeof seed, "%lld %ld", (long long)clock.now_ms(clock.context), (long)getpid());
    s = notification_new_test(clock.now_ms(clock.context), seed, &t->notification, err);
    if (s == STATUS_OK)
        s = event_loop_new(&t->loop, err);
    if (s == STATUS_OK)
        s = curl_fetch_new(t->loop, &t->fetch, err);
    if (s == STATUS_OK)
        s = monitor_actions_new(t->settings, curl_fetch_port(t->fetch), t->loop, &t->actions, err);
    if (s == STATUS_OK) {
        start_all(t);
        event_loop_run(t->loop);
    }
    return s;
}

static int run(const struct options *options)
{
    struct testing t = {.is_json = options_has(options, "json")};
    struct error err = {.status = STATUS_OK};
    enum status s = test(options, &t, &err);
    int status = s != STATUS_OK ? output_failure(ROLE_NEEDED, &err) : t.failed > 0 ? EXIT_NO : EXIT_YES;
    monitor_actions_free(t.actions);
    curl_fetch_free(t.fetch);
    event_loop_free(t.loop);
    notification_free(t.notification);
    monitor_settings_free(t.settings);
    return status;
}

static const struct option_row rows[] = {
    {.name = "config", .metavar = "FILE", .help = "the monitor's configuration", .is_required = true},
    {.name = "json", .help = "one JSON object for each action"},
    {.name = NULL},
};

const struct command command_monitor_test = {
    .name = "monitor test",
    .arguments = "",
    .summary = "send a test notification to every action, and say what comes of it",
    .details = "The monitor need not run. Exit status 1: an action has failed.\n",
    .options = rows,
    .run = run,
};
