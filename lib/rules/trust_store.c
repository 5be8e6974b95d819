#include "rules/trust_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct trusted_subtree {
    struct tai ca_id;
    uint16_t log_number;
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
};

struct revoked_range {
    struct tai ca_id;
    uint64_t first, last;
};

struct trust_store {
    const struct algorithms *algorithms;
    struct array cas;          /* struct trust_ca, by name */
    struct array cosigners;    /* struct trust_cosigner, by ID */
    struct array requirements; /* struct trust_requirement */
    struct array subtrees;     /* struct trusted_subtree, sorted */
    struct array revoked;      /* struct revoked_range, sorted, disjoint */
};

enum status trust_store_new(const struct algorithms *algorithms, struct trust_store **out,
                            struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    **out = (struct trust_store){
        .algorithms = algorithms,
        .cas = array_of(sizeof(struct trust_ca), TRUST_CAS_MAX),
        .cosigners = array_of(sizeof(struct trust_cosigner), TRUST_COSIGNERS_MAX),
        .requirements = array_of(sizeof(struct trust_requirement), TRUST_REQUIREMENTS_MAX),
        .subtrees = array_of(sizeof(struct trusted_subtree), TRUST_SUBTREES_MAX),
        .revoked = array_of(sizeof(struct revoked_range), TRUST_REVOKED_MAX),
    };
    return STATUS_OK;
}

static void clear_ca(struct trust_ca *ca)
{
    public_key_free(ca->key);
    free(ca->der);
}

void trust_store_free(struct trust_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->cas.count; i++)
        clear_ca(array_at(&store->cas, i));
    for (size_t i = 0; i < store->cosigners.count; i++)
        public_key_free(((struct trust_cosigner *)array_at(&store->cosigners, i))->key);
    array_clear(&store->cas);
    array_clear(&store->cosigners);
    array_clear(&store->requirements);
    array_clear(&store->subtrees);
    array_clear(&store->revoked);
    free(store);
}

/* ---- one ID, one key ---- */

static enum status check_id_and_key(const struct trust_store *store, const struct tai *id,
                                    struct bytes spki, struct error *err)
{
    char text[TAI_TEXT_SIZE];
    tai_text(id, text);
    for (size_t i = 0; i < store->cas.count; i++) {
        const struct trust_ca *ca = array_at(&store->cas, i);
        if (tai_equal(&ca->id, id))
            return error_set(err, STATUS_CONFLICT, "%s is the ID of a CA already", text);
        if (bytes_equal(public_key_spki(ca->key), spki))
            return error_set(err, STATUS_CONFLICT, "%s has the key of a CA: one key has one ID",
                             text);
    }
    for (size_t i = 0; i < store->cosigners.count; i++) {
        const struct trust_cosigner *cosigner = array_at(&store->cosigners, i);
        if (tai_equal(&cosigner->id, id))
            return error_set(err, STATUS_CONFLICT, "%s is the ID of a cosigner already", text);
        if (bytes_equal(public_key_spki(cosigner->key), spki))
            return error_set(err, STATUS_CONFLICT,
                             "%s has the key of another cosigner: one key has one ID", text);
    }
    return STATUS_OK;
}

/* ---- CAs ---- */

static int compare_ca(const void *key, const void *item)
{
    return bytes_compare(*(const struct bytes *)key, ((const struct trust_ca *)item)->name);
}

