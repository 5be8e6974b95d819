#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "rules/dns_name.h"
#include "service/acme/acme_frame.h"

/* Nobody is told by more ways than this when a certificate has to go. */
#define CONTACTS_MAX 10
/* [RFC5321 4.5.3.1]: a path of 256 with its brackets. */
#define ADDRESS_MAX 254
#define LOCAL_PART_MAX 64

static bool reply_malformed(struct acme_call *call, const char *what)
{
    acme_reply_problem(call, 400, "malformed", "%s", what);
    return false;
}

static bool reply_error(struct acme_call *call, const struct error *err)
{
    acme_reply_failure(call, err);
    return false;
}

/* ---- contacts [RFC8555 7.3] ---- */

/* One address and nothing else: no header fields ('?'), no second address (','), nothing quoted or
 * encoded, which other programs would have to understand in the same way. */
static bool is_address(const char *address)
{
    const char *at = strchr(address, '@');
    size_t local_len = at != NULL ? (size_t)(at - address) : 0;
    if (strlen(address) > ADDRESS_MAX || local_len == 0 || local_len > LOCAL_PART_MAX)
        return false;
    for (const char *c = address; c < at; c++)
        if (*c <= ' ' || *c > '~' || strchr("?,%\"()<>[]:;\\", *c) != NULL)
            return false;
    return dns_name_check(bytes_of_text(at + 1), false, NULL) == STATUS_OK;
}

static bool check_contact(struct acme_call *call, const json_t *contact)
{
    static const char scheme[] = "mailto:";
    const char *url = json_string_value(contact);
    if (url == NULL)
        return reply_malformed(call, "\"contact\" must be an array of strings");
    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        acme_reply_problem(call, 400, "unsupportedContact", "contacts must be mailto: URLs");
        return false;
    }
    if (!is_address(url + sizeof scheme - 1)) {
        acme_reply_problem(call, 400, "invalidContact",
                           "a contact is \"mailto:\" and one address: no header fields, quotes or "
                           "encodings, with a domain of two labels or more");
        return false;
    }
    return true;
}

bool acme_account_contacts(struct acme_call *call, struct builder *out)
{
    const json_t *contacts = json_object_get(call->payload, "contact");
    size_t count = json_array_size(contacts);
    if (contacts != NULL && !json_is_array(contacts))
        return reply_malformed(call, "\"contact\" must be an array of strings");
    if (count > CONTACTS_MAX) {
        acme_reply_problem(call, 400, "invalidContact", "more than %d contacts", CONTACTS_MAX);
        return false;
    }
    builder_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        const json_t *contact = json_array_get(contacts, i);
        if (!check_contact(call, contact))
            return false;
        /* Nothing that JSON escapes is left in it. */
        builder_printf(out, "%s\"%s\"", i > 0 ? "," : "", json_string_value(contact));
    }
    builder_text(out, "]");
    struct error err;
    return builder_status(out, "contacts", &err) == STATUS_OK || reply_error(call, &err);
}

/* ---- answers ---- */

void acme_account_reply(struct acme_call *call, int status)
{
    const struct acme_account *account = &call->account;
    static const char *const names[] = {
        [ACME_ACCOUNT_VALID] = "valid", [ACME_ACCOUNT_DEACTIVATED] = "deactivated", [ACME_ACCOUNT_REVOKED] = "revoked"};
    char url[ACME_URL_SIZE];
    acme_url(call->acme, ACME_URL_ACCOUNT, account->id, NULL, url);
    http_response_header(&call->x->response, "Location", url);
    json_t *body = json_object();
    (void)json_object_set_new(body, "status", json_string(names[account->status]));
    json_t *contacts = json_loadb((const char *)account->contacts.data, account->contacts.len, 0, NULL);
    (void)json_object_set_new(body, "contact", contacts != NULL ? contacts : json_array());
    if (account->has_agreed)
        (void)json_object_set_new(body, "termsOfServiceAgreed", json_true());
    acme_url(call->acme, ACME_URL_ACCOUNT_ORDERS, account->id, NULL, url);
    (void)json_object_set_new(body, "orders", json_string(url));
    acme_reply_json(call, status, body);
}

