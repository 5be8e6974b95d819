/* run_lint.h - what the linter asks about names and addresses. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_LINT_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_LINT_H

#include "judging/public_names.h"
#include "rules/lint.h"

/* run_lint_fill sets the callbacks of out, which borrow names; NULL leaves them away. */
void run_lint_fill(const struct public_names *names, struct lint_subject *out);

#endif
