/* Cases of intranets: policy_rules_in.c. */
#include "unit/policy/policy_cases.h"

#define GM_INTRANET_EV "1.2.156.157933.84"
#define INTL_INTRANET_DV "1.3.6.1.4.1.57933.81"
#define DV "2.23.140.1.2.1"

static void as_it_is(struct made *m)
{
    (void)m;
}

static void of_the_public(struct made *m)
{
    made_init(m, MADE_GM);
}

/* ---- the root ---- */

static void public_root(struct made *m)
{
    m->issuers[1].purposes[0] = TRUST_BUNDLE_TLS;
}

static void root_for_both(struct made *m)
{
    m->issuers[1].purposes[0] = TRUST_BUNDLE_TLS;
    m->issuers[1].purposes[1] = TRUST_BUNDLE_TLS_INTRANET;
}

static void no_root(struct made *m)
{
    m->issuer_count = 1;
}

/* ---- the subject ---- */

static void wildcard_subject(struct made *m)
{
    m->leaf.dns[1] = m->leaf.cn = "*.example.com";
}

static void no_subject(struct made *m)
{
    m->leaf.cn = NULL;
}

static void internal_subject(struct made *m)
{
    m->leaf.cn = "portal.corp";
}

static void address_as_subject(struct made *m)
{
    m->leaf.ips[0] = m->leaf.cn = "8.8.8.8";
}

static void suffix_as_subject(struct made *m)
{
    m->leaf.dns[1] = m->leaf.cn = "com.cn";
}

static void two_subjects(struct made *m)
{
    m->leaf.second_cn = m->leaf.cn;
}

static void subject_elsewhere(struct made *m)
{
    m->leaf.cn = "other.example.com";
}

/* ---- the names ---- */

static void reserved_address_alone(struct made *m)
{
    m->leaf.dns[0] = m->leaf.dns[1];
    m->leaf.dns[1] = NULL;
    m->leaf.ips[0] = "10.255.255.255";
}

static void public_address_alone(struct made *m)
{
    reserved_address_alone(m);
    m->leaf.ips[0] = "11.0.0.0";
}

static void validated(struct made *m)
{
    m->is_issuing = m->are_names_validated = true;
    m->purpose = TRUST_BUNDLE_TLS_INTRANET;
}

static void not_validated(struct made *m)
{
    validated(m);
    m->are_names_validated = false;
}

/* ---- validity ---- */

/* Calendar years from 2026-10-01: with one day in 2028 that others have not. */
static void years(struct made *m, int64_t n)
{
    int64_t days = n * 365 + (n + 1) / 4;
    m->leaf.not_after_s = m->leaf.not_before_s + days * MADE_DAY_S - 1;
}

static void five_years(struct made *m)
{
    years(m, 5);
}

static void a_second_more(struct made *m)
{
    years(m, 5);
    m->leaf.not_after_s++;
}

/* From 2028-02-29 to 2033-03-01. */
static void from_leap_day(struct made *m)
{
    made_move(m, INT64_C(1835395200));
    m->leaf.not_after_s = INT64_C(1993248000) - 1;
}

static void from_leap_day_and_more(struct made *m)
{
    from_leap_day(m);
    m->leaf.not_after_s++;
}

static void length(struct made *m, int64_t n)
{
    m->leaf.not_after_s = m->leaf.not_before_s + n - 1;
}

static void a_year(struct made *m)
{
    length(m, 365 * MADE_DAY_S);
}

static void a_second_less(struct made *m)
{
    length(m, 365 * MADE_DAY_S - 1);
}

/* ---- the policy ---- */

static void ev_of_gm(struct made *m)
{
    m->leaf.policies[0] = GM_INTRANET_EV;
}

static void other_arc(struct made *m)
{
    m->leaf.policies[0] = INTL_INTRANET_DV;
}

static void policy_of_the_public(struct made *m)
{
    m->leaf.policies[0] = DV;
}

