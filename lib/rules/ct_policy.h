/* ct_policy.h - how many SCTs a certificate needs, from whom, and whether it has them. Every number, date and name is in a file:
 * docs/ct-policy.md says what is in it, policies/ct-policy.conf is the one that is shipped.
 *
 * A policy has stages; the one in force is the last whose date has come, or the one that `use` names. All functions are
 * pure: the time is an argument.
 */
#ifndef CATHAYA_RULES_CT_POLICY_H
#define CATHAYA_RULES_CT_POLICY_H

#include "codec/ct/log_list.h"

#define CT_POLICY_NAME_MAX 63
#define CT_POLICY_COUNT_MAX 32
#define CT_POLICY_STAGES_MAX 8
#define CT_POLICY_TIERS_MAX 8
#define CT_POLICY_OPERATORS_MAX 16 /* named in one `require-operator` */
#define CT_POLICY_OPERATOR_NAME_MAX 127
/* SCTs that are looked at for one certificate, however they came: SCT_LIST_MAX of each of three ways. */
#define CT_POLICY_SCTS_MAX 96
/* More SCTs than this no policy may ask for. */
#define CT_POLICY_SCTS_NEEDED_MAX 16
#define CT_POLICY_TEXT_MAX ((size_t)256 * 1024)

/* How an SCT reached the client: bits. */
#define CT_POLICY_EMBEDDED 0x1u
#define CT_POLICY_TLS 0x2u
#define CT_POLICY_OCSP 0x4u
#define CT_POLICY_PROPERTY 0x8u /* beside a Merkle Tree Certificate: property FF01 [GM 4] */

struct ct_policy_set;

/* ct_policy_set_read reads a whole file. STATUS_USAGE with the line, at the first that is wrong. ct_policy_set_free is needed
 * after success only (NULL is fine). */
MUST_USE enum status ct_policy_set_read(struct bytes text, struct ct_policy_set **out, struct error *err);
void ct_policy_set_free(struct ct_policy_set *policies);

struct ct_policy;
/* ct_policy_set_find is the policy of that name, NULL when there is none. ct_policy_set_at, all of them. Borrowed. */
const struct ct_policy *ct_policy_set_find(const struct ct_policy_set *policies, struct bytes name);
size_t ct_policy_set_count(const struct ct_policy_set *policies);
const struct ct_policy *ct_policy_set_at(const struct ct_policy_set *policies, size_t i);
const char *ct_policy_name(const struct ct_policy *policy);

/* ct_policy_stage_name is the name of the stage in force, "" when the policy has none, or none has come yet. */
const char *ct_policy_stage_name(const struct ct_policy *policy, int64_t at_s);

/* What a certificate needs, by its dates. */
struct ct_policy_needs {
    size_t scts;          /* from distinct logs; 0: the policy asks for nothing yet */
    size_t operators;     /* distinct ones, at least */
    size_t per_operator;  /* so many SCTs of one operator count at most; 0: all */
    size_t rfc6962;       /* so many from logs with the RFC 6962 interface */
    size_t live;          /* so many from logs that are live when it is checked */
    size_t required;      /* so many from the operators named in require-operator */
    unsigned delivery;    /* CT_POLICY_*: the ways that count */
    bool is_enforced;     /* enforce: what does not meet it is refused, not only shown */
};
void ct_policy_needed(const struct ct_policy *policy, int64_t not_before_s, int64_t not_after_s, int64_t at_s,
                      struct ct_policy_needs *out);

/* An SCT that sct_check has said yes to. */
struct ct_policy_sct {
    const struct log_list_log *log;
    uint64_t timestamp_ms;
    unsigned delivery; /* one CT_POLICY_* */
};

/* ct_policy_check_list is STATUS_AGAIN when the list is older at that time than the policy's list-max-age. */
MUST_USE enum status ct_policy_check_list(const struct ct_policy *policy, const struct log_list *list, int64_t at_s, struct error *err);

/* ct_policy_judge is STATUS_OK when the SCTs meet the policy; STATUS_REFUSED names the first rule that is not met and what was
 * found; STATUS_AGAIN when the log list is older than the policy's list-max-age: then nothing may be enforced from it.
 * SCTs that do not count (twice from one log, state, delivery, more than per-operator) are left out, and the first of
 * them is named in the reason. The logs are rows of list. More than CT_POLICY_SCTS_MAX are STATUS_LIMIT. */
MUST_USE enum status ct_policy_judge(const struct ct_policy *policy, const struct log_list *list, int64_t not_before_s,
                                     int64_t not_after_s, const struct ct_policy_sct *scts, size_t count, int64_t at_s,
                                     struct error *err);

/* ct_policy_counted is how many of the SCTs (at most CT_POLICY_SCTS_MAX are looked at) count, whatever is needed; 0 when no stage has
 * come. */
size_t ct_policy_counted(const struct ct_policy *policy, const struct log_list *list, const struct ct_policy_sct *scts, size_t count,
                         int64_t at_s);

/* Which logs to ask for SCTs that will meet the policy. */
struct ct_policy_question {
    int64_t not_before_s, not_after_s; /* of the certificate that is to be */
    int64_t at_s;
    const struct ct_suite *suite; /* logs of this suite only; NULL: of any */
    const struct log_list_log *const *have; /* logs whose SCT is there already */
    size_t have_count;
    const struct log_list_log *const *avoid; /* logs not to be asked: they have failed, or were asked */
    size_t avoid_count;
    uint64_t spread; /* a random number: with it, equals come in another order each time */
};
struct ct_policy_choice {
    size_t needed; /* the first so many, together with `have`, meet the policy */
    size_t count;  /* all that may be asked, best first; the others are in reserve */
    const struct log_list_log *logs[LOG_LIST_LOGS_MAX];
};

/* ct_policy_select: STATUS_OK, and needed 0 when `have` is enough. STATUS_NOT_FOUND says what is missing when the list's usable
 * logs cannot meet the policy: out has then what there is. */
MUST_USE enum status ct_policy_select(const struct ct_policy *policy, const struct log_list *list,
                                      const struct ct_policy_question *question, struct ct_policy_choice *out, struct error *err);

#endif
