/* classic_internal.h - the parts of the ACME side of the classic issuer; private to service/classic_issuer.
 *
 *   acme_classic_issuer.c  the port: names, checks, reading certificates
 *   classic_order.c        an order on the loop: batches for the worker, SCTs in between
 *   classic_steps.c        the steps of an order on the worker
 *   classic_objects.c      names and contents of the store's objects
 *   classic_revoke.c       revoking
 *   classic_publish.c      final certificates to the logs
 */
#ifndef CATHAYA_SERVICE_CLASSIC_ISSUER_CLASSIC_INTERNAL_H
#define CATHAYA_SERVICE_CLASSIC_ISSUER_CLASSIC_INTERNAL_H

#include "service/classic_issuer/acme_classic_issuer.h"

/* GeneralNames, a chain as PEM. */
#define CLASSIC_NAMES_MAX (32 * 1024)
#define CLASSIC_PEM_MAX (256 * 1024)
/* Orders that share their two syncs; more would keep the first ones waiting. */
#define CLASSIC_BATCH_MAX 64

/* What an order's job needs next. */
enum classic_step {
    STEP_MAKE,      /* a TBSCertificate */
    STEP_SIGN,      /* that TBSCertificate is durable */
    STEP_GET_SCTS,  /* its precertificate is durable: on the loop */
    STEP_KEEP_SCTS, /* they have come */
    STEP_FINISH,    /* they are durable */
    STEP_DONE
};

/* One request on its way: what it asks for, and the answer. */
struct classic_job {
    struct classic_job *next; /* among the waiting ones, or of the batch */
    struct classic_issuer *issuer;
    const struct certificate_profile *profile;
    acme_id order;
    struct builder names, spki; /* GeneralNames and the key */
    int64_t not_before_s, not_after_s, new_until_s, revoked_s;
    int reason;
    enum classic_step step;
    bool is_linted; /* tbs is, as this process made it */
    bool has_put;   /* something that is not durable yet */
    struct builder tbs, precert, scts, der, pem;
    struct acme_issued issued;
    enum status status;
    struct error err;
    union {
        acme_issue_done *issue;
        acme_read_done *read;
        acme_revoke_done *revoke;
    } done;
    void *cookie;
};

struct classic_queue {
    struct classic_job *first, *last;
};

struct classic_publisher;

struct classic_issuer {
    struct classic_issuer_config config;
    struct classic_authority authority;
    size_t pending_count;
    bool is_stopping;
    struct classic_queue waiting;
    struct classic_job *batch; /* the worker's, NULL when it has none */
    acme_id *under_way; /* pending_count orders */
    struct classic_publisher *publisher;
};

struct classic_job *classic_job_new(struct classic_issuer *issuer, acme_id order, void *cookie);
void classic_job_free(struct classic_job *job);

int64_t classic_now_s(const struct classic_issuer *issuer);

/* classic_validity sets what was not asked for, and checks it against the CA's own. */
MUST_USE enum status classic_validity(const struct classic_issuer_config *config, const struct certificate_profile *profile,
                                      int64_t *not_before_s, int64_t *not_after_s, struct error *err);

/* ---- classic_order.c, on the loop ---- */

/* classic_order_add takes the job of an order, which has its place among the orders under way. */
void classic_order_add(struct classic_job *job);
bool classic_order_is_under_way(const struct classic_issuer *issuer, acme_id order);

/* ---- classic_steps.c, on the worker ---- */

/* classic_steps_run takes each job of a batch as far as it goes without the logs. */
void classic_steps_run(struct classic_issuer *issuer, struct classic_job *first);

/* ---- classic_objects.c ---- */

/* classic_objects_get appends an order's object of that kind. STATUS_NOT_FOUND. */
MUST_USE enum status classic_objects_get(const struct classic_issuer *issuer, const char *kind, acme_id order, struct builder *out,
                                         struct error *err);
MUST_USE enum status classic_objects_put(const struct classic_issuer *issuer, const char *kind, acme_id order, struct bytes value,
                                         struct error *err);
/* classic_objects_get_signed appends the certificate of that serial number; of an order of this ACME server, or of one whose
 * database is this one's backup. STATUS_NOT_FOUND. */
MUST_USE enum status classic_objects_get_signed(const struct classic_issuer *issuer, struct bytes serial, acme_id order,
                                                struct builder *out, struct error *err);
/* classic_objects_sync is the end of a job of the worker that has put something, or tried to: with STATUS_OK so far it makes
 * that durable. With a failure it returns that, and what was put is durable or undone, so that the next job finds a store that
 * works. */
MUST_USE enum status classic_objects_sync(const struct object_store *store, enum status so_far, struct error *err);
/* classic_objects_put_issued writes issued/<serial> of a signed certificate or precertificate. */
MUST_USE enum status classic_objects_put_issued(const struct classic_issuer *issuer, acme_id order, struct bytes der,
                                                bool is_precert, struct error *err);
/* classic_objects_index writes issued/ for certificates from before there was one, once. */
MUST_USE enum status classic_objects_index(const struct classic_issuer *issuer, struct error *err);

/* ---- classic_revoke.c ---- */

void classic_revoke(void *context, const struct acme_certificate *certificate, int reason, acme_revoke_done *done, void *cookie);

/* ---- classic_publish.c, on the loop ---- */

MUST_USE enum status classic_publish_new(struct classic_issuer *issuer, struct error *err);
void classic_publish_free(struct classic_issuer *issuer);
/* classic_publish_soon: there is something to tell. */
void classic_publish_soon(struct classic_issuer *issuer);
void classic_publish_stop(struct classic_issuer *issuer);
/* classic_publish_note writes submit/<order>, on the worker. */
MUST_USE enum status classic_publish_note(const struct classic_job *job, struct error *err);

#endif
