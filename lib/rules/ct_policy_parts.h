/* ct_policy_parts.h - what a CT policy is made of. Private to ct_policy*.c. */
#ifndef CATHAYA_RULES_CT_POLICY_PARTS_H
#define CATHAYA_RULES_CT_POLICY_PARTS_H

#include "rules/ct_policy.h"

#define CT_POLICY_DAY_S 86400
#define CT_POLICY_NEVER INT64_MAX
#define CT_POLICY_ALWAYS INT64_MIN

struct ct_policy_tier {
    int64_t up_to_s; /* INT64_MAX: however long */
    size_t scts, per_operator;
};

struct ct_policy_rules {
    size_t tier_count; /* up_to_s ascending */
    struct ct_policy_tier tiers[CT_POLICY_TIERS_MAX];
    size_t operators, rfc6962, live;
    size_t required, required_count;
    char required_names[CT_POLICY_OPERATORS_MAX][CT_POLICY_OPERATOR_NAME_MAX + 1];
    unsigned counted_states, live_states, ask_states; /* bit: enum log_list_state */
    unsigned delivery;
    int64_t enforce_from_s;
};

struct ct_policy_stage {
    char name[CT_POLICY_NAME_MAX + 1];
    int64_t from_s;
    bool has_own_tiers; /* the first `scts` of a stage puts those of the policy away */
    struct ct_policy_rules rules;
};

struct ct_policy {
    char name[CT_POLICY_NAME_MAX + 1];
    const struct ct_suite *suite; /* only its logs count; NULL: any */
    bool is_length_inclusive;
    int64_t list_max_age_s;      /* 0: any age */
    int64_t certificates_from_s; /* by notBefore */
    bool has_use;
    size_t use;
    struct ct_policy_rules base; /* what stages start from */
    size_t stage_count;
    struct ct_policy_stage stages[CT_POLICY_STAGES_MAX];
};

struct ct_policy_set {
    size_t count;
    struct ct_policy *policies[CT_POLICY_COUNT_MAX];
};

/* What is counted so far. */
struct ct_policy_tally {
    const struct ct_policy *policy;
    const struct ct_policy_rules *rules;
    const struct ct_policy_needs *needs;
    size_t scts, distinct, required, rfc6962, live;
    const char *operators[CT_POLICY_SCTS_MAX];
    const struct log_list_log *logs[CT_POLICY_SCTS_MAX];
    const struct log_list_log *left_out; /* the first that did not count */
    const char *left_out_why;
};

/* ct_policy_rules_at: the stage in force and its name; NULL when there are stages and none has come. */
const struct ct_policy_rules *ct_policy_rules_at(const struct ct_policy *policy, int64_t at_s, const char **name);

/* ct_policy_fill_needs is ct_policy_needed with the rules of ct_policy_rules_at. */
void ct_policy_fill_needs(const struct ct_policy *policy, const struct ct_policy_rules *rules, int64_t not_before_s,
                          int64_t not_after_s, int64_t at_s, struct ct_policy_needs *out);

bool ct_policy_tally_requires(const struct ct_policy_rules *rules, const char *operator_name);
size_t ct_policy_tally_count_of(const struct ct_policy_tally *t, const char *operator_name);
bool ct_policy_tally_has_log(const struct ct_policy_tally *t, const struct log_list_log *log);
bool ct_policy_tally_is_in(unsigned mask, enum log_list_state state);

/* ct_policy_tally_is_full: would one more of that operator not count? */
bool ct_policy_tally_is_full(const struct ct_policy_tally *t, const char *operator_name);

/* ct_policy_tally_add takes one that counts; there is room for CT_POLICY_SCTS_MAX. */
void ct_policy_tally_add(struct ct_policy_tally *t, const struct log_list_log *log, const char *operator_name);

/* ct_policy_tally_is_met, and with the rule that is not: STATUS_REFUSED. */
bool ct_policy_tally_is_met(const struct ct_policy_tally *t);
MUST_USE enum status ct_policy_tally_judge(const struct ct_policy *policy, const struct ct_policy_tally *t, struct error *err);

#endif
