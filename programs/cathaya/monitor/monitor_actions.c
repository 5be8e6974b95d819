#include "monitor/monitor_actions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/event_loop/serial_worker.h"
#include "base/builder.h"
#include "base/text.h"
#include "input.h"
#include "service/child_process.h"

/* sendmail hands over to a queue, a hook to a pager: what takes longer hangs. */
#define PROGRAM_MS 60000
#define MAIL_MAX ((size_t)1024 * 1024)
#define ENVIRONMENT_MAX ((size_t)512 * 1024)
#define AUTHORIZATION_MAX 4096
#define WEBHOOK_ANSWER_MAX 4096

struct action {
    const struct monitor_settings *settings;
    const struct monitor_settings_action *config;
    struct fetch_port fetch;
    struct serial_worker *worker;
};

struct monitor_actions {
    struct action actions[NOTIFIER_ACTIONS_MAX];
    struct notifier_action list[NOTIFIER_ACTIONS_MAX];
};

typedef void done_function(void *cookie, enum status status, const struct error *err);

/* One telling that is under way. */
struct telling {
    struct action *action;
    const char *json;
    done_function *done;
    void *cookie;
    enum status status;
    struct error err;
};

static void finish(void *cookie)
{
    struct telling *t = cookie;
    t->done(t->cookie, t->status, &t->err);
    free(t);
}

static void submit(struct telling *t, void (*run)(void *cookie))
{
    struct work_port work = serial_worker_port(t->action->worker);
    work.submit(work.context, run, finish, t);
}

/* ---- lines of JSON ---- */

