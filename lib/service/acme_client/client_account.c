/* The directory and the account [RFC8555 7.1.1, 7.3], with an external account binding where one is wanted. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/jws_key.h"
#include "service/acme_client/client_internal.h"

const char *acme_client_account(const struct acme_client *client)
{
    return client->account;
}

bool acme_client_is_started(const struct acme_client *client)
{
    return client->account[0] != '\0' && client->waiter_count == 0 && !client->is_account_gone;
}

/* ---- external account binding [RFC8555 7.3.4] ---- */

/* A JWS whose payload is the account's key, made with the key that the CA has given out. */
static enum status write_binding(const struct acme_client *client, struct builder *out, struct error *err)
{
    struct builder input;
    uint8_t mac[JWS_MAC_MAX];
    size_t mac_len = 0;
    json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "HS256", "kid", client->eab_kid, "url", client->new_account);
    char *text = json_dumps(header, JSON_COMPACT);
    builder_init(&input, CLIENT_BODY_MAX);
    text_write_base64url(&input, bytes_of_text(text != NULL ? text : ""));
    size_t dot = input.len;
    builder_text(&input, ".");
    text_write_base64url(&input, builder_view(&client->jwk));
    enum status s = text == NULL ? error_set(err, STATUS_USAGE, "the key ID of the external account binding is not UTF-8")
                                 : builder_status(&input, "external account binding", err);
    if (s == STATUS_OK)
        s = jws_key_mac(JWS_HS256, client->config.eab_key, builder_view(&input), mac, &mac_len, err);
    if (s == STATUS_OK) {
        client_write_jws(builder_view(&input), dot, bytes_of(mac, mac_len), out);
        s = builder_status(out, "external account binding", err);
    }
    bytes_wipe(mac, sizeof mac);
    builder_clear(&input);
    free(text);
    json_decref(header);
    return s;
}

static enum status add_binding(const struct acme_client *client, json_t *payload, struct error *err)
{
    struct builder text;
    builder_init(&text, CLIENT_BODY_MAX);
    enum status s = write_binding(client, &text, err);
    json_t *binding = s == STATUS_OK ? json_loadb((const char *)text.data, text.len, 0, NULL) : NULL;
    if (s == STATUS_OK && json_object_set_new(payload, "externalAccountBinding", binding) != 0)
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_clear(&text);
    return s;
}

/* ---- account ---- */

static char *account_payload(const struct acme_client *client, struct error *err)
{
    json_t *payload = json_pack("{s:b}", "termsOfServiceAgreed", 1);
    enum status s = STATUS_OK;
    if (client->contact[0] != '\0')
        (void)json_object_set_new(payload, "contact", json_pack("[s]", client->contact));
    if (client->config.is_existing_only)
        (void)json_object_set_new(payload, "onlyReturnExisting", json_true());
    else if (client->eab_kid[0] != '\0')
        s = add_binding(client, payload, err);
    char *text = s == STATUS_OK ? json_dumps(payload, JSON_COMPACT) : NULL;
    if (s == STATUS_OK && text == NULL)
        (void)error_set(err, STATUS_NO_MEMORY, "the account cannot be asked for");
    json_decref(payload);
    return text;
}

/* Whoever is told may start again. */
static void started(struct acme_client *client, enum status status, const struct error *err)
{
    struct client_waiter waiters[CLIENT_WAITERS_MAX];
    size_t count = client->waiter_count;
    memcpy(waiters, client->waiters, count * sizeof waiters[0]);
    client->waiter_count = 0;
    for (size_t i = 0; i < count; i++)
        waiters[i].done(waiters[i].cookie, status, err);
}

static void on_account(void *cookie, const struct client_answer *answer)
{
    struct acme_client *client = cookie;
    if (!client_is_good(answer))
        started(client, answer->err->status, answer->err);
    else if (!client_copy_header(answer->response, "Location", client->account))
        started(client, error_set(answer->err, STATUS_REFUSED, "%s: no URL of the account", client->new_account), answer->err);
    else
        started(client, STATUS_OK, answer->err);
}

static void make_account(struct acme_client *client)
{
    struct error err = {.status = STATUS_OK};
    char *text = account_payload(client, &err);
    if (text != NULL)
        client_post(client, client->new_account, text, NULL, on_account, client);
    else
        started(client, err.status, &err);
    free(text);
}

static void on_directory(void *cookie, const struct client_answer *answer)
{
    struct acme_client *client = cookie;
    const char *nonce = json_string_value(json_object_get(answer->json, "newNonce"));
    const char *account = json_string_value(json_object_get(answer->json, "newAccount"));
    const char *order = json_string_value(json_object_get(answer->json, "newOrder"));
    if (!client_is_good(answer)) {
        started(client, answer->err->status, answer->err);
        return;
    }
    if (!client_copy_url(nonce, client->new_nonce) || !client_copy_url(account, client->new_account) ||
        !client_copy_url(order, client->new_order)) {
        started(client, error_set(answer->err, STATUS_REFUSED, "%s is no ACME directory", client->directory_url), answer->err);
        return;
    }
    if (!client_copy_url(json_string_value(json_object_get(answer->json, "renewalInfo")), client->renewal_info))
        client->renewal_info[0] = '\0';
    make_account(client);
}

/* ---- start ---- */

struct refusal {
    acme_client_done *done;
    void *cookie;
};

static void too_many(void *cookie)
{
    struct refusal *refusal = cookie;
    struct error err;
    enum status s = error_set(&err, STATUS_LIMIT, "more than %d wait for the account", CLIENT_WAITERS_MAX);
    refusal->done(refusal->cookie, s, &err);
    free(refusal);
}

void acme_client_start(struct acme_client *client, acme_client_done *done, void *cookie)
{
    if (client->waiter_count == CLIENT_WAITERS_MAX) {
        struct refusal *refusal = malloc(sizeof *refusal);
        if (refusal == NULL)
            abort(); /* lint-allow: abort, because an operation must end with its done */
        *refusal = (struct refusal){done, cookie};
        client->config.timer.start(client->config.timer.context, 0, too_many, refusal);
        return;
    }
    client->waiters[client->waiter_count++] = (struct client_waiter){done, cookie};
    if (client->waiter_count > 1)
        return;
    client->account[0] = '\0';
    client->is_account_gone = false;
    client_get(client, client->directory_url, on_directory, client);
}
