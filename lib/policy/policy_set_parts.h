/* policy_set_parts.h - what a policy is made of. Private to policy/ and its tests. */
#ifndef CATHAYA_POLICY_POLICY_SET_PARTS_H
#define CATHAYA_POLICY_POLICY_SET_PARTS_H

#include "policy/policy.h"

/* For whom a line `rule` is: words of its `for`. Words of one group are alternatives, and every group that is named has to fit. */
#define POLICY_FOR_GM 0x1u
#define POLICY_FOR_INTL 0x2u
#define POLICY_FOR_WORLDS 0x3u
#define POLICY_FOR_CLASSIC 0x4u
#define POLICY_FOR_MTC 0x8u
#define POLICY_FOR_FORMS 0xcu
#define POLICY_FOR_PUBLIC 0x10u
#define POLICY_FOR_INTRANET 0x20u
#define POLICY_FOR_NETWORKS 0x30u
/* Bit of a purpose; TRUST_BUNDLE_TLS_INTRANET has that of TRUST_BUNDLE_TLS. */
#define POLICY_FOR_PURPOSE_SHIFT 8
#define POLICY_FOR_PURPOSES 0xffff00u

struct policy_line {
    enum policy_effect effect;
    unsigned whom; /* POLICY_FOR_*; 0: all */
    int64_t from_s, issued_from_s; /* INT64_MIN: always */
};

struct policy_rule_text {
    size_t line_count; /* 0: the policy, that of a bundle, does not name the rule */
    struct policy_line lines[POLICY_RULE_LINES_MAX];
    const char *title[POLICY_LANGUAGES], *fix[POLICY_LANGUAGES]; /* in text */
};

struct policy_limit_row {
    int64_t from_s, value;
};

/* What is shown: T1 to T4 of the secure ones, then the other verdicts. */
#define POLICY_SHOWS (4 + POLICY_VERDICTS - 1)

struct policy_set {
    char *text; /* a copy of the file, in which a NUL has taken the place of the quote behind each sentence */
    char name[POLICY_NAME_SIZE];
    uint64_t version;
    enum policy_value settings[POLICY_SETTINGS];
    size_t limit_count[POLICY_LIMITS];
    struct policy_limit_row limits[POLICY_LIMITS][POLICY_LIMIT_ROWS_MAX]; /* from_s ascending, the first INT64_MIN */
    size_t oid_count;
    struct policy_oid oids[POLICY_OIDS_MAX];
    struct policy_rule_text rules[POLICY_RULES_MAX]; /* by their place in the code */
    const char *sayings[POLICY_SHOWS][POLICY_LANGUAGES];
    const char *icons[POLICY_SHOWS];
    struct ct_policy_set *ct_policies;
    bool has_ct[POLICY_CT_FORS]; /* a line `ct-policy`; with "none", ct is NULL */
    const struct ct_policy *ct[POLICY_CT_FORS];
};

/* policy_set_line is the line of a rule that is in force for those (bits), NULL when none is: the last that fits and has come. */
const struct policy_line *policy_set_line(const struct policy_set *set, size_t rule, unsigned whom, int64_t at_s, int64_t issued_s);

/* policy_set_whom is the bit of a purpose. */
unsigned policy_set_whom(uint16_t purpose);

/* policy_set_show is the place of an answer in sayings and icons. */
size_t policy_set_show(enum policy_verdict verdict, uint8_t level);

#endif
