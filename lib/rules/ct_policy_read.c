#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/ct_policy_parts.h"
#include "rules/ct_policy_words.h"

#define DAYS_MAX 36500

/* The file while it is read. */
struct reading {
    struct ct_policy_set *set;
    struct ct_policy *policy; /* that of the last `policy` line */
    struct ct_policy_stage *stage; /* that of the last `stage` line */
    struct bytes rest; /* of the line */
};

static enum status wrong(struct error *err, const char *expected)
{
    return error_set(err, STATUS_USAGE, "expected: %s", expected);
}

static struct ct_policy_rules *rules_of(struct reading *r)
{
    return r->stage != NULL ? &r->stage->rules : &r->policy->base;
}

/* ---- statements ---- */

static enum status read_policy(struct reading *r, struct error *err)
{
    char name[CT_POLICY_NAME_MAX + 1];
    if (!ct_policy_words_name(&r->rest, name, CT_POLICY_NAME_MAX) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "policy NAME");
    if (ct_policy_set_find(r->set, bytes_of_text(name)) != NULL)
        return error_set(err, STATUS_USAGE, "policy %s is there twice", name);
    if (r->set->count == CT_POLICY_COUNT_MAX)
        return error_set(err, STATUS_USAGE, "more than %d policies", CT_POLICY_COUNT_MAX);
    struct ct_policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memcpy(policy->name, name, sizeof name);
    policy->certificates_from_s = CT_POLICY_ALWAYS;
    policy->base.enforce_from_s = CT_POLICY_NEVER;
    r->set->policies[r->set->count++] = policy;
    r->policy = policy;
    r->stage = NULL;
    return STATUS_OK;
}

static enum status read_stage(struct reading *r, struct error *err)
{
    struct ct_policy *policy = r->policy;
    struct ct_policy_stage stage = {.rules = policy->base};
    if (!ct_policy_words_name(&r->rest, stage.name, CT_POLICY_NAME_MAX) ||
        !ct_policy_words_from(&r->rest, &stage.from_s) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "stage NAME from TIME|always|never");
    for (size_t i = 0; i < policy->stage_count; i++)
        if (strcmp(policy->stages[i].name, stage.name) == 0)
            return error_set(err, STATUS_USAGE, "stage %s is there twice", stage.name);
    if (policy->stage_count == CT_POLICY_STAGES_MAX)
        return error_set(err, STATUS_USAGE, "more than %d stages", CT_POLICY_STAGES_MAX);
    r->stage = &policy->stages[policy->stage_count++];
    *r->stage = stage;
    return STATUS_OK;
}

static enum status read_use(struct reading *r, struct error *err)
{
    struct ct_policy *policy = r->policy;
    char name[CT_POLICY_NAME_MAX + 1];
    if (!ct_policy_words_name(&r->rest, name, CT_POLICY_NAME_MAX) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "use STAGE");
    for (size_t i = 0; i < policy->stage_count; i++) {
        if (strcmp(policy->stages[i].name, name) != 0)
            continue;
        policy->has_use = true;
        policy->use = i;
        return STATUS_OK;
    }
    return error_set(err, STATUS_USAGE, "no stage %s before this line", name);
}

static enum status read_suite(struct reading *r, struct error *err)
{
    struct bytes word;
    r->policy->suite = ct_policy_words_next(&r->rest, &word) ? ct_suite_by_name(word) : NULL;
    return r->policy->suite != NULL && ct_policy_words_are_over(&r->rest) ? STATUS_OK : wrong(err, "suite gm|intl");
}

static enum status read_length(struct reading *r, struct error *err)
{
    r->policy->is_length_inclusive = ct_policy_words_is(&r->rest, "inclusive");
    if ((!r->policy->is_length_inclusive && !ct_policy_words_is(&r->rest, "exact")) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "length exact|inclusive");
    return STATUS_OK;
}

static enum status read_list_max_age(struct reading *r, struct error *err)
{
    size_t days;
    if (!ct_policy_words_count(&r->rest, DAYS_MAX, &days) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "list-max-age DAYS");
    r->policy->list_max_age_s = (int64_t)days * CT_POLICY_DAY_S;
    return STATUS_OK;
}

static enum status read_certificates(struct reading *r, struct error *err)
{
    if (!ct_policy_words_from(&r->rest, &r->policy->certificates_from_s) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "certificates from TIME|always|never");
    return STATUS_OK;
}

static enum status read_enforce(struct reading *r, struct error *err)
{
    if (!ct_policy_words_from(&r->rest, &rules_of(r)->enforce_from_s) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "enforce from TIME|always|never");
    return STATUS_OK;
}

