/* ct_submission.h - SCTs from as many CT logs, of as many operators, as a policy asks for [RFC6962 4.1, 4.2].
 *
 * One object for the process: it holds the log lists and policies, and remembers how each log has been doing. A submission asks
 * at once as many logs as the policy still needs. A log that has not answered within log_timeout_ms, or that failed, gets another
 * one beside it; a slow one may still answer and count. An SCT counts when it verifies (rules/sct_check.h) for what was submitted;
 * of one log at most one does. Which logs come into question, which one is next and when it is enough is decided by
 * rules/ct_policy.h.
 *
 * A log that fails is left alone for a pause that doubles, from CT_SUBMISSION_PAUSE_MIN_MS to CT_SUBMISSION_PAUSE_MAX_MS; when it
 * is over one submission alone tries it (half open). 429 and 503 with Retry-After are obeyed, up to CT_SUBMISSION_RETRY_AFTER_MAX_MS.
 * Logs in a pause are asked all the same when without them there are not enough, the one whose pause ends first being first, but
 * not before its Retry-After is over.
 *
 * Metrics, by log: cathaya_ct_scts_total, cathaya_ct_failures_total, cathaya_ct_answer_seconds; cathaya_ct_submissions,
 * cathaya_ct_submissions_failed_total. Events: ct-log-failing (the first failure after a success), ct-log-well (again),
 * ct-bad-sct (an SCT that does not verify: with what was wrong).
 *
 * On the thread of the event loop.
 */
#ifndef CATHAYA_SERVICE_CT_SUBMISSION_CT_SUBMISSION_H
#define CATHAYA_SERVICE_CT_SUBMISSION_CT_SUBMISSION_H

#include "crypto/key.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/sct_source.h"
#include "ports/timer.h"

/* Submissions under way; each is a certificate and a few requests. */
#define CT_SUBMISSION_PENDING_MAX 4096
/* All lists together; known logs are a few dozen. */
#define CT_SUBMISSION_LOGS_MAX 256
#define CT_SUBMISSION_LISTS_MAX 8
#define CT_SUBMISSION_PAUSE_MIN_MS 2000
#define CT_SUBMISSION_PAUSE_MAX_MS 300000
/* A log that says "tomorrow" is asked earlier all the same. */
#define CT_SUBMISSION_RETRY_AFTER_MAX_MS 3600000

struct log_list;  /* codec/ct/log_list.h */
struct ct_policy; /* rules/ct_policy.h */
struct ct_submission;

struct ct_submission_config {
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;             /* may be NULL */
    const struct algorithms *algorithms; /* borrowed */
    const char *ca_file;                 /* PEM that the logs' TLS certificates chain to, NULL: the system's; borrowed */
    uint32_t log_timeout_ms;             /* after which another log is asked beside a slow one */
    uint32_t deadline_ms;                /* for a whole submission */
};

MUST_USE enum status ct_submission_new(const struct ct_submission_config *config, struct ct_submission **out, struct error *err);

/* ct_submission_stop ends what is under way (STATUS_AGAIN) and takes nothing new; the requests that the fetch port still has must
 * be answered before ct_submission_free. */
void ct_submission_stop(struct ct_submission *ct);
void ct_submission_free(struct ct_submission *ct);

/* ct_submission_set_logs replaces the log lists, which it reads from JSON texts (log list v3, codec/ct/log_list.h); what is known
 * of a log with the same ID stays known, and submissions under way go on with the lists that they began with.
 * ct_submission_set_policies replaces the policies by those of a policy file's text (rules/ct_policy.h). After a failure everything
 * is as before. */
MUST_USE enum status ct_submission_set_logs(struct ct_submission *ct, const struct bytes *lists, size_t count, struct error *err);
MUST_USE enum status ct_submission_set_policies(struct ct_submission *ct, struct bytes text, struct error *err);

/* ct_submission_check_policy: is there a policy of that name, and are there usable logs enough for it now, for a certificate that
 * ends at not_after_s? For configuration checks. STATUS_USAGE with the reason. */
MUST_USE enum status ct_submission_check_policy(const struct ct_submission *ct, const char *policy, bool is_gm, int64_t not_before_s,
                                                int64_t not_after_s, struct error *err);

/* ct_submission_port borrows ct. */
struct sct_source ct_submission_port(struct ct_submission *ct);

#endif