/* Does the file end within a line, which a full disk or a crash has cut? The next one shall not be lost with it. */
static bool is_in_a_line(int fd)
{
    char last = '\n';
    off_t end = lseek(fd, 0, SEEK_END);
    return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

static enum status append_line(const char *path, const char *json, struct error *err)
{
    struct builder line;
    enum status s = STATUS_OK;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    builder_init(&line, NOTIFICATION_JSON_MAX + 4096);
    builder_printf(&line, "%s%s\n", is_in_a_line(fd) ? "\n" : "", json);
    s = builder_status(&line, "line", err);
    /* In one call: others may write to the file too, and a part of a line is worse than the line twice. */
    ssize_t written = s == STATUS_OK ? write(fd, line.data, line.len) : 0;
    if (s == STATUS_OK && (written < 0 || fdatasync(fd) != 0))
        s = error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    else if (s == STATUS_OK && written != (ssize_t)line.len)
        s = error_set(err, STATUS_IO, "%s: written in part", path);
    (void)close(fd);
    builder_clear(&line);
    return s;
}

static void run_jsonl(void *cookie)
{
    struct telling *t = cookie;
    t->status = append_line(t->action->config->target, t->json, &t->err);
}

/* ---- programs ---- */

static void run_mail(void *cookie)
{
    struct telling *t = cookie;
    const struct monitor_settings_action *config = t->action->config;
    const char *const arguments[] = {"-oi", config->target, NULL};
    struct builder mail;
    builder_init(&mail, MAIL_MAX);
    t->status = notification_text_write_mail(t->json, config->target, &mail, &t->err);
    const struct child_process child = {.program = config->sendmail, .arguments = arguments, .input = builder_view(&mail),
                                        .limit_ms = PROGRAM_MS};
    if (t->status == STATUS_OK)
        t->status = child_process_run(&child, &t->err);
    builder_clear(&mail);
}

static void run_hook(void *cookie)
{
    struct telling *t = cookie;
    struct builder environment;
    builder_init(&environment, ENVIRONMENT_MAX);
    t->status = notification_text_write_environment(t->json, t->action->settings->directory, &environment, &t->err);
    const struct child_process child = {.program = t->action->config->target, .environment = builder_view(&environment),
                                        .input = bytes_of_text(t->json), .limit_ms = PROGRAM_MS};
    if (t->status == STATUS_OK)
        t->status = child_process_run(&child, &t->err);
    builder_clear(&environment);
}

/* ---- webhooks ---- */

static void answered(void *cookie, const struct fetch_response *response)
{
    struct telling *t = cookie;
    const char *url = t->action->config->target;
    if (response->failure != FETCH_NO_FAILURE)
        t->status = error_set(&t->err, STATUS_IO, "%.100s: %.180s", url, response->failure_text);
    else if (response->status < 200 || response->status > 299)
        t->status = error_set(&t->err, STATUS_IO, "%.200s: HTTP status %d", url, response->status);
    finish(t);
}

/* The first line of a file; read each time, for such tokens are exchanged. */
static enum status read_authorization(const char *file, struct builder *out, struct error *err)
{
    enum status s = file[0] == '\0' ? STATUS_OK : input_read(file, AUTHORIZATION_MAX - 1, out, err);
    const uint8_t *end = out->len > 0 ? memchr(out->data, '\n', out->len) : NULL;
    if (end != NULL)
        out->len = (size_t)(end - out->data);
    builder_u8(out, '\0');
    return s;
}

static void fail_later(void *cookie)
{
    (void)cookie;
}

static void start_webhook(struct telling *t)
{
    const struct monitor_settings_action *config = t->action->config;
    struct builder authorization;
    builder_init(&authorization, AUTHORIZATION_MAX + 1);
    t->status = read_authorization(config->authorization_file, &authorization, &t->err);
    const struct fetch_request request = {.method = "POST",
                                          .url = config->target,
                                          .body = bytes_of_text(t->json),
                                          .content_type = "application/json",
                                          .authorization = authorization.len > 1 ? (const char *)authorization.data : NULL,
                                          .ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL,
                                          .timeout_ms = MONITOR_ACTIONS_WEBHOOK_MS,
                                          .response_max = WEBHOOK_ANSWER_MAX};
    if (t->status == STATUS_OK)
        t->status = t->action->fetch.start(t->action->fetch.context, &request, answered, t, &t->err);
    if (t->status != STATUS_OK) /* done comes later, never from within */
        submit(t, fail_later);
    builder_clear(&authorization);
}

/* ---- all ---- */

static void start(void *context, const char *json, done_function *done, void *cookie)
{
    struct action *a = context;
    struct telling *t = calloc(1, sizeof *t);
    if (t == NULL)
        abort();
    *t = (struct telling){.action = a, .json = json, .done = done, .cookie = cookie};
    if (a->config->kind == MONITOR_ACTION_WEBHOOK)
        start_webhook(t);
    else if (a->config->kind == MONITOR_ACTION_JSONL)
        submit(t, run_jsonl);
    else
        submit(t, a->config->kind == MONITOR_ACTION_MAIL ? run_mail : run_hook);
}

enum status monitor_actions_new(const struct monitor_settings *settings, struct fetch_port fetch, struct event_loop *loop,
                                struct monitor_actions **out, struct error *err)
{
    struct monitor_actions *actions = calloc(1, sizeof *actions);
    enum status s = STATUS_OK;
    *out = actions;
    if (actions == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < settings->action_count && s == STATUS_OK; i++) {
        actions->actions[i] = (struct action){.settings = settings, .config = &settings->actions[i], .fetch = fetch};
        s = serial_worker_new(loop, &actions->actions[i].worker, err);
        actions->list[i] = (struct notifier_action){settings->actions[i].name, &actions->actions[i], start};
    }
    return s;
}

void monitor_actions_free(struct monitor_actions *actions)
{
    if (actions == NULL)
        return;
    for (size_t i = 0; i < NOTIFIER_ACTIONS_MAX; i++)
        serial_worker_free(actions->actions[i].worker);
    free(actions);
}

const struct notifier_action *monitor_actions_list(const struct monitor_actions *actions)
{
    return actions->list;
}