static enum status read_scts(struct reading *r, struct error *err)
{
    static const char form[] = "scts upto DAYS COUNT [per-operator N], or: scts longer COUNT [per-operator N]";
    struct ct_policy_rules *rules = rules_of(r);
    struct ct_policy_tier tier = {.up_to_s = INT64_MAX};
    size_t days;
    if (ct_policy_words_is(&r->rest, "upto")) {
        if (!ct_policy_words_count(&r->rest, DAYS_MAX, &days))
            return wrong(err, form);
        tier.up_to_s = (int64_t)days * CT_POLICY_DAY_S;
    } else if (!ct_policy_words_is(&r->rest, "longer")) {
        return wrong(err, form);
    }
    if (!ct_policy_words_count(&r->rest, CT_POLICY_SCTS_NEEDED_MAX, &tier.scts))
        return wrong(err, form);
    if (ct_policy_words_is(&r->rest, "per-operator") &&
        !ct_policy_words_count(&r->rest, CT_POLICY_SCTS_NEEDED_MAX, &tier.per_operator))
        return wrong(err, form);
    if (!ct_policy_words_are_over(&r->rest))
        return wrong(err, form);
    if (r->stage != NULL && !r->stage->has_own_tiers) {
        r->stage->has_own_tiers = true;
        rules->tier_count = 0;
    }
    if (rules->tier_count > 0 && rules->tiers[rules->tier_count - 1].up_to_s >= tier.up_to_s)
        return error_set(err, STATUS_USAGE, "scts: shorter times come first, `longer` last");
    if (rules->tier_count == CT_POLICY_TIERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d lines of scts", CT_POLICY_TIERS_MAX);
    rules->tiers[rules->tier_count++] = tier;
    return STATUS_OK;
}

static enum status read_operators(struct reading *r, struct error *err)
{
    if (!ct_policy_words_count(&r->rest, CT_POLICY_SCTS_NEEDED_MAX, &rules_of(r)->operators) ||
        !ct_policy_words_are_over(&r->rest))
        return wrong(err, "operators N");
    return STATUS_OK;
}

static enum status read_rfc6962(struct reading *r, struct error *err)
{
    if (!ct_policy_words_count(&r->rest, CT_POLICY_SCTS_NEEDED_MAX, &rules_of(r)->rfc6962) ||
        !ct_policy_words_are_over(&r->rest))
        return wrong(err, "require-rfc6962 N");
    return STATUS_OK;
}

static enum status read_required(struct reading *r, struct error *err)
{
    static const char form[] = "require-operator N NAME...";
    struct ct_policy_rules *rules = rules_of(r);
    rules->required_count = 0;
    if (!ct_policy_words_count(&r->rest, CT_POLICY_SCTS_NEEDED_MAX, &rules->required) || (rules->required > 0 &&
        ct_policy_words_are_over(&r->rest)))
        return wrong(err, form);
    while (!ct_policy_words_are_over(&r->rest)) {
        if (rules->required_count == CT_POLICY_OPERATORS_MAX)
            return error_set(err, STATUS_USAGE, "more than %d operators in one line", CT_POLICY_OPERATORS_MAX);
        if (!ct_policy_words_name(&r->rest, rules->required_names[rules->required_count++], CT_POLICY_OPERATOR_NAME_MAX))
            return wrong(err, form);
    }
    return STATUS_OK;
}

static bool next_states(struct reading *r, unsigned *mask)
{
    struct bytes word;
    *mask = 0;
    while (!ct_policy_words_are_over(&r->rest)) {
        enum log_list_state state;
        if (!ct_policy_words_next(&r->rest, &word))
            return false;
        state = log_list_state_by_name(word);
        if (state == LOG_LIST_UNKNOWN && !bytes_is_text(word, "unknown"))
            return false;
        *mask |= 1u << state;
    }
    return *mask != 0;
}

static enum status read_counted(struct reading *r, struct error *err)
{
    return next_states(r, &rules_of(r)->counted_states) ? STATUS_OK : wrong(err, "counted STATE...");
}

static enum status read_ask(struct reading *r, struct error *err)
{
    return next_states(r, &rules_of(r)->ask_states) ? STATUS_OK : wrong(err, "ask STATE...");
}

static enum status read_live(struct reading *r, struct error *err)
{
    if (!ct_policy_words_count(&r->rest, CT_POLICY_SCTS_NEEDED_MAX, &rules_of(r)->live) ||
        !next_states(r, &rules_of(r)->live_states))
        return wrong(err, "live N STATE...");
    return STATUS_OK;
}

static enum status read_delivery(struct reading *r, struct error *err)
{
    static const struct {
        const char *word;
        unsigned bit;
    } ways[] = {{"embedded", CT_POLICY_EMBEDDED}, {"tls", CT_POLICY_TLS}, {"ocsp", CT_POLICY_OCSP},
                {"property", CT_POLICY_PROPERTY}};
    unsigned mask = 0;
    while (!ct_policy_words_are_over(&r->rest)) {
        size_t i = 0;
        while (i < sizeof ways / sizeof ways[0] && !ct_policy_words_is(&r->rest, ways[i].word))
            i++;
        if (i == sizeof ways / sizeof ways[0])
            return wrong(err, "delivery embedded|tls|ocsp|property...");
        mask |= ways[i].bit;
    }
    rules_of(r)->delivery = mask;
    return mask != 0 ? STATUS_OK : wrong(err, "delivery embedded|tls|ocsp|property...");
}

/* What can only be missing by mistake: a policy without it would say yes to everything, or to nothing. */
static enum status check_rules(const struct ct_policy_rules *rules, struct error *err)
{
    if (rules->tier_count == 0 || rules->tiers[rules->tier_count - 1].up_to_s != INT64_MAX)
        return error_set(err, STATUS_USAGE, "no line `scts longer COUNT`");
    if (rules->delivery == 0)
        return error_set(err, STATUS_USAGE, "no line `delivery`");
    if (rules->counted_states == 0 || rules->ask_states == 0)
        return error_set(err, STATUS_USAGE, "no line `counted`, or no line `ask`");
    return STATUS_OK;
}

static enum status check_policy(const struct ct_policy *policy, struct error *err)
{
    enum status s = STATUS_OK;
    if (policy->stage_count == 0)
        s = check_rules(&policy->base, err);
    for (size_t i = 0; s == STATUS_OK && i < policy->stage_count; i++)
        s = error_prefix(err, check_rules(&policy->stages[i].rules, err), "stage %s", policy->stages[i].name);
    return error_prefix(err, s, "policy %s", policy->name);
}

static enum status read_statement(struct reading *r, struct error *err)
{
    static const struct {
        const char *word;
        enum status (*read)(struct reading *r, struct error *err);
    } statements[] = {
        {"policy", read_policy},       {"stage", read_stage},           {"use", read_use},
        {"length", read_length},       {"list-max-age", read_list_max_age}, {"certificates", read_certificates},
        {"enforce", read_enforce},     {"scts", read_scts},             {"operators", read_operators},
        {"require-rfc6962", read_rfc6962}, {"require-operator", read_required}, {"counted", read_counted},
        {"suite", read_suite},         {"ask", read_ask},             {"live", read_live},             {"delivery",
            read_delivery},
    };
    struct bytes word;
    if (!text_next_word(&r->rest, &word))
        return STATUS_OK;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (!bytes_is_text(word, statements[i].word))
            continue;
        if (r->policy == NULL && statements[i].read != read_policy)
            return error_set(err, STATUS_USAGE, "a line `policy NAME` comes first");
        return statements[i].read(r, err);
    }
    return error_set(err, STATUS_USAGE, "unknown statement \"%.*s\"", (int)(word.len < 40 ? word.len : 40),
                     (const char *)word.data);
}

static enum status read_all(struct reading *r, struct bytes text, struct error *err)
{
    struct bytes line;
    enum status s = STATUS_OK;
    for (size_t number = 1; s == STATUS_OK && text_next_line(&text, &line); number++) {
        r->rest = ct_policy_words_without_comment(line);
        s = error_prefix(err, read_statement(r, err), "line %zu", number);
    }
    for (size_t i = 0; s == STATUS_OK && i < r->set->count; i++)
        s = check_policy(r->set->policies[i], err);
    return s;
}

enum status ct_policy_set_read(struct bytes text, struct ct_policy_set **out, struct error *err)
{
    *out = NULL;
    if (text.len > CT_POLICY_TEXT_MAX)
        return error_set(err, STATUS_USAGE, "CT policies: a file of more than %zu bytes", CT_POLICY_TEXT_MAX);
    struct reading r = {.set = calloc(1, sizeof(struct ct_policy_set))};
    if (r.set == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = read_all(&r, text, err);
    if (s == STATUS_OK)
        *out = r.set;
    else
        ct_policy_set_free(r.set);
    return s;
}
