/* SCTs whose inclusion somebody asks for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/log_follower/follower_internal.h"

static void next_check(struct log_follower *f);

static void check_free(struct check_wanted *c)
{
    free(c->name);
    free(c->sct);
    free(c->leaf);
    free(c);
}

static bool copy_bytes(struct bytes from, uint8_t **to, size_t *len)
{
    *to = malloc(from.len + 1);
    if (*to == NULL)
        return false;
    if (from.len > 0)
        memcpy(*to, from.data, from.len);
    *len = from.len;
    return true;
}

enum status log_follower_check(struct log_follower *f, const struct follower_check *check, follower_answered_function *done,
                               void *cookie, struct error *err)
{
    struct check_wanted **last = &f->checks;
    if (f->check_count >= LOG_FOLLOWER_CHECKS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d SCTs wait for their inclusion", LOG_FOLLOWER_CHECKS_MAX);
    struct check_wanted *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *c = (struct check_wanted){.timestamp_ms = check->timestamp_ms, .has_index = check->has_index, .index = check->index,
                               .done = done, .cookie = cookie, .name = strdup(check->name)};
    memcpy(c->leaf_hash, check->leaf_hash, HASH_SIZE);
    if (c->name == NULL || !copy_bytes(check->sct, &c->sct, &c->sct_len) || !copy_bytes(check->leaf, &c->leaf, &c->leaf_len)) {
        check_free(c);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = c;
    f->check_count++;
    return STATUS_OK;
}

/* ---- answers ---- */

/* The first head that we saw that has the index. */
static const struct view *first_with(const struct log_follower *f, uint64_t index)
{
    for (size_t i = 0; i < f->history_count; i++)
        if (f->history[i].size > index)
            return &f->history[i];
    return &f->trusted;
}

static void answer(struct log_follower *f, struct check_wanted *c, const struct follower_answered *answered)
{
    struct check_wanted **at = &f->checks;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    f->check_count--;
    c->done(c->cookie, answered);
    check_free(c);
}

static void answer_included(struct log_follower *f, struct check_wanted *c, uint64_t index)
{
    const struct view *head = first_with(f, index);
    struct follower_answered a = {.answer = FOLLOWER_INCLUDED, .index = index, .head_size = head->size,
                                  .head_timestamp_ms = head->timestamp_ms, .text = ""};
    if (c->timestamp_ms != 0 && head->timestamp_ms != 0)
        a.delay_ms = (int64_t)(head->timestamp_ms - c->timestamp_ms);
    answer(f, c, &a);
}

static void answer_missing(struct log_follower *f, struct check_wanted *c, const struct question *q, const char *why)
{
    char text[FOLLOWER_TEXT_MAX + 160];
    struct builder evidence;
    const char *where = follower_source_name(&f->sources[0]);
    struct leaf_evidence e = {.kind = EVIDENCE_SCT_NOT_HONOURED, .first = &f->trusted, .leaf = bytes_of(c->leaf, c->leaf_len),
                              .sct = bytes_of(c->sct, c->sct_len), .index = c->index};
    if (q != NULL) {
        e.other_hash = q->hash;
        e.proof = builder_view(&q->proof);
    }
    builder_init(&evidence, EVIDENCE_SIZE_MAX);
    if (c->has_index)
        follower_write_leaf(f, &e, where, &evidence);
    (void)snprintf(text, sizeof text, "%.150s: %s", c->name, why);
    follower_report(f, &(struct report){.id = FINDING_SCT_NOT_HONOURED, .text = text, .has_index = c->has_index, .index = c->index,
                                        .evidence = builder_view(&evidence)});
    builder_clear(&evidence);
    struct follower_answered a = {.answer = FOLLOWER_NOT_INCLUDED, .index = c->index, .head_size = f->trusted.size,
                                  .head_timestamp_ms = f->trusted.timestamp_ms, .text = why};
    answer(f, c, &a);
}

/* Has the log to have it by now? */
static bool is_due(const struct log_follower *f, const struct check_wanted *c)
{
    uint64_t now = f->trusted.timestamp_ms;
    return now > c->timestamp_ms && now - c->timestamp_ms > f->log.mmd_ms;
}

