/* The rules of the root program about paths and levels [digest 5.2 RP-01..RP-04, 5.3], and what every certificate has to be: valid now,
 * for that name, on a path that holds. */
#include <string.h>

#include "base/civil_time.h"
#include "policy/policy_level.h"
#include "policy/policy_names_parts.h"

/* ---- the path ---- */

static enum policy_outcome check_path(struct policy_view *view)
{
    const struct policy_path *path = view->subject->path;
    return policy_view_unless(path->is_valid, view, path->why != NULL ? path->why : "the path does not hold");
}

static enum policy_outcome check_time(struct policy_view *view)
{
    const struct policy_subject *s = view->subject;
    char when[CIVIL_TIME_TEXT_SIZE];
    if (s->is_issuing)
        return POLICY_NO_CASE; /* it may be for tomorrow: br-backdate */
    if (s->not_before_s <= s->at_s && s->at_s <= s->not_after_s)
        return POLICY_KEPT;
    bool is_early = s->at_s < s->not_before_s;
    civil_time_format(is_early ? s->not_before_s : s->not_after_s, when);
    return policy_view_broken(view, is_early ? "not valid before %s" : "not valid after %s", when);
}

static bool is_for(const struct policy_view *view)
{
    const struct policy_subject *s = view->subject;
    struct reader r;
    struct san_name san;
    reader_init(&r, view->extensions.subject_alt_name);
    while (san_next(&r, &san))
        if ((san.tag == SAN_DNS_NAME && s->dns_name.len > 0 && dns_name_matches(san.value, s->dns_name)) ||
            (san.tag == SAN_IP_ADDRESS && s->ip.len > 0 && bytes_equal(san.value, s->ip)))
            return true;
    return false;
}

static enum policy_outcome check_name(struct policy_view *view)
{
    const struct policy_subject *s = view->subject;
    if (s->is_issuing)
        return POLICY_NO_CASE;
    if (s->dns_name.len == 0 && s->ip.len == 0)
        return policy_view_unknown(view, "no name was asked for");
    if (is_for(view))
        return POLICY_KEPT;
    if (s->dns_name.len == 0)
        return policy_view_broken(view, "it is not for that address");
    return policy_view_broken(view, "it is not for %.*s", (int)(s->dns_name.len < 100 ? s->dns_name.len : 100),
                              (const char *)s->dns_name.data);
}

/* An intranet certificate below a public root has a rule of its own, which says more: IN-01. */
static bool is_purpose_met(const struct policy_view *view, const struct policy_path_certificate *row)
{
    return trust_bundle_purposes_have(&row->purposes, view->purpose) ||
           (view->is_intranet && trust_bundle_purposes_have(&row->purposes, TRUST_BUNDLE_TLS));
}

static enum policy_outcome check_root(struct policy_view *view)
{
    const struct policy_path_certificate *root = policy_names_root(view);
    const char *purpose = trust_bundle_purpose_name(view->purpose);
    if (root == NULL)
        return policy_view_broken(view, "the path ends at no root that is listed");
    for (size_t i = 1; i < view->certificate_count; i++) {
        const struct policy_path_certificate *row = view->certificates[i].row;
        if (row->is_listed && !is_purpose_met(view, row))
            return policy_view_broken(view, "the %s is listed, but not for %s", row == root ? "root" : "intermediate",
                                      purpose != NULL ? purpose : "this");
    }
    return POLICY_KEPT;
}

/* Where a listed certificate says so, what stands between it and the leaf is listed. */
static enum policy_outcome check_listed_intermediates(struct policy_view *view)
{
    bool is_asked = false;
    for (size_t i = view->certificate_count; i-- > 1;) {
        const struct policy_path_certificate *row = view->certificates[i].row;
        if (is_asked && !row->is_listed)
            return policy_view_broken(view, "intermediate %zu of the path is not listed, as its root asks", i);
        is_asked = is_asked || (row->is_listed && row->has_listed_intermediates_only);
    }
    return is_asked ? POLICY_KEPT : POLICY_NO_CASE;
}

static enum policy_outcome check_disclosed(struct policy_view *view)
{
    for (size_t i = 1; i + 1 < view->certificate_count; i++)
        if (!view->certificates[i].row->is_listed)
            return policy_view_broken(view, "intermediate %zu of the path is not among the disclosed ones", i);
    return policy_names_root(view) != NULL ? POLICY_KEPT : POLICY_NO_CASE;
}

