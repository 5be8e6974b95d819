#include <stdio.h>

#include "service/acme/acme_frame.h"

void acme_directory_url(const struct acme *acme, const struct acme_profile *profile,
                        char out[ACME_URL_SIZE])
{
    if (profile == NULL)
        (void)snprintf(out, ACME_URL_SIZE, "%s/directory", acme->config->base_url);
    else
        (void)snprintf(out, ACME_URL_SIZE, "%s/profile/%s/directory", acme->config->base_url,
                       profile->profile->name);
}

static void set_url(json_t *object, const char *name, const struct acme *acme,
                    const struct acme_profile *profile, const char *path)
{
    char url[ACME_URL_SIZE];
    (void)snprintf(url, sizeof url, "%s%s%s/%s", acme->config->base_url,
                   profile != NULL ? "/profile/" : "", profile != NULL ? profile->profile->name : "",
                   path);
    (void)json_object_set_new(object, name, json_string(url));
}

/* A profile's own directory tells of it alone. */
static json_t *profiles_of(const struct acme_config *config, const struct acme_profile *only)
{
    json_t *profiles = json_object();
    for (size_t i = 0; i < config->profile_count; i++) {
        const struct certificate_profile *p = config->profiles[i].profile;
        if (only == NULL || only == &config->profiles[i])
            (void)json_object_set_new(profiles, p->name, json_string(p->description));
    }
    return profiles;
}

/* [RFC8555 7.1.1], [draft-ietf-acme-profiles 3] */
static json_t *meta_of(const struct acme_config *config, const struct acme_profile *only)
{
    json_t *meta = json_object();
    if (config->terms_url != NULL)
        (void)json_object_set_new(meta, "termsOfService", json_string(config->terms_url));
    if (config->website_url != NULL)
        (void)json_object_set_new(meta, "website", json_string(config->website_url));
    json_t *identities = json_array();
    for (size_t i = 0; i < config->caa_identity_count; i++)
        (void)json_array_append_new(identities, json_string(config->caa_identities[i]));
    if (config->caa_identity_count > 0)
        (void)json_object_set(meta, "caaIdentities", identities);
    json_decref(identities);
    (void)json_object_set_new(meta, "externalAccountRequired", json_boolean(config->is_eab_required));
    (void)json_object_set_new(meta, "profiles", profiles_of(config, only));
    return meta;
}

void acme_directory_get(struct acme_call *call)
{
    const struct acme *acme = call->acme;
    json_t *d = json_object();
    set_url(d, "newNonce", acme, NULL, "new-nonce");
    set_url(d, "newAccount", acme, NULL, "new-account");
    set_url(d, "newOrder", acme, call->profile, "new-order");
    set_url(d, "newAuthz", acme, call->profile, "new-authz");
    set_url(d, "revokeCert", acme, NULL, "revoke-cert");
    set_url(d, "keyChange", acme, NULL, "key-change");
    set_url(d, "renewalInfo", acme, NULL, "renewal-info");
    (void)json_object_set_new(d, "meta", meta_of(acme->config, call->profile));
    acme_reply_json(call, 200, d);
}

/* [RFC8555 7.2]: 200 for HEAD, 204 for GET. The frame adds the nonce. */
void acme_directory_nonce(struct acme_call *call)
{
    acme_reply_empty(call, bytes_is_text(call->x->request.method, "HEAD") ? 200 : 204);
}
