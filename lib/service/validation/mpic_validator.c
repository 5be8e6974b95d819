#include "service/validation/mpic_validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

#define ATTEMPTS_MAX 4000
#define DETAIL_SIZE 480

struct mpic_attempt;

/* One perspective's part in an attempt. */
struct part {
    struct mpic_attempt *attempt;
    size_t index; /* of the remote */
};

struct mpic_attempt {
    struct mpic_validator *owner; /* NULL: abandoned */
    struct mpic_attempt *previous, *next;
    validator_done *done;
    void *cookie;
    char identifier[ACME_IDENTIFIER_SIZE];
    unsigned held; /* perspectives that have not answered */
    bool has_primary, is_answered;
    uint32_t reuse_max_s;
    struct part parts[MPIC_REMOTES_MAX];
    struct mpic_remote votes[MPIC_REMOTES_MAX];
    /* Of the remote whose no says most. */
    const char *problem;
    char reason[DETAIL_SIZE];
};

struct mpic_validator {
    struct mpic_validator_config config;
    struct mpic_attempt *attempts;
    size_t attempt_count;
    struct metric *corroborated, *refused;
};

/* Our own text for a problem, that lives for ever: what came is borrowed. */
static const char *keep_problem(const char *problem)
{
    static const char *const known[] = {"unauthorized", "connection", "dns",       "caa",
                                        "tls",          "malformed",  "incorrectResponse"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(problem, known[i]) == 0)
            return known[i];
    return "serverInternal";
}

static void leave(struct mpic_attempt *a)
{
    struct mpic_validator *v = a->owner;
    if (v == NULL)
        return;
    LIST_REMOVE(v->attempts, a);
    v->attempt_count--;
    a->owner = NULL;
}

static void release(struct mpic_attempt *a)
{
    if (--a->held > 0)
        return;
    leave(a);
    free(a);
}

static void answer(struct mpic_attempt *a, const char *problem, const char *detail)
{
    struct validation_result result = {problem, detail, problem == NULL ? a->reuse_max_s : 0};
    a->is_answered = true;
    a->done(a->cookie, &result);
}

static size_t count_votes(const struct mpic_attempt *a, enum mpic_vote vote)
{
    size_t count = 0;
    for (size_t i = 0; i < a->owner->config.remote_count; i++)
        count += a->votes[i].vote == vote;
    return count;
}

static void answer_no(struct mpic_attempt *a, int64_t now_s)
{
    const struct mpic_validator *v = a->owner;
    char detail[2 * DETAIL_SIZE];
    struct mpic_phase phase = mpic_phase_at(v->config.quorum, now_s);
    size_t count = v->config.remote_count;
    if (count < phase.remote_min) {
        (void)snprintf(detail, sizeof detail, "this CA has %zu remote perspectives, and must ask %u", count,
                       phase.remote_min);
        if (v->config.events != NULL)
            events_report(v->config.events, EVENT_ERROR, "too-few-perspectives", {"detail", detail});
        answer(a, "serverInternal", detail);
        return;
    }
    (void)snprintf(detail, sizeof detail,
                   "%zu of %zu remote perspectives corroborated this, %zu did not, and at most %u of them may%s%s",
                   count_votes(a, MPIC_CORROBORATES), count, count_votes(a, MPIC_REFUSES),
                   mpic_refusals_max(v->config.quorum, count), a->reason[0] != '\0' ? "; " : "", a->reason);
    if (v->config.events != NULL)
        events_report(v->config.events, EVENT_WARNING, "not-corroborated", {"identifier", a->identifier},
                      {"detail", detail});
    answer(a, a->problem != NULL ? a->problem : "unauthorized", detail);
}

/* The primary's yes is there: what do the votes come to? */
static void decide(struct mpic_attempt *a)
{
    const struct mpic_validator *v = a->owner;
    int64_t now_s = v->config.clock.now_ms(v->config.clock.context) / 1000;
    switch (mpic_decide(v->config.quorum, now_s, a->votes, v->config.remote_count)) {
    case MPIC_CORROBORATES:
        metric_add(v->corroborated, 1);
        answer(a, NULL, "");
        return;
    case MPIC_REFUSES:
        metric_add(v->refused, 1);
        answer_no(a, now_s);
        return;
    case MPIC_OPEN:
        return;
    }
}

