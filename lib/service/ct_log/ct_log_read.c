/* The reads on the loop: what is in memory is answered at once, the rest by the read worker. */
#include "service/ct_log/ct_log_read.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_FULL_S 1

static const struct {
    const char *name;
    enum ct_log_read_kind kind;
} reads[] = {
    {"get-sth", CT_LOG_GET_STH},
    {"get-roots", CT_LOG_GET_ROOTS},
    {"get-sth-consistency", CT_LOG_GET_CONSISTENCY},
    {"get-proof-by-hash", CT_LOG_GET_PROOF},
    {"get-entries", CT_LOG_GET_ENTRIES},
    {"get-entry-and-proof", CT_LOG_GET_ENTRY_AND_PROOF},
};

/* ---- out of memory's hand ---- */

static void answer_sth(const struct ct_log *log, struct http_exchange *x)
{
    uint8_t memory[DIGITALLY_SIGNED_SIZE_MAX];
    struct builder signature;
    struct error err;
    struct tree_head head = {.timestamp_ms = log->head.timestamp_ms, .size = log->head.size};
    const struct digitally_signed signed_by = {.algorithm = log->config.suite->signature,
                                               .signature = bytes_of(log->head.signature, log->head.signature_len)};
    memcpy(head.root, log->head.root, HASH_SIZE);
    builder_init_fixed(&signature, memory, sizeof memory);
    digitally_signed_write(&signed_by, &signature);
    enum status status = builder_status(&signature, "tree_head_signature", &err);
    if (status == STATUS_OK)
        status = ct_json_write_sth(log->config.suite, &head, builder_view(&signature), &x->response.body, &err);
    if (status != STATUS_OK) {
        ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "%s", err.text);
        return;
    }
    http_response_header(&x->response, "Cache-Control", "no-cache");
    ct_log_answer_json(x);
}

static void answer_roots(const struct ct_log *log, struct http_exchange *x)
{
    builder_bytes(&x->response.body, builder_view(&log->roots->json));
    ct_log_answer_json(x);
}

/* ---- on the worker ---- */

static void run_query(void *cookie)
{
    struct ct_log_query *q = cookie;
    ct_log_reader_answer(q->log->reader, q);
}

static void refuse_query(struct ct_log *log, struct http_exchange *x, const struct ct_log_query *q)
{
    if (q->status == STATUS_NOT_FOUND) {
        ct_log_refuse(x, 404, 0, "%s", q->err.text);
        return;
    }
    if (q->status == STATUS_AGAIN) {
        ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "%s", q->err.text);
        return;
    }
    /* The reason may name files: it is the operator's. */
    ct_log_report(log, EVENT_ERROR, "ct-log-read-failed", "reason", q->err.text);
    ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "the log cannot read this now");
}

static void end_query(void *cookie)
{
    struct ct_log_query *q = cookie;
    struct ct_log *log = q->log;
    struct http_exchange *x = q->x;
    ct_log_job_ended(log);
    log->read_count--;
    if (q->status == STATUS_OK) {
        /* Megabytes are handed over, not copied. */
        builder_clear(&x->response.body);
        x->response.body = q->body;
        builder_init(&q->body, CT_LOG_READ_BODY_MAX);
        ct_log_answer_json(x);
    } else {
        refuse_query(log, x, q);
    }
    builder_clear(&q->body);
    free(q);
}

static void start_query(struct ct_log *log, struct http_exchange *x, enum ct_log_read_kind kind)
{
    struct error err;
    struct ct_log_query *q = log->read_count < log->config.limits.reads_max ? calloc(1, sizeof *q) : NULL;
    if (q == NULL) {
        ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "too many reads are under way");
        return;
    }
    if (ct_log_query_parse(x->request.query, kind, q, &err) != STATUS_OK) {
        free(q);
        ct_log_refuse(x, 400, 0, "%s", err.text);
        return;
    }
    q->log = log;
    q->x = x;
    q->head = log->head;
    q->min_index = log->min_index;
    q->index_size = log->index_size;
    builder_init(&q->body, CT_LOG_READ_BODY_MAX);
    log->read_count++;
    ct_log_submit_job(log, &log->config.read_work, run_query, end_query, q);
}

bool ct_log_read(struct ct_log *log, struct http_exchange *x, struct bytes name)
{
    size_t i = 0;
    while (i < sizeof reads / sizeof reads[0] && !bytes_is_text(name, reads[i].name))
        i++;
    if (i == sizeof reads / sizeof reads[0])
        return false;
    metric_add(log->metrics.reads, 1);
    if (!bytes_is_text(x->request.method, "GET")) {
        http_response_header(&x->response, "Allow", "GET");
        ct_log_refuse(x, 405, 0, "only GET");
    } else if (reads[i].kind == CT_LOG_GET_STH) {
        answer_sth(log, x);
    } else if (reads[i].kind == CT_LOG_GET_ROOTS) {
        answer_roots(log, x);
    } else {
        start_query(log, x, reads[i].kind);
    }
    return true;
}
