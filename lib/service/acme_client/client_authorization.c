/* Proving control of the names of an order, one authorization after the other [RFC8555 7.5]. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "rules/dns_name.h"
#include "service/acme_client/client_internal.h"

static void fill_challenge(const struct client_order *order, struct acme_client_challenge *out)
{
    struct builder value;
    *out = (struct acme_client_challenge){
        .type = order->client->config.challenge, .identifier = order->identifier, .is_ip = order->is_ip, .token = order->token,
        .key_authorization = order->key_authorization};
    memcpy(out->digest, order->digest, sizeof out->digest);
    builder_init_fixed(&value, out->dns_value, sizeof out->dns_value);
    text_write_base64url(&value, BYTES_OF(out->digest));
    builder_u8(&value, 0);
}

void client_authorization_clean(struct client_order *order)
{
    const struct acme_client_config *config = &order->client->config;
    struct acme_client_challenge c;
    if (!order->is_provisioned)
        return;
    fill_challenge(order, &c);
    config->clean(config->solver, &c);
    order->is_provisioned = false;
}

static void poll_authorization(void *cookie);

static void on_authorization_state(void *cookie, const struct client_answer *answer)
{
    struct client_order *order = cookie;
    if (client_has_status(answer, "valid")) {
        client_authorization_clean(order);
        order->at++;
        order->polls = 0;
        client_authorization_next(order);
    } else if (client_has_status(answer, "pending") || client_has_status(answer, "processing")) {
        client_order_wait(order, answer, poll_authorization);
    } else {
        client_order_refuse(order, answer, client_find_reason(answer->json, "the authorization is invalid"));
    }
}

static void poll_authorization(void *cookie)
{
    struct client_order *order = cookie;
    client_post(order->client, json_string_value(json_array_get(order->authorizations, order->at)), "", NULL,
                on_authorization_state, order);
}

/* The answer was lost, or the challenge was answered before: the authorization knows. */
static void on_challenge_answered(void *cookie, const struct client_answer *answer)
{
    enum fetch_failure failure = answer->response->failure;
    if (failure == FETCH_TIMEOUT || failure == FETCH_PROTOCOL || client_is_problem(answer, "malformed"))
        client_order_wait(cookie, answer, poll_authorization);
    else
        on_authorization_state(cookie, answer);
}

static const json_t *find_challenge(const struct client_order *order, const json_t *authorization)
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

/* "*.example.com" is authorized as "example.com"; an address may be written in several ways. */
static bool is_same_name(const char *asked, const char *name, bool is_ip)
{
    uint8_t a[16], b[16];
    size_t a_len = 0, b_len = 0;
    if (is_ip)
        return ip_address_parse(bytes_of_text(asked), a, &a_len) && ip_address_parse(bytes_of_text(name), b, &b_len) && a_len == b_len &&
               memcmp(a, b, a_len) == 0;
    return strcasecmp(strncmp(asked, "*.", 2) == 0 ? asked + 2 : asked, name) == 0;
}

/* A server has no say over which names something is shown for here. */
static bool is_asked_for(const struct client_order *order, const char *name)
{
    for (size_t i = 0; i < json_array_size(order->identifiers); i++)
        if (is_same_name(json_string_value(json_object_get(json_array_get(order->identifiers, i), "value")), name, order->is_ip))
            return true;
    return false;
}

static bool read_challenge(struct client_order *order, const json_t *authorization)
{
    const json_t *challenge = find_challenge(order, authorization);
    const char *token = json_string_value(json_object_get(challenge, "token"));
    const char *name = json_string_value(json_object_get(json_object_get(authorization, "identifier"), "value"));
    const char *type = json_string_value(json_object_get(json_object_get(authorization, "identifier"), "type"));
    if (!is_token(token) || !is_name(name))
        return false;
    order->is_ip = type != NULL && strcmp(type, "ip") == 0;
    if (!is_asked_for(order, name))
        return false;
    int len = snprintf(order->key_authorization, sizeof order->key_authorization, "%s.%s", token, order->client->thumbprint);
    const struct bytes shown = bytes_of_text(order->key_authorization);
    return len < (int)sizeof order->key_authorization && hash_label_sha256(&shown, 1, order->digest) &&
           snprintf(order->token, sizeof order->token, "%s", token) < (int)sizeof order->token &&
           snprintf(order->identifier, sizeof order->identifier, "%s", name) < (int)sizeof order->identifier &&
           client_copy_url(json_string_value(json_object_get(challenge, "url")), order->challenge_url);
}

static void on_provisioned(void *cookie, enum status status, const struct error *err)
{
    struct client_order *order = cookie;
    if (status != STATUS_OK)
        client_order_fail(order, status, err);
    else
        client_post(order->client, order->challenge_url, "{}", NULL, on_challenge_answered, order);
}

static void solve(struct client_order *order)
{
    const struct acme_client_config *config = &order->client->config;
    struct acme_client_challenge c;
    fill_challenge(order, &c);
    order->is_provisioned = true;
    config->provision(config->solver, &c, on_provisioned, order);
}

static void on_authorization(void *cookie, const struct client_answer *answer)
{
    struct client_order *order = cookie;
    if (client_has_status(answer, "valid"))
        on_authorization_state(order, answer);
    else if (!client_has_status(answer, "pending"))
        client_order_refuse(order, answer, client_find_reason(answer->json, "the authorization is not pending"));
    else if (!read_challenge(order, answer->json))
        client_order_refuse(order, answer, "the authorization has no challenge that this client can solve");
    else
        solve(order);
}

void client_authorization_next(struct client_order *order)
{
    struct error err;
    if (client_order_is_late(order))
        client_order_fail(order, error_set(&err, STATUS_AGAIN, "%s: too slow: %zu of %zu names are authorized", order->url, order->at,
                                           json_array_size(order->authorizations)), &err);
    else if (order->at == json_array_size(order->authorizations))
        client_order_finalize(order);
    else
        client_post(order->client, json_string_value(json_array_get(order->authorizations, order->at)), "", NULL,
                    on_authorization, order);
}

