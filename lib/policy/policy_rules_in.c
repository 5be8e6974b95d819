/* Certificates of intranets, by section 2.3 of the root program: IN-00 to IN-07. IN-08 is transparency (policy_rules_ct.c); IN-09,
 * that all else is as for the public, is in the policy file: rules are for tls-intranet as they are for tls. */
#include <inttypes.h>
#include <string.h>

#include "base/civil_time.h"
#include "policy/policy_names_parts.h"

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

/* No certificate can say a later one [RFC5280 4.1.2.5]. */
#define LAST_YEAR 9999

static struct bytes names_of(const struct policy_view *view)
{
    return view->extensions.subject_alt_name;
}

/* ---- what is one ---- */

static enum policy_outcome say_intranet(struct policy_view *view)
{
    char text[DNS_NAME_MAX + 1];
    if (!view->is_intranet)
        return POLICY_KEPT;
    if (policy_names_find_internal(view, names_of(view), text) || policy_names_find_reserved(view, names_of(view), text))
        return policy_view_broken(view, "subjectAltName has %s", text);
    return policy_view_broken(view, view->has_intranet_oid ? "it has the policy of an intranet" : "it is used as one of an intranet");
}

/* ---- the root ---- */

static enum policy_outcome check_root(struct policy_view *view)
{
    const struct policy_path_certificate *root = policy_names_root(view);
    if (root == NULL)
        return policy_view_broken(view, "the path ends at no root that is listed");
    const struct trust_bundle_purposes *purposes = &root->purposes;
    if (!trust_bundle_purposes_have(purposes, TRUST_BUNDLE_TLS_INTRANET))
        return policy_view_broken(view, "the root is not one for intranets");
    return policy_view_unless(!trust_bundle_purposes_have(purposes, TRUST_BUNDLE_TLS), view,
                              "the root is one for public servers, too");
}

/* ---- the subject ---- */

/* A public name that a registry has: neither internal nor a public suffix itself. */
static bool is_public_name(const struct policy_view *view, struct bytes text)
{
    const struct policy_names *names = view->subject->names;
    char lower[DNS_NAME_MAX + 1];
    return dns_name_check(text, true, NULL) == STATUS_OK && policy_names_lower(text, lower) && !policy_view_is_internal(view, lower) &&
           !names->is_public_suffix(names->context, lower);
}

/* Who has it was asked for by this name, for nobody can be asked about the others. */
static enum policy_outcome check_subject(struct policy_view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->attribute_count; i++) {
        const struct policy_attribute *a = &view->attributes[i];
        char text[DNS_NAME_MAX + 1];
        if (!bytes_equal(a->oid, BYTES_OF(oid_common_name)))
            continue;
        count++;
        if (a->value.len > DNS_NAME_MAX || !policy_view_attribute_text(a, text, sizeof text) || !is_public_name(view, bytes_of_text(text)))
            return policy_view_broken(view, "the common name is no public domain name");
        if (!policy_names_has(view, bytes_of_text(text)) && policy_view_is_set(view, POLICY_SETTING_SUBJECT_FQDN_IN_SAN, POLICY_VALUE_REQUIRED))
            return policy_view_broken(view, "the common name is not in subjectAltName: %s", text);
    }
    return policy_view_unless(count == 1, view, "the subject has not one common name");
}

/* ---- the names ---- */

static enum policy_outcome check_names(struct policy_view *view)
{
    return policy_view_unless(view->has_intranet_name, view, "neither an internal name nor a reserved address in subjectAltName");
}

static enum policy_outcome check_validated(struct policy_view *view)
{
    return policy_view_unless(view->subject->are_names_validated, view, "public names and addresses beside the internal ones were not validated");
}

/* ---- validity ---- */

