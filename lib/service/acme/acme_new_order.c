/* new-order [RFC8555 7.4]: all is checked before anything is written. */
#include <stdlib.h>
#include <string.h>

#include "service/acme/acme_names.h"
#include "service/acme/acme_order_text.h"
#include "service/acme/acme_orders.h"

/* More than twice of what RFC 9773's certificate IDs of our CAs have. */
#define CERTIFICATE_ID_MAX 128

struct new_order {
    struct acme_call *call;
    int64_t now_s;
    struct acme_choice choice;
    bool is_profile_named;
    struct acme_order order;
    struct acme_identifier identifiers[ACME_IDENTIFIERS_MAX];
    size_t identifier_count;
    acme_id authorizations[ACME_IDENTIFIERS_MAX];
    struct acme_certificate_record replaced;
    bool is_renewal;
    struct error err;
};

/* All steps answer the call themselves and give false when the order cannot be made. */
static bool refuse(struct new_order *n, const char *type)
{
    acme_reply_problem(n->call, 400, type, "%s", n->err.text);
    return false;
}

/* ---- what was asked for ---- */

static bool read_time(struct new_order *n, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(n->call->payload, name);
    if (value == NULL || json_is_null(value) || acme_order_text_time(json_string_value(value), out))
        return true;
    acme_reply_problem(n->call, 400, "malformed",
                       "%s is a time in UTC as in \"2026-11-21T10:00:00Z\" [RFC8555 7.4]", name);
    return false;
}

static bool read_profile(struct new_order *n)
{
    const json_t *value = json_object_get(n->call->payload, "profile");
    const char *name = "";
    if (json_is_string(value))
        name = json_string_value(value);
    else if (value != NULL && !json_is_null(value)) {
        acme_reply_problem(n->call, 400, "malformed", "profile is a string");
        return false;
    }
    n->is_profile_named = name[0] != '\0' || n->call->profile != NULL;
    if (acme_choice_of(n->call->acme, n->call->profile, name, &n->choice, &n->err) != STATUS_OK)
        return refuse(n, "invalidProfile");
    return true;
}

static bool read_dates(struct new_order *n)
{
    struct acme_order *order = &n->order;
    if (!read_time(n, "notBefore", &order->not_before_s) || !read_time(n, "notAfter", &order->not_after_s))
        return false;
    if (acme_choice_check_dates(&n->choice, n->now_s, order->not_before_s, order->not_after_s, &n->err) != STATUS_OK)
        return refuse(n, n->is_profile_named ? "invalidProfile" : "malformed");
    return true;
}

/* ---- identifiers ---- */

/* Several wrong identifiers: one problem, each with a subproblem of its own [RFC8555 6.7.1]. */
struct complaints {
    json_t *problem;
    const char *type; /* of all, NULL at first, "compound" when they differ */
};

static void complain(struct complaints *c, const char *type, const char *reason, json_t *identifier)
{
    if (c->problem == NULL)
        c->problem = acme_problem_new(400, type, "%s", reason);
    acme_view_add_subproblem(c->problem, acme_problem_new(0, type, "%s", reason), identifier);
    if (c->type != NULL && strcmp(c->type, type) != 0)
        type = "compound";
    c->type = type;
}

static bool answer_complaints(struct new_order *n, struct complaints *c)
{
    if (c->problem == NULL)
        return true;
    if (strcmp(c->type, "compound") == 0)
        (void)json_object_set_new(c->problem, "type", json_string(ACME_PROBLEM_PREFIX "compound"));
    if (json_array_size(json_object_get(c->problem, "subproblems")) > 1)
        (void)json_object_set_new(c->problem, "detail",
                                  json_string("several identifiers cannot be in this order: see the subproblems"));
    acme_reply_document(n->call, c->problem);
    return false;
}

static bool read_identifiers(struct new_order *n)
{
    json_t *list = json_object_get(n->call->payload, "identifiers"), *item;
    struct complaints complaints = {0};
    size_t i;
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > ACME_IDENTIFIERS_MAX) {
        acme_reply_problem(n->call, 400, "malformed", "identifiers is an array of 1 to %d identifiers [RFC8555 7.4]",
                           ACME_IDENTIFIERS_MAX);
        return false;
    }
    json_array_foreach(list, i, item) {
        struct acme_identifier name;
        const char *problem;
        if (acme_names_parse(item, &name, &problem, &n->err) == STATUS_OK)
            acme_names_add(n->identifiers, &n->identifier_count, &name);
        else
            complain(&complaints, problem, n->err.text, json_is_object(item) ? json_deep_copy(item) : NULL);
    }
    return answer_complaints(n, &complaints);
}

