#include "service/acme/acme_sweep.h"

#include <stdlib.h>

#include "service/acme/acme_orders.h"

/* Certificates at once: requests are answered in between. */
#define SWEEP_PAGE 64

struct swept {
    struct acme_sweep *sweep;
    acme_id certificate;
    enum status status;
    struct error err;
};

struct acme_sweep {
    struct acme *acme;
    struct acme_certificate_query query; /* after: what comes next */
    int reason;
    bool is_dry_run;
    struct acme_sweep_report report;
    uint64_t timer; /* for the next page; 0: one is under way */
    struct swept page[SWEEP_PAGE];
    size_t page_count, page_left;
    uint64_t count, failed_count;
};

static void next_page(void *cookie);

static void end(struct acme_sweep *sweep, enum status status, const struct error *err)
{
    struct acme_sweep_report report = sweep->report;
    uint64_t count = sweep->count, failed_count = sweep->failed_count;
    sweep->acme->orders->sweep = NULL;
    free(sweep);
    report.end(report.cookie, status, count, failed_count, err);
}

static void leave(struct acme_sweep *sweep)
{
    struct error err;
    end(sweep, error_set(&err, STATUS_AGAIN, "the server is stopping: start it again for the rest"), &err);
}

static void plan_next(struct acme_sweep *sweep)
{
    const struct timer_port *timer = sweep->acme->ports.timer;
    if (sweep->acme->is_stopping)
        leave(sweep);
    else
        sweep->timer = timer->start(timer->context, 0, next_page, sweep);
}

/* Tells of one, and goes on after the last of a page. */
static void tell(struct swept *one)
{
    struct acme_sweep *sweep = one->sweep;
    struct acme_certificate_record record = {0};
    struct error err = {0};
    enum status s = acme_certificate_read(sweep->acme, one->certificate, &record, &err);
    sweep->count++;
    if (one->status != STATUS_OK)
        sweep->failed_count++;
    if (s == STATUS_OK)
        sweep->report.each(sweep->report.cookie, &record.certificate, one->status, &one->err);
    acme_certificate_clear(&record);
    if (--sweep->page_left == 0)
        plan_next(sweep);
}

static void committed(void *cookie, bool is_committed)
{
    struct swept *one = cookie;
    if (!is_committed && one->status == STATUS_OK)
        one->status = error_set(&one->err, STATUS_IO, "the revocation could not be made durable in the store");
    tell(one);
}

/* Even what failed is told after a commit, so that all calls come from one place. */
static void settle(struct swept *one)
{
    if (acme_after_commit(one->sweep->acme, committed, one))
        return;
    one->status = error_set(&one->err, STATUS_NO_MEMORY, "no memory to note a revocation");
    acme_store_failed(one->sweep->acme, &one->err);
    tell(one);
}

static void was_revoked(void *cookie, enum status status, const struct error *err)
{
    struct swept *one = cookie;
    struct acme *acme = one->sweep->acme;
    one->status = status;
    if (status != STATUS_OK) {
        one->err = *err;
        settle(one);
        return;
    }
    one->status = acme_revoke_note(acme, one->certificate, one->sweep->reason, true, &one->err);
    if (one->status == STATUS_CONFLICT) /* its owner was faster */
        one->status = STATUS_OK;
    if (one->status == STATUS_IO || one->status == STATUS_NO_MEMORY)
        acme_store_failed(acme, &one->err);
    settle(one);
}

static void revoke(struct swept *one)
{
    struct acme_sweep *sweep = one->sweep;
    struct acme_certificate_record record = {0};
    one->status = acme_certificate_read(sweep->acme, one->certificate, &record, &one->err);
    const struct acme_issuer *issuer = acme_find_issuer(sweep->acme, record.certificate.ca);
    if (one->status == STATUS_OK && issuer == NULL)
        one->status = error_set(&one->err, STATUS_NOT_FOUND, "the configuration has no CA %s any more",
                                record.certificate.ca);
    if (one->status != STATUS_OK || sweep->is_dry_run)
        settle(one);
    else
        issuer->revoke(issuer->context, &record.certificate, sweep->reason, was_revoked, one);
    acme_certificate_clear(&record);
}

static void next_page(void *cookie)
{
    struct acme_sweep *sweep = cookie;
    const struct acme_store *store = sweep->acme->ports.store;
    acme_id ids[SWEEP_PAGE];
    struct error err = {0};
    sweep->timer = 0;
    enum status s = store->list_certificates(store->context, &sweep->query, ids, SWEEP_PAGE, &sweep->page_count, &err);
    if (s != STATUS_OK || sweep->page_count == 0) {
        if (s == STATUS_IO)
            acme_store_failed(sweep->acme, &err);
        end(sweep, s, &err);
        return;
    }
    sweep->page_left = sweep->page_count;
    sweep->query.after = ids[sweep->page_count - 1];
    for (size_t i = 0; i < sweep->page_count; i++)
        sweep->page[i] = (struct swept){.sweep = sweep, .certificate = ids[i]};
    /* The last call of a page may be the end of it. */
    for (size_t i = 0, count = sweep->page_count; i < count; i++)
        revoke(&sweep->page[i]);
}

void acme_sweep_stop(struct acme *acme)
{
    struct acme_sweep *sweep = acme->orders->sweep;
    if (sweep == NULL || sweep->timer == 0)
        return;
    acme->ports.timer->cancel(acme->ports.timer->context, sweep->timer);
    leave(sweep);
}

static bool is_reason_allowed(int reason)
{
    /* 0 unspecified, 1 keyCompromise, 3 affiliationChanged, 4 superseded, 5 cessationOfOperation,
     * 9 privilegeWithdrawn, which is the CA's alone to say. */
    return reason == 0 || reason == 1 || (reason >= 3 && reason <= 5) || reason == 9;
}

enum status acme_revoke_matching(struct acme *acme, const struct acme_certificate_query *query, int reason,
                                 bool is_dry_run, const struct acme_sweep_report *report, struct error *err)
{
    if (!is_reason_allowed(reason))
        return error_set(err, STATUS_REFUSED, "%d is no reason to revoke a TLS certificate: 0, 1, 3, 4, 5 or 9 is", reason);
    if (acme->orders->sweep != NULL || acme->is_stopping)
        return error_set(err, STATUS_AGAIN, "another mass revocation is under way, or the server is stopping");
    struct acme_sweep *sweep = calloc(1, sizeof *sweep);
    if (sweep == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a mass revocation");
    sweep->acme = acme;
    sweep->query = *query;
    sweep->query.is_unrevoked_only = true;
    sweep->reason = reason;
    sweep->is_dry_run = is_dry_run;
    sweep->report = *report;
    acme->orders->sweep = sweep;
    plan_next(sweep);
    return STATUS_OK;
}
