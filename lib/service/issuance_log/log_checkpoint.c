/* The published checkpoint: a note with the CA cosigner's signature. */
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

static enum status sign(struct issuance_log *log, uint64_t timestamp_s, struct builder *payload,
                        struct error *err)
{
    const struct cosigner *ca = &log->config.cosigners[0];
    char name[TAI_NAME_SIZE];
    uint8_t root[HASH_SIZE];
    struct builder signature;
    tai_name(&ca->id, name);
    tree_edge_root(log->edge, &log->hasher, root);
    enum status status = hasher_status(&log->hasher, err);
    if (status != STATUS_OK)
        return status;
    struct cosigned_message m =
        message_of(log, bytes_of_text(name), timestamp_s, log_size(log), root);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    status = ca->sign(ca->context, &m, &signature, err);
    if (status == STATUS_OK) {
        struct timestamped_signature cosignature = {.timestamp_s = timestamp_s,
                                          .signature = builder_view(&signature)};
        status = timestamped_signature_write(&cosignature, payload, err);
    }
    builder_clear(&signature);
    return status;
}

static enum status write_note(struct issuance_log *log, struct bytes payload, struct builder *out,
                              struct error *err)
{
    const struct cosigner *ca = &log->config.cosigners[0];
    struct checkpoint checkpoint = {.origin = bytes_of_text(log->origin), .size = log_size(log)};
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    char name[TAI_NAME_SIZE];
    struct builder text;
    tree_edge_root(log->edge, &log->hasher, checkpoint.root);
    tai_name(&ca->id, name);
    builder_init(&text, NOTE_SIZE_MAX);
    enum status status = checkpoint_write(&checkpoint, &text, err);
    if (status == STATUS_OK)
        status = note_write_text(builder_view(&text), out, err);
    if (status == STATUS_OK)
        status = note_key_id(bytes_of_text(name), ca->key, key_id, err);
    if (status == STATUS_OK)
        status = note_write_signature(bytes_of_text(name), key_id, payload, out, err);
    builder_clear(&text);
    return status;
}

enum status log_publish_checkpoint(struct issuance_log *log, struct error *err)
{
    const struct object_store *store = &log->config.public_store;
    struct builder payload, note;
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    builder_init(&note, NOTE_SIZE_MAX);
    int64_t now_s = log->config.clock.now_ms(log->config.clock.context) / 1000;
    enum status status = now_s < 1 ? error_set(err, STATUS_USAGE, "the clock is before 1970")
                                   : sign(log, (uint64_t)now_s, &payload, err);
    if (status == STATUS_OK)
        status = write_note(log, builder_view(&payload), &note, err);
    if (status == STATUS_OK)
        status = store->put(store->context, OBJECT_CHECKPOINT, builder_view(&note), err);
    builder_clear(&payload);
    builder_clear(&note);
    return status;
}

/* ---- reading ---- */

static enum status verify_payload(const struct cosigner *ca, struct cosigned_message *m,
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
    return public_key_verify(ca->key, builder_view(&message), cosignature.signature, err);
}

/* Every signature line of the CA cosigner must verify, and there must be one. */
static enum status verify_note(struct issuance_log *log, const struct note *note,
                               const struct checkpoint *checkpoint, struct error *err)
{
    const struct cosigner *ca = &log->config.cosigners[0];
    char name[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    tai_name(&ca->id, name);
    struct cosigned_message m =
        message_of(log, bytes_of_text(name), 0, checkpoint->size, checkpoint->root);
    enum status status = note_key_id(bytes_of_text(name), ca->key, key_id, err);
    size_t at = 0, count = 0;
    const struct note_signature *line;
    while (status == STATUS_OK &&
           (line = note_find(note, bytes_of_text(name), key_id, &at)) != NULL) {
        struct builder payload;
        builder_init(&payload, NOTE_SIZE_MAX);
        status = note_signature_payload(line, &payload, err);
        if (status == STATUS_OK)
            status = verify_payload(ca, &m, builder_view(&payload), err);
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
        out->is_ours = verify_note(log, &note, &checkpoint, err) == STATUS_OK;
    }
    builder_clear(&text);
    return status;
}
