/* MTC CAs with their cosigners, CT logs, identity signers, bundle keys; and two files for one thing. */
#include <stdlib.h>
#include <string.h>

#include "registry/registry_lint_parts.h"

/* ---- MTC CAs ---- */

void registry_lint_mtc_ca(struct registry_linting *l, const struct registry_thing *thing)
{
    struct registry_place place = registry_place_of(thing, 0, REGISTRY_ITSELF);
    bool is_sure = false;
    if (thing->urls.count == 0)
        registry_lint_say(l, FINDING_MTC_NO_URL, place, "it has no URL");
    if (thing->rules.count == 0) {
        registry_lint_say(l, FINDING_MTC_NO_RULE, place, "nobody has to cosign for it");
        return;
    }
    for (size_t i = 0; i < thing->rules.count; i++) {
        const struct registry_rule *rule = REGISTRY_PART(l->r, rule, rules, thing->rules, i);
        size_t reach = registry_rule_reach(l->r, thing, rule, l->at_s, false);
        place.line = rule->line;
        if (reach < rule->needed)
            registry_lint_say(l, FINDING_MTC_RULE_UNMET, place, "%zu %s have to cosign, and %zu of those named can", rule->needed,
                              rule->kind == TRUST_BUNDLE_OPERATORS ? "operators" : "cosigners", reach);
        /* Whoever meets the rule has a mirror of another operator: the others cannot meet it alone. */
        is_sure = is_sure || registry_rule_reach(l->r, thing, rule, l->at_s, true) < rule->needed;
    }
    place.line = 0;
    if (!is_sure)
        registry_lint_say(l, FINDING_MTC_OWN_MIRROR, place, "its rules can be met without a mirror of another operator than %s",
                          registry_operator_name(l->r, thing));
}

/* ---- CT logs ---- */

void registry_lint_ct_log(struct registry_linting *l, const struct registry_thing *thing)
{
    const struct registry_state *state = registry_state_at(l->r, thing, REGISTRY_ITSELF, l->at_s);
    struct registry_place place = registry_place_of(thing, state != NULL ? state->line : 0, REGISTRY_ITSELF);
    if (state == NULL) {
        registry_lint_say(l, FINDING_CT_LOG_NO_STATE, place, "it has no state");
        return;
    }
    if (state->log_state == LOG_LIST_USABLE && thing->has_interval && thing->interval_end_s <= l->at_s)
        registry_lint_say(l, FINDING_CT_LOG_OVER, place, "it is usable, and takes certificates that end before %s",
                          registry_day_of(thing->interval_end_s).text);
    if (state->log_state == LOG_LIST_READONLY && !thing->has_final_tree_head)
        registry_lint_say(l, FINDING_CT_LOG_HEAD, place, "it is read-only without a final tree head");
}

/* ---- identity signers and bundle keys ---- */

static bool has_root(const struct registry_linting *l, const char *operator_id)
{
    struct trust_bundle_purposes purposes;
    for (size_t i = 0; i < l->r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        if (!registry_has_purposes(thing->head.kind) || strcmp(thing->operator_id, operator_id) != 0)
            continue;
        registry_purposes_at(l->r, thing, l->at_s, &purposes);
        if (purposes.count > 0)
            return true;
    }
    return false;
}

void registry_lint_signers(struct registry_linting *l)
{
    const struct registry_thing *key = NULL;
    bool has_sm2 = false, has_mldsa = false;
    for (size_t i = 0; i < l->r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        if (!registry_is_trusted(l->r, thing, REGISTRY_ITSELF, l->at_s))
            continue;
        if (thing->head.kind == REGISTRY_IDENTITY_SIGNER && !has_root(l, thing->operator_id))
            registry_lint_say(l, FINDING_IDENTITY_SIGNER, registry_place_of(thing, 0, REGISTRY_ITSELF),
                              "%s has no root or intermediate that is trusted", registry_operator_name(l->r, thing));
        if (thing->head.kind != REGISTRY_BUNDLE_KEY || thing->key_role != TRUST_BUNDLE_KEY_BUNDLE)
            continue;
        key = thing;
        has_sm2 = has_sm2 || strcmp(thing->algorithm, "sm2_sm3") == 0;
        has_mldsa = has_mldsa || strcmp(thing->algorithm, "mldsa44") == 0;
    }
    if (key != NULL && (!has_sm2 || !has_mldsa))
        registry_lint_say(l, FINDING_BUNDLE_KEYS, registry_place_of(key, 0, REGISTRY_ITSELF),
                          "of the keys that sign bundles none is of %s", has_sm2 ? "ML-DSA-44" : "SM2");
}

/* ---- the same thing twice ---- */

static int group_of(enum registry_kind kind)
{
    return kind == REGISTRY_INTERMEDIATE ? REGISTRY_ROOT : (int)kind;
}

static int compare_der(const void *a, const void *b)
{
    const struct registry_thing *x = *(const struct registry_thing *const *)a, *y = *(const struct registry_thing *const *)b;
    int order = group_of(x->head.kind) - group_of(y->head.kind);
    return order != 0 ? order : bytes_compare(x->der, y->der);
}

static int compare_id(const void *a, const void *b)
{
    const struct registry_thing *x = *(const struct registry_thing *const *)a, *y = *(const struct registry_thing *const *)b;
    return tai_compare(&x->tai, &y->tai);
}

static void find_same(struct registry_linting *l, const struct registry_thing **things, size_t count,
                      int (*compare)(const void *, const void *), const char *what)
{
    qsort(things, count, sizeof *things, compare);
    for (size_t i = 1; i < count; i++)
        if (compare(&things[i - 1], &things[i]) == 0)
            registry_lint_say(l, FINDING_SAME_KEY, registry_place_of(things[i], 0, REGISTRY_ITSELF), "%s has the same %s",
                              things[i - 1]->head.file, what);
}

void registry_lint_same_keys(struct registry_linting *l)
{
    size_t count = l->r->things.count, id_count = 0;
    const struct registry_thing **things = calloc(count + 1, sizeof *things);
    if (things == NULL) {
        l->status = error_set(l->err, STATUS_NO_MEMORY, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++)
        things[i] = registry_thing_at(l->r, i);
    find_same(l, things, count, compare_der, "certificate or key");
    for (size_t i = 0; i < count; i++) {
        const struct registry_thing *thing = registry_thing_at(l->r, i);
        if (thing->tai.len > 0)
            things[id_count++] = thing;
    }
    find_same(l, things, id_count, compare_id, "trust anchor ID");
    free(things);
}
