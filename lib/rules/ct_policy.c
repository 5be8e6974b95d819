#include "rules/ct_policy.h"

#include <stdlib.h>

#include "rules/ct_policy_parts.h"

const char *ct_policy_name(const struct ct_policy *policy)
{
    return policy->name;
}

const struct ct_policy_rules *ct_policy_rules_at(const struct ct_policy *policy, int64_t at_s, const char **name)
{
    const struct ct_policy_stage *best = NULL;
    *name = "";
    if (policy->stage_count == 0)
        return &policy->base;
    for (size_t i = 0; i < policy->stage_count; i++) {
        const struct ct_policy_stage *stage = &policy->stages[i];
        bool has_come = stage->from_s != CT_POLICY_NEVER && stage->from_s <= at_s;
        if (has_come && (best == NULL || stage->from_s >= best->from_s))
            best = stage;
    }
    if (policy->has_use)
        best = &policy->stages[policy->use];
    if (best == NULL)
        return NULL;
    *name = best->name;
    return &best->rules;
}

const char *ct_policy_stage_name(const struct ct_policy *policy, int64_t at_s)
{
    const char *name;
    (void)ct_policy_rules_at(policy, at_s, &name);
    return name;
}

/* The tier for so long a validity: the first that is long enough. */
static const struct ct_policy_tier *tier_for(const struct ct_policy_rules *rules, int64_t length_s)
{
    for (size_t i = 0; i < rules->tier_count; i++)
        if (length_s <= rules->tiers[i].up_to_s)
            return &rules->tiers[i];
    return NULL;
}

void ct_policy_fill_needs(const struct ct_policy *policy, const struct ct_policy_rules *rules, int64_t not_before_s,
                       int64_t not_after_s, int64_t at_s, struct ct_policy_needs *out)
{
    *out = (struct ct_policy_needs){.scts = 0};
    if (rules == NULL || not_before_s < policy->certificates_from_s)
        return;
    const struct ct_policy_tier *tier =
        tier_for(rules, not_after_s - not_before_s + (policy->is_length_inclusive ? 1 : 0));
    if (tier == NULL || tier->scts == 0)
        return;
    *out = (struct ct_policy_needs){
        .scts = tier->scts,
        .per_operator = tier->per_operator,
        .operators = rules->operators,
        .rfc6962 = rules->rfc6962,
        .live = rules->live,
        .required = rules->required,
        .delivery = rules->delivery,
        .is_enforced = rules->enforce_from_s != CT_POLICY_NEVER && rules->enforce_from_s <= at_s,
    };
}

void ct_policy_needed(const struct ct_policy *policy, int64_t not_before_s, int64_t not_after_s, int64_t at_s,
                      struct ct_policy_needs *out)
{
    const char *name;
    ct_policy_fill_needs(policy, ct_policy_rules_at(policy, at_s, &name), not_before_s, not_after_s, at_s, out);
}

/* ---- judging ---- */

/* Why an SCT does not count; NULL when it does. */
static const char *not_counted(const struct ct_policy_tally *t, const struct ct_policy_sct *sct, const char *operator_name,
                               uint64_t earliest_ms)
{
    if ((sct->delivery & t->needs->delivery) == 0)
        return "came in a way that does not count";
    if (t->policy->suite != NULL && sct->log->suite != t->policy->suite)
        return "is of a log of the other suite";
    if (ct_policy_tally_has_log(t, sct->log))
        return "is the second of its log";
    if (!ct_policy_tally_is_in(t->rules->counted_states, sct->log->state))
        return "is of a log in a state that does not count";
    /* A log that is retired may backdate: what was there before it was, was there before. */
    if (sct->log->state == LOG_LIST_RETIRED && (int64_t)(earliest_ms / 1000) >= sct->log->state_since_s)
        return "is not from before its log was retired";
    if (ct_policy_tally_is_full(t, operator_name))
        return "is one more of its operator than count";
    return NULL;
}

static uint64_t earliest(const struct ct_policy_sct *scts, size_t count)
{
    uint64_t at_ms = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (scts[i].timestamp_ms < at_ms)
            at_ms = scts[i].timestamp_ms;
    return at_ms;
}

