/* The matrix: what the policy file says, against the cases of policy_cases_*.c. Rules, limits with their dates, settings with their
 * values, and for whom a rule is, are read from the shipped file; the cases know neither dates nor numbers. With --complete it says
 * what has no case, and fails: CMake runs it so when it is built. */
#include "unit/checks.h"

#include <stdio.h>

#include "policy/policy_rule.h"
#include "policy/policy_set_parts.h"
#include "policy/policy_words.h"
#include "unit/policy/policy_cases.h"

static const struct policy_case_file *const files[] = {
    &policy_cases_rp,
    &policy_cases_ct,
    &policy_cases_chain,
    &policy_cases_br,
    &policy_cases_names,
    &policy_cases_in,
    &policy_cases_purpose,
};
#define FILES (sizeof files / sizeof files[0])

static struct policy_set *shipped;

/* ---- the policy, with something else in it ---- */

static bool begins_like(struct bytes line, const char *text)
{
    struct bytes mine = bytes_of_text(text), a, b;
    for (int i = 0; i < 2; i++)
        if (!text_next_word(&line, &a) || !text_next_word(&mine, &b) || !bytes_equal(a, b))
            return false;
    return true;
}

static void change_text(const char *text, struct builder *out)
{
    struct bytes rest = policy_set_default_text(), line;
    while (text_next_line(&rest, &line)) {
        if (begins_like(line, text))
            continue;
        builder_bytes(out, line);
        builder_u8(out, '\n');
    }
    builder_text(out, text);
    builder_u8(out, '\n');
}

static void make_formal(struct builder *out)
{
    struct bytes rest = policy_set_default_ct_text(), line;
    while (text_next_line(&rest, &line)) {
        builder_bytes(out, line);
        builder_u8(out, '\n');
        if (bytes_is_text(line, "require-operator 1 \"ZoTrus\""))
            builder_text(out, "use formal\n");
    }
}

static struct policy_set *changed(const char *text, bool is_formal)
{
    struct builder policy, ct;
    struct policy_set *set = NULL;
    struct error err = {.status = STATUS_OK};
    builder_init(&policy, POLICY_TEXT_MAX);
    builder_init(&ct, CT_POLICY_TEXT_MAX);
    if (text != NULL)
        change_text(text, &policy);
    if (is_formal)
        make_formal(&ct);
    enum status s = policy_set_read(text != NULL ? builder_view(&policy) : policy_set_default_text(),
                                    is_formal ? builder_view(&ct) : policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &set, &err);
    builder_clear(&policy);
    builder_clear(&ct);
    assert_ok(s, &err, text != NULL ? text : "the policy");
    return set;
}

/* ---- one look ---- */

static struct policy_answer answer;

static const struct policy_rule_result *look(struct made *m, const struct policy_set *set, const char *rule)
{
    made_judge(m, set, &answer);
    const struct policy_rule_result *row = policy_answer_find(&answer, rule);
    assert_non_null(row);
    return row;
}

static enum policy_result result_for(enum policy_effect effect, bool is_mild)
{
    if (effect == POLICY_INFO)
        return POLICY_NOTE;
    return effect == POLICY_WARN || is_mild ? POLICY_WARNING : POLICY_FAIL;
}

static void expect(const struct policy_rule_result *row, enum policy_result want, const char *which)
{
    if (row->result != want)
        fail_msg("%s, %s: %s (%s), wanted %s", row->id, which, policy_result_name(row->result), row->evidence, policy_result_name(want));
}

/* What is broken says what it found, and the verdict is at least as bad as the effect. */
static void expect_broken(const struct policy_rule_result *row, bool is_mild, const char *which)
{
    if (row->effect == POLICY_OFF)
        fail_msg("%s, %s: not in force", row->id, which);
    expect(row, result_for(row->effect, is_mild), which);
    assert_true(row->evidence[0] != '\0');
    if (row->result != POLICY_FAIL)
        return;
    enum policy_verdict least = row->effect == POLICY_UNTRUSTED         ? POLICY_VERDICT_UNTRUSTED
                                : row->effect == POLICY_NOT_SECURE      ? POLICY_VERDICT_NOT_SECURE
                                : row->effect == POLICY_NOT_TRANSPARENT ? POLICY_VERDICT_NOT_TRANSPARENT
                                                                        : POLICY_VERDICT_SECURE;
    assert_true(answer.verdict >= least);
    if (row->effect == POLICY_LEVEL_T1)
        assert_int_equal(answer.level, 1);
}

