/* An order on the loop: its steps that sign and store are the worker's, in batches that share their syncs; between them it waits
 * for the logs. */
#include <string.h>

#include "codec/x509/certificate.h"
#include "service/classic_issuer/classic_internal.h"

static void kick(struct classic_issuer *issuer);

bool classic_order_is_under_way(const struct classic_issuer *issuer, acme_id order)
{
    for (size_t i = 0; i < issuer->pending_count; i++)
        if (issuer->under_way[i] == order)
            return true;
    return false;
}

static void forget(struct classic_issuer *issuer, acme_id order)
{
    size_t i = 0;
    while (issuer->under_way[i] != order)
        i++;
    issuer->under_way[i] = issuer->under_way[--issuer->pending_count];
}

static void finish(struct classic_job *job)
{
    forget(job->issuer, job->order);
    job->done.issue(job->cookie, job->status, &job->issued, &job->err);
    classic_job_free(job);
}

static void wait_for_worker(struct classic_job *job)
{
    struct classic_queue *waiting = &job->issuer->waiting;
    job->next = NULL;
    if (waiting->first == NULL)
        waiting->first = job;
    else
        waiting->last->next = job;
    waiting->last = job;
}

/* ---- SCTs ---- */

static void scts_come(void *cookie, enum status status, struct bytes scts, const struct error *err)
{
    struct classic_job *job = cookie;
    builder_bytes(&job->scts, scts);
    if (status == STATUS_OK)
        status = builder_status(&job->scts, "SCT list", &job->err);
    else
        job->err = *err;
    if (status == STATUS_OK && job->issuer->is_stopping)
        status = error_set(&job->err, STATUS_AGAIN, "the CA is stopping");
    job->status = status;
    job->step = STEP_KEEP_SCTS;
    if (status != STATUS_OK) {
        /* The order stays; the CA goes on with its precertificate when it is asked again. */
        job->status = STATUS_AGAIN;
        finish(job);
        return;
    }
    wait_for_worker(job);
    kick(job->issuer);
}

static void ask_logs(struct classic_job *job)
{
    const struct classic_issuer_config *config = &job->issuer->config;
    const struct bytes chain[] = {builder_view(&job->precert), config->certificate};
    struct sct_request request = {
        .policy = job->profile->ct_policy, .is_gm = job->profile->is_gm, .is_precert = true, .chain = chain, .chain_count = 2,
    };
    enum status s = job->issuer->is_stopping ? error_set(&job->err, STATUS_AGAIN, "the CA is stopping")
                                             : config->scts.start(config->scts.context, &request, scts_come, job, &job->err);
    if (s == STATUS_OK)
        return;
    job->status = STATUS_AGAIN;
    finish(job);
}

/* ---- batches ---- */

static void run_batch(void *cookie)
{
    struct classic_issuer *issuer = cookie;
    classic_steps_run(issuer, issuer->batch);
}

static void done_batch(void *cookie)
{
    struct classic_issuer *issuer = cookie;
    struct classic_job *job = issuer->batch, *next;
    bool has_new = false;
    issuer->batch = NULL;
    for (; job != NULL; job = next) {
        next = job->next;
        has_new = has_new || (job->status == STATUS_OK && job->step == STEP_DONE && job->scts.len > 0);
        if (job->status == STATUS_OK && job->step == STEP_GET_SCTS)
            ask_logs(job);
        else
            finish(job);
    }
    if (has_new)
        classic_publish_soon(issuer);
    kick(issuer);
}

static void kick(struct classic_issuer *issuer)
{
    if (issuer->batch != NULL || issuer->waiting.first == NULL)
        return;
    struct classic_job *last = issuer->waiting.first;
    for (size_t i = 1; i < CLASSIC_BATCH_MAX && last->next != NULL; i++)
        last = last->next;
    issuer->batch = issuer->waiting.first;
    issuer->waiting.first = last->next;
    last->next = NULL;
    issuer->config.worker.submit(issuer->config.worker.context, run_batch, done_batch, issuer);
}

void classic_order_add(struct classic_job *job)
{
    struct classic_issuer *issuer = job->issuer;
    issuer->under_way[issuer->pending_count++] = job->order;
    job->step = STEP_MAKE;
    wait_for_worker(job);
    kick(issuer);
}
