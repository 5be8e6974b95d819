/* One order, from its names to its chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/acme_client/client_internal.h"

#define POLL_MS 250
#define KEY_AUTHORIZATION_SIZE 256
#define PROPERTIES_TYPE "application/pem-certificate-chain-with-properties"
#define CHAIN_TYPE "application/pem-certificate-chain"

struct order {
    struct acme_client *client;
    struct builder csr;  /* base64url */
    char url[ACME_CLIENT_URL_MAX], finalize[ACME_CLIENT_URL_MAX], certificate[ACME_CLIENT_URL_MAX];
    json_t *authorizations; /* array of URLs */
    size_t at;              /* the one that is being worked on */
    char challenge_url[ACME_CLIENT_URL_MAX];
    char identifier[256], token[128], key_authorization[KEY_AUTHORIZATION_SIZE];
    bool is_provisioned, is_finalized;
    unsigned polls;
    acme_client_issue_done *done;
    void *cookie;
};

static void clean(struct order *order)
{
    const struct acme_client_config *config = &order->client->config;
    struct acme_client_challenge c = {config->challenge, order->identifier, order->token, order->key_authorization};
    if (order->is_provisioned)
        config->clean(config->solver, &c);
    order->is_provisioned = false;
}

static void finish(struct order *order, enum status status, const struct acme_client_certificate *certificate,
                   const struct error *err)
{
    clean(order);
    order->done(order->cookie, status, certificate, err);
    json_decref(order->authorizations);
    builder_clear(&order->csr);
    free(order);
}

static void refuse(struct order *order, const struct client_answer *answer, const char *what)
{
    if (client_is_good(answer))
        (void)error_set(answer->err, STATUS_REFUSED, "%s: %s", order->url[0] != '\0' ? order->url : order->client->new_order, what);
    finish(order, answer->err->status, NULL, answer->err);
}

static const char *status_of(const json_t *json)
{
    const char *status = json_string_value(json_object_get(json, "status"));
    return status != NULL ? status : "";
}

/* Again later; not for ever. */
static bool wait_and(struct order *order, const struct client_answer *answer, void (*then)(void *cookie))
{
    const struct acme_client_config *config = &order->client->config;
    if (++order->polls > config->polls_max) {
        refuse(order, answer, "no end after all polls");
        return false;
    }
    config->timer.start(config->timer.context, client_retry_ms(answer->response, POLL_MS), then, order);
    return true;
}

/* ---- download ---- */

/* The target of a Link with this relation. */
static void find_link(const struct fetch_response *r, const char *relation, char out[ACME_CLIENT_URL_MAX])
{
    out[0] = '\0';
    for (unsigned n = 0; r->header != NULL && n < 16; n++) {
        struct bytes link = r->header(r->headers, "Link", n);
        char url[ACME_CLIENT_URL_MAX];
        const uint8_t *end = link.len > 0 ? memchr(link.data, '>', link.len) : NULL;
        if (link.len == 0)
            return;
        if (link.data[0] != '<' || end == NULL || (size_t)(end - link.data) > sizeof url ||
            memmem(end, link.len - (size_t)(end - link.data), relation, strlen(relation)) == NULL)
            continue;
        size_t len = (size_t)(end - link.data) - 1;
        memcpy(url, link.data + 1, len);
        url[len] = '\0';
        if (client_copy_url(url, out))
            return;
    }
}

static void on_certificate(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    char alternate[ACME_CLIENT_URL_MAX];
    if (!client_is_good(answer) || answer->response->is_cut) {
        refuse(order, answer, "no certificate came");
        return;
    }
    find_link(answer->response, "rel=\"acme-optional-alternate\"", alternate);
    struct acme_client_certificate certificate = {order->certificate, answer->response->body, alternate};
    finish(order, STATUS_OK, &certificate, answer->err);
}

/* ---- finalize ---- */

static void poll_order(void *cookie);

static void on_order_state(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    const char *status = status_of(answer->json);
    bool is_busy = order->is_finalized && answer->response->status == 503;
    if (!client_is_good(answer) && !is_busy) {
        refuse(order, answer, "");
    } else if (is_busy || strcmp(status, "processing") == 0) {
        (void)wait_and(order, answer, poll_order);
    } else if (strcmp(status, "valid") == 0 &&
               client_copy_url(json_string_value(json_object_get(answer->json, "certificate")), order->certificate)) {
        client_post(order->client, order->certificate, "", PROPERTIES_TYPE ", " CHAIN_TYPE ";q=0.5", on_certificate, order);
    } else if (strcmp(status, "ready") == 0) {
        order->is_finalized = false; /* the server was full: once more */
        (void)wait_and(order, answer, poll_order);
    } else {
        refuse(order, answer, "the order did not become valid");
    }
}

static void finalize(struct order *order)
{
    struct builder payload;
    builder_init(&payload, CLIENT_BODY_MAX);
    builder_text(&payload, "{\"csr\":\"");
    builder_bytes(&payload, builder_view(&order->csr));
    builder_text(&payload, "\"}");
    builder_u8(&payload, 0);
    order->is_finalized = true;
    client_post(order->client, order->finalize, builder_is_good(&payload) ? (const char *)payload.data : "{}", NULL,
                on_order_state, order);
    builder_clear(&payload);
}

static void poll_order(void *cookie)
{
    struct order *order = cookie;
    if (order->is_finalized)
        client_post(order->client, order->url, "", NULL, on_order_state, order);
    else
        finalize(order);
}

/* ---- authorizations ---- */

