#include "codec/note/checkpoint_verify.h"

#include <string.h>

#include "codec/ct/tree_head.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/note/timestamped_signature.h"

static enum status write_message(const struct note *note, const struct checkpoint *checkpoint,
                                 const struct checkpoint_verifier *verifier, uint64_t timestamp_s,
                                 struct builder *out, struct error *err)
{
    if (verifier->type == NOTE_KEY_ED25519_COSIGNATURE)
        return timestamped_signature_write_ed25519_message(timestamp_s, note->text, out, err);
    struct cosigned_message m = {.cosigner_name = verifier->name,
                                 .log_origin = checkpoint->origin,
                                 .timestamp = timestamp_s,
                                 .subtree = {.start = 0, .end = checkpoint->size}};
    memcpy(m.hash, checkpoint->root, HASH_SIZE);
    return cosigned_message_write(&m, out, err);
}

static enum status verify_tree_head(const struct checkpoint *checkpoint, const struct public_key *key,
                                    struct bytes payload, struct error *err)
{
    struct digitally_signed signature;
    struct tree_head head = {.size = checkpoint->size};
    memcpy(head.root, checkpoint->root, HASH_SIZE);
    if (checkpoint->extensions.len > 0)
        return error_set(err, STATUS_REFUSED, "checkpoint of a CT log: it has extension lines");
    enum status status = tree_head_parse_note_signature(payload, &head.timestamp_ms, &signature, err);
    if (status == STATUS_OK)
        status = tree_head_verify(key, &head, &signature, err);
    return status == STATUS_MALFORMED ? STATUS_REFUSED : status;
}

enum status checkpoint_verify_payload(const struct note *note, const struct checkpoint *checkpoint,
                                      const struct checkpoint_verifier *verifier,
                                      struct bytes payload, struct error *err)
{
    if (verifier->type == NOTE_KEY_ED25519)
        return public_key_verify(verifier->key, note->text, payload, err);
    if (verifier->type == NOTE_KEY_RFC6962)
        return verify_tree_head(checkpoint, verifier->key, payload, err);
    struct timestamped_signature cosignature;
    struct builder message;
    builder_init(&message, NOTE_SIZE_MAX + COSIGNED_MESSAGE_MAX);
    enum status status = timestamped_signature_parse(payload, &cosignature, err);
    if (status == STATUS_OK)
        status = write_message(note, checkpoint, verifier, cosignature.timestamp_s, &message, err);
    if (status == STATUS_OK)
        status = public_key_verify(verifier->key, builder_view(&message), cosignature.signature, err);
    builder_clear(&message);
    return status == STATUS_MALFORMED ? STATUS_REFUSED : status;
}

enum status checkpoint_verify(const struct note *note, const struct checkpoint *checkpoint,
                              const struct checkpoint_verifier *verifier, struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    const struct note_signature *line;
    size_t at = 0, count = 0;
    struct builder payload;
    enum status status = note_key_id_as(verifier->type, verifier->name, verifier->key, key_id, err);
    builder_init(&payload, NOTE_SIZE_MAX);
    for (; status == STATUS_OK && (line = note_find(note, verifier->name, key_id, &at)) != NULL;
         count++) {
        builder_reset(&payload);
        status = note_signature_payload(line, &payload, err);
        if (status == STATUS_OK)
            status = checkpoint_verify_payload(note, checkpoint, verifier, builder_view(&payload), err);
    }
    builder_clear(&payload);
    if (status == STATUS_OK && count == 0)
        return error_set(err, STATUS_NOT_FOUND, "the checkpoint has no signature of %.*s",
                         (int)verifier->name.len, (const char *)verifier->name.data);
    return status;
}
