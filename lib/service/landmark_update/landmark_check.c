#include "service/landmark_update/landmark_check.h"

#include <string.h>

#include "codec/note/note.h"
#include "rules/checkpoint_trust.h"

enum status landmark_check_parse(struct bytes note, struct checkpoint *out, struct error *err)
{
    struct note parsed;
    enum status s = note_parse(note, &parsed, err);
    return s == STATUS_OK ? checkpoint_parse(parsed.text, out, err) : s;
}

enum status landmark_check_checkpoint(const struct landmark_update_log *log, struct bytes note, struct checkpoint *out,
                                      struct error *err)
{
    uint64_t timestamp_s;
    return checkpoint_trust_check(log->store, log->ca, log->log_number, note, out, &timestamp_s, err);
}

/* ---- against what is held ---- */

enum status landmark_check_size(const struct checkpoint *held, const struct checkpoint *now, struct error *err)
{
    if (now->size < held->size)
        return error_set(err, STATUS_REFUSED, "checkpoint: %llu entries, and %llu were there before: a log never shrinks",
                         (unsigned long long)now->size, (unsigned long long)held->size);
    if (held->size > 0 && now->size == held->size && memcmp(now->root, held->root, HASH_SIZE) != 0)
        return error_set(err, STATUS_CONFLICT, "the log has signed two roots of %llu entries", (unsigned long long)now->size);
    return STATUS_OK;
}

const struct trust_bundle_landmark *landmark_check_held(const struct landmark_update_log *log, uint64_t number, uint64_t *before)
{
    if (log->held == NULL || log->held->logs.count == 0)
        return NULL;
    const struct trust_bundle_log *held = trust_bundle_log_at(log->held, 0);
    if (held->landmark_count == 0 || number < held->first_landmark || number - held->first_landmark >= held->landmark_count)
        return NULL;
    size_t i = (size_t)(number - held->first_landmark);
    *before = i == 0 ? held->size_before : trust_bundle_landmark_at(log->held, held, i - 1)->tree_size;
    return trust_bundle_landmark_at(log->held, held, i);
}

static uint64_t newest_held(const struct landmark_update_log *log)
{
    if (log->held == NULL || log->held->logs.count == 0)
        return 0;
    const struct trust_bundle_log *held = trust_bundle_log_at(log->held, 0);
    return held->landmark_count == 0 ? 0 : held->first_landmark + held->landmark_count - 1;
}

enum status landmark_check_list(const struct landmark_update_log *log, const struct landmarks *list,
                                const struct checkpoint *checkpoint, struct error *err)
{
    if (list->format != LANDMARKS_WITH_EXPIRY)
        return error_set(err, STATUS_REFUSED, "landmarks: of a draft before -06, without expiries: nobody could say how long they hold");
    if (list->at[0].tree_size > checkpoint->size)
        return error_set(err, STATUS_REFUSED, "landmarks: the newest is at %llu entries, and the checkpoint has %llu",
                         (unsigned long long)list->at[0].tree_size, (unsigned long long)checkpoint->size);
    if (list->latest < newest_held(log))
        return error_set(err, STATUS_REFUSED, "landmarks: the newest is %llu, and %llu was there before",
                         (unsigned long long)list->latest, (unsigned long long)newest_held(log));
    for (size_t i = 0; i < list->count && i <= list->latest; i++) {
        uint64_t number = list->latest - i, before;
        const struct trust_bundle_landmark *held = landmark_check_held(log, number, &before);
        bool is_before_right = i + 1 >= list->count || held == NULL || list->at[i + 1].tree_size == before;
        if (held != NULL &&
            (held->tree_size != list->at[i].tree_size || held->expiry_s != list->at[i].expiry_s || !is_before_right))
            return error_set(err, STATUS_REFUSED, "landmarks: number %llu has another size or expiry than before",
                             (unsigned long long)number);
    }
    return STATUS_OK;
}
