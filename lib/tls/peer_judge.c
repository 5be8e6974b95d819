#include "tls/peer_judge.h"

#include <stdlib.h>
#include <string.h>

/* The question's own copy is what the subject borrows from, where it does. */
static enum status judge(const struct policy_set *set, struct peer_subject_question *question, struct peer_judgement *j,
                         struct error *err)
{
    question->verdict = &j->peer;
    question->outcome = j->outcome;
    question->why = j->reason;
    if (set == NULL)
        return STATUS_OK;
    enum status s = peer_subject_new(question, &j->subject, err);
    if (s == STATUS_OK)
        s = policy_judge(set, peer_subject_policy(j->subject), &j->answer, err);
    if (s == STATUS_OK && j->outcome != STATUS_OK)
        policy_answer_refuse(&j->answer);
    return s;
}

static void set_reason(struct peer_judgement *j, const char *reason)
{
    if (j->outcome != STATUS_OK && reason != NULL && memccpy(j->reason, reason, '\0', sizeof j->reason) == NULL)
        j->reason[sizeof j->reason - 1] = '\0';
}

static enum status give(enum status s, struct peer_judgement *j, struct peer_judgement **out)
{
    if (s == STATUS_OK)
        *out = j;
    else
        peer_judgement_free(j);
    return s;
}

enum status peer_judge_verdict(const struct policy_set *set, const struct peer_subject_question *question,
                               struct peer_judgement **out, struct error *err)
{
    struct peer_subject_question asked = *question;
    *out = NULL;
    struct peer_judgement *j = calloc(1, sizeof *j);
    if (j == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    j->peer = *question->verdict;
    j->outcome = question->outcome;
    set_reason(j, question->why);
    return give(judge(set, &asked, j, err), j, out);
}

enum status peer_judge_request(const struct policy_set *set, const struct peer_trust *trust, const struct peer_request *request,
                               const struct policy_names *names, struct peer_judgement **out, struct error *err)
{
    struct peer_subject_question question = {.trust = trust, .request = request, .names = names};
    struct hasher_set hashers;
    struct error why = {.text = ""};
    *out = NULL;
    struct peer_judgement *j = calloc(1, sizeof *j);
    if (j == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = hasher_set_init(&hashers, err);
    if (s == STATUS_OK) {
        j->outcome = peer_verify(trust, &hashers, request, &j->peer, &why);
        hasher_set_clear(&hashers);
        set_reason(j, why.text);
        if (j->outcome == STATUS_NO_MEMORY)
            s = error_set(err, STATUS_NO_MEMORY, "%s", why.text);
    }
    return give(s == STATUS_OK ? judge(set, &question, j, err) : s, j, out);
}

void peer_judgement_free(struct peer_judgement *judgement)
{
    if (judgement == NULL)
        return;
    peer_subject_free(judgement->subject);
    free(judgement);
}
