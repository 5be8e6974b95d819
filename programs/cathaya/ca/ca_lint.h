/* ca_lint.h - what `cathaya ca issue` asks before it logs anything: the rules that `cathaya ca run` asks, of the policy that is built in
 * or named. */
#ifndef CATHAYA_PROGRAMS_CA_CA_LINT_H
#define CATHAYA_PROGRAMS_CA_CA_LINT_H

#include "ca/ca_directory.h"
#include "ca_run/run_lint.h"
#include "judging/judging_options.h"

#define CA_LINT_OPTIONS \
    {.name = "policy", .metavar = "FILE", .help = "a root program's policy, in place of the one that is built in"}, \
    {.name = "ct-policies", .metavar = "FILE", .help = "the CT policies that --policy speaks of; those that are built in"}, \
    {.name = "policy-check", .metavar = "MODE", .help = "refuse (what the policy calls not secure is not logged), warn, or off; refuse"}, \
    {.name = "public-label", .metavar = "LABEL", .is_repeatable = true, .help = "a top-level domain that counts as public"}

struct ca_lint {
    enum judging_check check;
    const char *labels[JUDGING_LABELS_MAX]; /* borrowed */
    struct policy_set *set;
    struct public_names *names;
    struct run_lint lint;
    struct lint_subject subject;
    const char *const *files; /* borrowed */
};

/* ca_lint_read reads what CA_LINT_OPTIONS say. STATUS_USAGE. ca_lint_clear follows in any case. */
MUST_USE enum status ca_lint_read(const struct options *options, struct ca_lint *out, struct error *err);
void ca_lint_clear(struct ca_lint *lint);

/* ca_lint_install lets the issuer of an open CA lint, by a profile that ca.conf stands for; lint is borrowed until the CA is closed, and
 * stays where it is. files: of the requests, by their number in the batch, to warn with. With "off" it does nothing. */
void ca_lint_install(struct ca_lint *lint, struct ca_directory *dir, const char *const *files);

#endif
