/* Cases of paths, names, times and levels: policy_rules_rp.c. */
#include "unit/policy/policy_cases.h"

#define DV "2.23.140.1.2.1"
#define IV "2.23.140.1.2.3"
#define OV "2.23.140.1.2.2"
#define EV "2.23.140.1.1"
#define GM_DV "1.2.156.157933.11"
#define GM_IV "1.2.156.157933.12"
#define GM_OV "1.2.156.157933.13"
#define GM_EV "1.2.156.157933.14"
#define GM_INTRANET_DV "1.2.156.157933.81"
#define MAIL_SV "1.2.156.157933.34"
#define GM_DOCUMENT_MV "1.2.156.157933.41"
#define INTL_DOCUMENT_MV "1.3.6.1.4.1.57933.41"

static void has_policies(struct made *m, const char *first, const char *second)
{
    m->leaf.policies[0] = first;
    m->leaf.policies[1] = second;
}

/* ---- path, time, name ---- */

static void path_broken(struct made *m)
{
    m->path_fault = "the signature of certificate 1 does not verify";
}

static void at_last_second(struct made *m)
{
    m->at_s = m->leaf.not_after_s;
}

static void at_second_behind(struct made *m)
{
    m->at_s = m->leaf.not_after_s + 1;
}

static void at_first_second(struct made *m)
{
    m->at_s = m->leaf.not_before_s;
}

static void at_second_before(struct made *m)
{
    m->at_s = m->leaf.not_before_s - 1;
}

static void asked_for_other(struct made *m)
{
    m->asked = "www.example.org";
}

static void wildcard(struct made *m)
{
    m->leaf.dns[0] = "*.example.com";
}

static void wildcard_of_two(struct made *m)
{
    wildcard(m);
    m->asked = "a.www.example.com";
}

static void asked_for_address(struct made *m)
{
    m->leaf.ips[0] = "8.8.8.8";
    m->asked = NULL;
    m->asked_ip = "8.8.8.8";
}

static void asked_for_next_address(struct made *m)
{
    asked_for_address(m);
    m->asked_ip = "8.8.8.9";
}

/* ---- roots ---- */

static void root_unlisted(struct made *m)
{
    m->issuers[1].is_listed = false;
}

static void root_is_intermediate(struct made *m)
{
    m->issuers[1].is_root = false;
}

static void no_issuer(struct made *m)
{
    m->issuer_count = 0;
}

static void root_for_email(struct made *m)
{
    m->issuers[1].purposes[0] = TRUST_BUNDLE_EMAIL;
}

static void root_for_both(struct made *m)
{
    m->issuers[1].purposes[1] = TRUST_BUNDLE_EMAIL;
}

static void intermediate_for_email(struct made *m)
{
    m->issuers[0].purposes[0] = TRUST_BUNDLE_EMAIL;
}

static void public_under_intranet(struct made *m)
{
    m->issuers[1].purposes[0] = TRUST_BUNDLE_TLS_INTRANET;
}

static void only_listed(struct made *m)
{
    m->issuers[1].has_listed_intermediates_only = true;
}

static void only_listed_and_is_not(struct made *m)
{
    only_listed(m);
    m->issuers[0].is_listed = false;
}

/* The first intermediate is listed, the one below it is not. */
static void second_is_not_listed(struct made *m)
{
    only_listed(m);
    m->issuers[2] = m->issuers[1];
    m->issuers[1] = m->issuers[0];
    m->issuers[0].is_listed = false;
    m->issuer_count = 3;
}

static void intermediate_unlisted(struct made *m)
{
    m->issuers[0].is_listed = false;
}

/* ---- levels ---- */

static void no_policy(struct made *m)
{
    m->leaf.policies[0] = NULL;
}

static void unknown_policy(struct made *m)
{
    m->leaf.policies[0] = "1.2.156.157933.15";
}

static void other_arc(struct made *m)
{
    m->leaf.policies[0] = INTL_DOCUMENT_MV;
}

static void gm_arc(struct made *m)
{
    m->leaf.policies[0] = GM_DOCUMENT_MV;
}

static void gm_dv(struct made *m)
{
    m->leaf.policies[0] = GM_DV;
}

