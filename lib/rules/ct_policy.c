#include "rules/ct_policy.h"

#include <string.h>

#include "rules/ct_policy_parts.h"

const char *ct_policy_name(const struct ct_policy *policy)
{
    return policy->name;
}

/* The stage in force; NULL when there are stages and none has come. */
static const struct ct_policy_rules *rules_at(const struct ct_policy *policy, int64_t at_s, const char **name)
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
    (void)rules_at(policy, at_s, &name);
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

static void fill_needs(const struct ct_policy *policy, const struct ct_policy_rules *rules, int64_t not_before_s,
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
    fill_needs(policy, rules_at(policy, at_s, &name), not_before_s, not_after_s, at_s, out);
}

/* ---- counting ---- */

static bool is_required(const struct ct_policy_rules *rules, const char *operator_name)
{
    for (size_t i = 0; i < rules->required_count; i++)
        if (strcmp(rules->required_names[i], operator_name) == 0)
            return true;
    return false;
}

static size_t count_of(const struct ct_policy_tally *t, const char *operator_name)
{
    size_t count = 0;
    for (size_t i = 0; i < t->scts; i++)
        count += strcmp(t->operators[i], operator_name) == 0;
    return count;
}

static bool has_log(const struct ct_policy_tally *t, const struct log_list_log *log)
{
    for (size_t i = 0; i < t->scts; i++)
        if (t->logs[i] == log)
            return true;
    return false;
}

static bool is_in(unsigned mask, enum log_list_state state)
{
    return (mask >> state & 1) != 0;
}

static bool is_full(const struct ct_policy_tally *t, const char *operator_name)
{
    return t->needs->per_operator != 0 && count_of(t, operator_name) >= t->needs->per_operator;
}

/* Takes one that counts; there is room for CT_POLICY_SCTS_MAX. */
static void add(struct ct_policy_tally *t, const struct log_list_log *log, const char *operator_name)
{
    t->distinct += count_of(t, operator_name) == 0;
    t->required += is_required(t->rules, operator_name);
    t->rfc6962 += !log->is_tiled;
    t->live += is_in(t->rules->live_states, log->state);
    t->operators[t->scts] = operator_name;
    t->logs[t->scts++] = log;
}

static bool is_met(const struct ct_policy_tally *t)
{
    const struct ct_policy_needs *n = t->needs;
    return t->scts >= n->scts && t->distinct >= n->operators && t->required >= n->required && t->rfc6962 >= n->rfc6962 &&
           t->live >= n->live;
}

/* Why an SCT does not count; NULL when it does. */
static const char *not_counted(const struct ct_policy_tally *t, const struct ct_policy_sct *sct, const char *operator_name,
                               uint64_t earliest_ms)
{
    if ((sct->delivery & t->needs->delivery) == 0)
        return "came in a way that does not count";
    if (t->policy->suite != NULL && sct->log->suite != t->policy->suite)
        return "is of a log of the other suite";
    if (has_log(t, sct->log))
        return "is the second of its log";
    if (!is_in(t->rules->counted_states, sct->log->state))
        return "is of a log in a state that does not count";
    /* A log that is retired may backdate: what was there before it was, was there before. */
    if (sct->log->state == LOG_LIST_RETIRED && (int64_t)(earliest_ms / 1000) >= sct->log->state_since_s)
        return "is not from before its log was retired";
    if (is_full(t, operator_name))
        return "is one more of its operator than count";
    return NULL;
}

static enum status not_met(const struct ct_policy *policy, const struct ct_policy_tally *t, const char *what, size_t found,
                           size_t needed, struct error *err)
{
    if (t->left_out == NULL)
        return error_set(err, STATUS_REFUSED, "CT policy %s: %s: %zu, needed are %zu", policy->name, what, found, needed);
    return error_set(err, STATUS_REFUSED, "CT policy %s: %s: %zu, needed are %zu; left out: the SCT of \"%.60s\" %s",
                     policy->name, what, found, needed, t->left_out->description, t->left_out_why);
}

static enum status judge(const struct ct_policy *policy, const struct ct_policy_tally *t, struct error *err)
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

static uint64_t earliest(const struct ct_policy_sct *scts, size_t count)
{
    uint64_t at_ms = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (scts[i].timestamp_ms < at_ms)
            at_ms = scts[i].timestamp_ms;
    return at_ms;
}

