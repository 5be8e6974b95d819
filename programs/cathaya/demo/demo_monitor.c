/* A monitor that watches the logs for the owner of one name: a certificate that he has not ordered, and a log that lies. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "demo/demo.h"
#include "demo/demo_world.h"
#include "input.h"

#define CONFIG_MAX 8192
#define ALERTS_MAX ((size_t)1 << 20)
#define REPORT_S 30
/* The other monitor repeats itself, as monitors do. */
#define TELL_S 1

/* ---- configuration ---- */

static enum status write_config(const struct demo_world *w, struct error *err)
{
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "directory = \"monitor\"\nlisten = {\"127.0.0.1:%u\"}\nadmin-listen = \"127.0.0.1:0\"\ninterval-ms = 500\nwatch-list = \"watch.txt\"\nindex = true\n"
                      "action { jsonl = \"alerts.jsonl\" }\nlog-list = {",
                   w->monitor_port);
    for (size_t i = 0; i < DEMO_OPERATORS; i++)
        builder_printf(&b, "%s\"ctlog-%s.json\"", i > 0 ? ", " : "", demo_ctlog_operator(i));
    builder_printf(&b, "}\nlog \"fork\" {\n    kind = \"static-ct\"\n    suite = \"intl\"\n    url = \"%s\"\n    key = \"", w->fork.url);
    text_write_base64(&b, bytes_of(w->fork.spki, w->fork.spki_len));
    builder_text(&b, "\"\n    mmd = 60\n}\n");
    builder_printf(&b, "trust \"program\" {\n    url = \"%s\"\n    key = {\"trust-keys/sm2_sm3.pub.pem\", \"trust-keys/mldsa44.pub.pem\"}\n"
                       "    log-key = {\"trust-keys/sm2_sm3.vkey\", \"trust-keys/mldsa44.vkey\"}\n}\n", w->trust_url);
    enum status s = builder_status(&b, "configuration", err);
    if (s == STATUS_OK)
        s = demo_write(w, "monitor.conf", builder_view(&b), 0644, err);
    if (s == STATUS_OK)
        s = demo_write(w, "watch.txt", bytes_of_text("# What the owner of the bank wants to know.\ndomain ." DEMO_BANK "\n"), 0644, err);
    builder_clear(&b);
    return s;
}

