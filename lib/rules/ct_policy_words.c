#include "rules/ct_policy_words.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "rules/ct_policy_parts.h"

struct bytes ct_policy_words_without_comment(struct bytes line)
{
    bool is_quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] == '"')
            is_quoted = !is_quoted;
        if (line.data[i] == '#' && !is_quoted)
            return bytes_of(line.data, i);
    }
    return line;
}

bool ct_policy_words_next(struct bytes *line, struct bytes *word)
{
    struct bytes rest = *line;
    while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t'))
        rest = bytes_of(rest.data + 1, rest.len - 1);
    if (rest.len == 0 || rest.data[0] != '"')
        return text_next_word(line, word);
    const uint8_t *end = memchr(rest.data + 1, '"', rest.len - 1);
    if (end == NULL)
        return false;
    *word = bytes_of(rest.data + 1, (size_t)(end - rest.data) - 1);
    *line = bytes_of(end + 1, rest.len - word->len - 2);
    return true;
}

bool ct_policy_words_are_over(const struct bytes *rest)
{
    struct bytes left = *rest, word;
    return !text_next_word(&left, &word);
}

bool ct_policy_words_is(struct bytes *rest, const char *text)
{
    struct bytes before = *rest, word;
    if (ct_policy_words_next(rest, &word) && bytes_is_text(word, text))
        return true;
    *rest = before;
    return false;
}

bool ct_policy_words_count(struct bytes *rest, size_t max, size_t *out)
{
    struct bytes word;
    uint64_t value;
    if (!ct_policy_words_next(rest, &word) || !text_parse_u64(word, max, &value))
        return false;
    *out = (size_t)value;
    return true;
}

bool ct_policy_words_name(struct bytes *rest, char *out, size_t max)
{
    struct bytes word;
    if (!ct_policy_words_next(rest, &word) || word.len == 0 || word.len > max || !text_is_printable_utf8(word))
        return false;
    memcpy(out, word.data, word.len);
    out[word.len] = '\0';
    return true;
}

bool ct_policy_words_from(struct bytes *rest, int64_t *out)
{
    struct bytes word;
    if (!ct_policy_words_is(rest, "from") || !ct_policy_words_next(rest, &word))
        return false;
    *out = bytes_is_text(word, "never") ? CT_POLICY_NEVER : CT_POLICY_ALWAYS;
    return bytes_is_text(word, "never") || bytes_is_text(word, "always") || civil_time_parse(word, out);
}