static void tell_absent(struct log_follower *f, struct check_wanted *c, const char *where)
{
    char text[FOLLOWER_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%s, and the tree head is %" PRIu64 " s newer than the SCT", where,
                   (f->trusted.timestamp_ms - c->timestamp_ms) / 1000);
    answer_missing(f, c, NULL, text);
}

static void on_answer(void *cookie, struct question *q)
{
    struct log_follower *f = cookie;
    struct check_wanted *c = f->checking, *next = c->next;
    char text[FOLLOWER_TEXT_MAX];
    if (q->status == STATUS_OK && (q->kind == QUESTION_HASH || memcmp(q->hash, c->leaf_hash, HASH_SIZE) == 0)) {
        answer_included(f, c, q->index);
    } else if (q->status == STATUS_OK) {
        (void)snprintf(text, sizeof text, "at index %" PRIu64 ", which the SCT promises, is another entry", c->index);
        answer_missing(f, c, q, text);
    } else if (q->kind == QUESTION_HASH && q->status == STATUS_NOT_FOUND && is_due(f, c)) {
        tell_absent(f, c, "the log does not know the entry");
    } else if (q->kind != QUESTION_HASH || q->status != STATUS_NOT_FOUND) {
        (void)snprintf(c->failure, sizeof c->failure, "%.150s", q->err.text);
        (void)snprintf(text, sizeof text, "%.150s: %.90s", c->name, q->err.text);
        if (q->status == STATUS_REFUSED)
            follower_report(f, &(struct report){.id = FINDING_BAD_CONSISTENCY, .text = text});
    }
    f->checking = next;
    next_check(f);
}

static enum status ask(struct log_follower *f, struct check_wanted *c, struct error *err)
{
    c->failure[0] = '\0';
    struct question q = {.kind = c->has_index ? QUESTION_LEAF : QUESTION_HASH, .from = &f->sources[0],
                         .tree_size = f->trusted.size, .index = c->index, .done = on_answer, .cookie = f};
    memcpy(q.root, f->trusted.root, HASH_SIZE);
    memcpy(q.hash, c->leaf_hash, HASH_SIZE);
    return follower_ask(f, &q, err);
}

/* Those that need no question are answered at once, or wait. */
static bool is_answerable(struct log_follower *f, struct check_wanted *c)
{
    if (!c->has_index && f->log.kind != LOG_KIND_RFC6962) {
        struct follower_answered a = {.answer = FOLLOWER_UNKNOWN, .text = "the SCT has no leaf_index, and a tiled log knows no hashes"};
        answer(f, c, &a);
        return false;
    }
    if (!c->has_index)
        return f->trusted.size > 0;
    if (c->index < f->trusted.size)
        return true;
    if (is_due(f, c))
        tell_absent(f, c, "the tree has no entry at the index that the SCT promises");
    return false;
}

static void next_check(struct log_follower *f)
{
    struct error err;
    while (f->checking != NULL && !f->is_stopping) {
        struct check_wanted *c = f->checking;
        f->checking = c->next;
        if (!is_answerable(f, c))
            continue;
        f->checking = c;
        if (ask(f, c, &err) == STATUS_OK)
            return;
        f->checking = c->next;
    }
    follower_step_done(f);
}

void follower_checks_begin(struct log_follower *f)
{
    f->checking = f->trusted.is_there ? f->checks : NULL;
    next_check(f);
}

void follower_checks_end(struct log_follower *f, enum follower_answer what, const char *text)
{
    while (f->checks != NULL) {
        const char *failure = f->checks->failure; /* "not yet" is no answer for a log that gives none */
        struct follower_answered a = {.answer = failure[0] != '\0' ? FOLLOWER_UNKNOWN : what, .head_size = f->trusted.size,
                                      .head_timestamp_ms = f->trusted.timestamp_ms, .text = failure[0] != '\0' ? failure : text};
        answer(f, f->checks, &a);
    }
}