static void broken_promise(struct made *m)
{
    no_subject(m);
}

/* Without the policy nothing is promised. */
static void no_promise(struct made *m)
{
    broken_promise(m);
    policy_of_the_public(m);
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("IN-00", MADE_INTRANET, of_the_public, as_it_is), .is_good_without_case = true},
    {POLICY_CASE("IN-01", MADE_INTRANET, NULL, public_root)},
    {POLICY_CASE("IN-01", MADE_INTL_INTRANET, NULL, root_for_both)},
    {POLICY_CASE("IN-01", MADE_INTRANET, NULL, no_root)},
    {POLICY_CASE("IN-02", MADE_INTRANET, wildcard_subject, no_subject)},
    {POLICY_CASE("IN-02", MADE_INTRANET, NULL, internal_subject)},
    {POLICY_CASE("IN-02", MADE_INTRANET, NULL, address_as_subject)},
    {POLICY_CASE("IN-02", MADE_INTRANET, NULL, suffix_as_subject)},
    {POLICY_CASE("IN-02", MADE_INTL_INTRANET, NULL, two_subjects)},
    {POLICY_CASE("IN-02", MADE_INTL_INTRANET, NULL, subject_elsewhere)},
    {POLICY_CASE("IN-03", MADE_INTRANET, reserved_address_alone, public_address_alone)},
    {POLICY_CASE("IN-04", MADE_INTRANET, validated, not_validated)},
    {POLICY_CASE("IN-05", MADE_INTRANET, five_years, a_second_more)},
    {POLICY_CASE("IN-05", MADE_INTRANET, from_leap_day, from_leap_day_and_more)},
    {POLICY_CASE("IN-05", MADE_INTL_INTRANET, a_year, a_second_less), .is_mild = true},
    {POLICY_CASE("IN-06", MADE_INTRANET, other_arc, policy_of_the_public)},
    {POLICY_CASE("IN-06", MADE_INTL_INTRANET, ev_of_gm, policy_of_the_public)},
    {POLICY_CASE("IN-07", MADE_INTRANET, NULL, public_root)},
    {POLICY_CASE("IN-07", MADE_INTRANET, no_promise, broken_promise), .is_good_without_case = true},
    {POLICY_CASE("IN-07", MADE_INTL_INTRANET, reserved_address_alone, public_address_alone)},
    {POLICY_CASE("IN-07", MADE_INTL_INTRANET, five_years, a_second_more)},
};

static const struct policy_limit_case limits[] = {
    {POLICY_NUMBER(POLICY_LIMIT_INTRANET_YEARS_MAX, "IN-05", MADE_INTRANET, years)},
    {POLICY_NUMBER(POLICY_LIMIT_INTRANET_LIFETIME_MIN, "IN-05", MADE_INTRANET, length), .is_min = true,
     .text = "setting intranet-lifetime-min refuse"},
};

static const struct policy_setting_case settings[] = {
    {POLICY_SETTING_INTRANET_LIFETIME_MIN, POLICY_VALUE_WARN, POLICY_VALUE_REFUSE, "IN-05", MADE_INTRANET, a_second_less, POLICY_WARNING,
     POLICY_FAIL},
    {POLICY_SETTING_INTRANET_LIFETIME_MIN, POLICY_VALUE_REFUSE, POLICY_VALUE_OFF, "IN-05", MADE_INTRANET, a_second_less, POLICY_FAIL,
     POLICY_PASS},
    {POLICY_SETTING_SUBJECT_FQDN_IN_SAN, POLICY_VALUE_REQUIRED, POLICY_VALUE_OFF, "IN-02", MADE_INTRANET, subject_elsewhere, POLICY_FAIL,
     POLICY_PASS},
};

const struct policy_case_file policy_cases_in = {rules,    POLICY_COUNT(rules),   limits,
                                                 POLICY_COUNT(limits), settings, POLICY_COUNT(settings)};
