#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "input.h"
#include "rules/policy_text.h"
#include "trust/trust_import.h"

/* ---- cosigners ---- */

static int compare_cosigner(const void *key, const void *item)
{
    return tai_compare(key, &((const struct trust_bundle_cosigner *)item)->id);
}

/* --cosigner-operator ID=NAME; without one everybody is his own operator. */
static const char *operator_of(const struct trust_import_ca *from, const char *id)
{
    for (size_t i = 0; i < from->cosigner_operator_count; i++) {
        const char *value = from->cosigner_operators[i], *equals = strchr(value, '=');
        if (equals != NULL && strlen(id) == (size_t)(equals - value) && strncmp(value, id, (size_t)(equals - value)) == 0)
            return equals + 1;
    }
    return id;
}

static enum status add_cosigner(struct trust_import *import, const struct trust_cosigner *from, const struct trust_import_ca *ca,
                                struct error *err)
{
    struct array *cosigners = &import->bundle->cosigners;
    char id[TAI_TEXT_SIZE];
    size_t at;
    tai_text(&from->id, id);
    /* The keys live as long as the policy's store. */
    struct trust_bundle_cosigner c = {.id = from->id,
                                      .role = TRUST_BUNDLE_MIRROR,
                                      .algorithm = algorithm_identifier(public_key_alg(from->key)),
                                      .spki = public_key_spki(from->key),
                                      .operator_name = trust_import_keep(import, bytes_of_text(operator_of(ca, id)))};
    if (c.operator_name.len == 0 || c.operator_name.len > TRUST_BUNDLE_TEXT_MAX || !text_is_printable_utf8(c.operator_name))
        return error_set(err, STATUS_USAGE, "--cosigner-operator %s: empty, too long or not printable", id);
    if (array_find(cosigners, &c.id, compare_cosigner, &at)) {
        const struct trust_bundle_cosigner *there = array_at(cosigners, at);
        bool is_same = bytes_equal(there->algorithm, c.algorithm) && bytes_equal(there->spki, c.spki) &&
                       (operator_of(ca, id) == id || bytes_equal(there->operator_name, c.operator_name));
        return is_same ? STATUS_OK
                       : error_set(err, STATUS_CONFLICT, "cosigner %s is there already, with another key or operator", id);
    }
    import->is_changed = true;
    return array_insert(cosigners, at, &c, "cosigners", err);
}

static enum status add_cosigners(struct trust_import *import, const struct trust_store *store, const struct trust_import_ca *ca,
                                 struct error *err)
{
    const struct trust_cosigner *c;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && (c = trust_store_cosigner(store, i)) != NULL; i++)
        s = add_cosigner(import, c, ca, err);
    return s;
}

/* ---- rules ---- */

static int compare_tai(const void *a, const void *b)
{
    return tai_compare(a, b);
}

static enum status append_rule(struct trust_bundle *b, const struct trust_requirement *from, struct error *err)
{
    struct trust_bundle_rule rule = {.kind = TRUST_BUNDLE_SIGNATURES, .needed = (uint16_t)from->needed,
                                     .member_first = b->members.count, .member_count = from->count};
    struct tai ids[TRUST_COSIGNERS_MAX];
    memcpy(ids, from->ids, from->count * sizeof ids[0]);
    qsort(ids, from->count, sizeof ids[0], compare_tai);
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < from->count; i++)
        s = array_insert(&b->members, b->members.count, &ids[i], "members of rules", err);
    return s == STATUS_OK ? array_insert(&b->rules, b->rules.count, &rule, "rules", err) : s;
}

static bool is_same_rule(const struct trust_bundle *b, const struct trust_bundle_rule *x, const struct trust_bundle_rule *y)
{
    bool is_same = x->kind == y->kind && x->needed == y->needed && x->member_count == y->member_count;
    for (size_t i = 0; is_same && i < x->member_count; i++)
        is_same = tai_equal(&trust_bundle_members(b, x)[i], &trust_bundle_members(b, y)[i]);
    return is_same;
}

