/* policy_cases.h - what the matrix test is made of: for each rule, limit and setting of the policy file the subjects on both sides.
 * test_matrix.c takes the dates, numbers and words from the policy file, puts them together with these, and fails the build (it runs
 * when it is linked) when a rule, a limit, a setting's value or a date has no case.
 *
 * A file of cases, policy_cases_*.c, has a table of each kind and a struct policy_case_file, and a row in test_matrix.c.
 */
#ifndef CATHAYA_TESTS_UNIT_POLICY_POLICY_CASES_H
#define CATHAYA_TESTS_UNIT_POLICY_POLICY_CASES_H

#include "unit/policy/made.h"

typedef void policy_change(struct made *m);

/* Both neighbours of a rule's edge: the last that keeps it, and the first that does not. good NULL: the base as it is. Both are
 * looked at with `text`, when it is not NULL, in the policy: it takes the place of the lines that begin with the same two words
 * ("setting aia any", "limit mtc-mirrors from always 2"), or comes at the end. */
struct policy_rule_case {
    const char *rule;
    enum made_base base;
    policy_change *good, *bad;
    const char *text;
    bool is_mild;   /* bad is a warning, whatever the effect */
    bool is_formal; /* `use formal` stands in the CT policies that have that stage */
    bool is_good_without_case; /* the rule has no case in good, rather than being kept */
};

/* A number: value(m, n) makes what is measured n. For each date of the limit, `good` is the file's number and `bad` its neighbour:
 * n + 1 of a most, n - 1 of a least (is_min), both of an exact one (is_exact). step: the smallest difference that a certificate can
 * show, 1 when it is 0. rule NULL: no rule asks for it (limits that only issuers use): only the number by its date is looked at. */
struct policy_limit_case {
    enum policy_limit limit;
    const char *rule;
    enum made_base base;
    void (*value)(struct made *m, int64_t n);
    bool is_min, is_exact;
    int64_t step;
    const char *text;
};

/* One subject, and the rule's result with each of two values of a setting; they differ. */
struct policy_setting_case {
    enum policy_setting setting;
    enum policy_value value, other;
    const char *rule;
    enum made_base base;
    policy_change *change;
    enum policy_result result, other_result;
};

struct policy_case_file {
    const struct policy_rule_case *rules;
    size_t rule_count;
    const struct policy_limit_case *limits;
    size_t limit_count;
    const struct policy_setting_case *settings;
    size_t setting_count;
};

/* {POLICY_CASE("RP-05", MADE_GM, NULL, no_key_id)}, {POLICY_CASE(...), .is_mild = true} */
#define POLICY_CASE(id, kind, last_good, first_bad) .rule = (id), .base = (kind), .good = (last_good), .bad = (first_bad)
#define POLICY_NUMBER(which, id, kind, change) .limit = (which), .rule = (id), .base = (kind), .value = (change)
#define POLICY_COUNT(table) (sizeof(table) / sizeof(table)[0])

extern const struct policy_case_file policy_cases_rp, policy_cases_ct, policy_cases_chain, policy_cases_br, policy_cases_names,
    policy_cases_in, policy_cases_purpose;

#endif