static enum status read_ca(const struct trust_store *store, struct bytes der, struct trust_ca *ca,
                           struct error *err)
{
    /* Nothing is copied that cannot be one. */
    if (der.len > CERTIFICATE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "CA certificate: longer than %d bytes", CERTIFICATE_SIZE_MAX);
    if (der.len == 0)
        return error_set(err, STATUS_MALFORMED, "CA certificate: empty");
    ca->der = malloc(der.len);
    if (ca->der == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memcpy(ca->der, der.data, der.len);
    ca->der_len = der.len;
    struct ca_certificate cert;
    enum status s = ca_certificate_parse(bytes_of(ca->der, der.len), &cert, err);
    if (s != STATUS_OK)
        return s;
    const struct signature_alg *alg = algorithms_by_identifier(store->algorithms, cert.sig_alg);
    if (alg == NULL)
        return error_set(err, STATUS_USAGE,
                         "CA certificate: unknown signature algorithm of the CA cosigner; name it "
                         "with --algorithms");
    if (cert.draft == &draft_gm && !algorithm_is_for_sm3_ca(alg))
        return error_set(
            err, STATUS_REFUSED,
            "CA certificate: the CA cosigner of an SM3 CA signs with sm2_sm3, not with %s [GM-2]",
            alg->name);
    ca->draft = cert.draft;
    ca->id = cert.id;
    ca->name = cert.name;
    ca->min_serial = cert.min_serial;
    ca->max_serial = cert.max_serial;
    ca->not_before_s = cert.not_before_s;
    ca->not_after_s = cert.not_after_s;
    return public_key_new(alg, cert.spki, &ca->key, err);
}

enum status trust_store_add_ca(struct trust_store *store, struct bytes der, struct error *err)
{
    struct trust_ca ca = {.draft = NULL};
    size_t at;
    enum status s = read_ca(store, der, &ca, err);
    if (s == STATUS_OK)
        s = check_id_and_key(store, &ca.id, public_key_spki(ca.key), err);
    if (s == STATUS_OK) {
        (void)array_find(&store->cas, &ca.name, compare_ca, &at);
        s = array_insert(&store->cas, at, &ca, "CAs", err);
    }
    if (s != STATUS_OK)
        clear_ca(&ca);
    return s;
}

const struct trust_ca *trust_store_find_ca(const struct trust_store *store, struct bytes name)
{
    size_t at;
    return array_find(&store->cas, &name, compare_ca, &at) ? array_at(&store->cas, at) : NULL;
}

const struct trust_ca *trust_store_find_ca_by_id(const struct trust_store *store, const struct tai *id)
{
    for (size_t i = 0; i < store->cas.count; i++) {
        const struct trust_ca *ca = array_at(&store->cas, i);
        if (tai_equal(&ca->id, id))
            return ca;
    }
    return NULL;
}

/* ---- cosigners ---- */

static int compare_cosigner(const void *key, const void *item)
{
    const struct trust_cosigner *cosigner = item;
    return tai_compare_binary(*(const struct bytes *)key, tai_bytes(&cosigner->id));
}

enum status trust_store_add_cosigner(struct trust_store *store, const struct tai *id,
                                     struct bytes alg_name, struct bytes spki, struct error *err)
{
    const struct signature_alg *alg = algorithms_by_name(store->algorithms, alg_name);
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "unknown algorithm \"%.*s\"; name it with --algorithms",
                         (int)(alg_name.len < 40 ? alg_name.len : 40), (const char *)alg_name.data);
    enum status s = check_id_and_key(store, id, spki, err);
    if (s != STATUS_OK)
        return s;
    struct trust_cosigner cosigner = {.id = *id};
    s = public_key_new(alg, spki, &cosigner.key, err);
    if (s != STATUS_OK)
        return s;
    size_t at;
    struct bytes key = tai_bytes(id);
    (void)array_find(&store->cosigners, &key, compare_cosigner, &at);
    s = array_insert(&store->cosigners, at, &cosigner, "cosigners", err);
    if (s != STATUS_OK)
        public_key_free(cosigner.key);
    return s;
}

const struct trust_cosigner *trust_store_find_cosigner(const struct trust_store *store,
                                                       struct bytes id, size_t *number)
{
    return array_find(&store->cosigners, &id, compare_cosigner, number)
               ? array_at(&store->cosigners, *number)
               : NULL;
}

const struct trust_cosigner *trust_store_cosigner(const struct trust_store *store, size_t number)
{
    return number < store->cosigners.count ? array_at(&store->cosigners, number) : NULL;
}

static enum status check_required(const struct trust_store *store, const struct tai *ids, size_t i, struct error *err)
{
    char text[TAI_TEXT_SIZE];
    size_t number;
    tai_text(&ids[i], text);
    if (trust_store_find_cosigner(store, tai_bytes(&ids[i]), &number) == NULL)
        return error_set(
            err, STATUS_USAGE,
            "required cosigner %s has no cosigner line above (the CA's own is always "
            "required, without being listed)",
            text);
    for (size_t k = 0; k < i; k++)
        if (tai_equal(&ids[k], &ids[i]))
            return error_set(err, STATUS_USAGE, "required cosigner %s is listed twice", text);
    return STATUS_OK;
}

enum status trust_store_require_for(struct trust_store *store, const struct tai *ca_id, size_t needed,
                                    const struct tai *ids, const uint16_t *operators, size_t id_count,
                                    struct error *err)
{
    if (id_count == 0 || id_count > TRUST_COSIGNERS_MAX || needed == 0 || needed > id_count)
        return error_set(err, STATUS_USAGE, "%zu of %zu cosigners cannot be required", needed,
                         id_count);
    struct trust_requirement requirement = {.ca_id = *ca_id, .needed = needed, .count = id_count};
    for (size_t i = 0; i < id_count; i++) {
        enum status s = check_required(store, ids, i, err);
        if (s != STATUS_OK)
            return s;
        requirement.ids[i] = ids[i];
        requirement.operators[i] = operators != NULL ? operators[i] : 0;
    }
    return array_insert(&store->requirements, store->requirements.count, &requirement,
                        "requirements", err);
}

enum status trust_store_require(struct trust_store *store, size_t needed, const struct tai *ids,
                                size_t id_count, struct error *err)
{
    static const struct tai every_ca = {.len = 0};
    return trust_store_require_for(store, &every_ca, needed, ids, NULL, id_count, err);
}