static enum status add_rules(struct trust_import *import, size_t ca_at, const struct trust_store *store, struct error *err)
{
    struct trust_bundle *b = import->bundle;
    struct trust_bundle_ca *ca = array_at(&b->cas, ca_at);
    size_t count, first = b->rules.count;
    const struct trust_requirement *required = trust_store_requirements(store, &count);
    enum status s = STATUS_OK;
    if (count > TRUST_BUNDLE_RULES_PER_CA_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d require-cosigners", TRUST_BUNDLE_RULES_PER_CA_MAX);
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = append_rule(b, &required[i], err);
    if (s != STATUS_OK)
        return s;
    if (ca->rule_count == 0) {
        ca->rule_first = first;
        ca->rule_count = count;
        import->is_changed = import->is_changed || count > 0;
        return STATUS_OK;
    }
    bool is_same = ca->rule_count == count;
    for (size_t i = 0; is_same && i < count; i++)
        is_same = is_same_rule(b, trust_bundle_rule_at(b, ca, i), array_at(&b->rules, first + i));
    return is_same ? STATUS_OK : error_set(err, STATUS_CONFLICT, "the CA has another cosigner policy already");
}

/* ---- what is revoked ---- */

static int compare_revoked(const void *a, const void *b)
{
    const struct trust_bundle_revoked *x = a, *y = b;
    int order = tai_compare(&x->ca_id, &y->ca_id);
    return order != 0 ? order : (x->first > y->first) - (x->first < y->first);
}

/* Ranges that overlap or touch become one. */
static void merge_revoked(struct array *ranges)
{
    struct trust_bundle_revoked *at = ranges->items;
    size_t count = 0;
    qsort(at, ranges->count, sizeof *at, compare_revoked);
    for (size_t i = 0; i < ranges->count; i++) {
        struct trust_bundle_revoked *last = count > 0 ? &at[count - 1] : NULL;
        bool is_one = last != NULL && tai_equal(&last->ca_id, &at[i].ca_id) &&
                      (last->last == UINT64_MAX || at[i].first <= last->last + 1);
        if (!is_one)
            at[count++] = at[i];
        else if (at[i].last > last->last)
            last->last = at[i].last;
    }
    ranges->count = count;
}

static bool is_revoked(const struct trust_bundle *b, const struct trust_bundle_revoked *range)
{
    for (size_t i = 0; i < b->revoked.count; i++) {
        const struct trust_bundle_revoked *r = trust_bundle_revoked_at(b, i);
        if (tai_equal(&r->ca_id, &range->ca_id) && r->first <= range->first && range->last <= r->last)
            return true;
    }
    return false;
}

static enum status add_revoked(struct trust_import *import, const struct trust_store *store, struct error *err)
{
    struct array *ranges = &import->bundle->revoked;
    struct trust_bundle_revoked r;
    for (size_t i = 0; trust_store_revoked(store, i, &r.ca_id, &r.first, &r.last); i++) {
        if (is_revoked(import->bundle, &r))
            continue;
        enum status s = array_insert(ranges, ranges->count, &r, "revoked ranges", err);
        if (s != STATUS_OK)
            return s;
        import->is_changed = true;
        merge_revoked(ranges);
    }
    return STATUS_OK;
}

static enum status read_policy(struct trust_import *import, const char *path, struct trust_store **store, struct error *err)
{
    struct builder text;
    if (import->store_count == TRUST_IMPORT_FILES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d policies", TRUST_IMPORT_FILES_MAX);
    enum status s = trust_store_new(import->algorithms, store, err);
    if (s != STATUS_OK)
        return s;
    import->stores[import->store_count++] = *store;
    builder_init(&text, INPUT_SIZE_MAX);
    s = input_read(path, INPUT_SIZE_MAX, &text, err);
    if (s == STATUS_OK)
        s = error_prefix(err, policy_text_read(builder_view(&text), *store, err), "%s", path);
    builder_clear(&text);
    if (s == STATUS_OK && trust_store_subtree_count(*store) > 0)
        s = error_set(err, STATUS_USAGE, "%s: trusted-subtree: subtrees come from the log, by `cathaya trust update`", path);
    return s;
}

enum status trust_import_policy(struct trust_import *import, size_t ca_at, const struct trust_import_ca *ca, struct error *err)
{
    struct trust_store *store;
    enum status s = read_policy(import, ca->policy, &store, err);
    if (s == STATUS_OK)
        s = add_cosigners(import, store, ca, err);
    if (s == STATUS_OK)
        s = add_rules(import, ca_at, store, err);
    return s == STATUS_OK ? add_revoked(import, store, err) : s;
}