enum status demo_monitor_start(struct demo_world *w, struct error *err)
{
    char path[DEMO_PATH_SIZE], address[DEMO_ADDRESS_SIZE] = "";
    struct demo_process *process;
    enum status s = demo_fork_start(w, err);
    if (s == STATUS_OK)
        s = demo_port(&w->monitor_port, err);
    (void)snprintf(w->monitor_url, sizeof w->monitor_url, "http://127.0.0.1:%u", w->monitor_port);
    if (s == STATUS_OK)
        s = write_config(w, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "monitor.conf");
    const char *const arguments[] = {"cathaya", "monitor", "run", "--config", path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_start(&w->processes, "monitor", arguments, NULL, &process, err);
    if (s == STATUS_OK)
        s = demo_process_wait_ready(process, "admin", address, err);
    (void)snprintf(w->monitor_status_url, sizeof w->monitor_status_url, "http://%s/status", address);
    return s;
}

/* ---- what it has told ---- */

struct waiting {
    struct demo_world *w;
    const char *event, *member, *value; /* a notification of this event with this in it */
    char file[DEMO_PATH_SIZE];          /* evidence, or the certificate */
    char log[64];
};

static bool has_value(const json_t *member, const char *value)
{
    const char *text = json_string_value(member);
    bool is_there = text != NULL && strcmp(text, value) == 0;
    for (size_t i = 0; !is_there && i < json_array_size(member); i++) {
        text = json_string_value(json_array_get(member, i));
        is_there = text != NULL && strcmp(text, value) == 0;
    }
    return is_there;
}

static bool is_told_in(struct waiting *x, struct bytes line)
{
    json_t *o = json_loadb((const char *)line.data, line.len, 0, NULL);
    const char *evidence = json_string_value(json_object_get(o, "evidence")), *log = json_string_value(json_object_get(o, "log"));
    bool is_it = has_value(json_object_get(o, "event"), x->event) && has_value(json_object_get(o, x->member), x->value);
    if (is_it)
        (void)snprintf(x->file, sizeof x->file, "%s", evidence != NULL ? evidence : "");
    if (is_it)
        (void)snprintf(x->log, sizeof x->log, "%s", log != NULL ? log : "");
    json_decref(o);
    return is_it;
}

static bool is_told(void *context)
{
    struct waiting *x = context;
    char path[DEMO_PATH_SIZE];
    struct error err;
    struct builder text;
    bool is_it = false;
    builder_init(&text, ALERTS_MAX);
    if (demo_path(x->w, path, &err, "alerts.jsonl") == STATUS_OK && input_read(path, ALERTS_MAX, &text, &err) == STATUS_OK) {
        struct bytes rest = builder_view(&text), line;
        while (!is_it && text_next_line(&rest, &line))
            is_it = is_told_in(x, line);
    }
    builder_clear(&text);
    return is_it;
}

static double since_s(uint64_t begun_ns)
{
    return (double)(demo_clock_ns() - begun_ns) / 1e9;
}

/* ---- a certificate that nobody ordered ---- */

static enum status misissue(struct demo_world *w, struct error *err)
{
    struct waiting x = {.w = w, .event = "certificate", .member = "names", .value = DEMO_BANK};
    enum status s = demo_dns_add(w, DEMO_BANK, w->http01_address, err);
    if (s == STATUS_OK)
        s = demo_acme_tiny_get(w, &demo_profiles[3], DEMO_BANK, err);
    uint64_t issued_ns = demo_clock_ns();
    if (s == STATUS_OK)
        s = demo_processes_wait(&w->processes, is_told, &x, REPORT_S, "the monitor's report of " DEMO_BANK, err);
    w->monitor.report_s = since_s(issued_ns);
    (void)snprintf(w->monitor.report_log, sizeof w->monitor.report_log, "%s", x.log);
    return s;
}

/* ---- a log with two histories ---- */

static enum status check_evidence(struct demo_world *w, const char *file, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct demo_process *process;
    enum status s = demo_path(w, path, err, "monitor/%s", file);
    const char *const arguments[] = {"cathaya", "evidence", "verify", path, NULL};
    if (s == STATUS_OK && file[0] == '\0')
        return error_set(err, STATUS_REFUSED, "the monitor has caught the log, and kept no evidence");
    return s == STATUS_OK ? demo_processes_run(&w->processes, "evidence", arguments, &process, err) : s;
}

static enum status fork_log(struct demo_world *w, struct error *err)
{
    struct waiting x = {.w = w, .event = "finding", .member = "finding", .value = "split-view"};
    enum status s = demo_fork_split(w, err);
    uint64_t split_ns = demo_clock_ns();
    bool is_caught = false;
    while (s == STATUS_OK && !is_caught) {
        s = demo_fork_tell(w, w->monitor_url, err);
        if (s == STATUS_OK)
            s = demo_processes_wait(&w->processes, is_told, &x, TELL_S, "the monitor to catch the log with two histories", err);
        is_caught = s == STATUS_OK;
        if (s == STATUS_IO && since_s(split_ns) < REPORT_S)
            s = STATUS_OK;
    }
    w->monitor.caught_s = since_s(split_ns);
    return s == STATUS_OK ? check_evidence(w, x.file, err) : s;
}

enum status demo_monitor_run(struct demo_world *w, struct error *err)
{
    demo_say(w, "watching: somebody else orders a certificate for " DEMO_BANK "; then a log shows two histories");
    enum status s = misissue(w, err);
    return s == STATUS_OK ? fork_log(w, err) : s;
}
