/* Two operators of Certificate Transparency logs, each with a GM and an international one. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ct_json/log_list_json.h"
#include "demo/demo_world.h"
#include "input.h"
#include "key_file.h"

#define CONFIG_MAX 16384
#define ROOTS_MAX 65536

static const char *const operators[DEMO_OPERATORS] = {"north", "south"};

const char *demo_ctlog_operator(size_t i)
{
    return operators[i];
}

static enum status make_key(const struct demo_world *w, const char *operator_name, const char *suite, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    struct private_key *key = NULL;
    const struct ct_suite *of = ct_suite_by_name(bytes_of_text(suite));
    enum status s = demo_path(w, path, err, "ctlog-%s/%s.key", operator_name, suite);
    if (s == STATUS_OK)
        s = key_file_make(path, algorithms_by_name(w->algorithms, bytes_of_text(of->algorithm)), &key, err);
    private_key_free(key);
    return s;
}

static void write_log(const struct demo_world *w, size_t i, const char *suite, uint16_t port, struct builder *b)
{
    bool is_gm = strcmp(suite, "gm") == 0;
    builder_printf(b, "log \"%s\" {\n    suite = \"%s\"\n    submission-url = \"http://127.0.0.1:%u/%s\"\n    key = \"%s.key\"\n"
                      "    description = \"Demo %s %s\"\n    roots = \"../%s-classic/root.pem\"\n    tree-head-refresh = 2\n",
                   suite, suite, port, suite, suite, operators[i], suite, suite);
    if (is_gm)
        builder_printf(b, "    mtc-ca = {\"%s\"}\n", w->issuers[0].ca_file);
    builder_text(b, "}\n");
}

static enum status write_config(const struct demo_world *w, size_t i, uint16_t port, struct error *err)
{
    char name[48];
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "listen = {\"127.0.0.1:%u\"}\ndirectory = \"state\"\nlist-operator = \"Demo %s\"\nflush-ms = 50\n", port, operators[i]);
    for (size_t k = 0; k < DEMO_SUITES; k++)
        write_log(w, i, w->issuers[k].suite, port, &b);
    (void)snprintf(name, sizeof name, "ctlog-%s/ctlog.conf", operators[i]);
    enum status s = builder_status(&b, name, err);
    if (s == STATUS_OK)
        s = demo_write(w, name, builder_view(&b), 0644, err);
    builder_clear(&b);
    return s;
}

static enum status start(struct demo_world *w, size_t i, struct error *err)
{
    char path[DEMO_PATH_SIZE], name[32], address[DEMO_ADDRESS_SIZE];
    struct demo_process *process;
    uint16_t port = 0;
    (void)snprintf(name, sizeof name, "ctlog-%s", operators[i]);
    enum status s = demo_port(&port, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "%s", name);
    if (s == STATUS_OK && mkdir(path, 0700) != 0)
        s = error_set(err, STATUS_IO, "%s: cannot be made", path);
    for (size_t k = 0; s == STATUS_OK && k < DEMO_SUITES; k++)
        s = make_key(w, operators[i], w->issuers[k].suite, err);
    if (s == STATUS_OK)
        s = write_config(w, i, port, err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "%s/ctlog.conf", name);
    const char *const arguments[] = {"cathaya", "ctlog", "run", "--config", path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_start(&w->processes, name, arguments, NULL, &process, err);
    return s == STATUS_OK ? demo_process_wait_ready(process, "ctlog", address, err) : s;
}

/* What the operator gives to CAs, monitors and clients; it stays as a file of services/, and its rows in the world. */
static enum status take_list(struct demo_world *w, size_t i, struct error *err)
{
    char path[DEMO_PATH_SIZE], name[48];
    struct demo_process *process;
    struct log_list list;
    (void)snprintf(name, sizeof name, "ctlog-%s-list", operators[i]);
    enum status s = demo_path(w, path, err, "ctlog-%s/ctlog.conf", operators[i]);
    const char *const arguments[] = {"cathaya", "ctlog", "list", "--config", path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_run(&w->processes, name, arguments, &process, err);
    if (s != STATUS_OK)
        return s;
    (void)snprintf(name, sizeof name, "ctlog-%s.json", operators[i]);
    s = demo_write(w, name, builder_view(&process->output), 0644, err);
    if (s == STATUS_OK)
        s = log_list_json_parse(builder_view(&process->output), &list, err);
    if (s != STATUS_OK)
        return s;
    s = log_list_merge(&w->ctlogs, &list, err);
    log_list_clear(&list);
    return s;
}

enum status demo_ctlog_start(struct demo_world *w, struct error *err)
{
    enum status s = STATUS_OK;
    log_list_init(&w->ctlogs);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_OPERATORS; i++)
        s = start(w, i, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_OPERATORS; i++)
        s = take_list(w, i, err);
    return s;
}

/* ---- policy ---- */

/* Two operators, one of them enough to be live: what a browser's policy asks of a certificate of 100 days. */
enum status demo_ctlog_write_policy(const struct demo_world *w, struct error *err)
{
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    for (size_t k = 0; k < DEMO_SUITES; k++)
        builder_printf(&b, "policy demo-%s\nsuite %s\nlength inclusive\nenforce from always\ndelivery embedded tls ocsp property\n"
                           "counted qualified usable readonly retired\nlive 1 qualified usable readonly\nask qualified usable\n"
                           "operators 2\nscts upto 180 2\nscts longer 3\n\n", w->issuers[k].suite, w->issuers[k].suite);
    enum status s = builder_status(&b, "policy", err);
    if (s == STATUS_OK)
        s = demo_write(w, "ct-policy.conf", builder_view(&b), 0644, err);
    builder_clear(&b);
    return s;
}
