/* sign-subtree: signatures over a part of a tree that we have signed [C2SP tlog-witness]. */
#include <string.h>

#include "codec/note/timestamped_signature.h"
#include "service/mirror/mirror_internal.h"

struct signing {
    struct mirror_log *log;
    struct sign_subtree request;
    struct note note;
    struct checkpoint checkpoint;
    struct mirror_answer *answer;
    bool has_signed[MIRROR_COSIGNERS_MAX]; /* which of ours signed the reference checkpoint */
};

static bool refuse(struct signing *s, int status, const char *text)
{
    if (s->log->mirror->metrics != NULL)
        metric_add(s->log->metrics.refused, 1);
    mirror_answer_text(s->answer, status, "%s", text);
    return false;
}

static bool read_request(struct signing *s, struct bytes body)
{
    struct error err;
    enum status status = sign_subtree_parse(body, &s->request, &err);
    if (status == STATUS_OK)
        status = note_parse(s->request.note, &s->note, &err);
    if (status == STATUS_OK)
        status = checkpoint_parse(s->note.text, &s->checkpoint, &err);
    if (status != STATUS_OK)
        return refuse(s, 400, err.text);
    if (s->request.subtree.end > s->checkpoint.size)
        return refuse(s, 400, "the subtree ends after the checkpoint's tree");
    return true;
}

/* Only who has signed the checkpoint signs the subtree: a witness saw it, a mirror stores it. */
static bool find_signers(struct signing *s)
{
    const struct mirror_config *mirror = s->log->mirror;
    size_t count = 0;
    for (size_t i = 0; i < mirror->cosigner_count; i++) {
        const struct mirror_cosigner *c = &mirror->cosigners[i];
        struct checkpoint_verifier verifier = {
            .name = bytes_of_text(c->name), .type = c->type, .key = c->key};
        struct error err;
        enum status status = checkpoint_verify(&s->note, &s->checkpoint, &verifier, &err);
        if (status == STATUS_NOT_FOUND)
            continue;
        if (status == STATUS_NO_MEMORY) {
            mirror_log_fail(s->log, status, &err, s->answer);
            return false;
        }
        if (status != STATUS_OK)
            return refuse(s, 403, "a signature that would be ours does not verify");
        s->has_signed[i] = c->type != NOTE_KEY_ED25519_COSIGNATURE;
        count += s->has_signed[i];
    }
    return count > 0 || refuse(s, 403, "the checkpoint has no signature of a key of ours that "
                                       "signs subtrees");
}

static bool check_proof(struct signing *s)
{
    struct error err;
    enum status status = proof_check_consistency(
        &s->log->hasher, s->request.subtree, s->checkpoint.size, s->request.hash,
        s->checkpoint.root, proof_lines_view(&s->request.proof), &err);
    if (status == STATUS_NO_MEMORY) {
        mirror_log_fail(s->log, status, &err, s->answer);
        return false;
    }
    return status == STATUS_OK || refuse(s, 422, err.text);
}

static enum status write_line(struct signing *s, const struct mirror_cosigner *c, struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder signature, payload;
    struct cosigned_message m = {.cosigner_name = bytes_of_text(c->name),
                                 .log_origin = bytes_of_text(s->log->config.origin),
                                 .subtree = s->request.subtree};
    memcpy(m.hash, s->request.hash, HASH_SIZE);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    enum status status = note_key_id_as(c->type, m.cosigner_name, c->key, key_id, err);
    if (status == STATUS_OK)
        status = mirror_cosign_statement(s->log, c, &m, &signature, err);
    if (status == STATUS_OK) {
        struct timestamped_signature t = {.timestamp_s = 0, .signature = builder_view(&signature)};
        status = timestamped_signature_write(&t, &payload, err);
    }
    if (status == STATUS_OK)
        status = note_write_signature(m.cosigner_name, key_id, builder_view(&payload),
                                      &s->answer->body, err);
    builder_clear(&payload);
    builder_clear(&signature);
    return status;
}

static void sign(struct signing *s, struct bytes body)
{
    const struct mirror_config *mirror = s->log->mirror;
    struct error err;
    if (!read_request(s, body) || !find_signers(s) || !check_proof(s))
        return;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < mirror->cosigner_count && status == STATUS_OK; i++)
        if (s->has_signed[i])
            status = write_line(s, &mirror->cosigners[i], &err);
    if (status != STATUS_OK) {
        mirror_log_fail(s->log, status, &err, s->answer);
        return;
    }
    s->answer->status = 200;
    if (mirror->metrics != NULL)
        metric_add(s->log->metrics.subtrees, 1);
}

void mirror_subtree_sign(struct mirror_log *log, struct bytes body, struct mirror_answer *answer)
{
    struct signing s = {.log = log, .answer = answer};
    if (log->is_dead) {
        mirror_log_fail(log, STATUS_IO, &log->failure, answer);
        return;
    }
    sign(&s, body);
}
