#include "codec/ct/tree_head.h"

#include <string.h>

#include "codec/note/note_key.h"

#define VERSION_V1 0
#define SIGNATURE_TYPE_TREE_HASH 1

void tree_head_write_input(const struct tree_head *head, uint8_t out[TREE_HEAD_INPUT_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, TREE_HEAD_INPUT_SIZE);
    builder_u8(&b, VERSION_V1);
    builder_u8(&b, SIGNATURE_TYPE_TREE_HASH);
    builder_u64(&b, head->timestamp_ms);
    builder_u64(&b, head->size);
    builder_bytes(&b, BYTES_OF(head->root));
}

enum status tree_head_verify(const struct public_key *key, const struct tree_head *head,
                             const struct digitally_signed *signature, struct error *err)
{
    uint8_t input[TREE_HEAD_INPUT_SIZE];
    tree_head_write_input(head, input);
    return error_prefix(err, digitally_signed_verify(key, BYTES_OF(input), signature, err), "tree head");
}

void tree_head_write_note_signature(uint64_t timestamp_ms, const struct digitally_signed *signature,
                                    struct builder *out)
{
    builder_u64(out, timestamp_ms);
    digitally_signed_write(signature, out);
}

enum status tree_head_parse_note_signature(struct bytes payload, uint64_t *timestamp_ms,
                                           struct digitally_signed *signature, struct error *err)
{
    struct reader r;
    reader_init(&r, payload);
    if (!reader_u64(&r, timestamp_ms))
        return error_set(err, STATUS_MALFORMED, "tree head in a note: cut short");
    return error_prefix(err, digitally_signed_parse(reader_rest(&r), signature, err), "tree head in a note");
}

enum status tree_head_key_id(struct bytes name, const uint8_t log_id[HASH_SIZE], uint8_t out[NOTE_KEY_ID_SIZE],
                             struct error *err)
{
    static const uint8_t between[] = {'\n', NOTE_KEY_RFC6962};
    uint8_t digest[HASH_SIZE];
    const struct bytes parts[] = {name, BYTES_OF(between), bytes_of(log_id, HASH_SIZE)};
    if (!note_is_name(name))
        return error_set(err, STATUS_USAGE, "origin of a CT log: empty, or with spaces, controls or \"+\"");
    if (!hash_label_sha256(parts, sizeof parts / sizeof parts[0], digest))
        return error_set(err, STATUS_NO_MEMORY, "key ID of a note: hashing failed");
    memcpy(out, digest, NOTE_KEY_ID_SIZE);
    return STATUS_OK;
}

/* One line of the log's: a second one must say the same time. */
static enum status take_line(const struct note_signature *line, const struct checkpoint *checkpoint,
                             const struct public_key *key, bool is_first, struct tree_head *out,
                             struct builder *kept, struct error *err)
{
    struct digitally_signed signature;
    struct builder payload;
    struct tree_head head = {.size = checkpoint->size};
    memcpy(head.root, checkpoint->root, HASH_SIZE);
    builder_init(&payload, NOTE_SIZE_MAX);
    enum status s = note_signature_payload(line, &payload, err);
    if (s == STATUS_OK)
        s = tree_head_parse_note_signature(builder_view(&payload), &head.timestamp_ms, &signature, err);
    if (s == STATUS_OK)
        s = tree_head_verify(key, &head, &signature, err);
    if (s == STATUS_OK && !is_first && head.timestamp_ms != out->timestamp_ms)
        s = error_set(err, STATUS_REFUSED, "tree head in a note: two signatures of different times");
    if (s == STATUS_OK && is_first && kept != NULL)
        digitally_signed_write(&signature, kept);
    builder_clear(&payload);
    *out = head;
    return s == STATUS_MALFORMED ? STATUS_REFUSED : s;
}

enum status tree_head_from_note(const struct note *note, const struct checkpoint *checkpoint, struct bytes name,
                                const struct public_key *key, struct tree_head *out, struct builder *signature,
                                struct error *err)
{
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    const struct note_signature *line;
    size_t at = 0, count = 0;
    enum status s = note_key_id_as(NOTE_KEY_RFC6962, name, key, key_id, err);
    if (s == STATUS_OK && checkpoint->extensions.len > 0)
        return error_set(err, STATUS_REFUSED, "checkpoint of a CT log: it has extension lines");
    for (; s == STATUS_OK && (line = note_find(note, name, key_id, &at)) != NULL; count++)
        s = take_line(line, checkpoint, key, count == 0, out, signature, err);
    if (s == STATUS_OK && count == 0)
        return error_set(err, STATUS_NOT_FOUND, "the checkpoint has no signature of the log %.*s", (int)name.len,
                         (const char *)name.data);
    return s == STATUS_OK && signature != NULL ? builder_status(signature, "tree head", err) : s;
}
