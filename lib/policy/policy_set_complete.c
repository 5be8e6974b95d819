/* Is everything in a policy file that has to be there, and what holds where a bundle's is older than this code. */
#include <string.h>

#include "policy/policy_rule.h"
#include "policy/policy_set_reading.h"

static enum status missing(struct error *err, const char *what, const char *name)
{
    return error_set(err, STATUS_USAGE, "no line `%s %s`", what, name);
}

static bool is_named(const struct policy_rule_text *text)
{
    bool is_met = text->line_count > 0;
    for (size_t k = 0; k < POLICY_LANGUAGES; k++)
        is_met = is_met || text->title[k] != NULL || text->fix[k] != NULL;
    return is_met;
}

static enum status check_rules(const struct policy_set *set, enum policy_source source, struct error *err)
{
    const struct policy_rule *rule;
    for (size_t i = 0; (rule = policy_rules_at(i)) != NULL; i++) {
        const struct policy_rule_text *text = &set->rules[i];
        if (source == POLICY_FROM_BUNDLE && !is_named(text))
            continue;
        if (text->line_count == 0)
            return missing(err, "rule", rule->id);
        for (size_t k = 0; k < POLICY_LANGUAGES; k++)
            if (text->title[k] == NULL || text->fix[k] == NULL)
                return error_set(err, STATUS_USAGE, "rule %s has not both a title and a fix in en and zh", rule->id);
    }
    return STATUS_OK;
}

/* Settings and limits that came after the file was written. */
static enum status take_shipped(struct policy_set *set, struct error *err)
{
    struct policy_set *shipped;
    enum status s = policy_set_default(&shipped, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < POLICY_SETTINGS; i++)
        if (set->settings[i] == POLICY_VALUE_NONE)
            set->settings[i] = shipped->settings[i];
    for (size_t i = 0; i < POLICY_LIMITS; i++)
        if (set->limit_count[i] == 0) {
            set->limit_count[i] = shipped->limit_count[i];
            memcpy(set->limits[i], shipped->limits[i], sizeof set->limits[i]);
        }
    policy_set_free(shipped);
    return STATUS_OK;
}

static enum status check_values(struct policy_set *set, enum policy_source source, struct error *err)
{
    const char *what = NULL, *name = NULL;
    for (size_t i = 0; i < POLICY_LIMITS; i++)
        if (set->limit_count[i] == 0) {
            what = "limit";
            name = policy_limit_name((enum policy_limit)i);
        }
    for (size_t i = 0; i < POLICY_SETTINGS; i++)
        if (set->settings[i] == POLICY_VALUE_NONE) {
            what = "setting";
            name = policy_setting_name((enum policy_setting)i);
        }
    if (what == NULL)
        return STATUS_OK;
    return source == POLICY_FROM_BUNDLE ? take_shipped(set, err) : missing(err, what, name);
}

enum status policy_set_complete(struct policy_reading *r, enum policy_source source, struct error *err)
{
    struct policy_set *set = r->set;
    if (!r->has_format || !r->has_version || !r->has_name)
        return error_set(err, STATUS_USAGE, "policy-format, version and name have to be there");
    for (size_t i = 0; i < POLICY_SHOWS; i++)
        if (set->icons[i] == NULL || set->sayings[i][POLICY_EN] == NULL || set->sayings[i][POLICY_ZH] == NULL)
            return missing(err, "icon (and `say`) for", policy_set_rules_shows[i]);
    enum status s = check_values(set, source, err);
    return s == STATUS_OK ? check_rules(set, source, err) : s;
}
