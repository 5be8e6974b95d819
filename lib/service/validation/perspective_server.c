#include "service/validation/perspective_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "service/validation/perspective_client.h"
#include "service/validation/perspective_json.h"

enum outcome { ANSWERED, REFUSED, NOT_AUTHORIZED, BUSY, OUTCOMES };

struct question {
    struct perspective_server *owner; /* NULL: abandoned */
    struct question *previous, *next;
    struct http_exchange *exchange;
};

struct perspective_server {
    struct validator_port validator;
    bool is_intranet_allowed;
    const struct events_port *events;
    char secrets[PERSPECTIVE_SECRETS_MAX][PERSPECTIVE_SECRET_MAX + 1];
    size_t secret_count;
    struct question *questions;
    struct metric *counters[OUTCOMES];
};

enum status perspective_server_new(const struct perspective_server_config *config,
                                   struct perspective_server **out, struct error *err)
{
    static const char *const labels[OUTCOMES] = {"result=\"answered\"", "result=\"refused\"",
                                                 "result=\"unauthorized\"", "result=\"busy\""};
    *out = NULL;
    if (config->secret_count == 0 || config->secret_count > PERSPECTIVE_SECRETS_MAX)
        return error_set(err, STATUS_USAGE, "a perspective has 1 to %d secrets", PERSPECTIVE_SECRETS_MAX);
    for (size_t i = 0; i < config->secret_count; i++) {
        enum status s = perspective_secret_check(config->secrets[i], err);
        if (s != STATUS_OK)
            return s;
    }
    struct perspective_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    server->validator = config->validator;
    server->is_intranet_allowed = config->is_intranet_allowed;
    server->events = config->events;
    server->secret_count = config->secret_count;
    for (size_t i = 0; i < config->secret_count; i++)
        (void)snprintf(server->secrets[i], sizeof server->secrets[i], "%s", config->secrets[i]);
    for (size_t i = 0; i < OUTCOMES; i++)
        server->counters[i] = metrics_counter(config->metrics, "cathaya_perspective_requests_total", labels[i],
                                              "Requests for a validation from here.");
    *out = server;
    return STATUS_OK;
}

static void leave(struct question *q)
{
    if (q->owner == NULL)
        return;
    LIST_REMOVE(q->owner->questions, q);
    q->owner = NULL;
}

void perspective_server_free(struct perspective_server *server)
{
    if (server == NULL)
        return;
    while (server->questions != NULL)
        leave(server->questions); /* freed by its answer */
    bytes_wipe(server->secrets, sizeof server->secrets);
    free(server);
}

static void refuse(struct perspective_server *server, struct http_exchange *x, enum outcome outcome, int status,
                   const char *text)
{
    metric_add(server->counters[outcome], 1);
    http_respond_text(&x->response, status, "text/plain", text);
    x->send(x);
}

/* Every secret is looked at, whichever fits. */
static bool is_authorized(const struct perspective_server *server, const struct http_request *request)
{
    static const char bearer[] = "Bearer ";
    struct bytes value;
    bool fits = false;
    if (!http_request_header(request, "authorization", &value) || value.len < sizeof bearer - 1 ||
        memcmp(value.data, bearer, sizeof bearer - 1) != 0)
        return false;
    value = bytes_of(value.data + sizeof bearer - 1, value.len - (sizeof bearer - 1));
    for (size_t i = 0; i < server->secret_count; i++)
        fits |= bytes_equal_secret(value, bytes_of_text(server->secrets[i]));
    return fits;
}

static void on_done(void *cookie, const struct validation_result *result)
{
    struct question *q = cookie;
    struct perspective_server *server = q->owner;
    struct http_exchange *x = q->exchange;
    struct error err = {.status = STATUS_OK};
    if (server != NULL) {
        enum status s = perspective_json_write_result(result, &x->response.body, &err);
        leave(q);
        if (s != STATUS_OK) {
            refuse(server, x, BUSY, 503, "out of memory\n");
        } else {
            metric_add(server->counters[ANSWERED], 1);
            x->response.status = 200;
            http_response_header(&x->response, "Content-Type", "application/json");
            http_response_header(&x->response, "Cache-Control", "no-store");
            x->send(x);
        }
    }
    free(q);
}

static void start(struct perspective_server *server, struct http_exchange *x,
                  const struct validation_request *request)
{
    struct error err = {.status = STATUS_OK};
    struct question *q = calloc(1, sizeof *q);
    if (q == NULL) {
        refuse(server, x, BUSY, 503, "out of memory\n");
        return;
    }
    *q = (struct question){.owner = server, .exchange = x};
    enum status s = server->validator.validate(server->validator.context, request, on_done, q, &err);
    if (s == STATUS_OK) {
        LIST_PUSH(server->questions, q);
        return;
    }
    free(q);
    http_response_header(&x->response, "Retry-After", "1");
    refuse(server, x, BUSY, 503, "too many validations are under way\n");
}

static bool is_json_request(const struct http_request *request)
{
    struct bytes type;
    return http_request_header(request, "content-type", &type) && http_name_equal(type, "application/json");
}

static void handle_authorized(struct perspective_server *server, struct http_exchange *x)
{
    struct perspective_request parsed;
    struct error err = {.status = STATUS_OK};
    if (!is_json_request(&x->request))
        refuse(server, x, REFUSED, 415, "the body is application/json\n");
    else if (perspective_json_read_request(x->request.body, &parsed, &err) != STATUS_OK)
        refuse(server, x, REFUSED, 400, "this is no request for a validation\n");
    else if (parsed.request.is_intranet && !server->is_intranet_allowed)
        refuse(server, x, REFUSED, 403, "names of intranets are not validated from here\n");
    else
        start(server, x, &parsed.request);
}

static void handle(void *context, struct http_exchange *x)
{
    struct perspective_server *server = context;
    const struct http_request *request = &x->request;
    if (!bytes_is_text(request->path, "/validate")) {
        refuse(server, x, REFUSED, 404, "there is only /validate\n");
    } else if (!bytes_is_text(request->method, "POST")) {
        http_response_header(&x->response, "Allow", "POST");
        refuse(server, x, REFUSED, 405, "POST is the method\n");
    } else if (!is_authorized(server, request)) {
        if (server->events != NULL)
            events_report(server->events, EVENT_WARNING, "perspective-unauthorized", {"peer", request->peer});
        http_response_header(&x->response, "WWW-Authenticate", "Bearer");
        refuse(server, x, NOT_AUTHORIZED, 401, "not the secret\n");
    } else {
        handle_authorized(server, x);
    }
}

struct http_handler perspective_server_handler(struct perspective_server *server)
{
    return (struct http_handler){.context = server, .body_max = PERSPECTIVE_BODY_MAX, .handle = handle};
}
