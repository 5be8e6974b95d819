#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "service/acme/acme_frame.h"

enum {
    NEW_NONCE, NEW_ACCOUNT, ACCOUNT, ORDERS, KEY_CHANGE, NEW_ORDER, ORDER, FINALIZE, NEW_AUTHZ, AUTHZ,
    CHALLENGE, CERTIFICATE, LANDMARK, REVOKE, RENEWAL, DIRECTORY, RESOURCES
};

static const struct acme_resource resources[RESOURCES] = {
    [NEW_NONCE] = {"new-nonce", "resource=\"new-nonce\"", true, true, 0, 0, acme_directory_nonce},
    [NEW_ACCOUNT] = {"new-account", "resource=\"new-account\"", false, false, ACME_BY_JWK, ACME_PAYLOAD_OBJECT, acme_account_create},
    [ACCOUNT] = {"account", "resource=\"account\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_ANY, acme_account_post},
    [ORDERS] = {"orders", "resource=\"orders\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_EMPTY, acme_account_orders},
    [KEY_CHANGE] = {"key-change", "resource=\"key-change\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_OBJECT, acme_key_change_post},
    [NEW_ORDER] = {"new-order", "resource=\"new-order\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_OBJECT, acme_order_create},
    [ORDER] = {"order", "resource=\"order\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_EMPTY, acme_order_post},
    [FINALIZE] = {"finalize", "resource=\"finalize\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_OBJECT, acme_order_finalize},
    [NEW_AUTHZ] = {"new-authz", "resource=\"new-authz\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_OBJECT, acme_authz_create},
    [AUTHZ] = {"authz", "resource=\"authz\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_ANY, acme_authz_post},
    [CHALLENGE] = {"challenge", "resource=\"challenge\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_ANY, acme_challenge_post},
    [CERTIFICATE] = {"certificate", "resource=\"certificate\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_EMPTY, acme_certificate_post},
    [LANDMARK] = {"landmark", "resource=\"landmark\"", false, false, ACME_BY_ACCOUNT, ACME_PAYLOAD_EMPTY, acme_certificate_post_landmark},
    [REVOKE] = {"revoke-cert", "resource=\"revoke-cert\"", false, false, ACME_BY_ANY, ACME_PAYLOAD_OBJECT, acme_revoke_post},
    [RENEWAL] = {"renewal-info", "resource=\"renewal-info\"", true, false, 0, 0, acme_renewal_get},
    [DIRECTORY] = {"directory", "resource=\"directory\"", true, true, 0, 0, acme_directory_get},
};

/* What stands between the slashes. */
enum part { WORD, ID, TAIL, PROFILE };

#define PARTS_MAX 3

static const struct pattern {
    unsigned resource;
    struct {
        enum part part;
        const char *word;
    } parts[PARTS_MAX];
    size_t count;
} patterns[] = {
    /* The busiest first. */
    {NEW_NONCE, {{WORD, "new-nonce"}}, 1},
    {NEW_ORDER, {{WORD, "new-order"}}, 1},
    {AUTHZ, {{WORD, "authz"}, {ID, NULL}}, 2},
    {CHALLENGE, {{WORD, "challenge"}, {ID, NULL}, {TAIL, NULL}}, 3},
    {ORDER, {{WORD, "order"}, {ID, NULL}}, 2},
    {FINALIZE, {{WORD, "order"}, {ID, NULL}, {WORD, "finalize"}}, 3},
    {CERTIFICATE, {{WORD, "certificate"}, {ID, NULL}}, 2},
    {LANDMARK, {{WORD, "certificate"}, {ID, NULL}, {WORD, "landmark"}}, 3},
    {RENEWAL, {{WORD, "renewal-info"}, {TAIL, NULL}}, 2},
    {NEW_ACCOUNT, {{WORD, "new-account"}}, 1},
    {ACCOUNT, {{WORD, "account"}, {ID, NULL}}, 2},
    {ORDERS, {{WORD, "account"}, {ID, NULL}, {WORD, "orders"}}, 3},
    {KEY_CHANGE, {{WORD, "key-change"}}, 1},
    {NEW_AUTHZ, {{WORD, "new-authz"}}, 1},
    {REVOKE, {{WORD, "revoke-cert"}}, 1},
    {DIRECTORY, {{WORD, "directory"}}, 1},
    {DIRECTORY, {{WORD, "profile"}, {PROFILE, NULL}, {WORD, "directory"}}, 3},
    {NEW_ORDER, {{WORD, "profile"}, {PROFILE, NULL}, {WORD, "new-order"}}, 3},
    {NEW_AUTHZ, {{WORD, "profile"}, {PROFILE, NULL}, {WORD, "new-authz"}}, 3},
};

const struct acme_resource *acme_route_all(size_t *count)
{
    *count = RESOURCES;
    return resources;
}

bool acme_route_number(struct bytes text, acme_id *id)
{
    return text_parse_u64(text, INT64_MAX, id) && *id != 0;
}

/* What follows the scheme and host in the base URL: "" or "/acme". */
static const char *base_path(const struct acme *acme)
{
    const char *host = strstr(acme->config->base_url, "://");
    host = host != NULL ? host + 3 : acme->config->base_url;
    const char *path = strchr(host, '/');
    return path != NULL ? path : "";
}

/* The path behind "BASE/", in parts; 0 when it is not below the base or has too many. */
static size_t split(const struct acme_call *call, struct bytes parts[PARTS_MAX])
{
    struct bytes path = call->x->request.path;
    const char *base = base_path(call->acme);
    size_t base_len = strlen(base);
    if (path.len <= base_len || memcmp(path.data, base, base_len) != 0 || path.data[base_len] != '/')
        return 0;
    struct reader r;
    reader_init(&r, bytes_of(path.data + base_len + 1, path.len - base_len - 1));
    size_t count = 0;
    while (count < PARTS_MAX) {
        if (!reader_until(&r, '/', &parts[count])) {
            parts[count] = reader_rest(&r);
            return count + 1;
        }
        count++;
    }
    return 0;
}

static bool fits(struct acme_call *call, const struct pattern *pattern, const struct bytes *parts)
{
    for (size_t i = 0; i < pattern->count; i++) {
        switch (pattern->parts[i].part) {
        case WORD:
            if (!bytes_is_text(parts[i], pattern->parts[i].word))
                return false;
            break;
        case ID:
            if (!acme_route_number(parts[i], &call->id))
                return false;
            break;
        case TAIL:
            call->tail = parts[i];
            break;
        case PROFILE:
            call->profile = acme_find_profile(call->acme, parts[i]);
            if (call->profile == NULL)
                return false;
            (void)snprintf(call->profile_name, sizeof call->profile_name, "%s",
                           call->profile->profile->name);
            break;
        }
    }
    return true;
}

const struct acme_resource *acme_route_find(struct acme_call *call)
{
    struct bytes parts[PARTS_MAX];
    size_t count = split(call, parts);
    for (size_t i = 0; count > 0 && i < sizeof patterns / sizeof patterns[0]; i++) {
        call->id = 0;
        call->tail = bytes_of(NULL, 0);
        call->profile = NULL;
        call->profile_name[0] = '\0';
        if (patterns[i].count == count && fits(call, &patterns[i], parts))
            return &resources[patterns[i].resource];
    }
    return NULL;
}

/* The rest of text behind a prefix; NULL when it does not begin with it. */
static const char *behind(const char *text, struct bytes prefix)
{
    return strncmp(text, (const char *)prefix.data, prefix.len) == 0 ? text + prefix.len : NULL;
}

bool acme_route_is_request_url(const struct acme_call *call, const char *url)
{
    const struct http_request *r = &call->x->request;
    const char *base = call->acme->config->base_url;
    const char *rest =
        behind(url, bytes_of(base, strlen(base) - strlen(base_path(call->acme))));
    if (rest == NULL || r->path.len == 0)
        return false;
    rest = behind(rest, r->path);
    if (rest == NULL)
        return false;
    if (r->query.len == 0)
        return *rest == '\0';
    return *rest == '?' && bytes_is_text(r->query, rest + 1);
}

bool acme_route_account_of(const struct acme *acme, const char *url, acme_id *id)
{
    const char *rest = behind(url, bytes_of_text(acme->config->base_url));
    if (rest != NULL)
        rest = behind(rest, bytes_of_text("/account/"));
    return rest != NULL && acme_route_number(bytes_of_text(rest), id);
}
