/* One submission: whom to ask, and when it is enough. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "codec/x509/certificate.h"
#include "crypto/random.h"
#include "ct_json/ct_json.h"
#include "rules/precert.h"
#include "service/ct_submission/submission_internal.h"

/* Too many requests of this process are under way. */
#define FULL_PAUSE_MS 200

/* ---- what is submitted ---- */

static enum status read_chain(struct submission *s, const struct sct_request *request, struct error *err)
{
    struct certificate certificate, issuer;
    if (request->chain_count < 2 || request->chain_count > SCT_SOURCE_CHAIN_MAX)
        return error_set(err, STATUS_MALFORMED, "a chain to submit has 2 to %d certificates", SCT_SOURCE_CHAIN_MAX);
    builder_bytes(&s->certificate, request->chain[0]);
    enum status status = builder_status(&s->certificate, "certificate", err);
    if (status == STATUS_OK)
        status = certificate_parse(builder_view(&s->certificate), &certificate, err);
    if (status == STATUS_OK)
        status = certificate_parse(request->chain[1], &issuer, err);
    if (status != STATUS_OK)
        return status;
    s->not_before_s = certificate.not_before_s;
    s->not_after_s = certificate.not_after_s;
    builder_bytes(&s->issuer_spki, issuer.spki);
    status = builder_status(&s->issuer_spki, "issuer's key", err);
    if (status == STATUS_OK && s->is_precert)
        status = precert_write_tbs(&certificate, &s->tbs, err);
    if (status == STATUS_OK)
        status = ct_json_write_chain(request->chain, request->chain_count, &s->body, err);
    s->subject = s->is_precert ? sct_check_precert(builder_view(&s->tbs), builder_view(&s->issuer_spki))
                               : sct_check_certificate(builder_view(&s->certificate));
    return status;
}

/* ---- the end ---- */

void submission_release(struct submission *s)
{
    if (--s->holders > 0)
        return;
    submission_view_release(s->view);
    builder_clear(&s->body);
    builder_clear(&s->tbs);
    builder_clear(&s->issuer_spki);
    builder_clear(&s->certificate);
    free(s);
}

static void cancel(struct submission *s, uint64_t *timer)
{
    if (*timer != 0)
        s->ct->config.timer.cancel(s->ct->config.timer.context, *timer);
    *timer = 0;
}

static enum status write_list(const struct submission *s, struct builder *out, struct error *err)
{
    struct sct scts[CT_POLICY_SCTS_NEEDED_MAX] = {{.version = SCT_V1}};
    for (size_t i = 0; i < s->have_count; i++)
        scts[i].serialized = builder_view(&s->have[i]->sct);
    return sct_list_write(scts, s->have_count, out, err);
}

/* Those whose turn it is begin, or go on. */
static void activate(struct ct_submission *ct)
{
    if (ct->is_activating) /* this loop, further out, sees what has changed */
        return;
    ct->is_activating = true;
    while (ct->queue_first != NULL && ct->active_count < CT_SUBMISSION_ACTIVE_MAX && !ct->is_stopping) {
        struct submission *s = ct->queue_first;
        ct->queue_first = s->queued;
        s->is_queued = false;
        if (!s->is_over && submission_now_ms(ct) < s->deadline_ms) { /* otherwise its timer ends it */
            s->is_active = s->has_begun = true;
            ct->active_count++;
            submission_advance(s);
        }
        submission_release(s);
    }
    ct->is_activating = false;
}

static void enqueue(struct submission *s)
{
    struct ct_submission *ct = s->ct;
    s->holders++;
    s->is_queued = true;
    s->queued = NULL;
    if (ct->queue_first == NULL)
        ct->queue_first = s;
    else
        ct->queue_last->queued = s;
    ct->queue_last = s;
}

/* Whoever has nobody to ask does not keep others from asking. */
static void give_turn_back(struct submission *s)
{
    if (!s->is_active)
        return;
    s->is_active = false;
    s->ct->active_count--;
    activate(s->ct);
}

void submission_end(struct submission *s, enum status status, struct error *err)
{
    struct ct_submission *ct = s->ct;
    struct builder list;
    builder_init(&list, SCT_LIST_SIZE_MAX);
    s->is_over = true;
    LIST_REMOVE(ct->submissions, s);
    metric_set(ct->under_way, (double)--ct->count);
    if (s->is_active)
        ct->active_count--;
    cancel(s, &s->deadline_timer);
    cancel(s, &s->wake_timer);
    for (size_t i = 0; i < s->asked_count; i++)
        cancel(s, &s->asked[i]->timer);
    if (status == STATUS_OK)
        status = write_list(s, &list, err);
    if (status != STATUS_OK)
        metric_add(ct->failed, 1);
    s->done(s->cookie, status, builder_view(&list), err);
    builder_clear(&list);
    for (size_t i = 0; i < s->asked_count; i++)
        if (s->asked[i]->is_over)
            submission_attempt_free(s->asked[i]);
    submission_release(s);
    activate(ct);
}

