#include "ca_run/run_lint.h"

void run_lint_fill(const struct public_names *names, struct lint_subject *out)
{
    if (names == NULL)
        return;
    out->is_public_suffix = public_names_is_suffix;
    out->is_internal_name = public_names_is_internal;
    out->is_reserved_address = public_names_is_reserved;
    out->context = (void *)(uintptr_t)names;
}
