/* judging_words.h - the program's own words about a judgement, in English and Chinese; what rules say is the policy's. */
#ifndef CATHAYA_PROGRAM_JUDGING_JUDGING_WORDS_H
#define CATHAYA_PROGRAM_JUDGING_JUDGING_WORDS_H

#include "base/status.h"
#include "policy/policy.h"

enum judging_word {
    WORD_VERDICT, WORD_LEVEL, WORD_ORGANISATION, WORD_POLICY, WORD_SCTS, WORD_COSIGNERS, WORD_RULES, WORD_BUILT_IN,
    WORD_VERSION, WORD_GOOD, WORD_BAD, WORD_NONE, WORD_FIX, WORD_WHY_NOT_HIGHER, WORD_INTRANET, WORD_OF, WORD_UNKNOWN_LOG,
    WORD_ADDRESS, WORD_PROTOCOL, WORD_GROUP, WORD_SUITE, WORD_SIGNATURE, WORD_CERTIFICATE, WORD_BYTES, WORD_ANCHORS_SENT,
    WORD_SERVER_HAS, WORD_RETRIED, WORD_BY_LANDMARK,
    JUDGING_WORDS
};

/* judging_word is one of them. */
const char *judging_word(enum judging_word word, enum policy_language language);

/* For people, where policy_verdict_name and its like are for machines. */
const char *judging_verdict(enum policy_verdict verdict, enum policy_language language);
const char *judging_result(enum policy_result result, enum policy_language language);
const char *judging_delivery(unsigned delivery, enum policy_language language);
const char *judging_role(enum policy_cosigner_role role, enum policy_language language);
const char *judging_effect(enum policy_effect effect, enum policy_language language);

/* For machines. judging_delivery_name is "certificate", "tls", "ocsp", "property"; judging_role_name "ca", "certifying", "witness",
 * "mirror", "unknown". */
const char *judging_delivery_name(unsigned delivery);
const char *judging_role_name(enum policy_cosigner_role role);

/* judging_language_parse reads --lang; NULL is English. STATUS_USAGE. */
MUST_USE enum status judging_language_parse(const char *text, enum policy_language *out, struct error *err);

#endif
