/* Cases of transparency: policy_rules_ct.c. */
#include "unit/policy/policy_cases.h"

/* A validity of exactly so many seconds in the inclusive reading. */
static void lives(struct made *m, int64_t seconds)
{
    m->leaf.not_after_s = m->leaf.not_before_s + seconds - 1;
}

static void sct(struct made *m, size_t i, size_t log)
{
    m->scts[i] = (struct made_sct){.log = log, .delivery = CT_POLICY_EMBEDDED};
}

static void none(struct made *m)
{
    m->sct_count = 0;
}

/* 2024-06-01T00:00:00Z. */
#define EARLY_S INT64_C(1717200000)

static void early(struct made *m)
{
    made_move(m, EARLY_S);
}

static void early_and_none(struct made *m)
{
    early(m);
    none(m);
}

static void not_good(struct made *m)
{
    m->scts[0].is_bad = true;
}

static void of_no_log(struct made *m)
{
    m->scts[0].log = SIZE_MAX;
}

static void of_other_world(struct made *m)
{
    m->scts[0].log = MADE_NORTH_1;
}

static void by_tls(struct made *m)
{
    m->scts[0].delivery = CT_POLICY_TLS;
}

static void of_readonly(struct made *m)
{
    m->states[MADE_GM_1] = LOG_LIST_READONLY;
}

static void of_retired(struct made *m)
{
    m->states[MADE_GM_1] = LOG_LIST_RETIRED; /* when the certificate was a month old */
}

static void of_rejected(struct made *m)
{
    m->states[MADE_GM_1] = LOG_LIST_REJECTED;
}

/* ---- counts ---- */

static void one_for_180_days(struct made *m)
{
    lives(m, 180 * MADE_DAY_S);
    sct(m, 0, MADE_GM_1);
    m->sct_count = 1;
}

static void one_for_a_second_more(struct made *m)
{
    one_for_180_days(m);
    lives(m, 180 * MADE_DAY_S + 1);
}

static void two_for_180_days(struct made *m)
{
    one_for_180_days(m);
    sct(m, 1, MADE_GM_SECOND);
    m->sct_count = 2;
}

static void two_for_a_second_more(struct made *m)
{
    two_for_180_days(m);
    lives(m, 180 * MADE_DAY_S + 1);
}

static void three_for_a_second_more(struct made *m)
{
    two_for_a_second_more(m);
    sct(m, 2, MADE_GM_THIRD);
    m->sct_count = 3;
}

static void none_of_required(struct made *m)
{
    two_for_180_days(m);
    sct(m, 0, MADE_GM_THIRD);
}

static void two_of_one_operator(struct made *m)
{
    two_for_180_days(m);
    sct(m, 1, MADE_GM_2);
}

static void two_of_one_log(struct made *m)
{
    two_for_180_days(m);
    sct(m, 1, MADE_GM_1);
}

static void short_one(struct made *m)
{
    lives(m, 180 * MADE_DAY_S);
    m->sct_count = 1;
}

static void short_none(struct made *m)
{
    short_one(m);
    none(m);
}

static void only_one(struct made *m)
{
    m->sct_count = 1;
}

static void exactly_180(struct made *m)
{
    m->leaf.not_after_s = m->leaf.not_before_s + 180 * MADE_DAY_S;
}

static void exactly_a_second_more(struct made *m)
{
    m->leaf.not_after_s = m->leaf.not_before_s + 180 * MADE_DAY_S + 1;
}

static void inclusively_180(struct made *m)
{
    lives(m, 180 * MADE_DAY_S);
}

static void of_one_operator(struct made *m)
{
    sct(m, 1, MADE_NORTH_2);
}

static void all_retired(struct made *m)
{
    m->states[MADE_NORTH_1] = m->states[MADE_SOUTH] = LOG_LIST_RETIRED;
    m->leaf.not_before_s -= 1; /* SCTs from before they were retired, and none of them is live */
}