/* ---- the bases ---- */

static const unsigned whom[MADE_BASES] = {
    [MADE_GM] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_TLS),
    [MADE_INTL] = POLICY_FOR_INTL | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_TLS),
    [MADE_MTC] = POLICY_FOR_GM | POLICY_FOR_MTC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_TLS),
    [MADE_INTL_MTC] = POLICY_FOR_INTL | POLICY_FOR_MTC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_TLS),
    [MADE_INTRANET] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_INTRANET | 1u << (8 + TRUST_BUNDLE_TLS),
    [MADE_INTL_INTRANET] = POLICY_FOR_INTL | POLICY_FOR_CLASSIC | POLICY_FOR_INTRANET | 1u << (8 + TRUST_BUNDLE_TLS),
    [MADE_EMAIL] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_EMAIL),
    [MADE_DOCUMENT] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_DOCUMENT),
    [MADE_INTL_DOCUMENT] = POLICY_FOR_INTL | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_DOCUMENT),
    [MADE_TIMESTAMP] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_TIMESTAMP),
    [MADE_E_INVOICE] = POLICY_FOR_INTL | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_E_INVOICE),
    [MADE_GM_E_INVOICE] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_E_INVOICE),
    [MADE_CLIENT] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_TLS_CLIENT),
    [MADE_CODE] = POLICY_FOR_GM | POLICY_FOR_CLASSIC | POLICY_FOR_PUBLIC | 1u << (8 + TRUST_BUNDLE_CODE),
};

/* For one who has these bits, one of each group. */
static bool is_for(const struct policy_line *line, unsigned bits)
{
    static const unsigned groups[] = {POLICY_FOR_WORLDS, POLICY_FOR_FORMS, POLICY_FOR_NETWORKS, POLICY_FOR_PURPOSES};
    for (size_t i = 0; i < 4; i++)
        if ((line->whom & groups[i]) != 0 && (line->whom & groups[i] & bits) == 0)
            return false;
    return true;
}

/* The last line that is for them and has come, by the words of docs/policy-rules.md. */
static enum policy_effect effect_at(size_t rule, unsigned bits, int64_t at_s, int64_t issued_s)
{
    enum policy_effect effect = POLICY_OFF;
    for (size_t i = 0; i < shipped->rules[rule].line_count; i++) {
        const struct policy_line *line = &shipped->rules[rule].lines[i];
        if (is_for(line, bits) && line->from_s <= at_s && line->issued_from_s <= issued_s)
            effect = line->effect;
    }
    return effect;
}

/* Nothing is to be said against the bases, and each rule is for those whom its lines name. */
static void test_bases(void **state)
{
    (void)state;
    for (enum made_base base = 0; base < MADE_BASES; base++) {
        struct made m;
        made_init(&m, base);
        made_judge(&m, shipped, &answer);
        if (answer.verdict != POLICY_VERDICT_SECURE || answer.worst != NULL)
            fail_msg("%s is %s: %s", made_base_name(base), policy_verdict_name(answer.verdict), answer.worst);
        for (size_t i = 0; i < answer.count; i++) {
            const struct policy_rule_result *row = &answer.rules[i];
            enum policy_effect effect = effect_at(i, whom[base], m.at_s, m.leaf.not_before_s);
            if (row->effect != effect || (effect == POLICY_OFF) > (row->result == POLICY_NOT_APPLICABLE))
                fail_msg("%s of %s: effect %s, wanted %s", row->id, made_base_name(base), policy_effect_name(row->effect),
                         policy_effect_name(effect));
            if (row->result == POLICY_FAIL || row->result == POLICY_WARNING)
                fail_msg("%s of %s: %s", row->id, made_base_name(base), row->evidence);
        }
    }
}

/* ---- rules ---- */

