/* default_policy.h - the policy that is shipped, for tests of those who lint by one; read once for the process. Needs
 * layer_policy and unit/checks.h. */
#ifndef CATHAYA_TESTS_FAKES_DEFAULT_POLICY_H
#define CATHAYA_TESTS_FAKES_DEFAULT_POLICY_H

#include <stdlib.h>

#include "policy/lint.h"

static struct policy_set *default_policy_set;

static void default_policy_free(void)
{
    policy_set_free(default_policy_set);
}

static inline const struct lint_policy *default_policy(void)
{
    static struct lint_policy policy;
    struct error err;
    if (default_policy_set == NULL) {
        if (policy_set_default(&default_policy_set, &err) != STATUS_OK)
            abort();
        (void)atexit(default_policy_free);
        atomic_init(&policy.set, default_policy_set);
    }
    return &policy;
}

#endif
