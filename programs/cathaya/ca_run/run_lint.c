#include "ca_run/run_lint.h"

void run_lint_init(struct run_lint *lint, struct public_names *names, const struct policy_set *policy)
{
    atomic_init(&lint->policy.set, policy);
    lint->names = (struct policy_names){public_names_is_suffix, public_names_is_internal, names};
}

void run_lint_fill(const struct run_lint *lint, struct lint_subject *out)
{
    out->policy = &lint->policy;
    out->names = &lint->names;
}
