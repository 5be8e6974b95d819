#include "service/validation/perspective_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "service/validation/perspective_json.h"

#define URL_MAX 512
#define BEARER "Bearer "

struct question {
    struct perspective_client *owner; /* NULL: abandoned */
    struct question *previous, *next;
    validator_done *done;
    void *cookie;
};

struct perspective_client {
    char url[URL_MAX + 1];
    char authorization[sizeof BEARER + PERSPECTIVE_SECRET_MAX];
    char *ca_file;
    uint32_t timeout_ms;
    struct fetch_port fetch;
    struct question *questions;
};

enum status perspective_secret_check(const char *secret, struct error *err)
{
    size_t len = strlen(secret);
    if (len < PERSPECTIVE_SECRET_MIN || len > PERSPECTIVE_SECRET_MAX)
        return error_set(err, STATUS_USAGE, "a perspective's secret has %d to %d characters",
                         PERSPECTIVE_SECRET_MIN, PERSPECTIVE_SECRET_MAX);
    for (size_t i = 0; i < len; i++)
        if (secret[i] <= 0x20 || secret[i] >= 0x7f)
            return error_set(err, STATUS_USAGE, "a perspective's secret is printable ASCII without blanks");
    return STATUS_OK;
}

enum status perspective_client_new(const struct perspective_client_config *config,
                                   struct perspective_client **out, struct error *err)
{
    size_t len = strlen(config->url);
    *out = NULL;
    enum status s = perspective_secret_check(config->secret, err);
    if (s != STATUS_OK)
        return s;
    while (len > 0 && config->url[len - 1] == '/')
        len--;
    if (len == 0 || len + sizeof "/validate" > URL_MAX)
        return error_set(err, STATUS_USAGE, "a perspective's URL has 1 to %d characters", URL_MAX - 10);
    struct perspective_client *c = calloc(1, sizeof *c);
    if (c == NULL || (config->ca_file != NULL && (c->ca_file = strdup(config->ca_file)) == NULL)) {
        free(c);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    (void)snprintf(c->url, sizeof c->url, "%.*s/validate", (int)len, config->url);
    (void)snprintf(c->authorization, sizeof c->authorization, BEARER "%s", config->secret);
    c->timeout_ms = config->timeout_ms != 0 ? config->timeout_ms : 60000;
    c->fetch = config->fetch;
    *out = c;
    return STATUS_OK;
}

static void leave(struct question *q)
{
    if (q->owner == NULL)
        return;
    LIST_REMOVE(q->owner->questions, q);
    q->owner = NULL;
}

void perspective_client_free(struct perspective_client *c)
{
    if (c == NULL)
        return;
    while (c->questions != NULL)
        leave(c->questions);
    bytes_wipe(c->authorization, sizeof c->authorization);
    free(c->ca_file);
    free(c);
}

static bool is_json(struct bytes type)
{
    static const char json[] = "application/json";
    return type.len >= sizeof json - 1 && memcmp(type.data, json, sizeof json - 1) == 0 &&
           (type.len == sizeof json - 1 || type.data[sizeof json - 1] == ';');
}

static void read_response(const struct fetch_response *r, struct perspective_result *out)
{
    struct error err = {.status = STATUS_OK};
    const char *format = NULL;
    memset(out, 0, sizeof *out);
    if (r->failure != FETCH_NO_FAILURE)
        format = "the perspective cannot be reached";
    else if (r->status == 503)
        format = "the perspective has too much to do";
    else if (r->status != 200)
        format = "the perspective answers with status";
    else if (r->is_cut || !is_json(r->content_type) ||
             perspective_json_read_result(r->body, out, &err) != STATUS_OK)
        format = "the perspective's answer is none";
    if (format == NULL)
        return;
    (void)snprintf(out->detail, sizeof out->detail, "%s (%d)", format, r->status);
    out->result = (struct validation_result){"serverInternal", out->detail, 0};
}

static void on_response(void *cookie, const struct fetch_response *r)
{
    struct question *q = cookie;
    struct perspective_result result;
    if (q->owner != NULL) {
        read_response(r, &result);
        q->done(q->cookie, &result.result);
    }
    leave(q);
    free(q);
}

static enum status start(struct perspective_client *c, struct question *q, struct bytes body,
                         struct error *err)
{
    struct fetch_request request = {
        .method = "POST", .url = c->url, .body = body, .content_type = "application/json",
        .accept = "application/json", .authorization = c->authorization, .ca_file = c->ca_file,
        .timeout_ms = c->timeout_ms, .response_max = PERSPECTIVE_BODY_MAX,
    };
    return c->fetch.start(c->fetch.context, &request, on_response, q, err);
}

static enum status validate(void *context, const struct validation_request *request,
                            validator_done *done, void *cookie, struct error *err)
{
    struct perspective_client *c = context;
    struct builder body;
    struct question *q = calloc(1, sizeof *q);
    if (q == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_init(&body, PERSPECTIVE_BODY_MAX);
    enum status s = perspective_json_write_request(request, &body, err);
    *q = (struct question){.owner = c, .done = done, .cookie = cookie};
    if (s == STATUS_OK)
        s = start(c, q, builder_view(&body), err);
    builder_clear(&body);
    if (s != STATUS_OK) {
        free(q);
        return s;
    }
    LIST_PUSH(c->questions, q);
    return STATUS_OK;
}

struct validator_port perspective_client_port(struct perspective_client *c)
{
    return (struct validator_port){c, validate};
}