static void two_of_dv(struct made *m)
{
    has_policies(m, GM_DV, DV);
}

/* .12 is IV in the program's arc; .3 is IV and .2 is OV in the other one. */
static void iv_and_iv(struct made *m)
{
    has_policies(m, GM_IV, IV);
}

static void iv_and_trap(struct made *m)
{
    has_policies(m, GM_IV, OV);
}

static void ov_and_ov(struct made *m)
{
    has_policies(m, GM_OV, OV);
}

static void ov_and_trap(struct made *m)
{
    has_policies(m, GM_OV, IV);
}

static void dv_and_ev(struct made *m)
{
    has_policies(m, DV, GM_EV);
}

static void public_and_intranet(struct made *m)
{
    has_policies(m, GM_INTRANET_DV, DV);
}

static void organisation(struct made *m)
{
    m->leaf.o = "Example Ltd";
}

static void person(struct made *m)
{
    m->leaf.given = "San";
    m->leaf.surname = "Zhang";
}

static void ov(struct made *m)
{
    organisation(m);
    m->leaf.policies[0] = OV;
}

static void ov_without(struct made *m)
{
    m->leaf.policies[0] = OV;
}

static void ev(struct made *m)
{
    organisation(m);
    m->leaf.policies[0] = EV;
}

static void ev_without(struct made *m)
{
    m->leaf.policies[0] = EV;
}

static void iv(struct made *m)
{
    person(m);
    m->leaf.policies[0] = IV;
}

static void iv_without_surname(struct made *m)
{
    iv(m);
    m->leaf.surname = NULL;
}

static void dv_with_surname(struct made *m)
{
    m->leaf.surname = "Zhang";
}

static void mv_with_given_name(struct made *m)
{
    m->leaf.given = "San";
}

static void mail_and_document(struct made *m)
{
    has_policies(m, GM_DOCUMENT_MV, MAIL_SV);
}

static void two_levels_of_documents(struct made *m)
{
    has_policies(m, GM_DOCUMENT_MV, "1.2.156.157933.42");
}

static void iv_of_organisation(struct made *m)
{
    organisation(m);
    m->leaf.policies[0] = IV;
}

static void sv(struct made *m)
{
    person(m);
    organisation(m);
    m->leaf.policies[0] = MAIL_SV;
}

static void sv_without_given(struct made *m)
{
    sv(m);
    m->leaf.given = NULL;
}

static void sv_without_organisation(struct made *m)
{
    sv(m);
    m->leaf.o = NULL;
}

static void root_until_t3(struct made *m)
{
    ov(m);
    m->issuers[1].level_max = 3;
}

/* What an intermediate's own policies allow [RFC5280 6.1.3 (d)]; a root's are not looked at. */
static void ev_below_ev(struct made *m)
{
    ev(m);
    m->issuers[0].policies[0] = DV;
    m->issuers[0].policies[1] = EV;
    m->issuers[1].policies[0] = DV;
}

static void ev_below_any(struct made *m)
{
    ev(m);
    m->issuers[0].policies[0] = "2.5.29.32.0";
}

static void ev_below_dv(struct made *m)
{
    ev(m);
    m->issuers[0].policies[0] = DV;
}

static void ev_below_gm_ev(struct made *m)
{
    ev(m);
    m->issuers[0].policies[0] = "1.2.156.157933.14";
}

static void root_until_t3_and_ev(struct made *m)
{
    ev(m);
    m->issuers[1].level_max = 3;
}

