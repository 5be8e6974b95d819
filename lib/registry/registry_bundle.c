#include "registry/registry_bundle.h"

#include <stdlib.h>
#include <string.h>

#include "registry/registry_bundle_parts.h"

/* ---- order: each section ascends by its key ---- */

static int compare_anchors(const void *a, const void *b)
{
    const struct trust_bundle_anchor *x = a, *y = b;
    return bytes_compare(x->certificate, y->certificate);
}

static int compare_ct_logs(const void *a, const void *b)
{
    const struct trust_bundle_ct_log *x = a, *y = b;
    return x->suite != y->suite ? (int)x->suite - (int)y->suite : bytes_compare(x->spki, y->spki);
}

static int compare_cosigners(const void *a, const void *b)
{
    return tai_compare(&((const struct trust_bundle_cosigner *)a)->id, &((const struct trust_bundle_cosigner *)b)->id);
}

static int compare_cas(const void *a, const void *b)
{
    return tai_compare(&((const struct trust_bundle_ca *)a)->id, &((const struct trust_bundle_ca *)b)->id);
}

static int compare_revoked(const void *a, const void *b)
{
    const struct trust_bundle_revoked *x = a, *y = b;
    int order = tai_compare(&x->ca_id, &y->ca_id);
    return order != 0 ? order : (x->first > y->first) - (x->first < y->first);
}

static int compare_logs(const void *a, const void *b)
{
    const struct trust_bundle_log *x = a, *y = b;
    int order = tai_compare(&x->ca_id, &y->ca_id);
    return order != 0 ? order : (int)x->log_number - (int)y->log_number;
}

static int compare_keys(const void *a, const void *b)
{
    const struct trust_bundle_key *x = a, *y = b;
    return x->role != y->role ? (int)x->role - (int)y->role : bytes_compare(x->spki, y->spki);
}

static int compare_signers(const void *a, const void *b)
{
    return bytes_compare(((const struct trust_bundle_signer *)a)->spki, ((const struct trust_bundle_signer *)b)->spki);
}

typedef int compare_fn(const void *, const void *);

/* The same key in two files would be two elements of one key: which one counts, nobody can say. */
static enum status sort(struct array *elements, compare_fn *compare, const char *what, struct error *err)
{
    if (elements->count > 1)
        qsort(elements->items, elements->count, elements->item_size, compare);
    for (size_t i = 1; i < elements->count; i++)
        if (compare(array_at(elements, i - 1), array_at(elements, i)) == 0)
            return error_set(err, STATUS_REFUSED, "two files of the registry have the same %s", what);
    return STATUS_OK;
}

static void merge_revoked(struct array *ranges)
{
    struct trust_bundle_revoked *at = ranges->items;
    size_t count = 0;
    if (ranges->count > 1)
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

static enum status sort_all(struct trust_bundle *b, struct error *err)
{
    enum status s = sort(&b->anchors, compare_anchors, "certificate", err);
    if (s == STATUS_OK)
        s = sort(&b->ct_logs, compare_ct_logs, "key of a CT log", err);
    if (s == STATUS_OK)
        s = sort(&b->cosigners, compare_cosigners, "cosigner ID", err);
    if (s == STATUS_OK)
        s = sort(&b->cas, compare_cas, "ID of an MTC CA", err);
    if (s == STATUS_OK)
        s = sort(&b->logs, compare_logs, "minimum index", err);
    if (s == STATUS_OK)
        s = sort(&b->keys, compare_keys, "bundle key", err);
    if (s == STATUS_OK)
        s = sort(&b->signers, compare_signers, "key of an identity signer", err);
    merge_revoked(&b->revoked);
    return s;
}

/* ---- one thing ---- */

static enum status find_algorithm(const struct registry_bundling *m, const struct registry_thing *thing, struct bytes *out,
                                  struct error *err)
{
    const struct signature_alg *alg = algorithms_by_name(m->algorithms, bytes_of_text(thing->algorithm));
    if (alg == NULL)
        return error_set(err, STATUS_REFUSED, "%s: algorithm %s is not known here", thing->head.file, thing->algorithm);
    *out = algorithm_identifier(alg);
    return STATUS_OK;
}

static struct bytes operator_name(const struct registry_bundling *m, const struct registry_thing *thing)
{
    return bytes_of_text(registry_operator_name(m->r, thing));
}

static enum status add_cosigner(const struct registry_bundling *m, const struct registry_thing *thing, struct error *err)
{
    struct trust_bundle_cosigner c = {.id = thing->tai, .role = thing->role, .spki = thing->der,
                                      .operator_name = operator_name(m, thing)};
    enum status s = find_algorithm(m, thing, &c.algorithm, err);
    return s == STATUS_OK ? array_insert(&m->b->cosigners, m->b->cosigners.count, &c, "cosigners", err) : s;
}

static enum status add_signer(const struct registry_bundling *m, const struct registry_thing *thing, struct error *err)
{
    struct trust_bundle_signer signer = {.spki = thing->der, .operator_name = operator_name(m, thing),
                                         .level_max = (uint8_t)thing->level_max};
    enum status s = find_algorithm(m, thing, &signer.algorithm, err);
    return s == STATUS_OK ? array_insert(&m->b->signers, m->b->signers.count, &signer, "identity signers", err) : s;
}

static enum status add_key(const struct registry_bundling *m, const struct registry_thing *thing, struct error *err)
{
    struct trust_bundle_key key = {.role = thing->key_role, .spki = thing->der};
    const struct signature_alg *alg = algorithms_by_name(m->algorithms, bytes_of_text(thing->algorithm));
    enum status s = find_algorithm(m, thing, &key.algorithm, err);
    if (s != STATUS_OK)
        return s;
    if (key.role == TRUST_BUNDLE_KEY_VERSIONS) {
        key.note_type = alg->note_type;
        key.note_name = bytes_of_text(thing->note_name);
        key.origin = bytes_of_text(thing->origin);
    }
    return array_insert(&m->b->keys, m->b->keys.count, &key, "bundle keys", err);
}

static enum status add_thing(const struct registry_bundling *m, const struct registry_thing *thing, struct error *err)
{
    if (registry_has_purposes(thing->head.kind)) {
        struct trust_bundle_purposes purposes;
        registry_purposes_at(m->r, thing, m->at_s, &purposes);
        if (purposes.count == 0)
            return STATUS_OK;
        return thing->head.kind == REGISTRY_MTC_CA ? registry_bundle_ca(m, thing, &purposes, err)
                                                   : registry_bundle_anchor(m, thing, &purposes, err);
    }
    if (!registry_is_trusted(m->r, thing, REGISTRY_ITSELF, m->at_s))
        return STATUS_OK;
    switch (thing->head.kind) {
    case REGISTRY_COSIGNER:
        return add_cosigner(m, thing, err);
    case REGISTRY_CT_LOG:
        return registry_bundle_ct_log(m, thing, err);
    case REGISTRY_IDENTITY_SIGNER:
        return add_signer(m, thing, err);
    default:
        return add_key(m, thing, err);
    }
}

enum status registry_to_bundle(const struct registry *registry, const struct algorithms *algorithms, int64_t at_s,
                               struct trust_bundle *bundle, struct array *left_out, struct error *err)
{
    const struct registry_bundling m = {registry, algorithms, at_s, bundle, left_out};
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < registry->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(registry, i);
        s = error_prefix(err, add_thing(&m, thing, err), "%s", thing->head.file);
    }
    if (s == STATUS_OK)
        s = sort_all(bundle, err);
    bundle->policy.policy = registry->policy_text;
    bundle->policy.ct_policies = registry->ct_policy_text;
    return s;
}
