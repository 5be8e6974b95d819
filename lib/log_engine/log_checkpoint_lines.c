/* Lines of others in the published checkpoint: of mirrors and witnesses, verified before they are kept. */
#include <inttypes.h>
#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/note/checkpoint_verify.h"
#include "codec/note/note_key.h"
#include "codec/note/timestamped_signature.h"
#include "log_engine/log_internal.h"

/* Whose line it may be. */
struct signer {
    struct bytes name;
    const struct public_key *key;
    enum note_key_type type;
};

static struct signer signer_of_external(const struct log_external *e)
{
    return (struct signer){bytes_of_text(e->name), e->key, e->key_type};
}

static enum status write_message(const struct log_engine *log, const struct signer *signer,
                                 const struct checkpoint *checkpoint, struct bytes text,
                                 uint64_t timestamp_s, struct builder *out, struct error *err)
{
    /* Its message does not say who cosigns [C2SP tlog-cosignature]. */
    if (signer->type == NOTE_KEY_ED25519_COSIGNATURE)
        return timestamped_signature_write_ed25519_message(timestamp_s, text, out, err);
    struct cosigned_message m =
        log_message(log, signer->name, timestamp_s, (struct subtree){0, checkpoint->size}, checkpoint->root);
    return cosigned_message_write(&m, out, err);
}

static enum status verify_signature(const struct log_engine *log, const struct signer *signer,
                                    const struct checkpoint *checkpoint, struct bytes text,
                                    uint64_t timestamp_s, struct bytes signature, struct error *err)
{
    struct builder message;
    builder_init(&message, NOTE_SIZE_MAX);
    enum status status = write_message(log, signer, checkpoint, text, timestamp_s, &message, err);
    if (status == STATUS_OK)
        status = public_key_verify(signer->key, builder_view(&message), signature, err);
    builder_clear(&message);
    return status;
}

/* Every signature line of the signer must verify, and there must be one: STATUS_NOT_FOUND otherwise. */
static enum status verify_note(const struct signer *signer, const struct note *note, const struct checkpoint *checkpoint,
                               struct error *err)
{
    struct checkpoint_verifier verifier = {.name = signer->name, .type = signer->type, .key = signer->key};
    return checkpoint_verify(note, checkpoint, &verifier, err);
}

/* Which of the others have signed, and whether that is enough. */
void log_judge_externals(const struct log_engine *log, const struct note *note,
                            const struct checkpoint *checkpoint, struct published_checkpoint *out)
{
    const char *names[LOG_EXTERNALS_MAX];
    size_t count = 0;
    out->has_bad_external = false;
    for (size_t i = 0; i < log->config.external_count; i++) {
        struct signer signer = signer_of_external(&log->config.externals[i]);
        enum status status = verify_note(&signer, note, checkpoint, NULL);
        if (status == STATUS_OK)
            names[count++] = log->config.externals[i].name;
        out->has_bad_external |= status == STATUS_REFUSED || status == STATUS_MALFORMED;
    }
    const struct log_quorum *quorum = &log->config.quorum;
    out->has_quorum = quorum->is_met == NULL || quorum->is_met(quorum->context, names, count);
}

/* ---- keeping what is published ---- */

static bool has_line(const struct note *note, const struct note_signature *line)
{
    size_t at = 0;
    return note_find(note, line->name, line->key_id, &at) != NULL;
}

