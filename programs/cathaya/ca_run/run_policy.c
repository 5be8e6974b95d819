#include "ca_run/run_policy.h"

#include <stdio.h>

#include "adapters/posix/posix_clock.h"
#include "ca_run/run_config.h"
#include "judging/policy_files.h"

enum status run_policy_read(const char *policy_file, const char *ct_policy_file, struct policy_set **out, struct error *err)
{
    enum status s = policy_files_read(policy_file[0] != '\0' ? policy_file : NULL, ct_policy_file[0] != '\0' ? ct_policy_file : NULL, out,
                                      err);
    return error_prefix(err, s, "policy-file");
}

enum status run_policy_check_profile(const struct policy_set *policy, const struct certificate_profile *profile, int64_t now_s,
                                     struct error *err)
{
    struct lint_policy lint;
    int64_t least_s, most_s;
    const char *rule;
    atomic_init(&lint.set, policy);
    lint_validity_s(&lint, profile, now_s, &least_s, &most_s, &rule);
    if (profile->lifetime_s >= least_s && profile->lifetime_s <= most_s)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "lifetime: %lld to %lld seconds, by %s of the policy on this day: %s", (long long)least_s,
                     (long long)most_s, rule, policy_set_fix(policy, rule, POLICY_EN));
}

static int64_t now_s(void)
{
    struct clock_port clock = posix_clock();
    return clock.now_ms(clock.context) / 1000;
}

enum status run_policy_check_ct(const struct policy_set *policy, const struct certificate_profile *profile, const struct ct_policy *own,
                                struct error *err)
{
    struct lint_policy lint;
    atomic_init(&lint.set, policy);
    if (lint_check_ct(&lint, profile, own, now_s(), err) == STATUS_OK)
        return STATUS_OK;
    return error_prefix(err, STATUS_USAGE, "profile \"%s\": ct-policy", profile->name);
}

/* What is missing beside a certificate of this profile. */
static bool find_lack(const struct certificate_profile *profile, const struct lint_policy *policy, char *reason, size_t size)
{
    size_t scts = lint_scts(policy, profile, now_s()), mirrors = lint_mirrors(policy, now_s());
    if (profile->kind == PROFILE_MTC && profile->mirrors_min < mirrors)
        (void)snprintf(reason, size, "the policy (MT-01) asks for %zu mirrors of others, and the profile's certificates may have %u: clients "
                       "call them not secure", mirrors, profile->mirrors_min);
    else if (scts > 0 && profile->ct_policy[0] == '\0')
        (void)snprintf(reason, size, "the policy asks for %zu SCTs, and the profile has no ct-policy: without SCTs from TLS or OCSP clients "
                       "call its certificates not secure", scts);
    else
        return false;
    return true;
}

void run_policy_warn(const struct run_config *config, const struct lint_policy *policy, const struct events_port *events)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        const struct certificate_profile *profile = &config->profiles[i];
        char reason[200];
        if (find_lack(profile, policy, reason, sizeof reason))
            events_report(events, EVENT_WARNING, profile->kind == PROFILE_MTC ? "profile-without-mirrors" : "profile-without-scts",
                          {"profile", profile->name}, {"reason", reason});
    }
}
