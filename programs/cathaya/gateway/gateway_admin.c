#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"
#include "gateway/gateway_explain.h"
#include "gateway/gateway_service.h"

/* {"site": ..., "kind": ..., "revoked": true} */
#define RENEW_MAX 4096
/* A ClientHello in base64, and a name. */
#define EXPLAIN_MAX ((size_t)256 * 1024)

void gateway_admin_socket(const struct gateway_config *config, char out[GATEWAY_PATH_MAX + 16])
{
    (void)snprintf(out, GATEWAY_PATH_MAX + 16, "%s/" GATEWAY_SOCKET_NAME, config->directory);
}

/* ---- status ---- */

static void add_time(json_t *object, const char *name, int64_t time_s)
{
    (void)json_object_set_new(object, name, time_s != 0 ? json_integer(time_s) : json_null());
}

struct certificate_list {
    const struct gateway_policy *policy;
    json_t *list;
};

static void add_certificate(void *context, const struct site_status *row)
{
    const struct certificate_list *out = context;
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "site", row->site, "kind",
                          site_kind_name(row->kind), "source", row->source, "issuer", row->issuer, "serial", row->serial,
                          "landmark", row->landmark, "state", row->state, "next_action", row->next_action, "last_error",
                          row->last_error, "failures", (int)row->failures, "old", (int)row->old_count);
    if (o == NULL)
        return; /* a text that is no UTF-8: none of ours is */
    add_time(o, "not_before", row->not_before_s);
    add_time(o, "not_after", row->not_after_s);
    add_time(o, "next_action_at", row->next_action_s);
    add_time(o, "last_error_at", row->last_error_s);
    (void)json_object_set_new(o, "policy", gateway_policy_of(out->policy, row->site, row->kind));
    (void)json_array_append_new(out->list, o);
}

static json_t *list_backends(const struct gateway *g)
{
    json_t *list = json_array();
    struct health_status status;
    for (size_t i = 0; health_checks_status(gateway_backends_checks(g->backends), i, &status); i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:b, s:I, s:s}", "site", status.title, "address", status.address, "up",
                            (int)status.is_up, "resting", (int)status.is_resting, "requests",
                            (json_int_t)status.active_count, "reason", status.reason));
    return list;
}

static json_t *list_listeners(const struct gateway *g)
{
    static const char *const kinds[] = {[PROXY_HTTPS] = "https", [PROXY_HTTP] = "http", [PROXY_TCP] = "tcp"};
    json_t *list = json_array();
    for (size_t i = 0; i < proxy_listener_count(g->proxy); i++) {
        struct proxy_listener_info info;
        proxy_listener(g->proxy, i, &info);
        (void)json_array_append_new(list, json_pack("{s:s, s:s}", "address", info.address, "kind", kinds[info.kind]));
    }
    return list;
}

static void answer_json(struct http_exchange *x, int status, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    http_respond_text(&x->response, status, "application/json", text != NULL ? text : "{}");
    http_response_header(&x->response, "Cache-Control", "no-store");
    builder_u8(&x->response.body, '\n');
    free(text);
    json_decref(object);
    x->send(x);
}

static void answer_status(void *context, struct http_exchange *x)
{
    struct gateway *g = context;
    struct proxy_stats stats;
    const struct gateway_policy *policy = gateway_control_policy(g->control);
    struct certificate_list certificates = {policy, json_array()};
    proxy_stats(g->proxy, &stats);
    site_certificates_status(gateway_control_sites(g->control), add_certificate, &certificates);
    answer_json(x, 200,
                json_pack("{s:i, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "pid", (int)getpid(), "version", CATHAYA_VERSION,
                          "connections", (json_int_t)stats.connections_now, "requests", (json_int_t)stats.requests,
                          "certificates", certificates.list, "backends", list_backends(g), "listeners", list_listeners(g),
                          "policy", gateway_policy_status(policy)));
}

/* ---- renew ---- */

static enum status renew(struct gateway *g, struct bytes body, struct error *err)
{
    const char *site = NULL, *kind_name = NULL;
    int is_revoked = 0;
    enum site_kind kind;
    json_t *o = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    enum status s = STATUS_OK;
    if (o == NULL || json_unpack(o, "{s?s, s?s, s?b !}", "site", &site, "kind", &kind_name, "revoked", &is_revoked) != 0)
        s = error_set(err, STATUS_MALFORMED, "{\"site\", \"kind\", \"revoked\"}, each optional, is expected");
    else if (kind_name != NULL && !site_kind_parse(kind_name, &kind))
        s = error_set(err, STATUS_USAGE, "kind: gm-mtc, gm-classic, intl-mtc or intl-classic");
    if (s == STATUS_OK)
        s = site_certificates_renew(gateway_control_sites(g->control), site, kind_name != NULL ? &kind : NULL,
                                    is_revoked != 0, err);
    json_decref(o);
    return s;
}

static void answer_renew(void *context, struct http_exchange *x)
{
    struct gateway *g = context;
    struct error err = {.text = ""};
    enum status s = bytes_is_text(x->request.method, "POST") ? renew(g, x->request.body, &err)
                                                             : error_set(&err, STATUS_USAGE, "use POST");
    answer_json(x, s == STATUS_OK ? 200 : s == STATUS_NOT_FOUND ? 404 : 400,
                json_pack("{s:b, s:s}", "ok", s == STATUS_OK, "reason", err.text));
}

/* ---- explain ---- */