static void intermediate_until_t2_and_ov(struct made *m)
{
    ov(m);
    m->issuers[0].level_max = 2;
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("rfc5280-path", MADE_GM, NULL, path_broken)},
    {POLICY_CASE("rfc5280-time", MADE_GM, at_last_second, at_second_behind)},
    {POLICY_CASE("rfc5280-time", MADE_GM, at_first_second, at_second_before)},
    {POLICY_CASE("rfc9525-name", MADE_GM, NULL, asked_for_other)},
    {POLICY_CASE("rfc9525-name", MADE_GM, wildcard, wildcard_of_two)},
    {POLICY_CASE("rfc9525-name", MADE_GM, asked_for_address, asked_for_next_address)},
    {POLICY_CASE("RP-01", MADE_GM, NULL, root_unlisted)},
    {POLICY_CASE("RP-01", MADE_GM, NULL, root_is_intermediate)},
    {POLICY_CASE("RP-01", MADE_MTC, NULL, no_issuer)},
    {POLICY_CASE("RP-01", MADE_INTL, root_for_both, root_for_email)},
    {POLICY_CASE("RP-01", MADE_INTL, NULL, intermediate_for_email)},
    {POLICY_CASE("RP-01", MADE_GM, NULL, public_under_intranet)},
    {POLICY_CASE("RP-02", MADE_GM, only_listed, only_listed_and_is_not)},
    {POLICY_CASE("RP-02", MADE_GM, only_listed, second_is_not_listed)},
    {POLICY_CASE("RP-03", MADE_INTL, NULL, intermediate_unlisted)},
    {POLICY_CASE("RP-04", MADE_GM, NULL, no_policy)},
    {POLICY_CASE("RP-04", MADE_GM, gm_dv, unknown_policy)},
    {POLICY_CASE("RP-04", MADE_DOCUMENT, NULL, other_arc)},
    {POLICY_CASE("RP-04", MADE_INTL_DOCUMENT, NULL, gm_arc)},
    {POLICY_CASE("RP-04", MADE_INTL, NULL, gm_dv)},
    {POLICY_CASE("RP-04", MADE_INTL, ev_below_ev, ev_below_dv)},
    {POLICY_CASE("RP-04", MADE_INTL, ev_below_any, ev_below_gm_ev)},
    {POLICY_CASE("LV-01", MADE_GM, iv_and_iv, iv_and_trap)},
    {POLICY_CASE("LV-01", MADE_GM, ov_and_ov, ov_and_trap)},
    {POLICY_CASE("LV-01", MADE_GM, two_of_dv, dv_and_ev)},
    {POLICY_CASE("LV-01", MADE_INTRANET, NULL, public_and_intranet)},
    {POLICY_CASE("LV-01", MADE_DOCUMENT, mail_and_document, two_levels_of_documents)},
    {POLICY_CASE("LV-02", MADE_GM, ov, ov_without)},
    {POLICY_CASE("LV-02", MADE_GM, ev, ev_without)},
    {POLICY_CASE("LV-02", MADE_GM, NULL, organisation)},
    {POLICY_CASE("LV-02", MADE_GM, iv, iv_without_surname)},
    {POLICY_CASE("LV-02", MADE_GM, iv, iv_of_organisation)},
    {POLICY_CASE("LV-02", MADE_EMAIL, sv, sv_without_given)},
    {POLICY_CASE("LV-02", MADE_EMAIL, sv, sv_without_organisation)},
    {POLICY_CASE("LV-02", MADE_EMAIL, NULL, person)},
    {POLICY_CASE("LV-02", MADE_GM, NULL, dv_with_surname)},
    {POLICY_CASE("LV-02", MADE_DOCUMENT, NULL, mv_with_given_name)},
    {POLICY_CASE("LV-03", MADE_GM, root_until_t3, root_until_t3_and_ev)},
    {POLICY_CASE("LV-03", MADE_GM, ov, intermediate_until_t2_and_ov)},
};

static const struct policy_setting_case settings[] = {
    {POLICY_SETTING_POLICY_OIDS, POLICY_VALUE_SAME_LEVEL, POLICY_VALUE_ONE, "LV-01", MADE_GM, two_of_dv, POLICY_PASS, POLICY_WARNING},
    {POLICY_SETTING_OID_ARCS, POLICY_VALUE_OWN, POLICY_VALUE_ANY, "RP-04", MADE_DOCUMENT, other_arc, POLICY_FAIL, POLICY_PASS},
    {POLICY_SETTING_LEVEL_CONTENT, POLICY_VALUE_T1, POLICY_VALUE_KEEP, "LV-02", MADE_GM, ov_without, POLICY_FAIL, POLICY_WARNING},
};

const struct policy_case_file policy_cases_rp = {rules, POLICY_COUNT(rules), NULL, 0, settings, POLICY_COUNT(settings)};
