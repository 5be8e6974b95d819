/* The heads of a round: fetched side by side, and what each says about itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "codec/note/note.h"
#include "ct_json/ct_json.h"
#include "service/log_follower/follower_internal.h"

int64_t follower_lag_ms(const struct log_follower *f)
{
    if (f->log.mirror_lag_ms > 0)
        return (int64_t)f->log.mirror_lag_ms;
    return (int64_t)(f->log.mmd_ms > LOG_FOLLOWER_SKEW_MS ? f->log.mmd_ms : LOG_FOLLOWER_SKEW_MS);
}

/* ---- a state of a source: told when it begins and when it ends ---- */

static void tell_state(struct log_follower *f, struct source *s, enum finding_id id, bool is_so, bool *is_told, const char *text)
{
    if (is_so == *is_told)
        return;
    *is_told = is_so;
    follower_report(f, &(struct report){.id = id, .source = follower_source_name(s), .text = text, .is_over = !is_so,
                                        .is_repeated = true});
}

#define TIME_SIZE (CIVIL_TIME_TEXT_SIZE + 4)

/* RFC 3339 with milliseconds. */
static void write_time(uint64_t ms, char out[TIME_SIZE])
{
    char seconds[CIVIL_TIME_TEXT_SIZE];
    civil_time_format((int64_t)(ms / 1000), seconds);
    size_t len = strlen(seconds);
    (void)snprintf(out, TIME_SIZE, "%.*s.%03uZ", (int)(len > 0 ? len - 1 : 0), seconds, (unsigned)(ms % 1000));
}

static void look_at_age(struct log_follower *f, struct source *s)
{
    char text[FOLLOWER_TEXT_MAX], time[TIME_SIZE];
    int64_t age = follower_now_ms(f) - (int64_t)s->view.timestamp_ms;
    if (s->view.timestamp_ms == 0 || s->is_mirror)
        return;
    write_time(s->view.timestamp_ms, time);
    bool is_of_future = (int64_t)s->view.timestamp_ms < 0 || age < -LOG_FOLLOWER_SKEW_MS;
    (void)snprintf(text, sizeof text, "the tree head of %" PRIu64 " entries is of %s, %" PRId64 " s from now", s->view.size, time,
                   -age / 1000);
    tell_state(f, s, FINDING_HEAD_FROM_FUTURE, is_of_future, &s->is_told_future, text);
    if (f->log.mmd_ms == 0 || f->log.state != FOLLOWED_USABLE)
        return;
    (void)snprintf(text, sizeof text, "the tree head of %" PRIu64 " entries is %" PRId64 " s old; the log promises %" PRIu64 " s",
                   s->view.size, age / 1000, f->log.mmd_ms / 1000);
    tell_state(f, s, FINDING_HEAD_STALE, age > (int64_t)f->log.mmd_ms, &s->is_told_head_stale, text);
}

static void look_at_cosigners(struct log_follower *f, struct source *s, bool is_short, const struct error *err)
{
    int64_t now = follower_now_ms(f);
    if (!is_short)
        s->short_since_ms = 0;
    else if (s->short_since_ms == 0)
        s->short_since_ms = now;
    bool is_long = is_short && now - s->short_since_ms > follower_lag_ms(f);
    if (!s->is_mirror)
        tell_state(f, s, FINDING_COSIGNERS_MISSING, is_long, &s->is_told_short, is_short ? err->text : "all have signed");
}

static void look_at_reach(struct log_follower *f, struct source *s, bool is_good, const char *why)
{
    char text[FOLLOWER_TEXT_MAX];
    int64_t now = follower_now_ms(f);
    int64_t most = (int64_t)f->log.mmd_ms > FOLLOWER_UNREACHABLE_MS ? (int64_t)f->log.mmd_ms : FOLLOWER_UNREACHABLE_MS;
    if (is_good) {
        s->good_ms = now;
        s->failing_since_ms = 0;
    } else if (s->failing_since_ms == 0) {
        s->failing_since_ms = now;
    }
    (void)snprintf(text, sizeof text, "no tree head for %" PRId64 " s: %.160s",
                   is_good ? (int64_t)0 : (now - s->failing_since_ms) / 1000, why);
    tell_state(f, s, FINDING_UNREACHABLE, !is_good && now - s->failing_since_ms > most, &s->is_told_unreachable, text);
}

