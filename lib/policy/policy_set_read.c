#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "crypto/algorithm.h"
#include "policy/policy_set_reading.h"
#include "policy/policy_words.h"
#include "rules/ct_policy_words.h"

/* Longer than any that a policy has, and short enough that sums with times fit. */
#define LIMIT_TIME_MAX_S ((uint64_t)1000000000000)
/* Of numbers without a unit: so many years are seconds that fit, too. */
#define LIMIT_NUMBER_MAX ((uint64_t)1000000)
#define VERSION_MAX ((uint64_t)1 << 53)

static enum status wrong(struct error *err, const char *expected)
{
    return error_set(err, STATUS_USAGE, "expected: %s", expected);
}

bool policy_set_read_is_over(struct policy_reading *r)
{
    struct bytes before = r->rest;
    if (!ct_policy_words_is(&r->rest, "optional"))
        r->rest = before;
    return ct_policy_words_are_over(&r->rest);
}

enum status policy_set_read_unknown(struct policy_reading *r, const char *what, struct bytes word, struct error *err)
{
    while (!ct_policy_words_are_over(&r->rest)) {
        struct bytes next;
        if (ct_policy_words_is(&r->rest, "optional") && ct_policy_words_are_over(&r->rest))
            return STATUS_OK;
        if (!ct_policy_words_next(&r->rest, &next))
            break;
    }
    return error_set(err, STATUS_USAGE, "there is no %s \"%.*s\"", what, (int)(word.len < 40 ? word.len : 40),
                     (const char *)word.data);
}

/* ---- statements about the file ---- */

static enum status read_format(struct policy_reading *r, struct error *err)
{
    size_t format;
    if (r->has_format)
        return error_set(err, STATUS_USAGE, "policy-format is there twice");
    if (!ct_policy_words_count(&r->rest, SIZE_MAX, &format) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "policy-format 1");
    if (format != 1)
        return error_set(err, STATUS_USAGE, "format %zu of policies is not known here, only 1", format);
    r->has_format = true;
    return STATUS_OK;
}

static enum status read_version(struct policy_reading *r, struct error *err)
{
    struct bytes word;
    if (r->has_version || !ct_policy_words_next(&r->rest, &word) || !text_parse_u64(word, VERSION_MAX, &r->set->version) ||
        r->set->version == 0 || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "version N, once, from 1");
    r->has_version = true;
    return STATUS_OK;
}

static enum status read_name(struct policy_reading *r, struct error *err)
{
    if (r->has_name || !ct_policy_words_name(&r->rest, r->set->name, POLICY_NAME_SIZE - 1) || !ct_policy_words_are_over(&r->rest))
        return wrong(err, "name \"...\", once, of at most 63 bytes");
    r->has_name = true;
    return STATUS_OK;
}

/* ---- settings, limits, OIDs ---- */

static enum status read_setting(struct policy_reading *r, struct error *err)
{
    struct bytes name, word;
    enum policy_setting setting;
    enum policy_value value;
    if (!ct_policy_words_next(&r->rest, &name) || ct_policy_words_are_over(&r->rest))
        return wrong(err, "setting NAME VALUE");
    if (!policy_words_setting(name, &setting))
        return policy_set_read_unknown(r, "setting", name, err);
    if (!ct_policy_words_next(&r->rest, &word) || !policy_words_value(word, setting, &value) || !policy_set_read_is_over(r))
        return error_set(err, STATUS_USAGE, "no value that setting %s may have", policy_setting_name(setting));
    if (r->set->settings[setting] != POLICY_VALUE_NONE)
        return error_set(err, STATUS_USAGE, "setting %s is there twice", policy_setting_name(setting));
    r->set->settings[setting] = value;
    return STATUS_OK;
}

/* A number, with a unit of time where it is one: 398d, 48h, 600s. */
static bool next_value(struct policy_reading *r, bool is_time, int64_t *out)
{
    static const struct {
        char letter;
        unsigned seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'s', 1}};
    struct bytes word;
    uint64_t value, unit = 1;
    if (!ct_policy_words_next(&r->rest, &word) || word.len == 0)
        return false;
    if (is_time) {
        size_t i = 0;
        while (i < 3 && word.data[word.len - 1] != units[i].letter)
            i++;
        if (i == 3)
            return false;
        unit = units[i].seconds;
        word.len--;
    }
    if (!text_parse_u64(word, is_time ? LIMIT_TIME_MAX_S / unit : LIMIT_NUMBER_MAX, &value))
        return false;
    *out = (int64_t)(value * unit);
    return true;
}