/* As long as the calendar says: five years are 1826 or 1827 days. */
static bool end_of_years(int64_t start_s, int64_t years, int64_t *end_s)
{
    struct civil_time t;
    if (!civil_time_from_epoch(start_s, &t))
        return false;
    if (years > LAST_YEAR - t.year) {
        *end_s = INT64_MAX;
        return true;
    }
    t.year += (int)years;
    /* The 29th of February begins what ends with the 28th. */
    if (!civil_time_to_epoch(&t, end_s)) {
        t.month = 3;
        t.day = 1;
        return civil_time_to_epoch(&t, end_s);
    }
    return true;
}

static enum policy_outcome check_validity(struct policy_view *view)
{
    int64_t years = policy_view_limit(view, POLICY_LIMIT_INTRANET_YEARS_MAX), least_s = policy_view_limit(view, POLICY_LIMIT_INTRANET_LIFETIME_MIN);
    int64_t start_s = view->subject->not_before_s, end_s;
    if (!end_of_years(start_s, years, &end_s) || start_s + view->length_s > end_s)
        return policy_view_broken(view, "valid for more than %" PRId64 " years", years);
    if (view->length_s >= least_s || policy_view_is_set(view, POLICY_SETTING_INTRANET_LIFETIME_MIN, POLICY_VALUE_OFF))
        return POLICY_KEPT;
    (void)policy_view_broken(view, "valid for less than %" PRId64 " days", least_s / 86400);
    return policy_view_is_set(view, POLICY_SETTING_INTRANET_LIFETIME_MIN, POLICY_VALUE_REFUSE) ? POLICY_BROKEN : POLICY_BROKEN_MILDLY;
}

/* ---- the policy ---- */

static enum policy_outcome check_oid(struct policy_view *view)
{
    return policy_view_unless(view->has_intranet_oid, view, "no policy of intranets in certificatePolicies");
}

/* With the policy a CA says that the certificate is all of the above, as far as those rules are in force for it. */
static enum policy_outcome check_promise(struct policy_view *view)
{
    static const struct {
        const char *id;
        unsigned needs;
        enum policy_outcome (*check)(struct policy_view *view);
    } rows[] = {{"IN-01", POLICY_NEEDS_PATH, check_root}, {"IN-02", POLICY_NEEDS_NAMES, check_subject},
                {"IN-03", POLICY_NEEDS_NAMES, check_names}, {"IN-05", 0, check_validity}};
    const struct policy_subject *subject = view->subject;
    bool is_all_known = true;
    if (!view->has_intranet_oid)
        return POLICY_NO_CASE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (policy_view_effect(view, policy_rules_find(bytes_of_text(rows[i].id))) == POLICY_OFF)
            continue;
        bool is_known = (rows[i].needs != POLICY_NEEDS_PATH || subject->path != NULL) &&
                        (rows[i].needs != POLICY_NEEDS_NAMES || subject->names != NULL);
        enum policy_outcome outcome = is_known ? rows[i].check(view) : POLICY_UNKNOWN;
        if (outcome == POLICY_BROKEN)
            return policy_view_broken(view, "the policy of an intranet is there, and %s is not kept", rows[i].id);
        is_all_known = is_all_known && outcome != POLICY_UNKNOWN;
        view->evidence[0] = '\0';
    }
    return is_all_known ? POLICY_KEPT : policy_view_unknown(view, "not all of IN-01 to IN-05 could be looked at");
}

static const struct policy_rule rules[] = {
    {"IN-00", 0, say_intranet},
    {"IN-01", POLICY_NEEDS_PATH, check_root},
    {"IN-02", POLICY_NEEDS_NAMES, check_subject},
    {"IN-03", POLICY_NEEDS_NAMES | POLICY_ON_NAMES, check_names},
    {"IN-04", POLICY_NEEDS_ISSUING, check_validated},
    {"IN-05", 0, check_validity},
    {"IN-06", 0, check_oid},
    {"IN-07", 0, check_promise},
};
const struct policy_rule_table policy_rules_in = {rules, sizeof rules / sizeof rules[0]};
