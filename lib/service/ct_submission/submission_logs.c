/* How each log has been doing, by its ID: it outlives the lists that name it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ct_submission/submission_internal.h"

/* A name as it may stand in a metric's label. */
static void set_label(struct submission_log *log)
{
    char plain[LOG_LIST_TEXT_MAX + 1];
    size_t i = 0;
    for (; log->name[i] != '\0'; i++) {
        unsigned char c = (unsigned char)log->name[i];
        plain[i] = isalnum(c) || strchr(" ._:/'()+-", c) != NULL ? (char)c : '_';
    }
    plain[i] = '\0';
    (void)snprintf(log->label, sizeof log->label, "log=\"%s\"", plain);
}

static void make_metrics(struct ct_submission *ct, struct submission_log *log)
{
    struct metrics *m = ct->config.metrics;
    log->scts = metrics_counter(m, "cathaya_ct_scts_total", log->label, "SCTs of this log that verified.");
    log->failures = metrics_counter(m, "cathaya_ct_failures_total", log->label,
                                    "Requests to this log that failed, were too slow or were answered with a wrong SCT.");
    log->refusals = metrics_counter(m, "cathaya_ct_refusals_total", log->label, "Submissions that this log did not want.");
    log->seconds = metrics_histogram(m, "cathaya_ct_answer_seconds", log->label, "Time until this log's SCT was here.");
}

struct submission_log *submission_logs_find(struct ct_submission *ct, const struct log_list_log *row)
{
    struct submission_log *log = ct->logs;
    while (log != NULL && memcmp(log->log_id, row->log_id, HASH_SIZE) != 0)
        log = log->next;
    if (log != NULL)
        return log;
    log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    memcpy(log->log_id, row->log_id, HASH_SIZE);
    (void)snprintf(log->name, sizeof log->name, "%s", row->description[0] != '\0' ? row->description : row->submission_url);
    set_label(log);
    make_metrics(ct, log);
    /* Public lists have RSA keys too: their SCTs are judged by the list's row, if anybody has the algorithm. */
    const struct signature_alg *alg = algorithms_by_name(ct->config.algorithms, bytes_of_text(row->suite->algorithm));
    if (alg == NULL || public_key_new(alg, log_list_key(row), &log->key, NULL) != STATUS_OK)
        log->key = NULL;
    log->next = ct->logs;
    ct->logs = log;
    return log;
}

void submission_logs_free(struct ct_submission *ct)
{
    while (ct->logs != NULL) {
        struct submission_log *log = ct->logs;
        ct->logs = log->next;
        public_key_free(log->key);
        free(log);
    }
}

struct submission_log *submission_logs_of(const struct submission_view *view, const struct log_list_log *row)
{
    return view->logs[(size_t)(row - log_list_at(&view->list, 0))];
}

bool submission_logs_may_ask(const struct submission_log *log, int64_t now_ms)
{
    return !log->is_failing || (!log->is_tried && now_ms >= log->pause_end_ms);
}

void submission_logs_well(struct ct_submission *ct, struct submission_log *log, int64_t took_ms, bool was_slow)
{
    metric_add(log->scts, 1);
    metric_observe(log->seconds, (double)took_ms / 1000);
    if (!log->is_failing || was_slow)
        return;
    log->is_failing = log->is_tried = false;
    log->pause_ms = 0;
    events_report(&ct->config.events, EVENT_INFO, "ct-log-well", {"log", log->name});
}

void submission_logs_failed(struct ct_submission *ct, struct submission_log *log, int64_t retry_after_ms, const char *reason)
{
    int64_t now_ms = submission_now_ms(ct);
    metric_add(log->failures, 1);
    if (!log->is_failing)
        events_report(&ct->config.events, EVENT_WARNING, "ct-log-failing", {"log", log->name}, {"reason", reason});
    if (retry_after_ms > CT_SUBMISSION_RETRY_AFTER_MAX_MS)
        retry_after_ms = CT_SUBMISSION_RETRY_AFTER_MAX_MS;
    /* Those who asked together fail together: one pause. */
    if (!log->is_failing || now_ms >= log->pause_end_ms) {
        log->pause_ms = log->pause_ms == 0 ? CT_SUBMISSION_PAUSE_MIN_MS : log->pause_ms * 2;
        if (log->pause_ms > CT_SUBMISSION_PAUSE_MAX_MS)
            log->pause_ms = CT_SUBMISSION_PAUSE_MAX_MS;
        log->pause_end_ms = now_ms + (int64_t)log->pause_ms;
    }
    if (log->pause_end_ms < now_ms + retry_after_ms)
        log->pause_end_ms = now_ms + retry_after_ms;
    log->is_failing = true;
}