enum status ct_policy_judge(const struct ct_policy *policy, const struct log_list *list, int64_t not_before_s,
                            int64_t not_after_s, const struct ct_policy_sct *scts, size_t count, int64_t at_s,
                            struct error *err)
{
    const char *name;
    struct ct_policy_needs needs;
    const struct ct_policy_rules *rules = rules_at(policy, at_s, &name);
    struct ct_policy_tally t = {.policy = policy, .rules = rules, .needs = &needs};
    if (count > CT_POLICY_SCTS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d SCTs", CT_POLICY_SCTS_MAX);
    fill_needs(policy, rules, not_before_s, not_after_s, at_s, &needs);
    if (needs.scts == 0)
        return STATUS_OK;
    if (policy->list_max_age_s != 0 && at_s - list->timestamp_s > policy->list_max_age_s)
        return error_set(err, STATUS_AGAIN, "CT policy %s: the log list is older than %lld days", policy->name,
                         (long long)(policy->list_max_age_s / CT_POLICY_DAY_S));
    uint64_t earliest_ms = earliest(scts, count);
    for (size_t i = 0; i < count; i++) {
        const char *operator_name = log_list_operator_at(list, scts[i].log, (int64_t)(scts[i].timestamp_ms / 1000));
        const char *why = not_counted(&t, &scts[i], operator_name, earliest_ms);
        if (why == NULL) {
            add(&t, scts[i].log, operator_name);
        } else if (t.left_out == NULL) {
            t.left_out = scts[i].log;
            t.left_out_why = why;
        }
    }
    return judge(policy, &t, err);
}

/* ---- choosing ---- */

/* What a further SCT of this log would help: the more rules that are not met yet, the better. */
static unsigned score(const struct ct_policy_tally *t, const struct log_list_log *log, const char *operator_name)
{
    const struct ct_policy_needs *n = t->needs;
    unsigned points = 0;
    bool is_new = count_of(t, operator_name) == 0;
    if (is_full(t, operator_name))
        return 0;
    points += t->required < n->required && is_required(t->rules, operator_name) ? 16 : 0;
    points += t->rfc6962 < n->rfc6962 && !log->is_tiled ? 8 : 0;
    points += t->distinct < n->operators && is_new ? 4 : 0;
    points += t->live < n->live && is_in(t->rules->live_states, log->state) ? 2 : 0;
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
    return is_in(t->rules->ask_states, log->state) && (q->suite == NULL || q->suite == log->suite) &&
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
    (void)judge(policy, t, &why);
    return error_set(err, STATUS_NOT_FOUND, "with the logs that may be asked: %.240s", why.text);
}

enum status ct_policy_select(const struct ct_policy *policy, const struct log_list *list,
                             const struct ct_policy_question *question, struct ct_policy_choice *out, struct error *err)
{
    const char *name;
    struct ct_policy_needs needs;
    const struct ct_policy_rules *rules = rules_at(policy, question->at_s, &name);
    struct ct_policy_tally t = {.policy = policy, .rules = rules, .needs = &needs};
    out->needed = out->count = 0;
    fill_needs(policy, rules, question->not_before_s, question->not_after_s, question->at_s, &needs);
    if (needs.scts == 0)
        return STATUS_OK;
    for (size_t i = 0; i < question->have_count && t.scts < CT_POLICY_SCTS_MAX; i++) {
        const char *operator_name = log_list_operator(list, question->have[i]);
        if (!has_log(&t, question->have[i]) && !is_full(&t, operator_name))
            add(&t, question->have[i], operator_name);
    }
    for (size_t i = 0; i < log_list_count(list); i++)
        if (may_be_asked(&t, question, log_list_at(list, i)))
            out->logs[out->count++] = log_list_at(list, i);
    while (!is_met(&t) && t.scts < CT_POLICY_SCTS_MAX && bring_best(&t, list, out, out->needed, question->spread)) {
        const struct log_list_log *log = out->logs[out->needed++];
        add(&t, log, log_list_operator(list, log));
    }
    enum status s = is_met(&t) ? STATUS_OK : cannot(policy, &t, err);
    /* The others: those first that would help most if one fails. */
    for (size_t i = out->needed; i < out->count && t.scts < CT_POLICY_SCTS_MAX; i++)
        if (bring_best(&t, list, out, i, question->spread))
            add(&t, out->logs[i], log_list_operator(list, out->logs[i]));
    return s;
}
