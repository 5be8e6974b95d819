/* Every ID that a file names is there: whoever uses a registry need not ask again. */
#include <string.h>

#include "registry/registry_parts.h"

static enum status missing(const struct registry_head *head, unsigned line, const char *what, const char *id, struct error *err)
{
    return error_set(err, STATUS_USAGE, "%s:%u: there is no %s %.63s", head->file, line, what, id);
}

/* The line of the statement with that keyword, for parts that keep none. */
static unsigned line_of(const struct registry *r, const struct registry_head *head, const char *keyword)
{
    for (size_t i = 0; i < head->statements.count; i++) {
        const struct registry_statement *statement = array_at(&r->statements, head->statements.first + i);
        if (strcmp(registry_word(r, statement->words, 0), keyword) == 0)
            return statement->line;
    }
    return 0;
}

static enum status check_rules(const struct registry *r, const struct registry_thing *thing, struct error *err)
{
    for (size_t i = 0; i < thing->rules.count; i++) {
        const struct registry_rule *rule = REGISTRY_PART(r, rule, rules, thing->rules, i);
        for (size_t j = 0; j < rule->members.count; j++)
            if (registry_find_thing(r, REGISTRY_COSIGNER, registry_word(r, rule->members, j)) == NULL)
                return missing(&thing->head, rule->line, "cosigner", registry_word(r, rule->members, j), err);
    }
    return STATUS_OK;
}

static enum status check_thing(const struct registry *r, const struct registry_thing *thing, struct error *err)
{
    if (thing->operator_id[0] != '\0' && registry_operator_of(r, thing) == NULL)
        return missing(&thing->head, line_of(r, &thing->head, "operator"), "operator", thing->operator_id, err);
    if (thing->issuer_id[0] != '\0') {
        const struct registry_thing *issuer = registry_find_certificate(r, thing->issuer_id);
        if (issuer == NULL || issuer->head.kind == REGISTRY_MTC_CA || issuer == thing)
            return missing(&thing->head, line_of(r, &thing->head, "issuer"), "other root or intermediate", thing->issuer_id, err);
    }
    for (size_t i = 0; i < thing->previous.count; i++) {
        const struct registry_previous *previous = REGISTRY_PART(r, previous, previous, thing->previous, i);
        if (registry_find_operator(r, previous->operator_id) == NULL)
            return missing(&thing->head, previous->line, "operator", previous->operator_id, err);
    }
    return check_rules(r, thing, err);
}

static enum status check_case(const struct registry *r, const struct registry_case *c, struct error *err)
{
    if (registry_find_operator(r, c->operator_id) == NULL)
        return missing(&c->head, line_of(r, &c->head, "operator"), "operator", c->operator_id, err);
    for (size_t i = 0; i < c->subjects.count; i++) {
        const struct registry_subject *subject = REGISTRY_PART(r, subject, subjects, c->subjects, i);
        bool is_there = subject->kind == REGISTRY_OPERATOR ? registry_find_operator(r, subject->id) != NULL
                                                           : registry_find_thing(r, subject->kind, subject->id) != NULL;
        if (!is_there)
            return missing(&c->head, subject->line, registry_kind_name(subject->kind), subject->id, err);
    }
    for (size_t i = 0; i < c->test_sites.count; i++) {
        const struct registry_test_site *site = REGISTRY_PART(r, test_site, test_sites, c->test_sites, i);
        if (registry_find_certificate(r, site->thing_id) == NULL)
            return missing(&c->head, site->line, "root, intermediate or MTC CA", site->thing_id, err);
    }
    return STATUS_OK;
}

enum status registry_check_references(const struct registry *r, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < r->things.count; i++)
        s = check_thing(r, registry_thing_at(r, i), err);
    for (size_t i = 0; s == STATUS_OK && i < r->applications.count; i++)
        s = check_case(r, registry_application_at(r, i), err);
    for (size_t i = 0; s == STATUS_OK && i < r->incidents.count; i++)
        s = check_case(r, registry_incident_at(r, i), err);
    return s;
}
