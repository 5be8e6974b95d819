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
    const char *kid = config->eab_kid != NULL ? config->eab_kid : "";
    if (snprintf(client->eab_kid, sizeof client->eab_kid, "%s", kid) >= (int)sizeof client->eab_kid)
        return error_set(err, STATUS_USAGE, "%.200s: key ID of the external account binding too long", kid);
    if (kid[0] != '\0' && config->eab_key.len == 0)
        return error_set(err, STATUS_USAGE, "external account binding %.200s without a key", kid);
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