/* ---- Merkle Tree Certificates ---- */

static void mirror(struct made *m, size_t i, const char *operator_name)
{
    m->cosigners[i] = (struct made_cosigner){.role = POLICY_COSIGNER_MIRROR, .operator_name = operator_name};
    m->cosigner_count = i + 1;
}

static void mirror_of_ca(struct made *m)
{
    mirror(m, 1, "The CA");
}

static void mirror_of_nobody(struct made *m)
{
    mirror(m, 1, "");
}

static void mirror_not_good(struct made *m)
{
    m->cosigners[1].is_bad = true;
}

static void a_witness(struct made *m)
{
    m->cosigners[1].role = POLICY_COSIGNER_WITNESS;
}

static void ca_not_good(struct made *m)
{
    m->cosigners[0].is_bad = true;
}

static void rules_broken(struct made *m)
{
    m->are_rules_broken = true;
}

static void landmark(struct made *m)
{
    m->cosigner_count = 0;
    m->is_landmark = true;
}

static void no_cosigner(struct made *m)
{
    m->cosigner_count = 0;
}

static void two_mirrors(struct made *m)
{
    mirror(m, 1, "A mirror");
    mirror(m, 2, "Another");
}

static void one_mirror_twice(struct made *m)
{
    mirror(m, 1, "A mirror");
    mirror(m, 2, "A mirror");
}

static void by_property(struct made *m)
{
    no_cosigner(m);
    sct(m, 0, MADE_GM_1);
    m->scts[0].delivery = CT_POLICY_PROPERTY;
    m->sct_count = 1;
}

static void by_nothing(struct made *m)
{
    by_property(m);
    m->sct_count = 0;
}

static void has_mirrors(struct made *m, int64_t n)
{
    static const char *const names[] = {"One", "Two", "Three", "Four"};
    m->cosigner_count = 1;
    for (int64_t i = 0; i < n && i < 4; i++)
        mirror(m, (size_t)i + 1, names[i]);
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("CT-01", MADE_GM, early, early_and_none)},
    {POLICY_CASE("CT-02", MADE_GM, NULL, none)},
    {POLICY_CASE("CT-02", MADE_GM, by_tls, not_good)},
    {POLICY_CASE("CT-02", MADE_GM, NULL, of_no_log)},
    {POLICY_CASE("CT-02", MADE_GM, NULL, of_other_world)},
    {POLICY_CASE("CT-02", MADE_GM, of_readonly, of_rejected)},
    {POLICY_CASE("CT-02", MADE_GM, of_retired, of_rejected)},
    {POLICY_CASE("CT-03", MADE_GM, two_for_180_days, two_for_a_second_more), .is_formal = true},
    {POLICY_CASE("CT-03", MADE_GM, three_for_a_second_more, two_for_a_second_more), .is_formal = true},
    {POLICY_CASE("CT-03", MADE_GM, two_for_180_days, one_for_180_days), .is_formal = true},
    {POLICY_CASE("CT-03", MADE_GM, two_for_180_days, none_of_required), .is_formal = true},
    {POLICY_CASE("CT-03", MADE_GM, two_of_one_operator, two_of_one_log), .is_formal = true},
    {POLICY_CASE("CT-04", MADE_GM, one_for_180_days, one_for_a_second_more)},
    {POLICY_CASE("CT-04", MADE_GM, two_for_a_second_more, one_for_a_second_more)},
    {POLICY_CASE("CT-04", MADE_GM, two_for_180_days, none)},
    {POLICY_CASE("CT-05", MADE_GM, NULL, early), .text = "ct-policy gm-public none", .is_good_without_case = true},
    {POLICY_CASE("IN-08", MADE_INTRANET, NULL, only_one)},
    {POLICY_CASE("IN-08", MADE_INTRANET, short_one, short_none)},
    {POLICY_CASE("IN-08", MADE_INTL_INTRANET, NULL, only_one)},
    {POLICY_CASE("IN-08", MADE_INTL_INTRANET, short_one, short_none)},
    {POLICY_CASE("RP-10", MADE_INTL, exactly_180, exactly_a_second_more)},
    {POLICY_CASE("RP-10", MADE_INTL, NULL, only_one)},
    {POLICY_CASE("RP-10", MADE_INTL, NULL, of_one_operator)},
    {POLICY_CASE("RP-10", MADE_INTL, NULL, all_retired)},
    {POLICY_CASE("RP-10", MADE_INTL, inclusively_180, exactly_180), .text = "ct-policy intl-public apple"},
    {POLICY_CASE("RP-10", MADE_INTL, NULL, of_one_operator), .text = "ct-policy intl-public apple"},
    {POLICY_CASE("MT-01", MADE_MTC, NULL, mirror_of_ca)},
    {POLICY_CASE("MT-01", MADE_MTC, NULL, mirror_of_nobody)},
    {POLICY_CASE("MT-01", MADE_MTC, NULL, mirror_not_good)},
    {POLICY_CASE("MT-01", MADE_MTC, NULL, a_witness)},
    {POLICY_CASE("MT-01", MADE_MTC, NULL, ca_not_good)},
    {POLICY_CASE("MT-01", MADE_INTL_MTC, NULL, rules_broken)},
    {POLICY_CASE("MT-01", MADE_MTC, landmark, no_cosigner)},
    {POLICY_CASE("MT-01", MADE_MTC, two_mirrors, one_mirror_twice), .text = "limit mtc-mirrors from always 2"},
    {POLICY_CASE("MT-01", MADE_MTC, by_property, by_nothing), .text = "setting mtc-transparency scts"},
    {POLICY_CASE("MT-01", MADE_MTC, by_property, by_nothing), .text = "setting mtc-transparency either"},
    {POLICY_CASE("MT-01", MADE_MTC, NULL, by_nothing), .text = "setting mtc-transparency either"},
};

