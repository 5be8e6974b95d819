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
    const struct checked_log fresh = {log->ca_id, log->log_number, 0};
    return array_insert(&w->checked, w->checked.count, &fresh, "logs", NULL) == STATUS_OK ? array_at(&w->checked, w->checked.count - 1)
                                                                                         : NULL;
}

static uint64_t newest_of(const struct trust_bundle_log *log)
{
    return log->landmark_count == 0 ? 0 : log->first_landmark + log->landmark_count - 1;
}

/* The first time the newest one alone: those before it are about to end. */
static size_t first_to_check(const struct trust_bundle_log *log, const struct checked_log *checked)
{
    if (checked->landmark == 0 || checked->landmark + 1 < log->first_landmark)
        return checked->landmark == 0 ? log->landmark_count - 1 : 0;
    return (size_t)(checked->landmark + 1 - log->first_landmark);
}

/* One landmark: STATUS_CONFLICT when the log's tree has other hashes. */
static enum status check_landmark(struct bundle_watcher *w, const struct trust_bundle_log *log, size_t i, struct error *err)
{
    const struct trust_bundle_landmark *l = trust_bundle_landmark_at(&w->bundle, log, i);
    uint64_t before = i == 0 ? log->size_before : trust_bundle_landmark_at(&w->bundle, log, i - 1)->tree_size;
    struct subtree cover[2];
    enum status worst = STATUS_OK;
    if (l->tree_size > w->log.size)
        return STATUS_OK; /* our follower is behind: the next round */
    subtree_cover(before, l->tree_size, cover);
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

static void ask_log_tree(struct bundle_watcher *w)
{
    const struct trust_bundle_log *log = trust_bundle_log_at(&w->bundle, w->log_at);
    struct checked_log *checked = checked_of(w, log);
    struct error err = {.status = STATUS_OK};
    bool is_missing = false;
    char id[TAI_TEXT_SIZE];
    tai_text(&log->ca_id, id);
    for (size_t i = checked != NULL ? first_to_check(log, checked) : log->landmark_count; i < log->landmark_count; i++) {
        enum status s = check_landmark(w, log, i, &err);
        is_missing = is_missing || s == STATUS_AGAIN;
        if (s == STATUS_CONFLICT)
            watcher_find(w, FINDING_VERSION_LANDMARK, w->config.url, bytes_of(NULL, 0),
                         "version %llu has landmark %llu of log %u of %s with hashes that the log does not have",
                         (unsigned long long)w->version, (unsigned long long)(log->first_landmark + i), log->log_number, id);
    }
    if (is_missing) {
        watcher_fetch_tiles(w);
        return;
    }
    for (size_t i = 0; checked != NULL && i < log->landmark_count; i++)
        if (trust_bundle_landmark_at(&w->bundle, log, i)->tree_size <= w->log.size)
            checked->landmark = log->first_landmark + i;
    watcher_end_tree(w);
    w->log_at++;
    next_log(w);
}

static void next_log(struct bundle_watcher *w)
{
    struct error err = {.status = STATUS_OK};
    for (; w->log_at < w->bundle.logs.count; w->log_at++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(&w->bundle, w->log_at);
        const struct checked_log *checked = checked_of(w, log);
        bool has_new = checked != NULL && newest_of(log) > checked->landmark;
        if (!has_new || w->callbacks.log_head == NULL ||
            !w->callbacks.log_head(w->cookie, &log->ca_id, log->log_number, &w->log) || w->log.size == 0)
            continue;
        if (watcher_begin_tree(w, w->log.url, w->log.hash, w->log.size, ask_log_tree, &err) != STATUS_OK) {
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