static enum status read_limit(struct policy_reading *r, struct error *err)
{
    struct bytes name;
    enum policy_limit limit;
    struct policy_limit_row row;
    if (!ct_policy_words_next(&r->rest, &name))
        return wrong(err, "limit NAME from TIME|always VALUE");
    if (!policy_words_limit(name, &limit))
        return policy_set_read_unknown(r, "limit", name, err);
    bool is_time = policy_words_limit_is_time(limit);
    if (!ct_policy_words_from(&r->rest, &row.from_s) || row.from_s == INT64_MAX || !next_value(r, is_time, &row.value) || !policy_set_read_is_over(r))
        return wrong(err, is_time ? "limit NAME from TIME|always NUMBER with d, h or s" : "limit NAME from TIME|always NUMBER");
    size_t *count = &r->set->limit_count[limit];
    if (*count == 0 && row.from_s != INT64_MIN)
        return error_set(err, STATUS_USAGE, "the first line of limit %s is `from always`", policy_limit_name(limit));
    if (*count > 0 && row.from_s <= r->set->limits[limit][*count - 1].from_s)
        return error_set(err, STATUS_USAGE, "limit %s: earlier dates come first", policy_limit_name(limit));
    if (*count == POLICY_LIMIT_ROWS_MAX)
        return error_set(err, STATUS_USAGE, "limit %s: more than %d dates", policy_limit_name(limit), POLICY_LIMIT_ROWS_MAX);
    r->set->limits[limit][(*count)++] = row;
    return STATUS_OK;
}