static const struct policy_limit_case limits[] = {
    {POLICY_NUMBER(POLICY_LIMIT_MTC_MIRRORS, "MT-01", MADE_MTC, has_mirrors), .is_min = true},
};

/* Issued on the last day of 2024, looked at on the second of 2025. */
static void over_the_switch(struct made *m)
{
    made_move(m, INT64_C(1735689600) - MADE_DAY_S);
    m->at_s += 2 * MADE_DAY_S;
    m->sct_count = 0;
}

static const struct policy_setting_case settings[] = {
    {POLICY_SETTING_CT_DATE, POLICY_VALUE_CLOCK, POLICY_VALUE_ISSUED, "CT-02", MADE_GM, over_the_switch, POLICY_FAIL,
     POLICY_NOT_APPLICABLE},
    {POLICY_SETTING_CT_SHORTFALL, POLICY_VALUE_STRICT, POLICY_VALUE_LENIENT, "CT-04", MADE_GM, one_for_a_second_more, POLICY_FAIL,
     POLICY_WARNING},
    {POLICY_SETTING_MTC_TRANSPARENCY, POLICY_VALUE_COSIGNERS, POLICY_VALUE_SCTS, "MT-01", MADE_MTC, by_property, POLICY_FAIL,
     POLICY_PASS},
    {POLICY_SETTING_MTC_TRANSPARENCY, POLICY_VALUE_COSIGNERS, POLICY_VALUE_EITHER, "MT-01", MADE_MTC, by_property, POLICY_FAIL,
     POLICY_PASS},
    {POLICY_SETTING_MTC_TRANSPARENCY, POLICY_VALUE_EITHER, POLICY_VALUE_SCTS, "MT-01", MADE_MTC, landmark, POLICY_PASS, POLICY_FAIL},
};

const struct policy_case_file policy_cases_ct = {rules,    POLICY_COUNT(rules),   limits,
                                                 POLICY_COUNT(limits), settings, POLICY_COUNT(settings)};