/* Which of the identifiers does the linter not want? */
static bool refuse_identifiers(struct new_order *n, const struct acme_choice *candidates, const char *type)
{
    struct complaints complaints = {0};
    struct error why = {0};
    for (size_t i = 0; i < n->identifier_count; i++) {
        struct acme_choice choice = *candidates;
        enum status s = acme_choice_check(&choice, &n->identifiers[i], 1, n->identifier_count > 1, n->order.not_before_s,
                                          n->order.not_after_s, &why);
        if (s == STATUS_REFUSED || s == STATUS_CONFLICT)
            complain(&complaints, type, why.text, acme_identifier_json(&n->identifiers[i]));
    }
    if (complaints.problem == NULL) /* each alone would do */
        return refuse(n, type);
    return answer_complaints(n, &complaints);
}

static bool check_identifiers(struct new_order *n)
{
    struct acme_choice candidates = n->choice;
    enum status s = acme_choice_check(&n->choice, n->identifiers, n->identifier_count, false, n->order.not_before_s,
                                      n->order.not_after_s, &n->err);
    if (s == STATUS_CONFLICT)
        return refuse_identifiers(n, &candidates, n->is_profile_named ? "invalidProfile" : "rejectedIdentifier");
    if (s == STATUS_REFUSED)
        return refuse_identifiers(n, &candidates, "rejectedIdentifier");
    if (s != STATUS_OK) {
        acme_order_reply_outside(n->call, &n->err);
        return false;
    }
    unsigned offered = acme_choice_challenges(&n->choice);
    struct complaints complaints = {0};
    for (size_t i = 0; i < n->identifier_count; i++)
        if (acme_names_challenges(&n->identifiers[i], offered) == 0)
            complain(&complaints, "rejectedIdentifier", "no challenge that is offered here can prove it",
                     acme_identifier_json(&n->identifiers[i]));
    return answer_complaints(n, &complaints);
}

/* ---- replaces [RFC9773 5] ---- */

static bool shares_a_name(const struct new_order *n)
{
    struct bytes rest = n->replaced.certificate.names;
    struct acme_identifier name;
    while (acme_names_next_line(&rest, &name))
        for (size_t i = 0; i < n->identifier_count; i++)
            if (acme_names_equal(&name, &n->identifiers[i]))
                return true;
    return false;
}

/* Has an order that may still give a certificate replaced it already? */
static enum status check_not_replaced(struct new_order *n)
{
    struct acme_order_record other = {0};
    acme_id by = n->replaced.certificate.replaced_by;
    if (by == 0)
        return STATUS_OK;
    enum status s = acme_order_read(n->call->acme, by, &other, &n->err);
    if (s == STATUS_NOT_FOUND)
        s = STATUS_OK;
    else if (s == STATUS_OK && acme_view_order_status(&other.order, n->now_s) != ACME_ORDER_INVALID)
        s = error_set(&n->err, STATUS_CONFLICT, "this certificate has been replaced already by order %llu",
                      (unsigned long long)by);
    acme_order_clear(&other);
    return s;
}

static bool read_replaces(struct new_order *n)
{
    const json_t *value = json_object_get(n->call->payload, "replaces");
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_string(value) || json_string_length(value) > CERTIFICATE_ID_MAX) {
        acme_reply_problem(n->call, 400, "malformed", "replaces is a certificate ID [RFC9773 4.1]");
        return false;
    }
    n->order.replaces = bytes_of(json_string_value(value), json_string_length(value));
    enum status s = acme_renewal_find(n->call->acme, n->order.replaces, &n->replaced, &n->err);
    if (s == STATUS_OK && n->replaced.certificate.account != n->call->account.id) {
        acme_reply_problem(n->call, 403, "unauthorized", "replaces: that certificate belongs to another account");
        return false;
    }
    if (s == STATUS_OK && !shares_a_name(n))
        s = error_set(&n->err, STATUS_REFUSED, "that certificate has none of this order's identifiers");
    if (s == STATUS_OK)
        s = check_not_replaced(n);
    n->is_renewal = s == STATUS_OK;
    if (s == STATUS_CONFLICT)
        acme_reply_problem(n->call, 409, "alreadyReplaced", "%s", n->err.text);
    else if (s == STATUS_MALFORMED || s == STATUS_NOT_FOUND || s == STATUS_REFUSED)
        acme_reply_problem(n->call, 400, "malformed", "replaces: %s", n->err.text);
    else if (s != STATUS_OK)
        acme_reply_failure(n->call, &n->err);
    return n->is_renewal;
}

