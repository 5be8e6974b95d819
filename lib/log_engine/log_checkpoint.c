/* The published checkpoint: a note with the log's own line, those of its cosigners, and those of others. */
#include <inttypes.h>
#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/note/checkpoint_verify.h"
#include "codec/note/timestamped_signature.h"
#include "codec/note/note_key.h"
#include "log_engine/log_internal.h"

static struct cosigned_message message_of(const struct log_engine *log, struct bytes name,
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
static enum status write_signature(struct log_engine *log, const struct cosigner *c,
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
        message_of(log, signer->name, timestamp_s, checkpoint->size, checkpoint->root);
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

static enum status verify_own(const struct cosigner *c, const struct note *note,
                              const struct checkpoint *checkpoint, struct error *err)
{
    char name[TAI_NAME_SIZE];
    tai_name(&c->id, name);
    struct signer signer = {bytes_of_text(name), c->key,
                            (enum note_key_type)public_key_alg(c->key)->note_type};
    return verify_note(&signer, note, checkpoint, err);
}

/* Which of the others have signed, and whether that is enough. */
static void judge_externals(const struct log_engine *log, const struct note *note,
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

/* ---- publishing ---- */

static enum status put_note(struct log_engine *log, const struct builder *note, struct error *err)
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
    judge_externals(log, &parsed, &checkpoint, &published);
    if (published.has_quorum && checkpoint.size > log->quorum_size)
        log->quorum_size = checkpoint.size;
    return STATUS_OK;
}

enum status log_put_checkpoint(struct log_engine *log, const struct builder *note, struct error *err)
{
    enum status status = put_note(log, note, err);
    if (status == STATUS_OK)
        log->head = log->signed_head;
    return status;
}

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
    status = log_publish_again(log, true, err);
    return status == STATUS_OK ? STATUS_OK : log_die(log, status, err);
}

/* ---- lines of others ---- */

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
        status = put_note(log, &text, err);
        if (status != STATUS_OK)
            (void)log_die(log, status, err);
    }
    builder_clear(&lines);
    builder_clear(&text);
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
    judge_externals(log, &note, &checkpoint, out);
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
