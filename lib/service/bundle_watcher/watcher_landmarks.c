/* The landmarks of the newest version, against the logs themselves: what a distributor has verified is verified once more by somebody
 * who follows the logs for other reasons. */
#include <string.h>

#include "merkle/subtree.h"
#include "service/bundle_watcher/watcher_parts.h"

static void next_log(struct bundle_watcher *w);

static struct checked_log *checked_of(struct bundle_watcher *w, const struct trust_bundle_log *log)
{
    for (size_t i = 0; i < w->checked.count; i++) {
        struct checked_log *at = array_at(&w->checked, i);
        if (tai_equal(&at->ca_id, &log->ca_id) && at->log_number == log->log_number)
            return at;
    }
    const struct checked_log fresh = {log->ca_id, log->log_number, array_of(sizeof(struct checked_landmark), TRUST_BUNDLE_LANDMARKS_PER_LOG_MAX)};
    return array_insert(&w->checked, w->checked.count, &fresh, "logs", NULL) == STATUS_OK ? array_at(&w->checked, w->checked.count - 1)
                                                                                         : NULL;
}

void watcher_clear_checked(struct bundle_watcher *w)
{
    for (size_t i = 0; i < w->checked.count; i++)
        array_clear(&((struct checked_log *)array_at(&w->checked, i))->landmarks);
    array_clear(&w->checked);
}

static uint64_t size_before(const struct bundle_watcher *w, const struct trust_bundle_log *log, size_t i)
{
    return i == 0 ? log->size_before : trust_bundle_landmark_at(&w->bundle, log, i - 1)->tree_size;
}

/* What can be held against the tree: where the subtrees are, and what they hash to. */
static bool describe(const struct bundle_watcher *w, const struct trust_bundle_log *log, size_t i, struct checked_landmark *out)
{
    const struct trust_bundle_landmark *l = trust_bundle_landmark_at(&w->bundle, log, i);
    uint8_t memory[2 * sizeof(uint64_t) + 2 * HASH_SIZE];
    struct subtree cover[2];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    builder_u64(&b, size_before(w, log, i));
    builder_u64(&b, l->tree_size);
    subtree_cover(size_before(w, log, i), l->tree_size, cover);
    for (size_t k = 0; k < 2; k++)
        if (subtree_size(cover[k]) > 0)
            builder_bytes(&b, BYTES_OF(l->hashes[k]));
    struct bytes whole = builder_view(&b);
    out->number = log->first_landmark + i;
    return hash_label_sha256(&whole, 1, out->digest);
}

static int compare_number(const void *key, const void *item)
{
    const struct checked_landmark *a = key, *b = item;
    return a->number < b->number ? -1 : a->number > b->number;
}

static bool is_checked(const struct checked_log *checked, const struct checked_landmark *landmark)
{
    size_t at;
    return array_find(&checked->landmarks, landmark, compare_number, &at) &&
           memcmp(((const struct checked_landmark *)array_at(&checked->landmarks, at))->digest, landmark->digest, HASH_SIZE) == 0;
}

/* In place of what it was before; what is older than the version's first one goes. Without memory
 * all are looked at again. */
static void note_checked(struct checked_log *checked, const struct trust_bundle_log *log, const struct checked_landmark *landmark)
{
    struct checked_landmark *items = checked->landmarks.items;
    size_t at, old = 0;
    while (old < checked->landmarks.count && items[old].number < log->first_landmark)
        old++;
    if (old > 0) {
        memmove(items, items + old, (checked->landmarks.count - old) * sizeof *items);
        checked->landmarks.count -= old;
    }
    if (array_find(&checked->landmarks, landmark, compare_number, &at))
        memcpy(array_at(&checked->landmarks, at), landmark, sizeof *landmark);
    else if (array_insert(&checked->landmarks, at, landmark, "landmarks", NULL) != STATUS_OK)
        checked->landmarks.count = 0;
}

