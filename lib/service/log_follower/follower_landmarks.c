/* The landmarks of an issuance log: what is published stays, and never lies beyond the tree [MTC 6.4]. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "service/log_follower/follower_internal.h"

static void on_landmarks(void *cookie, struct get *g)
{
    struct log_follower *f = cookie;
    builder_reset(&f->new_landmarks);
    if (g->status == STATUS_OK)
        builder_bytes(&f->new_landmarks, builder_view(&g->body));
    follower_step_done(f);
}

void follower_landmarks_begin(struct log_follower *f)
{
    struct error err;
    builder_reset(&f->new_landmarks);
    if (f->log.kind == LOG_KIND_MTC && follower_get_start(f, &f->sources[0], "landmarks", "landmarks", LANDMARKS_SIZE_MAX, true,
                                                          on_landmarks, f, &err) == STATUS_OK)
        return;
    follower_step_done(f);
}

/* *id and text say what is wrong between two lists. */
static bool differs(const struct landmarks *before, const struct landmarks *now, enum finding_id *id, char *text, size_t size)
{
    *id = FINDING_BAD_LANDMARKS;
    if (now->latest < before->latest) {
        (void)snprintf(text, size, "the newest is %" PRIu64 ", and %" PRIu64 " was there before", now->latest, before->latest);
        return true;
    }
    for (size_t i = 0; i < now->count && i <= now->latest; i++) {
        uint64_t number = now->latest - i;
        if (number > before->latest || before->latest - number >= before->count)
            continue;
        const struct landmark *was = &before->at[before->latest - number], *is = &now->at[i];
        if (was->tree_size == is->tree_size && was->expiry_s == is->expiry_s)
            continue;
        *id = FINDING_LANDMARK_CHANGED;
        (void)snprintf(text, size, "landmark %" PRIu64 " was at %" PRIu64 " until %" PRId64 ", and now is at %" PRIu64 " until %" PRId64,
                       number, was->tree_size, was->expiry_s, is->tree_size, is->expiry_s);
        return true;
    }
    return false;
}

static bool is_wrong(struct log_follower *f, struct landmarks *now, struct landmarks *before, enum finding_id *id, char *text,
                     size_t size)
{
    struct error err;
    *id = FINDING_BAD_LANDMARKS;
    if (landmarks_parse(builder_view(&f->new_landmarks), follower_now_ms(f) / 1000, now, &err) != STATUS_OK) {
        (void)snprintf(text, size, "%.200s", err.text);
        return true;
    }
    if (now->at[0].tree_size > f->trusted.size) {
        (void)snprintf(text, size, "landmark %" PRIu64 " is at %" PRIu64 " entries, and the tree head has %" PRIu64, now->latest,
                       now->at[0].tree_size, f->trusted.size);
        return true;
    }
    /* What was good once is read as of no time: it may have no expired landmark any more. */
    return f->landmarks.len > 0 && landmarks_parse(builder_view(&f->landmarks), INT64_MAX, before, &err) == STATUS_OK &&
           differs(before, now, id, text, size);
}

void follower_landmarks_judge(struct log_follower *f)
{
    char text[FOLLOWER_TEXT_MAX];
    enum finding_id id;
    if (f->new_landmarks.len == 0 || !f->trusted.is_there || f->round_status != STATUS_OK ||
        bytes_equal(builder_view(&f->new_landmarks), builder_view(&f->landmarks)))
        return;
    struct landmarks *both = calloc(2, sizeof *both);
    if (both == NULL)
        return;
    if (is_wrong(f, &both[0], &both[1], &id, text, sizeof text)) {
        follower_report(f, &(struct report){.id = id, .text = text});
    } else {
        builder_reset(&f->landmarks);
        builder_bytes(&f->landmarks, builder_view(&f->new_landmarks));
        f->is_dirty = true;
    }
    free(both);
}