/* ---- against the one that is trusted ---- */

/* Of two heads the one with more entries has to be the newer one. */
static void tell_shrank(struct log_follower *f, const struct view *larger, const struct view *smaller, const char *from)
{
    char text[FOLLOWER_TEXT_MAX], about[64], times[2][TIME_SIZE];
    struct builder evidence;
    write_time(larger->timestamp_ms, times[0]);
    write_time(smaller->timestamp_ms, times[1]);
    /* A log that goes on with it signs again and again. */
    (void)snprintf(about, sizeof about, "%" PRIu64 " %" PRIu64, larger->size, smaller->size);
    builder_init(&evidence, EVIDENCE_SIZE_MAX);
    follower_write_two(f, EVIDENCE_SHRANK, larger, smaller, NULL, bytes_of(NULL, 0), from, &evidence);
    (void)snprintf(text, sizeof text, "a tree head of %" PRIu64 " entries is of %s, and one of %" PRIu64 " entries of %s", larger->size,
                   times[0], smaller->size, times[1]);
    follower_report(f, &(struct report){.id = FINDING_SHRANK, .source = from, .text = text, .about = about,
                                        .evidence = builder_view(&evidence)});
    builder_clear(&evidence);
}

static void tell_went_back(struct log_follower *f, const struct view *v)
{
    char text[FOLLOWER_TEXT_MAX];
    (void)snprintf(text, sizeof text, "the log shows an older tree head of %" PRIu64 " entries; one of %" PRIu64 " was there before",
                   v->size, f->trusted.size);
    follower_report(f, &(struct report){.id = FINDING_WENT_BACK, .text = text});
}

static void look_at_final(struct log_follower *f, const struct view *v)
{
    char text[FOLLOWER_TEXT_MAX];
    bool is_told = f->trusted.is_there && v->size < f->trusted.size; /* that it goes back, by tell_went_back */
    if (f->log.state != FOLLOWED_USABLE && f->log.has_final && v->size < f->log.final_size && !is_told) {
        (void)snprintf(text, sizeof text, "the log shows a tree head of %" PRIu64 " entries; its final one has %" PRIu64, v->size,
                       f->log.final_size);
        follower_report(f, &(struct report){.id = FINDING_WENT_BACK, .text = text});
    }
    bool is_other = v->size == f->log.final_size && memcmp(v->root, f->log.final_root, HASH_SIZE) != 0;
    if (f->log.state == FOLLOWED_USABLE || !f->log.has_final || (v->size <= f->log.final_size && !is_other))
        return;
    if (is_other)
        (void)snprintf(text, sizeof text, "the tree head has another root than the final one of %" PRIu64 " entries", v->size);
    else
        (void)snprintf(text, sizeof text, "the final tree head has %" PRIu64 " entries, and now there is one of %" PRIu64,
                       f->log.final_size, v->size);
    follower_report(f, &(struct report){.id = FINDING_READONLY_GREW, .text = text});
}

