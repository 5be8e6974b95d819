/* From "processing" to "valid" [RFC8555 7.1.6].
 *
 * An order that is processing is durable with its key before its CA hears of it, and the CA gives one
 * certificate for it however often it is asked. So whatever happens is answered by asking again: a full
 * pool, a failure of the CA or of the store, a crash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "service/acme/acme_names.h"
#include "service/acme/acme_orders.h"

/* A full pool empties with the next checkpoint. */
#define TURNED_AWAY_FIRST_MS 200
#define TURNED_AWAY_MAX_MS 5000
/* A CA that fails: at first soon, then as often as an operator can read about it. */
#define FAILED_FIRST_MS 1000
#define FAILED_MAX_MS 60000
#define RESUME_PAGE 256

struct issuance {
    struct acme_flight flight; /* id: of the order */
    struct acme *acme;
    uint64_t turned_away_ms, failed_ms; /* the last pause of its kind */
    bool is_refused;                    /* so ended the last try */
    int64_t started_ms;
    char ca[ACME_NAME_SIZE];
};

static void try_now(void *cookie);

static int64_t now_ms(const struct acme *acme)
{
    return acme->ports.clock->now_ms(acme->ports.clock->context);
}

static void count_flights(const struct acme *acme)
{
    metric_set(acme->orders->metrics.processing, (double)acme->orders->issuances.count);
}

/* ---- full pools ---- */

bool acme_issuance_is_full(const struct acme *acme, const char *ca)
{
    const struct acme_orders *orders = acme->orders;
    for (size_t i = 0; i < ACME_PROFILES_MAX; i++)
        if (orders->full[i].until_ms > now_ms(acme) && strcmp(orders->full[i].ca, ca) == 0)
            return true;
    return false;
}

/* For a moment nobody is let in that could be told to wait. */
static void note_full(struct acme *acme, const char *ca)
{
    struct acme_orders *orders = acme->orders;
    size_t oldest = 0;
    for (size_t i = 0; i < ACME_PROFILES_MAX; i++) {
        if (strcmp(orders->full[i].ca, ca) == 0) {
            oldest = i;
            break;
        }
        if (orders->full[i].until_ms < orders->full[oldest].until_ms)
            oldest = i;
    }
    (void)snprintf(orders->full[oldest].ca, sizeof orders->full[oldest].ca, "%s", ca);
    orders->full[oldest].until_ms = now_ms(acme) + TURNED_AWAY_FIRST_MS;
}

/* ---- answers ---- */

static void answer_order(struct acme_call *call)
{
    struct acme_order_record record = {0};
    if (acme_order_open(call, &record)) {
        char url[ACME_URL_SIZE];
        acme_url(call->acme, ACME_URL_ORDER, record.order.id, NULL, url);
        http_response_header(&call->x->response, "Location", url);
        acme_order_reply(call, 200, &record.order);
    }
    acme_order_clear(&record);
}

static void answer_failure(struct acme_call *call)
{
    struct error err;
    (void)error_set(&err, STATUS_IO, "finalize: what was asked for could not be made durable");
    acme_reply_failure(call, &err);
}

static void report(struct issuance *n, enum event_level level, const char *what, const char *reason)
{
    char order[24];
    (void)snprintf(order, sizeof order, "%llu", (unsigned long long)n->flight.id);
    const struct event_field fields[] = {{"order", order}, {"ca", n->ca}, {"reason", reason}};
    acme_event(n->acme, level, what, NULL, fields, reason == NULL ? 2 : 3);
}

/* ---- the end ---- */

void acme_issuance_free(struct acme *acme, struct acme_flight *flight)
{
    struct issuance *n = (struct issuance *)flight;
    acme->ports.timer->cancel(acme->ports.timer->context, n->flight.timer);
    acme_flight_remove(&acme->orders->issuances, flight);
    count_flights(acme);
    free(n);
}

static void finish(struct issuance *n, void (*answer)(struct acme_call *call))
{
    acme_flight_answer(&n->flight, answer);
    acme_issuance_free(n->acme, &n->flight);
}

/* Asks again after a pause that doubles, with a part that is each order's own: not all at once. */
static void try_later(struct issuance *n, uint64_t *pause_ms, uint64_t first_ms, uint64_t max_ms)
{
    const struct timer_port *timer = n->acme->ports.timer;
    *pause_ms = *pause_ms == 0 ? first_ms : *pause_ms * 2;
    if (*pause_ms > max_ms)
        *pause_ms = max_ms;
    if (n->acme->is_stopping) /* the next process goes on */
        finish(n, NULL);
    else
        n->flight.timer = timer->start(timer->context, *pause_ms + n->flight.id % (first_ms / 2), try_now, n);
}

static void try_later_failed(struct issuance *n, const struct error *err)
{
    report(n, EVENT_WARNING, "issuance-delayed", err->text);
    try_later(n, &n->failed_ms, FAILED_FIRST_MS, FAILED_MAX_MS);
}

