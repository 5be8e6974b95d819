#include "service/acme/acme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/acme/acme_frame.h"

/* What starts after a commit: a few for each request of a turn. */
#define AFTER_MAX ((size_t)1 << 18)
/* Committing may start what writes again, and that again; a turn ends all the same. */
#define FLUSH_ROUNDS_MAX 64

/* ---- life ---- */

enum status acme_new(const struct acme_config *config, const struct acme_ports *ports,
                     struct acme **out, struct error *err)
{
    *out = NULL;
    enum status s = acme_config_check(config, err);
    if (s != STATUS_OK)
        return s;
    struct acme *acme = calloc(1, sizeof *acme);
    if (acme == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    acme->config = config;
    acme->ports = *ports;
    acme->held_end = &acme->held;
    acme->after = array_of(sizeof(struct acme_after), AFTER_MAX);
    s = acme_limits_new(&config->limits, &acme->limits, err);
    if (s == STATUS_OK)
        s = acme_nonces_new(&acme->nonces, err);
    if (s == STATUS_OK)
        s = acme_keys_new(&acme->keys, err);
    if (s == STATUS_OK)
        s = acme_counters_new(acme, &acme->counters, err);
    if (s == STATUS_OK)
        s = acme_orders_new(acme, err);
    if (s != STATUS_OK) {
        acme_free(acme);
        return s;
    }
    *out = acme;
    return STATUS_OK;
}

void acme_free(struct acme *acme)
{
    if (acme == NULL)
        return;
    if (acme->orders != NULL)
        acme_orders_free(acme);
    acme_counters_free(acme->counters);
    acme_keys_free(acme->keys);
    acme_nonces_free(acme->nonces);
    acme_limits_free(acme->limits);
    array_clear(&acme->after);
    free(acme);
}

enum status acme_start(struct acme *acme, struct error *err)
{
    return acme_orders_start(acme, err);
}

void acme_stop(struct acme *acme)
{
    if (acme->is_stopping)
        return;
    acme->is_stopping = true;
    acme_orders_stop(acme);
}

static enum status read_next(const struct acme *acme, const struct acme_config *config, struct acme_limits **limits, struct error *err)
{
    enum status s = acme_config_check(config, err);
    if (s == STATUS_OK && strcmp(config->base_url, acme->config->base_url) != 0)
        s = error_set(err, STATUS_USAGE,
                      "the base URL cannot change while the server runs: clients know accounts by it");
    return s == STATUS_OK ? acme_limits_new(&config->limits, limits, err) : s;
}

enum status acme_reload_check(const struct acme *acme, const struct acme_config *config, struct error *err)
{
    struct acme_limits *limits = NULL;
    enum status s = read_next(acme, config, &limits, err);
    if (s == STATUS_OK)
        acme_limits_free(limits);
    return s;
}

enum status acme_reload(struct acme *acme, const struct acme_config *config, struct error *err)
{
    struct acme_limits *limits = NULL;
    enum status s = read_next(acme, config, &limits, err);
    if (s != STATUS_OK)
        return s;
    acme_limits_free(acme->limits);
    acme->limits = limits;
    acme->config = config;
    return STATUS_OK;
}

size_t acme_open_count(const struct acme *acme)
{
    return acme->open_count;
}

/* ---- requests ---- */

static void answer_preflight(struct acme_call *call)
{
    struct http_response *r = &call->x->response;
    http_response_header(r, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
    http_response_header(r, "Access-Control-Allow-Headers", "Content-Type, Accept");
    http_response_header(r, "Access-Control-Max-Age", "86400");
    acme_reply_empty(call, 204);
}

static void dispatch(struct acme_call *call)
{
    struct bytes method = call->x->request.method;
    call->resource = acme_route_find(call);
    if (call->resource == NULL)
        acme_reply_problem(call, 404, "malformed", "no such resource; the directory has the URLs");
    else if (bytes_is_text(method, "OPTIONS"))
        answer_preflight(call);
    else if (call->resource->is_get && (bytes_is_text(method, "GET") || bytes_is_text(method, "HEAD")))
        call->resource->handle(call);
    else if (!call->resource->is_get && bytes_is_text(method, "POST"))
        acme_post_begin(call);
    else
        acme_reply_refuse_method(call);
}

/* Answers without a call, for want of memory for one. */
static void answer_busy(struct http_exchange *x)
{
    http_response_header(&x->response, "Retry-After", "5");
    http_respond_text(&x->response, 503, "application/problem+json",
                      "{\"type\":\"" ACME_PROBLEM_PREFIX "serverInternal\",\"status\":503,"
                      "\"detail\":\"the server has too much to do; try again\"}");
    x->send(x);
}

void acme_handle(void *context, struct http_exchange *x)
{
    struct acme *acme = context;
    struct acme_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        answer_busy(x);
        return;
    }
    call->acme = acme;
    call->x = x;
    builder_init(&call->memory, ACME_ACCOUNT_MAX);
    acme->open_count++;
    acme_counters_open(acme->counters, acme->open_count);
    if (acme->is_stopping) {
        http_response_header(&x->response, "Retry-After", "5");
        acme_reply_problem(call, 503, "serverInternal", "the server is going down; try again");
        return;
    }
    dispatch(call);
}

/* ---- commit ---- */

bool acme_after_commit(struct acme *acme, void (*run)(void *cookie, bool is_committed), void *cookie)
{
    struct acme_after after = {run, cookie};
    return array_insert(&acme->after, acme->after.count, &after, "what waits for a commit", NULL) == STATUS_OK;
}

void acme_store_failed(struct acme *acme, const struct error *err)
{
    const struct event_field fields[] = {{"reason", err->text}};
    acme_event(acme, EVENT_ERROR, "acme-store-failed", NULL, fields, 1);
    acme->has_failed = true;
}

static bool commit(struct acme *acme)
{
    const struct acme_store *store = acme->ports.store;
    struct error err;
    if (!acme->has_failed && !store->has_uncommitted(store->context))
        return true;
    bool is_committed = false;
    int64_t start_ms = acme->ports.clock->now_ms(acme->ports.clock->context);
    if (!acme->has_failed) {
        is_committed = store->commit(store->context, &err) == STATUS_OK;
        if (!is_committed)
            acme_store_failed(acme, &err);
    }
    int64_t end_ms = acme->ports.clock->now_ms(acme->ports.clock->context);
    acme_counters_commit(acme->counters, is_committed, end_ms > start_ms ? end_ms - start_ms : 0);
    if (is_committed)
        return true;
    store->rollback(store->context);
    acme_keys_clear(acme->keys);
    acme->has_failed = false;
    return false;
}

static void send_all(struct acme_call *first, bool is_committed)
{
    while (first != NULL) {
        struct acme_call *call = first;
        first = call->next;
        if (!is_committed && (call->resource == NULL || !call->resource->is_static))
            acme_reply_replace(call);
        acme_reply_send(call);
    }
}

void acme_flush(struct acme *acme)
{
    /* Sending may bring the next request of a connection, and what waited for the commit may write. */
    for (unsigned round = 0; round < FLUSH_ROUNDS_MAX; round++) {
        bool is_committed = commit(acme);
        struct acme_call *held = acme->held;
        struct array after = acme->after;
        acme->held = NULL;
        acme->held_end = &acme->held;
        acme->after = array_of(sizeof(struct acme_after), AFTER_MAX);
        if (held == NULL && after.count == 0 && is_committed)
            return;
        for (size_t i = 0; i < after.count; i++) {
            const struct acme_after *a = array_at(&after, i);
            a->run(a->cookie, is_committed);
        }
        array_clear(&after);
        send_all(held, is_committed);
    }
}

/* ---- small things ---- */

int64_t acme_now_s(const struct acme *acme)
{
    return acme->ports.clock->now_ms(acme->ports.clock->context) / 1000;
}

const struct acme_profile *acme_find_profile(const struct acme *acme, struct bytes name)
{
    for (size_t i = 0; i < acme->config->profile_count; i++)
        if (bytes_is_text(name, acme->config->profiles[i].profile->name))
            return &acme->config->profiles[i];
    return NULL;
}

const struct acme_issuer *acme_find_issuer(const struct acme *acme, const char *ca)
{
    for (size_t i = 0; i < acme->config->profile_count; i++)
        if (strcmp(acme->config->profiles[i].issuer->ca, ca) == 0)
            return acme->config->profiles[i].issuer;
    return NULL;
}

/* More than anybody reports at once. */
#define FIELDS_MAX 16

void acme_event(struct acme *acme, enum event_level level, const char *what,
                const struct acme_call *call, const struct event_field *fields, size_t field_count)
{
    struct event_field all[FIELDS_MAX];
    char account[24];
    size_t count = 0;
    if (call != NULL && call->account.id != 0) {
        (void)snprintf(account, sizeof account, "%llu", (unsigned long long)call->account.id);
        all[count++] = (struct event_field){"account", account};
    }
    if (call != NULL)
        all[count++] = (struct event_field){"address", call->x->request.peer};
    for (size_t i = 0; i < field_count && count < FIELDS_MAX; i++)
        all[count++] = fields[i];
    const struct events_port *port = acme->ports.events;
    port->report(port->context, level, what, all, count);
}
