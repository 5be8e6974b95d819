#include <stdlib.h>
#include <string.h>

#include "codec/x509/certificate.h"
#include "registry/registry_parts.h"
#include "rules/trust_contents.h"

void registry_free(struct registry *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->memory.count; i++)
        free(*(void **)array_at(&r->memory, i));
    struct array *const arrays[] = {
        &r->operators, &r->things,     &r->applications, &r->incidents, &r->words,      &r->statements,   &r->contacts,
        &r->states,    &r->audits,     &r->licences,     &r->controls,  &r->inclusions, &r->disclosures,  &r->exceptions,
        &r->serials,   &r->rules,      &r->minimums,     &r->previous,  &r->documents,  &r->test_sites,   &r->visits,
        &r->subjects,  &r->steps,      &r->memory};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        array_clear(arrays[i]);
    free(r);
}

void *registry_keep(struct registry *r, size_t len)
{
    void *memory = calloc(1, len > 0 ? len : 1);
    if (memory != NULL && array_insert(&r->memory, r->memory.count, &memory, "pieces", NULL) != STATUS_OK) {
        free(memory);
        return NULL;
    }
    return memory;
}

/* ---- finding ---- */

struct thing_key {
    enum registry_kind kind;
    const char *id;
};

static int compare_thing(const void *key, const void *item)
{
    const struct thing_key *k = key;
    const struct registry_head *head = &((const struct registry_thing *)item)->head;
    return k->kind != head->kind ? (k->kind > head->kind) - (k->kind < head->kind) : strcmp(k->id, head->id);
}

const struct registry_thing *registry_find_thing(const struct registry *r, enum registry_kind kind, const char *id)
{
    const struct thing_key key = {kind, id};
    size_t at;
    return array_find(&r->things, &key, compare_thing, &at) ? registry_thing_at(r, at) : NULL;
}

static int compare_operator(const void *key, const void *item)
{
    return strcmp(key, ((const struct registry_operator *)item)->head.id);
}

const struct registry_operator *registry_find_operator(const struct registry *r, const char *id)
{
    size_t at;
    return array_find(&r->operators, id, compare_operator, &at) ? registry_operator_at(r, at) : NULL;
}

const struct registry_thing *registry_find_certificate(const struct registry *r, const char *id)
{
    static const enum registry_kind order[] = {REGISTRY_ROOT, REGISTRY_INTERMEDIATE, REGISTRY_MTC_CA};
    const struct registry_thing *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof order / sizeof order[0]; i++)
        found = registry_find_thing(r, order[i], id);
    return found;
}

const struct registry_operator *registry_operator_of(const struct registry *r, const struct registry_thing *thing)
{
    return registry_find_operator(r, thing->operator_id);
}

const char *registry_operator_name(const struct registry *r, const struct registry_thing *thing)
{
    const struct registry_operator *o = registry_operator_of(r, thing);
    return o != NULL ? o->name_en : "";
}

/* ---- what is in force ---- */

const struct registry_state *registry_state_at(const struct registry *r, const struct registry_thing *thing, uint16_t purpose,
                                               int64_t at_s)
{
    const struct registry_state *found = NULL;
    for (size_t i = 0; i < thing->states.count; i++) {
        const struct registry_state *state = REGISTRY_PART(r, state, states, thing->states, i);
        if (state->purpose == purpose && state->since_s <= at_s)
            found = state;
    }
    return found;
}

bool registry_is_trusted(const struct registry *r, const struct registry_thing *thing, uint16_t purpose, int64_t at_s)
{
    const struct registry_state *state = registry_state_at(r, thing, purpose, at_s);
    return state != NULL && (thing->head.kind == REGISTRY_CT_LOG || state->state == REGISTRY_ACCEPTED ||
                             state->state == REGISTRY_RESTRICTED);
}

void registry_purposes_at(const struct registry *r, const struct registry_thing *thing, int64_t at_s,
                          struct trust_bundle_purposes *out)
{
    out->count = 0;
    for (uint16_t purpose = 1; purpose <= REGISTRY_PURPOSE_MAX; purpose++)
        if (registry_is_trusted(r, thing, purpose, at_s))
            out->at[out->count++] = purpose;
}

/* Has a member before number i the same operator, and counts too? */
static bool is_operator_there(const struct registry *r, const struct registry_rule *rule, size_t i, const bool counts[])
{
    const char *id = registry_find_thing(r, REGISTRY_COSIGNER, registry_word(r, rule->members, i))->operator_id;
    for (size_t k = 0; k < i; k++)
        if (counts[k] && strcmp(registry_find_thing(r, REGISTRY_COSIGNER, registry_word(r, rule->members, k))->operator_id, id) == 0)
            return true;
    return false;
}

size_t registry_rule_reach(const struct registry *r, const struct registry_thing *ca, const struct registry_rule *rule, int64_t at_s,
                           bool is_without_mirrors)
{
    bool counts[TRUST_BUNDLE_MEMBERS_PER_RULE_MAX];
    size_t reach = 0;
    for (size_t i = 0; i < rule->members.count; i++) {
        const struct registry_thing *c = registry_find_thing(r, REGISTRY_COSIGNER, registry_word(r, rule->members, i));
        bool is_own = strcmp(c->operator_id, ca->operator_id) == 0;
        counts[i] = registry_is_trusted(r, c, REGISTRY_ITSELF, at_s) && !(is_own && rule->kind == TRUST_BUNDLE_OPERATORS) &&
                    !(is_without_mirrors && !is_own && c->role == TRUST_BUNDLE_MIRROR);
        if (counts[i] && !(rule->kind == TRUST_BUNDLE_OPERATORS && is_operator_there(r, rule, i, counts)))
            reach++;
    }
    return reach;
}

bool registry_is_sm2(const struct registry_thing *thing)
{
    if (thing->head.kind == REGISTRY_CT_LOG)
        return thing->suite == &ct_suite_gm;
    if (registry_kind_is_thing(thing->head.kind) && thing->algorithm[0] != '\0')
        return strcmp(thing->algorithm, "sm2_sm3") == 0;
    return trust_contents_is_sm2(thing->der);
}