static void look_at_rule(const struct policy_rule_case *c, size_t number)
{
    struct policy_set *own = c->text != NULL || c->is_formal ? changed(c->text, c->is_formal) : NULL;
    const struct policy_set *set = own != NULL ? own : shipped;
    struct made m;
    char which[64];
    made_init(&m, c->base);
    if (c->good != NULL)
        c->good(&m);
    (void)snprintf(which, sizeof which, "case %zu, good", number);
    /* With a policy of its own the base may be what is broken. */
    const struct policy_rule_result *row = look(&m, c->is_good_without_case ? shipped : set, c->rule);
    if (!c->is_good_without_case || row->result != POLICY_NOT_APPLICABLE)
        expect(row, POLICY_PASS, which);
    made_init(&m, c->base);
    c->bad(&m);
    (void)snprintf(which, sizeof which, "case %zu, bad", number);
    expect_broken(look(&m, set, c->rule), c->is_mild, which);
    policy_set_free(own);
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++)
        for (size_t i = 0; i < files[f]->rule_count; i++)
            look_at_rule(&files[f]->rules[i], i);
}

/* The first case of a rule whose base such a line is for. */
static const struct policy_rule_case *case_for(const char *rule, const struct policy_line *line)
{
    for (size_t f = 0; f < FILES; f++)
        for (size_t i = 0; i < files[f]->rule_count; i++)
            if (strcmp(files[f]->rules[i].rule, rule) == 0 && is_for(line, whom[files[f]->rules[i].base]))
                return &files[f]->rules[i];
    return NULL;
}

/* Both sides of a date: by the clock, of what was issued a day before; or by the day of issuance, of what is looked at a day later. */
static void look_at_date(size_t rule, const struct policy_line *line, const struct policy_rule_case *c, int64_t offset_s)
{
    bool is_issued = line->issued_from_s != INT64_MIN;
    int64_t t = (is_issued ? line->issued_from_s : line->from_s) + offset_s;
    struct policy_set *set = changed(NULL, c->is_formal);
    struct made m;
    made_init(&m, c->base);
    c->bad(&m);
    int64_t length_s = m.leaf.not_after_s - m.leaf.not_before_s;
    m.leaf.not_before_s = is_issued ? t : t - MADE_DAY_S;
    m.leaf.not_after_s = m.leaf.not_before_s + length_s;
    m.at_s = is_issued ? t + MADE_DAY_S : t;
    enum policy_effect effect = effect_at(rule, whom[c->base], m.at_s, m.leaf.not_before_s);
    const struct policy_rule_result *row = look(&m, set, c->rule);
    assert_int_equal(row->effect, effect);
    if (offset_s == 0)
        assert_int_equal(effect, line->effect);
    if (effect == POLICY_OFF)
        expect(row, POLICY_NOT_APPLICABLE, "off");
    else if (row->result != result_for(effect, false) && row->result != POLICY_WARNING)
        expect(row, result_for(effect, c->is_mild), "on its day");
    policy_set_free(set);
}

static void test_rule_dates(void **state)
{
    (void)state;
    for (size_t rule = 0; policy_rules_at(rule) != NULL; rule++)
        for (size_t i = 0; i < shipped->rules[rule].line_count; i++) {
            const struct policy_line *line = &shipped->rules[rule].lines[i];
            if (line->from_s == INT64_MIN && line->issued_from_s == INT64_MIN)
                continue;
            const struct policy_rule_case *c = case_for(policy_rules_at(rule)->id, line);
            assert_non_null(c);
            look_at_date(rule, line, c, -1);
            look_at_date(rule, line, c, 0);
        }
}

/* ---- limits ---- */

static void look_at_number(const struct policy_limit_case *c, const struct policy_set *set, int64_t time_s, int64_t n, bool is_good)
{
    struct made m;
    char which[96];
    made_init(&m, c->base);
    made_move(&m, time_s);
    c->value(&m, n);
    /* Numbers are those of its issuance, which may be moved away from its beginning. */
    int64_t shift_s = time_s - (m.is_issuing ? m.at_s : m.leaf.not_before_s);
    m.leaf.not_before_s += shift_s;
    m.leaf.not_after_s += shift_s;
    m.at_s += shift_s;
    (void)snprintf(which, sizeof which, "limit %s, %lld at %lld", policy_limit_name(c->limit), (long long)n, (long long)time_s);
    const struct policy_rule_result *row = look(&m, set, c->rule);
    if (is_good)
        expect(row, POLICY_PASS, which);
    else
        expect_broken(row, false, which);
}

static void look_at_limit(const struct policy_limit_case *c, int64_t time_s, int64_t n)
{
    assert_int_equal(policy_set_limit(shipped, c->limit, time_s), n);
    if (c->rule == NULL)
        return;
    struct policy_set *own = c->text != NULL ? changed(c->text, false) : NULL;
    const struct policy_set *set = own != NULL ? own : shipped;
    int64_t step = c->step != 0 ? c->step : 1;
    look_at_number(c, set, time_s, n, true);
    if (!c->is_min || c->is_exact)
        look_at_number(c, set, time_s, n + step, false);
    if (c->is_min || c->is_exact)
        look_at_number(c, set, time_s, n - step, false);
    policy_set_free(own);
}

