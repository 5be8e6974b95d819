/* judging_options.h - what commands that ask the policy have in common on their command lines. */
#ifndef CATHAYA_PROGRAM_JUDGING_JUDGING_OPTIONS_H
#define CATHAYA_PROGRAM_JUDGING_JUDGING_OPTIONS_H

#include "base/status.h"
#include "options.h"

/* Top-level labels that a command is told to take for public. */
#define JUDGING_LABELS_MAX 32

/* --policy-check: what becomes of what the policy calls not secure. */
enum judging_check {
    JUDGING_REFUSE,
    JUDGING_WARN,
    JUDGING_OFF
};

/* judging_check_read reads --policy-check; refuse when it is absent. STATUS_USAGE. */
MUST_USE enum status judging_check_read(const struct options *options, enum judging_check *out, struct error *err);

/* judging_labels_read gives the values of --public-label, borrowed from options. STATUS_USAGE when there are too many. */
MUST_USE enum status judging_labels_read(const struct options *options, const char *labels[JUDGING_LABELS_MAX], size_t *count,
                                         struct error *err);

#endif
