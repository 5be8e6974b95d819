/* The published checkpoint: a note with the signatures of the CA cosigner and of all others. */
#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/note/timestamped_signature.h"
#include "codec/note/note_key.h"
#include "service/issuance_log/log_internal.h"

static struct cosigned_message message_of(const struct issuance_log *log, struct bytes name,
                                          uint64_t timestamp, uint64_t size,
                                          const uint8_t root[HASH_SIZE])
{
    struct cosigned_message m = {.cosigner_name = name,
                                 .log_origin = bytes_of_text(log->origin),
                                 .timestamp = timestamp,
                                 .subtree = {.start = 0, .end = size}};
    memcpy(m.hash, root, HASH_SIZE);
    return m;
}

/* The signature line of one cosigner. */
static enum status write_signature(struct issuance_log *log, const struct cosigner *c,
                                   const struct checkpoint *checkpoint, uint64_t timestamp_s,
                                   struct builder *note, struct error *err)
{
    char text[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder signature, payload;
    tai_name(&c->id, text);
    struct bytes name = bytes_of_text(text);
    struct cosigned_message m =
        message_of(log, name, timestamp_s, checkpoint->size, checkpoint->root);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    enum status status = note_key_id(name, c->key, key_id, err);
    if (status == STATUS_OK)
        status = c->sign(c->context, &m, &signature, err);
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

static enum status write_note(struct issuance_log *log, uint64_t timestamp_s, struct builder *note,
                              struct error *err)
{
    struct checkpoint checkpoint = {.origin = bytes_of_text(log->origin), .size = log_size(log)};
    struct builder text;
    tree_edge_root(log->edge, &log->hasher, checkpoint.root);
    enum status status = hasher_status(&log->hasher, err);
    builder_init(&text, NOTE_SIZE_MAX);
    if (status == STATUS_OK)
        status = checkpoint_write(&checkpoint, &text, err);
    if (status == STATUS_OK)
        status = note_write_text(builder_view(&text), note, err);
    /* The CA cosigner's line first: it must be there, and those of the others belong there [GM 11.1]. */
    for (size_t i = 0; i < log->config.cosigner_count && status == STATUS_OK; i++)
        status = write_signature(log, &log->config.cosigners[i], &checkpoint, timestamp_s, note, err);
    builder_clear(&text);
    return status;
}

enum status log_publish_checkpoint(struct issuance_log *log, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    int64_t now_s = log->config.clock.now_ms(log->config.clock.context) / 1000;
    enum status status = now_s < 1 ? error_set(err, STATUS_USAGE, "the clock is before 1970")
                                   : write_note(log, (uint64_t)now_s, &note, err);
    if (status == STATUS_OK)
        status = store->put(store->context, OBJECT_CHECKPOINT, builder_view(&note), err);
    builder_clear(&note);
    return status;
}

/* ---- reading ---- */

static enum status verify_payload(const struct cosigner *c, struct cosigned_message *m,
                                  struct bytes payload, struct error *err)
{
    struct timestamped_signature cosignature;
    struct builder message;
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    builder_init_fixed(&message, memory, sizeof memory);
    enum status status = timestamped_signature_parse(payload, &cosignature, err);
    if (status != STATUS_OK)
        return status;
    m->timestamp = cosignature.timestamp_s;
    status = cosigned_message_write(m, &message, err);
    if (status != STATUS_OK)
        return status;
    return public_key_verify(c->key, builder_view(&message), cosignature.signature, err);
}

/* Every signature line of the cosigner must verify, and there must be one. */
static enum status verify_note(struct issuance_log *log, const struct cosigner *c,
                               const struct note *note, const struct checkpoint *checkpoint,
                               struct error *err)
{
    char name[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    tai_name(&c->id, name);
    struct cosigned_message m =
        message_of(log, bytes_of_text(name), 0, checkpoint->size, checkpoint->root);
    enum status status = note_key_id(bytes_of_text(name), c->key, key_id, err);
    size_t at = 0, count = 0;
    const struct note_signature *line;
    while (status == STATUS_OK &&
           (line = note_find(note, bytes_of_text(name), key_id, &at)) != NULL) {
        struct builder payload;
        builder_init(&payload, NOTE_SIZE_MAX);
        status = note_signature_payload(line, &payload, err);
        if (status == STATUS_OK)
            status = verify_payload(c, &m, builder_view(&payload), err);
        builder_clear(&payload);
        count++;
    }
    if (status == STATUS_OK && count == 0)
        return error_set(err, STATUS_REFUSED, "the checkpoint has no signature of %s", name);
    return status;
}

enum status log_read_checkpoint(struct issuance_log *log, struct published_checkpoint *out,
                                struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct checkpoint checkpoint;
    struct note note;
    struct builder text;
    builder_init(&text, NOTE_SIZE_MAX);
    enum status status = store->get(store->context, OBJECT_CHECKPOINT, &text, err);
    if (status == STATUS_LIMIT)
        status = STATUS_MALFORMED;
    if (status == STATUS_OK)
        status = note_parse(builder_view(&text), &note, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(note.text, &checkpoint, err);
    if (status == STATUS_OK && !bytes_is_text(checkpoint.origin, log->origin))
        status = error_set(err, STATUS_MALFORMED, "the checkpoint is of another log");
    if (status == STATUS_OK) {
        out->size = checkpoint.size;
        memcpy(out->root, checkpoint.root, HASH_SIZE);
        out->is_ours = verify_note(log, &log->config.cosigners[0], &note, &checkpoint, err) == STATUS_OK;
        out->is_complete = out->is_ours;
        for (size_t i = 1; i < log->config.cosigner_count && out->is_complete; i++)
            out->is_complete =
                verify_note(log, &log->config.cosigners[i], &note, &checkpoint, NULL) == STATUS_OK;
    }
    builder_clear(&text);
    return status;
}
