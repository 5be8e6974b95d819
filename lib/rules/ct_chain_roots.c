#include "rules/ct_chain_roots.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct ct_chain_roots {
    const struct hash_alg *hash;
    struct array roots; /* struct root, in the order of adding */
    struct array names; /* size_t: the same, sorted by subject */
};

enum status ct_chain_roots_new(const struct hash_alg *hash, struct ct_chain_roots **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    **out = (struct ct_chain_roots){.hash = hash,
                                    .roots = array_of(sizeof(struct ct_chain_root), CT_CHAIN_ROOTS_MAX),
                                    .names = array_of(sizeof(size_t), CT_CHAIN_ROOTS_MAX)};
    return STATUS_OK;
}

static const struct ct_chain_root *root_at(const struct ct_chain_roots *roots, size_t i)
{
    return array_at(&roots->roots, i);
}

void ct_chain_roots_free(struct ct_chain_roots *roots)
{
    if (roots == NULL)
        return;
    for (size_t i = 0; i < roots->roots.count; i++) {
        struct ct_chain_root *root = array_at(&roots->roots, i);
        certificate_key_free(root->key);
        free(root->der);
    }
    array_clear(&roots->roots);
    array_clear(&roots->names);
    free(roots);
}

const struct hash_alg *ct_chain_roots_hash(const struct ct_chain_roots *roots)
{
    return roots->hash;
}

size_t ct_chain_roots_count(const struct ct_chain_roots *roots)
{
    return roots->roots.count;
}

struct bytes ct_chain_roots_at(const struct ct_chain_roots *roots, size_t i)
{
    return root_at(roots, i)->certificate.der;
}

const uint8_t *ct_chain_roots_fingerprint(const struct ct_chain_roots *roots, size_t i)
{
    return root_at(roots, i)->fingerprint;
}

bool ct_chain_roots_has(const struct ct_chain_roots *roots, const uint8_t fingerprint[HASH_SIZE])
{
    for (size_t i = 0; i < roots->roots.count; i++)
        if (memcmp(root_at(roots, i)->fingerprint, fingerprint, HASH_SIZE) == 0)
            return true;
    return false;
}

/* Where the first root with that subject is in names, or belongs. */
static size_t first_named(const struct ct_chain_roots *roots, struct bytes subject)
{
    size_t low = 0, high = roots->names.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const size_t *index = array_at(&roots->names, middle);
        if (bytes_compare(root_at(roots, *index)->certificate.subject, subject) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct ct_chain_root *ct_chain_roots_named(const struct ct_chain_roots *roots, struct bytes subject, size_t i)
{
    size_t at = first_named(roots, subject) + i;
    if (i >= CT_CHAIN_SAME_NAME_MAX || at >= roots->names.count)
        return NULL;
    const size_t *index = array_at(&roots->names, at);
    const struct ct_chain_root *root = root_at(roots, *index);
    return bytes_equal(root->certificate.subject, subject) ? root : NULL;
}

static enum status make_root(const struct ct_chain_roots *roots, struct bytes der, struct ct_chain_root *out, struct error *err)
{
    *out = (struct ct_chain_root){.der = malloc(der.len > 0 ? der.len : 1), .der_len = der.len};
    if (out->der == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (der.len > 0)
        memcpy(out->der, der.data, der.len);
    enum status s = certificate_parse(bytes_of(out->der, der.len), &out->certificate, err);
    if (s == STATUS_OK)
        s = certificate_key_new(out->certificate.spki, &out->key, err);
    return s == STATUS_OK ? hash_message(roots->hash, der, out->fingerprint, err) : s;
}

enum status ct_chain_roots_add(struct ct_chain_roots *roots, struct bytes der, struct error *err)
{
    struct ct_chain_root root;
    enum status s = make_root(roots, der, &root, err);
    if (s == STATUS_OK && !ct_chain_roots_has(roots, root.fingerprint)) {
        size_t index = roots->roots.count, at = first_named(roots, root.certificate.subject);
        s = array_insert(&roots->roots, index, &root, "accepted roots", err);
        if (s == STATUS_OK) {
            s = array_insert(&roots->names, at, &index, "accepted roots", err);
            if (s == STATUS_OK)
                return s;
            roots->roots.count--;
        }
    }
    certificate_key_free(root.key);
    free(root.der);
    return s == STATUS_LIMIT || s == STATUS_NO_MEMORY || s == STATUS_OK ? s : error_prefix(err, STATUS_MALFORMED, "root");
}
