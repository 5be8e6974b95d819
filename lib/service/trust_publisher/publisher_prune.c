/* What nobody needs any more goes. */
#include <stdlib.h>
#include <string.h>

#include "service/trust_publisher/publisher_parts.h"

struct pruning {
    struct trust_publisher *p;
    const struct object_store *store;
    const struct trust_publisher_input *input;
    const char **names; /* of the files of others, sorted */
};

static enum status remove_one(const struct object_store *store, const char *name, struct error *err)
{
    enum status s = store->remove(store->context, name, err);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static bool is_rotation(const struct trust_latest *latest, uint64_t version)
{
    for (size_t i = 0; i < latest->rotation_count; i++)
        if (latest->rotations[i] == version)
            return true;
    return false;
}

static bool is_among_last(uint64_t version, uint64_t newest, uint64_t count)
{
    return version + count > newest;
}

static enum status prune_bundle(void *context, const char *name, struct error *err)
{
    const struct pruning *a = context;
    const struct trust_latest *latest = &a->p->latest;
    uint64_t version;
    bool stays = publisher_version(FOLDER_BUNDLES, name, &version) &&
                 (is_among_last(version, latest->version, a->p->config.bundle_count) || is_rotation(latest, version));
    return stays ? STATUS_OK : remove_one(a->store, name, err);
}

static enum status prune_delta(void *context, const char *name, struct error *err)
{
    const struct pruning *a = context;
    uint64_t from;
    bool stays = publisher_version(FOLDER_DELTAS, name, &from) && trust_latest_delta(&a->p->latest, from) != NULL;
    return stays ? STATUS_OK : remove_one(a->store, name, err);
}

/* The newest two say who signs the next one, and whether it is a rotation. */
static enum status prune_contents(void *context, const char *name, struct error *err)
{
    const struct pruning *a = context;
    uint64_t version, count = (uint64_t)a->p->config.delta_count + 1;
    bool stays = publisher_version(FOLDER_CONTENTS, name, &version) &&
                 is_among_last(version, a->p->latest.version, count < 2 ? 2 : count);
    return stays ? STATUS_OK : remove_one(a->store, name, err);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status prune_identity(void *context, const char *name, struct error *err)
{
    const struct pruning *a = context;
    bool stays = a->input->file_count > 0 && bsearch(&name, a->names, a->input->file_count, sizeof *a->names, compare) != NULL;
    return stays ? STATUS_OK : remove_one(a->store, name, err);
}

static enum status prune_identities(struct pruning *a, struct error *err)
{
    if (a->input == NULL)
        return STATUS_OK;
    a->names = calloc(a->input->file_count + 1, sizeof *a->names);
    if (a->names == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < a->input->file_count; i++)
        a->names[i] = a->input->files[i].name;
    qsort(a->names, a->input->file_count, sizeof *a->names, compare);
    enum status s = a->store->list(a->store->context, FOLDER_IDENTITY, prune_identity, a, err);
    free(a->names);
    return s;
}

enum status publisher_prune(struct trust_publisher *p, const struct trust_publisher_input *input, struct error *err)
{
    struct pruning a = {.p = p, .store = &p->config.published, .input = input};
    enum status s = a.store->list(a.store->context, FOLDER_BUNDLES, prune_bundle, &a, err);
    if (s == STATUS_OK)
        s = a.store->list(a.store->context, FOLDER_DELTAS, prune_delta, &a, err);
    if (s == STATUS_OK)
        s = prune_identities(&a, err);
    if (s == STATUS_OK)
        s = trust_state_prune(&p->state, err);
    a.store = &p->config.state;
    return s == STATUS_OK ? a.store->list(a.store->context, FOLDER_CONTENTS, prune_contents, &a, err) : s;
}