/* Lines of configured others over the same text that are published and verify. */
enum status log_append_published_lines(struct log_engine *log, struct builder *note, struct error *err)
{
    struct checkpoint checkpoint;
    struct note ours, published;
    struct builder text, lines;
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&lines, NOTE_SIZE_MAX);
    enum status status = note_parse(builder_view(note), &ours, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(ours.text, &checkpoint, err);
    bool is_same = status == STATUS_OK && log_read_published(log, &text, NULL) == STATUS_OK &&
                   note_parse(builder_view(&text), &published, NULL) == STATUS_OK &&
                   bytes_equal(published.text, ours.text);
    for (size_t i = 0; is_same && i < log->config.external_count && status == STATUS_OK; i++) {
        struct signer signer = signer_of_external(&log->config.externals[i]);
        uint8_t key_id[NOTE_KEY_ID_SIZE];
        size_t at = 0;
        const struct note_signature *line;
        struct builder payload;
        if (verify_note(&signer, &published, &checkpoint, NULL) != STATUS_OK)
            continue;
        status = note_key_id_as(signer.type, signer.name, signer.key, key_id, err);
        line = status == STATUS_OK ? note_find(&published, signer.name, key_id, &at) : NULL;
        if (line == NULL || has_line(&ours, line))
            continue;
        builder_init(&payload, NOTE_SIZE_MAX);
        status = note_signature_payload(line, &payload, err);
        if (status == STATUS_OK)
            status = note_write_signature(signer.name, key_id, builder_view(&payload), &lines, err);
        builder_clear(&payload);
    }
    builder_bytes(note, builder_view(&lines)); /* now that nothing borrows from it any more */
    builder_clear(&lines);
    builder_clear(&text);
    return status == STATUS_OK ? builder_status(note, "checkpoint", err) : status;
}

/* ---- adding ---- */

static const struct log_external *external_by_name(const struct log_engine *log, const char *name)
{
    for (size_t i = 0; i < log->config.external_count; i++)
        if (strcmp(log->config.externals[i].name, name) == 0)
            return &log->config.externals[i];
    return NULL;
}

static enum status add_line(struct log_engine *log, const struct note *note,
                            const struct checkpoint *checkpoint,
                            const struct log_checkpoint_addition *addition, struct builder *lines,
                            size_t *added, struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    size_t at = 0;
    const struct log_external *e = external_by_name(log, addition->name);
    if (e == NULL)
        return error_set(err, STATUS_REFUSED, "%s is not configured", addition->name);
    struct signer signer = signer_of_external(e);
    struct timestamped_signature cosignature = {addition->timestamp_s, addition->signature};
    if (addition->timestamp_s == 0)
        return error_set(err, STATUS_REFUSED, "%s: a checkpoint is cosigned with a time", e->name);
    enum status status = verify_signature(log, &signer, checkpoint, note->text, addition->timestamp_s,
                                          addition->signature, err);
    if (status == STATUS_OK)
        status = note_key_id_as(e->key_type, signer.name, e->key, key_id, err);
    if (status != STATUS_OK || note_find(note, signer.name, key_id, &at) != NULL)
        return error_prefix(err, status, "%s over the checkpoint of %" PRIu64, e->name, checkpoint->size);
    struct builder payload;
    builder_init(&payload, SIGNATURE_SIZE_MAX + 8);
    status = timestamped_signature_write(&cosignature, &payload, err);
    if (status == STATUS_OK)
        status = note_write_signature(signer.name, key_id, builder_view(&payload), lines, err);
    builder_clear(&payload);
    *added += status == STATUS_OK;
    return status;
}

enum status log_add_checkpoint_cosignatures(struct log_engine *log, uint64_t size,
                                            const struct log_checkpoint_addition *additions,
                                            size_t count, size_t *added, struct error *err)
{
    struct checkpoint checkpoint;
    struct note note;
    struct builder text, lines;
    *added = 0;
    enum status status = log_check_writable(log, err);
    if (status != STATUS_OK)
        return status;
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&lines, NOTE_SIZE_MAX);
    status = log_read_published(log, &text, err);
    if (status == STATUS_OK)
        status = note_parse(builder_view(&text), &note, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(note.text, &checkpoint, err);
    if (status == STATUS_OK && checkpoint.size != size)
        status = error_set(err, STATUS_CONFLICT, "the published checkpoint has %" PRIu64 " entries, not %" PRIu64,
                           checkpoint.size, size);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_line(log, &note, &checkpoint, &additions[i], &lines, added, err);
    if (status == STATUS_OK && *added > 0) {
        builder_bytes(&text, builder_view(&lines));
        status = log_put_note(log, &text, err);
        if (status != STATUS_OK)
            (void)log_die(log, status, err);
    }
    builder_clear(&lines);
    builder_clear(&text);
    return status;
}
