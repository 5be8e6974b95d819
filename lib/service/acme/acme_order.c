#include "service/acme/acme_order_text.h"
#include "service/acme/acme_orders.h"

/* URLs in one page of the list: 100 of them are 6 kB. */
#define ORDERS_PAGE 100

/* For clients that ask for nothing but the order: validations that ended with a former process. */
static void resume_validations(struct acme *acme, const struct acme_order *order)
{
    for (size_t i = 0; i < order->identifier_count; i++) {
        struct acme_authz_record record = {0};
        struct error err;
        if (acme_authz_read(acme, order->authorizations[i], &record, &err) == STATUS_OK)
            acme_challenge_resume(acme, &record.authz);
        acme_authz_clear(&record);
    }
}

void acme_order_post(struct acme_call *call)
{
    struct acme_order_record record = {0};
    if (acme_order_open(call, &record)) {
        if (record.order.status == ACME_ORDER_PENDING)
            resume_validations(call->acme, &record.order);
        acme_order_reply(call, 200, &record.order);
    }
    acme_order_clear(&record);
}

static void reply_page(struct acme_call *call, const acme_id *ids, size_t count)
{
    json_t *list = json_array();
    char url[ACME_URL_SIZE];
    for (size_t i = 0; i < count && i < ORDERS_PAGE; i++) {
        acme_url(call->acme, ACME_URL_ORDER, ids[i], NULL, url);
        if (json_array_append_new(list, json_string(url)) != 0) {
            acme_order_reply_busy(call, "no memory for this list");
            json_decref(list);
            return;
        }
    }
    if (count > ORDERS_PAGE) {
        acme_url(call->acme, ACME_URL_ACCOUNT_ORDERS, call->account.id, NULL, url);
        builder_printf(&call->x->response.headers, "Link: <%s?cursor=%llu>;rel=\"next\"\r\n", url,
                       (unsigned long long)ids[ORDERS_PAGE - 1]);
    }
    acme_reply_json(call, 200, json_pack("{s:o}", "orders", list));
}

void acme_order_list(struct acme_call *call)
{
    const struct acme_store *store = call->acme->ports.store;
    acme_id ids[ORDERS_PAGE + 1], after;
    size_t count = 0;
    struct error err = {0};
    if (!acme_order_text_cursor(call->x->request.query, &after))
        acme_reply_problem(call, 400, "malformed", "the cursor is a number of a Link that came from here");
    else if (store->list_orders(store->context, call->account.id, acme_now_s(call->acme), after, ids,
                                ORDERS_PAGE + 1, &count, &err) != STATUS_OK)
        acme_reply_failure(call, &err);
    else
        reply_page(call, ids, count);
}
