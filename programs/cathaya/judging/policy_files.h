/* policy_files.h - a root program's policy from files: one reader for the CA, and for all that judge. */
#ifndef CATHAYA_PROGRAM_JUDGING_POLICY_FILES_H
#define CATHAYA_PROGRAM_JUDGING_POLICY_FILES_H

#include "policy/policy.h"

/* policy_files_read reads the policy, and the CT policies that it names; NULL stands for what is built in, each by itself.
 * STATUS_USAGE with file and line, also when a file is not to be read; STATUS_LIMIT when one is too long. policy_set_free follows
 * success. */
MUST_USE enum status policy_files_read(const char *path, const char *ct_path, struct policy_set **out, struct error *err);

#endif
