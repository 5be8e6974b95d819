#include "service/landmark_update/revocation_check.h"

#include <stdlib.h>

/* ---- judging ---- */

static bool is_same_text(struct bytes a, struct bytes b)
{
    struct note *notes = calloc(2, sizeof *notes);
    bool is_same = notes != NULL && note_parse(a, &notes[0], NULL) == STATUS_OK && note_parse(b, &notes[1], NULL) == STATUS_OK &&
                   bytes_equal(notes[0].text, notes[1].text);
    free(notes);
    return is_same;
}

static enum status check_against_held(const struct landmark_update_log *log, struct bytes file, const struct revocations *now,
                                      struct error *err)
{
    struct revocations held;
    uint64_t minimum = log->held != NULL ? trust_bundle_log_at(log->held, 0)->minimum_index : 0;
    if (now->minimum_index < minimum)
        return error_set(err, STATUS_REFUSED, "revocations: minimum index %llu, and %llu was there before",
                         (unsigned long long)now->minimum_index, (unsigned long long)minimum);
    if (log->held_revocations.len == 0)
        return STATUS_OK;
    revocations_init(&held);
    enum status s = revocation_check_read(log->held_revocations, &held, err);
    if (s == STATUS_OK && now->sequence < held.sequence)
        s = error_set(err, STATUS_REFUSED, "revocations: file %llu, and %llu was there before", (unsigned long long)now->sequence,
                      (unsigned long long)held.sequence);
    else if (s == STATUS_OK && now->sequence == held.sequence && !is_same_text(file, log->held_revocations))
        s = error_set(err, STATUS_REFUSED, "revocations: the CA has signed two files %llu", (unsigned long long)now->sequence);
    revocations_clear(&held);
    return s;
}

enum status revocation_check_file(const struct landmark_update_log *log, struct bytes file, int64_t now_s, struct revocations *out,
                                  struct error *err)
{
    struct tai id;
    char name[TAI_NAME_SIZE], origin[TAI_NAME_SIZE];
    tai_name(&log->ca->id, name);
    enum status s = tai_log_id(&log->ca->id, log->log_number, &id, err);
    if (s != STATUS_OK)
        return s;
    tai_name(&id, origin);
    s = revocations_read(file, bytes_of_text(name), log->ca->key, out, err);
    if (s != STATUS_OK)
        return s == STATUS_NO_MEMORY ? s : error_prefix(err, STATUS_REFUSED, "revocations");
    if (!bytes_is_text(out->origin, origin))
        return error_set(err, STATUS_REFUSED, "revocations: of another log than %s", origin);
    if (out->issued_s > now_s + REVOCATION_CHECK_SKEW_S)
        return error_set(err, STATUS_REFUSED, "revocations: issued more than a day in the future");
    if (out->minimum_index > TRUST_BUNDLE_U48_MAX)
        return error_set(err, STATUS_REFUSED, "revocations: the minimum index is larger than a log can be");
    return check_against_held(log, file, out, err);
}

enum status revocation_check_read(struct bytes file, struct revocations *out, struct error *err)
{
    struct note *note = calloc(1, sizeof *note);
    if (note == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = note_parse(file, note, err);
    if (s == STATUS_OK)
        s = revocations_parse_text(note->text, out, err);
    free(note);
    return s;
}

/* ---- what is held from now on ---- */

static int compare(const void *a, const void *b)
{
    const struct trust_bundle_revoked *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

/* In place: ranges that touch are one, and what lies below the first serial number that may be good is left out. */
static void merge(struct array *ranges, uint64_t minimum)
{
    struct trust_bundle_revoked *at = ranges->items;
    size_t kept = 0;
    if (ranges->count > 1)
        qsort(at, ranges->count, sizeof *at, compare);
    for (size_t i = 0; i < ranges->count; i++) {
        struct trust_bundle_revoked range = at[i];
        if (range.last < minimum)
            continue;
        if (range.first < minimum)
            range.first = minimum;
        /* No serial number is 0, for no log is; the last one of the last log has none behind it. */
        if (kept > 0 && range.first - 1 <= at[kept - 1].last)
            at[kept - 1].last = range.last > at[kept - 1].last ? range.last : at[kept - 1].last;
        else
            at[kept++] = range;
    }
    ranges->count = kept;
}

static enum status add(struct trust_bundle *bundle, uint64_t first, uint64_t last, struct error *err)
{
    struct trust_bundle_revoked range = {trust_bundle_log_at(bundle, 0)->ca_id, first, last};
    return array_insert(&bundle->revoked, bundle->revoked.count, &range, "revoked ranges", err);
}

enum status revocation_check_apply(const struct trust_bundle *held, struct bytes file, struct trust_bundle *bundle, struct error *err)
{
    struct trust_bundle_log *log = array_at(&bundle->logs, 0);
    uint64_t base = (uint64_t)log->log_number << 48;
    struct revocations now;
    enum status s = STATUS_OK;
    revocations_init(&now);
    if (file.len > 0)
        s = revocation_check_read(file, &now, err);
    if (held != NULL)
        log->minimum_index = trust_bundle_log_at(held, 0)->minimum_index;
    if (now.minimum_index > log->minimum_index)
        log->minimum_index = now.minimum_index;
    bundle->revoked.count = 0;
    for (size_t i = 0; s == STATUS_OK && held != NULL && i < held->revoked.count; i++)
        s = add(bundle, trust_bundle_revoked_at(held, i)->first, trust_bundle_revoked_at(held, i)->last, err);
    for (size_t i = 0; s == STATUS_OK && i < now.ranges.count; i++) {
        const struct revocation *range = array_at(&now.ranges, i);
        s = add(bundle, base + range->first, base + range->last, err);
    }
    if (s == STATUS_OK)
        merge(&bundle->revoked, base + log->minimum_index);
    revocations_clear(&now);
    return s;
}