/* ---- limits, authorizations, and into the store ---- */

static bool check_status(struct new_order *n, enum status s, int64_t retry_after_ms)
{
    if (s == STATUS_LIMIT)
        acme_reply_limited(n->call, retry_after_ms, &n->err);
    else if (s != STATUS_OK)
        acme_reply_failure(n->call, &n->err);
    return s == STATUS_OK;
}

static bool take_limits(struct new_order *n)
{
    int64_t retry_after_ms = 0;
    bool is_due = n->is_renewal && acme_renewal_is_due(&n->replaced.certificate, n->now_s);
    if (is_due && n->replaced.certificate.replaced_by == 0)
        return true;
    /* A renewal that comes to nothing is an order like any other when it is tried again. */
    enum status s = acme_limits_take_order(n->call->acme, n->call->account.id, n->identifiers,
                                           is_due ? 0 : n->identifier_count, &retry_after_ms, &n->err);
    return check_status(n, s, retry_after_ms);
}

static bool authorize(struct new_order *n, size_t i)
{
    struct acme *acme = n->call->acme;
    struct acme_authz_record record = {0};
    int64_t retry_after_ms = 0;
    const struct acme_authz_wish wish = {
        .account = n->call->account.id, .name = &n->identifiers[i],
        .challenges = acme_choice_challenges(&n->choice),
        .is_intranet = acme_choice_is_internal(n->choice.profiles[0], &n->identifiers[i]),
        .now_s = n->now_s};
    enum status s = acme_authz_find(acme, &wish, &record, &n->err);
    if (s == STATUS_NOT_FOUND) {
        struct acme_identifier base;
        (void)acme_names_base(&n->identifiers[i], &base);
        s = acme_limits_look_validation(acme, wish.account, &base, &retry_after_ms, &n->err);
        if (s == STATUS_OK)
            s = acme_authz_make(acme, &wish, &record.authz, &n->err);
    }
    if (s == STATUS_OK) {
        n->authorizations[i] = record.authz.id;
        if (record.authz.expires_s < n->order.expires_s)
            n->order.expires_s = record.authz.expires_s;
        if (!acme_view_authz_is_valid(&record.authz, n->now_s))
            n->order.status = ACME_ORDER_PENDING;
    }
    acme_authz_clear(&record);
    return check_status(n, s, retry_after_ms);
}

static bool put_order(struct new_order *n)
{
    const struct acme_store *store = n->call->acme->ports.store;
    n->order.account = n->call->account.id;
    n->order.created_s = n->now_s;
    n->order.identifiers = n->identifiers;
    n->order.identifier_count = n->identifier_count;
    n->order.authorizations = n->authorizations;
    /* With two candidates the key of the request decides. */
    if (n->choice.count == 1)
        memcpy(n->order.profile, n->choice.profiles[0]->profile->name, sizeof n->order.profile);
    enum status s = store->put_order(store->context, &n->order, &n->err);
    if (s == STATUS_OK && n->is_renewal) {
        n->replaced.certificate.replaced_by = n->order.id;
        s = store->put_certificate(store->context, &n->replaced.certificate, &n->err);
    }
    return check_status(n, s, 0);
}

static void answer(struct new_order *n)
{
    struct acme_call *call = n->call;
    char url[ACME_URL_SIZE];
    acme_url(call->acme, ACME_URL_ORDER, n->order.id, NULL, url);
    http_response_header(&call->x->response, "Location", url);
    acme_order_reply(call, 201, &n->order);
}

void acme_order_create(struct acme_call *call)
{
    struct new_order *n = calloc(1, sizeof *n);
    if (n == NULL) {
        acme_order_reply_busy(call, "no memory for this order");
        return;
    }
    n->call = call;
    n->now_s = acme_now_s(call->acme);
    n->order.status = ACME_ORDER_READY;
    n->order.expires_s = n->now_s + call->acme->config->order_lifetime_s;
    bool is_good = read_profile(n) && read_dates(n) && read_identifiers(n) && check_identifiers(n) &&
                   read_replaces(n) && take_limits(n);
    for (size_t i = 0; is_good && i < n->identifier_count; i++)
        is_good = authorize(n, i);
    if (is_good && put_order(n))
        answer(n);
    acme_certificate_clear(&n->replaced);
    free(n);
}
