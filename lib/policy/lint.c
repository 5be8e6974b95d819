#include "policy/lint.h"

#include <stdio.h>
#include <string.h>

#include "policy/lint_profile.h"
#include "policy/policy_names_parts.h"
#include "policy/policy_view.h"

static enum status start(const struct lint_subject *subject, const struct policy_set **set, struct lint_report *report, struct error *err)
{
    if (report != NULL)
        report->count = 0;
    *set = subject->policy != NULL ? lint_policy_now(subject->policy) : NULL;
    return *set != NULL ? STATUS_OK : error_set(err, STATUS_USAGE, "there is no policy to lint by");
}

/* The first finding is the reason; all of them are the report. */
static enum status add(const char *rule, const char *what, const char *fix, enum status so_far, struct lint_report *report, struct error *err)
{
    if (report != NULL && report->count < LINT_FINDINGS_MAX) {
        struct lint_finding *finding = &report->findings[report->count++];
        (void)snprintf(finding->rule, sizeof finding->rule, "%s", rule);
        (void)snprintf(finding->text, sizeof finding->text, "%.190s%s%.190s", what, *fix != '\0' ? ": " : "", fix);
    }
    if (so_far != STATUS_OK)
        return so_far;
    return error_set(err, STATUS_REFUSED, "%s: %.150s%s%.150s", rule, what, *fix != '\0' ? ". " : "", fix);
}

/* ---- the profile's own rules ---- */

static enum status apply_profile(struct lint_view *view, bool is_on_names, enum status s, struct lint_report *report, struct error *err)
{
    for (size_t i = 0; i < lint_profile_rules_count; i++) {
        const struct lint_profile_rule *rule = &lint_profile_rules[i];
        view->text[0] = '\0';
        if ((!is_on_names || rule->is_on_names) && !rule->is_kept(view))
            s = add(rule->name, view->text, "", s, report, err);
    }
    return s;
}

/* ---- the policy's ---- */

/* Does it say of itself that it is more than T1? Then what makes it T1 is a lie. */
static bool claims_level(const struct policy_set *set, const struct certificate_profile *profile)
{
    for (size_t i = 0; i < policy_set_oid_count(set); i++) {
        const struct policy_oid *row = policy_set_oid_at(set, i);
        if (row->level > 1 && strcmp(row->dotted, profile->policy_oid) == 0)
            return true;
    }
    return false;
}

/* What the Baseline Requirements say should be so, and not that it must. Of all else that a client only warns about, a CA issues
 * nothing either. */
