#include "service/service_admin.h"

static const char plain[] = "text/plain; charset=utf-8";

/* True when there is nothing more to do: the method is none of ours. */
static bool refuse_method(struct http_exchange *x)
{
    if (bytes_is_text(x->request.method, "GET") || bytes_is_text(x->request.method, "HEAD"))
        return false;
    http_respond_text(&x->response, 405, plain, "use GET\n");
    http_response_header(&x->response, "Allow", "GET, HEAD");
    x->send(x);
    return true;
}

static void answer_metrics(void *context, struct http_exchange *x)
{
    struct service_admin *admin = context;
    if (refuse_method(x))
        return;
    if (admin->before_metrics != NULL)
        admin->before_metrics(admin->context);
    if (admin->watched != NULL)
        metric_set(admin->connections, (double)http_server_connection_count(admin->watched));
    http_respond_text(&x->response, 200, "text/plain; version=0.0.4; charset=utf-8", "");
    metrics_write(admin->metrics, &x->response.body);
    x->send(x);
}

static void answer_health(void *context, struct http_exchange *x)
{
    (void)context;
    if (refuse_method(x))
        return;
    http_respond_text(&x->response, 200, plain, "alive\n");
    x->send(x);
}

static void answer_ready(void *context, struct http_exchange *x)
{
    const struct service_admin *admin = context;
    if (refuse_method(x))
        return;
    const char *reason = admin->why_not_ready != NULL ? admin->why_not_ready(admin->context) : NULL;
    http_respond_text(&x->response, reason == NULL ? 200 : 503, plain,
                      reason == NULL ? "ready" : reason);
    builder_u8(&x->response.body, '\n');
    http_response_header(&x->response, "Cache-Control", "no-store");
    x->send(x);
}

enum status service_admin_add_routes(struct service_admin *admin, struct http_server *server,
                                     struct error *err)
{
    struct http_handler metrics = {.context = admin, .handle = answer_metrics};
    struct http_handler health = {.context = admin, .handle = answer_health};
    struct http_handler ready = {.context = admin, .handle = answer_ready};
    enum status s = http_server_add_route(server, "/metrics", &metrics, err);
    if (s == STATUS_OK)
        s = http_server_add_route(server, "/healthz", &health, err);
    if (s == STATUS_OK)
        s = http_server_add_route(server, "/readyz", &ready, err);
    return s;
}

enum status service_admin_listen(struct service_admin *admin, struct event_loop *loop, const char *address,
                                 struct http_server **server, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    *server = NULL;
    if (address[0] == '\0')
        return STATUS_OK;
    enum status s = http_server_new(loop, &limits, server, err);
    if (s == STATUS_OK)
        s = service_admin_add_routes(admin, *server, err);
    return s == STATUS_OK ? http_server_listen(*server, address, NULL, err) : s;
}

static void observe(void *context, const struct http_server_answer *answer)
{
    const struct service_admin *admin = context;
    size_t class = answer->status >= 100 && answer->status < 600 ? (size_t)answer->status / 100 : 0;
    metric_add(admin->answers[class], 1);
    if (answer->request != NULL)
        metric_observe(admin->durations, (double)answer->duration_ms / 1000);
}

void service_admin_watch(struct service_admin *admin, struct http_server *server)
{
    static const char *const labels[6] = {"code=\"gone\"", "code=\"1xx\"", "code=\"2xx\"",
                                          "code=\"3xx\"",  "code=\"4xx\"", "code=\"5xx\""};
    for (size_t i = 0; i < 6; i++)
        admin->answers[i] = metrics_counter(admin->metrics, "cathaya_http_answers_total", labels[i],
                                            "Answers, by class; gone: the client did not wait.");
    admin->durations = metrics_histogram(admin->metrics, "cathaya_http_answer_seconds", "",
                                         "Time from a request's head to its answer.");
    admin->connections =
        metrics_gauge(admin->metrics, "cathaya_http_connections", "", "Connections that are open.");
    admin->watched = server;
    http_server_observe(server, observe, admin);
}
