/* What nobody needs any more goes. */
#include "service/trust_publisher/publisher_parts.h"

struct pruning {
    struct trust_publisher *p;
    const struct object_store *store;
    struct publisher_folders folders;
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
static enum status prune_of_version(const struct pruning *a, const char *folder, const char *name, struct error *err)
{
    uint64_t version, count = (uint64_t)a->p->config.delta_count + 1;
    bool stays = publisher_version(folder, name, &version) && is_among_last(version, a->p->latest.version, count < 2 ? 2 : count);
    return stays ? STATUS_OK : remove_one(a->store, name, err);
}

static enum status prune_contents(void *context, const char *name, struct error *err)
{
    return prune_of_version(context, FOLDER_CONTENTS, name, err);
}

static enum status prune_folders(void *context, const char *name, struct error *err)
{
    return prune_of_version(context, FOLDER_FOLDERS, name, err);
}

static enum status prune_identity(void *context, const char *name, struct error *err)
{
    const struct pruning *a = context;
    return publisher_folders_have(&a->folders, name) ? STATUS_OK : remove_one(a->store, name, err);
}

static enum status prune_published(struct pruning *a, struct error *err)
{
    a->store = &a->p->config.published;
    enum status s = a->store->list(a->store->context, FOLDER_BUNDLES, prune_bundle, a, err);
    if (s == STATUS_OK)
        s = a->store->list(a->store->context, FOLDER_DELTAS, prune_delta, a, err);
    if (s == STATUS_OK)
        s = publisher_read_folders(a->p, &a->folders, err);
    if (s == STATUS_OK)
        s = a->store->list(a->store->context, FOLDER_IDENTITY, prune_identity, a, err);
    builder_clear(&a->folders.text);
    return s;
}

static enum status prune_state(struct pruning *a, struct error *err)
{
    a->store = &a->p->config.state;
    enum status s = a->store->list(a->store->context, FOLDER_CONTENTS, prune_contents, a, err);
    if (s == STATUS_OK)
        s = a->store->list(a->store->context, FOLDER_FOLDERS, prune_folders, a, err);
    return s == STATUS_OK ? trust_state_prune(&a->p->state, err) : s;
}

enum status publisher_prune(struct trust_publisher *p, struct error *err)
{
    struct pruning a = {.p = p};
    enum status s = prune_state(&a, err);
    return s == STATUS_OK ? prune_published(&a, err) : s;
}