/* What the log shows now; compared with what is trusted as far as that needs no proof. */
static void look_at_head(struct log_follower *f, struct source *s)
{
    struct view *v = &s->view, *t = &f->trusted, copy = {.is_there = false};
    struct error err;
    look_at_final(f, v);
    bool is_older = v->timestamp_ms < t->timestamp_ms, has_times = v->timestamp_ms != 0 && t->timestamp_ms != 0;
    if (t->is_there && v->size < t->size && has_times && !is_older)
        tell_shrank(f, t, v, follower_source_name(s));
    else if (t->is_there && v->size < t->size)
        tell_went_back(f, v);
    else if (t->is_there && v->size > t->size && has_times && is_older)
        tell_shrank(f, v, t, follower_source_name(s));
    bool is_next = !t->is_there || v->size > t->size || view_is_same(v, t);
    enum status status = is_next ? view_copy(&f->next_head, v, &err) : view_copy(&copy, v, &err);
    if (status != STATUS_OK)
        follower_round_fail(f, status, &err);
    else if (!is_next)
        follower_other_add(f, &copy, follower_source_name(s), s);
}

/* ---- fetching ---- */

static void heads_done(struct log_follower *f)
{
    if (--f->heads_under_way > 0)
        return;
    follower_step_done(f);
}

static void tell_bad(struct log_follower *f, struct source *s, enum status status, const struct error *err)
{
    enum finding_id id = status == STATUS_REFUSED ? FINDING_BAD_SIGNATURE : FINDING_BAD_HEAD;
    if (status == STATUS_NO_MEMORY)
        return;
    if (s->is_mirror)
        id = FINDING_MIRROR_DISAGREES;
    follower_report(f, &(struct report){.id = id, .source = follower_source_name(s), .text = err->text});
}

static void on_head(void *cookie, struct get *g)
{
    struct source *s = cookie;
    struct log_follower *f = g->f;
    struct error err = g->err;
    struct view v = {.is_there = false};
    bool is_short = false, was_there = s->view.is_there;
    enum status status = g->status;
    look_at_reach(f, s, status == STATUS_OK, g->err.text);
    if (status == STATUS_OK) {
        status = follower_head_read(f, builder_view(&g->body), &v, &is_short, &err);
        if (status != STATUS_OK)
            tell_bad(f, s, status, &err);
    }
    s->has_failed = status != STATUS_OK;
    if (status == STATUS_OK) {
        v.seen_ms = follower_now_ms(f);
        s->is_new = !was_there || !view_is_same(&v, &s->view);
        s->is_to_compare = s->is_to_compare || s->is_new;
        view_clear(&s->view);
        s->view = v;
        look_at_age(f, s);
        if (f->log.kind == LOG_KIND_MTC)
            look_at_cosigners(f, s, is_short, &err);
        if (!s->is_mirror)
            look_at_head(f, s);
    } else if (!s->is_mirror) {
        follower_round_fail(f, status, &err);
    }
    heads_done(f);
}

void follower_heads_begin(struct log_follower *f)
{
    struct error err;
    size_t max = f->log.kind == LOG_KIND_RFC6962 ? CT_JSON_ANSWER_MAX : NOTE_SIZE_MAX;
    const char *path = follower_head_path(f), *endpoint = f->log.kind == LOG_KIND_RFC6962 ? "get-sth" : "checkpoint";
    f->heads_under_way = 1;
    for (size_t i = 0; i < f->source_count; i++) {
        struct source *s = &f->sources[i];
        s->has_failed = true;
        /* A mirror that asked for patience is left alone; the log waits for nobody. */
        if (s->is_mirror && s->backoff_until_ms > follower_now_ms(f))
            continue;
        enum status status = follower_get_start(f, s, path, endpoint, max, false, on_head, s, &err);
        if (status == STATUS_OK)
            f->heads_under_way++;
        else
            follower_round_fail(f, status, &err);
    }
    heads_done(f);
}

/* ---- one history with what is trusted ---- */

