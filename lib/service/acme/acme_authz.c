#include <string.h>

#include "crypto/random.h"
#include "policy/lint.h"
#include "service/acme/acme_names.h"
#include "service/acme/acme_orders.h"

/* Orders looked at in one read of the store. */
#define SETTLE_PAGE 64

/* ---- found or made ---- */

int64_t acme_authz_reuse_s(const struct acme *acme, bool is_intranet, int64_t now_s)
{
    int64_t most_s = lint_reuse_max_s(acme->config->policy, now_s);
    if (is_intranet)
        return acme->config->intranet_authz_reuse_s;
    return acme->config->authz_reuse_s < most_s ? acme->config->authz_reuse_s : most_s;
}

static bool may_be_used(const struct acme *acme, const struct acme_authz_wish *wish,
                        const struct acme_authz *authz)
{
    unsigned offered = acme_names_challenges(wish->name, wish->challenges);
    if (authz->status == ACME_AUTHZ_PENDING)
        return authz->offered == offered;
    return (authz->tried & offered) != 0 &&
           wish->now_s - authz->validated_s < acme_authz_reuse_s(acme, wish->is_intranet, wish->now_s);
}

enum status acme_authz_find(struct acme *acme, const struct acme_authz_wish *wish,
                            struct acme_authz_record *out, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    struct acme_identifier base;
    bool is_wildcard = acme_names_base(wish->name, &base);
    builder_init(&out->memory, ACME_RECORD_MAX);
    /* Those that are good for no longer than the grace are thereby never found. */
    enum status s = store->find_authz(store->context, wish->account, &base, is_wildcard, wish->is_intranet, true,
                                      wish->now_s + ACME_AUTHZ_GRACE_S, &out->memory, &out->authz, err);
    if (s == STATUS_OK && !may_be_used(acme, wish, &out->authz))
        return error_set(err, STATUS_NOT_FOUND, "no authorization that may be used again");
    return s;
}

enum status acme_authz_make(struct acme *acme, const struct acme_authz_wish *wish,
                            struct acme_authz *out, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    *out = (struct acme_authz){.account = wish->account,
                               .status = ACME_AUTHZ_PENDING,
                               .created_s = wish->now_s,
                               .expires_s = wish->now_s + acme->config->authz_pending_lifetime_s,
                               .offered = acme_names_challenges(wish->name, wish->challenges),
                               .is_intranet = wish->is_intranet};
    out->is_wildcard = acme_names_base(wish->name, &out->identifier);
    enum status s = random_bytes(out->token, sizeof out->token, err);
    return s != STATUS_OK ? s : store->put_authz(store->context, out, err);
}

/* ---- the orders that wait ---- */

static enum status are_all_valid(struct acme *acme, const struct acme_order *order, int64_t now_s,
                                 bool *all, struct error *err)
{
    enum status s = STATUS_OK;
    *all = true;
    for (size_t i = 0; *all && s == STATUS_OK && i < order->identifier_count; i++) {
        struct acme_authz_record record = {0};
        s = acme_authz_read(acme, order->authorizations[i], &record, err);
        *all = s == STATUS_OK && acme_view_authz_is_valid(&record.authz, now_s);
        acme_authz_clear(&record);
    }
    return s;
}

/* Of an order whose authorization failed: the type of that failure, and which identifier. */
static enum status write_problem(const struct acme_authz *authz, struct builder *out, struct error *err)
{
    json_t *problem = NULL;
    if (authz->problem.len > 0)
        problem = json_loadb((const char *)authz->problem.data, authz->problem.len, 0, NULL);
    if (problem == NULL)
        problem = acme_problem_new(0, "unauthorized", "the authorization for %s%s was taken back",
                                   authz->is_wildcard ? "*." : "", authz->identifier.value);
    json_t *top = json_deep_copy(problem);
    acme_view_add_subproblem(top, problem, acme_identifier_json(&authz->identifier));
    return acme_view_problem_text(top, out, err);
}

static enum status settle_order(struct acme *acme, const struct acme_authz *authz, struct acme_order *order,
                                struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    struct builder problem;
    bool all = false;
    enum status s = STATUS_OK;
    int64_t now_s = acme_now_s(acme);
    builder_init(&problem, ACME_RECORD_MAX);
    if (order->status != ACME_ORDER_PENDING || authz->status == ACME_AUTHZ_PENDING)
        goto done;
    if (acme_view_authz_is_valid(authz, now_s)) {
        s = are_all_valid(acme, order, now_s, &all, err);
        if (s != STATUS_OK || !all)
            goto done;
        order->status = ACME_ORDER_READY;
    } else {
        s = write_problem(authz, &problem, err);
        if (s != STATUS_OK)
            goto done;
        order->status = ACME_ORDER_INVALID;
        order->problem = builder_view(&problem);
    }
    s = store->put_order(store->context, order, err);
done:
    builder_clear(&problem);
    return s;
}