/* One landmark: STATUS_CONFLICT when the log's tree has other hashes. */
static enum status check_landmark(struct bundle_watcher *w, const struct trust_bundle_log *log, size_t i, struct error *err)
{
    const struct trust_bundle_landmark *l = trust_bundle_landmark_at(&w->bundle, log, i);
    struct subtree cover[2];
    enum status worst = STATUS_OK;
    subtree_cover(size_before(w, log, i), l->tree_size, cover);
    for (size_t k = 0; k < 2; k++) {
        uint8_t hash[HASH_SIZE];
        if (subtree_size(cover[k]) == 0)
            continue;
        enum status s = tile_set_evaluate(&w->tiles, cover[k], w->log.root, hash, NULL, err);
        if (s == STATUS_OK && memcmp(hash, l->hashes[k], HASH_SIZE) != 0)
            s = STATUS_CONFLICT;
        worst = worst == STATUS_OK || s == STATUS_CONFLICT ? s : worst;
    }
    return worst;
}

/* Is it to be looked at? Not when it was, as it is; and our follower may be behind: then in a later round. */
static bool is_to_check(const struct bundle_watcher *w, const struct trust_bundle_log *log, size_t i, const struct checked_log *checked,
                        struct checked_landmark *out)
{
    return trust_bundle_landmark_at(&w->bundle, log, i)->tree_size <= w->log.size && describe(w, log, i, out) && !is_checked(checked, out);
}

static void ask_log_tree(struct bundle_watcher *w)
{
    const struct trust_bundle_log *log = trust_bundle_log_at(&w->bundle, w->log_at);
    struct checked_log *checked = checked_of(w, log);
    struct checked_landmark landmark;
    struct error err = {.status = STATUS_OK};
    bool is_missing = false;
    char id[TAI_TEXT_SIZE];
    tai_text(&log->ca_id, id);
    for (size_t i = 0; checked != NULL && i < log->landmark_count; i++) {
        if (!is_to_check(w, log, i, checked, &landmark))
            continue;
        enum status s = check_landmark(w, log, i, &err);
        is_missing = is_missing || s == STATUS_AGAIN;
        if (s == STATUS_CONFLICT)
            watcher_find(w, FINDING_VERSION_LANDMARK, w->config.url, bytes_of(NULL, 0),
                         "version %llu has landmark %llu of log %u of %s with hashes that the log does not have",
                         (unsigned long long)w->version, (unsigned long long)landmark.number, log->log_number, id);
        if (s == STATUS_OK || s == STATUS_CONFLICT)
            note_checked(checked, log, &landmark);
    }
    if (is_missing) {
        watcher_fetch_tiles(w);
        return;
    }
    watcher_end_tree(w);
    w->log_at++;
    next_log(w);
}

/* A log that is away keeps nobody from looking at the others; its landmarks are looked at in a later round. */
static void skip_log(struct bundle_watcher *w, enum status status, const struct error *err)
{
    (void)status;
    (void)err;
    w->log_at++;
    next_log(w);
}

static bool has_new(struct bundle_watcher *w, const struct trust_bundle_log *log)
{
    const struct checked_log *checked = checked_of(w, log);
    struct checked_landmark landmark;
    bool is_found = false;
    for (size_t i = 0; checked != NULL && !is_found && i < log->landmark_count; i++)
        is_found = is_to_check(w, log, i, checked, &landmark);
    return is_found;
}

static void next_log(struct bundle_watcher *w)
{
    struct error err = {.status = STATUS_OK};
    for (; w->log_at < w->bundle.logs.count; w->log_at++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(&w->bundle, w->log_at);
        bool is_followed = w->callbacks.log_head != NULL && w->callbacks.log_head(w->cookie, &log->ca_id, log->log_number, &w->log) &&
                           w->log.size > 0;
        if (!is_followed || !has_new(w, log))
            continue;
        if (watcher_begin_tree(w, w->log.url, w->log.hash, w->log.size, ask_log_tree, skip_log, &err) != STATUS_OK) {
            watcher_end_round(w, err.status, &err);
            return;
        }
        ask_log_tree(w);
        return;
    }
    watcher_end_round(w, STATUS_OK, &err);
}

void watcher_check_landmarks(struct bundle_watcher *w)
{
    struct error err = {.status = STATUS_OK};
    w->log_at = 0;
    if (w->newest.len == 0) {
        watcher_end_round(w, STATUS_OK, &err);
        return;
    }
    trust_bundle_init(&w->bundle);
    w->has_bundle = true;
    if (trust_bundle_parse(builder_view(&w->newest), &w->bundle, &err) != STATUS_OK)
        watcher_end_round(w, err.status, &err);
    else
        next_log(w);
}
