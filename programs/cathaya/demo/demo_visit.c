/* Four kinds of client at one port. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "demo/demo.h"
#include "demo/demo_world.h"
#include "service/control_client.h"

/* Orders, landmarks every three seconds, and the polite pauses of a client that waits for one. */
#define READY_S 60
#define STATUS_MAX ((size_t)1 << 20)

/* What each of them should get. */
static const struct {
    const char *profile, *kind;
} wanted[DEMO_VISITS] = {
    {"gm", "gm landmark"},
    {"gm-no-landmarks", "gm standalone"},
    {"intl", "intl landmark"},
    {"legacy", "intl classic"},
};

/* ---- the site has everything ---- */

static bool is_number(const char *text)
{
    return text != NULL && text[0] >= '0' && text[0] <= '9';
}

static bool has_everything(void *context)
{
    const struct demo_world *w = context;
    char socket[DEMO_PATH_SIZE];
    struct error err;
    struct builder answer;
    size_t done = 0;
    struct control_request request = {
        .socket = socket, .service = "cathaya gateway run", .method = "GET", .path = "/status"};
    builder_init(&answer, STATUS_MAX);
    enum status s = demo_path(w, socket, &err, "gateway/control.sock");
    if (s == STATUS_OK)
        s = control_client_ask(&request, &answer, &err);
    json_t *o = s == STATUS_OK ? json_loadb((const char *)answer.data, answer.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *list = json_object_get(o, "certificates");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *c = json_array_get(list, i);
        const char *state = json_string_value(json_object_get(c, "state"));
        const char *kind = json_string_value(json_object_get(c, "kind"));
        bool is_mtc = kind != NULL && strstr(kind, "-mtc") != NULL;
        done += state != NULL && strcmp(state, "deployed") == 0 &&
                (!is_mtc || is_number(json_string_value(json_object_get(c, "landmark"))));
    }
    json_decref(o);
    builder_clear(&answer);
    return done == DEMO_PROFILES;
}

/* ---- what the clients trust ---- */

static enum status run_trust(struct demo_world *w, const char *name, const char *const *arguments, struct error *err)
{
    struct demo_process *process;
    return demo_processes_run(&w->processes, name, arguments, &process, err);
}

static enum status import_ca(struct demo_world *w, const struct demo_issuer *issuer, struct error *err)
{
    char policy[DEMO_PATH_SIZE], root[DEMO_PATH_SIZE], url[DEMO_URL_SIZE + 32], name[64];
    struct builder text;
    builder_init(&text, 65536);
    demo_relying_policy(w, issuer->suite, &text);
    (void)snprintf(name, sizeof name, "%s-cosigners.policy", issuer->suite);
    enum status s = builder_status(&text, "policy", err);
    if (s == STATUS_OK)
        s = demo_write(w, name, builder_view(&text), 0644, err);
    builder_clear(&text);
    if (s == STATUS_OK)
        s = demo_path(w, policy, err, "%s", name);
    if (s == STATUS_OK)
        s = demo_path(w, root, err, "%s-classic/root.pem", issuer->suite);
    (void)snprintf(url, sizeof url, "%s/log/%s", w->base_url, issuer->suite);
    (void)snprintf(name, sizeof name, "trust-import-%s", issuer->suite);
    const char *const arguments[] = {"cathaya", "trust",     "import", "--dir",    w->trust, "--root", root, "--ca",
                                     issuer->ca_file, "--log-url", url,      "--policy", policy, NULL};
    return s == STATUS_OK ? run_trust(w, name, arguments, err) : s;
}

static enum status make_trust(struct demo_world *w, struct error *err)
{
    enum status s = demo_path(w, w->trust, err, "trust");
    for (size_t i = 0; s == STATUS_OK && i < DEMO_SUITES; i++)
        s = import_ca(w, &w->issuers[i], err);
    const char *const arguments[] = {"cathaya", "trust", "update", "--dir", w->trust, "--ca-file", w->ca_file, NULL};
    return s == STATUS_OK ? run_trust(w, "trust-update", arguments, err) : s;
}

enum status demo_trust_watch(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    const char *const arguments[] = {"cathaya", "trust", "update", "--dir", w->trust, "--ca-file", w->ca_file, "--watch", "3", NULL};
    enum status s = demo_processes_start(&w->processes, "trust-watch", arguments, NULL, &process, err);
    if (s == STATUS_OK)
        process->is_service = true; /* it says nothing when it is ready */
    return s;
}

/* ---- visits ---- */

static void copy_text(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    (void)snprintf(out, size, "%s", text != NULL && text[0] != '\0' ? text : "-");
}

static void read_visit(const json_t *o, size_t i, struct demo_visit *v)
{
    const json_t *certificate = json_object_get(o, "certificate"), *bytes = json_object_get(o, "bytes");
    char suite[16], mode[16];
    copy_text(certificate, "suite", suite, sizeof suite);
    copy_text(certificate, "mode", mode, sizeof mode);
    copy_text(o, "group", v->group, sizeof v->group);
    copy_text(o, "suite", v->suite, sizeof v->suite);
    copy_text(o, "verdict", v->verdict, sizeof v->verdict);
    (void)snprintf(v->kind, sizeof v->kind, "%.15s %.15s", suite, mode);
    v->certificate_bytes = (size_t)json_integer_value(json_object_get(certificate, "bytes"));
    v->flight_bytes = (size_t)json_integer_value(json_object_get(bytes, "server_flight"));
    v->handshake_ms = (unsigned long long)json_integer_value(json_object_get(json_object_get(o, "ms"), "handshake"));
    v->is_right = strcmp(v->kind, wanted[i].kind) == 0 && strcmp(v->verdict, "secure") == 0 &&
                  json_integer_value(json_object_get(o, "status")) == 200;
}

static enum status visit(struct demo_world *w, size_t i, struct error *err)
{
    struct demo_visit *v = &w->visits[i];
    struct demo_process *process;
    char address[DEMO_ADDRESS_SIZE], name[64];
    v->profile = wanted[i].profile;
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", w->gateway_port);
    (void)snprintf(name, sizeof name, "fetch-%s", v->profile);
    const char *const arguments[] = {"cathaya", "fetch", "--policy-check", "off", "https://" DEMO_SITE "/", "--connect", address, "--trust",
                                     w->trust, "--as", v->profile, "--json", NULL};
    enum status s = demo_processes_run(&w->processes, name, arguments, &process, err);
    if (s != STATUS_OK)
        return s;
    json_t *o = json_loadb((const char *)process->output.data, process->output.len, JSON_REJECT_DUPLICATES, NULL);
    read_visit(o, i, v);
    json_decref(o);
    return STATUS_OK;
}

enum status demo_visit_run(struct demo_world *w, size_t *wrong_count, struct error *err)
{
    demo_say(w, "visiting: https://%s behind the gateway, as four kinds of client, once it has its certificates", DEMO_SITE);
    enum status s = demo_processes_wait(&w->processes, has_everything, w, READY_S, "the gateway's certificates", err);
    if (s == STATUS_OK)
        s = make_trust(w, err);
    for (size_t i = 0; s == STATUS_OK && i < DEMO_VISITS; i++) {
        s = visit(w, i, err);
        *wrong_count += s == STATUS_OK && !w->visits[i].is_right;
    }
    return s;
}
