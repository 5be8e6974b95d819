#include "service/mirror/mirror_record.h"

#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/witness/proof_lines.h"

#define FIRST_LINE "cathaya-mirror-record v1"

static bool read_field(struct reader *r, const char *name, struct reader *value)
{
    struct bytes word;
    return reader_line(r, value) && reader_until(value, ' ', &word) && bytes_is_text(word, name);
}

static bool read_number(struct reader *r, const char *name, uint64_t *number)
{
    struct reader value;
    return read_field(r, name, &value) &&
           text_parse_u64(reader_rest(&value), PROOF_LINES_SIZE_MAX, number);
}

static bool read_stored(struct reader *r, struct mirror_record *out)
{
    struct reader value;
    struct bytes size;
    struct builder root;
    builder_init_fixed(&root, out->stored_root, HASH_SIZE);
    return read_field(r, "stored", &value) && reader_until(&value, ' ', &size) &&
           text_parse_u64(size, PROOF_LINES_SIZE_MAX, &out->stored_size) &&
           text_parse_base64(reader_rest(&value), &root) && builder_is_good(&root) &&
           root.len == HASH_SIZE;
}

/* A note of this origin, or "-". */
static bool read_point(struct reader *r, const char *name, struct bytes origin,
                       struct builder *memory, struct mirror_point *point)
{
    struct reader value;
    struct note note;
    struct checkpoint checkpoint;
    size_t before = memory->len;
    *point = (struct mirror_point){.size = 0};
    if (!read_field(r, name, &value))
        return false;
    if (bytes_is_text(reader_rest(&value), "-"))
        return true;
    if (!text_parse_base64(reader_rest(&value), memory) || !builder_is_good(memory))
        return false;
    point->note = bytes_of(memory->data + before, memory->len - before);
    if (note_parse(point->note, &note, NULL) != STATUS_OK ||
        checkpoint_parse(note.text, &checkpoint, NULL) != STATUS_OK ||
        !bytes_equal(checkpoint.origin, origin))
        return false;
    point->size = checkpoint.size;
    memcpy(point->root, checkpoint.root, HASH_SIZE);
    return true;
}

static bool read_hash(struct reader *r, const struct hash_alg **hash)
{
    struct reader value;
    if (!read_field(r, "hash", &value))
        return false;
    *hash = bytes_is_text(reader_rest(&value), hash_sm3.name)      ? &hash_sm3
            : bytes_is_text(reader_rest(&value), hash_sha256.name) ? &hash_sha256
                                                                  : NULL;
    return *hash != NULL;
}

static bool read_all(struct reader *r, struct builder *memory, struct mirror_record *out)
{
    struct reader line;
    if (!reader_line(r, &line) || !bytes_is_text(reader_rest(&line), FIRST_LINE) ||
        !read_field(r, "origin", &line))
        return false;
    out->origin = reader_rest(&line);
    return read_hash(r, &out->hash) && read_number(r, "minimum-index", &out->min_index) &&
           read_stored(r, out) && read_point(r, "mirrored", out->origin, memory, &out->mirrored) &&
           read_point(r, "pending", out->origin, memory, &out->pending) && reader_is_at_end(r);
}

enum status mirror_record_parse(struct bytes text, struct builder *memory,
                                struct mirror_record *out, struct error *err)
{
    struct reader r;
    reader_init(&r, text);
    /* Room for all that can be decoded, at once: the notes are borrowed while more is appended. */
    if (builder_space(memory, text.len) == NULL)
        return builder_status(memory, "mirror record", err);
    builder_reset(memory);
    if (!read_all(&r, memory, out))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "mirror record");
    if (out->min_index > out->mirrored.size || out->mirrored.size > out->stored_size ||
        out->stored_size > out->pending.size)
        return error_set(err, STATUS_MALFORMED, "mirror record: its sizes contradict each other");
    return STATUS_OK;
}

static void write_point(const char *name, const struct mirror_point *point, struct builder *out)
{
    builder_printf(out, "%s ", name);
    if (point->note.len == 0)
        builder_text(out, "-");
    else
        text_write_base64(out, point->note);
    builder_u8(out, '\n');
}

enum status mirror_record_write(const struct mirror_record *record, struct builder *out,
                                struct error *err)
{
    builder_text(out, FIRST_LINE "\norigin ");
    builder_bytes(out, record->origin);
    builder_printf(out, "\nhash %s\nminimum-index %" PRIu64 "\nstored %" PRIu64 " ",
                   record->hash->name, record->min_index, record->stored_size);
    proof_lines_write_hash(record->stored_root, out);
    write_point("mirrored", &record->mirrored, out);
    write_point("pending", &record->pending, out);
    return builder_status(out, "mirror record", err);
}
