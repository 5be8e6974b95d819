/* The landmark sequence [MTC 6.4]. The list as of landmark N is the private object landmarks/<N>, put
 * and synced before the record names N, and published after: a landmark that somebody has seen is in
 * the record, and is never another one later. */
#include <inttypes.h>

#include "log_engine/log_internal.h"

static int64_t now_s(const struct log_engine *log)
{
    return log->config.clock.now_ms(log->config.clock.context) / 1000;
}

static enum status get_list(struct log_engine *log, uint64_t number, struct builder *out,
                            struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    char path[OBJECT_PATH_SIZE];
    object_path(FOLDER_LANDMARKS, number, path);
    enum status status = store->get(store->context, path, out, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    return error_set(err, STATUS_NOT_FOUND, "%s is missing", path);
}

enum status log_read_landmarks(struct log_engine *log, uint64_t number, struct landmarks *out,
                               struct error *err)
{
    landmarks_init(out);
    if (number == 0)
        return STATUS_OK;
    struct builder text;
    builder_init(&text, LANDMARKS_SIZE_MAX);
    enum status status = get_list(log, number, &text, err);
    /* A list that was right once stays right: the clock has no say in it. */
    if (status == STATUS_OK)
        status = landmarks_parse(builder_view(&text), INT64_MAX, out, err);
    if (status == STATUS_MALFORMED || (status == STATUS_OK && out->latest != number))
        status = error_set(err, STATUS_REFUSED, "the list of landmark %" PRIu64 " is damaged: restore it from a mirror or a backup, then run fsck",
                           number);
    builder_clear(&text);
    return status;
}

bool log_landmarks_agree(const struct landmarks *a, const struct landmarks *b)
{
    const struct landmarks *newer = a->latest >= b->latest ? a : b, *older = newer == a ? b : a;
    uint64_t ahead = newer->latest - older->latest;
    for (size_t i = 0; i < older->count && ahead + i < newer->count; i++)
        if (newer->at[ahead + i].tree_size != older->at[i].tree_size ||
            newer->at[ahead + i].expiry_s != older->at[i].expiry_s)
            return false;
    return true;
}

/* What was published is what relying parties hold: the log goes on from it, or not at all. */
static enum status check_published(struct log_engine *log, struct bytes text, struct error *err)
{
    struct landmarks *published = &log->old_landmarks;
    /* Torn: a crash can do that, and the list of the record is published again. */
    if (landmarks_parse(text, INT64_MAX, published, NULL) != STATUS_OK)
        return STATUS_OK;
    /* A reader may have looked at the record before the writer went on. */
    if (published->latest > log->landmarks.latest && !log->config.is_read_only)
        return error_set(err, STATUS_REFUSED,
                         "landmark %" PRIu64 " is published, the record knows %" PRIu64 ": the record is an old "
                         "copy; restore the newest, or open the next log number",
                         published->latest, log->landmarks.latest);
    if (!log_landmarks_agree(published, &log->landmarks))
        return error_set(err, STATUS_REFUSED,
                         "the published landmarks contradict landmarks/ of the log: restore the one of them that "
                         "is damaged (the published list may be removed, it is written again)");
    return STATUS_OK;
}

static enum status write_list(const struct landmarks *landmarks, struct builder *out,
                              struct error *err)
{
    enum status status = landmarks_write(landmarks, out, err);
    return status == STATUS_OK ? builder_status(out, "landmarks", err) : status;
}

/* Publishes the list if another one is published, or none. */
static enum status publish(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct builder want, have;
    builder_init(&want, LANDMARKS_SIZE_MAX);
    builder_init(&have, LANDMARKS_SIZE_MAX);
    enum status status = write_list(&log->landmarks, &want, err);
    if (status == STATUS_OK) {
        enum status found = store->get(store->context, OBJECT_LANDMARKS, &have, err);
        bool is_same = found == STATUS_OK && bytes_equal(builder_view(&have), builder_view(&want));
        if (found == STATUS_IO || found == STATUS_NO_MEMORY)
            status = found;
        else if (found == STATUS_OK && !is_same)
            status = check_published(log, builder_view(&have), err);
        if (status == STATUS_OK && !is_same)
            status = store->put(store->context, OBJECT_LANDMARKS, builder_view(&want), err);
        if (status == STATUS_OK && !is_same)
            status = store->sync(store->context, err);
    }
    builder_clear(&want);
    builder_clear(&have);
    return status;
}

static enum status look_at_published(struct log_engine *log, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct builder have;
    builder_init(&have, LANDMARKS_SIZE_MAX);
    enum status status = STATUS_OK;
    if (store->get(store->context, OBJECT_LANDMARKS, &have, NULL) == STATUS_OK)
        status = check_published(log, builder_view(&have), err);
    builder_clear(&have);
    return status;
}

enum status log_load_landmarks(struct log_engine *log, struct error *err)
{
    if (!log_has_landmarks(log))
        return STATUS_OK;
    enum status status = log_read_landmarks(log, log->record.landmark, &log->landmarks, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_REFUSED, "the list of landmark %" PRIu64 " is missing: restore it "
                         "from a backup, or from the published list", log->record.landmark);
    if (status != STATUS_OK)
        return status;
    return log->config.is_read_only ? look_at_published(log, err) : publish(log, err);
}

const struct landmarks *log_landmarks(const struct log_engine *log)
{
    return &log->landmarks;
}

static enum status put_list(struct log_engine *log, const struct landmarks *next,
                            struct error *err)
{
    const struct object_store *store = &log->config.private_store;
    struct builder text;
    char path[OBJECT_PATH_SIZE];
    object_path(FOLDER_LANDMARKS, next->latest, path);
    builder_init(&text, LANDMARKS_SIZE_MAX);
    enum status status = write_list(next, &text, err);
    if (status == STATUS_OK)
        status = store->put(store->context, path, builder_view(&text), err);
    if (status == STATUS_OK)
        status = store->sync(store->context, err);
    builder_clear(&text);
    return status;
}

static enum status allocate(struct log_engine *log, const struct landmarks *next,
                            struct error *err)
{
    enum status status = put_list(log, next, err);
    if (status == STATUS_OK) {
        struct log_record record = log->record;
        record.landmark = next->latest;
        status = log_swap_record(log, &record, err);
    }
    if (status == STATUS_OK) {
        log->landmarks = *next;
        status = publish(log, err);
    }
    return status == STATUS_OK ? STATUS_OK : log_die(log, status, err);
}

enum status log_allocate_landmark(struct log_engine *log, int64_t lifetime_s, bool *is_new,
                                  struct error *err)
{
    *is_new = false;
    enum status status = log_check_writable(log, err);
    if (status == STATUS_OK && !log_has_landmarks(log))
        status = error_set(err, STATUS_USAGE, "a %s log has no landmarks", log_is_ct(log) ? "CT" : "plain");
    if (status != STATUS_OK)
        return status;
    int64_t now = now_s(log);
    if (lifetime_s < 0 || lifetime_s > INT64_MAX - now)
        return error_set(err, STATUS_USAGE, "a lifetime of %" PRId64 " seconds", lifetime_s);
    uint64_t size = log_quorum_size(log);
    if (size <= log->landmarks.at[0].tree_size)
        return STATUS_OK;
    struct landmark landmark = {.tree_size = size, .expiry_s = now + lifetime_s};
    /* At least the notAfter of every entry, and not before the last landmark [MTC 6.4.1]. */
    if (landmark.expiry_s < (int64_t)log->record.max_not_after_s)
        landmark.expiry_s = (int64_t)log->record.max_not_after_s;
    if (landmark.expiry_s < log->landmarks.at[0].expiry_s)
        landmark.expiry_s = log->landmarks.at[0].expiry_s;
    struct landmarks next = log->landmarks;
    status = landmarks_add(&next, landmark, now, err);
    if (status == STATUS_OK)
        status = allocate(log, &next, err);
    *is_new = status == STATUS_OK;
    return status;
}