static void committed(void *cookie, bool is_committed)
{
    struct issuance *n = cookie;
    struct error err;
    if (is_committed) {
        struct acme_orders *orders = n->acme->orders;
        metric_add(n->is_refused ? orders->metrics.refused : orders->metrics.valid, 1);
        if (!n->is_refused)
            metric_observe(orders->metrics.issue_seconds, (double)(now_ms(n->acme) - n->started_ms) / 1000);
        finish(n, NULL);
        return;
    }
    (void)error_set(&err, STATUS_IO, "the result could not be made durable");
    try_later_failed(n, &err);
}

/* ---- what the CA said ---- */

static enum status put_valid(struct issuance *n, struct acme_order *order, const struct acme_issued *issued,
                             struct error *err)
{
    const struct acme_store *store = n->acme->ports.store;
    struct acme_certificate c = {.order = order->id, .account = order->account, .not_before_s = issued->not_before_s,
                                 .not_after_s = issued->not_after_s, .der = issued->der};
    struct builder names;
    if (issued->serial_len == 0 || issued->serial_len > sizeof c.serial)
        return error_set(err, STATUS_REFUSED, "the CA gave a serial number of %zu bytes", issued->serial_len);
    if (!hash_label_sha256(&order->spki, 1, c.spki_hash))
        return error_set(err, STATUS_NO_MEMORY, "hash of the certificate's key");
    memcpy(c.ca, n->ca, sizeof c.ca);
    memcpy(c.profile, order->profile, sizeof c.profile);
    memcpy(c.serial, issued->serial, issued->serial_len);
    c.serial_len = issued->serial_len;
    builder_init(&names, ACME_RECORD_MAX);
    acme_names_write_lines(order->identifiers, order->identifier_count, &names);
    enum status s = builder_status(&names, "names of a certificate", err);
    c.names = builder_view(&names);
    if (s == STATUS_OK)
        s = store->put_certificate(store->context, &c, err);
    builder_clear(&names);
    if (s != STATUS_OK)
        return s;
    order->status = ACME_ORDER_VALID;
    order->certificate = c.id;
    order->spki = bytes_of(NULL, 0);
    return store->put_order(store->context, order, err);
}

static enum status put_invalid(struct issuance *n, struct acme_order *order, const struct error *why,
                               struct error *err)
{
    const struct acme_store *store = n->acme->ports.store;
    struct builder problem;
    builder_init(&problem, ACME_RECORD_MAX);
    enum status s = acme_view_problem_text(
        acme_problem_new(403, "rejectedIdentifier", "the CA does not issue this certificate: %s", why->text), &problem, err);
    order->status = ACME_ORDER_INVALID;
    order->problem = builder_view(&problem);
    order->spki = bytes_of(NULL, 0);
    if (s == STATUS_OK)
        s = store->put_order(store->context, order, err);
    builder_clear(&problem);
    return s;
}

/* The record is written; the calls are answered when it is durable, for the frame holds them. */
static void settle(struct issuance *n, const struct acme_issued *issued, const struct error *why)
{
    struct acme_order_record record = {0};
    struct error err = {0};
    enum status s = acme_order_read(n->acme, n->flight.id, &record, &err);
    bool is_wanted = s == STATUS_OK && record.order.status == ACME_ORDER_PROCESSING;
    n->is_refused = issued == NULL;
    if (is_wanted)
        s = issued != NULL ? put_valid(n, &record.order, issued, &err) : put_invalid(n, &record.order, why, &err);
    if (is_wanted && s == STATUS_OK) {
        report(n, issued != NULL ? EVENT_INFO : EVENT_WARNING, issued != NULL ? "order-valid" : "order-refused",
               issued != NULL ? NULL : why->text);
        acme_flight_answer(&n->flight, NULL);
        if (!acme_after_commit(n->acme, committed, n))
            s = error_set(&err, STATUS_NO_MEMORY, "no memory to note the end of an order");
    }
    acme_order_clear(&record);
    if (!is_wanted && (s == STATUS_OK || s == STATUS_NOT_FOUND)) {
        finish(n, NULL);
    } else if (s != STATUS_OK) {
        /* Otherwise nothing was written, and the others' work in this turn is good. */
        if (s == STATUS_IO || s == STATUS_NO_MEMORY)
            acme_store_failed(n->acme, &err);
        try_later_failed(n, &err);
    }
}

static void issued_or_not(void *cookie, enum status status, const struct acme_issued *issued, const struct error *err)
{
    struct issuance *n = cookie;
    if (status == STATUS_OK)
        settle(n, issued, NULL);
    else if (status == STATUS_REFUSED)
        settle(n, NULL, err);
    else
        try_later_failed(n, err);
}

/* ---- asking the CA ---- */

