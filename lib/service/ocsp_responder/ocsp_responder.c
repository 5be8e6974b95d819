#include "service/ocsp_responder/ocsp_responder.h"

#include <stdlib.h>
#include <string.h>

#include "service/ocsp_responder/ocsp_answer.h"
#include "service/ocsp_responder/ocsp_http.h"

/* After a failure of store or signer nothing new is asked of them for so long. */
#define PAUSE_S 10

struct ocsp_responder {
    struct ocsp_responder_config config;
    struct ocsp_issuer issuer;
    struct ocsp_signing signing; /* the worker's */
    struct ocsp_cache cache;
    size_t pending_count, unshared_count; /* unshared: of the pending ones */
    uint64_t generation; /* one more with every status that has changed */
    int64_t pause_until_s; /* store or signer have failed: the worker, which issues too, is not kept waiting by each request */
    struct metric *kept, *signed_new, *refused, *failed;
};

/* A request on its way through the worker. */
struct job {
    struct ocsp_responder *responder;
    struct http_exchange *x;
    struct builder der; /* of the request; what was read of it borrows from here */
    struct ocsp_request request;
    uint64_t generation;
    struct ocsp_answer_times times;
    struct builder response;
    enum status status;
    struct error err;
};

static int64_t now_s(const struct ocsp_responder *responder)
{
    return responder->config.clock.now_ms(responder->config.clock.context) / 1000;
}

static void job_free(struct job *job)
{
    builder_clear(&job->response);
    builder_clear(&job->der);
    free(job);
}

static void fail(struct ocsp_responder *responder, struct http_exchange *x, enum ocsp_response_status status)
{
    metric_add(status == OCSP_INTERNAL_ERROR || status == OCSP_TRY_LATER ? responder->failed : responder->refused, 1);
    ocsp_http_failure(x, status);
    x->send(x);
}

/* ---- on the worker ---- */

static void run_answer(void *cookie)
{
    struct job *job = cookie;
    struct ocsp_responder *responder = job->responder;
    job->status = ocsp_answer_make(&responder->config, &responder->signing, &job->request, &job->response, &job->times, &job->err);
}

/* One about a single certificate without a nonce is for everybody. */
static bool is_for_all(const struct ocsp_responder *responder, const struct ocsp_request *request)
{
    return request->id_count == 1 && (!responder->config.has_nonce || request->nonce.len == 0);
}

static void done_answer(void *cookie)
{
    struct job *job = cookie;
    struct ocsp_responder *responder = job->responder;
    bool is_shared = is_for_all(responder, &job->request);
    responder->pending_count--;
    responder->unshared_count -= !is_shared;
    if (job->status == STATUS_OK) {
        metric_add(responder->signed_new, 1);
        ocsp_http_answer(job->x, &job->times, builder_view(&job->response), now_s(responder));
        /* What has changed meanwhile may be this one. */
        if (is_shared && job->generation == responder->generation)
            ocsp_cache_put(&responder->cache, &job->request.ids[0], &job->times, builder_view(&job->response));
        job->x->send(job->x);
    } else if (job->status == STATUS_NOT_FOUND) {
        fail(responder, job->x, OCSP_UNAUTHORIZED);
    } else {
        responder->pause_until_s = now_s(responder) + PAUSE_S;
        events_report(&responder->config.events, EVENT_ERROR, "ocsp-failed", {"ca", responder->config.ca}, {"reason", job->err.text});
        fail(responder, job->x, job->status == STATUS_AGAIN ? OCSP_TRY_LATER : OCSP_INTERNAL_ERROR);
    }
    job_free(job);
}

/* ---- on the loop ---- */

static bool is_closed(const struct ocsp_responder *responder)
{
    int64_t left_s = responder->pause_until_s - now_s(responder);
    /* A clock that has gone back makes it no longer. */
    return responder->pending_count == OCSP_RESPONDER_PENDING_MAX || (left_s > 0 && left_s <= PAUSE_S);
}

static bool answer_from_cache(struct ocsp_responder *responder, struct http_exchange *x, const struct ocsp_request *request)
{
    if (!is_for_all(responder, request))
        return false;
    const struct ocsp_cached *kept = ocsp_cache_find(&responder->cache, &request->ids[0]);
    int64_t now = now_s(responder);
    bool is_busy = is_closed(responder);
    if (kept == NULL || now < kept->times.this_update_s || now >= (is_busy ? kept->times.next_update_s : kept->times.fresh_until_s))
        return false;
    metric_add(responder->kept, 1);
    ocsp_http_answer(x, &kept->times, bytes_of(kept->response, kept->response_len), now);
    x->send(x);
    return true;
}