/* Each number on the first second from which it holds, and on its last one. */
static void test_limits(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++)
        for (size_t i = 0; i < files[f]->limit_count; i++) {
            const struct policy_limit_case *c = &files[f]->limits[i];
            size_t count = shipped->limit_count[c->limit];
            for (size_t k = 0; k < count; k++) {
                const struct policy_limit_row *row = &shipped->limits[c->limit][k];
                look_at_limit(c, k > 0 ? row->from_s : count > 1 ? row[1].from_s - MADE_DAY_S : MADE_BEFORE_S, row->value);
                if (k + 1 < count)
                    look_at_limit(c, row[1].from_s - 1, row->value);
            }
        }
}

/* ---- settings ---- */

static void look_at_setting(const struct policy_setting_case *c, enum policy_value value, enum policy_result want)
{
    char text[96];
    struct made m;
    (void)snprintf(text, sizeof text, "setting %s %s", policy_setting_name(c->setting), policy_value_name(value));
    struct policy_set *set = changed(text, false);
    assert_int_equal(policy_set_setting(set, c->setting), value);
    made_init(&m, c->base);
    if (c->change != NULL)
        c->change(&m);
    expect(look(&m, set, c->rule), want, text);
    policy_set_free(set);
}

static void test_settings(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++)
        for (size_t i = 0; i < files[f]->setting_count; i++) {
            const struct policy_setting_case *c = &files[f]->settings[i];
            assert_int_not_equal(c->result, c->other_result);
            look_at_setting(c, c->value, c->result);
            look_at_setting(c, c->other, c->other_result);
        }
}

/* ---- is there a case for everything? ---- */

static unsigned missing(const char *what, const char *name, const char *more)
{
    (void)fprintf(stderr, "tests/unit/policy: no case for %s %s %s\n", what, name, more);
    return 1;
}

static bool has_limit_case(enum policy_limit limit)
{
    for (size_t f = 0; f < FILES; f++)
        for (size_t i = 0; i < files[f]->limit_count; i++)
            if (files[f]->limits[i].limit == limit)
                return true;
    return false;
}

static bool has_setting_case(enum policy_setting setting, enum policy_value value)
{
    for (size_t f = 0; f < FILES; f++)
        for (size_t i = 0; i < files[f]->setting_count; i++) {
            const struct policy_setting_case *c = &files[f]->settings[i];
            if (c->setting == setting && (c->value == value || c->other == value))
                return true;
        }
    return false;
}

static unsigned count_missing(void)
{
    static const struct policy_line anybody = {.whom = 0};
    unsigned count = 0;
    for (size_t i = 0; policy_rules_at(i) != NULL; i++) {
        const char *id = policy_rules_at(i)->id;
        if (case_for(id, &anybody) == NULL)
            count += missing("rule", id, "");
        for (size_t k = 0; k < shipped->rules[i].line_count; k++) {
            if (case_for(id, &shipped->rules[i].lines[k]) == NULL)
                count += missing("rule", id, "for those whom one of its lines names");
        }
    }
    for (enum policy_limit i = 0; i < POLICY_LIMITS; i++)
        if (!has_limit_case(i))
            count += missing("limit", policy_limit_name(i), "");
    for (enum policy_setting i = 0; i < POLICY_SETTINGS; i++)
        for (enum policy_value k = POLICY_VALUE_NONE + 1; k < POLICY_VALUES; k++)
            if (policy_words_may_be(i, k) && !has_setting_case(i, k))
                count += missing("setting", policy_setting_name(i), policy_value_name(k));
    return count;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bases),  cmocka_unit_test(test_rules),    cmocka_unit_test(test_rule_dates),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_settings),
    };
    struct error err;
    if (policy_set_default(&shipped, &err) != STATUS_OK) {
        (void)fprintf(stderr, "policies/root-program.conf: %s\n", err.text);
        return 1;
    }
    int result = argc > 1 && strcmp(argv[1], "--complete") == 0 ? count_missing() != 0 : cmocka_run_group_tests(tests, NULL, NULL);
    policy_set_free(shipped);
    return result;
}
