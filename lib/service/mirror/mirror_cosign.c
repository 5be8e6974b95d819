/* Signatures: ours on what the record has committed to, and the log's on what it sends. */
#include <string.h>

#include "codec/note/timestamped_signature.h"
#include "service/mirror/mirror_internal.h"

bool mirror_cosign_has_role(const struct mirror_config *mirror, enum mirror_role role)
{
    for (size_t i = 0; i < mirror->cosigner_count; i++)
        if (mirror->cosigners[i].role == role)
            return true;
    return false;
}

static enum status sign_note_text(const struct mirror_cosigner *c, const struct mirror_point *point,
                                  uint64_t timestamp_s, struct builder *signature, struct error *err)
{
    struct note note;
    struct builder message;
    enum status status = note_parse(point->note, &note, err);
    if (status != STATUS_OK)
        return status;
    builder_init(&message, NOTE_SIZE_MAX);
    status = timestamped_signature_write_ed25519_message(timestamp_s, note.text, &message, err);
    if (status == STATUS_OK)
        status = c->sign_message(c->sign_message_context, builder_view(&message), signature, err);
    builder_clear(&message);
    return status;
}

/* ---- for whoever holds a mirror's key elsewhere ---- */

struct proving {
    struct mirror_log *log;
    uint64_t size;
};

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *err)
{
    return tree_read_node(context, level, index, out, err);
}

static enum status prove(void *context, struct subtree s, struct builder *proof, struct error *err)
{
    const struct proving *proving = context;
    struct mirror_log *log = proving->log;
    struct tree_read t = mirror_log_reading(log);
    struct node_source source = {.context = &t, .read = read_node};
    return proof_make_consistency(&log->hasher, &source, s, proving->size, proof, err);
}

enum status mirror_cosign_statement(struct mirror_log *log, const struct mirror_cosigner *c,
                                    const struct cosigned_message *m, struct builder *signature, struct error *err)
{
    /* A tree is proved in itself, a subtree in the newest tree that the key has signed. A witness has no entries. */
    struct proving proving = {log, m->timestamp != 0 ? m->subtree.end : log->record.mirrored.size};
    struct subtree_prover prover = {&proving, prove};
    return c->port.sign(c->port.context, m, c->role == MIRROR_ROLE_MIRROR ? &prover : NULL, signature, err);
}

static enum status sign_point(struct mirror_log *log, const struct mirror_cosigner *c,
                              const struct mirror_point *point, uint64_t timestamp_s,
                              struct builder *signature, struct error *err)
{
    if (c->type == NOTE_KEY_ED25519_COSIGNATURE)
        return sign_note_text(c, point, timestamp_s, signature, err);
    struct cosigned_message m = {.cosigner_name = bytes_of_text(c->name),
                                 .log_origin = bytes_of_text(log->config.origin),
                                 .timestamp = timestamp_s,
                                 .subtree = {.start = 0, .end = point->size}};
    memcpy(m.hash, point->root, HASH_SIZE);
    return mirror_cosign_statement(log, c, &m, signature, err);
}

static enum status write_line(struct mirror_log *log, const struct mirror_cosigner *c,
                              const struct mirror_point *point, uint64_t timestamp_s,
                              struct builder *out, struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder signature, payload;
    struct bytes name = bytes_of_text(c->name);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    enum status status = note_key_id_as(c->type, name, c->key, key_id, err);
    if (status == STATUS_OK)
        status = sign_point(log, c, point, timestamp_s, &signature, err);
    if (status == STATUS_OK) {
        struct timestamped_signature t = {.timestamp_s = timestamp_s,
                                          .signature = builder_view(&signature)};
        status = timestamped_signature_write(&t, &payload, err);
    }
    if (status == STATUS_OK)
        status = note_write_signature(name, key_id, builder_view(&payload), out, err);
    builder_clear(&payload);
    builder_clear(&signature);
    return status;
}

