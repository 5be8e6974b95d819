/* run_lint.h - what the linter goes by: the policy, which a reload replaces, and the public suffix list. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_LINT_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_LINT_H

#include "judging/public_names.h"
#include "policy/lint.h"

/* One for the process; shared by the threads of all CAs. */
struct run_lint {
    struct lint_policy policy;
    struct policy_names names;
};

/* run_lint_init borrows both. */
void run_lint_init(struct run_lint *lint, struct public_names *names, const struct policy_set *policy);

/* run_lint_fill lets out lint by it; lint is borrowed. */
void run_lint_fill(const struct run_lint *lint, struct lint_subject *out);

#endif
