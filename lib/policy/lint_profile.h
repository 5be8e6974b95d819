/* lint_profile.h - the rules about a profile that lint.c applies: is the certificate what its CA has promised? Private to policy/. */
#ifndef CATHAYA_POLICY_LINT_PROFILE_H
#define CATHAYA_POLICY_LINT_PROFILE_H

#include "codec/x509/extensions.h"
#include "policy/lint.h"

#define LINT_PROFILE_TEXT_SIZE 200

/* What a rule looks at: the parts as they were read. */
struct lint_view {
    const struct lint_subject *subject;
    struct extensions extensions;
    size_t scts_needed; /* lint_scts */
    char text[LINT_PROFILE_TEXT_SIZE]; /* what is wrong */
};

struct lint_profile_rule {
    const char *name;
    bool is_on_names;  /* can be decided from the names alone */
    bool (*is_kept)(struct lint_view *view); /* false: text says what is wrong */
};

extern const struct lint_profile_rule lint_profile_rules[];
extern const size_t lint_profile_rules_count;

#endif