/* "...: LOG: reason; LOG: reason": what became of those that were asked. */
static void end_late(struct submission *s, const char *what)
{
    struct error err;
    char text[ERROR_TEXT_MAX];
    size_t used = (size_t)snprintf(text, sizeof text, "%s: %zu SCTs are there", what, s->have_count);
    for (size_t i = 0; i < s->asked_count && used < sizeof text; i++) {
        const struct submission_attempt *a = s->asked[i];
        if (a->is_over && a->status == STATUS_OK)
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "; %.60s: %.90s", a->log->name,
                                 a->is_over ? a->err.text : "has not answered");
    }
    if (s->lack.status != STATUS_OK && used < sizeof text)
        (void)snprintf(text + used, sizeof text - used, "; %.150s", s->lack.text);
    (void)error_set(&err, STATUS_AGAIN, "%s", text);
    submission_end(s, STATUS_AGAIN, &err);
}

static void on_deadline(void *cookie)
{
    struct submission *s = cookie;
    s->deadline_timer = 0;
    end_late(s, s->has_begun ? "the CT logs have not answered in time" : "too many certificates wait for SCTs");
}

/* ---- whom to ask ---- */

static void on_wake(void *cookie)
{
    struct submission *s = cookie;
    s->wake_timer = 0;
    if (s->is_active) {
        submission_advance(s);
        return;
    }
    if (!s->is_queued)
        enqueue(s);
    activate(s->ct);
}

static bool was_asked(const struct submission *s, const struct log_list_log *row)
{
    for (size_t i = 0; i < s->asked_count; i++)
        if (s->asked[i]->row == row)
            return true;
    return false;
}

/* Logs in a pause, and those that were asked and count for nothing now. *wake_ms: when the first pause ends. */
static size_t collect_avoided(struct submission *s, int64_t now_ms, int64_t *wake_ms)
{
    struct ct_submission *ct = s->ct;
    const struct log_list *list = &s->view->list;
    size_t count = 0;
    *wake_ms = INT64_MAX;
    for (size_t i = 0; i < log_list_count(list); i++) {
        const struct log_list_log *row = log_list_at(list, i);
        const struct submission_log *log = s->view->logs[i];
        bool is_asked = was_asked(s, row);
        if (!is_asked && submission_logs_may_ask(log, now_ms))
            continue;
        ct->avoid[count++] = row;
        if (!is_asked && row->suite == s->suite && !log->is_tried && log->pause_end_ms < *wake_ms)
            *wake_ms = log->pause_end_ms;
    }
    return count;
}

/* Those whose SCT is there, and those that may still answer in time: not one that is tried, which may be as dead as before. */
static size_t collect_hoped(const struct submission *s, const struct log_list_log **out)
{
    size_t count = 0;
    for (size_t i = 0; i < s->asked_count; i++) {
        const struct submission_attempt *a = s->asked[i];
        if (a->is_over ? a->status == STATUS_OK : !a->is_slow && !a->is_trial)
            out[count++] = a->row;
    }
    return count;
}

static bool has_enough(struct submission *s)
{
    const struct log_list_log *have[CT_POLICY_SCTS_NEEDED_MAX];
    struct ct_submission *ct = s->ct;
    struct error err;
    for (size_t i = 0; i < s->have_count; i++)
        have[i] = s->have[i]->row;
    struct ct_policy_question question = {
        .not_before_s = s->not_before_s, .not_after_s = s->not_after_s, .at_s = submission_now_ms(ct) / 1000, .suite = s->suite,
        .have = have, .have_count = s->have_count, .spread = s->spread,
    };
    return s->have_count > 0 && ct_policy_select(s->policy, &s->view->list, &question, &ct->choice, &err) == STATUS_OK &&
           ct->choice.needed == 0;
}

static bool has_open_requests(const struct submission *s)
{
    for (size_t i = 0; i < s->asked_count; i++)
        if (!s->asked[i]->is_over)
            return true;
    return false;
}

/* Nobody can be asked now: somebody's pause ends, a slow one answers, or it is over. */
static void wait_for_logs(struct submission *s, int64_t now_ms, int64_t wake_ms)
{
    struct ct_submission *ct = s->ct;
    if (wake_ms < s->deadline_ms)
        s->wake_timer = ct->config.timer.start(ct->config.timer.context, wake_ms > now_ms ? (uint64_t)(wake_ms - now_ms) : 0,
                                               on_wake, s);
}

/* Asks the first `needed` of the choice, which the next question overwrites. */
static bool ask(struct submission *s, bool *has_trial)
{
    const struct log_list_log *rows[CT_POLICY_SCTS_NEEDED_MAX];
    size_t needed = s->ct->choice.needed;
    if (needed > CT_POLICY_SCTS_NEEDED_MAX)
        needed = CT_POLICY_SCTS_NEEDED_MAX;
    memcpy(rows, s->ct->choice.logs, needed * sizeof rows[0]);
    for (size_t i = 0; i < needed && s->asked_count < CT_SUBMISSION_ASKED_MAX; i++) {
        if (submission_attempt_start(s, rows[i], &s->lack) != STATUS_OK)
            return false;
        *has_trial = *has_trial || s->asked[s->asked_count - 1]->is_trial;
    }
    return true;
}

