#include "service/acme_client/acme_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/acme_client/client_internal.h"

static enum status copy_config(struct acme_client *client, const struct acme_client_config *config, struct error *err)
{
    const char *ca_file = config->ca_file != NULL ? config->ca_file : "", *contact = config->contact != NULL ? config->contact : "";
    client->config = *config;
    if (!client_copy_url(config->directory_url, client->directory_url))
        return error_set(err, STATUS_USAGE, "%.200s is no URL of a directory", config->directory_url != NULL ? config->directory_url : "");
    if (snprintf(client->ca_file, sizeof client->ca_file, "%s", ca_file) >= (int)sizeof client->ca_file)
        return error_set(err, STATUS_USAGE, "%.200s: path too long", ca_file);
    if (snprintf(client->contact, sizeof client->contact, "%s", contact) >= (int)sizeof client->contact)
        return error_set(err, STATUS_USAGE, "%.200s: contact too long", contact);
    return STATUS_OK;
}

enum status acme_client_new(const struct acme_client_config *config, struct acme_client **out,
                            struct error *err)
{
    struct acme_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_init(&client->jwk, CLIENT_BODY_MAX);
    enum status s = copy_config(client, config, err);
    if (s == STATUS_OK)
        s = client_keys(client, err);
    if (s != STATUS_OK) {
        acme_client_free(client);
        return s;
    }
    *out = client;
    return STATUS_OK;
}

void acme_client_free(struct acme_client *client)
{
    if (client == NULL)
        return;
    builder_clear(&client->jwk);
    free(client);
}

const char *acme_client_account(const struct acme_client *client)
{
    return client->account;
}

/* ---- directory and account ---- */

static void started(struct acme_client *client, enum status status, const struct error *err)
{
    client->start_done(client->start_cookie, status, err);
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
    json_t *payload = json_pack("{s:b}", "termsOfServiceAgreed", 1);
    if (client->contact[0] != '\0')
        (void)json_object_set_new(payload, "contact", json_pack("[s]", client->contact));
    char *text = json_dumps(payload, JSON_COMPACT);
    client_post(client, client->new_account, text != NULL ? text : "{}", NULL, on_account, client);
    free(text);
    json_decref(payload);
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
    make_account(client);
}

void acme_client_start(struct acme_client *client, acme_client_done *done, void *cookie)
{
    client->account[0] = '\0';
    client->start_done = done;
    client->start_cookie = cookie;
    client_get(client, client->directory_url, on_directory, client);
}

/* ---- one URL ---- */

struct single {
    acme_client_fetch_done *done;
    void *cookie;
};

static void on_single(void *cookie, const struct client_answer *answer)
{
    struct single *single = cookie;
    const struct fetch_response *r = answer->response;
    uint64_t seconds = 0;
    int status = r->failure == FETCH_NO_FAILURE && !r->is_cut ? r->status : 0;
    if (!client_retry_after_s(r, &seconds))
        seconds = 0;
    single->done(single->cookie, status, r->body, (int64_t)seconds, answer->err);
    free(single);
}

enum status acme_client_fetch(struct acme_client *client, const char *url, const char *accept,
                              acme_client_fetch_done *done, void *cookie, struct error *err)
{
    struct single *single = calloc(1, sizeof *single);
    if (single == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *single = (struct single){done, cookie};
    client_post(client, url, "", accept, on_single, single);
    return STATUS_OK;
}