/* ---- newAccount [RFC8555 7.3] ---- */

/* A member that is true, false or not there. */
static bool read_flag(struct acme_call *call, const char *name, bool *value)
{
    const json_t *member = json_object_get(call->payload, name);
    *value = json_is_true(member);
    if (member == NULL || json_is_boolean(member))
        return true;
    acme_reply_problem(call, 400, "malformed", "\"%s\" must be true or false", name);
    return false;
}

static bool check_terms(struct acme_call *call, bool has_agreed)
{
    const char *terms = call->acme->config->terms_url;
    if (terms == NULL || has_agreed)
        return true;
    builder_printf(&call->x->response.headers, "Link: <%s>;rel=\"terms-of-service\"\r\n", terms);
    acme_reply_problem(call, 403, "userActionRequired",
                       "you must agree to the terms of service: set \"termsOfServiceAgreed\"; they are at %s",
                       terms);
    return false;
}

static bool check_limit(struct acme_call *call)
{
    struct error err;
    int64_t retry_after_ms = 0;
    enum status s = acme_limits_take_account(call->acme, call->x->request.peer, &retry_after_ms, &err);
    if (s == STATUS_LIMIT) {
        acme_reply_limited(call, retry_after_ms, &err);
        return false;
    }
    return s == STATUS_OK || reply_error(call, &err);
}

/* *key is NULL when no binding is needed and none is there. */
static bool check_binding(struct acme_call *call, const struct acme_eab_key **key)
{
    const json_t *binding = json_object_get(call->payload, "externalAccountBinding");
    *key = NULL;
    if (binding == NULL && !call->acme->config->is_eab_required)
        return true;
    if (binding == NULL) {
        acme_reply_problem(call, 403, "externalAccountRequired",
                           "an \"externalAccountBinding\" is needed; the operator gives out key and ID");
        return false;
    }
    *key = acme_binding_check(call, binding);
    return *key != NULL;
}

/* All was checked: what is left can only fail with the store. */
static void create(struct acme_call *call, bool has_agreed, const char *kid, struct bytes contacts)
{
    struct acme *acme = call->acme;
    const struct acme_store *store = acme->ports.store;
    struct error err;
    uint8_t memory[JWK_TEXT_MAX];
    struct builder jwk;
    builder_init_fixed(&jwk, memory, sizeof memory);
    jwk_write(acme_post_jwk(call->post), &jwk);
    call->account = (struct acme_account){
        .status = ACME_ACCOUNT_VALID,
        .jwk = builder_view(&jwk),
        .contacts = contacts,
        .has_agreed = has_agreed,
        .eab_kid = bytes_of_text(kid),
        .created_s = acme_now_s(acme),
        .created_from = bytes_of_text(call->x->request.peer),
    };
    memcpy(call->account.thumbprint, call->thumbprint, sizeof call->thumbprint);
    enum status s = builder_status(&jwk, "JWK", &err);
    if (s == STATUS_OK)
        s = store->put_account(store->context, &call->account, &err);
    if (s != STATUS_OK) {
        call->account.id = 0;
        acme_reply_failure(call, &err);
        return;
    }
    acme_keys_put(acme->keys, call->account.id, call->key, call->thumbprint);
    const struct event_field fields[] = {{"key", jws_key_alg_name(jws_key_alg(call->key))}, {"eab", kid}};
    acme_event(acme, EVENT_INFO, "acme-account-new", call, fields, 2);
    acme_account_reply(call, 201);
}

static void reply_existing(struct acme_call *call)
{
    if (call->account.status == ACME_ACCOUNT_VALID)
        acme_account_reply(call, 200);
    else
        acme_reply_problem(call, 401, "unauthorized", "the account of this key is not valid any more");
}