static bool next_short(struct policy_reading *r, char *out, size_t size)
{
    return ct_policy_words_name(&r->rest, out, size - 1);
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool fill_oid_der(struct policy_oid *oid)
{
    uint8_t memory[POLICY_NAME_SIZE];
    struct builder der;
    builder_init_fixed(&der, memory, sizeof memory);
    if (!algorithm_oid_to_der(oid->dotted, &der) || !builder_is_good(&der))
        return false;
    oid->der_len = (uint8_t)(der.len - 2); /* behind tag and length, which is short here */
    memcpy(oid->der, memory + 2, oid->der_len);
    return true;
}

static enum status read_oid(struct policy_reading *r, struct error *err)
{
    static const char *const kinds[] = {"DV", "IV", "OV", "EV", "MV", "SV"}, *const arcs[] = {"gm", "intl", "cabf", "any"};
    struct policy_oid oid = {.purpose = 0};
    struct bytes word;
    size_t level = 0;
    bool ok = next_short(r, oid.dotted, sizeof oid.dotted) && ct_policy_words_next(&r->rest, &word) &&
              (oid.purpose = trust_bundle_purpose_by_name(word)) != 0 && ct_policy_words_count(&r->rest, 4, &level) && level > 0 &&
              next_short(r, oid.kind, sizeof oid.kind) && is_one_of(oid.kind, kinds, sizeof kinds / sizeof kinds[0]) &&
              next_short(r, oid.arc, sizeof oid.arc) && is_one_of(oid.arc, arcs, sizeof arcs / sizeof arcs[0]) &&
              ct_policy_words_are_over(&r->rest);
    if (!ok || !fill_oid_der(&oid))
        return wrong(err, "oid DOTTED PURPOSE 1|2|3|4 DV|IV|OV|EV|MV|SV gm|intl|cabf|any");
    oid.level = (uint8_t)level;
    for (size_t i = 0; i < r->set->oid_count; i++)
        if (strcmp(r->set->oids[i].dotted, oid.dotted) == 0)
            return error_set(err, STATUS_USAGE, "oid %s is there twice", oid.dotted);
    if (r->set->oid_count == POLICY_OIDS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d lines of oid", POLICY_OIDS_MAX);
    r->set->oids[r->set->oid_count++] = oid;
    return STATUS_OK;
}

static enum status read_ct_policy(struct policy_reading *r, struct error *err)
{
    static const char *const whose[POLICY_CT_FORS] = {"gm-public", "intl-public", "intranet"};
    for (size_t i = 0; i < POLICY_CT_FORS; i++) {
        if (!ct_policy_words_is(&r->rest, whose[i]))
            continue;
        if (r->set->has_ct[i])
            return error_set(err, STATUS_USAGE, "ct-policy %s is there twice", whose[i]);
        r->set->has_ct[i] = true;
        if (ct_policy_words_name(&r->rest, r->ct_names[i], CT_POLICY_NAME_MAX) && ct_policy_words_are_over(&r->rest))
            return STATUS_OK;
    }
    return wrong(err, "ct-policy gm-public|intl-public|intranet NAME|none");
}

static enum status read_statement(struct policy_reading *r, struct error *err)
{
    static const struct {
        const char *word;
        enum status (*read)(struct policy_reading *r, struct error *err);
    } statements[] = {
        {"policy-format", read_format}, {"version", read_version}, {"name", read_name},   {"setting", read_setting},
        {"limit", read_limit},          {"oid", read_oid},         {"rule", policy_set_rules_rule},   {"title", policy_set_rules_title},
        {"fix", policy_set_rules_fix},              {"say", policy_set_rules_say},         {"icon", policy_set_rules_icon},   {"ct-policy", read_ct_policy},
    };
    struct bytes word;
    if (!text_next_word(&r->rest, &word))
        return STATUS_OK;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (!bytes_is_text(word, statements[i].word))
            continue;
        if (!r->has_format && statements[i].read != read_format)
            return error_set(err, STATUS_USAGE, "a line `policy-format 1` comes first");
        return statements[i].read(r, err);
    }
    return error_set(err, STATUS_USAGE, "unknown statement \"%.*s\"", (int)(word.len < 40 ? word.len : 40), (const char *)word.data);
}

static enum status read_lines(struct policy_reading *r, struct bytes text, struct error *err)
{
    struct bytes line;
    enum status s = STATUS_OK;
    for (size_t number = 1; s == STATUS_OK && text_next_line(&text, &line); number++) {
        r->rest = ct_policy_words_without_comment(line);
        s = line.len > POLICY_LINE_MAX ? error_set(err, STATUS_USAGE, "longer than %d bytes", POLICY_LINE_MAX) : read_statement(r, err);
        s = error_prefix(err, s, "line %zu", number);
    }
    return s;
}

/* ---- both texts ---- */

static enum status bind_ct_policies(struct policy_reading *r, struct bytes text, struct error *err)
{
    static const char *const whose[POLICY_CT_FORS] = {"gm-public", "intl-public", "intranet"};
    enum status s = error_prefix(err, ct_policy_set_read(text, &r->set->ct_policies, err), "CT policies");
    for (size_t i = 0; s == STATUS_OK && i < POLICY_CT_FORS; i++) {
        if (!r->set->has_ct[i])
            return error_set(err, STATUS_USAGE, "no line `ct-policy %s`", whose[i]);
        if (strcmp(r->ct_names[i], "none") == 0)
            continue;
        r->set->ct[i] = ct_policy_set_find(r->set->ct_policies, bytes_of_text(r->ct_names[i]));
        if (r->set->ct[i] == NULL)
            s = error_set(err, STATUS_USAGE, "policy: ct-policy %s: the CT policies have no \"%s\"", whose[i], r->ct_names[i]);
    }
    return s;
}

enum status policy_set_read(struct bytes policy, struct bytes ct_policies, enum policy_source source, struct policy_set **out,
                            struct error *err)
{
    struct policy_reading r = {.set = NULL};
    *out = NULL;
    if (policy.len > POLICY_TEXT_MAX)
        return error_set(err, STATUS_USAGE, "policy: a file of more than %zu bytes", POLICY_TEXT_MAX);
    r.set = calloc(1, sizeof *r.set);
    if (r.set == NULL || (r.set->text = text_dup(policy)) == NULL) {
        policy_set_free(r.set);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    enum status s = read_lines(&r, bytes_of(r.set->text, policy.len), err);
    if (s == STATUS_OK)
        s = policy_set_complete(&r, source, err);
    s = error_prefix(err, s, "policy");
    if (s == STATUS_OK)
        s = bind_ct_policies(&r, ct_policies, err);
    if (s == STATUS_OK)
        *out = r.set;
    else
        policy_set_free(r.set);
    return s;
}
