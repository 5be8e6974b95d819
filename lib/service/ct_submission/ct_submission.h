/* ct_submission.h - SCTs from as many CT logs, of as many operators, as a policy asks for [RFC6962 4.1, 4.2].
 *
 * One object for the process: it holds the log lists and policies, and remembers how each log has been doing. A submission asks
 * at once as many logs as the policy still needs. A log that fails, or has not answered within log_timeout_ms, gets another one
 * beside it; a slow one may still answer, and counts. An SCT counts when it verifies (rules/sct_check.h) for what was submitted, and is no longer than CT_SUBMISSION_SCT_MAX;
 * of one log at most one does. Which logs come into question, which is next and when it is enough: rules/ct_policy.h.
 *
 * A log that fails or is slow is left alone for a pause that doubles, from CT_SUBMISSION_PAUSE_MIN_MS to
 * CT_SUBMISSION_PAUSE_MAX_MS, or as long as its Retry-After says, up to CT_SUBMISSION_RETRY_AFTER_MAX_MS. When the pause is over
 * one submission alone tries it, and asks another one beside it. Submissions that lack logs wait for that within their deadline. A refusal of what was submitted
 * (400, 413, 415, 422) is no failure of the log, and no pause: only this submission does without it.
 *
 * Metrics, by log: cathaya_ct_scts_total, cathaya_ct_failures_total, cathaya_ct_refusals_total, cathaya_ct_answer_seconds; and
 * cathaya_ct_submissions (under way), cathaya_ct_submissions_total, cathaya_ct_submissions_failed_total. Events: ct-log-failing
 * (the first failure after a success, and each SCT that does not verify), ct-log-well (again), ct-refused (a log's words).
 *
 * On the thread of the event loop; signatures are verified in the pool.
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
#include "ports/work.h"

/* Submissions under way; each is a certificate and a few requests. */
#define CT_SUBMISSION_PENDING_MAX 4096
/* Of these, so many ask logs at a time, in the order in which they came: the fetch port has room for others than us too (1024), and
 * a log that hangs must not fill it before it is found out. Those that only wait, because their logs are away, are not among them. */
#define CT_SUBMISSION_ACTIVE_MAX 128
/* Logs that one submission asks: many more than any policy wants. */
#define CT_SUBMISSION_ASKED_MAX 32
/* One SCT: some 120 bytes, 600 of a log with an RSA key of 4096 bits. What a log writes into `extensions` beyond that is not
 * carried by certificates. */
#define CT_SUBMISSION_SCT_MAX 1000
/* Log lists of one configuration. */
#define CT_SUBMISSION_LISTS_MAX 8
/* A log that was restarted is back in seconds; one that is gone costs little. */
#define CT_SUBMISSION_PAUSE_MIN_MS 1000
#define CT_SUBMISSION_PAUSE_MAX_MS 60000
/* A log that says "tomorrow" is asked earlier all the same. */
#define CT_SUBMISSION_RETRY_AFTER_MAX_MS 3600000

struct ct_submission;

struct ct_submission_config {
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct work_port pool;
    struct events_port events;
    struct metrics *metrics;             /* may be NULL */
    const struct algorithms *algorithms; /* borrowed */
    const char *ca_file;                 /* PEM that the logs' TLS certificates chain to, NULL: the system's; borrowed */
    uint32_t log_timeout_ms;             /* after which another log is asked beside a slow one */
    uint32_t deadline_ms;                /* for a whole submission */
};

MUST_USE enum status ct_submission_new(const struct ct_submission_config *config, struct ct_submission **out, struct error *err);

/* ct_submission_stop ends what is under way (STATUS_AGAIN, at once) and takes nothing new. The fetch port and the pool must have
 * answered before ct_submission_free; the metrics' registry, which borrows the logs' names, must be gone. NULL is fine. */
void ct_submission_stop(struct ct_submission *ct);
void ct_submission_free(struct ct_submission *ct);

/* ct_submission_set replaces log lists and policies, read from the texts of their files (log list v3, rules/ct_policy.h). What is
 * known of a log with the same ID stays known; submissions under way go on with what they began with. After a failure everything
 * is as before. */
MUST_USE enum status ct_submission_set(struct ct_submission *ct, const struct bytes *lists, size_t list_count, struct bytes policies,
                                       struct error *err);

/* ct_submission_check_policy: is there a policy of that name, and are there usable logs enough for a certificate of these dates?
 * STATUS_USAGE: there is no such policy. STATUS_NOT_FOUND: what is missing. */
MUST_USE enum status ct_submission_check_policy(struct ct_submission *ct, const char *policy, bool is_gm, int64_t not_before_s,
                                                int64_t not_after_s, struct error *err);

/* ct_submission_port borrows ct. */
struct sct_source ct_submission_port(struct ct_submission *ct);

#endif
