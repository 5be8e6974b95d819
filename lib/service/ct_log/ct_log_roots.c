/* Accepted roots. Each is an object of its own in the private store as soon as it is accepted: a file that was lost or cut
 * short takes none away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/pem/pem.h"
#include "service/ct_log/ct_log_internal.h"

#define NAME_LEN (2 * HASH_SIZE)
#define FOLDER_LEN (sizeof CT_LOG_ROOTS_FOLDER) /* with its slash */
#define ROOTS_JSON_MAX CT_JSON_ROOTS_MAX

/* A root on its way into the set. */
struct root {
    char object[FOLDER_LEN + NAME_LEN + 1]; /* "roots/<hex SHA-256>" */
    bool is_kept, is_in_file, is_removed;
};

struct joining {
    const struct object_store *store;
    const struct hash_alg *hash;
    const char *const *removed;
    size_t removed_count;
    struct array roots; /* struct root */
    struct ct_chain_roots *set;
    struct builder der;
};

static enum status name_root(struct bytes der, struct root *out, struct error *err)
{
    uint8_t hash[HASH_SIZE];
    *out = (struct root){.object = CT_LOG_ROOTS_FOLDER "/"};
    if (!hash_label_sha256(&der, 1, hash))
        return error_set(err, STATUS_NO_MEMORY, "hashing failed");
    text_hex(BYTES_OF(hash), out->object + FOLDER_LEN);
    return STATUS_OK;
}

static bool is_removed(const struct joining *j, const struct root *root)
{
    for (size_t i = 0; i < j->removed_count; i++) {
        uint8_t hash[HASH_SIZE];
        char name[NAME_LEN + 1];
        /* In any case of letters, as people copy it. */
        if (!text_parse_hex(bytes_of_text(j->removed[i]), hash, sizeof hash))
            continue;
        text_hex(BYTES_OF(hash), name);
        if (strcmp(root->object + FOLDER_LEN, name) == 0)
            return true;
    }
    return false;
}

static enum status check_removed(const struct joining *j, struct error *err)
{
    for (size_t i = 0; i < j->removed_count; i++) {
        uint8_t hash[HASH_SIZE];
        if (!text_parse_hex(bytes_of_text(j->removed[i]), hash, sizeof hash))
            return error_set(err, STATUS_USAGE, "removed root %.80s: not a SHA-256 in hex", j->removed[i]);
    }
    return STATUS_OK;
}

static struct root *find(struct joining *j, const struct root *root)
{
    for (size_t i = 0; i < j->roots.count; i++) {
        struct root *at = array_at(&j->roots, i);
        if (strcmp(at->object, root->object) == 0)
            return at;
    }
    return NULL;
}

static enum status add(struct joining *j, struct root *root, struct bytes der, struct error *err)
{
    struct root *known = find(j, root);
    if (known != NULL) {
        known->is_kept |= root->is_kept;
        known->is_in_file |= root->is_in_file;
        return STATUS_OK;
    }
    root->is_removed = is_removed(j, root);
    enum status status = root->is_removed ? STATUS_OK : ct_chain_roots_add(j->set, der, err);
    return status == STATUS_OK ? array_insert(&j->roots, j->roots.count, root, "roots", err) : status;
}

/* ---- those of earlier lives ---- */

static enum status note_name(void *context, const char *name, struct error *err)
{
    struct joining *j = context;
    struct root root = {.is_kept = true};
    if (snprintf(root.object, sizeof root.object, "%s", name) != FOLDER_LEN + NAME_LEN)
        return STATUS_OK; /* none of ours */
    return array_insert(&j->roots, j->roots.count, &root, "roots", err);
}

static enum status read_kept(struct joining *j, struct error *err)
{
    const struct object_store *store = j->store;
    enum status status = store->list(store->context, CT_LOG_ROOTS_FOLDER "/", note_name, j, err);
    for (size_t i = 0; i < j->roots.count && status == STATUS_OK; i++) {
        struct root *root = array_at(&j->roots, i), name;
        builder_reset(&j->der);
        status = store->get(store->context, root->object, &j->der, err);
        if (status == STATUS_OK)
            status = name_root(builder_view(&j->der), &name, err);
        if (status != STATUS_OK)
            break;
        if (strcmp(name.object, root->object) != 0)
            return error_set(err, STATUS_REFUSED, "%s: damaged: restore it, or put its certificate there in DER", root->object);
        root->is_removed = is_removed(j, root);
        if (!root->is_removed)
            status = ct_chain_roots_add(j->set, builder_view(&j->der), err);
        if (status != STATUS_OK)
            return error_prefix(err, status, "%s", root->object);
    }
    return status;
}