static bool is_advice(const struct policy_rule_result *row)
{
    static const char *const ids[] = {"br-validity-advised"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (strcmp(row->id, ids[i]) == 0)
            return true;
    return false;
}

/* A warning that is one by a setting has a worse effect: there the program leaves it to the CA. */
static bool is_refused(const struct policy_rule_result *row, enum policy_effect least)
{
    if (row->result == POLICY_WARNING)
        return row->effect == POLICY_WARN && !is_advice(row);
    return row->result == POLICY_FAIL && row->effect >= least;
}

static enum status apply_answer(const struct policy_set *set, const struct lint_subject *subject, const struct policy_answer *answer,
                                enum status s, struct lint_report *report, struct error *err)
{
    enum policy_effect least = claims_level(set, subject->profile) ? POLICY_LEVEL_T1 : POLICY_NOT_TRANSPARENT;
    for (size_t i = 0; i < answer->count; i++) {
        const struct policy_rule_result *row = &answer->rules[i];
        if (is_refused(row, least) && !(subject->has_part_of_names && strcmp(row->id, "IN-03") == 0))
            s = add(row->id, row->evidence, policy_set_fix(set, row->id, POLICY_EN), s, report, err);
    }
    return s;
}

static struct policy_subject subject_of(const struct lint_subject *lint)
{
    return (struct policy_subject){
        .purpose = lint->profile->is_intranet ? TRUST_BUNDLE_TLS_INTRANET : TRUST_BUNDLE_TLS,
        .form = lint->profile->kind == PROFILE_MTC ? POLICY_MTC : POLICY_CLASSIC,
        .serial = lint->serial, .subject = lint->subject, .spki = lint->spki, .extensions = lint->extensions,
        .signature = lint->signature, .not_before_s = lint->not_before_s, .not_after_s = lint->not_after_s,
        .at_s = lint->now_s, .is_precert = lint->is_precert, .is_issuing = true, .are_names_validated = lint->are_names_validated,
        .path = lint->path, .names = lint->names,
    };
}

enum status lint_check(const struct lint_subject *subject, struct lint_report *report, struct error *err)
{
    struct lint_view view = {.subject = subject};
    struct policy_answer answer;
    struct policy_subject policy = subject_of(subject);
    const struct policy_set *set;
    enum status s = start(subject, &set, report, err);
    if (s == STATUS_OK)
        s = extensions_parse(subject->extensions, &view.extensions, err);
    if (s == STATUS_OK)
        s = policy_judge(set, &policy, &answer, err);
    if (s != STATUS_OK)
        return s;
    view.scts_needed = lint_scts(subject->policy, subject->profile, subject->now_s);
    s = apply_profile(&view, false, STATUS_OK, report, err);
    return apply_answer(set, subject, &answer, s, report, err);
}

/* ---- names alone ---- */

/* Said before the order, and not after its validations. */
static enum status check_common_name(const struct policy_set *set, const struct lint_subject *subject, struct bytes general_names,
                                     enum status s, struct lint_report *report, struct error *err)
{
    char name[LINT_COMMON_NAME_MAX + 1];
    if (!subject->profile->is_intranet || subject->has_part_of_names || subject->names == NULL || lint_common_name(subject, general_names, name))
        return s;
    return add("IN-02", "no name that can be the subject: a public domain name of at most 64 characters",
               policy_set_fix(set, "IN-02", POLICY_EN), s, report, err);
}

enum status lint_check_names(const struct lint_subject *subject, struct bytes general_names, struct lint_report *report,
                             struct error *err)
{
    struct lint_view view = {.subject = subject, .extensions = {.subject_alt_name = general_names}};
    struct policy_answer answer;
    struct policy_subject policy = subject_of(subject);
    const struct policy_set *set;
    enum status s = start(subject, &set, report, err);
    if (s == STATUS_OK)
        s = policy_judge_names(set, &policy, subject->profile->is_gm, general_names, &answer, err);
    if (s != STATUS_OK)
        return s;
    s = apply_profile(&view, true, STATUS_OK, report, err);
    s = apply_answer(set, subject, &answer, s, report, err);
    return check_common_name(set, subject, general_names, s, report, err);
}

/* ---- questions ---- */

/* What the policy's settings about names are asked with. */
static bool make_view(const struct lint_subject *subject, struct policy_subject *asked, struct policy_view *view)
{
    const struct policy_set *set = subject->policy != NULL ? lint_policy_now(subject->policy) : NULL;
    if (set == NULL || subject->names == NULL)
        return false;
    *asked = (struct policy_subject){.purpose = TRUST_BUNDLE_TLS_INTRANET, .is_issuing = true, .names = subject->names};
    policy_view_init_names(view, set, asked, false, bytes_of(NULL, 0));
    return true;
}

static bool is_common_name(const struct policy_view *view, const struct policy_names *names, struct bytes value, const char *name)
{
    return value.len <= LINT_COMMON_NAME_MAX && dns_name_check(value, true, NULL) == STATUS_OK && !policy_view_is_internal(view, name) &&
           !names->is_public_suffix(names->context, name);
}

bool lint_common_name(const struct lint_subject *subject, struct bytes general_names, char out[LINT_COMMON_NAME_MAX + 1])
{
    struct policy_subject asked;
    struct policy_view view;
    struct reader r;
    struct san_name san;
    bool is_found = false;
    if (!make_view(subject, &asked, &view))
        return false;
    reader_init(&r, general_names);
    while (san_next(&r, &san)) {
        char name[DNS_NAME_MAX + 1];
        bool is_wildcard = san.value.len > 1 && san.value.data[0] == '*';
        if (san.tag != SAN_DNS_NAME || (is_wildcard && is_found) || !policy_names_lower(san.value, name) ||
            !is_common_name(&view, subject->names, san.value, name))
            continue;
        memcpy(out, san.value.data, san.value.len);
        out[san.value.len] = '\0';
        is_found = true;
        if (!is_wildcard)
            break;
    }
    return is_found;
}

bool lint_is_internal(const struct lint_subject *subject, bool is_address, const char *name)
{
    struct policy_subject asked;
    struct policy_view view;
    uint8_t address[16];
    size_t len;
    if (!make_view(subject, &asked, &view))
        return false;
    if (!is_address)
        return policy_view_is_internal(&view, name);
    return ip_address_parse(bytes_of_text(name), address, &len) && policy_view_is_reserved(&view, bytes_of(address, len));
}

#define YEAR_DAYS_MAX 366

void lint_validity_s(const struct lint_policy *policy, const struct certificate_profile *profile, int64_t now_s, int64_t *least_s,
                     int64_t *most_s, const char **source)
{
    const struct policy_set *set = lint_policy_now(policy);
    bool has_own = profile->is_gm && policy_set_setting(set, POLICY_SETTING_GM_LIFETIME) == POLICY_VALUE_OWN;
    *least_s = 1;
    *most_s = policy_set_limit(set, has_own ? POLICY_LIMIT_GM_LIFETIME : POLICY_LIMIT_TLS_LIFETIME, now_s);
    *source = "br-validity";
    if (profile->kind == PROFILE_MTC) {
        int64_t short_s = policy_set_limit(set, POLICY_LIMIT_SHORT_LIVED, now_s);
        *most_s = short_s < *most_s ? short_s : *most_s;
        *source = "br-short-lived";
    } else if (profile->is_intranet) {
        /* Which years it will be is not known: the last day is for the rule. */
        *most_s = policy_set_limit(set, POLICY_LIMIT_INTRANET_YEARS_MAX, now_s) * YEAR_DAYS_MAX * 86400;
        if (policy_set_setting(set, POLICY_SETTING_INTRANET_LIFETIME_MIN) == POLICY_VALUE_REFUSE)
            *least_s = policy_set_limit(set, POLICY_LIMIT_INTRANET_LIFETIME_MIN, now_s);
        *source = "IN-05";
    }
    /* Without the last second; a second less of validity is always there to be had. */
    if (policy_set_setting(set, POLICY_SETTING_LENGTH) == POLICY_VALUE_EXACT)
        ++*most_s;
}

int64_t lint_reuse_max_s(const struct lint_policy *policy, int64_t now_s)
{
    return policy_set_limit(lint_policy_now(policy), POLICY_LIMIT_DCV_REUSE, now_s);
}

static const struct ct_policy *find_ct(const struct policy_set *set, const struct certificate_profile *profile)
{
    if (profile->kind == PROFILE_MTC)
        return NULL;
    return policy_set_ct(set, profile->is_intranet ? POLICY_CT_INTRANET : profile->is_gm ? POLICY_CT_GM_PUBLIC : POLICY_CT_INTL_PUBLIC);
}

static void find_needs(const struct ct_policy *ct, const struct certificate_profile *profile, int64_t now_s, struct ct_policy_needs *out)
{
    int64_t not_before_s = now_s - profile->backdate_s;
    *out = (struct ct_policy_needs){.scts = 0};
    if (ct != NULL)
        ct_policy_needed(ct, not_before_s, not_before_s + profile->lifetime_s - 1, now_s, out);
}

size_t lint_scts(const struct lint_policy *policy, const struct certificate_profile *profile, int64_t now_s)
{
    struct ct_policy_needs needs;
    find_needs(find_ct(lint_policy_now(policy), profile), profile, now_s, &needs);
    return needs.is_enforced ? needs.scts : 0;
}

enum status lint_check_ct(const struct lint_policy *policy, const struct certificate_profile *profile, const struct ct_policy *own,
                          int64_t now_s, struct error *err)
{
    const struct ct_policy *ct = find_ct(lint_policy_now(policy), profile);
    struct ct_policy_needs needs, have;
    find_needs(ct, profile, now_s, &needs);
    find_needs(own, profile, now_s, &have);
    if (!needs.is_enforced || (have.scts >= needs.scts && have.operators >= needs.operators && have.rfc6962 >= needs.rfc6962 &&
                               have.required >= needs.required))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "%s gets %zu SCTs of %zu operators, %zu of them RFC 6962 logs' and %zu of required operators; "
                     "%s of the policy asks for %zu of %zu, %zu and %zu", ct_policy_name(own), have.scts, have.operators, have.rfc6962,
                     have.required, ct_policy_name(ct), needs.scts, needs.operators, needs.rfc6962, needs.required);
}

size_t lint_mirrors(const struct lint_policy *policy, int64_t now_s)
{
    const struct policy_set *set = lint_policy_now(policy);
    bool has_scts = policy_set_setting(set, POLICY_SETTING_MTC_TRANSPARENCY) != POLICY_VALUE_COSIGNERS;
    return has_scts ? 0 : (size_t)policy_set_limit(set, POLICY_LIMIT_MTC_MIRRORS, now_s);
}
