/* Lines of the policy file about rules and about what is shown. */
#include "base/civil_time.h"
#include "base/text.h"
#include "policy/policy_rule.h"
#include "policy/policy_set_reading.h"
#include "policy/policy_words.h"
#include "rules/ct_policy_words.h"

static enum status wrong(struct error *err, const char *expected)
{
    return error_set(err, STATUS_USAGE, "expected: %s", expected);
}

static bool next_whom(struct policy_reading *r, unsigned *whom)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"gm", POLICY_FOR_GM},         {"intl", POLICY_FOR_INTL},     {"classic", POLICY_FOR_CLASSIC},
                 {"mtc", POLICY_FOR_MTC},       {"public", POLICY_FOR_PUBLIC}, {"intranet", POLICY_FOR_INTRANET}};
    struct bytes before = r->rest, word;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!ct_policy_words_is(&r->rest, words[i].word))
            continue;
        *whom |= words[i].bit;
        return true;
    }
    if (ct_policy_words_next(&r->rest, &word) && !bytes_is_text(word, "tls-intranet")) {
        uint16_t purpose = trust_bundle_purpose_by_name(word);
        *whom |= policy_set_whom(purpose);
        if (purpose != 0)
            return true;
    }
    r->rest = before;
    return false;
}

static bool next_issued_from(struct policy_reading *r, int64_t *out)
{
    struct bytes word;
    return ct_policy_words_is(&r->rest, "issued-from") && ct_policy_words_next(&r->rest, &word) && civil_time_parse(word, out);
}

static bool next_line(struct policy_reading *r, struct policy_line *line)
{
    struct bytes word;
    *line = (struct policy_line){.from_s = INT64_MIN, .issued_from_s = INT64_MIN};
    if (!ct_policy_words_next(&r->rest, &word) || !policy_words_effect(word, &line->effect))
        return false;
    if (ct_policy_words_is(&r->rest, "for")) {
        while (next_whom(r, &line->whom))
            ;
        if (line->whom == 0)
            return false;
    }
    struct bytes before = r->rest;
    if (!ct_policy_words_from(&r->rest, &line->from_s))
        r->rest = before;
    before = r->rest;
    if (!next_issued_from(r, &line->issued_from_s))
        r->rest = before;
    return policy_set_read_is_over(r);
}

enum status policy_set_rules_rule(struct policy_reading *r, struct error *err)
{
    struct bytes id;
    struct policy_line line;
    if (!ct_policy_words_next(&r->rest, &id))
        return wrong(err, "rule ID EFFECT [for WHOM...] [from TIME] [issued-from TIME] [optional]");
    size_t i = policy_rules_find(id);
    if (i == POLICY_RULES_MAX)
        return policy_set_read_unknown(r, "rule", id, err);
    if (!next_line(r, &line))
        return wrong(err, "rule ID EFFECT [for WHOM...] [from TIME] [issued-from TIME] [optional]");
    struct policy_rule_text *text = &r->set->rules[i];
    if (text->line_count == POLICY_RULE_LINES_MAX)
        return error_set(err, STATUS_USAGE, "rule %s has more than %d lines", policy_rules_at(i)->id, POLICY_RULE_LINES_MAX);
    text->lines[text->line_count++] = line;
    return STATUS_OK;
}

/* en|zh "...": the sentence stays in the copy of the file. */
static bool next_sentence(struct policy_reading *r, const char *out[POLICY_LANGUAGES])
{
    bool is_zh = ct_policy_words_is(&r->rest, "zh");
    struct bytes word;
    if (!is_zh && !ct_policy_words_is(&r->rest, "en"))
        return false;
    if (!ct_policy_words_next(&r->rest, &word) || word.len == 0 || word.data[word.len] != '"' || !text_is_printable_utf8(word) ||
        !policy_set_read_is_over(r) || out[is_zh ? POLICY_ZH : POLICY_EN] != NULL)
        return false;
    char *start = r->set->text + ((const char *)word.data - r->set->text);
    start[word.len] = '\0';
    out[is_zh ? POLICY_ZH : POLICY_EN] = start;
    return true;
}

static enum status read_text(struct policy_reading *r, bool is_fix, struct error *err)
{
    static const char form[] = "title|fix ID en|zh \"...\", each once";
    struct bytes id;
    if (!ct_policy_words_next(&r->rest, &id))
        return wrong(err, form);
    size_t i = policy_rules_find(id);
    if (i == POLICY_RULES_MAX)
        return policy_set_read_unknown(r, "rule", id, err);
    struct policy_rule_text *text = &r->set->rules[i];
    return next_sentence(r, is_fix ? text->fix : text->title) ? STATUS_OK : wrong(err, form);
}

enum status policy_set_rules_title(struct policy_reading *r, struct error *err)
{
    return read_text(r, false, err);
}

enum status policy_set_rules_fix(struct policy_reading *r, struct error *err)
{
    return read_text(r, true, err);
}

const char *const policy_set_rules_shows[POLICY_SHOWS] = {"t1", "t2", "t3", "t4", "not-transparent", "not-secure", "untrusted"};

static bool next_show(struct policy_reading *r, size_t *out)
{
    for (*out = 0; *out < POLICY_SHOWS; (*out)++)
        if (ct_policy_words_is(&r->rest, policy_set_rules_shows[*out]))
            return true;
    return false;
}

enum status policy_set_rules_say(struct policy_reading *r, struct error *err)
{
    size_t i;
    return next_show(r, &i) && next_sentence(r, r->set->sayings[i])
               ? STATUS_OK
               : wrong(err, "say t1|t2|t3|t4|not-transparent|not-secure|untrusted en|zh \"...\", each once");
}

enum status policy_set_rules_icon(struct policy_reading *r, struct error *err)
{
    static const char *const icons[] = {"green-bar", "green-lock", "light-green-lock", "grey-lock",
                                        "not-transparent", "not-secure", "untrusted"};
    size_t i, k = 0;
    if (!next_show(r, &i) || r->set->icons[i] != NULL)
        return wrong(err, "icon t1|t2|t3|t4|not-transparent|not-secure|untrusted ICON, each once");
    while (k < sizeof icons / sizeof icons[0] && !ct_policy_words_is(&r->rest, icons[k]))
        k++;
    if (k == sizeof icons / sizeof icons[0] || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "icon ... green-bar|green-lock|light-green-lock|grey-lock|not-transparent|not-secure|untrusted");
    r->set->icons[i] = icons[k];
    return STATUS_OK;
}
