/* Heads of mirrors, of other monitors, and older ones of the log itself: all have to be of one history with what is trusted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "service/log_follower/follower_internal.h"

static void next_other(struct log_follower *f);

void follower_other_add(struct log_follower *f, struct view *v, const char *from, struct source *source)
{
    bool is_known = f->other_count == FOLLOWER_VIEWS_MAX;
    for (size_t i = 0; i < f->other_count && !is_known; i++)
        is_known = f->others[i].source == source && view_is_same(&f->others[i].view, v);
    if (is_known) {
        view_clear(v);
        return;
    }
    struct other_view *o = &f->others[f->other_count++];
    *o = (struct other_view){.view = *v, .source = source};
    (void)snprintf(o->from, sizeof o->from, "%s", from);
    *v = (struct view){.is_there = false};
}

/* ---- contradictions ---- */

static void tell_two(struct log_follower *f, const struct view *ours, const struct other_view *o)
{
    char text[FOLLOWER_TEXT_MAX];
    struct builder evidence;
    builder_init(&evidence, EVIDENCE_SIZE_MAX);
    follower_write_two(f, EVIDENCE_TWO_ROOTS, ours, &o->view, NULL, bytes_of(NULL, 0), o->from, &evidence);
    (void)snprintf(text, sizeof text, "there are two signed tree heads of %" PRIu64 " entries with different roots", ours->size);
    follower_report(f, &(struct report){.id = FINDING_SPLIT_VIEW, .source = o->from, .is_of_anybody = o->source == NULL, .text = text,
                                        .evidence = builder_view(&evidence)});
    builder_clear(&evidence);
}

static void tell_part(struct log_follower *f, const struct other_view *o, const struct question *q)
{
    char text[FOLLOWER_TEXT_MAX];
    bool is_ours_larger = f->trusted.size > o->view.size;
    const struct view *part = is_ours_larger ? &o->view : &f->trusted, *tree = is_ours_larger ? &f->trusted : &o->view;
    struct builder evidence;
    builder_init(&evidence, EVIDENCE_SIZE_MAX);
    follower_write_two(f, EVIDENCE_NOT_A_PREFIX, part, tree, q->hash, builder_view(&q->proof), o->from, &evidence);
    (void)snprintf(text, sizeof text, "the tree of %" PRIu64 " entries that is signed here is no prefix of that of %" PRIu64 " there",
                   part->size, tree->size);
    follower_report(f, &(struct report){.id = FINDING_NOT_A_PREFIX, .source = o->from, .is_of_anybody = o->source == NULL, .text = text,
                                        .evidence = builder_view(&evidence)});
    builder_clear(&evidence);
}

/* ---- one after the other ---- */

static void forget(struct log_follower *f, bool is_kept)
{
    struct other_view *o = &f->others[f->other_at];
    if (is_kept) {
        f->other_at++;
        return;
    }
    view_clear(&o->view);
    f->other_count--;
    memmove(o, o + 1, (f->other_count - f->other_at) * sizeof *o);
    f->others[f->other_count] = (struct other_view){.source = NULL};
}

/* A tree that somebody has seen, and of which the log says nothing: a larger one waits until the log shows us one as large, a smaller
 * one until the log answers. When that takes too long, the log hides it. What may be pruned need not be answered. */
static bool is_waiting(struct log_follower *f, const struct other_view *o, const struct question *q)
{
    char text[FOLLOWER_TEXT_MAX];
    bool is_of_mirror = o->source != NULL && o->source->is_mirror;
    if (is_of_mirror || q->status == STATUS_OK || (q->status == STATUS_NOT_FOUND && o->view.size < f->log.minimum_index))
        return false;
    /* A log that is down, or busy, hides nothing yet. */
    bool is_busy = o->view.size <= f->trusted.size && q->status == STATUS_IO;
    int64_t lag = is_busy && follower_lag_ms(f) < FOLLOWER_UNREACHABLE_MS ? FOLLOWER_UNREACHABLE_MS : follower_lag_ms(f);
    if (f->sources[0].has_failed || follower_now_ms(f) - o->view.seen_ms <= lag)
        return true;
    (void)snprintf(text, sizeof text, "a signed tree head of %" PRIu64 " entries is known, and the log does not lead %s it: %.120s",
                   o->view.size, o->view.size > f->trusted.size ? "to" : "on from", q->err.text);
    follower_report(f, &(struct report){.id = FINDING_BAD_CONSISTENCY, .source = o->from, .text = text, .about = "hidden"});
    return false;
}

