/* What clients are told. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "service/ct_log/ct_log_internal.h"

#define JSON_TYPE "application/json; charset=utf-8"
/* What a log says is public: pages may ask it from anywhere, as they may its tiles. */
#define FOR_EVERYBODY "Access-Control-Allow-Origin", "*"
/* A batch that failed is over, and the engine is opened again some seconds later. */
#define RETRY_AFTER_FAILURE_S 5

/* Reasons quote what was sent, and may cut a character in two: JSON has no such texts. */
static void make_plain(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

void ct_log_refuse(struct http_exchange *x, int status, uint32_t retry_after_s, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_plain(text);
    x->response.status = status;
    http_response_header(&x->response, "Content-Type", JSON_TYPE);
    http_response_header(&x->response, "Cache-Control", "no-store");
    http_response_header(&x->response, FOR_EVERYBODY);
    if (retry_after_s > 0)
        builder_printf(&x->response.headers, "Retry-After: %u\r\n", retry_after_s);
    builder_reset(&x->response.body);
    ct_json_write_error(text, &x->response.body);
    x->send(x);
}

void ct_log_answer_json(struct http_exchange *x)
{
    if (!builder_is_good(&x->response.body)) {
        ct_log_refuse(x, 503, RETRY_AFTER_FAILURE_S, "out of memory");
        return;
    }
    x->response.status = 200;
    http_response_header(&x->response, "Content-Type", JSON_TYPE);
    http_response_header(&x->response, FOR_EVERYBODY);
    x->send(x);
}

/* The SCT of an entry; its DigitallySigned, which JSON has whole, is put together by the writer. */
static struct sct sct_of(const struct ct_log *log, const struct ct_log_entry *entry)
{
    return (struct sct){.version = SCT_V1,
                        .log_id = BYTES_OF(log->log_id),
                        .timestamp_ms = entry->tile.leaf.timestamp_ms,
                        .extensions = BYTES_OF(entry->extensions),
                        .algorithm = log->config.suite->signature,
                        .signature = bytes_of(entry->signature, entry->signature_len)};
}

static enum status write_scts(const struct ct_log_submission *s, struct builder *out, struct error *err)
{
    struct sct *scts = calloc(s->entry_count, sizeof *scts);
    if (scts == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < s->entry_count; i++)
        scts[i] = sct_of(s->log, &s->entries[i]);
    enum status status = ct_json_write_scts(scts, s->entry_count, out, err);
    free(scts);
    return status;
}

void ct_log_answer_submission(struct ct_log_submission *s)
{
    struct ct_log *log = s->log;
    struct http_exchange *x = s->x;
    struct error err;
    enum status status;
    if (s->kind == CT_LOG_ADD_MTC) {
        status = write_scts(s, &x->response.body, &err);
    } else {
        struct sct sct = sct_of(log, &s->entries[0]);
        status = ct_json_write_sct(&sct, &x->response.body, &err);
    }
    if (status != STATUS_OK) {
        ct_log_fail_submission(s, status);
        return;
    }
    metric_add(log->metrics.submissions[s->kind], (double)s->entry_count);
    log->answer_ms = log->config.clock.now_ms(log->config.clock.context) - s->now_ms;
    metric_observe(log->metrics.answer_seconds, (double)log->answer_ms / 1000);
    ct_log_submission_free(s);
    ct_log_answer_json(x);
}

void ct_log_fail_submission(struct ct_log_submission *s, enum status status)
{
    struct http_exchange *x = s->x;
    ct_log_submission_free(s);
    if (status == STATUS_REFUSED)
        ct_log_refuse(x, 403, 0, "this log takes no more submissions");
    else
        ct_log_refuse(x, 503, RETRY_AFTER_FAILURE_S, "the log could not take this now; nothing is lost, submit it again");
}
