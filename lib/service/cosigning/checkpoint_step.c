/* add-checkpoint: the peer is shown our newest checkpoint. */
#include <string.h>

#include "codec/witness/add_checkpoint.h"
#include "service/cosigning/cosigning_internal.h"

#define TYPE_SIZE "text/x.tlog.size"

/* On the worker. */
static void run(struct step *step)
{
    const struct cosigning_log *log = &step->c->config.log;
    uint8_t memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    struct add_checkpoint request = {.old_size = step->old_size, .note = builder_view(&step->note)};
    struct subtree old = {.start = 0, .end = step->old_size};
    builder_init_fixed(&proof, memory, sizeof memory);
    if (step->old_size > 0 && step->old_size < step->size)
        step->status = log->make_consistency(log->context, old, step->size, &proof, &step->err);
    if (step->status != STATUS_OK)
        return;
    if (!proof_lines_set(&request.proof, builder_view(&proof))) {
        step->status = error_set(&step->err, STATUS_LIMIT, "a proof of more than %d hashes", PROOF_LINES_MAX);
        return;
    }
    add_checkpoint_write(&request, &step->body);
    step->status = builder_status(&step->body, "add-checkpoint", &step->err);
}

static void take_witness_answer(struct step *step, struct bytes lines)
{
    struct cosigning *c = step->c;
    struct builder memory;
    struct bytes signature;
    uint64_t timestamp_s;
    struct error err = {.status = STATUS_OK};
    builder_init(&memory, COSIGNING_ANSWER_MAX);
    enum status s = cosignature_find_checkpoint(c, lines, step->size, step->root, &memory, &timestamp_s,
                                                &signature, &err);
    if (s == STATUS_OK) {
        c->signed_size = step->size;
        metric_add(c->signed_metric, 1);
        cosigning_progress(c);
        c->config.results.on_checkpoint(c->config.results.context, &c->config.peer, step->size, timestamp_s,
                                        signature);
    } else {
        cosigning_refuse(c, s, &err);
    }
    builder_clear(&memory);
}

/* It has another size than we thought. */
static void take_size(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    struct error err = {.status = STATUS_OK};
    uint64_t size;
    if (!answer_has_type(response, TYPE_SIZE) || proof_lines_parse_size(response->body, &size, &err) != STATUS_OK)
        cosigning_fail(c, "cosigner-failed", "a conflict without a size");
    else if (size > c->seen_size)
        compare_step_start(c, "it knows a larger tree than ours");
    else if (cosigning_conflict(c, "add-checkpoint-conflict"))
        c->pending_size = size;
}

static void answer(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    if (response->failure != FETCH_NO_FAILURE || response->is_cut)
        cosigning_fail_answer(c, "cosigner-failed", response);
    else if (response->status == 200 && c->config.peer.role == COSIGNING_WITNESS) {
        c->pending_size = step->size;
        take_witness_answer(step, response->body);
    } else if (response->status == 200) {
        c->pending_size = step->size;
        c->upload_end = 0;
        c->is_upload_due = true;
    } else if (response->status == 409)
        take_size(step, response);
    else if (response->status == 422)
        compare_step_start(c, "it refused our consistency proof");
    else
        cosigning_fail_answer(c, "add-checkpoint-refused", response);
}

void checkpoint_step_start(struct cosigning *c)
{
    struct step *step = step_new(c, run);
    if (step == NULL)
        return;
    step->path = "add-checkpoint";
    step->content_type = "text/plain; charset=utf-8";
    step->answer = answer;
    step->old_size = c->pending_size;
    step->size = c->seen_size;
    memcpy(step->root, c->seen_root, HASH_SIZE);
    builder_bytes(&step->note, builder_view(&c->seen_note));
    step_start(step);
}
