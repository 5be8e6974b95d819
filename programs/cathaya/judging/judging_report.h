/* judging_report.h - a judgement for people, in two languages, and as JSON: verdict, level, rules, SCTs and cosigners one by one. One
 * of it for `fetch`, `verify` and `trust explain`. */
#ifndef CATHAYA_PROGRAM_JUDGING_JUDGING_REPORT_H
#define CATHAYA_PROGRAM_JUDGING_JUDGING_REPORT_H

#include <jansson.h>

#include "judging/judging_words.h"
#include "tls/peer_judge.h"

/* Columns of the names before the colon-less values, as in the whole report of `fetch`. */
#define JUDGING_NAME_COLUMNS 14

/* How much is said of rules. */
enum judging_detail {
    JUDGING_BRIEF,   /* what is not kept */
    JUDGING_VERBOSE, /* every rule, in the policy's order */
    JUDGING_EXPLAIN  /* every rule, the broken ones first, with what is to be done; why the level is not higher */
};

struct judging_report {
    const struct policy_set *set;
    bool is_built_in; /* no bundle and no file brought the policy */
    const struct policy_answer *answer;
    const struct policy_subject *subject;
    const char *reason; /* why it is untrusted, when no rule says so; "" */
    enum policy_language language;
    enum judging_detail detail;
};

/* judging_report_name writes a name and its value as the report's lines have them, indented by two. */
void judging_report_name(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* judging_report_verdict is the line of the verdict with the reason for it; judging_report_lines is all that follows: level,
 * organisation, policy, SCTs, cosigners, rules. */
void judging_report_verdict(const struct judging_report *report);
void judging_report_lines(const struct judging_report *report);

/* judging_report_fill sets verdict, level, kind, icon, saying, organisation, intranet, purpose, policy, rules, scts, cosigners. */
void judging_report_fill(const struct judging_report *report, json_t *object);

/* judging_report_why_not_higher is what keeps the level where it is; "" when it is T4. */
void judging_report_why_not_higher(const struct judging_report *report, char *out, size_t size);

/* judging_report_reason is why the verdict is what it is, in one line of the report's language. */
void judging_report_reason(const struct judging_report *report, char *out, size_t size);

#endif
