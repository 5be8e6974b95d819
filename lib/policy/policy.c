#include "policy/policy.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "policy/policy_set_parts.h"
#include "policy/policy_view.h"

/* What the rule needs and was not given; NULL when all is there. */
static const char *what_is_missing(const struct policy_view *view, const struct policy_rule *rule, bool is_on_names)
{
    const struct policy_subject *subject = view->subject;
    if (is_on_names && (rule->needs & POLICY_ON_NAMES) == 0)
        return "only names were looked at";
    if ((rule->needs & POLICY_NEEDS_PATH) != 0 && subject->path == NULL)
        return "the path was not looked at";
    if ((rule->needs & POLICY_NEEDS_TRANSPARENCY) != 0 && subject->transparency == NULL)
        return "SCTs and cosigners were not looked at";
    if ((rule->needs & POLICY_NEEDS_NAMES) != 0 && subject->names == NULL)
        return "there is no public suffix list";
    return (rule->needs & POLICY_NEEDS_ISSUING) != 0 && !subject->is_issuing ? "only who issues it can tell" : NULL;
}

static enum policy_result result_of(enum policy_outcome outcome, enum policy_effect effect)
{
    if (outcome == POLICY_KEPT)
        return POLICY_PASS;
    if (outcome == POLICY_UNKNOWN)
        return POLICY_NOT_LOOKED_AT;
    if (outcome == POLICY_NO_CASE)
        return POLICY_NOT_APPLICABLE;
    if (effect == POLICY_INFO)
        return POLICY_NOTE;
    return effect == POLICY_WARN || outcome == POLICY_BROKEN_MILDLY ? POLICY_WARNING : POLICY_FAIL;
}

static void judge_rule(struct policy_view *view, size_t i, bool is_on_names, struct policy_rule_result *row)
{
    const struct policy_rule *rule = policy_rules_at(i);
    row->id = rule->id;
    row->is_open = false;
    row->evidence[0] = '\0';
    row->effect = policy_view_effect(view, i);
    row->result = POLICY_NOT_APPLICABLE;
    view->evidence = row->evidence;
    if (view->set->rules[i].line_count == 0)
        row->result = result_of(policy_view_unknown(view, "the policy does not name it"), POLICY_OFF);
    if (row->effect == POLICY_OFF)
        return;
    const char *missing = what_is_missing(view, rule, is_on_names);
    row->result = missing != NULL ? result_of(policy_view_unknown(view, "%s", missing), row->effect)
                                  : result_of(rule->check(view), row->effect);
}

static enum policy_verdict verdict_of(enum policy_effect effect)
{
    switch (effect) {
    case POLICY_UNTRUSTED:
        return POLICY_VERDICT_UNTRUSTED;
    case POLICY_NOT_SECURE:
        return POLICY_VERDICT_NOT_SECURE;
    case POLICY_NOT_TRANSPARENT:
        return POLICY_VERDICT_NOT_TRANSPARENT;
    default:
        return POLICY_VERDICT_SECURE;
    }
}

static void add_to_verdict(const struct policy_rule_result *row, struct policy_answer *answer)
{
    if (row->result != POLICY_FAIL)
        return;
    enum policy_verdict verdict = verdict_of(row->effect);
    if (verdict > answer->verdict) {
        answer->verdict = verdict;
        answer->worst = row->id;
    }
    if (row->effect == POLICY_LEVEL_T1)
        answer->level = 1;
}

static void begin(const struct policy_view *view, struct policy_answer *answer)
{
    answer->verdict = POLICY_VERDICT_SECURE;
    answer->worst = NULL;
    answer->level = view->level;
    memset(answer->kind, 0, sizeof answer->kind);
    if (view->level_oid != NULL)
        memcpy(answer->kind, view->level_oid->kind, sizeof answer->kind);
    answer->is_intranet = view->is_intranet;
    answer->is_gm = view->is_gm;
    answer->purpose = view->purpose;
    answer->organisation[0] = '\0';
}

/* Characters that nobody sees, and those that turn the direction of the others: U+061C, 200B..200F, 2028..202E, 2060..206F, FEFF. */
static bool has_hidden(const char *text)
{
    for (const uint8_t *c = (const uint8_t *)text; *c != 0; c++) {
        bool is_hidden = c[0] == 0xe2 && ((c[1] == 0x80 && ((c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xa8 && c[2] <= 0xae))) ||
                                          (c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf));
        if (is_hidden || (c[0] == 0xd8 && c[1] == 0x9c) || (c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf))
            return true;
    }
    return false;
}

static void show_organisation(const struct policy_view *view, struct policy_answer *answer)
{
    const struct policy_attribute *o = policy_view_attribute(view, POLICY_OID_ORGANISATION);
    bool is_shown = answer->level >= 3 && answer->verdict < POLICY_VERDICT_NOT_SECURE && o != NULL &&
                    policy_view_attribute_text(o, answer->organisation, sizeof answer->organisation) && !has_hidden(answer->organisation);
    if (!is_shown)
        answer->organisation[0] = '\0';
}

static void find_open(struct policy_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        struct policy_rule_result *row = &answer->rules[i];
        row->is_open = row->result == POLICY_NOT_LOOKED_AT && (policy_rules_at(i)->needs & POLICY_NEEDS_ISSUING) == 0 &&
                       verdict_of(row->effect) > answer->verdict;
    }
}

static void judge_all(struct policy_view *view, bool is_on_names, struct policy_answer *answer)
{
    begin(view, answer);
    for (answer->count = 0; policy_rules_at(answer->count) != NULL; answer->count++) {
        struct policy_rule_result *row = &answer->rules[answer->count];
        judge_rule(view, answer->count, is_on_names, row);
        add_to_verdict(row, answer);
    }
    find_open(answer);
    show_organisation(view, answer);
}

enum status policy_judge(const struct policy_set *set, const struct policy_subject *subject, struct policy_answer *answer,
                         struct error *err)
{
    struct policy_view view;
    enum status s = policy_view_init(&view, set, subject, err);
    if (s == STATUS_OK)
        judge_all(&view, false, answer);
    return s;
}

enum status policy_judge_names(const struct policy_set *set, const struct policy_subject *subject, bool is_gm,
                               struct bytes general_names, struct policy_answer *answer, struct error *err)
{
    struct policy_view view;
    struct policy_subject names = *subject;
    names.path = NULL;
    names.transparency = NULL;
    names.extensions = names.subject = bytes_of(NULL, 0);
    enum status s = der_check_nested(general_names, "the names", err);
    if (s != STATUS_OK)
        return s;
    policy_view_init_names(&view, set, &names, is_gm, general_names);
    judge_all(&view, true, answer);
    return STATUS_OK;
}

void policy_answer_refuse(struct policy_answer *answer)
{
    answer->verdict = POLICY_VERDICT_UNTRUSTED;
    answer->organisation[0] = '\0';
    find_open(answer);
}

const struct policy_rule_result *policy_answer_find(const struct policy_answer *answer, const char *rule_id)
{
    for (size_t i = 0; i < answer->count; i++)
        if (strcmp(answer->rules[i].id, rule_id) == 0)
            return &answer->rules[i];
    return NULL;
}

const char *policy_saying(const struct policy_set *set, const struct policy_answer *answer, enum policy_language language)
{
    return set->sayings[policy_set_show(answer->verdict, answer->level)][language];
}

const char *policy_icon(const struct policy_set *set, const struct policy_answer *answer)
{
    return set->icons[policy_set_show(answer->verdict, answer->level)];
}
