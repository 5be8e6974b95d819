#include "service/ct_submission/ct_submission.h"

#include <stdlib.h>
#include <string.h>

#include "ct_json/log_list_json.h"
#include "service/ct_submission/submission_internal.h"

int64_t submission_now_ms(const struct ct_submission *ct)
{
    return ct->config.clock.now_ms(ct->config.clock.context);
}

/* ---- lists and policies ---- */

void submission_view_release(struct submission_view *view)
{
    if (view == NULL || --view->holders > 0)
        return;
    log_list_clear(&view->list);
    ct_policy_set_free(view->policies);
    free(view->logs);
    free(view);
}

static enum status read_lists(struct submission_view *view, const struct bytes *lists, size_t count, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        struct log_list one;
        s = log_list_json_parse(lists[i], &one, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "log list %zu", i + 1);
        s = log_list_merge(&view->list, &one, err);
        /* The age of the whole is that of its oldest part. */
        if (i == 0 || one.timestamp_s < view->list.timestamp_s)
            view->list.timestamp_s = one.timestamp_s;
        log_list_clear(&one);
    }
    return s;
}

static enum status find_logs(struct ct_submission *ct, struct submission_view *view, struct error *err)
{
    size_t count = log_list_count(&view->list);
    view->logs = calloc(count + 1, sizeof(struct submission_log *));
    if (view->logs == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        view->logs[i] = submission_logs_find(ct, log_list_at(&view->list, i));
        if (view->logs[i] == NULL)
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    return STATUS_OK;
}

enum status ct_submission_set(struct ct_submission *ct, const struct bytes *lists, size_t list_count, struct bytes policies,
                              struct error *err)
{
    struct submission_view *view = calloc(1, sizeof *view);
    if (view == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    view->holders = 1;
    log_list_init(&view->list);
    enum status s = list_count > CT_SUBMISSION_LISTS_MAX
                        ? error_set(err, STATUS_LIMIT, "more than %d log lists", CT_SUBMISSION_LISTS_MAX)
                        : read_lists(view, lists, list_count, err);
    if (s == STATUS_OK)
        s = ct_policy_set_read(policies, &view->policies, err);
    if (s == STATUS_OK)
        s = find_logs(ct, view, err);
    if (s != STATUS_OK) {
        submission_view_release(view);
        return s;
    }
    submission_view_release(ct->view);
    ct->view = view;
    submission_wake_all(ct);
    return STATUS_OK;
}

enum status ct_submission_check_policy(struct ct_submission *ct, const char *policy, bool is_gm, int64_t not_before_s,
                                       int64_t not_after_s, struct error *err)
{
    const struct ct_policy *found = ct->view != NULL ? ct_policy_set_find(ct->view->policies, bytes_of_text(policy)) : NULL;
    struct ct_policy_question question = {
        .not_before_s = not_before_s, .not_after_s = not_after_s, .at_s = submission_now_ms(ct) / 1000,
        .suite = is_gm ? &ct_suite_gm : &ct_suite_intl,
    };
    if (found == NULL)
        return error_set(err, STATUS_USAGE, "there is no CT policy \"%s\"", policy);
    return ct_policy_select(found, &ct->view->list, &question, &ct->choice, err);
}

/* ---- the object ---- */

enum status ct_submission_new(const struct ct_submission_config *config, struct ct_submission **out, struct error *err)
{
    struct ct_submission *ct = calloc(1, sizeof *ct);
    if (ct == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    ct->config = *config;
    ct->under_way = metrics_gauge(config->metrics, "cathaya_ct_submissions", "", "Certificates that wait for SCTs.");
    ct->total = metrics_counter(config->metrics, "cathaya_ct_submissions_total", "", "Certificates submitted to logs.");
    ct->failed = metrics_counter(config->metrics, "cathaya_ct_submissions_failed_total", "",
                                 "Submissions that did not get their SCTs by the deadline.");
    *out = ct;
    return STATUS_OK;
}

void ct_submission_stop(struct ct_submission *ct)
{
    struct error err;
    if (ct == NULL)
        return;
    ct->is_stopping = true;
    while (ct->submissions != NULL) {
        (void)error_set(&err, STATUS_AGAIN, "stopping");
        submission_end(ct->submissions, STATUS_AGAIN, &err);
    }
    while (ct->queue_first != NULL) {
        struct submission *s = ct->queue_first;
        ct->queue_first = s->queued;
        submission_release(s);
    }
}

void ct_submission_free(struct ct_submission *ct)
{
    if (ct == NULL)
        return;
    submission_view_release(ct->view);
    submission_logs_free(ct);
    free(ct);
}

static enum status start(void *context, const struct sct_request *request, sct_done *done, void *cookie, struct error *err)
{
    return submission_start(context, request, done, cookie, err);
}

struct sct_source ct_submission_port(struct ct_submission *ct)
{
    return (struct sct_source){.context = ct, .start = start};
}
