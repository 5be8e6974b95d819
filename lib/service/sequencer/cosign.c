/* Cosignatures: who is asked, what comes, and when a batch is complete. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/sequencer/sequencer_internal.h"

/* Cosignatures of one batch that are kept with one write. */
#define RUN_MAX (2 * SEQUENCER_PEERS_MAX)

static bool has_signed(const struct sequencer_subtree *s, const struct tai *id)
{
    for (size_t i = 0; i < s->cosigner_count; i++)
        if (tai_equal(&s->cosigners[i], id))
            return true;
    return false;
}

void cosign_ask(struct sequencer *s, const struct sequencer_batch *batch)
{
    for (size_t i = 0; i < s->config.peer_count; i++) {
        const struct sequencer_peer *peer = &s->config.peers[i];
        for (size_t j = 0; peer->id.len > 0 && j < batch->subtree_count; j++)
            if (!has_signed(&batch->subtrees[j], &peer->id))
                peer->want(peer->context, batch->subtrees[j].subtree, batch->subtrees[j].hash);
    }
}

/* ---- the quorum ---- */

struct support {
    unsigned mirror_count;
    bool is_quorum;
};

static struct support support_of(const struct sequencer *s, const struct sequencer_subtree *subtree)
{
    struct support support = {.is_quorum = true};
    char names[SEQUENCER_COSIGNERS_MAX][TAI_NAME_SIZE];
    const char *list[SEQUENCER_COSIGNERS_MAX];
    for (size_t i = 0; i < s->config.peer_count; i++)
        if (s->config.peers[i].id.len > 0 && has_signed(subtree, &s->config.peers[i].id))
            support.mirror_count++;
    for (size_t i = 0; i < subtree->cosigner_count; i++) {
        tai_name(&subtree->cosigners[i], names[i]);
        list[i] = names[i];
    }
    if (s->config.is_quorum != NULL)
        support.is_quorum = s->config.is_quorum(s->config.quorum_context, list, subtree->cosigner_count);
    return support;
}

bool cosign_is_complete(const struct sequencer *s, const struct sequencer_batch *batch, uint64_t index,
                        const struct certificate_profile *profile)
{
    for (size_t i = 0; i < batch->subtree_count; i++) {
        if (!subtree_contains(batch->subtrees[i].subtree, index))
            continue;
        struct support support = support_of(s, &batch->subtrees[i]);
        return support.is_quorum && support.mirror_count >= profile->mirrors_min;
    }
    return false;
}

static void complete_batch(struct sequencer *s, struct waiting *w)
{
    struct support support[SUBTREES_MAX] = {{.mirror_count = 0}};
    struct list rest;
    struct pooled *p;
    list_init(&rest);
    for (size_t i = 0; i < w->batch.subtree_count; i++)
        support[i] = support_of(s, &w->batch.subtrees[i]);
    while ((p = list_take(&w->requests)) != NULL) {
        size_t i = subtree_contains(w->batch.subtrees[0].subtree, p->issued.index) ? 0 : 1;
        if (support[i].is_quorum && support[i].mirror_count >= p->profile->mirrors_min) {
            s->waiting_count--;
            sequencer_answer(s, p, STATUS_OK, NULL);
        } else {
            list_add(&rest, p);
        }
    }
    list_init(&w->requests);
    while ((p = list_take(&rest)) != NULL)
        list_add(&w->requests, p);
}

static void start_adding(struct sequencer *s);

void cosign_complete(struct sequencer *s)
{
    start_adding(s);
    bool has_waited = s->waiting != NULL;
    for (struct waiting **at = &s->waiting; *at != NULL;) {
        struct waiting *w = *at;
        complete_batch(s, w);
        if (w->requests.count > 0) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        free(w);
    }
    if (has_waited && s->waiting == NULL) {
        int64_t now_ms = s->config.clock.now_ms(s->config.clock.context);
        metric_observe(s->cosign_time, (double)(now_ms - s->appended_ms) / 1000);
        schedule_try_landmark(s);
    }
    if (s->waiting == NULL)
        sequencer_go_on(s);
}

/* ---- what comes ---- */

static void free_addition(struct addition *a)
{
    builder_clear(&a->signature);
    free(a);
}

void cosign_clear(struct sequencer *s)
{
    while (s->additions != NULL) {
        struct addition *a = s->additions;
        s->additions = a->next;
        free_addition(a);
    }
    s->last_addition = &s->additions;
    while (s->waiting != NULL) {
        struct waiting *w = s->waiting;
        struct pooled *p;
        s->waiting = w->next;
        while ((p = list_take(&w->requests)) != NULL) {
            builder_clear(&p->names);
            builder_clear(&p->spki);
            free(p);
        }
        free(w);
    }
}

/* ---- keeping it: on the worker, all that has come by then ---- */

static enum status add_line(struct sequencer *s, const struct addition *a, struct error *err)
{
    const struct sequencer_ca *ca = &s->config.ca;
    enum status status = ca->add_line(ca->context, a->size, a->name, a->timestamp_s, builder_view(&a->signature), err);
    return status == STATUS_CONFLICT ? STATUS_OK : status; /* a newer checkpoint is published: theirs will come */
}

