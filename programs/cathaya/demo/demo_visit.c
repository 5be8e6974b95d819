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
    copy_text(o, "level", v->level, sizeof v->level);
    const json_t *records = json_object_get(json_object_get(o, "identity"), "records");
    copy_text(json_array_get(records, 0), "name_zh", v->owner, sizeof v->owner);
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
    const char *const arguments[] = {"cathaya", "fetch", "https://" DEMO_SITE "/", "--connect", address, "--trust",
                                     w->trust, "--public-label", "test", "--as", v->profile, "--json", NULL};
    enum status s = demo_processes_ask(&w->processes, name, arguments, &process, err);
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
        s = demo_trust_delta(w, err); /* with the landmarks that came since */
    for (size_t i = 0; s == STATUS_OK && i < DEMO_VISITS; i++) {
        s = visit(w, i, err);
        *wrong_count += s == STATUS_OK && !w->visits[i].is_right;
    }
    return s;
}