enum status acme_authz_settle_orders(struct acme *acme, const struct acme_authz *authz, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    acme_id ids[SETTLE_PAGE], after = 0;
    size_t count = 0;
    enum status s;
    do {
        s = store->list_authz_orders(store->context, authz->id, after, ids, SETTLE_PAGE, &count, err);
        for (size_t i = 0; s == STATUS_OK && i < count; i++) {
            struct acme_order_record record = {0};
            s = acme_order_read(acme, ids[i], &record, err);
            if (s == STATUS_OK)
                s = settle_order(acme, authz, &record.order, err);
            acme_order_clear(&record);
            after = ids[i];
        }
    } while (s == STATUS_OK && count == SETTLE_PAGE);
    return s;
}

/* ---- base/authz/ID ---- */

static void deactivate(struct acme_call *call, struct acme_authz *authz)
{
    const struct acme_store *store = call->acme->ports.store;
    int64_t now_s = acme_now_s(call->acme);
    struct error err = {0};
    if (!acme_view_authz_is_pending(authz, now_s) && !acme_view_authz_is_valid(authz, now_s)) {
        acme_reply_problem(call, 400, "malformed",
                           "only a pending or valid authorization can be deactivated [RFC8555 7.5.2]");
        return;
    }
    authz->status = ACME_AUTHZ_DEACTIVATED;
    authz->is_processing = false;
    enum status s = store->put_authz(store->context, authz, &err);
    if (s == STATUS_OK)
        s = acme_authz_settle_orders(call->acme, authz, &err);
    if (s == STATUS_OK)
        acme_authz_reply(call, 200, authz);
    else
        acme_reply_failure(call, &err);
}

void acme_authz_post(struct acme_call *call)
{
    struct acme_authz_record record = {0};
    const char *status;
    if (!acme_authz_open(call, &record)) {
        acme_authz_clear(&record);
        return;
    }
    if (call->is_post_as_get) {
        acme_challenge_resume(call->acme, &record.authz);
        acme_authz_reply(call, 200, &record.authz);
        acme_authz_clear(&record);
        return;
    }
    status = json_string_value(json_object_get(call->payload, "status"));
    if (status != NULL && strcmp(status, "deactivated") == 0)
        deactivate(call, &record.authz);
    else
        acme_reply_problem(call, 400, "malformed",
                           "an authorization changes by {\"status\": \"deactivated\"} alone [RFC8555 7.5.2]");
    acme_authz_clear(&record);
}

/* ---- base/new-authz ---- */

/* False when the call was answered. */
static bool read_wish(struct acme_call *call, struct acme_identifier *name, struct acme_authz_wish *wish)
{
    struct acme_choice choice;
    struct error err = {0};
    const char *problem = "malformed";
    enum status s = acme_choice_of(call->acme, call->profile, "", &choice, &err);
    if (s == STATUS_OK)
        s = acme_names_parse(json_object_get(call->payload, "identifier"), name, &problem, &err);
    if (s == STATUS_OK)
        problem = "malformed";
    if (s == STATUS_OK && name->value[0] == '*')
        s = error_set(&err, STATUS_MALFORMED,
                      "a wildcard is authorized by an order only [RFC8555 7.4.1]: send it to new-order");
    if (s == STATUS_OK) {
        problem = "rejectedIdentifier";
        s = acme_choice_check(&choice, name, 1, true, 0, 0, &err);
    }
    if (s == STATUS_OK) {
        *wish = (struct acme_authz_wish){.account = call->account.id, .name = name,
                                         .challenges = acme_choice_challenges(&choice),
                                         .is_intranet = acme_choice_is_internal(choice.profiles[0], name),
                                         .now_s = acme_now_s(call->acme)};
        if (acme_names_challenges(name, wish->challenges) == 0)
            s = error_set(&err, STATUS_REFUSED, "no challenge that is offered here can prove it");
    }
    if (s == STATUS_MALFORMED || s == STATUS_REFUSED || s == STATUS_CONFLICT)
        acme_reply_problem(call, 400, problem, "%s", err.text);
    else if (s != STATUS_OK)
        acme_reply_failure(call, &err);
    return s == STATUS_OK;
}

void acme_authz_create(struct acme_call *call)
{
    struct acme_authz_record record = {0};
    struct acme_identifier name;
    struct acme_authz_wish wish;
    struct error err = {0};
    char url[ACME_URL_SIZE];
    int64_t retry_after_ms = 0;
    int status = 200;
    if (!read_wish(call, &name, &wish))
        return;
    enum status s = acme_authz_find(call->acme, &wish, &record, &err);
    if (s == STATUS_NOT_FOUND) {
        status = 201;
        s = acme_limits_look_validation(call->acme, wish.account, &name, &retry_after_ms, &err);
        if (s == STATUS_OK)
            s = acme_authz_make(call->acme, &wish, &record.authz, &err);
    }
    if (s == STATUS_LIMIT) {
        acme_reply_limited(call, retry_after_ms, &err);
    } else if (s != STATUS_OK) {
        acme_reply_failure(call, &err);
    } else {
        acme_url(call->acme, ACME_URL_AUTHZ, record.authz.id, NULL, url);
        http_response_header(&call->x->response, "Location", url);
        acme_authz_reply(call, status, &record.authz);
    }
    acme_authz_clear(&record);
}
