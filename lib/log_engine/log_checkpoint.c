/* The published checkpoint: a note with the log's own line, those of its cosigners, and those of others. */
#include <inttypes.h>
#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/note/checkpoint_verify.h"
#include "codec/note/timestamped_signature.h"
#include "codec/note/note_key.h"
#include "log_engine/log_internal.h"

/* The signature line of one cosigner. */
static enum status write_signature(struct log_engine *log, const struct cosigner *c,
                                   const struct checkpoint *checkpoint, uint64_t timestamp_s,
                                   struct builder *note, struct error *err)
{
    char text[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder signature, payload;
    struct bytes name = bytes_of_text(cosigner_name(c, text));
    struct cosigned_message m =
        log_message(log, name, timestamp_s, (struct subtree){0, checkpoint->size}, checkpoint->root);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    struct subtree_prover prover = log_prover(log);
    enum status status = note_key_id(name, c->key, key_id, err);
    if (status == STATUS_OK)
        status = c->sign(c->context, &m, &prover, &signature, err);
    if (status == STATUS_OK) {
        struct timestamped_signature cosignature = {.timestamp_s = timestamp_s,
                                                    .signature = builder_view(&signature)};
        status = timestamped_signature_write(&cosignature, &payload, err);
    }
    if (status == STATUS_OK)
        status = note_write_signature(name, key_id, builder_view(&payload), note, err);
    builder_clear(&payload);
    builder_clear(&signature);
    return status;
}

static enum status write_note(struct log_engine *log, uint64_t now_ms, struct builder *note, struct error *err)
{
    uint64_t timestamp_s = now_ms / 1000;
    struct checkpoint checkpoint = {.origin = bytes_of_text(log->origin), .size = log_size(log)};
    struct builder text;
    tree_edge_root(log->edge, &log->hasher, checkpoint.root);
    enum status status = hasher_status(&log->hasher, err);
    builder_init(&text, NOTE_SIZE_MAX);
    if (status == STATUS_OK)
        status = checkpoint_write(&checkpoint, &text, err);
    if (status == STATUS_OK)
        status = note_write_text(builder_view(&text), note, err);
    if (log_is_ct(log) && status == STATUS_OK)
        status = log_tree_head_write(log, &checkpoint, now_ms, note, err);
    /* The CA cosigner's line first: it must be there, and those of the others belong there [GM 11.1]. */
    for (size_t i = 0; i < log->config.cosigner_count && status == STATUS_OK; i++)
        status = write_signature(log, &log->config.cosigners[i], &checkpoint, timestamp_s, note, err);
    builder_clear(&text);
    return status;
}

/* ---- verifying ---- */

static enum status verify_own(const struct cosigner *c, const struct note *note,
                              const struct checkpoint *checkpoint, struct error *err)
{
    char text[TAI_NAME_SIZE];
    struct checkpoint_verifier verifier = {.name = bytes_of_text(cosigner_name(c, text)),
                                           .type = (enum note_key_type)public_key_alg(c->key)->note_type,
                                           .key = c->key};
    return checkpoint_verify(note, checkpoint, &verifier, err);
}

/* ---- publishing ---- */

enum status log_put_note(struct log_engine *log, const struct builder *note, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct checkpoint checkpoint;
    struct note parsed;
    struct published_checkpoint published;
    enum status status = builder_status(note, "checkpoint", err);
    if (status == STATUS_OK)
        status = note_parse(builder_view(note), &parsed, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(parsed.text, &checkpoint, err);
    if (status == STATUS_OK)
        status = store->put(store->context, OBJECT_CHECKPOINT, builder_view(note), err);
    if (status != STATUS_OK)
        return status;
    log_judge_externals(log, &parsed, &checkpoint, &published);
    if (published.has_quorum && checkpoint.size > log->quorum_size)
        log->quorum_size = checkpoint.size;
    return STATUS_OK;
}

enum status log_put_checkpoint(struct log_engine *log, const struct builder *note, struct error *err)
{
    enum status status = log_put_note(log, note, err);
    if (status == STATUS_OK)
        log->head = log->signed_head;
    return status;
}

enum status log_sign_checkpoint(struct log_engine *log, struct builder *note, struct error *err)
{
    int64_t now_ms = log->config.clock.now_ms(log->config.clock.context);
    if (now_ms < 1000)
        return error_set(err, STATUS_USAGE, "the clock is before 1970");
    if (log_is_final(log))
        return error_set(err, STATUS_REFUSED, "%s is closed for good: nothing is signed", log->origin);
    return write_note(log, (uint64_t)now_ms, note, err);
}

enum status log_publish_again(struct log_engine *log, bool is_there, struct error *err)
{
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    enum status status = log_sign_checkpoint(log, &note, err);
    if (status == STATUS_OK && is_there)
        status = log_append_published_lines(log, &note, err);
    if (status == STATUS_OK)
        status = log_put_checkpoint(log, &note, err);
    builder_clear(&note);
    return status;
}

enum status log_refresh_checkpoint(struct log_engine *log, struct error *err)
{
    enum status status = log_check_writable(log, err);
    if (status != STATUS_OK)
        return status;
    if (log->record.is_closed)
        return error_set(err, STATUS_REFUSED, "%s is closed for good: its last tree head stays", log->origin);
    int64_t now_ms = log->config.clock.now_ms(log->config.clock.context);
    if (now_ms <= (int64_t)log->head.timestamp_ms)
        return STATUS_OK;
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    /* A signer that is away for a moment harms nobody: what is published stays. */
    status = log_sign_checkpoint(log, &note, err);
    if (status == STATUS_OK)
        status = log_append_published_lines(log, &note, err);
    if (status == STATUS_OK) {
        status = log_put_checkpoint(log, &note, err);
        if (status != STATUS_OK)
            (void)log_die(log, status, err);
    }
    builder_clear(&note);
    return status;
}

uint64_t log_quorum_size(const struct log_engine *log)
{
    return log->config.quorum.is_met == NULL ? log_size(log) : log->quorum_size;
}

/* ---- reading ---- */

enum status log_read_published(struct log_engine *log, struct builder *out, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    return store->get(store->context, OBJECT_CHECKPOINT, out, err);
}

/* The log's own line: of a CT log its tree head, otherwise that of the CA cosigner. */
static bool has_own_line(const struct log_engine *log, const struct note *note,
                         const struct checkpoint *checkpoint, struct log_tree_head *head, struct error *err)
{
    if (log_is_ct(log))
        return log_tree_head_verify(log, note, checkpoint, head, err) == STATUS_OK;
    return verify_own(&log->config.cosigners[0], note, checkpoint, err) == STATUS_OK;
}

enum status log_judge_checkpoint(struct log_engine *log, struct bytes bytes, struct published_checkpoint *out,
                                 struct error *err)
{
    struct checkpoint checkpoint;
    struct note note;
    *out = (struct published_checkpoint){.size = 0};
    enum status status = note_parse(bytes, &note, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(note.text, &checkpoint, err);
    if (status == STATUS_OK && !bytes_is_text(checkpoint.origin, log->origin))
        status = error_set(err, STATUS_MALFORMED, "the checkpoint is of another log");
    if (status != STATUS_OK)
        return status;
    out->size = checkpoint.size;
    memcpy(out->root, checkpoint.root, HASH_SIZE);
    out->is_ours = has_own_line(log, &note, &checkpoint, &out->head, err);
    out->is_complete = out->is_ours;
    for (size_t i = log_is_ct(log) ? 0 : 1; i < log->config.cosigner_count && out->is_complete; i++)
        out->is_complete = verify_own(&log->config.cosigners[i], &note, &checkpoint, NULL) == STATUS_OK;
    log_judge_externals(log, &note, &checkpoint, out);
    return STATUS_OK;
}

enum status log_read_checkpoint(struct log_engine *log, struct published_checkpoint *out, struct error *err)
{
    struct builder text;
    builder_init(&text, NOTE_SIZE_MAX);
    enum status status = log_read_published(log, &text, err);
    if (status == STATUS_LIMIT)
        status = STATUS_MALFORMED;
    if (status == STATUS_OK)
        status = log_judge_checkpoint(log, builder_view(&text), out, err);
    builder_clear(&text);
    return status;
}
