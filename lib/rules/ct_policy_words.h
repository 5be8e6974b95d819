/* ct_policy_words.h - the words of one line of the files of policies: ct_policy*.c, and policy/policy_set_read.c.
 *
 * rest is what is still to be read of the line; each moves it behind what it took, and false leaves it anywhere.
 */
#ifndef CATHAYA_RULES_CT_POLICY_WORDS_H
#define CATHAYA_RULES_CT_POLICY_WORDS_H

#include "base/status.h"
#include "base/bytes.h"

/* ct_policy_words_without_comment is the line up to its comment, which starts at a # outside of quotes. */
struct bytes ct_policy_words_without_comment(struct bytes line);

/* ct_policy_words_next takes a word, or what stands between quotes. */
MUST_USE bool ct_policy_words_next(struct bytes *rest, struct bytes *word);
bool ct_policy_words_are_over(const struct bytes *rest);

/* ct_policy_words_is takes the word when it is that one; otherwise rest stays. */
MUST_USE bool ct_policy_words_is(struct bytes *rest, const char *text);

MUST_USE bool ct_policy_words_count(struct bytes *rest, size_t max, size_t *out);

/* ct_policy_words_name copies a name of 1 to max bytes, and a NUL. */
MUST_USE bool ct_policy_words_name(struct bytes *rest, char *out, size_t max);

/* ct_policy_words_from takes `from TIME`, `from always` or `from never`. */
MUST_USE bool ct_policy_words_from(struct bytes *rest, int64_t *out);

#endif
