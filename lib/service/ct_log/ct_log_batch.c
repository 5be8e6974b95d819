/* Batches on the loop: what waits becomes one, is planned, appended and signed side by side, and is answered. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/ct/sct_input.h"
#include "service/ct_log/ct_log_internal.h"

static void free_batch(struct ct_log_batch *batch)
{
    builder_clear(&batch->run);
    builder_clear(&batch->note);
    free(batch->entries);
    free(batch->inputs);
    free(batch->rows);
    free(batch->jobs);
    free(batch);
}

/* ---- making one ---- */

/* Takes submissions off the queue, as many as fit. */
static void take_submissions(struct ct_log *log, struct ct_log_batch *batch)
{
    struct ct_log_submission **end = &batch->submissions;
    size_t bytes = 0;
    while (log->queue != NULL) {
        struct ct_log_submission *s = log->queue;
        bool fits = batch->entry_count + s->entry_count <= CT_LOG_BATCH_MAX && bytes + s->tile_bytes <= CT_LOG_BATCH_BYTES_MAX;
        if (!fits && batch->entry_count > 0)
            break;
        log->queue = s->next;
        log->queue_entries -= s->entry_count;
        log->queue_bytes -= s->tile_bytes;
        batch->entry_count += s->entry_count;
        bytes += s->tile_bytes;
        s->next = NULL;
        *end = s;
        end = &s->next;
    }
    if (log->queue == NULL)
        log->queue_end = &log->queue;
}

static bool list_entries(struct ct_log_batch *batch)
{
    size_t n = 0;
    batch->entries = calloc(batch->entry_count, sizeof *batch->entries);
    if (batch->entries == NULL)
        return false;
    for (struct ct_log_submission *s = batch->submissions; s != NULL; s = s->next)
        for (size_t i = 0; i < s->entry_count; i++)
            batch->entries[n++] = &s->entries[i];
    return true;
}

static bool make_jobs(struct ct_log_batch *batch)
{
    batch->job_count = (batch->entry_count + CT_LOG_SIGN_CHUNK - 1) / CT_LOG_SIGN_CHUNK;
    batch->jobs = calloc(batch->job_count, sizeof *batch->jobs);
    if (batch->jobs == NULL)
        return false;
    for (size_t i = 0; i < batch->job_count; i++) {
        size_t start = i * CT_LOG_SIGN_CHUNK, end = start + CT_LOG_SIGN_CHUNK;
        batch->jobs[i] = (struct ct_log_sign_job){
            .batch = batch, .start = start, .end = end < batch->entry_count ? end : batch->entry_count};
    }
    return true;
}

/* ---- its end ---- */

static void answer_all(struct ct_log_batch *batch)
{
    struct ct_log_submission *s = batch->submissions;
    /* The plan refuses what a closed or full log cannot take; what fails later may go well next time, whatever it was. */
    enum status failure = batch->is_planned ? STATUS_AGAIN : batch->status;
    while (s != NULL) {
        struct ct_log_submission *next = s->next;
        if (batch->status == STATUS_OK)
            ct_log_answer_submission(s);
        else
            ct_log_fail_submission(s, failure);
        s = next;
    }
}

static void count_batch(struct ct_log *log, const struct ct_log_batch *batch)
{
    const struct ct_log_metrics *m = &log->metrics;
    if (batch->status != STATUS_OK) {
        metric_add(m->failed, (double)batch->entry_count);
        return;
    }
    metric_add(m->batches, 1);
    metric_add(m->batch_entries, (double)batch->new_count);
    metric_add(m->duplicates, (double)(batch->entry_count - batch->new_count));
}

static void end_batch(struct ct_log_batch *batch)
{
    struct ct_log *log = batch->log;
    for (size_t i = 0; i < batch->job_count && batch->status == STATUS_OK; i++) {
        if (batch->jobs[i].status != STATUS_OK) {
            batch->status = batch->jobs[i].status;
            batch->err = batch->jobs[i].err;
        }
    }
    if (batch->status != STATUS_OK)
        ct_log_report(log, EVENT_ERROR, "ct-log-batch-failed", "reason", batch->err.text);
    count_batch(log, batch);
    answer_all(batch);
    free_batch(batch);
    log->batch_count--;
    ct_log_flush(log);
    ct_log_go_on(log);
}

static void part_ended(struct ct_log_batch *batch)
{
    if (--batch->jobs_left == 0)
        end_batch(batch);
}

/* ---- signing: in the pool ---- */

