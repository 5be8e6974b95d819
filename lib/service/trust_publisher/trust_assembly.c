#include "service/trust_publisher/trust_assembly.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is revoked ---- */

static int compare_range(const void *a, const void *b)
{
    const struct trust_bundle_revoked *x = a, *y = b;
    int order = tai_compare(&x->ca_id, &y->ca_id);
    if (order != 0)
        return order;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

/* In place: ranges of one CA that touch are one. */
static void merge(struct array *ranges)
{
    struct trust_bundle_revoked *at = ranges->items;
    size_t kept = 0;
    if (ranges->count > 1)
        qsort(at, ranges->count, sizeof *at, compare_range);
    for (size_t i = 0; i < ranges->count; i++) {
        struct trust_bundle_revoked *last = kept > 0 ? &at[kept - 1] : NULL;
        bool touches = last != NULL && tai_equal(&last->ca_id, &at[i].ca_id) &&
                       (at[i].first <= last->last || at[i].first - 1 == last->last);
        if (!touches)
            at[kept++] = at[i];
        else if (at[i].last > last->last)
            last->last = at[i].last;
    }
    ranges->count = kept;
}

static size_t end_of_ca(const struct array *ranges, size_t first)
{
    const struct trust_bundle_revoked *at = ranges->items;
    size_t end = first + 1;
    while (end < ranges->count && tai_equal(&at[end].ca_id, &at[first].ca_id))
        end++;
    return end;
}

/* Joins every second range of the CA that has the most with the one before it, in the same log. Ranges are merged. */
static size_t join_some(struct array *ranges)
{
    struct trust_bundle_revoked *at = ranges->items;
    size_t first = 0, count = 0;
    for (size_t i = 0, end; i < ranges->count; i = end) {
        end = end_of_ca(ranges, i);
        if (end - i > count) {
            first = i;
            count = end - i;
        }
    }
    size_t kept = first, end = first + count;
    for (size_t i = first; i < end; i++) {
        bool has_next = i + 1 < end && at[i].first >> 48 == at[i + 1].first >> 48;
        at[kept] = at[i];
        if (has_next)
            at[kept].last = at[++i].last;
        kept++;
    }
    memmove(&at[kept], &at[end], (ranges->count - end) * sizeof *at);
    ranges->count -= end - kept;
    return end - kept;
}

/* What is there fits into a bundle before and after it, but not in between: a log holds no more than a bundle does. */
static enum status add_ranges(struct trust_assembly *a, const struct array *from, struct array *to, struct error *err)
{
    enum status s = STATUS_OK;
    to->max = 2 * (size_t)TRUST_BUNDLE_REVOKED_MAX;
    for (size_t i = 0; s == STATUS_OK && i < from->count; i++)
        s = array_insert(to, to->count, array_at(from, i), "revoked ranges", err);
    if (s == STATUS_OK && to->count > TRUST_BUNDLE_REVOKED_MAX)
        merge(to);
    while (s == STATUS_OK && to->count > TRUST_BUNDLE_REVOKED_MAX) {
        size_t joined = join_some(to);
        a->joined_count += joined;
        if (joined == 0)
            s = error_set(err, STATUS_LIMIT, "more than %d revoked ranges, each in a log of its own", TRUST_BUNDLE_REVOKED_MAX);
    }
    return s;
}

/* ---- logs ---- */

size_t trust_assembly_share(size_t ca_count)
{
    size_t share = TRUST_ASSEMBLY_LANDMARKS / (ca_count > 0 ? ca_count : 1);
    return share > TRUST_ASSEMBLY_LANDMARKS_OF_CA_MIN ? share : TRUST_ASSEMBLY_LANDMARKS_OF_CA_MIN;
}

/* How many of a log's landmarks come first and are left out: those that have expired (expiries never descend), then the oldest ones
 * beyond `most`. */
static size_t count_skipped(struct trust_assembly *a, const struct trust_bundle *from, const struct trust_bundle_log *log, size_t most)
{
    size_t skipped = 0;
    while (skipped < log->landmark_count && trust_bundle_landmark_at(from, log, skipped)->expiry_s < a->issued_s)
        skipped++;
    if (log->landmark_count - skipped <= most)
        return skipped;
    a->left_out_count += log->landmark_count - skipped - most;
    return log->landmark_count - most;
}

/* The last of a list's landmarks, `most` at most, behind the others of the bundle. */
static enum status add_landmarks(struct trust_assembly *a, const struct trust_bundle *from, struct trust_bundle_log *log, size_t most,
                                 struct array *to, struct error *err)
{
    const struct trust_bundle_log own = *log;
    size_t skipped = count_skipped(a, from, &own, most);
    enum status s = STATUS_OK;
    log->landmark_first = to->count;
    log->landmark_count = own.landmark_count - skipped;
    log->first_landmark += skipped;
    if (skipped > 0)
        log->size_before = trust_bundle_landmark_at(from, &own, skipped - 1)->tree_size;
    for (size_t i = skipped; s == STATUS_OK && i < own.landmark_count; i++)
        s = array_insert(to, to->count, trust_bundle_landmark_at(from, &own, i), "landmarks", err);
    if (log->landmark_count == 0)
        log->first_landmark = log->size_before = log->landmark_first = 0;
    return s;
}

struct log_key {
    const struct tai *ca_id;
    uint16_t log_number;
};

static int compare_log(const void *key, const void *item)
{
    const struct log_key *k = key;
    const struct trust_bundle_log *log = item;
    int order = tai_compare(k->ca_id, &log->ca_id);
    return order != 0 ? order : (int)k->log_number - (int)log->log_number;
}

static bool has_ca(const struct trust_bundle *b, const struct tai *ca_id)
{
    for (size_t i = 0; i < b->cas.count; i++)
        if (tai_equal(&trust_bundle_ca_at(b, i)->id, ca_id))
            return true;
    return false;
}

/* *left is how many landmarks the CA may still have. */
static enum status add_log(struct trust_assembly *a, struct trust_bundle *bundle, const struct trust_state_log *held, size_t *left,
                           struct error *err)
{
    struct trust_bundle_log log = *trust_bundle_log_at(&held->bundle, 0);
    const struct log_key key = {&log.ca_id, log.log_number};
    size_t at;
    enum status s = add_landmarks(a, &held->bundle, &log, *left, &bundle->landmarks, err);
    *left -= log.landmark_count;
    if (s == STATUS_OK)
        s = add_ranges(a, &held->bundle.revoked, &bundle->revoked, err);
    if (s != STATUS_OK || (log.landmark_count == 0 && log.minimum_index == 0))
        return s;
    if (!array_find(&bundle->logs, &key, compare_log, &at))
        return array_insert(&bundle->logs, at, &log, "logs", err);
    struct trust_bundle_log *known = array_at(&bundle->logs, at); /* the registry's, for its minimum index */
    if (log.minimum_index < known->minimum_index)
        log.minimum_index = known->minimum_index;
    *known = log;
    return STATUS_OK;
}

/* ---- all ---- */

static enum status fill(struct trust_assembly *a, struct trust_bundle *bundle, struct error *err)
{
    enum status s = add_ranges(a, &a->registry->revoked, &bundle->revoked, err);
    for (size_t i = 0; s == STATUS_OK && i < a->registry->logs.count; i++)
        s = array_insert(&bundle->logs, i, trust_bundle_log_at(a->registry, i), "logs", err);
    /* By CA and number, from the end: newer logs come before older ones. */
    size_t left = 0;
    const struct tai *ca_id = NULL;
    for (size_t i = a->state->logs.count; s == STATUS_OK && i > 0; i--) {
        const struct trust_state_log *held = trust_state_at(a->state, i - 1);
        if (!has_ca(a->registry, &held->ca_id))
            continue;
        if (ca_id == NULL || !tai_equal(ca_id, &held->ca_id))
            left = trust_assembly_share(a->registry->cas.count);
        ca_id = &held->ca_id;
        s = add_log(a, bundle, held, &left, err);
    }
    merge(&bundle->revoked);
    return s;
}

enum status trust_assembly_write(struct trust_assembly *a, struct builder *out, struct error *err)
{
    /* Everything but these arrays is the registry's. */
    struct trust_bundle bundle = *a->registry, own;
    trust_bundle_init(&own);
    bundle.version = a->version;
    bundle.issued_s = a->issued_s;
    bundle.expires_s = a->expires_s;
    bundle.revoked = own.revoked;
    bundle.logs = own.logs;
    bundle.landmarks = own.landmarks;
    enum status s = fill(a, &bundle, err);
    if (s == STATUS_OK)
        s = trust_bundle_write(&bundle, out, err);
    a->landmark_count = bundle.landmarks.count;
    a->revoked_count = bundle.revoked.count;
    array_clear(&bundle.revoked);
    array_clear(&bundle.logs);
    array_clear(&bundle.landmarks);
    return s;
}
