/* lint.h - the check before issuance [BR 4.3.1.2]: does a certificate that is about to be issued keep every rule of the policy,
 * and is it what its profile promises? The policy's rules are policy.h's, the ones that clients judge by: what they would call
 * not secure is not issued. The profile's rules (profile-...) are here.
 *
 * It reads what will be signed or logged, not what the issuer meant to write: so it finds mistakes of the issuer too.
 */
#ifndef CATHAYA_POLICY_LINT_H
#define CATHAYA_POLICY_LINT_H

#include <stdatomic.h>

#include "policy/policy.h"
#include "rules/certificate_profile.h"

/* More than one certificate can have wrong at once and somebody still reads. */
#define LINT_FINDINGS_MAX 16
#define LINT_TEXT_SIZE 400
/* The longest common name [RFC5280 A.1 ub-common-name]. */
#define LINT_COMMON_NAME_MAX 64

/* The policy that is linted by, which may be replaced while others lint: each call takes what is there once. Whoever replaces it
 * keeps the old one until no call can have it any more. */
struct lint_policy {
    _Atomic(const struct policy_set *) set;
};
static inline const struct policy_set *lint_policy_now(const struct lint_policy *policy)
{
    return atomic_load_explicit(&policy->set, memory_order_acquire);
}

/* What is looked at. Everything is borrowed. */
struct lint_subject {
    const struct lint_policy *policy;
    const struct certificate_profile *profile;
    struct bytes serial;  /* contents of the INTEGER; empty for a log entry, which has none */
    struct bytes subject; /* whole Name */
    struct bytes spki;    /* whole */
    struct bytes extensions; /* contents of Extensions */
    struct bytes signature;  /* whole AlgorithmIdentifier that it will be signed by; empty for a log entry */
    int64_t not_before_s, not_after_s; /* inclusive both */
    int64_t now_s;        /* decides which dated limits hold */
    bool is_precert;      /* to be signed with its poison, for logs alone [RFC6962 3.1] */
    bool has_part_of_names; /* lint_check_names: others will stand beside them; what all together have to be is not asked */
    bool are_names_validated;      /* its public names and addresses have been validated, as of everything that ACME issues */
    const struct policy_path *path; /* what the CA knows of the path to its root; NULL: not looked at */
    const struct policy_names *names; /* NULL: rules about public suffixes and internal names are not looked at */
};

struct lint_finding {
    char rule[POLICY_NAME_SIZE]; /* "br-validity" */
    char text[LINT_TEXT_SIZE];   /* what is wrong, and what is to be done */
};

struct lint_report {
    size_t count; /* at most LINT_FINDINGS_MAX are kept */
    struct lint_finding findings[LINT_FINDINGS_MAX];
};

/* lint_check applies every rule: STATUS_OK when all are kept that make a certificate not secure or that clients warn about,
 * STATUS_REFUSED with the first finding in err and all in report (which may be NULL). What the requirements only advise is not
 * refused, nor what a setting of the policy makes a warning. STATUS_MALFORMED when the parts cannot be read; STATUS_USAGE without
 * a policy. */
MUST_USE enum status lint_check(const struct lint_subject *subject, struct lint_report *report, struct error *err);

/* lint_check_names applies the rules on names alone: contents of GeneralNames, before there is a key. Of subject only policy,
 * profile, names and now_s are looked at. What is for an intranet has a name that can be its common name. */
MUST_USE enum status lint_check_names(const struct lint_subject *subject, struct bytes general_names, struct lint_report *report,
                                      struct error *err);

/* lint_common_name finds the name among GeneralNames that is the subject of a certificate for an intranet [IN-02]: the first public
 * domain name that is no wildcard, else the first wildcard, of at most LINT_COMMON_NAME_MAX bytes. False when there is none. */
bool lint_common_name(const struct lint_subject *subject, struct bytes general_names, char out[LINT_COMMON_NAME_MAX + 1]);

/* lint_is_internal: is this DNS name (without "*."), or address as text, one that nobody has in the public Internet? False
 * without policy and names of subject, of which nothing else is looked at. */
bool lint_is_internal(const struct lint_subject *subject, bool is_address, const char *name);

/* lint_validity_s is how long a certificate of such a profile may be valid that is issued at now_s, and at least; source is the
 * rule that says so. */
void lint_validity_s(const struct lint_policy *policy, const struct certificate_profile *profile, int64_t now_s, int64_t *least_s,
                     int64_t *most_s, const char **source);

/* lint_reuse_max_s is how old the validation of a name or address may be that is relied on at now_s [BR 4.2.1]. */
int64_t lint_reuse_max_s(const struct lint_policy *policy, int64_t now_s);

/* lint_scts is how many SCTs the policy asks for in certificates of such a profile, issued at now_s; 0: none, or by other
 * means. */
size_t lint_scts(const struct lint_policy *policy, const struct certificate_profile *profile, int64_t now_s);

/* lint_check_ct: does a CT policy, by which a CA gets SCTs, ask for as much as the root program's policy does for such a profile?
 * STATUS_REFUSED says what is less. */
MUST_USE enum status lint_check_ct(const struct lint_policy *policy, const struct certificate_profile *profile, const struct ct_policy *own,
                                   int64_t now_s, struct error *err);

/* lint_mirrors is how many mirrors of others the policy asks for in Merkle Tree Certificates; 0: it takes SCTs too. */
size_t lint_mirrors(const struct lint_policy *policy, int64_t now_s);

#endif