static void tell_not_a_prefix(struct log_follower *f, const struct question *q)
{
    char text[FOLLOWER_TEXT_MAX];
    struct builder evidence;
    builder_init(&evidence, EVIDENCE_SIZE_MAX);
    follower_write_two(f, EVIDENCE_NOT_A_PREFIX, &f->trusted, &f->next_head, q->hash, builder_view(&q->proof),
                       follower_source_name(q->from), &evidence);
    (void)snprintf(text, sizeof text, "the tree head of %" PRIu64 " entries is not one with that of %" PRIu64 " before",
                   f->next_head.size, f->trusted.size);
    follower_report(f, &(struct report){.id = FINDING_NOT_A_PREFIX, .text = text, .evidence = builder_view(&evidence)});
    builder_clear(&evidence);
}

static void on_frontier(void *cookie, struct question *q)
{
    struct log_follower *f = cookie;
    if (q->status == STATUS_OK) {
        f->frontier = f->saved = q->frontier;
        f->kept_size = q->frontier.size;
    } else {
        view_clear(&f->next_head);
        follower_round_fail(f, q->status, &q->err);
    }
    follower_step_done(f);
}

/* Where the entries begin that are looked at: in the middle, without a state, when only what comes is wanted, and where the log may
 * have pruned what is before. 0: no jump. */
static uint64_t jump_target(const struct log_follower *f)
{
    const struct view *h = &f->next_head;
    uint64_t kept = f->log.minimum_index - f->log.minimum_index % TILE_WIDTH;
    if (!h->is_there || f->options.is_heads_only || f->log.kind == LOG_KIND_RFC6962)
        return 0;
    if (f->options.is_from_now && !f->trusted.is_there && f->frontier.size == 0)
        return h->size;
    return f->frontier.size < kept && kept <= h->size ? kept : 0;
}

static void jump(struct log_follower *f)
{
    const struct view *h = &f->next_head;
    struct error err;
    struct question q = {.kind = QUESTION_FRONTIER, .from = &f->sources[0], .tree_size = h->size, .size = jump_target(f),
                         .done = on_frontier, .cookie = f};
    memcpy(q.root, h->root, HASH_SIZE);
    enum status s = q.size > 0 ? follower_ask(f, &q, &err) : STATUS_OK;
    if (s == STATUS_OK && q.size > 0)
        return;
    if (s != STATUS_OK) {
        view_clear(&f->next_head);
        follower_round_fail(f, s, &err);
    }
    follower_step_done(f);
}

static void on_history(void *cookie, struct question *q)
{
    struct log_follower *f = cookie;
    struct error err = q->err;
    enum status s = q->status;
    if (s == STATUS_OK && memcmp(q->hash, f->trusted.root, HASH_SIZE) != 0) {
        tell_not_a_prefix(f, q);
        s = error_set(&err, STATUS_CONFLICT, "the log shows another history than before");
    } else if (s == STATUS_REFUSED || s == STATUS_NOT_FOUND) {
        char text[FOLLOWER_TEXT_MAX];
        (void)snprintf(text, sizeof text, "nothing leads from the tree head of %" PRIu64 " entries to that of %" PRIu64 ": %.120s",
                       f->trusted.size, f->next_head.size, err.text);
        follower_report(f, &(struct report){.id = FINDING_BAD_CONSISTENCY, .text = text});
    }
    if (s != STATUS_OK) {
        view_clear(&f->next_head);
        follower_round_fail(f, s, &err);
    }
    jump(f);
}

void follower_history_begin(struct log_follower *f)
{
    const struct view *v = &f->trusted, *h = &f->next_head;
    struct error err;
    struct question q = {.kind = QUESTION_PREFIX, .from = &f->sources[0], .tree_size = h->size, .size = v->size, .done = on_history,
                         .cookie = f};
    if (!h->is_there || !v->is_there || v->size == 0 || v->size == h->size) {
        jump(f);
        return;
    }
    memcpy(q.root, h->root, HASH_SIZE);
    memcpy(q.expected, v->root, HASH_SIZE);
    enum status s = follower_ask(f, &q, &err);
    if (s == STATUS_OK)
        return;
    view_clear(&f->next_head);
    follower_round_fail(f, s, &err);
    follower_step_done(f);
}