static void add_one(struct ct_policy_tally *t, const struct log_list *list, const struct ct_policy_sct *sct, uint64_t earliest_ms)
{
    const char *operator_name = log_list_operator_at(list, sct->log, (int64_t)(sct->timestamp_ms / 1000));
    const char *why = not_counted(t, sct, operator_name, earliest_ms);
    if (why == NULL) {
        ct_policy_tally_add(t, sct->log, operator_name);
    } else if (t->left_out == NULL) {
        t->left_out = sct->log;
        t->left_out_why = why;
    }
}

/* Of how much use a log is, for what is still needed. Where only so many of an operator count, those of use come first. */
static unsigned use_of(const struct ct_policy_tally *t, const struct log_list_log *log)
{
    const struct ct_policy_needs *n = t->needs;
    if (n->per_operator == 0)
        return 0;
    return (t->rfc6962 < n->rfc6962 && !log->is_tiled) +
           (t->live < n->live && ct_policy_tally_is_in(t->rules->live_states, log->state));
}

/* Counts those that count. */
static void add_all(struct ct_policy_tally *t, const struct log_list *list, const struct ct_policy_sct *scts, size_t count)
{
    uint64_t earliest_ms = earliest(scts, count);
    bool is_done[CT_POLICY_SCTS_MAX] = {false};
    for (size_t k = 0; k < count; k++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (!is_done[i] && (best == count || use_of(t, scts[i].log) > use_of(t, scts[best].log)))
                best = i;
        is_done[best] = true;
        add_one(t, list, &scts[best], earliest_ms);
    }
}

enum status ct_policy_check_list(const struct ct_policy *policy, const struct log_list *list, int64_t at_s, struct error *err)
{
    if (policy->list_max_age_s == 0 || at_s - list->timestamp_s <= policy->list_max_age_s)
        return STATUS_OK;
    return error_set(err, STATUS_AGAIN, "CT policy %s: the log list is older than %lld days", policy->name,
                     (long long)(policy->list_max_age_s / CT_POLICY_DAY_S));
}

enum status ct_policy_judge(const struct ct_policy *policy, const struct log_list *list, int64_t not_before_s,
                            int64_t not_after_s, const struct ct_policy_sct *scts, size_t count, int64_t at_s,
                            struct error *err)
{
    const char *name;
    struct ct_policy_needs needs;
    const struct ct_policy_rules *rules = ct_policy_rules_at(policy, at_s, &name);
    struct ct_policy_tally t = {.policy = policy, .rules = rules, .needs = &needs};
    if (count > CT_POLICY_SCTS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d SCTs", CT_POLICY_SCTS_MAX);
    ct_policy_fill_needs(policy, rules, not_before_s, not_after_s, at_s, &needs);
    if (needs.scts == 0)
        return STATUS_OK;
    enum status s = ct_policy_check_list(policy, list, at_s, err);
    if (s != STATUS_OK)
        return s;
    add_all(&t, list, scts, count);
    return ct_policy_tally_judge(policy, &t, err);
}

size_t ct_policy_counted(const struct ct_policy *policy, const struct log_list *list, const struct ct_policy_sct *scts, size_t count,
                         int64_t at_s)
{
    const char *name;
    const struct ct_policy_rules *rules = ct_policy_rules_at(policy, at_s, &name);
    if (rules == NULL)
        return 0;
    struct ct_policy_needs needs = {.delivery = rules->delivery};
    struct ct_policy_tally t = {.policy = policy, .rules = rules, .needs = &needs};
    add_all(&t, list, scts, count < CT_POLICY_SCTS_MAX ? count : CT_POLICY_SCTS_MAX);
    return t.scts;
}

/* ---- sets ---- */

void ct_policy_set_free(struct ct_policy_set *policies)
{
    if (policies == NULL)
        return;
    for (size_t i = 0; i < policies->count; i++)
        free(policies->policies[i]);
    free(policies);
}

const struct ct_policy *ct_policy_set_find(const struct ct_policy_set *policies, struct bytes name)
{
    for (size_t i = 0; i < policies->count; i++)
        if (bytes_is_text(name, policies->policies[i]->name))
            return policies->policies[i];
    return NULL;
}

size_t ct_policy_set_count(const struct ct_policy_set *policies)
{
    return policies->count;
}

const struct ct_policy *ct_policy_set_at(const struct ct_policy_set *policies, size_t i)
{
    return policies->policies[i];
}
