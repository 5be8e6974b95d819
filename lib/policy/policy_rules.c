#include <string.h>

#include "policy/policy_rule.h"

/* All rules, file by file: in this order they stand in answers. */
static const struct policy_rule_table *const tables[] = {
    &policy_rules_rp,    &policy_rules_chain,      &policy_rules_ct, &policy_rules_br,
    &policy_rules_names, &policy_rules_extensions, &policy_rules_in, &policy_rules_purpose,
};
#define TABLES (sizeof tables / sizeof tables[0])

const struct policy_rule *policy_rules_at(size_t i)
{
    for (size_t t = 0; t < TABLES; t++) {
        if (i < tables[t]->count)
            return &tables[t]->rules[i];
        i -= tables[t]->count;
    }
    return NULL;
}

size_t policy_rules_find(struct bytes id)
{
    const struct policy_rule *rule;
    for (size_t i = 0; (rule = policy_rules_at(i)) != NULL; i++)
        if (bytes_is_text(id, rule->id))
            return i;
    return POLICY_RULES_MAX;
}