/* Until when may what was validated be relied on? An order may have waited through an outage of its CA. */
static enum status read_new_until(struct acme *acme, const struct acme_order *order, int64_t *until_s, struct error *err)
{
    enum status s = STATUS_OK;
    *until_s = INT64_MAX;
    for (size_t i = 0; s == STATUS_OK && i < order->identifier_count; i++) {
        struct acme_authz_record record = {0};
        const struct acme_authz *authz = &record.authz;
        int64_t one_s = 1; /* of one that is gone: long ago */
        s = acme_authz_read(acme, order->authorizations[i], &record, err);
        if (s == STATUS_OK)
            one_s = authz->expires_s;
        if (s == STATUS_OK && !authz->is_intranet && authz->caa_checked_s + ACME_CAA_MAX_S < one_s)
            one_s = authz->caa_checked_s + ACME_CAA_MAX_S;
        if (one_s < *until_s)
            *until_s = one_s;
        if (s == STATUS_NOT_FOUND)
            s = STATUS_OK;
        acme_authz_clear(&record);
    }
    return s;
}

static enum status ask(struct issuance *n, const struct acme_order *order, struct error *err)
{
    const struct acme_profile *profile = acme_find_profile(n->acme, bytes_of_text(order->profile));
    if (profile == NULL)
        return error_set(err, STATUS_AGAIN,
                         "the configuration has no profile %s any more, and an order that is processing needs it",
                         order->profile);
    (void)snprintf(n->ca, sizeof n->ca, "%s", profile->issuer->ca);
    struct acme_issue_request request = {
        .order = order->id, .profile = order->profile, .identifiers = order->identifiers,
        .identifier_count = order->identifier_count, .spki = order->spki,
        .not_before_s = order->not_before_s, .not_after_s = order->not_after_s};
    enum status s = read_new_until(n->acme, order, &request.new_until_s, err);
    return s != STATUS_OK ? s : profile->issuer->issue(profile->issuer->context, &request, issued_or_not, n, err);
}

static void try_now(void *cookie)
{
    struct issuance *n = cookie;
    struct acme_order_record record = {0};
    struct error err = {0};
    n->flight.timer = 0;
    enum status s = acme_order_read(n->acme, n->flight.id, &record, &err);
    bool is_wanted = s == STATUS_OK && record.order.status == ACME_ORDER_PROCESSING;
    bool is_store_failing = s != STATUS_OK && s != STATUS_NOT_FOUND;
    if (is_wanted)
        s = ask(n, &record.order, &err);
    acme_order_clear(&record);
    if (is_store_failing) {
        acme_store_failed(n->acme, &err);
        try_later_failed(n, &err);
    } else if (!is_wanted) {
        finish(n, NULL);
    } else if (s == STATUS_LIMIT) {
        note_full(n->acme, n->ca);
        try_later(n, &n->turned_away_ms, TURNED_AWAY_FIRST_MS, TURNED_AWAY_MAX_MS);
    } else if (s == STATUS_REFUSED) {
        settle(n, NULL, &err);
    } else if (s != STATUS_OK) {
        try_later_failed(n, &err);
    }
}

static void start_after_commit(void *cookie, bool is_committed)
{
    struct issuance *n = cookie;
    if (!is_committed || n->acme->is_stopping)
        finish(n, is_committed ? NULL : answer_failure);
    else
        try_now(n);
}

static struct issuance *add(struct acme *acme, acme_id order, const char *ca)
{
    struct issuance *n = calloc(1, sizeof *n);
    if (n == NULL)
        return NULL;
    n->flight.id = order;
    n->acme = acme;
    (void)snprintf(n->ca, sizeof n->ca, "%s", ca);
    n->started_ms = now_ms(acme);
    acme_flight_add(&acme->orders->issuances, &n->flight);
    count_flights(acme);
    return n;
}

bool acme_issuance_start(struct acme *acme, const struct acme_order *order, const char *ca,
                         struct acme_call *waiter)
{
    struct issuance *n = add(acme, order->id, ca);
    if (n == NULL)
        return false;
    if (!acme_after_commit(acme, start_after_commit, n)) {
        acme_issuance_free(acme, &n->flight);
        return false;
    }
    if (waiter != NULL)
        acme_flight_wait(&n->flight, acme->ports.timer, (uint64_t)acme->config->finalize_wait_ms, waiter, answer_order);
    return true;
}

enum status acme_issuance_resume(struct acme *acme, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    acme_id ids[RESUME_PAGE], after = 0;
    size_t count = 0;
    do {
        enum status s = store->list_processing(store->context, after, ids, RESUME_PAGE, &count, err);
        if (s != STATUS_OK)
            return s;
        for (size_t i = 0; i < count; i++) {
            struct issuance *n = add(acme, ids[i], "");
            if (n == NULL)
                return error_set(err, STATUS_NO_MEMORY, "no memory for the orders that are processing");
            after = ids[i];
            try_now(n);
        }
    } while (count == RESUME_PAGE);
    return STATUS_OK;
}
