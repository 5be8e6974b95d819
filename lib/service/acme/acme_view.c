#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "service/acme/acme_orders.h"

/* Sets a member; the object is given up when memory is out. */
static void put(json_t **object, const char *name, json_t *value)
{
    if (*object == NULL) {
        json_decref(value);
        return;
    }
    if (json_object_set_new(*object, name, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

static void put_text(json_t **object, const char *name, const char *text)
{
    put(object, name, json_string(text));
}

static void put_time(json_t **object, const char *name, int64_t time_s)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(time_s, text);
    put_text(object, name, text);
}

static void put_url(json_t **object, const char *name, const struct acme *acme, enum acme_url kind,
                    acme_id id, const char *type)
{
    char url[ACME_URL_SIZE];
    acme_url(acme, kind, id, type, url);
    put_text(object, name, url);
}

/* A problem document as it was stored. */
static void put_problem(json_t **object, struct bytes text)
{
    if (text.len > 0)
        put(object, "error", json_loadb((const char *)text.data, text.len, 0, NULL));
}

static void append(json_t **list, json_t *value)
{
    if (*list == NULL) {
        json_decref(value);
        return;
    }
    if (json_array_append_new(*list, value) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

enum status acme_view_problem_text(json_t *problem, struct builder *out, struct error *err)
{
    size_t len = problem == NULL ? 0 : json_dumpb(problem, NULL, 0, JSON_COMPACT);
    uint8_t *space = len == 0 ? NULL : builder_space(out, len);
    bool is_written = space != NULL && json_dumpb(problem, (char *)space, len, JSON_COMPACT) == len;
    json_decref(problem);
    if (!is_written)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a problem document");
    return STATUS_OK;
}

void acme_view_add_subproblem(json_t *problem, json_t *subproblem, json_t *identifier)
{
    json_t *list = json_object_get(problem, "subproblems");
    if (identifier != NULL && subproblem != NULL)
        (void)json_object_set_new(subproblem, "identifier", identifier);
    else
        json_decref(identifier);
    if (list == NULL && problem != NULL) {
        (void)json_object_set_new(problem, "subproblems", json_array());
        list = json_object_get(problem, "subproblems");
    }
    if (list != NULL)
        (void)json_array_append_new(list, subproblem);
    else
        json_decref(subproblem);
}

/* ---- orders ---- */

enum acme_order_status acme_view_order_status(const struct acme_order *order, int64_t now_s)
{
    bool can_expire = order->status == ACME_ORDER_PENDING || order->status == ACME_ORDER_READY;
    return can_expire && order->expires_s <= now_s ? ACME_ORDER_INVALID : order->status;
}

static const char *order_status_name(enum acme_order_status status)
{
    switch (status) {
    case ACME_ORDER_PENDING:
        return "pending";
    case ACME_ORDER_READY:
        return "ready";
    case ACME_ORDER_PROCESSING:
        return "processing";
    case ACME_ORDER_VALID:
        return "valid";
    case ACME_ORDER_INVALID:
        break;
    }
    return "invalid";
}

static json_t *expired_problem(const char *what)
{
    return acme_problem_new(0, "malformed", "the %s has expired: make a new order", what);
}

json_t *acme_view_order(const struct acme *acme, const struct acme_order *order)
{
    json_t *out = json_object(), *names = json_array(), *authzs = json_array();
    enum acme_order_status status = acme_view_order_status(order, acme_now_s(acme));
    for (size_t i = 0; i < order->identifier_count; i++) {
        char url[ACME_URL_SIZE];
        acme_url(acme, ACME_URL_AUTHZ, order->authorizations[i], NULL, url);
        append(&names, acme_identifier_json(&order->identifiers[i]));
        append(&authzs, json_string(url));
    }
    put_text(&out, "status", order_status_name(status));
    put_time(&out, "expires", order->expires_s);
    put(&out, "identifiers", names);
    if (order->profile[0] != '\0')
        put_text(&out, "profile", order->profile);
    if (order->not_before_s != 0)
        put_time(&out, "notBefore", order->not_before_s);
    if (order->not_after_s != 0)
        put_time(&out, "notAfter", order->not_after_s);
    if (order->replaces.len > 0)
        put(&out, "replaces", json_stringn((const char *)order->replaces.data, order->replaces.len));
    put(&out, "authorizations", authzs);
    put_url(&out, "finalize", acme, ACME_URL_FINALIZE, order->id, NULL);
    if (status == ACME_ORDER_VALID)
        put_url(&out, "certificate", acme, ACME_URL_CERTIFICATE, order->certificate, NULL);
    if (status != order->status)
        put(&out, "error", expired_problem("order"));
    else
        put_problem(&out, order->problem);
    return out;
}

void acme_order_reply(struct acme_call *call, int status, const struct acme_order *order)
{
    struct http_response *response = &call->x->response;
    if (order->status == ACME_ORDER_PROCESSING)
        builder_printf(&response->headers, "Retry-After: %d\r\n", ACME_RETRY_AFTER_PROCESSING_S);
    else if (order->status == ACME_ORDER_PENDING)
        builder_printf(&response->headers, "Retry-After: %d\r\n", ACME_RETRY_AFTER_PENDING_S);
    acme_reply_json(call, status, acme_view_order(call->acme, order));
}

/* ---- authorizations and challenges ---- */

bool acme_view_authz_is_valid(const struct acme_authz *authz, int64_t now_s)
{
    return authz->status == ACME_AUTHZ_VALID && authz->expires_s > now_s;
}

bool acme_view_authz_is_pending(const struct acme_authz *authz, int64_t now_s)
{
    return authz->status == ACME_AUTHZ_PENDING && authz->expires_s > now_s;
}

static const char *authz_status_name(const struct acme_authz *authz, int64_t now_s)
{
    bool is_over = authz->expires_s <= now_s;
    switch (authz->status) {
    case ACME_AUTHZ_PENDING:
        return is_over ? "expired" : "pending";
    case ACME_AUTHZ_VALID:
        return is_over ? "expired" : "valid";
    case ACME_AUTHZ_DEACTIVATED:
        return "deactivated";
    case ACME_AUTHZ_REVOKED:
        return "revoked";
    case ACME_AUTHZ_INVALID:
        break;
    }
    return "invalid";
}

static const char *challenge_status(const struct acme_authz *authz, enum acme_challenge challenge)
{
    if (authz->tried != challenge)
        return "pending";
    if (authz->is_processing)
        return "processing";
    if (authz->validated_s != 0)
        return "valid";
    return authz->problem.len > 0 ? "invalid" : "pending";
}

bool acme_view_token(const struct acme_authz *authz, enum acme_challenge challenge,
                     char out[ACME_TOKEN_TEXT_SIZE])
{
    uint8_t digest[HASH_SIZE];
    struct builder b;
    struct bytes parts[] = {BYTES_OF(authz->token), bytes_of_text(acme_challenge_name(challenge))};
    if (!hash_label_sha256(parts, 2, digest))
        return false;
    builder_init_fixed(&b, out, ACME_TOKEN_TEXT_SIZE);
    text_write_base64url(&b, BYTES_OF(digest));
    builder_u8(&b, 0);
    return builder_is_good(&b);
}

/* [draft-ietf-acme-dns-persist 3.1]: no token; which names the record may carry, and for which account. */
static void put_persist(json_t **out, const struct acme *acme, const struct acme_authz *authz)
{
    /* Clients refuse more. */
    enum { ISSUER_NAMES_MAX = 10 };
    json_t *names = json_array();
    for (size_t i = 0; i < acme->config->caa_identity_count && i < ISSUER_NAMES_MAX; i++)
        append(&names, json_string(acme->config->caa_identities[i]));
    put(out, "issuer-domain-names", names);
    put_url(out, "accounturi", acme, ACME_URL_ACCOUNT, authz->account, NULL);
}

json_t *acme_view_challenge(const struct acme *acme, const struct acme_authz *authz,
                            enum acme_challenge challenge)
{
    json_t *out = json_object();
    char token[ACME_TOKEN_TEXT_SIZE];
    const char *type = acme_challenge_name(challenge);
    put_text(&out, "type", type);
    put_url(&out, "url", acme, ACME_URL_CHALLENGE, authz->id, type);
    put_text(&out, "status", challenge_status(authz, challenge));
    if (challenge == ACME_DNS_PERSIST_01)
        put_persist(&out, acme, authz);
    else
        put(&out, "token", acme_view_token(authz, challenge, token) ? json_string(token) : NULL);
    if (authz->tried == challenge && authz->validated_s != 0)
        put_time(&out, "validated", authz->validated_s);
    if (authz->tried == challenge)
        put_problem(&out, authz->problem);
    return out;
}

/* Of a pending authorization all are shown that a client may choose from, later the one it chose
 * [RFC8555 7.1.4]. */
static bool is_shown(const struct acme_authz *authz, enum acme_challenge challenge)
{
    if ((authz->offered & challenge) == 0)
        return false;
    return authz->tried == 0 || authz->status == ACME_AUTHZ_PENDING || authz->tried == challenge;
}

json_t *acme_view_authz(const struct acme *acme, const struct acme_authz *authz)
{
    json_t *out = json_object(), *challenges = json_array();
    for (unsigned bit = ACME_HTTP_01; bit <= ACME_DNS_PERSIST_01; bit <<= 1)
        if (is_shown(authz, (enum acme_challenge)bit))
            append(&challenges, acme_view_challenge(acme, authz, (enum acme_challenge)bit));
    put(&out, "identifier", acme_identifier_json(&authz->identifier));
    put_text(&out, "status", authz_status_name(authz, acme_now_s(acme)));
    put_time(&out, "expires", authz->expires_s);
    put(&out, "challenges", challenges);
    if (authz->is_wildcard)
        put(&out, "wildcard", json_true());
    return out;
}

void acme_authz_reply(struct acme_call *call, int status, const struct acme_authz *authz)
{
    if (acme_view_authz_is_pending(authz, acme_now_s(call->acme)))
        builder_printf(&call->x->response.headers, "Retry-After: %d\r\n",
                       authz->is_processing ? ACME_RETRY_AFTER_PROCESSING_S : ACME_RETRY_AFTER_PENDING_S);
    acme_reply_json(call, status, acme_view_authz(call->acme, authz));
}
