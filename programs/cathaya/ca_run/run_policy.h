/* run_policy.h - the policy that the CA issues by: `policy-file`, or the one that is built in. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_POLICY_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_POLICY_H

#include "policy/lint.h"
#include "ports/events.h"

struct run_config;

/* run_policy_read reads the files; each "" stands for what is built in. STATUS_USAGE with the file and its line.
 * policy_set_free follows success. */
MUST_USE enum status run_policy_read(const char *policy_file, const char *ct_policy_file, struct policy_set **out, struct error *err);

/* run_policy_check_profile: the linter would refuse every certificate of this lifetime; better said at once. STATUS_USAGE. */
MUST_USE enum status run_policy_check_profile(const struct policy_set *policy, const struct certificate_profile *profile, int64_t now_s,
                                              struct error *err);

/* run_policy_check_ct: the CT policy that a profile names asks for no less than the policy does. STATUS_USAGE. */
MUST_USE enum status run_policy_check_ct(const struct policy_set *policy, const struct certificate_profile *profile,
                                         const struct ct_policy *own, struct error *err);

/* run_policy_warn reports each profile whose certificates are without the SCTs that the policy asks for, which sites have to bring by
 * TLS or OCSP, or with less mirrors than it asks for. */
void run_policy_warn(const struct run_config *config, const struct lint_policy *policy, const struct events_port *events);

#endif