static void next_authorization(struct order *order);
static void poll_authorization(void *cookie);

static void on_authorization_state(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    const char *status = status_of(answer->json);
    if (!client_is_good(answer)) {
        refuse(order, answer, "");
    } else if (strcmp(status, "valid") == 0) {
        clean(order);
        order->at++;
        next_authorization(order);
    } else if (strcmp(status, "pending") == 0 || strcmp(status, "processing") == 0) {
        (void)wait_and(order, answer, poll_authorization);
    } else {
        const char *detail = json_string_value(json_object_get(json_object_get(answer->json, "error"), "detail"));
        refuse(order, answer, detail != NULL ? detail : "the authorization is invalid");
    }
}

static void poll_authorization(void *cookie)
{
    struct order *order = cookie;
    client_post(order->client, json_string_value(json_array_get(order->authorizations, order->at)), "", NULL,
                on_authorization_state, order);
}

static const json_t *find_challenge(const struct order *order, const json_t *authorization)
{
    const json_t *list = json_object_get(authorization, "challenges");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *type = json_string_value(json_object_get(json_array_get(list, i), "type"));
        if (type != NULL && strcmp(type, order->client->config.challenge) == 0)
            return json_array_get(list, i);
    }
    return NULL;
}

static bool read_challenge(struct order *order, const json_t *authorization)
{
    const json_t *challenge = find_challenge(order, authorization);
    const char *token = json_string_value(json_object_get(challenge, "token"));
    const char *name = json_string_value(json_object_get(json_object_get(authorization, "identifier"), "value"));
    if (token == NULL || name == NULL || strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(token))
        return false;
    int len = snprintf(order->key_authorization, sizeof order->key_authorization, "%s.%s", token, order->client->thumbprint);
    return len < (int)sizeof order->key_authorization &&
           snprintf(order->token, sizeof order->token, "%s", token) < (int)sizeof order->token &&
           snprintf(order->identifier, sizeof order->identifier, "%s", name) < (int)sizeof order->identifier &&
           client_copy_url(json_string_value(json_object_get(challenge, "url")), order->challenge_url);
}

static void on_authorization(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    const struct acme_client_config *config = &order->client->config;
    if (!client_is_good(answer)) {
        refuse(order, answer, "");
        return;
    }
    if (strcmp(status_of(answer->json), "valid") == 0) {
        order->at++;
        next_authorization(order);
        return;
    }
    if (strcmp(status_of(answer->json), "pending") != 0 || !read_challenge(order, answer->json)) {
        refuse(order, answer, "the authorization has no challenge that this client can solve");
        return;
    }
    struct acme_client_challenge c = {config->challenge, order->identifier, order->token, order->key_authorization};
    struct error err = {.status = STATUS_OK};
    if (config->provision(config->solver, &c, &err) != STATUS_OK) {
        finish(order, err.status, NULL, &err);
        return;
    }
    order->is_provisioned = true;
    client_post(order->client, order->challenge_url, "{}", NULL, on_authorization_state, order);
}

static void next_authorization(struct order *order)
{
    const char *url = json_string_value(json_array_get(order->authorizations, order->at));
    if (url == NULL)
        finalize(order);
    else
        client_post(order->client, url, "", NULL, on_authorization, order);
}

/* ---- the order ---- */

static void on_order(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    if (!client_is_good(answer)) {
        refuse(order, answer, "");
        return;
    }
    order->authorizations = json_incref(json_object_get(answer->json, "authorizations"));
    if (!client_copy_header(answer->response, "Location", order->url) || !json_is_array(order->authorizations) ||
        json_array_size(order->authorizations) > ACME_CLIENT_NAMES_MAX ||
        !client_copy_url(json_string_value(json_object_get(answer->json, "finalize")), order->finalize)) {
        refuse(order, answer, "the server gave no order");
        return;
    }
    if (strcmp(status_of(answer->json), "ready") == 0)
        finalize(order);
    else
        next_authorization(order);
}

static char *order_payload(const struct acme_client_request *request)
{
    json_t *payload = json_object(), *identifiers = json_array();
    for (size_t i = 0; i < request->name_count; i++)
        (void)json_array_append_new(identifiers, json_pack("{s:s, s:s}", "type", "dns", "value", request->names[i]));
    (void)json_object_set_new(payload, "identifiers", identifiers);
    if (request->profile != NULL)
        (void)json_object_set_new(payload, "profile", json_string(request->profile));
    if (request->replaces != NULL)
        (void)json_object_set_new(payload, "replaces", json_string(request->replaces));
    char *text = json_dumps(payload, JSON_COMPACT);
    json_decref(payload);
    return text;
}

enum status acme_client_issue(struct acme_client *client, const struct acme_client_request *request,
                              acme_client_issue_done *done, void *cookie, struct error *err)
{
    if (request->name_count == 0 || request->name_count > ACME_CLIENT_NAMES_MAX || client->account[0] == '\0')
        return error_set(err, STATUS_USAGE, "an order has 1 to %d names, and an account", ACME_CLIENT_NAMES_MAX);
    struct order *order = calloc(1, sizeof *order);
    char *payload = order_payload(request);
    if (order == NULL || payload == NULL) {
        free(order);
        free(payload);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    order->client = client;
    order->done = done;
    order->cookie = cookie;
    builder_init(&order->csr, CLIENT_BODY_MAX);
    text_write_base64url(&order->csr, request->csr);
    client_post(client, client->new_order, payload, NULL, on_order, order);
    free(payload);
    return STATUS_OK;
}