/* ---- levels ---- */

static enum policy_outcome check_level(struct policy_view *view)
{
    if (view->are_policies_bad)
        return policy_view_broken(view, "certificatePolicies cannot be read, or has more than %d policies", POLICY_POLICIES_MAX);
    if (view->level_oid == NULL && view->not_issuers_count > 0)
        return policy_view_broken(view, "only policy OIDs that its issuer's certificate does not have");
    if (view->level_oid == NULL)
        return policy_view_broken(view, view->other_arc_count > 0 ? "only policy OIDs of the other algorithms' arc"
                                                                  : "no policy OID that the program knows");
    return policy_view_kept(view, "%s, T%u by %s", view->level_oid->kind, view->level_oid->level, view->level_oid->dotted);
}

/* The lowest level has been taken already. */
static enum policy_outcome check_one_level(struct policy_view *view)
{
    if (view->other_oid_count > 0 && view->oid_count > 0)
        return policy_view_broken(view, "policy OIDs of public servers and of intranets; the lowest is shown: T%u", view->own_level);
    if (view->has_level_conflict)
        return policy_view_broken(view, "policy OIDs of different levels; the lowest is shown: T%u", view->own_level);
    if (view->oid_count > 1 && policy_view_is_set(view, POLICY_SETTING_POLICY_OIDS, POLICY_VALUE_ONE))
        return policy_view_broken(view, "more than one policy OID");
    return view->oid_count > 0 ? POLICY_KEPT : POLICY_NO_CASE;
}

/* What the subject lacks, or has too much, for the kind that it says; NULL when all is well. */
static const char *content_fault(const struct policy_view *view)
{
    const char *kind = view->level_oid->kind;
    bool has_o = policy_view_attribute(view, POLICY_OID_ORGANISATION) != NULL;
    bool has_given = policy_view_attribute(view, POLICY_OID_GIVEN_NAME) != NULL, has_surname = policy_view_attribute(view, POLICY_OID_SURNAME) != NULL;
    bool has_person = has_given && has_surname;
    if (strcmp(kind, "OV") == 0 || strcmp(kind, "EV") == 0 || strcmp(kind, "SV") == 0) {
        if (!has_o)
            return "the subject has no organisation";
        if (strcmp(kind, "SV") == 0 && !has_person)
            return "the subject has no given name and surname";
    } else if (strcmp(kind, "IV") == 0) {
        if (!has_person)
            return "the subject has no given name and surname";
    } else if (has_o || has_given || has_surname) {
        return "the subject has an identity that nobody has validated";
    }
    return NULL;
}

static enum policy_outcome check_content(struct policy_view *view)
{
    if (view->level_oid == NULL)
        return POLICY_NO_CASE;
    const char *fault = content_fault(view);
    if (fault == NULL)
        return POLICY_KEPT;
    (void)policy_view_broken(view, "%s: %s", view->level_oid->kind, fault);
    return policy_view_is_set(view, POLICY_SETTING_LEVEL_CONTENT, POLICY_VALUE_KEEP) ? POLICY_BROKEN_MILDLY : POLICY_BROKEN;
}

static enum policy_outcome check_level_max(struct policy_view *view)
{
    uint8_t max = policy_level_max(view);
    return view->own_level <= max ? POLICY_KEPT
                                  : policy_view_broken(view, "it says T%u; what is below its root counts for T%u at most", view->own_level, max);
}

static const struct policy_rule rules[] = {
    {"rfc5280-path", POLICY_NEEDS_PATH, check_path},
    {"rfc5280-time", 0, check_time},
    {"rfc9525-name", 0, check_name},
    {"RP-01", POLICY_NEEDS_PATH, check_root},
    {"RP-02", POLICY_NEEDS_PATH, check_listed_intermediates},
    {"RP-03", POLICY_NEEDS_PATH, check_disclosed},
    {"RP-04", 0, check_level},
    {"LV-01", 0, check_one_level},
    {"LV-02", 0, check_content},
    {"LV-03", POLICY_NEEDS_PATH, check_level_max},
};
const struct policy_rule_table policy_rules_rp = {rules, sizeof rules / sizeof rules[0]};
