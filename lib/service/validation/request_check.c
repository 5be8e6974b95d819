/* What is asked for: can it be validated at all? */
#include <string.h>

#include "rules/special_address.h"
#include "service/validation/attempt.h"

/* base64url, and a dot in a key authorization: nothing that could change a URL's meaning. */
static bool is_token(const char *text, bool may_have_dot)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        c == '-' || c == '_';
        if (!is_plain && !(c == '.' && may_have_dot))
            return false;
    }
    return len > 0;
}

static const char *identifier_fault(struct attempt *a)
{
    const struct acme_identifier *id = &a->request.identifier;
    if (id->type == ACME_IP) {
        if (!ip_address_parse(bytes_of_text(id->value), a->ip, &a->ip_len))
            return "the identifier is no IP address";
        if (!a->request.is_intranet && special_address_is_reserved(a->ip, a->ip_len, NULL) &&
            !addresses_is_exempt(a->owner, a->ip, a->ip_len))
            return "the IP address is a reserved one";
        return NULL;
    }
    if (id->type != ACME_DNS)
        return "the identifier is neither a DNS name nor an IP address";
    struct bytes name = bytes_of_text(id->value);
    bool is_good = a->request.is_intranet ? dns_name_check_host(name, false, NULL) == STATUS_OK
                                          : dns_name_check(name, false, NULL) == STATUS_OK;
    return is_good ? NULL : "the identifier is no name that can be validated";
}

const char *request_check(struct attempt *a)
{
    const struct validation_request *r = &a->request;
    bool is_dns_method = r->challenge == ACME_DNS_01 || r->challenge == ACME_DNS_ACCOUNT_01 ||
                         r->challenge == ACME_DNS_PERSIST_01;
    const char *fault = identifier_fault(a);
    if (fault != NULL)
        return fault;
    if (validation_method_name(r->challenge) == NULL)
        return "no such validation method";
    if (r->is_wildcard && (r->identifier.type != ACME_DNS || !is_dns_method))
        return "a wildcard is validated by DNS records only";
    if (r->identifier.type == ACME_IP && is_dns_method)
        return "an IP address cannot be validated by DNS records";
    if (r->is_caa_only)
        return NULL;
    if (r->challenge != ACME_DNS_PERSIST_01 &&
        (!is_token(a->token, false) || !is_token(a->key_authorization, true)))
        return "the token, or the key authorization, is missing or bad";
    if ((r->challenge == ACME_DNS_PERSIST_01 || r->challenge == ACME_DNS_ACCOUNT_01) && a->account_url[0] == '\0')
        return "the account's URL is missing";
    return NULL;
}
