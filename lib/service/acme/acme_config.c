#include <string.h>

#include "service/acme/acme_frame.h"

#define DAY_S 86400

void acme_config_default(struct acme_config *config)
{
    *config = (struct acme_config){
        .order_lifetime_s = 7 * DAY_S,
        .authz_pending_lifetime_s = 7 * DAY_S,
        .authz_reuse_s = 30 * DAY_S, /* [BR 4.2.1] allows 200 days, soon 10 */
        .intranet_authz_reuse_s = 90 * DAY_S,
        .caa_recheck_s = 7 * 3600, /* [BR 3.2.2.8]: 8 h */
        .keep_certificates_s = 90 * DAY_S,
        .finalize_wait_ms = 5000,
        .challenge_wait_ms = 500,
    };
    acme_limits_default(&config->limits);
}

static bool is_url(const char *url, size_t max)
{
    if (url == NULL || strlen(url) > max)
        return false;
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("<>\"\\", *c) != NULL)
            return false;
    return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static enum status check_profiles(const struct acme_config *c, struct error *err)
{
    if (c->policy == NULL)
        return error_set(err, STATUS_USAGE, "an ACME server needs a policy");
    if (c->profile_count == 0 || c->profile_count > ACME_PROFILES_MAX)
        return error_set(err, STATUS_USAGE, "an ACME server has 1 to %d profiles, not %zu",
                         ACME_PROFILES_MAX, c->profile_count);
    bool has_default = false, has_sm2 = c->default_profile_sm2 == NULL;
    for (size_t i = 0; i < c->profile_count; i++) {
        const char *name = c->profiles[i].profile->name;
        if (name[0] == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(name))
            return error_set(err, STATUS_USAGE,
                             "profile \"%s\": a name has lower case letters, digits, '-', '_' and '.'", name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, c->profiles[k].profile->name) == 0)
                return error_set(err, STATUS_USAGE, "profile \"%s\" is there twice", name);
        has_default = has_default || (c->default_profile != NULL && strcmp(name, c->default_profile) == 0);
        has_sm2 = has_sm2 || strcmp(name, c->default_profile_sm2) == 0;
    }
    if (!has_default || !has_sm2)
        return error_set(err, STATUS_USAGE, "the default profile is none of the profiles");
    return STATUS_OK;
}

/* [RFC2104 3]: a key shorter than the hash is less than HMAC can be. */
static enum status check_eab_keys(const struct acme_config *c, struct error *err)
{
    for (size_t i = 0; i < c->eab_key_count; i++) {
        const struct acme_eab_key *key = &c->eab_keys[i];
        size_t len = strlen(key->kid);
        if (len == 0 || len >= ACME_NAME_SIZE)
            return error_set(err, STATUS_USAGE, "an EAB key ID has 1 to %d bytes: \"%s\"",
                             ACME_NAME_SIZE - 1, key->kid);
        if (key->key.len < 32)
            return error_set(err, STATUS_USAGE, "EAB key \"%s\" is shorter than 32 bytes", key->kid);
    }
    if (c->is_eab_required && c->eab_key_count == 0)
        return error_set(err, STATUS_USAGE, "external accounts are required, and no EAB key is there");
    return STATUS_OK;
}

enum status acme_config_check(const struct acme_config *c, struct error *err)
{
    size_t len = c->base_url != NULL ? strlen(c->base_url) : 0;
    if (!is_url(c->base_url, ACME_BASE_URL_MAX) || c->base_url[len - 1] == '/' || strpbrk(c->base_url, "?#") != NULL)
        return error_set(err, STATUS_USAGE,
                         "the base URL must be http(s)://, of at most %d bytes, without '/' at its end: %s",
                         ACME_BASE_URL_MAX, c->base_url != NULL ? c->base_url : "(none)");
    if ((c->terms_url != NULL && !is_url(c->terms_url, JWS_URL_MAX)) ||
        (c->website_url != NULL && !is_url(c->website_url, JWS_URL_MAX)))
        return error_set(err, STATUS_USAGE, "terms of service or website is not an http(s) URL");
    if (c->order_lifetime_s <= 0 || c->authz_pending_lifetime_s <= 0 || c->authz_reuse_s < 0 ||
        c->intranet_authz_reuse_s < 0 || c->caa_recheck_s < 0 || c->finalize_wait_ms < 0 || c->challenge_wait_ms < 0)
        return error_set(err, STATUS_USAGE, "a lifetime or waiting time is negative");
    enum status s = check_profiles(c, err);
    return s == STATUS_OK ? check_eab_keys(c, err) : s;
}
