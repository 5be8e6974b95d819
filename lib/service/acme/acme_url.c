/* Names that clients see: URLs, challenge types, identifiers. */
#include <stdio.h>

#include "service/acme/acme_frame.h"

void acme_url(const struct acme *acme, enum acme_url kind, acme_id id, const char *type,
              char out[ACME_URL_SIZE])
{
    static const struct {
        const char *before, *after;
    } forms[] = {
        [ACME_URL_DIRECTORY] = {"/directory", ""},
        [ACME_URL_ACCOUNT] = {"/account/", ""},
        [ACME_URL_ACCOUNT_ORDERS] = {"/account/", "/orders"},
        [ACME_URL_ORDER] = {"/order/", ""},
        [ACME_URL_FINALIZE] = {"/order/", "/finalize"},
        [ACME_URL_AUTHZ] = {"/authz/", ""},
        [ACME_URL_CHALLENGE] = {"/challenge/", "/"},
        [ACME_URL_CERTIFICATE] = {"/certificate/", ""},
        [ACME_URL_CERTIFICATE_LANDMARK] = {"/certificate/", "/landmark"},
    };
    char number[24] = "";
    if (kind != ACME_URL_DIRECTORY)
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)id);
    (void)snprintf(out, ACME_URL_SIZE, "%s%s%s%s%s", acme->config->base_url, forms[kind].before, number,
                   forms[kind].after, kind == ACME_URL_CHALLENGE && type != NULL ? type : "");
}

static const struct {
    enum acme_challenge challenge;
    const char *name;
} challenges[] = {
    {ACME_HTTP_01, "http-01"},
    {ACME_DNS_01, "dns-01"},
    {ACME_TLS_ALPN_01, "tls-alpn-01"},
    {ACME_DNS_ACCOUNT_01, "dns-account-01"},
    {ACME_DNS_PERSIST_01, "dns-persist-01"},
};

const char *acme_challenge_name(enum acme_challenge challenge)
{
    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++)
        if (challenges[i].challenge == challenge)
            return challenges[i].name;
    return "";
}

enum acme_challenge acme_challenge_parse(struct bytes name)
{
    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++)
        if (bytes_is_text(name, challenges[i].name))
            return challenges[i].challenge;
    return 0;
}

json_t *acme_identifier_json(const struct acme_identifier *identifier)
{
    json_t *value = json_object();
    (void)json_object_set_new(value, "type", json_string(identifier->type == ACME_DNS ? "dns" : "ip"));
    (void)json_object_set_new(value, "value", json_string(identifier->value));
    return value;
}
