/* The own line of a CT log: its signed tree head, as a note signature of type 05 [C2SP static-ct-api]. */
#include <string.h>

#include "codec/ct/tree_head.h"
#include "log_engine/log_internal.h"

const struct log_tree_head *log_tree_head(const struct log_engine *log)
{
    return &log->head;
}

/* Younger than the tree head before, and not older than what is in the tree [RFC6962 3.5]: also when the clock was
 * put back. */
static uint64_t next_time(const struct log_engine *log, uint64_t now_ms)
{
    uint64_t before = log->signed_head.timestamp_ms > log->head.timestamp_ms ? log->signed_head.timestamp_ms
                                                                             : log->head.timestamp_ms;
    uint64_t time_ms = now_ms > before ? now_ms : before + 1;
    return time_ms > log->newest_ms ? time_ms : log->newest_ms;
}

static enum status sign(struct log_engine *log, struct log_tree_head *head, struct error *err)
{
    const struct ct_signer *signer = log->config.tree_head_signer;
    struct builder signature;
    builder_init_fixed(&signature, head->signature, sizeof head->signature);
    enum status status =
        signer->sign_tree_head(signer->context, head->timestamp_ms, head->size, head->root, &signature, err);
    if (status == STATUS_OK)
        status = builder_status(&signature, "signature of a tree head", err);
    head->signature_len = signature.len;
    if (status == STATUS_OK && signature.len == 0)
        status = error_set(err, STATUS_IO, "the log's key gave an empty signature");
    return status;
}

static enum status write_line(const struct log_engine *log, const struct log_tree_head *head,
                              struct builder *note, struct error *err)
{
    const struct public_key *key = log->config.tree_head_signer->key;
    struct digitally_signed signature = {.algorithm = digitally_signed_algorithm(public_key_alg(key)),
                                         .signature = bytes_of(head->signature, head->signature_len)};
    struct bytes name = bytes_of_text(log->origin);
    uint8_t memory[TREE_HEAD_NOTE_SIGNATURE_MAX], key_id[NOTE_KEY_ID_SIZE];
    struct builder payload;
    builder_init_fixed(&payload, memory, sizeof memory);
    tree_head_write_note_signature(head->timestamp_ms, &signature, &payload);
    enum status status = builder_status(&payload, "tree head", err);
    if (status == STATUS_OK)
        status = note_key_id_as(NOTE_KEY_RFC6962, name, key, key_id, err);
    return status == STATUS_OK ? note_write_signature(name, key_id, builder_view(&payload), note, err) : status;
}

enum status log_tree_head_write(struct log_engine *log, const struct checkpoint *checkpoint, uint64_t now_ms,
                                struct builder *note, struct error *err)
{
    struct log_tree_head head = {.size = checkpoint->size, .timestamp_ms = next_time(log, now_ms)};
    memcpy(head.root, checkpoint->root, HASH_SIZE);
    enum status status = sign(log, &head, err);
    if (status == STATUS_OK)
        status = write_line(log, &head, note, err);
    if (status == STATUS_OK)
        log->signed_head = head;
    return status;
}

enum status log_tree_head_verify(const struct log_engine *log, const struct note *note,
                                 const struct checkpoint *checkpoint, struct log_tree_head *head,
                                 struct error *err)
{
    struct tree_head found;
    struct digitally_signed parts;
    struct builder signature;
    uint8_t memory[DIGITALLY_SIGNED_SIZE_MAX];
    builder_init_fixed(&signature, memory, sizeof memory);
    enum status status = tree_head_from_note(note, checkpoint, bytes_of_text(log->origin),
                                             log->config.tree_head_signer->key, &found, &signature, err);
    if (status == STATUS_OK)
        status = digitally_signed_parse(builder_view(&signature), &parts, err);
    if (status != STATUS_OK)
        return status;
    if (parts.signature.len > sizeof head->signature)
        return error_set(err, STATUS_LIMIT, "the signature of the tree head is too long");
    *head = (struct log_tree_head){.size = found.size,
                                   .timestamp_ms = found.timestamp_ms,
                                   .signature_len = parts.signature.len};
    memcpy(head->root, found.root, HASH_SIZE);
    memcpy(head->signature, parts.signature.data, parts.signature.len);
    return STATUS_OK;
}