static void submit(struct ocsp_responder *responder, struct job *job)
{
    for (size_t i = 0; i < job->request.id_count; i++) {
        if (!ocsp_answer_is_ours(&responder->issuer, &job->request.ids[i])) {
            fail(responder, job->x, OCSP_UNAUTHORIZED);
            job_free(job);
            return;
        }
    }
    if (answer_from_cache(responder, job->x, &job->request)) {
        job_free(job);
        return;
    }
    bool is_shared = is_for_all(responder, &job->request);
    if (is_closed(responder) || (!is_shared && responder->unshared_count == OCSP_RESPONDER_UNSHARED_MAX)) {
        fail(responder, job->x, OCSP_TRY_LATER);
        job_free(job);
        return;
    }
    responder->pending_count++;
    responder->unshared_count += !is_shared;
    job->generation = responder->generation;
    responder->config.worker.submit(responder->config.worker.context, run_answer, done_answer, job);
}

static enum status read_request(const struct ocsp_responder *responder, struct job *job, struct error *err)
{
    const struct http_request *r = &job->x->request;
    enum status s = STATUS_OK;
    if (bytes_is_text(r->method, "POST"))
        builder_bytes(&job->der, r->body);
    else
        s = ocsp_http_read_path(responder->config.prefix, r->path, &job->der, err);
    if (s == STATUS_OK)
        s = builder_status(&job->der, "OCSP request", err);
    return s == STATUS_OK ? ocsp_request_parse(builder_view(&job->der), &job->request, err) : s;
}

static void handle(void *context, struct http_exchange *x)
{
    struct ocsp_responder *responder = context;
    struct error err;
    struct bytes method = x->request.method;
    if (!bytes_is_text(method, "GET") && !bytes_is_text(method, "POST")) {
        http_response_header(&x->response, "Allow", "GET, POST");
        http_respond_text(&x->response, 405, "text/plain", "OCSP is asked with GET and POST\n");
        x->send(x);
        return;
    }
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        fail(responder, x, OCSP_TRY_LATER);
        return;
    }
    job->responder = responder;
    job->x = x;
    builder_init(&job->der, OCSP_REQUEST_SIZE_MAX);
    builder_init(&job->response, OCSP_RESPONSE_SIZE_MAX);
    if (read_request(responder, job, &err) == STATUS_OK) {
        submit(responder, job);
        return;
    }
    fail(responder, x, OCSP_MALFORMED_REQUEST);
    job_free(job);
}

/* ---- ---- */

enum status ocsp_responder_new(const struct ocsp_responder_config *config, struct ocsp_responder **out, struct error *err)
{
    *out = NULL;
    if (config->validity_s < OCSP_RESPONDER_VALIDITY_MIN_S || config->validity_s > OCSP_RESPONDER_VALIDITY_MAX_S)
        return error_set(err, STATUS_USAGE, "OCSP responses are good for 8 hours to 10 days [BR 4.9.10]");
    struct ocsp_responder *responder = calloc(1, sizeof *responder);
    if (responder == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    responder->config = *config;
    responder->cache.max = OCSP_RESPONDER_CACHE_MAX;
    builder_init(&responder->signing.certificate, OCSP_ANSWER_CERTIFICATE_MAX);
    enum status s = ocsp_answer_read_issuer(config->issuer_name, config->issuer_spki, &responder->issuer, err);
    if (s != STATUS_OK) {
        ocsp_responder_free(responder);
        return s;
    }
    responder->kept = metrics_counter(config->metrics, "cathaya_ocsp_kept_total", config->metrics_labels,
                                      "OCSP requests answered with a response that was signed before.");
    responder->signed_new = metrics_counter(config->metrics, "cathaya_ocsp_signed_total", config->metrics_labels,
                                            "OCSP requests answered with a new signature.");
    responder->refused = metrics_counter(config->metrics, "cathaya_ocsp_refused_total", config->metrics_labels,
                                         "OCSP requests that were malformed, or about no certificate of this CA.");
    responder->failed = metrics_counter(config->metrics, "cathaya_ocsp_failed_total", config->metrics_labels,
                                        "OCSP requests that could not be answered.");
    *out = responder;
    return STATUS_OK;
}

void ocsp_responder_free(struct ocsp_responder *responder)
{
    if (responder == NULL)
        return;
    ocsp_cache_clear(&responder->cache);
    builder_clear(&responder->signing.certificate);
    free(responder);
}

enum status ocsp_responder_set_signer(struct ocsp_responder *responder, const struct document_signer *signer,
                                      struct bytes certificate, struct error *err)
{
    return ocsp_answer_set_signer(&responder->signing, signer, certificate, err);
}

struct http_handler ocsp_responder_handler(struct ocsp_responder *responder)
{
    return (struct http_handler){.context = responder, .body_max = OCSP_REQUEST_SIZE_MAX, .handle = handle};
}

void ocsp_responder_forget(struct ocsp_responder *responder, struct bytes serial)
{
    responder->generation++;
    ocsp_cache_forget(&responder->cache, serial);
}
