/* The lines that a peer answers with, held against our own tree. */
#include <string.h>

#include "codec/mtc/cosigned_message.h"
#include "codec/note/timestamped_signature.h"
#include "service/cosigning/cosigning_internal.h"

static struct checkpoint_verifier verifier_of(const struct cosigning *c)
{
    const struct cosigning_peer *peer = &c->config.peer;
    return (struct checkpoint_verifier){bytes_of_text(peer->name), peer->key_type, peer->key};
}

/* Appends the payload of the peer's line; lines of other keys are ignored. When there are several the last
 * one counts, and the others are as good as unknown. */
static enum status find_payload(const struct cosigning *c, struct bytes lines, struct builder *memory,
                                struct error *err)
{
    const struct cosigning_peer *peer = &c->config.peer;
    struct bytes name = bytes_of_text(peer->name);
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct note note;
    size_t at = 0;
    enum status s = note_parse_signatures(lines, &note, err);
    if (s == STATUS_OK)
        s = note_key_id_as(peer->key_type, name, peer->key, key_id, err);
    if (s != STATUS_OK)
        return s;
    const struct note_signature *line, *found = NULL;
    while ((line = note_find(&note, name, key_id, &at)) != NULL)
        found = line;
    if (found == NULL)
        return error_set(err, STATUS_NOT_FOUND, "the answer has no signature of %s", peer->name);
    return note_signature_payload(found, memory, err);
}

static enum status write_text(const struct cosigning *c, uint64_t size, const uint8_t root[HASH_SIZE],
                              struct checkpoint *checkpoint, struct builder *text, struct error *err)
{
    *checkpoint = (struct checkpoint){.origin = bytes_of_text(c->config.origin), .size = size};
    memcpy(checkpoint->root, root, HASH_SIZE);
    return checkpoint_write(checkpoint, text, err);
}

enum status cosignature_find_checkpoint(const struct cosigning *c, struct bytes lines, uint64_t size,
                                        const uint8_t root[HASH_SIZE], struct builder *memory,
                                        uint64_t *timestamp_s, struct bytes *signature, struct error *err)
{
    struct checkpoint_verifier verifier = verifier_of(c);
    struct timestamped_signature cosignature;
    struct checkpoint checkpoint;
    struct builder text;
    builder_init(&text, NOTE_SIZE_MAX);
    enum status s = find_payload(c, lines, memory, err);
    if (s == STATUS_OK)
        s = timestamped_signature_parse(builder_view(memory), &cosignature, err);
    if (s == STATUS_OK && cosignature.timestamp_s == 0)
        s = error_set(err, STATUS_REFUSED, "the cosignature of the checkpoint has no time");
    if (s == STATUS_OK)
        s = write_text(c, size, root, &checkpoint, &text, err);
    if (s == STATUS_OK) {
        struct note note = {.text = builder_view(&text)};
        s = checkpoint_verify_payload(&note, &checkpoint, &verifier, builder_view(memory), err);
    }
    if (s == STATUS_OK) {
        *timestamp_s = cosignature.timestamp_s;
        *signature = cosignature.signature;
    }
    builder_clear(&text);
    return s;
}

enum status cosignature_find_subtree(const struct cosigning *c, struct bytes lines, struct subtree subtree,
                                     const uint8_t hash[HASH_SIZE], struct builder *memory,
                                     struct bytes *signature, struct error *err)
{
    struct timestamped_signature cosignature;
    uint8_t message_memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    struct cosigned_message m = {.cosigner_name = bytes_of_text(c->config.peer.name),
                                 .log_origin = bytes_of_text(c->config.origin),
                                 .subtree = subtree};
    memcpy(m.hash, hash, HASH_SIZE);
    builder_init_fixed(&message, message_memory, sizeof message_memory);
    enum status s = find_payload(c, lines, memory, err);
    if (s == STATUS_OK)
        s = timestamped_signature_parse(builder_view(memory), &cosignature, err);
    if (s == STATUS_OK && cosignature.timestamp_s != 0)
        s = error_set(err, STATUS_REFUSED, "the cosignature of the subtree has a time");
    if (s == STATUS_OK)
        s = cosigned_message_write(&m, &message, err);
    if (s == STATUS_OK)
        s = public_key_verify(c->config.peer.key, builder_view(&message), cosignature.signature, err);
    if (s == STATUS_OK)
        *signature = cosignature.signature;
    return s;
}

enum status cosignature_write_note(const struct cosigning *c, uint64_t size, const uint8_t root[HASH_SIZE],
                                   uint64_t timestamp_s, struct bytes signature, struct builder *out,
                                   struct error *err)
{
    const struct cosigning_peer *peer = &c->config.peer;
    struct bytes name = bytes_of_text(peer->name);
    struct timestamped_signature cosignature = {timestamp_s, signature};
    struct checkpoint checkpoint;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder text, payload;
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    enum status s = write_text(c, size, root, &checkpoint, &text, err);
    if (s == STATUS_OK)
        s = note_write_text(builder_view(&text), out, err);
    if (s == STATUS_OK)
        s = note_key_id_as(peer->key_type, name, peer->key, key_id, err);
    if (s == STATUS_OK)
        s = timestamped_signature_write(&cosignature, &payload, err);
    if (s == STATUS_OK)
        s = note_write_signature(name, key_id, builder_view(&payload), out, err);
    builder_clear(&payload);
    builder_clear(&text);
    return s;
}