enum status mirror_cosign_checkpoint(struct mirror_log *log, enum mirror_role role,
                                     const struct mirror_point *point, struct builder *out,
                                     struct error *err)
{
    const struct mirror_config *mirror = log->mirror;
    int64_t now_s = mirror->clock.now_ms(mirror->clock.context) / 1000;
    if (now_s < 1)
        return error_set(err, STATUS_IO, "the clock is before 1970");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < mirror->cosigner_count && status == STATUS_OK; i++)
        if (mirror->cosigners[i].role == role)
            status = write_line(log, &mirror->cosigners[i], point, (uint64_t)now_s, out, err);
    return status;
}

enum status mirror_cosign_publish(struct mirror_log *log, const struct object_store *store,
                                  const struct mirror_point *point, struct bytes lines,
                                  struct error *err)
{
    struct builder whole;
    builder_init(&whole, NOTE_SIZE_MAX);
    builder_bytes(&whole, point->note);
    builder_bytes(&whole, lines);
    enum status status = builder_status(&whole, "checkpoint", err);
    if (status == STATUS_OK) {
        status = store->put(store->context, MIRROR_OBJECT_CHECKPOINT, builder_view(&whole), err);
        if (status != STATUS_OK)
            status = mirror_log_die(log, status, err);
    }
    builder_clear(&whole);
    return status;
}

/* ---- the log's signatures ---- */

static const struct mirror_log_key *key_of_line(const struct mirror_log *log,
                                                const struct note_signature *line)
{
    for (size_t i = 0; i < log->config.key_count; i++) {
        const struct mirror_log_key *key = &log->config.keys[i];
        uint8_t key_id[NOTE_KEY_ID_SIZE];
        if (bytes_is_text(line->name, key->name) &&
            note_key_id_as(key->type, line->name, key->key, key_id, NULL) == STATUS_OK &&
            memcmp(key_id, line->key_id, NOTE_KEY_ID_SIZE) == 0)
            return key;
    }
    return NULL;
}

static enum status check_line(const struct note *note, const struct checkpoint *checkpoint,
                              const struct note_signature *line, const struct mirror_log_key *key,
                              struct builder *kept, struct error *err)
{
    struct checkpoint_verifier verifier = {
        .name = bytes_of_text(key->name), .type = key->type, .key = key->key};
    struct builder payload;
    builder_init(&payload, NOTE_SIZE_MAX);
    enum status status = note_signature_payload(line, &payload, err);
    if (status == STATUS_OK)
        status = checkpoint_verify_payload(note, checkpoint, &verifier, builder_view(&payload), err);
    if (status == STATUS_OK)
        status = note_write_signature(line->name, line->key_id, builder_view(&payload), kept, err);
    builder_clear(&payload);
    return status;
}

/* Does the signature stand over the whole text? A cosigned message has no extension lines. */
static bool is_over_text(enum note_key_type type)
{
    return type == NOTE_KEY_ED25519 || type == NOTE_KEY_ED25519_COSIGNATURE;
}

enum status mirror_cosign_check_log(struct mirror_log *log, const struct note *note,
                                    const struct checkpoint *checkpoint, struct builder *kept,
                                    struct error *err)
{
    size_t count = 0;
    bool is_text_signed = checkpoint->extensions.len == 0;
    enum status status = note_write_text(note->text, kept, err);
    for (size_t i = 0; i < note->signature_count && status == STATUS_OK; i++) {
        const struct note_signature *line = &note->signatures[i];
        const struct mirror_log_key *key = key_of_line(log, line);
        if (key == NULL)
            continue;
        status = check_line(note, checkpoint, line, key, kept, err);
        is_text_signed = is_text_signed || is_over_text(key->type);
        count++;
    }
    if (status == STATUS_OK && count == 0)
        return error_set(err, STATUS_NOT_FOUND, "no signature of a key of this log");
    /* Anybody could have written them; we would publish them, and a witness of type 04 would sign them. */
    if (status == STATUS_OK && !is_text_signed)
        return error_set(err, STATUS_REFUSED, "extension lines that no signature of the log covers");
    return status;
}
