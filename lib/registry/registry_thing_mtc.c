/* The statements that only MTC CAs have. */
#include <string.h>

#include "registry/registry_parts.h"

static struct registry_thing *thing_of(struct registry_reading *reading)
{
    return reading->object;
}

static bool read_url(struct registry_reading *reading)
{
    const char *url;
    struct registry_run *urls = &thing_of(reading)->urls;
    if (!registry_fields_url(reading, &url))
        return false;
    if (urls->count == TRUST_BUNDLE_URLS_PER_CA_MAX)
        return registry_fields_wrong(reading, "more than %d of them", TRUST_BUNDLE_URLS_PER_CA_MAX);
    return registry_fields_keep(reading, &reading->r->words, urls, &url);
}

static bool read_require(struct registry_reading *reading)
{
    static const char *const kinds[] = {"signatures", "operators", NULL};
    struct registry_thing *thing = thing_of(reading);
    struct registry_rule rule = {.line = reading->statement.line};
    size_t kind;
    uint64_t needed;
    const char *id;
    if (!registry_fields_choice(reading, kinds, &kind) ||
        !registry_fields_number(reading, TRUST_BUNDLE_MEMBERS_PER_RULE_MAX, &needed))
        return false;
    rule.kind = kind == 0 ? TRUST_BUNDLE_SIGNATURES : TRUST_BUNDLE_OPERATORS;
    rule.needed = (size_t)needed;
    rule.members = (struct registry_run){reading->statement.words.first + reading->at, reading->statement.words.count - reading->at};
    if (needed == 0 || needed > rule.members.count || rule.members.count > TRUST_BUNDLE_MEMBERS_PER_RULE_MAX)
        return registry_fields_wrong(reading, "1 to as many as there are cosigners, %d at most", TRUST_BUNDLE_MEMBERS_PER_RULE_MAX);
    for (size_t i = 0; i < rule.members.count; i++) {
        if (!registry_fields_id(reading, &id))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(id, registry_word(reading->r, rule.members, j)) == 0)
                return registry_fields_wrong(reading, "%s is named twice", id);
    }
    if (thing->rules.count == TRUST_BUNDLE_RULES_PER_CA_MAX)
        return registry_fields_wrong(reading, "more than %d of them", TRUST_BUNDLE_RULES_PER_CA_MAX);
    return registry_fields_keep(reading, &reading->r->rules, &thing->rules, &rule);
}

static bool read_minimum_index(struct registry_reading *reading)
{
    struct registry_thing *thing = thing_of(reading);
    struct registry_minimum minimum = {.line = reading->statement.line};
    uint64_t log_number;
    const char *reason;
    if (!registry_fields_number(reading, UINT16_MAX, &log_number) || log_number == 0 ||
        !registry_fields_number(reading, TRUST_BUNDLE_U48_MAX, &minimum.index) ||
        !registry_fields_text(reading, REGISTRY_TEXT_MAX, &reason))
        return false;
    minimum.log_number = (uint16_t)log_number;
    for (size_t i = 0; i < thing->minimums.count; i++)
        if (REGISTRY_PART(reading->r, minimum, minimums, thing->minimums, i)->log_number == minimum.log_number)
            return registry_fields_wrong(reading, "log %u has one already", minimum.log_number);
    return registry_fields_keep(reading, &reading->r->minimums, &thing->minimums, &minimum);
}

#define MTC_CA REGISTRY_BIT(REGISTRY_MTC_CA)
const struct registry_row registry_thing_mtc_rows[] = {
    {"url", MTC_CA, false, false, read_url, "URL"},
    {"require", MTC_CA, false, false, read_require, "signatures|operators COUNT COSIGNER..."},
    {"minimum-index", MTC_CA, false, false, read_minimum_index, "LOG INDEX \"REASON\""},
    {NULL, 0, false, false, NULL, NULL},
};
