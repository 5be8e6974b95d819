#include "service/landmark_update/landmark_check.h"

#include <string.h>

#include "codec/note/checkpoint_verify.h"

/* ---- who has signed ---- */

struct signatures {
    const struct note *note;
    const struct checkpoint *checkpoint;
    const struct trust_store *store;
};

static enum status verify(const struct signatures *s, const struct tai *id, const struct public_key *key, struct error *err)
{
    char name[TAI_NAME_SIZE];
    tai_name(id, name);
    struct checkpoint_verifier verifier = {
        .name = bytes_of_text(name), .type = (enum note_key_type)public_key_alg(key)->note_type, .key = key};
    return checkpoint_verify(s->note, s->checkpoint, &verifier, err);
}

static bool has_signed(const void *context, const struct tai *id)
{
    const struct signatures *s = context;
    struct error err;
    size_t number;
    const struct trust_cosigner *c = trust_store_find_cosigner(s->store, tai_bytes(id), &number);
    return c != NULL && verify(s, id, c->key, &err) == STATUS_OK;
}

/* Too few have signed: a cosignature that is wrong is never right, while one that is not there may come. */
static enum status tell_shortage(const struct trust_requirement *required, size_t good, const struct signatures *signatures,
                                 struct error *err)
{
    for (size_t i = 0; i < required->count; i++) {
        size_t number;
        const struct trust_cosigner *c = trust_store_find_cosigner(signatures->store, tai_bytes(&required->ids[i]), &number);
        enum status s = c != NULL ? verify(signatures, &required->ids[i], c->key, err) : STATUS_NOT_FOUND;
        if (s == STATUS_NO_MEMORY)
            return s;
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return error_prefix(err, STATUS_REFUSED, "checkpoint: signature of a cosigner");
    }
    return error_set(err, STATUS_AGAIN,
                     "checkpoint: the cosigner policy is not satisfied yet: %zu of %zu cosigners have signed, %zu are required", good,
                     required->count, required->needed);
}

static enum status check_requirements(const struct landmark_update_log *log, const struct signatures *signatures, struct error *err)
{
    size_t count;
    const struct trust_requirement *required = trust_store_requirements(log->store, &count);
    for (size_t i = 0; i < count; i++) {
        if (!trust_requirement_is_for(&required[i], &log->ca->id))
            continue;
        size_t good = trust_store_count_signed(&required[i], has_signed, signatures);
        if (good < required[i].needed)
            return tell_shortage(&required[i], good, signatures, err);
    }
    return STATUS_OK;
}

enum status landmark_check_parse(struct bytes note, struct checkpoint *out, struct error *err)
{
    struct note parsed;
    enum status s = note_parse(note, &parsed, err);
    return s == STATUS_OK ? checkpoint_parse(parsed.text, out, err) : s;
}

static enum status check_origin(const struct landmark_update_log *log, const struct checkpoint *checkpoint, struct error *err)
{
    struct tai id;
    char origin[TAI_NAME_SIZE];
    enum status s = tai_log_id(&log->ca->id, log->log_number, &id, err);
    if (s != STATUS_OK)
        return s;
    tai_name(&id, origin);
    if (!bytes_is_text(checkpoint->origin, origin))
        return error_set(err, STATUS_REFUSED, "checkpoint: of another log than %s", origin);
    if (checkpoint->size > TRUST_BUNDLE_U48_MAX)
        return error_set(err, STATUS_REFUSED, "checkpoint: larger than a log can be");
    return STATUS_OK;
}

enum status landmark_check_checkpoint(const struct landmark_update_log *log, struct bytes note, struct checkpoint *out,
                                      struct error *err)
{
    struct note parsed;
    struct signatures signatures = {&parsed, out, log->store};
    enum status s = note_parse(note, &parsed, err);
    if (s == STATUS_OK)
        s = checkpoint_parse(parsed.text, out, err);
    if (s == STATUS_OK)
        s = check_origin(log, out, err);
    if (s != STATUS_OK)
        return s;
    s = verify(&signatures, &log->ca->id, log->ca->key, err);
    if (s == STATUS_NO_MEMORY)
        return s;
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_REFUSED, "checkpoint: signature of the CA");
    return check_requirements(log, &signatures, err);
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
