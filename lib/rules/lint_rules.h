/* lint_rules.h - the table of rules that lint.c applies; private to rules/. */
#ifndef CATHAYA_RULES_LINT_RULES_H
#define CATHAYA_RULES_LINT_RULES_H

#include "rules/lint.h"

/* Which certificates a rule is for: all conditions that are set must hold. */
enum lint_scope {
    LINT_ALL = 0,
    LINT_PUBLIC = 1,   /* not of an intranet profile */
    LINT_INTRANET = 2,
    LINT_MTC = 4,
    LINT_CLASSIC = 8,
    LINT_GM = 16
};

/* What a rule looks at: the parts as they were read. */
struct lint_view {
    const struct lint_subject *subject;
    struct extensions extensions;
    char text[LINT_TEXT_SIZE]; /* what is wrong */
};

struct lint_rule {
    const char *name, *source, *says;
    unsigned scope;    /* bits of enum lint_scope */
    bool is_on_names;  /* can be decided from the names alone */
    bool (*is_kept)(struct lint_view *view); /* false: text says what is wrong */
};

extern const struct lint_rule lint_rules[];
extern const size_t lint_rules_count;

#endif