/* How many from a on belong to the batch of the first of them, as many as are in a row. */
static enum status find_run(struct sequencer *s, const struct addition *a, size_t *count, struct error *err)
{
    const struct sequencer_ca *ca = &s->config.ca;
    struct sequencer_batch batch;
    enum status status = ca->find_batch(ca->context, a->subtree.end - 1, &batch, err);
    *count = 1;
    if (status != STATUS_OK)
        return status;
    while ((a = a->next) != NULL && !a->is_line && *count < RUN_MAX && a->subtree.end > batch.start &&
           a->subtree.end <= batch.end)
        ++*count;
    return STATUS_OK;
}

static enum status add_run(struct sequencer *s, const struct addition *a, size_t count, struct error *err)
{
    const struct sequencer_ca *ca = &s->config.ca;
    struct sequencer_addition list[RUN_MAX];
    uint64_t index = a->subtree.end - 1;
    for (size_t i = 0; i < count; i++, a = a->next)
        list[i] = (struct sequencer_addition){a->subtree, a->id, builder_view(&a->signature)};
    return ca->add_cosignatures(ca->context, index, list, count, err);
}

/* What is refused does not keep the rest from being added; anything else has stopped the log. */
static bool is_refusal(enum status status)
{
    return status == STATUS_REFUSED || status == STATUS_NOT_FOUND || status == STATUS_LIMIT;
}

/* The run that begins with a, or a alone: a run with one that is refused is refused as a whole. */
static enum status add_next(struct sequencer *s, const struct addition *a, size_t *count, struct error *err)
{
    *count = 1;
    if (a->is_line)
        return add_line(s, a, err);
    enum status status = find_run(s, a, count, err);
    if (status == STATUS_OK)
        status = add_run(s, a, *count, err);
    if (*count == 1 || !is_refusal(status))
        return status;
    *count = 1;
    return add_run(s, a, 1, err);
}

static void run_add(struct job *job)
{
    struct addition *a = job->data;
    while (a != NULL && !job->flag) {
        struct error err = {.status = STATUS_OK};
        size_t count;
        enum status status = add_next(job->s, a, &count, &err);
        if (status != STATUS_OK) {
            job->status = status;
            job->err = err;
            job->flag = !is_refusal(status);
        }
        for (; count > 0; count--, a = a->next)
            a->is_kept = status == STATUS_OK;
    }
}

static void add_to_waiting(struct sequencer *s, const struct addition *a)
{
    for (struct waiting *w = s->waiting; w != NULL; w = w->next) {
        for (size_t i = 0; i < w->batch.subtree_count; i++) {
            struct sequencer_subtree *to = &w->batch.subtrees[i];
            if (subtree_equal(to->subtree, a->subtree) && !has_signed(to, &a->id) &&
                to->cosigner_count < SEQUENCER_COSIGNERS_MAX)
                to->cosigners[to->cosigner_count++] = a->id;
        }
    }
}

static void clear_add(struct job *job)
{
    for (struct addition *a = job->data; a != NULL;) {
        struct addition *next = a->next;
        free_addition(a);
        a = next;
    }
}

static void finish_add(struct job *job)
{
    struct sequencer *s = job->s;
    s->is_adding = false;
    for (const struct addition *a = job->data; a != NULL; a = a->next)
        if (a->is_kept && !a->is_line)
            add_to_waiting(s, a);
    if (job->status != STATUS_OK)
        sequencer_event(s, EVENT_ERROR, "cosignature-not-kept", job->err.text);
    if (job->flag) {
        /* Which of them were kept is in the log: look, and ask for the others again. */
        sequencer_log_died(s, &job->err);
        return;
    }
    if (s->has_dropped && s->additions == NULL) {
        s->has_dropped = false;
        for (struct waiting *w = s->waiting; w != NULL; w = w->next)
            cosign_ask(s, &w->batch);
    }
    cosign_complete(s);
}

static void start_adding(struct sequencer *s)
{
    if (s->is_adding || s->additions == NULL || !s->is_ready)
        return;
    struct job *job = job_new(s, run_add, finish_add);
    if (job == NULL)
        return; /* the next cosignature tries again */
    job->clear = clear_add;
    job->data = s->additions;
    s->additions = NULL;
    s->last_addition = &s->additions;
    s->addition_count = 0;
    s->is_adding = true;
    job_start(job);
}

static void queue(struct sequencer *s, const struct addition *what, struct bytes signature)
{
    struct addition *a = s->is_stopped || s->addition_count == SEQUENCER_ADDITIONS_MAX ? NULL : malloc(sizeof *a);
    if (a == NULL) {
        s->has_dropped = true;
        sequencer_event(s, EVENT_WARNING, "cosignature-dropped", "too many at once: it will be asked for again");
        return;
    }
    *a = *what;
    a->next = NULL;
    builder_init(&a->signature, signature.len);
    builder_bytes(&a->signature, signature);
    *s->last_addition = a;
    s->last_addition = &a->next;
    s->addition_count++;
    start_adding(s);
}

void sequencer_on_subtree(struct sequencer *s, const struct tai *id, struct subtree subtree, struct bytes signature)
{
    struct addition a = {.subtree = subtree, .id = *id};
    if (subtree_size(subtree) > 0)
        queue(s, &a, signature);
}

void sequencer_on_checkpoint(struct sequencer *s, const char *name, uint64_t size, uint64_t timestamp_s,
                             struct bytes signature)
{
    struct addition a = {.is_line = true, .size = size, .timestamp_s = timestamp_s};
    if ((size_t)snprintf(a.name, sizeof a.name, "%s", name) < sizeof a.name)
        queue(s, &a, signature);
}
