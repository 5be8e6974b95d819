#include "service/validation/attempt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "crypto/hash.h"

static void leave(struct attempt *a)
{
    struct validation *v = a->owner;
    if (v == NULL)
        return;
    LIST_REMOVE(v->attempts, a);
    v->attempt_count--;
    metric_set(v->under_way, (double)v->attempt_count);
    a->owner = NULL;
}

static void free_attempt(struct attempt *a)
{
    leave(a);
    bytes_wipe(a, sizeof *a);
    free(a);
}

void attempt_hold(struct attempt *a)
{
    a->held++;
}

void attempt_release(struct attempt *a)
{
    if (--a->held == 0 && a->is_answered)
        free_attempt(a);
}

static void report(const struct attempt *a)
{
    const struct validation *v = a->owner;
    const char *name = validation_method_name(a->request.challenge), *method = name != NULL ? name : "";
    validation_count(v, a->request.challenge, a->problem == NULL);
    double seconds = (double)(v->ports.clock.now_ms(v->ports.clock.context) - a->started_ms) / 1000;
    metric_observe(v->seconds, seconds > 0 ? seconds : 0);
    if (v->ports.events != NULL)
        events_report(v->ports.events, a->problem != NULL ? EVENT_INFO : EVENT_DEBUG,
                      a->problem != NULL ? "validation-failed" : "validation-passed",
                      {"identifier", a->request.identifier.value}, {"method", method},
                      {"problem", a->problem != NULL ? a->problem : ""}, {"detail", a->detail});
}

/* Freed by whoever holds it last: the caller does. */
static void answer(struct attempt *a)
{
    struct validation *v = a->owner;
    struct validation_result result = {a->problem, a->detail, a->reuse_max_s};
    v->ports.timer.cancel(v->ports.timer.context, a->deadline);
    report(a);
    a->is_answered = true;
    a->done(a->cookie, &result);
}

static void answer_later(void *cookie)
{
    struct attempt *a = cookie;
    a->answer_timer = 0;
    answer(a);
    attempt_release(a);
}

static void finish(struct attempt *a)
{
    a->is_over = true;
    if (!a->is_starting) {
        answer(a);
        return;
    }
    /* Nobody is called back from within validate. */
    struct timer_port *timer = &a->owner->ports.timer;
    attempt_hold(a);
    a->answer_timer = timer->start(timer->context, 0, answer_later, a);
}

void attempt_fail(struct attempt *a, const char *problem, const char *format, ...)
{
    va_list args;
    if (a->is_over)
        return;
    va_start(args, format);
    (void)vsnprintf(a->detail, sizeof a->detail, format, args);
    va_end(args);
    a->problem = problem;
    a->reuse_max_s = 0;
    finish(a);
}

void attempt_succeed(struct attempt *a)
{
    if (a->is_over)
        return;
    a->problem = NULL;
    finish(a);
}

void attempt_pass(struct attempt *a, uint32_t reuse_max_s)
{
    a->reuse_max_s = reuse_max_s;
    /* There is no CAA for addresses [RFC8738 7], nor in names that are not of the public DNS. */
    if (a->ip_len > 0 || a->request.is_intranet)
        attempt_succeed(a);
    else
        caa_walk_start(a);
}

void attempt_busy(struct attempt *a, const struct error *err)
{
    attempt_fail(a, "serverInternal", "the validation could not be carried out: %s; try again later", err->text);
}

static void on_deadline(void *cookie)
{
    struct attempt *a = cookie;
    a->deadline = 0;
    attempt_hold(a);
    attempt_fail(a, "connection", "the validation took more than %u seconds",
                 a->owner->config.total_timeout_ms / 1000);
    attempt_release(a);
}

static bool copy(char *out, size_t size, const char *text)
{
    size_t len = text != NULL ? strnlen(text, size) : 0;
    if (len >= size)
        return false;
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool make_digest(struct attempt *a)
{
    struct bytes text = bytes_of_text(a->key_authorization);
    struct builder out;
    if (!hash_label_sha256(&text, 1, a->digest))
        return false;
    builder_init_fixed(&out, a->digest_text, sizeof a->digest_text - 1);
    text_write_base64url(&out, BYTES_OF(a->digest));
    a->digest_text[out.len] = '\0';
    return builder_is_good(&out);
}

static void begin(struct attempt *a)
{
    const char *fault = request_check(a);
    if (fault != NULL)
        attempt_fail(a, "malformed", "%s", fault);
    else if (!make_digest(a))
        attempt_fail(a, "serverInternal", "out of memory");
    else if (a->request.is_caa_only)
        attempt_pass(a, UINT32_MAX);
    else if (a->request.challenge == ACME_HTTP_01)
        http_01_start(a);
    else if (a->request.challenge == ACME_TLS_ALPN_01)
        tls_alpn_01_start(a);
    else
        dns_methods_start(a);
}

static bool copy_request(struct attempt *a, const struct validation_request *request)
{
    a->request = *request;
    bool is_good = copy(a->token, sizeof a->token, request->token) &&
                   copy(a->key_authorization, sizeof a->key_authorization, request->key_authorization) &&
                   copy(a->account_url, sizeof a->account_url, request->account_url);
    a->request.token = a->token;
    a->request.key_authorization = a->key_authorization;
    a->request.account_url = a->account_url;
    return is_good && memchr(request->identifier.value, '\0', ACME_IDENTIFIER_SIZE) != NULL;
}

static enum status validate(void *context, const struct validation_request *request,
                            validator_done *done, void *cookie, struct error *err)
{
    struct validation *v = context;
    if (v->attempt_count >= v->config.attempts_max)
        return error_set(err, STATUS_LIMIT, "%zu validations are under way", v->attempt_count);
    struct attempt *a = calloc(1, sizeof *a);
    if (a == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (!copy_request(a, request)) {
        free_attempt(a);
        return error_set(err, STATUS_USAGE, "a validation request with a text that is too long");
    }
    a->owner = v;
    a->done = done;
    a->cookie = cookie;
    LIST_PUSH(v->attempts, a);
    metric_set(v->under_way, (double)++v->attempt_count);
    a->started_ms = v->ports.clock.now_ms(v->ports.clock.context);
    a->deadline = v->ports.timer.start(v->ports.timer.context, v->config.total_timeout_ms, on_deadline, a);
    a->is_starting = true;
    begin(a);
    a->is_starting = false;
    return STATUS_OK;
}

struct validator_port validation_port(struct validation *v)
{
    return (struct validator_port){v, validate};
}

static void abandon(struct attempt *a)
{
    struct timer_port *timer = &a->owner->ports.timer;
    timer->cancel(timer->context, a->deadline);
    if (a->answer_timer != 0) {
        timer->cancel(timer->context, a->answer_timer);
        a->held--;
    }
    leave(a);
    a->is_over = a->is_answered = true;
    if (a->held == 0)
        free_attempt(a);
}

void validation_free(struct validation *v)
{
    if (v == NULL)
        return;
    while (v->attempts != NULL)
        abandon(v->attempts);
    free(v);
}
