#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "service/acme/acme_frame.h"

/* The longest JSON body: an order of 100 names of 253 bytes with as many authorizations and
 * subproblems. */
#define REPLY_JSON_MAX ((size_t)1 << 20)

/* From here on the response only waits for the commit. */
static void hold(struct acme_call *call, int status)
{
    struct acme *acme = call->acme;
    call->x->response.status = status;
    call->next = NULL;
    *acme->held_end = call;
    acme->held_end = &call->next;
}

static int append(const char *text, size_t len, void *body)
{
    builder_bytes(body, bytes_of(text, len));
    return builder_is_good(body) ? 0 : -1;
}

static void lose_body(struct acme_call *call)
{
    struct error err;
    (void)error_set(&err, STATUS_NO_MEMORY, "out of memory");
    acme_reply_failure(call, &err);
}

static void reply_json(struct acme_call *call, int status, const char *content_type, json_t *body)
{
    struct http_response *r = &call->x->response;
    builder_reset(&r->body);
    struct builder text;
    builder_init(&text, REPLY_JSON_MAX);
    bool is_written = body != NULL && json_dump_callback(body, append, &text, JSON_COMPACT) == 0;
    json_decref(body);
    builder_bytes(&r->body, builder_view(&text));
    builder_clear(&text);
    if (!is_written) {
        lose_body(call);
        return;
    }
    http_response_header(r, "Content-Type", content_type);
    hold(call, status);
}

void acme_reply_json(struct acme_call *call, int status, json_t *body)
{
    reply_json(call, status, "application/json", body);
}

void acme_reply_bytes(struct acme_call *call, int status, const char *content_type,
                      struct bytes body)
{
    struct http_response *r = &call->x->response;
    http_response_header(r, "Content-Type", content_type);
    builder_reset(&r->body);
    builder_bytes(&r->body, body);
    hold(call, status);
}

void acme_reply_empty(struct acme_call *call, int status)
{
    builder_reset(&call->x->response.body);
    hold(call, status);
}

/* ---- problems ---- */

/* The type of a document, without its prefix. */
static const char *short_type(const json_t *problem)
{
    const char *type = json_string_value(json_object_get(problem, "type"));
    size_t prefix_len = strlen(ACME_PROBLEM_PREFIX);
    return type != NULL && strlen(type) >= prefix_len ? type + prefix_len : "";
}

void acme_reply_document(struct acme_call *call, json_t *problem)
{
    json_int_t status = json_integer_value(json_object_get(problem, "status"));
    acme_counters_problem(call->acme->counters, short_type(problem));
    reply_json(call, status >= 400 && status < 600 ? (int)status : 500, "application/problem+json",
               problem);
}

void acme_reply_problem(struct acme_call *call, int status, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *problem = acme_problem_make(status, type, format, arguments);
    va_end(arguments);
    acme_reply_document(call, problem);
}

static void add_retry_after(struct acme_call *call, int64_t seconds)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)seconds);
    http_response_header(&call->x->response, "Retry-After", text);
}

void acme_reply_limited(struct acme_call *call, int64_t retry_after_ms, const struct error *err)
{
    int64_t wait_s = retry_after_ms / 1000 + 1;
    char until[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(acme_now_s(call->acme) + wait_s, until);
    add_retry_after(call, wait_s);
    acme_reply_problem(call, 429, "rateLimited", "%s; try again after %s", err->text, until);
}

static void fill_failure(struct acme_call *call)
{
    struct http_response *r = &call->x->response;
    builder_reset(&r->headers);
    builder_reset(&r->body);
    add_retry_after(call, ACME_RETRY_AFTER_FAILURE_S);
    http_response_header(r, "Content-Type", "application/problem+json");
    /* By hand: this is also for when there is no memory for JSON. */
    builder_printf(&r->body, "{\"type\":\"" ACME_PROBLEM_PREFIX "serverInternal\",\"status\":503,"
                             "\"detail\":\"the server cannot do this now; try again\"}");
    acme_counters_problem(call->acme->counters, "serverInternal");
    r->status = 503;
}

void acme_reply_failure(struct acme_call *call, const struct error *err)
{
    const struct event_field fields[] = {{"reason", err->text},
                                         {"resource", call->resource != NULL ? call->resource->name : ""}};
    acme_event(call->acme, EVENT_ERROR, "acme-request-failed", call, fields, 2);
    if (err->status == STATUS_IO || err->status == STATUS_NO_MEMORY)
        call->acme->has_failed = true;
    fill_failure(call);
    hold(call, 503);
}

void acme_reply_replace(struct acme_call *call)
{
    fill_failure(call);
}

void acme_reply_refuse_method(struct acme_call *call)
{
    bool is_get = call->resource->is_get;
    http_response_header(&call->x->response, "Allow", is_get ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
    acme_reply_problem(call, 405, "malformed", "%s",
                       is_get ? "this resource is read with GET"
                              : "this resource takes a signed POST; to read it send POST-as-GET");
}

/* ---- the end ---- */

static void add_frame_headers(struct acme_call *call)
{
    struct http_response *r = &call->x->response;
    bool is_post = bytes_is_text(call->x->request.method, "POST");
    if (is_post || (call->resource != NULL && call->resource->handle == acme_directory_nonce)) {
        char nonce[ACME_NONCE_SIZE];
        acme_nonces_issue(call->acme->nonces, nonce);
        http_response_header(r, "Replay-Nonce", nonce);
    }
    if (call->resource == NULL || call->resource->handle != acme_directory_get) {
        char url[ACME_URL_SIZE];
        acme_directory_url(call->acme, call->profile_name[0] != '\0'
                                           ? acme_find_profile(call->acme, bytes_of_text(call->profile_name)) : NULL,
                           url);
        builder_printf(&r->headers, "Link: <%s>;rel=\"index\"\r\n", url);
    }
    http_response_header(r, "Cache-Control", "no-store");
    http_response_header(r, "Access-Control-Allow-Origin", "*");
    http_response_header(r, "Access-Control-Expose-Headers",
                         "Replay-Nonce, Location, Link, Retry-After");
}

void acme_reply_send(struct acme_call *call)
{
    struct acme *acme = call->acme;
    struct http_exchange *x = call->x;
    add_frame_headers(call);
    acme_counters_answer(acme->counters, call->resource, x->response.status);
    acme->open_count--;
    acme_counters_open(acme->counters, acme->open_count);
    acme_post_free(call->post);
    json_decref(call->payload);
    jws_key_free(call->key);
    builder_clear(&call->memory);
    free(call);
    x->send(x);
}
