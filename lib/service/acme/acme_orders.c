#include "service/acme/acme_orders.h"

#include <stdlib.h>

/* Often enough that there is never much to do, with few records at once: requests wait meanwhile. */
#define EXPIRE_INTERVAL_MS 60000
#define EXPIRE_MAX 500
/* When there was more to do than that. */
#define EXPIRE_AGAIN_MS 1000

static void expire(void *cookie)
{
    struct acme *acme = cookie;
    const struct acme_store *store = acme->ports.store;
    const struct timer_port *timer = acme->ports.timer;
    struct error err = {0};
    size_t removed = 0;
    if (store->expire(store->context, acme_now_s(acme), acme->config->keep_certificates_s, EXPIRE_MAX, &removed,
                      &err) != STATUS_OK) {
        acme_store_failed(acme, &err);
        removed = 0;
    }
    acme->orders->expire_timer =
        timer->start(timer->context, removed < EXPIRE_MAX ? EXPIRE_INTERVAL_MS : EXPIRE_AGAIN_MS, expire, acme);
}

#define ORDERS "cathaya_acme_orders_total"
#define ORDERS_HELP "Orders that came to their end after finalize, by result."
#define AUTHORIZATIONS "cathaya_acme_authorizations_total"
#define AUTHORIZATIONS_HELP "Validated authorizations, by result."

static void make_metrics(struct acme_orders *orders, struct metrics *m)
{
    orders->metrics.valid = metrics_counter(m, ORDERS, "result=\"valid\"", ORDERS_HELP);
    orders->metrics.refused = metrics_counter(m, ORDERS, "result=\"invalid\"", ORDERS_HELP);
    orders->metrics.authorized = metrics_counter(m, AUTHORIZATIONS, "result=\"valid\"", AUTHORIZATIONS_HELP);
    orders->metrics.unauthorized = metrics_counter(m, AUTHORIZATIONS, "result=\"invalid\"", AUTHORIZATIONS_HELP);
    orders->metrics.issue_seconds =
        metrics_histogram(m, "cathaya_acme_issue_seconds", "", "From a finalized order to its durable certificate.");
    orders->metrics.processing =
        metrics_gauge(m, "cathaya_acme_orders_processing", "", "Finalized orders without a certificate.");
    orders->metrics.validating = metrics_gauge(m, "cathaya_acme_validations", "", "Validations under way.");
}

enum status acme_orders_new(struct acme *acme, struct error *err)
{
    struct acme_orders *orders = calloc(1, sizeof *orders);
    if (orders == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the orders");
    orders->acme = acme;
    acme->orders = orders;
    make_metrics(orders, acme->ports.metrics);
    return STATUS_OK;
}

enum status acme_orders_start(struct acme *acme, struct error *err)
{
    const struct timer_port *timer = acme->ports.timer;
    enum status s = acme_issuance_resume(acme, err);
    if (s == STATUS_OK)
        acme->orders->expire_timer = timer->start(timer->context, EXPIRE_INTERVAL_MS, expire, acme);
    return s;
}

static void free_all(struct acme *acme, bool is_idle)
{
    struct acme_orders *orders = acme->orders;
    struct acme_flight *flight;
    while ((flight = acme_flight_any(&orders->validations, is_idle)) != NULL)
        acme_challenge_free(acme, flight);
    while ((flight = acme_flight_any(&orders->issuances, is_idle)) != NULL)
        acme_issuance_free(acme, flight);
}

static void answer_all(struct acme_flight *flight, void *cookie)
{
    (void)cookie;
    acme_flight_answer(flight, NULL);
}

void acme_orders_stop(struct acme *acme)
{
    struct acme_orders *orders = acme->orders;
    acme->ports.timer->cancel(acme->ports.timer->context, orders->expire_timer);
    orders->expire_timer = 0;
    /* What is under way goes on to its end; who waits for it is told how it stands. */
    acme_flight_for_each(&orders->validations, answer_all, NULL);
    acme_flight_for_each(&orders->issuances, answer_all, NULL);
    free_all(acme, true);
    acme_sweep_stop(acme);
}

void acme_orders_free(struct acme *acme)
{
    if (acme->orders == NULL)
        return;
    acme_sweep_stop(acme);
    acme->ports.timer->cancel(acme->ports.timer->context, acme->orders->expire_timer);
    free_all(acme, false);
    free(acme->orders);
    acme->orders = NULL;
}