/* The site that a name gets, as tls_sites finds it: the name itself, then "*." in place of its first label, then the default. */
static const struct gateway_site *site_of(const struct gateway *g, const char *sni)
{
    const struct gateway_site *wild = NULL, *fallback = NULL;
    const char *dot = sni != NULL ? strchr(sni, '.') : NULL;
    for (size_t i = 0; i < g->config->site_count; i++) {
        const struct gateway_site *site = &g->config->sites[i];
        fallback = site->is_default ? site : fallback;
        for (size_t k = 0; sni != NULL && k < site->name_count; k++) {
            if (strcasecmp(site->names[k], sni) == 0)
                return site;
            if (dot != NULL && site->names[k][0] == '*' && strcasecmp(site->names[k] + 1, dot) == 0)
                wild = site;
        }
    }
    return wild != NULL ? wild : fallback;
}

/* What the policy says of what the site has: one member for each kind. */
static void add_policy(const struct gateway *g, const char *sni, json_t *answer)
{
    const struct gateway_site *site = site_of(g, sni);
    json_t *kinds = json_object();
    for (int kind = 0; site != NULL && kind < SITE_KINDS; kind++)
        if (site->certificates[kind].is_wanted)
            (void)json_object_set_new(kinds, site_kind_name((enum site_kind)kind),
                                      gateway_policy_of(gateway_control_policy(g->control), site->title, (enum site_kind)kind));
    (void)json_object_set_new(answer, "policy", kinds);
}

static enum status explain(struct gateway *g, struct bytes body, json_t **out, struct error *err)
{
    struct gateway_question question = {.trust_anchors_code_point = g->config->trust_anchors_code_point,
                                        .now_s = posix_clock().now_ms(NULL) / 1000};
    struct tls_sites *sites;
    json_t *o = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    enum status s = STATUS_OK;
    if (o == NULL || json_unpack(o, "{s?s, s?s, s?s !}", "sni", &question.sni, "client", &question.client,
                                 "client_hello", &question.client_hello) != 0 ||
        (question.client == NULL) == (question.client_hello == NULL))
        s = error_set(err, STATUS_MALFORMED, "{\"sni\", \"client\" or \"client_hello\"} is expected");
    if (s == STATUS_OK)
        s = gateway_deploy_sites(g->deploy, &sites, err);
    if (s == STATUS_OK) {
        s = gateway_explain(sites, &question, out, err);
        tls_sites_free(sites);
    }
    if (s == STATUS_OK) {
        const char *sni = json_string_value(json_object_get(*out, "sni"));
        add_policy(g, sni, *out);
    }
    json_decref(o);
    return s;
}

static void answer_explain(void *context, struct http_exchange *x)
{
    struct error err = {.text = ""};
    json_t *answer = NULL;
    enum status s = explain(context, x->request.body, &answer, &err);
    answer_json(x, s == STATUS_OK ? 200 : 400, s == STATUS_OK ? answer : json_pack("{s:s}", "reason", err.text));
}

/* ---- the figures, when somebody asks ---- */

static const char *why_not_ready(void *context)
{
    const struct gateway *g = context;
    return service_run_is_stopping(g->run) ? "stopping" : NULL;
}

/* Before the metrics are written the workers' counters have to be in them. */
static void before_metrics(void *context)
{
    struct gateway *g = context;
    gateway_stats_update(&g->stats, g->proxy);
}

/* ---- life ---- */

static enum status add_routes(struct gateway *g, struct http_server *server, struct error *err)
{
    struct http_handler status = {.context = g, .handle = answer_status};
    enum status s = service_admin_add_routes(&g->admin, server, err);
    return s == STATUS_OK ? http_server_add_route(server, "/status", &status, err) : s;
}

/* What changes anything is on the socket alone, which only the operator can open. */
static enum status open_socket(struct gateway *g, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler renewal = {.context = g, .body_max = RENEW_MAX, .handle = answer_renew};
    struct http_handler explanation = {.context = g, .body_max = EXPLAIN_MAX, .handle = answer_explain};
    char path[GATEWAY_PATH_MAX + 16], address[GATEWAY_PATH_MAX + 32];
    gateway_admin_socket(g->config, path);
    (void)snprintf(address, sizeof address, "unix:%s", path);
    enum status s = http_server_new(service_run_loop(g->run), &limits, &g->socket_http, err);
    if (s == STATUS_OK)
        s = add_routes(g, g->socket_http, err);
    if (s == STATUS_OK)
        s = http_server_add_route(g->socket_http, "/renew", &renewal, err);
    if (s == STATUS_OK)
        s = http_server_add_route(g->socket_http, "/explain", &explanation, err);
    return s == STATUS_OK ? http_server_listen(g->socket_http, address, NULL, err) : s;
}

enum status gateway_admin_open(struct gateway *g, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    g->admin = (struct service_admin){.metrics = g->metrics, .why_not_ready = why_not_ready,
                                      .before_metrics = before_metrics, .context = g};
    enum status s = open_socket(g, err);
    if (s != STATUS_OK || g->config->admin_listen == NULL)
        return s;
    s = http_server_new(service_run_loop(g->run), &limits, &g->admin_http, err);
    if (s == STATUS_OK)
        s = add_routes(g, g->admin_http, err);
    return s == STATUS_OK ? http_server_listen(g->admin_http, g->config->admin_listen, NULL, err) : s;
}

void gateway_admin_close(struct gateway *g)
{
    http_server_free(g->admin_http);
    http_server_free(g->socket_http);
    g->admin_http = g->socket_http = NULL;
}
