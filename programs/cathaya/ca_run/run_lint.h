/* run_lint.h - what the linter asks about names and addresses, from the public suffix list and the registries. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_LINT_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_LINT_H

#include "rules/lint.h"

struct run_lint; /* a public suffix list; used by all threads, never changed */

/* run_lint_new loads a list; NULL: the one built into libpsl. extra are top-level labels that count as public though
 * no registry has them ("test", for demos and tests); borrowed. STATUS_USAGE. */
MUST_USE enum status run_lint_new(const char *public_suffix_file, const char *const *extra, size_t extra_count,
                                  struct run_lint **out, struct error *err);
void run_lint_free(struct run_lint *lint);

/* run_lint_fill sets the callbacks of out, which borrow lint; NULL leaves them away. */
void run_lint_fill(const struct run_lint *lint, struct lint_subject *out);

#endif
