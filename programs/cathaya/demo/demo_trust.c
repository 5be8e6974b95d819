/* A root program: its manager's registry, the distributor of its trust bundles, and a client that takes them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo/demo.h"
#include "demo/demo_world.h"
#include "tls/classic_chain.h"

#define CONFIG_MAX 4096
/* A version every second stands for one every hour. */
#define INTERVAL_S 1
#define VALID_S 86400
#define VERSION_S 30
#define ORIGIN "trust.demo.test/versions"

/* ---- once ---- */

/* A chain that somebody got from a CA of the program, whose timestamps no log of the program has signed. */
static enum status make_old_chain(struct demo_world *w, struct error *err)
{
    return classic_chain_new(CLASSIC_SM2, DEMO_OLD_SITE, demo_now_s(), &w->old_chain, err);
}

static enum status run(struct demo_world *w, const char *name, const char *const *arguments, struct demo_process **out, struct error *err)
{
    return demo_processes_run(&w->processes, name, arguments, out, err);
}

static enum status import_logs(struct demo_world *w, size_t i, struct error *err)
{
    struct demo_process *process;
    char registry[DEMO_PATH_SIZE], list[DEMO_PATH_SIZE], name[DEMO_PROCESS_NAME_SIZE];
    (void)snprintf(name, sizeof name, "registry-logs-%s", demo_ctlog_operator(i));
    enum status s = demo_path(w, registry, err, "registry");
    if (s == STATUS_OK)
        s = demo_path(w, list, err, "ctlog-%s.json", demo_ctlog_operator(i));
    const char *const arguments[] = {"cathaya", "trust", "import-logs", "--registry", registry, "--list", list, NULL};
    return s == STATUS_OK ? run(w, name, arguments, &process, err) : s;
}

/* The registry says whom to trust, and lint that the program's own conditions are met. */
static enum status make_registry(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char registry[DEMO_PATH_SIZE];
    enum status s = demo_registry_write(w, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_OPERATORS; i++)
        s = import_logs(w, i, err);
    if (s == STATUS_OK)
        s = demo_path(w, registry, err, "registry");
    const char *const arguments[] = {"cathaya", "trust", "lint", "--registry", registry, NULL};
    return s == STATUS_OK ? run(w, "registry-lint", arguments, &process, err) : s;
}

static enum status make_keys(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char keys[DEMO_PATH_SIZE];
    enum status s = demo_path(w, keys, err, "trust-keys");
    const char *const arguments[] = {"cathaya", "trust", "keygen", "--origin", ORIGIN, keys, NULL};
    return s == STATUS_OK ? run(w, "trust-keygen", arguments, &process, err) : s;
}

/* ---- the distributor ---- */

static enum status write_config(const struct demo_world *w, uint16_t port, struct error *err)
{
    struct builder b;
    builder_init(&b, CONFIG_MAX);
    builder_printf(&b, "registry = \"registry\"\ndirectory = \"trust-state\"\npublish = \"trust-www\"\norigin = \"" ORIGIN "\"\n"
                      "key \"sm2\" { key = \"trust-keys/sm2_sm3.pem\" }\nkey \"mldsa\" { key = \"trust-keys/mldsa44.pem\" }\n"
                      "interval = %d\nvalid-for = %d\nca-file = \"tls-root.pem\"\nlisten = {\"127.0.0.1:%u\"}\n",
                   INTERVAL_S, VALID_S, port);
    enum status s = builder_status(&b, "configuration", err);
    if (s == STATUS_OK)
        s = demo_write(w, "trust.conf", builder_view(&b), 0644, err);
    builder_clear(&b);
    return s;
}

enum status demo_trust_start(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char config[DEMO_PATH_SIZE], address[DEMO_ADDRESS_SIZE];
    uint16_t port = 0;
    enum status s = make_old_chain(w, err);
    if (s == STATUS_OK)
        s = make_registry(w, err);
    if (s == STATUS_OK)
        s = demo_identity_add(w, err);
    if (s == STATUS_OK)
        s = make_keys(w, err);
    if (s == STATUS_OK)
        s = demo_port(&port, err);
    if (s == STATUS_OK)
        s = write_config(w, port, err);
    (void)snprintf(w->trust_url, sizeof w->trust_url, "http://127.0.0.1:%u", port);
    if (s == STATUS_OK)
        s = demo_path(w, config, err, "trust.conf");
    const char *const arguments[] = {"cathaya", "trust", "serve", "--config", config, NULL};
    if (s == STATUS_OK)
        s = demo_processes_start(&w->processes, "trust", arguments, NULL, &process, err);
    return s == STATUS_OK ? demo_process_wait_ready(process, "trust", address, err) : s;
}

