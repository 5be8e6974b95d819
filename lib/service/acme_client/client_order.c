/* One order, from its names to its chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/acme_client/client_internal.h"

/* The first wait for a state that the server gives no time for; then twice as long each time, up to the last. */
#define POLL_MS 250
#define POLL_MAX_MS 8000
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
    bool is_provisioned;
    unsigned polls;
    acme_client_issue_done *done;
    void *cookie;
};

static void finalize(struct order *order);
static void next_authorization(struct order *order);

/* ---- the end ---- */

static void clean(struct order *order)
{
    const struct acme_client_config *config = &order->client->config;
    struct acme_client_challenge c = {config->challenge, order->identifier, order->token, order->key_authorization};
    if (order->is_provisioned)
        config->clean(config->solver, &c);
    order->is_provisioned = false;
}

static void order_free(struct order *order)
{
    json_decref(order->authorizations);
    builder_clear(&order->csr);
    free(order);
}

static void finish(struct order *order, enum status status, const struct acme_client_certificate *certificate,
                   const struct error *err)
{
    clean(order);
    order->done(order->cookie, status, certificate, err);
    order_free(order);
}

static void refuse(struct order *order, const struct client_answer *answer, const char *what)
{
    if (client_is_good(answer))
        (void)error_set(answer->err, STATUS_REFUSED, "%s: %s", order->url[0] != '\0' ? order->url : order->client->new_order, what);
    finish(order, answer->err->status, NULL, answer->err);
}

/* ---- states ---- */

static void tell(const struct order *order, enum acme_client_step step)
{
    if (order->client->config.progress != NULL)
        order->client->config.progress(order->cookie, step);
}

static bool has_status(const struct client_answer *answer, const char *status)
{
    const char *got = json_string_value(json_object_get(answer->json, "status"));
    return client_is_good(answer) && got != NULL && strcmp(got, status) == 0;
}

/* Again later; not for ever. */
static void wait_and(struct order *order, const struct client_answer *answer, void (*then)(void *cookie))
{
    const struct acme_client_config *config = &order->client->config;
    uint64_t delay_ms = order->polls < 5 ? (uint64_t)POLL_MS << order->polls : POLL_MAX_MS;
    if (++order->polls > config->polls_max) {
        (void)error_set(answer->err, STATUS_AGAIN, "%s: no end of it after %u polls", order->url, config->polls_max);
        finish(order, STATUS_AGAIN, NULL, answer->err);
        return;
    }
    config->timer.start(config->timer.context, client_retry_ms(answer->response, delay_ms), then, order);
}

/* What the server says about an object that has become invalid: in the object, or in a challenge of it. */
static const char *find_reason(const json_t *object, const char *otherwise)
{
    const char *detail = json_string_value(json_object_get(json_object_get(object, "error"), "detail"));
    const json_t *list = json_object_get(object, "challenges");
    for (size_t i = 0; detail == NULL && i < json_array_size(list); i++)
        detail = json_string_value(json_object_get(json_object_get(json_array_get(list, i), "error"), "detail"));
    return detail != NULL ? detail : otherwise;
}

/* ---- download ---- */

static void on_certificate(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    char alternate[ACME_CLIENT_URL_MAX];
    if (!client_is_good(answer) || answer->response->body.len == 0) {
        refuse(order, answer, "no certificate came");
        return;
    }
    (void)client_find_link(answer->response, "acme-optional-alternate", alternate);
    struct acme_client_certificate certificate = {order->certificate, answer->response->body, alternate};
    finish(order, STATUS_OK, &certificate, answer->err);
}

static void download(struct order *order)
{
    tell(order, ACME_CLIENT_VALID);
    client_post(order->client, order->certificate, "", PROPERTIES_TYPE ", " CHAIN_TYPE ";q=0.5", on_certificate, order);
}

/* ---- finalize ---- */

static void poll_order(void *cookie);

/* After finalize, and for polls: where is the order? */
static void on_order_state(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    enum fetch_failure failure = answer->response->failure;
    /* Somebody (a request of ours whose answer was lost, as a rule) was there before, or the server is not as far
     * as its authorizations; or the answer was lost now. */
    bool is_unclear = client_is_problem(answer, "orderNotReady") || failure == FETCH_TIMEOUT || failure == FETCH_PROTOCOL;
    if (is_unclear || has_status(answer, "processing") || has_status(answer, "pending"))
        wait_and(order, answer, poll_order);
    else if (has_status(answer, "valid") &&
             client_copy_url(json_string_value(json_object_get(answer->json, "certificate")), order->certificate))
        download(order);
    else
        refuse(order, answer, find_reason(answer->json, "the order did not become valid"));
}

static void on_polled(void *cookie, const struct client_answer *answer)
{
    if (has_status(answer, "ready"))
        finalize(cookie);
    else
        on_order_state(cookie, answer);
}

static void poll_order(void *cookie)
{
    struct order *order = cookie;
    client_post(order->client, order->url, "", NULL, on_polled, order);
}

/* A server that could not take it says "ready" again. */
static void on_finalized(void *cookie, const struct client_answer *answer)
{
    if (has_status(answer, "ready"))
        wait_and(cookie, answer, poll_order);
    else
        on_order_state(cookie, answer);
}

static void finalize(struct order *order)
{
    struct builder payload;
    builder_init(&payload, CLIENT_BODY_MAX);
    builder_text(&payload, "{\"csr\":\"");
    builder_bytes(&payload, builder_view(&order->csr));
    builder_text(&payload, "\"}");
    builder_u8(&payload, 0);
    tell(order, ACME_CLIENT_FINALIZING);
    client_post(order->client, order->finalize, builder_is_good(&payload) ? (const char *)payload.data : "{}", NULL, on_finalized,
                order);
    builder_clear(&payload);
}

