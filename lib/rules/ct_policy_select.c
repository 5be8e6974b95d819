#include "rules/ct_policy_parts.h"

/* What a further SCT of this log would help: the more rules that are not met yet, the better. */
static unsigned score(const struct ct_policy_tally *t, const struct log_list_log *log, const char *operator_name)
{
    const struct ct_policy_needs *n = t->needs;
    unsigned points = 0;
    bool is_new = ct_policy_tally_count_of(t, operator_name) == 0;
    if (ct_policy_tally_is_full(t, operator_name))
        return 0;
    points += t->required < n->required && ct_policy_tally_requires(t->rules, operator_name) ? 16 : 0;
    points += t->rfc6962 < n->rfc6962 && !log->is_tiled ? 8 : 0;
    points += t->distinct < n->operators && is_new ? 4 : 0;
    points += t->live < n->live && ct_policy_tally_is_in(t->rules->live_states, log->state) ? 2 : 0;
    points += is_new ? 1 : 0;
    return points + 1;
}

/* Another order for each number. [FNV-1a over the log ID; any mixing would do.] */
static uint64_t rank(const struct log_list_log *log, uint64_t spread)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ spread;
    for (size_t i = 0; i < HASH_SIZE; i++)
        h = (h ^ log->log_id[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

static bool is_among(const struct log_list_log *log, const struct log_list_log *const *logs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (logs[i] == log)
            return true;
    return false;
}

static bool may_be_asked(const struct ct_policy_tally *t, const struct ct_policy_question *q,
                         const struct log_list_log *log)
{
    return ct_policy_tally_is_in(t->rules->ask_states, log->state) && (q->suite == NULL || q->suite == log->suite) &&
           (t->policy->suite == NULL || t->policy->suite == log->suite) &&
           log_list_takes(log, q->not_after_s) && !is_among(log, q->have, q->have_count) &&
           !is_among(log, q->avoid, q->avoid_count);
}

/* Moves the best of logs[from..] to from. False when none would count. */
static bool bring_best(const struct ct_policy_tally *t, const struct log_list *list, struct ct_policy_choice *out,
                       size_t from, uint64_t spread)
{
    size_t best = from;
    unsigned best_score = 0;
    for (size_t i = from; i < out->count; i++) {
        unsigned points = score(t, out->logs[i], log_list_operator(list, out->logs[i]));
        if (i == from || points > best_score ||
            (points == best_score && rank(out->logs[i], spread) < rank(out->logs[best], spread))) {
            best = i;
            best_score = points;
        }
    }
    if (from == out->count)
        return false;
    const struct log_list_log *log = out->logs[best];
    out->logs[best] = out->logs[from];
    out->logs[from] = log;
    return best_score > 0;
}

/* The rule that the usable logs cannot meet. */
static enum status cannot(const struct ct_policy *policy, const struct ct_policy_tally *t, struct error *err)
{
    struct error why;
    (void)!ct_policy_tally_judge(policy, t, &why);
    return error_set(err, STATUS_NOT_FOUND, "with the logs that may be asked: %.240s", why.text);
}

enum status ct_policy_select(const struct ct_policy *policy, const struct log_list *list,
                             const struct ct_policy_question *question, struct ct_policy_choice *out, struct error *err)
{
    const char *name;
    struct ct_policy_needs needs;
    const struct ct_policy_rules *rules = ct_policy_rules_at(policy, question->at_s, &name);
    struct ct_policy_tally t = {.policy = policy, .rules = rules, .needs = &needs};
    out->needed = out->count = 0;
    ct_policy_fill_needs(policy, rules, question->not_before_s, question->not_after_s, question->at_s, &needs);
    if (needs.scts == 0)
        return STATUS_OK;
    for (size_t i = 0; i < question->have_count && t.scts < CT_POLICY_SCTS_MAX; i++) {
        const char *operator_name = log_list_operator(list, question->have[i]);
        if (!ct_policy_tally_has_log(&t, question->have[i]) && !ct_policy_tally_is_full(&t, operator_name))
            ct_policy_tally_add(&t, question->have[i], operator_name);
    }
    for (size_t i = 0; i < log_list_count(list); i++)
        if (may_be_asked(&t, question, log_list_at(list, i)))
            out->logs[out->count++] = log_list_at(list, i);
    while (!ct_policy_tally_is_met(&t) && t.scts < CT_POLICY_SCTS_MAX &&
        bring_best(&t, list, out, out->needed, question->spread)) {
        const struct log_list_log *log = out->logs[out->needed++];
        ct_policy_tally_add(&t, log, log_list_operator(list, log));
    }
    enum status s = ct_policy_tally_is_met(&t) ? STATUS_OK : cannot(policy, &t, err);
    /* The others: those first that would help most if one fails. */
    for (size_t i = out->needed; i < out->count && t.scts < CT_POLICY_SCTS_MAX; i++)
        if (bring_best(&t, list, out, i, question->spread))
            ct_policy_tally_add(&t, out->logs[i], log_list_operator(list, out->logs[i]));
    return s;
}