void acme_account_create(struct acme_call *call)
{
    const struct acme_store *store = call->acme->ports.store;
    struct error err;
    bool is_existing_only, has_agreed;
    const struct acme_eab_key *key;
    if (!read_flag(call, "onlyReturnExisting", &is_existing_only) ||
        !read_flag(call, "termsOfServiceAgreed", &has_agreed))
        return;
    enum status s = store->find_account(store->context, call->thumbprint, &call->memory, &call->account, &err);
    if (s == STATUS_OK) {
        reply_existing(call);
        return;
    }
    call->account = (struct acme_account){.id = 0};
    if (s != STATUS_NOT_FOUND) {
        acme_reply_failure(call, &err);
        return;
    }
    if (is_existing_only) {
        acme_reply_problem(call, 400, "accountDoesNotExist", "there is no account with this key");
        return;
    }
    struct builder contacts;
    builder_init(&contacts, ACME_ACCOUNT_MAX);
    /* A request that is refused for its content does not count. */
    if (acme_account_contacts(call, &contacts) && check_terms(call, has_agreed) &&
        check_binding(call, &key) && check_limit(call) && (key == NULL || acme_binding_take(call, key)))
        create(call, has_agreed, key != NULL ? key->kid : "", builder_view(&contacts));
    builder_clear(&contacts);
}

/* ---- account [RFC8555 7.3.2, 7.3.6] ---- */

static bool check_owner(struct acme_call *call)
{
    if (call->account.id == call->id)
        return true;
    acme_reply_problem(call, 403, "unauthorized", "this is another account");
    return false;
}

static void store_account(struct acme_call *call, const char *what)
{
    const struct acme_store *store = call->acme->ports.store;
    struct error err;
    if (store->put_account(store->context, &call->account, &err) != STATUS_OK) {
        acme_reply_failure(call, &err);
        return;
    }
    acme_event(call->acme, EVENT_INFO, what, call, NULL, 0);
    acme_account_reply(call, 200);
}

/* Says whether the payload asks for deactivation; false: the call was answered. */
static bool read_status(struct acme_call *call, bool *is_deactivation)
{
    const json_t *status = json_object_get(call->payload, "status");
    const char *text = json_string_value(status);
    *is_deactivation = text != NULL && strcmp(text, "deactivated") == 0;
    if (status == NULL || *is_deactivation || (text != NULL && strcmp(text, "valid") == 0))
        return true;
    return reply_malformed(call, "\"status\" can be changed to \"deactivated\" only");
}

void acme_account_post(struct acme_call *call)
{
    bool is_deactivation = false, has_agreed = false;
    if (!check_owner(call))
        return;
    if (call->is_post_as_get) {
        acme_account_reply(call, 200);
        return;
    }
    if (!read_status(call, &is_deactivation) || !read_flag(call, "termsOfServiceAgreed", &has_agreed))
        return;
    if (is_deactivation) {
        call->account.status = ACME_ACCOUNT_DEACTIVATED;
        store_account(call, "acme-account-deactivated");
        return;
    }
    struct builder contacts;
    builder_init(&contacts, ACME_ACCOUNT_MAX);
    bool has_contacts = json_object_get(call->payload, "contact") != NULL;
    if (has_contacts && !acme_account_contacts(call, &contacts)) {
        builder_clear(&contacts);
        return;
    }
    if (has_contacts)
        call->account.contacts = builder_view(&contacts);
    bool is_agreeing = has_agreed && !call->account.has_agreed;
    call->account.has_agreed = call->account.has_agreed || has_agreed;
    if (has_contacts || is_agreeing)
        store_account(call, "acme-account-changed");
    else
        acme_account_reply(call, 200);
    builder_clear(&contacts);
}

void acme_account_orders(struct acme_call *call)
{
    if (check_owner(call))
        acme_order_list(call);
}
