#include <string.h>

#include "rules/ct_policy_parts.h"

bool ct_policy_tally_requires(const struct ct_policy_rules *rules, const char *operator_name)
{
    for (size_t i = 0; i < rules->required_count; i++)
        if (strcmp(rules->required_names[i], operator_name) == 0)
            return true;
    return false;
}

size_t ct_policy_tally_count_of(const struct ct_policy_tally *t, const char *operator_name)
{
    size_t count = 0;
    for (size_t i = 0; i < t->scts; i++)
        count += strcmp(t->operators[i], operator_name) == 0;
    return count;
}

bool ct_policy_tally_has_log(const struct ct_policy_tally *t, const struct log_list_log *log)
{
    for (size_t i = 0; i < t->scts; i++)
        if (t->logs[i] == log)
            return true;
    return false;
}

bool ct_policy_tally_is_in(unsigned mask, enum log_list_state state)
{
    return (mask >> state & 1) != 0;
}

bool ct_policy_tally_is_full(const struct ct_policy_tally *t, const char *operator_name)
{
    return t->needs->per_operator != 0 && ct_policy_tally_count_of(t, operator_name) >= t->needs->per_operator;
}

void ct_policy_tally_add(struct ct_policy_tally *t, const struct log_list_log *log, const char *operator_name)
{
    t->distinct += ct_policy_tally_count_of(t, operator_name) == 0;
    t->required += ct_policy_tally_requires(t->rules, operator_name);
    t->rfc6962 += !log->is_tiled;
    t->live += ct_policy_tally_is_in(t->rules->live_states, log->state);
    t->operators[t->scts] = operator_name;
    t->logs[t->scts++] = log;
}

bool ct_policy_tally_is_met(const struct ct_policy_tally *t)
{
    const struct ct_policy_needs *n = t->needs;
    return t->scts >= n->scts && t->distinct >= n->operators && t->required >= n->required && t->rfc6962 >= n->rfc6962 &&
           t->live >= n->live;
}

static enum status not_met(const struct ct_policy *policy, const struct ct_policy_tally *t, const char *what, size_t found,
                           size_t needed, struct error *err)
{
    if (t->left_out == NULL)
        return error_set(err, STATUS_REFUSED, "CT policy %s: %s: %zu, needed are %zu", policy->name, what, found, needed);
    return error_set(err, STATUS_REFUSED, "CT policy %s: %s: %zu, needed are %zu; left out: the SCT of \"%.60s\" %s",
                     policy->name, what, found, needed, t->left_out->description, t->left_out_why);
}

enum status ct_policy_tally_judge(const struct ct_policy *policy, const struct ct_policy_tally *t, struct error *err)
{
    const struct ct_policy_needs *n = t->needs;
    if (t->scts < n->scts)
        return not_met(policy, t, "SCTs of distinct logs", t->scts, n->scts, err);
    if (t->distinct < n->operators)
        return not_met(policy, t, "distinct operators", t->distinct, n->operators, err);
    if (t->required < n->required)
        return not_met(policy, t, "SCTs of the operators that it requires", t->required, n->required, err);
    if (t->rfc6962 < n->rfc6962)
        return not_met(policy, t, "SCTs of RFC 6962 logs", t->rfc6962, n->rfc6962, err);
    if (t->live < n->live)
        return not_met(policy, t, "SCTs of logs that are live now", t->live, n->live, err);
    return STATUS_OK;
}
