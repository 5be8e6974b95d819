/* sign-subtree: a mirror signs a subtree of a checkpoint that it has signed. */
#include <string.h>

#include "codec/witness/sign_subtree.h"
#include "service/cosigning/cosigning_internal.h"

/* On the worker. */
static void run(struct step *step)
{
    const struct cosigning_log *log = &step->c->config.log;
    uint8_t memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    struct sign_subtree request = {.subtree = step->subtree, .note = builder_view(&step->note)};
    memcpy(request.hash, step->hash, HASH_SIZE);
    builder_init_fixed(&proof, memory, sizeof memory);
    step->status = log->make_consistency(log->context, step->subtree, step->size, &proof, &step->err);
    if (step->status != STATUS_OK)
        return;
    if (!proof_lines_set(&request.proof, builder_view(&proof))) {
        step->status = error_set(&step->err, STATUS_LIMIT, "a proof of more than %d hashes", PROOF_LINES_MAX);
        return;
    }
    sign_subtree_write(&request, &step->body);
    step->status = builder_status(&step->body, "sign-subtree", &step->err);
}

static void remove_wanted(struct cosigning *c, struct subtree subtree)
{
    for (size_t i = 0; i < c->wanted_count; i++) {
        if (!subtree_equal(c->wanted[i].subtree, subtree))
            continue;
        c->wanted_count--;
        memmove(&c->wanted[i], &c->wanted[i + 1], (c->wanted_count - i) * sizeof *c->wanted);
        return;
    }
}

static void take_signature(struct step *step, struct bytes lines)
{
    struct cosigning *c = step->c;
    struct builder memory;
    struct bytes signature;
    struct error err = {.status = STATUS_OK};
    builder_init(&memory, COSIGNING_ANSWER_MAX);
    enum status s =
        cosignature_find_subtree(c, lines, step->subtree, step->hash, &memory, &signature, &err);
    if (s == STATUS_OK) {
        remove_wanted(c, step->subtree);
        metric_add(c->signed_metric, 1);
        cosigning_progress(c);
        c->config.results.on_subtree(c->config.results.context, &c->config.peer, step->subtree, signature);
    } else {
        cosigning_refuse(c, s, &err);
    }
    builder_clear(&memory);
}

static void answer(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    if (response->failure != FETCH_NO_FAILURE || response->is_cut)
        cosigning_fail_answer(c, "cosigner-failed", response);
    else if (response->status == 200)
        take_signature(step, response->body);
    else if (response->status == 403 && step->size == c->signed_size) {
        /* It does not know its own signature again: its key is another now. An upload of nothing asks anew. */
        c->signed_size = 0;
        cosigning_fail_answer(c, "sign-subtree-refused", response);
    } else if (response->status == 422)
        compare_step_start(c, "it refused the proof of our subtree");
    else
        cosigning_fail_answer(c, "sign-subtree-refused", response);
}

void subtree_step_start(struct cosigning *c, size_t wanted)
{
    struct step *step = step_new(c, run);
    if (step == NULL)
        return;
    c->wanted[wanted].is_asked = true;
    step->is_subtree = true;
    step->path = "sign-subtree";
    step->content_type = "text/plain; charset=utf-8";
    step->answer = answer;
    step->subtree = c->wanted[wanted].subtree;
    memcpy(step->hash, c->wanted[wanted].hash, HASH_SIZE);
    step->size = c->signed_size;
    builder_bytes(&step->note, builder_view(&c->signed_note));
    step_start(step);
}
