/* Certificate Transparency [digest 5.2 CT-01..CT-05, IN-08, RP-10], and of Merkle Tree Certificates [GM 5]. How many SCTs from
 * whom is in the CT policies; from when on it is asked for, in the lines of these rules. */
#include <string.h>

#include "policy/policy_ct.h"

/* An SCT may only be shown to be missing where a list says which logs are trusted, and that is no old one. */
static bool is_judged(struct policy_view *view, enum policy_outcome *outcome)
{
    policy_ct_judge(view);
    if (view->ct.policy == NULL || view->ct.needs.scts == 0) {
        *outcome = POLICY_NO_CASE;
        return false;
    }
    if (view->ct.status == STATUS_AGAIN || view->ct.status == STATUS_LIMIT) {
        *outcome = policy_view_unknown(view, "%s", view->ct.err.text);
        return false;
    }
    return true;
}

static enum policy_outcome broken_by(struct policy_view *view, bool is_mild)
{
    (void)policy_view_broken(view, "%s", view->ct.err.text);
    return is_mild ? POLICY_BROKEN_MILDLY : POLICY_BROKEN;
}

/* Too few, but not none: what follows is a setting. Before its policy is enforced, nothing does. */
static enum policy_outcome check_counts(struct policy_view *view)
{
    if (view->ct.status == STATUS_OK)
        return POLICY_KEPT;
    bool is_lenient = policy_view_is_set(view, POLICY_SETTING_CT_SHORTFALL, POLICY_VALUE_LENIENT) && view->ct.counted > 0;
    return broken_by(view, is_lenient || !view->ct.needs.is_enforced);
}

static enum policy_outcome check_none(struct policy_view *view)
{
    enum policy_outcome outcome;
    if (!is_judged(view, &outcome))
        return outcome;
    if (view->ct.counted > 0)
        return POLICY_KEPT;
    return policy_view_broken(view, view->subject->transparency->sct_count == 0 ? "no SCT" : "no SCT of a log that counts");
}

static bool is_formal(const struct policy_view *view)
{
    return strcmp(view->ct.stage, "interim") != 0;
}

static enum policy_outcome check_all(struct policy_view *view)
{
    enum policy_outcome outcome;
    return is_judged(view, &outcome) ? check_counts(view) : outcome;
}

/* Which stage it is can be said without a list of logs. */
static enum policy_outcome check_formal(struct policy_view *view)
{
    policy_ct_judge(view);
    return view->ct.policy != NULL && !is_formal(view) ? POLICY_NO_CASE : check_all(view);
}

static enum policy_outcome check_interim(struct policy_view *view)
{
    policy_ct_judge(view);
    return view->ct.policy != NULL && is_formal(view) ? POLICY_NO_CASE : check_all(view);
}

/* Which stage it is, is a line of the CT policy; that there is one, can be checked. */
static enum policy_outcome check_stage(struct policy_view *view)
{
    policy_ct_judge(view);
    if (view->ct.policy == NULL)
        return policy_view_broken(view, "no CT policy is to be kept");
    if (view->ct.needs.scts == 0)
        return policy_view_broken(view, "CT policy %s asks for nothing", ct_policy_name(view->ct.policy));
    return policy_view_kept(view, "CT policy %s%s%s: %zu SCTs", ct_policy_name(view->ct.policy), *view->ct.stage != '\0' ? ", stage " : "",
                            view->ct.stage, view->ct.needs.scts);
}

/* ---- Merkle Tree Certificates ---- */

static bool has_same_operator(struct bytes a, struct bytes b)
{
    return a.len > 0 && bytes_equal(a, b);
}

/* Mirrors that have signed, each operator once, and never the CA's. */
static size_t count_mirrors(const struct policy_transparency *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->cosigner_count; i++) {
        const struct policy_cosigner *c = &t->cosigners[i];
        bool counts = c->is_good && c->role == POLICY_COSIGNER_MIRROR && c->operator_name.len > 0 &&
                      !bytes_equal(c->operator_name, t->ca_operator);
        for (size_t k = 0; k < i && counts; k++)
            counts = !(t->cosigners[k].is_good && t->cosigners[k].role == POLICY_COSIGNER_MIRROR &&
                       has_same_operator(t->cosigners[k].operator_name, c->operator_name));
        count += counts;
    }
    return count;
}

static bool has_ca_signature(const struct policy_transparency *t)
{
    for (size_t i = 0; i < t->cosigner_count; i++)
        if (t->cosigners[i].role == POLICY_COSIGNER_CA && t->cosigners[i].is_good)
            return true;
    return false;
}

/* The CA's cosigner and mirrors of others; a landmark has the quorum of when it was distributed [GM 5 (a), (c)]. */
static bool are_cosigners_enough(struct policy_view *view)
{
    const struct policy_transparency *t = view->subject->transparency;
    size_t mirrors = count_mirrors(t), needed = (size_t)policy_view_limit(view, POLICY_LIMIT_MTC_MIRRORS);
    if (t->is_landmark) {
        (void)policy_view_kept(view, "by a landmark that the trust has");
        return true;
    }
    if (has_ca_signature(t) && t->are_rules_met && mirrors >= needed) {
        (void)policy_view_kept(view, "signed by the CA and %zu mirrors of others", mirrors);
        return true;
    }
    (void)policy_view_broken(view, "%s; mirrors of others: %zu, needed are %zu%s",
                             has_ca_signature(t) ? "signed by the CA" : "no good signature of the CA", mirrors, needed,
                             t->are_rules_met ? "" : "; the rules of the trust for this CA are not met");
    return false;
}

static enum policy_outcome check_mtc(struct policy_view *view)
{
    enum policy_value how = policy_set_setting(view->set, POLICY_SETTING_MTC_TRANSPARENCY);
    enum policy_outcome outcome;
    bool is_met = how != POLICY_VALUE_SCTS && are_cosigners_enough(view);
    if (is_met || how == POLICY_VALUE_COSIGNERS)
        return is_met ? POLICY_KEPT : POLICY_BROKEN;
    if (!is_judged(view, &outcome))
        return how == POLICY_VALUE_EITHER ? POLICY_BROKEN : outcome;
    if (view->ct.status == STATUS_OK)
        return policy_view_kept(view, "%zu SCTs over its entry", view->ct.counted);
    return check_counts(view);
}

static const struct policy_rule rules[] = {
    {"CT-01", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_none},
    {"CT-02", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_none},
    {"CT-03", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_formal},
    {"CT-04", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_interim},
    {"CT-05", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_stage},
    {"IN-08", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_all},
    {"RP-10", POLICY_NEEDS_TRANSPARENCY | POLICY_BY_CT_DATE, check_all},
    {"MT-01", POLICY_NEEDS_TRANSPARENCY, check_mtc},
};
const struct policy_rule_table policy_rules_ct = {rules, sizeof rules / sizeof rules[0]};
