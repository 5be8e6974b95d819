/* One request to one log: slow, failed, refused, or an SCT that verifies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_date.h"
#include "base/text.h"
#include "ct_json/ct_json.h"
#include "service/ct_submission/submission_internal.h"

void submission_attempt_free(struct submission_attempt *a)
{
    struct submission *s = a->submission;
    builder_clear(&a->sct);
    free(a);
    submission_release(s);
}

/* The answer is in: the log may be tried by others, and the submission goes on. */
static void conclude(struct submission_attempt *a)
{
    struct submission *s = a->submission;
    struct ct_submission *ct = s->ct;
    const struct timer_port *timer = &ct->config.timer;
    a->is_over = true;
    if (a->timer != 0)
        timer->cancel(timer->context, a->timer);
    a->timer = 0;
    if (a->is_trial)
        a->log->is_tried = false;
    bool is_trial = a->is_trial;
    if (s->is_over) {
        submission_attempt_free(a);
    } else {
        if (a->status == STATUS_OK && s->have_count < CT_POLICY_SCTS_NEEDED_MAX)
            s->have[s->have_count++] = a;
        submission_advance(s);
    }
    if (is_trial && !ct->is_stopping)
        submission_wake_all(ct);
}

/* ---- the signature, in the pool ---- */

static void run_check(void *cookie)
{
    struct submission_attempt *a = cookie;
    struct submission *s = a->submission;
    struct sct_list list;
    struct builder wrapped;
    struct sct one = {.serialized = builder_view(&a->sct)};
    builder_init(&wrapped, SCT_LIST_SIZE_MAX);
    struct sct_check check = {
        .subject = &s->subject, .log = a->row, .algorithms = s->ct->config.algorithms, .key = a->log->key,
        .at_s = submission_now_ms(s->ct) / 1000, .skew_s = SUBMISSION_SKEW_S,
    };
    /* It goes into a certificate that everybody downloads in each handshake. */
    a->status = a->sct.len > CT_SUBMISSION_SCT_MAX
                    ? error_set(&a->err, STATUS_LIMIT, "%zu bytes, more than %d", a->sct.len, CT_SUBMISSION_SCT_MAX)
                    : sct_list_write(&one, 1, &wrapped, &a->err);
    if (a->status == STATUS_OK)
        a->status = sct_list_parse(builder_view(&wrapped), &list, &a->err);
    if (a->status == STATUS_OK)
        a->status = sct_check(&check, &list.scts[0], &a->err);
    builder_clear(&wrapped);
}

static void done_check(void *cookie)
{
    struct submission_attempt *a = cookie;
    struct ct_submission *ct = a->submission->ct;
    char reason[ERROR_TEXT_MAX];
    if (a->status == STATUS_OK) {
        submission_logs_well(ct, a->log, submission_now_ms(ct) - a->started_ms, a->is_slow);
    } else {
        a->log->is_failing = false; /* said each time */
        (void)snprintf(reason, sizeof reason, "a wrong SCT: %.280s", a->err.text);
        submission_logs_failed(ct, a->log, 0, reason);
    }
    conclude(a);
}

/* ---- the answer ---- */

/* This submission, and none of the others, is not wanted. 403 is a log that takes no more of them. */
static bool is_refusal(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422;
}

/* What a log says, as far as it is text for a person. */
static void note_words(struct submission_attempt *a, const struct fetch_response *response)
{
    struct bytes body = response->body;
    size_t len = body.len < 120 ? body.len : 120;
    if (!text_is_printable_utf8(bytes_of(body.data, len)))
        len = 0;
    a->status = error_set(&a->err, STATUS_REFUSED, "HTTP %d %.*s", response->status, (int)len, (const char *)body.data);
}

static void refused(struct submission_attempt *a, const struct fetch_response *response)
{
    struct ct_submission *ct = a->submission->ct;
    note_words(a, response);
    metric_add(a->log->refusals, 1);
    events_report(&ct->config.events, EVENT_WARNING, "ct-refused", {"log", a->log->name}, {"reason", a->err.text});
    /* A log that answers is none that fails. */
    a->log->is_failing = false;
    a->log->pause_ms = 0;
    conclude(a);
}

static void failed(struct submission_attempt *a, int64_t pause_ms)
{
    submission_logs_failed(a->submission->ct, a->log, pause_ms, a->err.text);
    conclude(a);
}

static void answered(void *cookie, const struct fetch_response *response)
{
    struct submission_attempt *a = cookie;
    struct ct_submission *ct = a->submission->ct;
    struct sct sct;
    if (response->failure == FETCH_STOPPED || ct->is_stopping) {
        a->status = error_set(&a->err, STATUS_AGAIN, "stopping");
        conclude(a);
        return;
    }
    if (response->failure != FETCH_NO_FAILURE) {
        a->status = error_set(&a->err, STATUS_IO, "%s", response->failure_text);
        failed(a, 0);
        return;
    }
    if (is_refusal(response->status)) {
        refused(a, response);
        return;
    }
    if (response->status != 200) {
        note_words(a, response);
        failed(a, 1000 * http_date_retry_after(response->retry_after, submission_now_ms(ct) / 1000));
        return;
    }
    a->status = ct_json_parse_sct(response->body, &a->sct, &sct, &a->err);
    if (a->status != STATUS_OK)
        failed(a, 0);
    else
        ct->config.pool.submit(ct->config.pool.context, run_check, done_check, a);
}

/* ---- the request ---- */

static void on_slow(void *cookie)
{
    struct submission_attempt *a = cookie;
    struct submission *s = a->submission;
    char reason[64];
    a->timer = 0;
    a->is_slow = true;
    (void)snprintf(reason, sizeof reason, "no answer within %u ms", (unsigned)s->ct->config.log_timeout_ms);
    submission_logs_failed(s->ct, a->log, 0, reason);
    submission_advance(s);
}

static enum status send(struct submission_attempt *a, struct error *err)
{
    struct submission *s = a->submission;
    const struct ct_submission_config *config = &s->ct->config;
    char url[LOG_LIST_TEXT_MAX + 32];
    int64_t left_ms = s->deadline_ms - submission_now_ms(s->ct);
    (void)snprintf(url, sizeof url, "%s/ct/v1/%s", a->row->submission_url, s->is_precert ? "add-pre-chain" : "add-chain");
    struct fetch_request request = {
        .method = "POST", .url = url, .body = builder_view(&s->body), .content_type = "application/json", .accept = "application/json",
        .ca_file = config->ca_file, .timeout_ms = left_ms > 1 ? (uint32_t)left_ms : 1, .response_max = SUBMISSION_ANSWER_MAX,
    };
    return config->fetch.start(config->fetch.context, &request, answered, a, err);
}

enum status submission_attempt_start(struct submission *s, const struct log_list_log *row, struct error *err)
{
    struct ct_submission *ct = s->ct;
    struct submission_attempt *a = calloc(1, sizeof *a);
    if (a == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    a->submission = s;
    s->holders++;
    a->row = row;
    a->log = submission_logs_of(s->view, row);
    a->started_ms = submission_now_ms(ct);
    a->is_trial = a->log->is_failing;
    a->status = STATUS_AGAIN;
    builder_init(&a->sct, SUBMISSION_ANSWER_MAX);
    enum status status = send(a, err);
    if (status != STATUS_OK) {
        submission_attempt_free(a);
        return status;
    }
    if (a->is_trial)
        a->log->is_tried = true;
    s->asked[s->asked_count++] = a;
    a->timer = ct->config.timer.start(ct->config.timer.context, ct->config.log_timeout_ms, on_slow, a);
    return STATUS_OK;
}
