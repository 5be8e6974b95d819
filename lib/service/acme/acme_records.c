#include "service/acme/acme_orders.h"

enum status acme_order_read(struct acme *acme, acme_id id, struct acme_order_record *out,
                            struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    builder_init(&out->memory, ACME_RECORD_MAX);
    return store->get_order(store->context, id, &out->memory, &out->order, err);
}

void acme_order_clear(struct acme_order_record *record)
{
    builder_clear(&record->memory);
}

enum status acme_authz_read(struct acme *acme, acme_id id, struct acme_authz_record *out,
                            struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    builder_init(&out->memory, ACME_RECORD_MAX);
    return store->get_authz(store->context, id, &out->memory, &out->authz, err);
}

void acme_authz_clear(struct acme_authz_record *record)
{
    builder_clear(&record->memory);
}

enum status acme_certificate_read(struct acme *acme, acme_id id,
                                  struct acme_certificate_record *out, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    builder_init(&out->memory, ACME_RECORD_MAX);
    return store->get_certificate(store->context, id, &out->memory, &out->certificate, err);
}

void acme_certificate_clear(struct acme_certificate_record *record)
{
    builder_clear(&record->memory);
}

/* True when the record was read and is the caller's own. */
static bool is_theirs(struct acme_call *call, enum status s, acme_id owner, const char *what,
                      const struct error *err)
{
    if (s == STATUS_NOT_FOUND)
        acme_reply_problem(call, 404, "malformed", "there is no such %s", what);
    else if (s != STATUS_OK)
        acme_reply_failure(call, err);
    else if (owner != call->account.id)
        acme_reply_problem(call, 403, "unauthorized", "this %s belongs to another account", what);
    else
        return true;
    return false;
}

bool acme_order_open(struct acme_call *call, struct acme_order_record *out)
{
    struct error err = {0};
    enum status s = acme_order_read(call->acme, call->id, out, &err);
    return is_theirs(call, s, out->order.account, "order", &err);
}

bool acme_authz_open(struct acme_call *call, struct acme_authz_record *out)
{
    struct error err = {0};
    enum status s = acme_authz_read(call->acme, call->id, out, &err);
    return is_theirs(call, s, out->authz.account, "authorization", &err);
}

bool acme_certificate_open(struct acme_call *call, struct acme_certificate_record *out)
{
    struct error err = {0};
    enum status s = acme_certificate_read(call->acme, call->id, out, &err);
    return is_theirs(call, s, out->certificate.account, "certificate", &err);
}

void acme_order_reply_outside(struct acme_call *call, const struct error *err)
{
    struct error copy = *err;
    copy.status = STATUS_AGAIN;
    acme_reply_failure(call, &copy);
}

void acme_order_reply_busy(struct acme_call *call, const char *what)
{
    http_response_header(&call->x->response, "Retry-After", "1");
    acme_reply_problem(call, 503, "serverInternal", "%s; try again in a moment, nothing is lost", what);
}