static void on_part(void *cookie, struct question *q)
{
    struct log_follower *f = cookie;
    struct other_view *o = &f->others[f->other_at];
    const uint8_t *expected = f->trusted.size > o->view.size ? o->view.root : f->trusted.root;
    bool is_kept = false;
    if (q->status == STATUS_OK && memcmp(q->hash, expected, HASH_SIZE) != 0) {
        tell_part(f, o, q);
    } else if (q->status == STATUS_REFUSED && o->source != NULL && o->source->is_mirror && q->from == o->source) {
        follower_report(f, &(struct report){.id = FINDING_MIRROR_DISAGREES, .source = o->from, .text = q->err.text});
    } else if (q->status == STATUS_REFUSED && o->view.size <= f->trusted.size) {
        follower_report(f, &(struct report){.id = FINDING_BAD_CONSISTENCY, .text = q->err.text});
    } else {
        is_kept = is_waiting(f, o, q);
        /* What could not be asked of a mirror is asked again in the next round. */
        if (q->status != STATUS_OK && o->source != NULL && o->source->is_mirror)
            o->source->is_to_compare = true;
    }
    forget(f, is_kept);
    next_other(f);
}

static const struct view *known(const struct log_follower *f, uint64_t size)
{
    if (f->trusted.size == size)
        return &f->trusted;
    for (size_t i = 0; i < f->history_count; i++)
        if (f->history[i].size == size)
            return &f->history[i];
    return NULL;
}

static enum status ask(struct log_follower *f, const struct other_view *o, struct error *err)
{
    bool is_ours_larger = f->trusted.size > o->view.size;
    const struct view *part = is_ours_larger ? &o->view : &f->trusted, *tree = is_ours_larger ? &f->trusted : &o->view;
    struct question q = {.kind = QUESTION_PREFIX, .tree_size = tree->size, .size = part->size, .done = on_part, .cookie = f};
    q.from = !is_ours_larger && o->source != NULL ? o->source : &f->sources[0];
    memcpy(q.root, tree->root, HASH_SIZE);
    memcpy(q.expected, part->root, HASH_SIZE);
    return follower_ask(f, &q, err);
}

static void next_other(struct log_follower *f)
{
    struct error err;
    while (f->other_at < f->other_count && f->trusted.is_there && !f->is_stopping) {
        struct other_view *o = &f->others[f->other_at];
        const struct view *same = known(f, o->view.size);
        if (same == NULL) {
            enum status s = ask(f, o, &err);
            if (s == STATUS_OK)
                return;
            follower_round_fail(f, s, &err);
        } else if (memcmp(same->root, o->view.root, HASH_SIZE) != 0) {
            tell_two(f, same, o);
        }
        forget(f, false);
    }
    follower_step_done(f);
}

/* ---- mirrors ---- */

static void look_at_lag(struct log_follower *f, struct source *s)
{
    char text[FOLLOWER_TEXT_MAX];
    const struct view *ours = &f->trusted, *v = &s->view;
    int64_t now = follower_now_ms(f), lag = follower_lag_ms(f);
    bool is_behind = v->is_there && v->size < ours->size;
    if (!is_behind)
        s->behind_since_ms = 0;
    else if (s->behind_since_ms == 0 || s->is_new)
        s->behind_since_ms = now;
    bool has_times = v->timestamp_ms != 0 && ours->timestamp_ms != 0;
    bool is_stale = is_behind && (now - s->behind_since_ms > lag ||
                                  (has_times && (int64_t)(ours->timestamp_ms - v->timestamp_ms) > lag));
    if (is_stale == s->is_told_stale)
        return;
    s->is_told_stale = is_stale;
    (void)snprintf(text, sizeof text, "the mirror has %" PRIu64 " entries, and the log %" PRIu64 ", for longer than %" PRId64 " s",
                   v->size, ours->size, lag / 1000);
    follower_report(f, &(struct report){.id = FINDING_MIRROR_STALE, .source = follower_source_name(s), .text = text,
                                        .is_over = !is_stale, .is_repeated = true});
}

void follower_compare_begin(struct log_follower *f)
{
    struct error err;
    for (size_t i = 1; i < f->source_count && f->trusted.is_there; i++) {
        struct source *s = &f->sources[i];
        struct view copy = {.is_there = false};
        look_at_lag(f, s);
        s->is_new = false;
        if (!s->is_to_compare || s->has_failed)
            continue;
        s->is_to_compare = false;
        if (view_copy(&copy, &s->view, &err) == STATUS_OK)
            follower_other_add(f, &copy, follower_source_name(s), s);
    }
    f->other_at = 0;
    next_other(f);
}
