/* policy.h - the judgement of a root program: is this certificate secure, how much is known about who has it, and which rule
 * says so? Pure: no I/O, no clock, nothing is allocated; a policy_set is shared by threads.
 *
 * An answer is about what was looked at: without a path, `secure` says nothing about who is at the other end.
 *
 * Verdicts, worst last: secure, not_transparent, not_secure, untrusted. Each rule gives a row with its result, what was found,
 * and what follows from it; titles and fixes in English and Chinese are the policy's (policy_set.h).
 */
#ifndef CATHAYA_POLICY_POLICY_H
#define CATHAYA_POLICY_POLICY_H

#include "policy/policy_subject.h"
#include "policy/policy_set.h"

#define POLICY_EVIDENCE_SIZE 200
#define POLICY_ORGANISATION_SIZE 200

enum policy_verdict { POLICY_VERDICT_SECURE, POLICY_VERDICT_NOT_TRANSPARENT, POLICY_VERDICT_NOT_SECURE, POLICY_VERDICT_UNTRUSTED };
#define POLICY_VERDICTS 4

enum policy_result {
    POLICY_PASS,
    POLICY_FAIL,  /* the effect is level-t1 or worse */
    POLICY_WARNING,
    POLICY_NOTE,  /* the effect is info */
    POLICY_NOT_LOOKED_AT, /* what it needs was not given, or cannot be said: evidence says what */
    POLICY_NOT_APPLICABLE /* not for such certificates, not yet, or off */
};

struct policy_rule_result {
    const char *id; /* "RP-05", "br-validity" */
    enum policy_result result;
    enum policy_effect effect; /* of the line in force; POLICY_OFF when none is */
    bool is_open;   /* not looked at, and were it broken, the verdict would be worse: whoever shows the verdict says so too. Never for
                     * rules that only who issues can look at */
    char evidence[POLICY_EVIDENCE_SIZE]; /* what was found, in English; may be empty */
};

struct policy_answer {
    enum policy_verdict verdict;
    uint8_t level;   /* 1-4: T1-T4 */
    char kind[4];    /* what it says of itself, by the policy OID that counts: "DV", "IV", "OV", "EV", "MV", "SV"; "" when none does */
    bool is_intranet;
    bool is_gm;      /* its key is SM2 */
    uint16_t purpose; /* that it was judged for: TRUST_BUNDLE_TLS_INTRANET in place of TRUST_BUNDLE_TLS */
    const char *worst; /* id of the first rule that made the verdict; NULL when it is secure */
    char organisation[POLICY_ORGANISATION_SIZE]; /* O of the subject in UTF-8, from T3 on and when it is not less than transparent; "" */
    size_t count;    /* one row for each rule of the code, in their order */
    struct policy_rule_result rules[POLICY_RULES_MAX];
};

/* policy_judge judges. STATUS_OK when an answer was found, whatever it is; STATUS_MALFORMED when the leaf's parts cannot be read
 * (certificates of the path that cannot be read make rules fail); STATUS_LIMIT for a path or SCTs beyond their limits. */
MUST_USE enum status policy_judge(const struct policy_set *set, const struct policy_subject *subject, struct policy_answer *answer,
                                  struct error *err);

/* policy_judge_names applies the rules on names alone: contents of GeneralNames, before there is a key. Of subject only purpose,
 * form, at_s and names are looked at; world is what is_gm says. */
MUST_USE enum status policy_judge_names(const struct policy_set *set, const struct policy_subject *subject, bool is_gm,
                                        struct bytes general_names, struct policy_answer *answer, struct error *err);

/* policy_answer_refuse makes it untrusted for a reason that is no matter of policy: nobody is named as its owner, and nothing can make
 * it worse. The rows stay. */
void policy_answer_refuse(struct policy_answer *answer);

/* policy_answer_find is the row of a rule, NULL when there is none. */
const struct policy_rule_result *policy_answer_find(const struct policy_answer *answer, const char *rule_id);

/* "secure", "not_transparent", "not_secure", "untrusted"; "pass", "fail", "warn", "info", "not_looked_at", "not_applicable". */
const char *policy_verdict_name(enum policy_verdict verdict);
const char *policy_result_name(enum policy_result result);

/* policy_saying is what the user is told about an answer, by the policy's own words: "Secure: the identity of the organisation
 * is verified (T4)", "不安全". policy_icon is the word for what the address bar shows: "green-bar", "green-lock", "light-green-lock",
 * "grey-lock", "not-transparent", "not-secure", "untrusted". */
const char *policy_saying(const struct policy_set *set, const struct policy_answer *answer, enum policy_language language);
const char *policy_icon(const struct policy_set *set, const struct policy_answer *answer);

#endif