static enum status sign_entry(const struct ct_signer *signer, struct ct_log_entry *entry, struct builder *input,
                              struct error *err)
{
    struct builder signature;
    builder_reset(input);
    builder_init_fixed(&signature, entry->signature, sizeof entry->signature);
    enum status status = sct_input_write(&entry->tile.leaf, input, err);
    if (status == STATUS_OK)
        status = builder_status(input, "what an SCT signs", err);
    if (status == STATUS_OK)
        status = signer->sign_sct(signer->context, builder_view(input), &signature, err);
    if (status == STATUS_OK)
        status = builder_status(&signature, "a signature", err);
    entry->signature_len = signature.len;
    return status;
}

static void run_signing(void *cookie)
{
    struct ct_log_sign_job *job = cookie;
    struct builder input;
    builder_init(&input, LEAF_TILE_ENTRY_MAX);
    for (size_t i = job->start; i < job->end && job->status == STATUS_OK; i++)
        job->status = sign_entry(&job->batch->log->config.signer, job->batch->entries[i], &input, &job->err);
    builder_clear(&input);
}

static void end_signing(void *cookie)
{
    struct ct_log_sign_job *job = cookie;
    ct_log_job_ended(job->batch->log);
    part_ended(job->batch);
}

/* ---- planning and appending: on the worker ---- */

static void run_append(void *cookie)
{
    struct ct_log_batch *batch = cookie;
    ct_log_append(&batch->log->store, batch);
}

static void end_append(void *cookie)
{
    struct ct_log_batch *batch = cookie;
    struct ct_log *log = batch->log;
    ct_log_job_ended(log);
    if (batch->is_stopped) {
        ct_log_died(log, &batch->err);
    } else {
        log->index_size = batch->index_size;
        ct_log_published(log, &batch->head, &batch->note);
    }
    if (batch->index_status != STATUS_OK)
        ct_log_report(log, EVENT_WARNING, "ct-log-index-behind", "reason", batch->index_err.text);
    part_ended(batch);
}

static void run_plan(void *cookie)
{
    struct ct_log_batch *batch = cookie;
    ct_log_plan(&batch->log->store, batch);
}

static void end_plan(void *cookie)
{
    struct ct_log_batch *batch = cookie;
    struct ct_log *log = batch->log;
    ct_log_job_ended(log);
    log->is_planning = false;
    batch->jobs_left = 1;
    if (!batch->is_planned) {
        batch->job_count = 0;
        if (batch->is_stopped)
            ct_log_died(log, &batch->err);
        part_ended(batch);
        return;
    }
    batch->jobs_left += batch->job_count;
    ct_log_submit_job(log, &log->config.work, run_append, end_append, batch);
    for (size_t i = 0; i < batch->job_count; i++)
        ct_log_submit_job(log, &log->config.pool, run_signing, end_signing, &batch->jobs[i]);
    ct_log_flush(log);
}

static void start_batch(struct ct_log *log)
{
    struct ct_log_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return; /* the next flush tries again */
    batch->log = log;
    builder_init(&batch->run, LOG_BATCH_BYTES_MAX);
    builder_init(&batch->note, NOTE_SIZE_MAX);
    take_submissions(log, batch);
    log->batch_count++;
    if (!list_entries(batch) || !make_jobs(batch)) {
        batch->job_count = 0;
        batch->status = error_set(&batch->err, STATUS_NO_MEMORY, "out of memory");
        end_batch(batch);
        return;
    }
    log->is_planning = true;
    ct_log_submit_job(log, &log->config.work, run_plan, end_plan, batch);
}

/* ---- when ---- */

static void on_flush_timer(void *cookie)
{
    struct ct_log *log = cookie;
    log->flush_timer = 0;
    log->is_flush_due = true;
    ct_log_flush(log);
}

void ct_log_flush(struct ct_log *log)
{
    bool is_full = log->queue_entries >= CT_LOG_BATCH_MAX || log->queue_bytes >= CT_LOG_BATCH_BYTES_MAX;
    bool is_due = log->is_flush_due || log->is_stopping || log->is_freezing;
    /* A plan says where the next batch begins only when the one before is on its way. */
    if (log->queue != NULL && (is_full || is_due) && !log->is_planning && log->batch_count < CT_LOG_BATCHES_MAX) {
        log->is_flush_due = false;
        start_batch(log);
    }
    if (log->queue != NULL && log->flush_timer == 0 && !log->is_flush_due)
        log->flush_timer = log->config.timer.start(log->config.timer.context, log->config.flush_ms, on_flush_timer, log);
}

void ct_log_enqueue(struct ct_log *log, struct ct_log_submission *s)
{
    s->next = NULL;
    *log->queue_end = s;
    log->queue_end = &s->next;
    log->queue_entries += s->entry_count;
    log->queue_bytes += s->tile_bytes;
    ct_log_flush(log);
}
