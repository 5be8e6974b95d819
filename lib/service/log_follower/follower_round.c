/* A round: its steps, one after the other. What fails ends the round's success, and never the steps that need nothing of it. */
#include <string.h>

#include "service/log_follower/follower_internal.h"

void follower_round_fail(struct log_follower *f, enum status status, const struct error *err)
{
    if (f->round_status != STATUS_OK)
        return;
    f->round_status = status;
    f->round_error = *err;
    f->round_error.status = status;
}

/* ---- what is trusted ---- */

/* The first head of each size: it says when what is in it was there. */
static enum status remember(struct log_follower *f, const struct view *v, struct error *err)
{
    if (f->history_count > 0 && f->history[f->history_count - 1].size == v->size)
        return STATUS_OK;
    if (f->history_count == FOLLOWER_HISTORY_MAX) {
        view_clear(&f->history[0]);
        memmove(&f->history[0], &f->history[1], (FOLLOWER_HISTORY_MAX - 1) * sizeof f->history[0]);
        f->history[--f->history_count] = (struct view){.is_there = false};
    }
    enum status s = view_copy(&f->history[f->history_count], v, err);
    f->history_count += s == STATUS_OK;
    return s;
}

enum status follower_trust(struct log_follower *f, const struct view *v, struct error *err)
{
    bool is_same = f->trusted.is_there && view_is_same(&f->trusted, v) && f->trusted.timestamp_ms >= v->timestamp_ms;
    if (is_same)
        return STATUS_OK;
    enum status s = remember(f, v, err);
    if (s == STATUS_OK)
        s = view_copy(&f->trusted, v, err);
    if (s != STATUS_OK)
        return s;
    f->is_dirty = true;
    if (f->callbacks.tree_head != NULL) {
        struct followed_head head = {.size = v->size, .timestamp_ms = v->timestamp_ms,
                                     .signature = bytes_of(f->trusted.signature, f->trusted.signature_len)};
        memcpy(head.root, v->root, HASH_SIZE);
        f->callbacks.tree_head(f->cookie, &head);
    }
    return STATUS_OK;
}

/* The head is signed, of one history with the one before, and, unless heads alone are followed, the root of the entries. */
static void trust_next(struct log_follower *f)
{
    struct error err;
    bool is_proven = f->next_head.is_there && f->round_status == STATUS_OK && !f->is_stopping &&
                     (f->options.is_heads_only || f->frontier.size == f->next_head.size);
    enum status s = is_proven ? follower_trust(f, &f->next_head, &err) : STATUS_OK;
    if (s != STATUS_OK)
        follower_round_fail(f, s, &err);
    view_clear(&f->next_head);
    if (!is_proven || s != STATUS_OK || f->options.is_heads_only || f->verified_size == f->frontier.size)
        return;
    f->verified_size = f->frontier.size;
    if (f->callbacks.progress != NULL && !f->is_stopping)
        f->callbacks.progress(f->cookie, f->verified_size);
}

/* ---- steps ---- */

static void end_round(struct log_follower *f)
{
    struct error err = f->round_error, save_error = {.status = STATUS_OK};
    enum status status = f->round_status;
    bool is_only = f->options.interval_ms == 0;
    f->step = STEP_IDLE;
    if (status == STATUS_OK && !f->is_stopping)
        follower_given(f);
    if (is_only)
        follower_checks_end(f, status == STATUS_OK ? FOLLOWER_NOT_YET : FOLLOWER_UNKNOWN,
                            status == STATUS_OK ? "no tree head yet that has to have it" : err.text);
    /* A store may leave words of what it tried in the error: they are not why the round ended. */
    enum status saved = f->is_stopping ? STATUS_OK : follower_state_save(f, &save_error);
    if (saved != STATUS_OK && status == STATUS_OK) {
        status = saved;
        err = save_error;
    }
    if (f->callbacks.round_done != NULL && !f->is_stopping)
        f->callbacks.round_done(f->cookie, status, &err);
    if (!is_only && !f->is_stopping && f->round_timer == 0)
        f->round_timer = f->ports.timer.start(f->ports.timer.context, f->options.interval_ms, follower_round_begin, f);
}

static void begin_entries(struct log_follower *f)
{
    bool has_more = f->next_head.is_there && f->frontier.size < f->next_head.size;
    bool has_left = f->trusted.is_there && f->frontier.size < f->trusted.size;
    if (f->options.is_heads_only || (!has_more && !has_left)) {
        follower_step_done(f);
        return;
    }
    follower_entries_begin(f);
}

static void begin_step(struct log_follower *f)
{
    switch (f->step) {
    case STEP_LANDMARKS:
        follower_landmarks_begin(f);
        return;
    case STEP_HEADS:
        follower_heads_begin(f);
        return;
    case STEP_HISTORY:
        follower_history_begin(f);
        return;
    case STEP_ENTRIES:
        begin_entries(f);
        return;
    case STEP_ISSUERS:
        follower_issuers_begin(f);
        return;
    case STEP_COMPARE:
        trust_next(f);
        follower_landmarks_judge(f);
        follower_compare_begin(f);
        return;
    case STEP_PROOFS:
        follower_proofs_begin(f);
        return;
    case STEP_CHECKS:
        follower_checks_begin(f);
        return;
    case STEP_IDLE:
        return;
    }
}

void follower_step_done(struct log_follower *f)
{
    if (f->is_stopping)
        return;
    if (f->step == STEP_CHECKS) {
        end_round(f);
        return;
    }
    f->step = (enum round_step)(f->step + 1);
    begin_step(f);
}

void follower_round_begin(void *cookie)
{
    struct log_follower *f = cookie;
    f->round_timer = 0;
    if (f->is_stopping || f->step != STEP_IDLE)
        return;
    f->round_status = STATUS_OK;
    f->round_error = (struct error){.status = STATUS_OK};
    f->step = STEP_LANDMARKS;
    begin_step(f);
}
