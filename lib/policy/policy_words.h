/* policy_words.h - words of the policy file to values; the way back is in policy_set.h. Private to policy/ and its tests. */
#ifndef CATHAYA_POLICY_POLICY_WORDS_H
#define CATHAYA_POLICY_POLICY_WORDS_H

#include "policy/policy_set.h"

/* False for a word that is none. policy_words_value takes only the values that the setting may have. */
bool policy_words_effect(struct bytes word, enum policy_effect *out);
bool policy_words_setting(struct bytes word, enum policy_setting *out);
bool policy_words_value(struct bytes word, enum policy_setting setting, enum policy_value *out);
bool policy_words_limit(struct bytes word, enum policy_limit *out);

bool policy_words_may_be(enum policy_setting setting, enum policy_value value);

/* policy_words_limit_is_time: are the values times (with a unit in the file), or counts? */
bool policy_words_limit_is_time(enum policy_limit limit);

#endif