/* ---- authorizations ---- */

static void poll_authorization(void *cookie);

static void on_authorization_state(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    if (has_status(answer, "valid")) {
        clean(order);
        order->at++;
        order->polls = 0;
        next_authorization(order);
    } else if (has_status(answer, "pending") || has_status(answer, "processing")) {
        wait_and(order, answer, poll_authorization);
    } else {
        refuse(order, answer, find_reason(answer->json, "the authorization is invalid"));
    }
}

static void poll_authorization(void *cookie)
{
    struct order *order = cookie;
    client_post(order->client, json_string_value(json_array_get(order->authorizations, order->at)), "", NULL,
                on_authorization_state, order);
}

/* The answer was lost, or the challenge was answered before: the authorization knows. */
static void on_challenge_answered(void *cookie, const struct client_answer *answer)
{
    enum fetch_failure failure = answer->response->failure;
    if (failure == FETCH_TIMEOUT || failure == FETCH_PROTOCOL || client_is_problem(answer, "malformed"))
        wait_and(cookie, answer, poll_authorization);
    else
        on_authorization_state(cookie, answer);
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

/* A token becomes part of a path or a file's name: only letters that it may have [RFC8555 8.3]. */
static bool is_token(const char *token)
{
    return token != NULL && token[0] != '\0' &&
           strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(token);
}

static bool is_name(const char *name)
{
    return name != NULL && name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.:") == strlen(name);
}

static bool read_challenge(struct order *order, const json_t *authorization)
{
    const json_t *challenge = find_challenge(order, authorization);
    const char *token = json_string_value(json_object_get(challenge, "token"));
    const char *name = json_string_value(json_object_get(json_object_get(authorization, "identifier"), "value"));
    if (!is_token(token) || !is_name(name))
        return false;
    int len = snprintf(order->key_authorization, sizeof order->key_authorization, "%s.%s", token, order->client->thumbprint);
    return len < (int)sizeof order->key_authorization &&
           snprintf(order->token, sizeof order->token, "%s", token) < (int)sizeof order->token &&
           snprintf(order->identifier, sizeof order->identifier, "%s", name) < (int)sizeof order->identifier &&
           client_copy_url(json_string_value(json_object_get(challenge, "url")), order->challenge_url);
}

static void solve(struct order *order)
{
    const struct acme_client_config *config = &order->client->config;
    struct acme_client_challenge c = {config->challenge, order->identifier, order->token, order->key_authorization};
    struct error err = {.status = STATUS_OK};
    enum status s = config->provision(config->solver, &c, &err);
    if (s != STATUS_OK) {
        finish(order, s, NULL, &err);
        return;
    }
    order->is_provisioned = true;
    client_post(order->client, order->challenge_url, "{}", NULL, on_challenge_answered, order);
}

static void on_authorization(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    if (has_status(answer, "valid"))
        on_authorization_state(order, answer);
    else if (!has_status(answer, "pending"))
        refuse(order, answer, find_reason(answer->json, "the authorization is not pending"));
    else if (!read_challenge(order, answer->json))
        refuse(order, answer, "the authorization has no challenge that this client can solve");
    else
        solve(order);
}

static void next_authorization(struct order *order)
{
    if (order->at == json_array_size(order->authorizations))
        finalize(order);
    else
        client_post(order->client, json_string_value(json_array_get(order->authorizations, order->at)), "", NULL,
                    on_authorization, order);
}

/* ---- the order ---- */

static bool read_order(struct order *order, const struct client_answer *answer)
{
    order->authorizations = json_incref(json_object_get(answer->json, "authorizations"));
    size_t count = json_array_size(order->authorizations);
    return client_copy_header(answer->response, "Location", order->url) && count > 0 && count <= ACME_CLIENT_NAMES_MAX &&
           client_copy_url(json_string_value(json_object_get(answer->json, "finalize")), order->finalize);
}

static void on_order(void *cookie, const struct client_answer *answer)
{
    struct order *order = cookie;
    if (!client_is_good(answer) || !read_order(order, answer)) {
        refuse(order, answer, "the server gave no order");
        return;
    }
    tell(order, ACME_CLIENT_ORDERED);
    if (has_status(answer, "pending"))
        next_authorization(order);
    else
        on_polled(order, answer); /* ready, or an older one for the same names */
}

static json_t *identifiers_of(const struct acme_client_request *request)
{
    json_t *list = json_array();
    for (size_t i = 0; i < request->name_count; i++) {
        json_t *one = json_pack("{s:s, s:s}", "type", "dns", "value", request->names[i]);
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* NULL: no memory, or a text that is not UTF-8. */
static char *order_payload(const struct acme_client_request *request)
{
    json_t *payload = json_pack("{s:o, s:s*, s:s*}", "identifiers", identifiers_of(request), "profile", request->profile,
                                "replaces", request->replaces);
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
    if (order == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    char *payload = order_payload(request);
    order->client = client;
    order->done = done;
    order->cookie = cookie;
    builder_init(&order->csr, CLIENT_BODY_MAX / 4); /* room for two more encodings around it */
    text_write_base64url(&order->csr, request->csr);
    enum status s = builder_status(&order->csr, "request for a certificate", err);
    if (s == STATUS_OK && payload == NULL)
        s = error_set(err, STATUS_USAGE, "names, profile and replaces are UTF-8");
    if (s == STATUS_OK)
        client_post(client, client->new_order, payload, NULL, on_order, order);
    else
        order_free(order);
    free(payload);
    return s;
}