void demo_trust_stop(struct demo_world *w)
{
    classic_chain_free(w->old_chain);
}

/* ---- a client ---- */

static bool is_published(void *context)
{
    const struct demo_world *w = context;
    char path[DEMO_PATH_SIZE];
    struct error err;
    return demo_path(w, path, &err, "trust-www/latest") == STATUS_OK && access(path, R_OK) == 0;
}

enum status demo_trust_client(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char keys[4][DEMO_PATH_SIZE];
    static const char *const names[4] = {"sm2_sm3.pub.pem", "mldsa44.pub.pem", "sm2_sm3.vkey", "mldsa44.vkey"};
    enum status s = demo_path(w, w->trust, err, "trust");
    for (size_t i = 0; s == STATUS_OK && i < 4; i++)
        s = demo_path(w, keys[i], err, "trust-keys/%s", names[i]);
    const char *const import[] = {"cathaya",    "trust",   "import",       "--dir",     w->trust,
                                  "--bundle-key", keys[0], "--bundle-key", keys[1],     "--log-key",
                                  keys[2],      "--log-key", keys[3],      "--bundle-url", w->trust_url, NULL};
    if (s == STATUS_OK)
        s = run(w, "trust-import", import, &process, err);
    if (s == STATUS_OK)
        s = demo_processes_wait(&w->processes, is_published, w, VERSION_S, "the first version of the trust bundle", err);
    const char *const update[] = {"cathaya", "trust", "update", "--dir", w->trust, NULL};
    return s == STATUS_OK ? run(w, "trust-update", update, &process, err) : s;
}

enum status demo_trust_watch(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    const char *const arguments[] = {"cathaya", "trust", "update", "--dir", w->trust, "--watch", "2", NULL};
    enum status s = demo_processes_start(&w->processes, "trust-watch", arguments, NULL, &process, err);
    if (s == STATUS_OK)
        process->is_service = true; /* it says nothing when it is ready */
    return s;
}

/* ---- the next version ---- */

static enum status update(struct demo_world *w, size_t round, json_t **out, struct error *err)
{
    struct demo_process *process;
    char name[DEMO_PROCESS_NAME_SIZE];
    const char *const arguments[] = {"cathaya", "trust", "update", "--dir", w->trust, "--json", NULL};
    (void)snprintf(name, sizeof name, "trust-delta-%zu", round);
    enum status s = run(w, name, arguments, &process, err);
    *out = s == STATUS_OK ? json_loadb((const char *)process->output.data, process->output.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return s;
}

static bool is_newer_version_due(void *context)
{
    const struct demo_world *w = context;
    return demo_clock_ns() >= w->delta.due_ns;
}

/* The distributor is asked once in an interval, as clients do. Two deltas: the second version was begun when the first was there, so it
 * has the landmarks of all certificates that the clients of the demo have. */
enum status demo_trust_delta(struct demo_world *w, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t round = 0; s == STATUS_OK && round < VERSION_S / INTERVAL_S && w->delta.count < 2; round++) {
        json_t *o;
        w->delta.due_ns = demo_clock_ns() + INTERVAL_S * UINT64_C(1000000000);
        s = demo_processes_wait(&w->processes, is_newer_version_due, w, VERSION_S, "the next version of the trust bundle", err);
        if (s == STATUS_OK)
            s = update(w, round, &o, err);
        if (s != STATUS_OK)
            return s;
        const char *way = json_string_value(json_object_get(o, "way"));
        if (way != NULL && strcmp(way, "delta") == 0) {
            w->delta.count++;
            w->delta.from = (uint64_t)json_integer_value(json_object_get(o, "before"));
            w->delta.to = (uint64_t)json_integer_value(json_object_get(o, "version"));
            w->delta.bytes = (size_t)json_integer_value(json_object_get(o, "fetched_bytes"));
            w->delta.bundle_bytes = (size_t)json_integer_value(json_object_get(o, "bundle_bytes"));
        }
        json_decref(o);
    }
    return s == STATUS_OK && w->delta.count < 2 ? error_set(err, STATUS_REFUSED, "no delta of the trust bundle has come") : s;
}
