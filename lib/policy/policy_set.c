#include "policy/policy_set.h"

#include <stdlib.h>

#include "policy/policy_rule.h"
#include "policy/policy_set_parts.h"

void policy_set_free(struct policy_set *set)
{
    if (set == NULL)
        return;
    ct_policy_set_free(set->ct_policies);
    free(set->text);
    free(set);
}

const char *policy_set_name(const struct policy_set *set)
{
    return set->name;
}

uint64_t policy_set_version(const struct policy_set *set)
{
    return set->version;
}

enum policy_value policy_set_setting(const struct policy_set *set, enum policy_setting setting)
{
    return set->settings[setting];
}

int64_t policy_set_limit(const struct policy_set *set, enum policy_limit limit, int64_t at_s)
{
    size_t i = set->limit_count[limit] - 1;
    while (i > 0 && at_s < set->limits[limit][i].from_s)
        i--;
    return set->limits[limit][i].value;
}

const struct ct_policy *policy_set_ct(const struct policy_set *set, enum policy_ct_for who)
{
    return set->ct[who];
}

/* A rule that the policy does not name has no sentence. */
static const char *or_nothing(const char *sentence)
{
    return sentence != NULL ? sentence : "";
}

const char *policy_set_title(const struct policy_set *set, const char *rule_id, enum policy_language language)
{
    size_t i = policy_rules_find(bytes_of_text(rule_id));
    return i < POLICY_RULES_MAX ? or_nothing(set->rules[i].title[language]) : "";
}

const char *policy_set_fix(const struct policy_set *set, const char *rule_id, enum policy_language language)
{
    size_t i = policy_rules_find(bytes_of_text(rule_id));
    return i < POLICY_RULES_MAX ? or_nothing(set->rules[i].fix[language]) : "";
}

size_t policy_set_oid_count(const struct policy_set *set)
{
    return set->oid_count;
}

const struct policy_oid *policy_set_oid_at(const struct policy_set *set, size_t i)
{
    return &set->oids[i];
}

static bool is_group_met(unsigned wanted, unsigned have, unsigned group)
{
    return (wanted & group) == 0 || (wanted & have & group) != 0;
}

const struct policy_line *policy_set_line(const struct policy_set *set, size_t rule, unsigned whom, int64_t at_s, int64_t issued_s)
{
    const struct policy_rule_text *text = &set->rules[rule];
    for (size_t i = text->line_count; i-- > 0;) {
        const struct policy_line *line = &text->lines[i];
        if (line->from_s <= at_s && line->issued_from_s <= issued_s && is_group_met(line->whom, whom, POLICY_FOR_WORLDS) &&
            is_group_met(line->whom, whom, POLICY_FOR_FORMS) && is_group_met(line->whom, whom, POLICY_FOR_NETWORKS) &&
            is_group_met(line->whom, whom, POLICY_FOR_PURPOSES))
            return line;
    }
    return NULL;
}

unsigned policy_set_whom(uint16_t purpose)
{
    if (purpose == TRUST_BUNDLE_TLS_INTRANET)
        purpose = TRUST_BUNDLE_TLS;
    return purpose < 16 ? 1u << (POLICY_FOR_PURPOSE_SHIFT + purpose) : 0;
}

size_t policy_set_show(enum policy_verdict verdict, uint8_t level)
{
    return verdict == POLICY_VERDICT_SECURE ? level - 1u : 3u + verdict;
}

enum status policy_set_default(struct policy_set **out, struct error *err)
{
    return policy_set_read(policy_set_default_text(), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, out, err);
}