void submission_advance(struct submission *s)
{
    struct ct_submission *ct = s->ct;
    const struct log_list_log *hoped[CT_SUBMISSION_ASKED_MAX];
    int64_t now_ms = submission_now_ms(ct), wake_ms;
    bool has_trial = false, is_full = false;
    if (has_enough(s)) {
        submission_end(s, STATUS_OK, &s->lack);
        return;
    }
    cancel(s, &s->wake_timer);
    size_t avoid_count = collect_avoided(s, now_ms, &wake_ms);
    struct ct_policy_question question = {
        .not_before_s = s->not_before_s, .not_after_s = s->not_after_s, .at_s = now_ms / 1000, .suite = s->suite,
        .have = hoped, .have_count = collect_hoped(s, hoped), .avoid = ct->avoid, .avoid_count = avoid_count, .spread = s->spread,
    };
    s->lack.status = STATUS_OK;
    if (ct_policy_select(s->policy, &s->view->list, &question, &ct->choice, &s->lack) == STATUS_OK) {
        s->lack.status = STATUS_OK;
        is_full = !ask(s, &has_trial);
        if (is_full)
            wake_ms = now_ms + FULL_PAUSE_MS;
    }
    if (has_trial && s->lack.status == STATUS_OK) {
        submission_advance(s); /* somebody else beside who is tried */
        return;
    }
    bool has_open = has_open_requests(s);
    if (s->lack.status != STATUS_OK || !has_open)
        wait_for_logs(s, now_ms, wake_ms);
    if (!has_open && !is_full)
        give_turn_back(s);
}

void submission_wake_all(struct ct_submission *ct)
{
    bool was_activating = ct->is_activating;
    ct->is_activating = true; /* nobody ends while we go through them but the one that advances */
    for (struct submission *s = ct->submissions, *next; s != NULL; s = next) {
        next = s->next;
        if (s->is_active && s->lack.status != STATUS_OK)
            submission_advance(s);
        else if (!s->is_active && s->has_begun && !s->is_queued)
            enqueue(s);
    }
    ct->is_activating = was_activating;
    activate(ct);
}

/* ---- the beginning ---- */

static void begin(void *cookie)
{
    struct submission *s = cookie;
    s->wake_timer = 0;
    activate(s->ct);
}

static struct submission *new_submission(struct ct_submission *ct, const struct sct_request *request)
{
    struct submission *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->ct = ct;
    s->holders = 1;
    s->view = ct->view;
    s->view->holders++;
    s->suite = request->is_gm ? &ct_suite_gm : &ct_suite_intl;
    s->is_precert = request->is_precert;
    builder_init(&s->certificate, SUBMISSION_BODY_MAX);
    builder_init(&s->issuer_spki, KEY_SPKI_MAX);
    builder_init(&s->tbs, SUBMISSION_BODY_MAX);
    builder_init(&s->body, SUBMISSION_BODY_MAX);
    return s;
}

static void enter(struct submission *s)
{
    struct ct_submission *ct = s->ct;
    const struct timer_port *timer = &ct->config.timer;
    LIST_PUSH(ct->submissions, s);
    metric_set(ct->under_way, (double)++ct->count);
    metric_add(ct->total, 1);
    s->deadline_ms = submission_now_ms(ct) + ct->config.deadline_ms;
    s->deadline_timer = timer->start(timer->context, ct->config.deadline_ms, on_deadline, s);
    enqueue(s);
    s->wake_timer = timer->start(timer->context, 0, begin, s); /* done is never called before start returns */
}

enum status submission_start(struct ct_submission *ct, const struct sct_request *request, sct_done *done, void *cookie,
                             struct error *err)
{
    const struct ct_policy *policy = ct->view != NULL ? ct_policy_set_find(ct->view->policies, bytes_of_text(request->policy)) : NULL;
    struct ct_policy_needs needs = {.scts = 0};
    if (ct->is_stopping)
        return error_set(err, STATUS_AGAIN, "stopping");
    if (policy == NULL)
        return error_set(err, STATUS_USAGE, "there is no CT policy \"%s\"", request->policy);
    if (ct->count == CT_SUBMISSION_PENDING_MAX)
        return error_set(err, STATUS_LIMIT, "%d certificates wait for SCTs", CT_SUBMISSION_PENDING_MAX);
    struct submission *s = new_submission(ct, request);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    s->policy = policy;
    s->done = done;
    s->cookie = cookie;
    enum status status = random_bytes(&s->spread, sizeof s->spread, err);
    if (status == STATUS_OK)
        status = read_chain(s, request, err);
    if (status == STATUS_OK)
        ct_policy_needed(policy, s->not_before_s, s->not_after_s, submission_now_ms(ct) / 1000, &needs);
    if (status == STATUS_OK && needs.scts == 0)
        status = error_set(err, STATUS_USAGE, "CT policy \"%s\" asks for no SCTs now: a profile without them has none", request->policy);
    if (status == STATUS_OK)
        enter(s);
    else
        submission_release(s);
    return status;
}
