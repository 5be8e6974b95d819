/* submission_internal.h - the parts of ct_submission; private to service/ct_submission.
 *
 *   ct_submission.c       the object: lists and policies, the port
 *   submission_logs.c     how each log has been doing
 *   submission_run.c      one submission: whom to ask, when it is enough
 *   submission_attempt.c  one request to one log, and its answer
 */
#ifndef CATHAYA_SERVICE_CT_SUBMISSION_SUBMISSION_INTERNAL_H
#define CATHAYA_SERVICE_CT_SUBMISSION_SUBMISSION_INTERNAL_H

#include "base/builder.h"
#include "rules/ct_policy.h"
#include "rules/sct_check.h"
#include "service/ct_submission/ct_submission.h"

/* A chain in base64, as JSON. */
#define SUBMISSION_BODY_MAX ((size_t)1024 * 1024)
/* {"sct_version":...}: a few hundred bytes. */
#define SUBMISSION_ANSWER_MAX ((size_t)64 * 1024)
#define SUBMISSION_LABEL_SIZE (LOG_LIST_TEXT_MAX + 16)
/* Clocks of logs and of CAs. */
#define SUBMISSION_SKEW_S 5

/* What is known of a log, by its ID, for the life of the process. */
struct submission_log {
    struct submission_log *next;
    uint8_t log_id[HASH_SIZE];
    struct public_key *key; /* NULL: of a kind that nobody here has */
    char name[LOG_LIST_TEXT_MAX + 1];
    char label[SUBMISSION_LABEL_SIZE];
    bool is_failing, is_tried; /* tried: by one submission, after its pause */
    uint64_t pause_ms;         /* the last one */
    int64_t pause_end_ms;
    struct metric *scts, *failures, *refusals, *seconds;
};

/* Lists and policies of one reading; those who use it hold it. */
struct submission_view {
    size_t holders;
    struct log_list list;
    struct ct_policy_set *policies;
    struct submission_log **logs; /* of each log of the list */
};

void submission_view_release(struct submission_view *view);

struct submission;

/* A request to a log. */
struct submission_attempt {
    struct submission *submission; /* held */
    const struct log_list_log *row;
    struct submission_log *log;
    int64_t started_ms;
    uint64_t timer;      /* when it is slow */
    bool is_over, is_slow, is_trial;
    struct builder sct;  /* SerializedSCT */
    enum status status;  /* of its verification */
    struct error err;
};

struct submission {
    struct submission *next, *previous;
    struct submission *queued; /* behind this one, until it is its turn */
    struct ct_submission *ct;
    struct submission_view *view; /* held */
    const struct ct_policy *policy;
    const struct ct_suite *suite;
    size_t holders; /* attempts, the list of submissions, the queue */
    bool is_precert, is_queued, is_active, is_over;
    bool has_begun; /* it has been active */
    int64_t not_before_s, not_after_s, deadline_ms;
    uint64_t spread, deadline_timer, wake_timer;
    struct builder certificate, issuer_spki, tbs, body;
    struct sct_check_subject subject;
    struct submission_attempt *asked[CT_SUBMISSION_ASKED_MAX];
    size_t asked_count;
    struct submission_attempt *have[CT_POLICY_SCTS_NEEDED_MAX]; /* in the order in which they came */
    size_t have_count;
    struct error lack; /* why there is nobody to ask */
    sct_done *done;
    void *cookie;
};

struct ct_submission {
    struct ct_submission_config config;
    struct submission_log *logs;
    struct submission_view *view;
    struct submission *submissions;
    struct submission *queue_first, *queue_last;
    size_t count, active_count;
    bool is_stopping, is_activating;
    struct metric *under_way, *total, *failed;
    /* For one choice at a time: both are large. */
    struct ct_policy_choice choice;
    const struct log_list_log *avoid[LOG_LIST_LOGS_MAX];
};

int64_t submission_now_ms(const struct ct_submission *ct);

/* ---- submission_logs.c ---- */

/* submission_logs_find finds or makes what is known of a log. NULL: no memory. */
struct submission_log *submission_logs_find(struct ct_submission *ct, const struct log_list_log *row);
void submission_logs_free(struct ct_submission *ct);
struct submission_log *submission_logs_of(const struct submission_view *view, const struct log_list_log *row);

/* submission_logs_may_ask: neither in a pause nor being tried by somebody else. */
bool submission_logs_may_ask(const struct submission_log *log, int64_t now_ms);
/* submission_logs_well: a good SCT. One that was slow keeps its pause: it would be slow the next time too. */
void submission_logs_well(struct ct_submission *ct, struct submission_log *log, int64_t took_ms, bool was_slow);
/* retry_after_ms: 0 when the log did not say. */
void submission_logs_failed(struct ct_submission *ct, struct submission_log *log, int64_t retry_after_ms, const char *reason);

/* ---- submission_run.c ---- */

MUST_USE enum status submission_start(struct ct_submission *ct, const struct sct_request *request, sct_done *done, void *cookie,
                                      struct error *err);
void submission_release(struct submission *s);
/* submission_advance asks who is to be asked now, and ends it when it is enough or cannot be. */
void submission_advance(struct submission *s);
/* submission_wake_all: a log is well again, or may be tried. */
void submission_wake_all(struct ct_submission *ct);
void submission_end(struct submission *s, enum status status, struct error *err);

/* ---- submission_attempt.c ---- */

MUST_USE enum status submission_attempt_start(struct submission *s, const struct log_list_log *row, struct error *err);
void submission_attempt_free(struct submission_attempt *a);

#endif
