/* add-checkpoint: the pending checkpoint moves on, and witnesses sign it [C2SP tlog-witness]. */
#include <inttypes.h>
#include <string.h>

#include "service/mirror/mirror_internal.h"

#define PROOF_REFUSED "the consistency proof does not lead from the latest checkpoint to this one"

/* A request whose parts are well-formed. */
struct adding {
    struct mirror_log *log;
    struct add_checkpoint request;
    struct note note;
    struct checkpoint checkpoint;
    struct builder kept; /* the note with the log's signatures alone */
    struct mirror_answer *answer;
};

static bool refuse(struct adding *a, int status, const char *text)
{
    if (a->log->mirror->metrics != NULL && status != 409)
        metric_add(a->log->metrics.refused, 1);
    mirror_answer_text(a->answer, status, "%s", text);
    return false;
}

static bool read_request(struct adding *a, struct bytes body)
{
    struct error err;
    enum status status = add_checkpoint_parse(body, &a->request, &err);
    if (status == STATUS_OK)
        status = note_parse(a->request.note, &a->note, &err);
    if (status == STATUS_OK)
        status = checkpoint_parse(a->note.text, &a->checkpoint, &err);
    if (status == STATUS_OK && a->checkpoint.size > PROOF_LINES_SIZE_MAX)
        status = error_set(&err, STATUS_MALFORMED, "checkpoint: a size of 2^63 or more");
    return status == STATUS_OK || refuse(a, 400, err.text);
}

static bool check_signature(struct adding *a)
{
    struct error err;
    enum status status =
        mirror_cosign_check_log(a->log, &a->note, &a->checkpoint, &a->kept, &err);
    if (status == STATUS_OK)
        return true;
    if (status == STATUS_NO_MEMORY) {
        mirror_log_fail(a->log, status, &err, a->answer);
        return false;
    }
    return refuse(a, 403, err.text);
}

static bool is_same_root(const struct adding *a)
{
    return memcmp(a->checkpoint.root, a->log->record.pending.root, HASH_SIZE) == 0;
}

/* Whatever is answered: does this checkpoint contradict what is known? */
static void look_for_forks(struct adding *a)
{
    struct mirror_log *log = a->log;
    const struct mirror_point *pending = &log->record.pending;
    struct bytes note = builder_view(&a->kept);
    if (pending->note.len == 0 || a->checkpoint.size == 0)
        return;
    if (a->checkpoint.size == pending->size && !is_same_root(a))
        mirror_evidence_two_roots(log, pending->note, note);
    else if (a->checkpoint.size < pending->size)
        mirror_evidence_look_back(log, &a->checkpoint, note);
}

static bool check_sizes(struct adding *a)
{
    uint64_t latest = a->log->record.pending.size;
    if (a->request.old_size > a->checkpoint.size)
        return refuse(a, 400, "the old size is larger than the checkpoint's");
    if (a->request.old_size == latest)
        return true;
    a->answer->status = 409;
    a->answer->content_type = "text/x.tlog.size";
    builder_printf(&a->answer->body, "%" PRIu64 "\n", latest);
    return false;
}

static bool check_proof(struct adding *a)
{
    struct mirror_log *log = a->log;
    const struct add_checkpoint *request = &a->request;
    uint8_t empty[HASH_SIZE];
    node_empty_hash(&log->hasher, empty);
    if (a->checkpoint.size == 0 && memcmp(a->checkpoint.root, empty, HASH_SIZE) != 0)
        return refuse(a, 422, "the root of an empty tree is the hash of nothing");
    if (request->old_size == 0)
        return request->proof.count == 0 || refuse(a, 422, "a proof from size 0 is empty");
    if (request->old_size == a->checkpoint.size && !is_same_root(a))
        return refuse(a, 422, "another root than the latest checkpoint of this size has");
    struct subtree old = {.start = 0, .end = request->old_size};
    struct error err;
    enum status status = proof_check_consistency(
        &log->hasher, old, a->checkpoint.size, log->record.pending.root, a->checkpoint.root,
        proof_lines_view(&request->proof), &err);
    if (status == STATUS_OK)
        return true;
    if (status == STATUS_NO_MEMORY) {
        mirror_log_fail(log, status, &err, a->answer);
        return false;
    }
    mirror_evidence_failed_proof(log, &a->checkpoint, builder_view(&a->kept), &request->proof);
    return refuse(a, 422, PROOF_REFUSED);
}

/* The same text: a witness of type 04 signs all of it, extension lines too. */
static bool is_pending_already(const struct adding *a)
{
    const struct mirror_point *pending = &a->log->record.pending;
    struct note old;
    return pending->note.len > 0 && note_parse(pending->note, &old, NULL) == STATUS_OK &&
           bytes_equal(old.text, a->note.text);
}

/* Durable before anybody signs it, or hears of it. */
static enum status persist(struct adding *a, struct error *err)
{
    struct mirror_log *log = a->log;
    struct mirror_record next = log->record;
    if (is_pending_already(a))
        return STATUS_OK;
    next.pending = (struct mirror_point){.size = a->checkpoint.size, .note = builder_view(&a->kept)};
    memcpy(next.pending.root, a->checkpoint.root, HASH_SIZE);
    enum status status = mirror_log_swap(log, &next, err);
    if (status == STATUS_OK)
        mirror_log_remember_pending(log);
    return status;
}

static enum status witness(struct adding *a, struct error *err)
{
    struct mirror_log *log = a->log;
    const struct mirror_point *pending = &log->record.pending;
    a->answer->status = 200;
    if (!mirror_cosign_has_role(log->mirror, MIRROR_ROLE_WITNESS))
        return STATUS_OK;
    enum status status =
        mirror_cosign_checkpoint(log, MIRROR_ROLE_WITNESS, pending, &a->answer->body, err);
    if (status == STATUS_OK && log->config.witness.put != NULL)
        status = mirror_cosign_publish(log, &log->config.witness, pending,
                                       builder_view(&a->answer->body), err);
    return status;
}

static void add(struct adding *a, struct bytes body)
{
    struct error err;
    if (!read_request(a, body) || !check_signature(a))
        return;
    look_for_forks(a);
    if (!check_sizes(a) || !check_proof(a))
        return;
    enum status status = persist(a, &err);
    if (status == STATUS_OK)
        status = witness(a, &err);
    if (status != STATUS_OK) {
        mirror_log_fail(a->log, status, &err, a->answer);
        return;
    }
    if (a->log->mirror->metrics != NULL)
        metric_add(a->log->metrics.witnessed, 1);
    mirror_log_show(a->log);
}

void mirror_checkpoint_add(struct mirror_log *log, struct bytes body, struct mirror_answer *answer)
{
    struct adding a = {.log = log, .answer = answer};
    if (log->is_dead) {
        mirror_log_fail(log, STATUS_IO, &log->failure, answer);
        return;
    }
    builder_init(&a.kept, NOTE_SIZE_MAX);
    add(&a, body);
    builder_clear(&a.kept);
}
