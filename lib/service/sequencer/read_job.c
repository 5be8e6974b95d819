/* Certificates that are asked for. */
#include <stdlib.h>

#include "service/sequencer/sequencer_internal.h"

/* A leaf with 16 of the longest built-in signatures, and its CA, in base64. */
#define CHAIN_MAX ((size_t)512 * 1024)
/* SCTs come a checkpoint and a request after the certificate. */
#define PARTIAL_RETRY_S 5

struct reading {
    uint16_t log_number;
    uint64_t index;
    enum sequencer_form form;
    bool with_properties;
    sequencer_read_done *done;
    void *cookie;
    struct builder pem;
    bool is_partial;
};

static void run(struct job *job)
{
    struct reading *r = job->data;
    const struct sequencer_ca *ca = &job->s->config.ca;
    job->status = ca->write_chain(ca->context, r->log_number, r->index, r->form, r->with_properties, &r->pem, &r->is_partial, &job->err);
    if (job->status == STATUS_OK)
        job->status = builder_status(&r->pem, "chain", &job->err);
}

static void finish(struct job *job)
{
    struct reading *r = job->data;
    struct sequencer *s = job->s;
    struct bytes pem = {NULL, 0};
    int64_t retry_after_s = 0;
    s->read_count--;
    if (job->status == STATUS_OK) {
        pem = builder_view(&r->pem);
        retry_after_s = r->is_partial ? PARTIAL_RETRY_S : 0;
    }
    /* The next landmark, and a moment for it to be made. */
    if (job->status == STATUS_AGAIN)
        retry_after_s = (int64_t)sequencer_status(s).landmark_in_s + 1;
    r->done(r->cookie, job->status, pem, retry_after_s, &job->err);
}

static void clear(struct job *job)
{
    struct reading *r = job->data;
    builder_clear(&r->pem);
    free(r);
}

enum status sequencer_read(struct sequencer *s, uint16_t log_number, uint64_t index, enum sequencer_form form,
                           bool with_properties, sequencer_read_done *done, void *cookie, struct error *err)
{
    if (s->read_count == SEQUENCER_READS_MAX)
        return error_set(err, STATUS_LIMIT, "%d certificates are being read: try again in a moment", SEQUENCER_READS_MAX);
    struct reading *r = malloc(sizeof *r);
    struct job *job = job_new(s, run, finish);
    if (r == NULL || job == NULL) {
        free(r);
        free(job);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    *r = (struct reading){log_number, index, form, with_properties, done, cookie, {.data = NULL}, false};
    builder_init(&r->pem, CHAIN_MAX);
    job->data = r;
    job->clear = clear;
    job->is_always_finished = true;
    s->read_count++;
    job_start(job);
    return STATUS_OK;
}