/* ---- those of the file ---- */

/* each is called for every certificate of the PEM. */
static enum status for_each(struct joining *j, struct bytes pem,
                            enum status (*each)(struct joining *j, struct bytes der, struct error *err),
                            struct error *err)
{
    struct pem_reader reader;
    struct pem_block block;
    enum status status = STATUS_OK;
    pem_reader_init(&reader, pem, PEM_LAX);
    while (status == STATUS_OK) {
        builder_reset(&j->der);
        status = pem_next(&reader, &block, &j->der, err);
        if (status == STATUS_OK && bytes_is_text(block.label, PEM_CERTIFICATE))
            status = each(j, builder_view(&j->der), err);
        else if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
    }
    return error_prefix(err, status, "roots: certificate %zu", reader.block_count);
}

static enum status accept(struct joining *j, struct bytes der, struct error *err)
{
    struct root root;
    enum status status = name_root(der, &root, err);
    root.is_in_file = true;
    return status == STATUS_OK ? add(j, &root, der, err) : status;
}

/* Only when the whole file was good is anything kept. */
static enum status keep(struct joining *j, struct bytes der, struct error *err)
{
    const struct object_store *store = j->store;
    struct root root, *known;
    enum status status = name_root(der, &root, err);
    if (status != STATUS_OK)
        return status;
    known = find(j, &root);
    if (known == NULL || known->is_kept || known->is_removed)
        return STATUS_OK;
    known->is_kept = true;
    return store->put(store->context, root.object, der, err);
}

static enum status forget_removed(struct joining *j, struct error *err)
{
    const struct object_store *store = j->store;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < j->roots.count && status == STATUS_OK; i++) {
        const struct root *root = array_at(&j->roots, i);
        if (root->is_kept && root->is_removed)
            status = store->remove(store->context, root->object, err);
    }
    return status;
}

/* ---- the set ---- */

static enum status write_json(struct ct_log_roots *roots, struct error *err)
{
    size_t count = ct_chain_roots_count(roots->set);
    struct bytes *ders = calloc(count + 1, sizeof *ders);
    if (ders == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        ders[i] = ct_chain_roots_at(roots->set, i);
    enum status status = ct_json_write_roots(ders, count, &roots->json, err);
    free(ders);
    return status;
}

static enum status make_set(struct joining *j, struct ct_log_roots **out, struct error *err)
{
    struct ct_log_roots *roots = calloc(1, sizeof *roots);
    if (roots == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    roots->ref_count = 1;
    roots->set = j->set;
    j->set = NULL;
    builder_init(&roots->json, ROOTS_JSON_MAX);
    enum status status = write_json(roots, err);
    if (status != STATUS_OK) {
        ct_log_roots_release(roots);
        return status;
    }
    *out = roots;
    return STATUS_OK;
}

static enum status join(struct joining *j, struct bytes pem, struct error *err)
{
    const struct object_store *store = j->store;
    enum status status = check_removed(j, err);
    if (status == STATUS_OK)
        status = ct_chain_roots_new(j->hash, &j->set, err);
    if (status == STATUS_OK)
        status = read_kept(j, err);
    if (status == STATUS_OK)
        status = for_each(j, pem, accept, err);
    if (status == STATUS_OK)
        status = for_each(j, pem, keep, err);
    if (status == STATUS_OK)
        status = forget_removed(j, err);
    return status == STATUS_OK ? store->sync(store->context, err) : status;
}

enum status ct_log_roots_join(const struct ct_log_config *config, const struct object_store *store, struct bytes pem,
                              const char *const *removed, size_t removed_count, struct ct_log_roots **out,
                              size_t *kept_count, struct error *err)
{
    struct joining j = {.store = store,
                        .hash = config->suite->hash,
                        .removed = removed,
                        .removed_count = removed_count,
                        .roots = array_of(sizeof(struct root), CT_LOG_ROOTS_MAX)};
    *out = NULL;
    *kept_count = 0;
    builder_init(&j.der, PEM_DER_MAX);
    enum status status = join(&j, pem, err);
    for (size_t i = 0; i < j.roots.count; i++) {
        const struct root *root = array_at(&j.roots, i);
        *kept_count += !root->is_removed && !root->is_in_file;
    }
    if (status == STATUS_OK)
        status = make_set(&j, out, err);
    ct_chain_roots_free(j.set);
    array_clear(&j.roots);
    builder_clear(&j.der);
    return status;
}

void ct_log_roots_release(struct ct_log_roots *roots)
{
    if (roots == NULL || --roots->ref_count > 0)
        return;
    ct_chain_roots_free(roots->set);
    builder_clear(&roots->json);
    free(roots);
}