size_t trust_store_count_signed(const struct trust_requirement *requirement,
                                bool (*has_signed)(const void *context, const struct tai *id), const void *context)
{
    uint16_t seen[TRUST_COSIGNERS_MAX];
    size_t seen_count = 0, good = 0;
    for (size_t i = 0; i < requirement->count; i++) {
        uint16_t operator = requirement->operators[i];
        bool is_new = true;
        for (size_t k = 0; operator != 0 && k < seen_count; k++)
            is_new = is_new && seen[k] != operator;
        if (!is_new || !has_signed(context, &requirement->ids[i]))
            continue;
        seen[seen_count++] = operator;
        good++;
    }
    return good;
}

const struct trust_requirement *trust_store_requirements(const struct trust_store *store,
                                                         size_t *count)
{
    *count = store->requirements.count;
    return store->requirements.items;
}

/* ---- trusted subtrees ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_subtree(const void *key, const void *item)
{
    const struct trusted_subtree *a = key, *b = item;
    int order = tai_compare(&a->ca_id, &b->ca_id);
    if (order == 0)
        order = compare_u64(a->log_number, b->log_number);
    if (order == 0)
        order = compare_u64(a->subtree.start, b->subtree.start);
    if (order == 0)
        order = compare_u64(a->subtree.end, b->subtree.end);
    return order;
}

enum status trust_store_add_subtree(struct trust_store *store, const struct tai *ca_id,
                                    uint16_t log_number, struct subtree subtree,
                                    const uint8_t hash[HASH_SIZE], struct error *err)
{
    if (log_number == 0 || !subtree_is_valid(subtree))
        return error_set(err, STATUS_USAGE, "trusted subtree: log %u [%llu, %llu) is not valid",
                         log_number, (unsigned long long)subtree.start,
                         (unsigned long long)subtree.end);
    struct trusted_subtree trusted = {*ca_id, log_number, subtree, {0}};
    memcpy(trusted.hash, hash, HASH_SIZE);
    size_t at;
    if (!array_find(&store->subtrees, &trusted, compare_subtree, &at))
        return array_insert(&store->subtrees, at, &trusted, "trusted subtrees", err);
    const struct trusted_subtree *there = array_at(&store->subtrees, at);
    if (memcmp(there->hash, hash, HASH_SIZE) == 0)
        return STATUS_OK;
    return error_set(
        err, STATUS_CONFLICT, "trusted subtree [%llu, %llu) of log %u: given with two hashes",
        (unsigned long long)subtree.start, (unsigned long long)subtree.end, log_number);
}

const uint8_t *trust_store_find_subtree(const struct trust_store *store, const struct tai *ca_id,
                                        uint16_t log_number, struct subtree subtree)
{
    struct trusted_subtree key = {*ca_id, log_number, subtree, {0}};
    size_t at;
    if (!array_find(&store->subtrees, &key, compare_subtree, &at))
        return NULL;
    return ((const struct trusted_subtree *)array_at(&store->subtrees, at))->hash;
}

/* ---- revoked ranges ---- */

/* Equal to every range that touches the key's: so ranges are found, and merged, by overlap. */
static int compare_revoked(const void *key, const void *item)
{
    const struct revoked_range *a = key, *b = item;
    int order = tai_compare(&a->ca_id, &b->ca_id);
    if (order != 0)
        return order;
    return a->last < b->first ? -1 : a->first > b->last;
}

static void remove_at(struct array *a, size_t at)
{
    memmove(array_at(a, at), array_at(a, at + 1), (a->count - at - 1) * a->item_size);
    a->count--;
}

enum status trust_store_add_revoked(struct trust_store *store, const struct tai *ca_id,
                                    uint64_t first, uint64_t last, struct error *err)
{
    if (first > last)
        return error_set(err, STATUS_USAGE, "revoked range: %llu is after %llu",
                         (unsigned long long)first, (unsigned long long)last);
    struct revoked_range range = {*ca_id, first, last};
    size_t at;
    while (array_find(&store->revoked, &range, compare_revoked, &at)) {
        const struct revoked_range *there = array_at(&store->revoked, at);
        if (there->first < range.first)
            range.first = there->first;
        if (there->last > range.last)
            range.last = there->last;
        remove_at(&store->revoked, at);
    }
    return array_insert(&store->revoked, at, &range, "revoked ranges", err);
}

bool trust_store_is_revoked(const struct trust_store *store, const struct tai *ca_id,
                            uint64_t serial)
{
    struct revoked_range key = {*ca_id, serial, serial};
    size_t at;
    return array_find(&store->revoked, &key, compare_revoked, &at);
}

bool trust_store_revoked(const struct trust_store *store, size_t i, struct tai *ca_id, uint64_t *first, uint64_t *last)
{
    if (i >= store->revoked.count)
        return false;
    const struct revoked_range *range = array_at(&store->revoked, i);
    *ca_id = range->ca_id;
    *first = range->first;
    *last = range->last;
    return true;
}

size_t trust_store_subtree_count(const struct trust_store *store)
{
    return store->subtrees.count;
}

bool trust_store_is_empty(const struct trust_store *store)
{
    return store->cas.count == 0 && store->cosigners.count == 0 && store->requirements.count == 0 &&
           store->subtrees.count == 0 && store->revoked.count == 0;
}