static void on_primary(void *cookie, const struct validation_result *result)
{
    struct mpic_attempt *a = cookie;
    if (a->owner != NULL) {
        a->has_primary = true;
        if (result->reuse_max_s < a->reuse_max_s)
            a->reuse_max_s = result->reuse_max_s;
        if (result->problem != NULL)
            answer(a, result->problem, result->detail);
        else
            decide(a);
    }
    release(a);
}

static void vote_no(struct mpic_attempt *a, size_t i, const char *problem, const char *detail)
{
    const struct mpic_validator *v = a->owner;
    bool is_first = a->problem == NULL, was_ours = !is_first && strcmp(a->problem, "serverInternal") == 0;
    a->votes[i].vote = MPIC_REFUSES;
    /* What somebody has seen says more than that somebody could not be reached. */
    if (is_first || was_ours) {
        a->problem = keep_problem(problem);
        (void)snprintf(a->reason, sizeof a->reason, "%s: %s", v->config.remotes[i].name, detail);
    }
}

static void on_remote(void *cookie, const struct validation_result *result)
{
    struct part *part = cookie;
    struct mpic_attempt *a = part->attempt;
    if (a->owner != NULL && !a->is_answered) {
        if (result->problem == NULL)
            a->votes[part->index].vote = MPIC_CORROBORATES;
        else
            vote_no(a, part->index, result->problem, result->detail != NULL ? result->detail : "");
        if (result->problem == NULL && result->reuse_max_s < a->reuse_max_s)
            a->reuse_max_s = result->reuse_max_s;
        if (a->has_primary)
            decide(a);
    }
    release(a);
}

static void start_remotes(struct mpic_attempt *a, const struct validation_request *request)
{
    const struct mpic_validator *v = a->owner;
    for (size_t i = 0; i < v->config.remote_count; i++) {
        const struct validation_perspective *remote = &v->config.remotes[i];
        struct error err = {.status = STATUS_OK};
        a->votes[i] = (struct mpic_remote){remote->rir, MPIC_OPEN};
        a->parts[i] = (struct part){a, i};
        if (remote->port.validate(remote->port.context, request, on_remote, &a->parts[i], &err) == STATUS_OK)
            a->held++;
        else
            vote_no(a, i, "serverInternal", err.text);
    }
}

static enum status validate(void *context, const struct validation_request *request,
                            validator_done *done, void *cookie, struct error *err)
{
    struct mpic_validator *v = context;
    const struct validator_port *primary = &v->config.primary;
    if (request->is_intranet)
        return primary->validate(primary->context, request, done, cookie, err);
    if (v->attempt_count >= v->config.attempts_max)
        return error_set(err, STATUS_LIMIT, "%zu validations are under way", v->attempt_count);
    struct mpic_attempt *a = calloc(1, sizeof *a);
    if (a == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    a->done = done;
    a->cookie = cookie;
    a->held = 1;
    a->reuse_max_s = UINT32_MAX;
    (void)snprintf(a->identifier, sizeof a->identifier, "%s", request->identifier.value);
    enum status s = primary->validate(primary->context, request, on_primary, a, err);
    if (s != STATUS_OK) {
        free(a);
        return s;
    }
    a->owner = v;
    LIST_PUSH(v->attempts, a);
    v->attempt_count++;
    start_remotes(a, request);
    return STATUS_OK;
}

enum status mpic_validator_new(const struct mpic_validator_config *config, struct mpic_validator **out,
                               struct error *err)
{
    *out = NULL;
    if (config->remote_count > MPIC_REMOTES_MAX)
        return error_set(err, STATUS_USAGE, "%zu remote perspectives, at most %d", config->remote_count,
                         MPIC_REMOTES_MAX);
    struct mpic_validator *v = calloc(1, sizeof *v);
    if (v == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    v->config = *config;
    if (v->config.quorum == NULL)
        v->config.quorum = &mpic_quorum_br;
    if (v->config.attempts_max == 0)
        v->config.attempts_max = ATTEMPTS_MAX;
    v->corroborated = metrics_counter(config->metrics, "cathaya_mpic_total", "result=\"corroborated\"",
                                      "What the remote perspectives said to a yes of the primary one.");
    v->refused = metrics_counter(config->metrics, "cathaya_mpic_total", "result=\"refused\"",
                                 "What the remote perspectives said to a yes of the primary one.");
    *out = v;
    return STATUS_OK;
}

void mpic_validator_free(struct mpic_validator *v)
{
    if (v == NULL)
        return;
    while (v->attempts != NULL)
        leave(v->attempts);
    free(v);
}

struct validator_port mpic_validator_port(struct mpic_validator *v)
{
    return (struct validator_port){v, validate};
}
