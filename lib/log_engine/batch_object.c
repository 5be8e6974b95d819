#include "log_engine/batch_object.h"

#include "base/reader.h"
#include "codec/tai/tai.h"

static const uint8_t label[16] = "cathaya/batch/1\n";

size_t batch_object_cover(uint64_t start, uint64_t end, struct subtree out[2])
{
    subtree_cover(start, end, out);
    return subtree_size(out[1]) == 0 ? 1 : 2;
}

bool batch_object_insert(struct cosigned_subtree *s, const struct log_cosignature *cosignature)
{
    size_t at = 0;
    while (at < s->cosignature_count &&
           tai_compare(&s->cosignatures[at].cosigner_id, &cosignature->cosigner_id) < 0)
        at++;
    if (at < s->cosignature_count &&
        tai_equal(&s->cosignatures[at].cosigner_id, &cosignature->cosigner_id))
        return false;
    for (size_t i = s->cosignature_count; i > at; i--)
        s->cosignatures[i] = s->cosignatures[i - 1];
    s->cosignatures[at] = *cosignature;
    s->cosignature_count++;
    return true;
}

static enum status cut_short(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "batch object: %s", what);
}

static enum status read_cosignature(struct reader *r, struct log_cosignature *out,
                                    struct error *err)
{
    struct reader id, signature;
    if (!reader_vector_u8(r, &id) || !reader_vector_u16(r, &signature))
        return cut_short(r, "a cosignature is cut short", err);
    enum status status = tai_parse_binary(reader_rest(&id), &out->cosigner_id, err);
    if (status != STATUS_OK)
        return status;
    out->signature = reader_rest(&signature);
    if (out->signature.len == 0)
        return cut_short(r, "a signature is empty", err);
    return STATUS_OK;
}

static enum status read_cosignatures(struct reader *r, struct cosigned_subtree *out,
                                     struct error *err)
{
    struct reader list;
    if (!reader_vector_u24(r, &list))
        return cut_short(r, "the cosignatures are cut short", err);
    out->cosignature_count = 0;
    while (!reader_is_at_end(&list)) {
        size_t i = out->cosignature_count;
        if (i == LOG_COSIGNERS_MAX)
            return cut_short(&list, "too many cosignatures", err);
        enum status status = read_cosignature(&list, &out->cosignatures[i], err);
        if (status != STATUS_OK)
            return status;
        if (i > 0 && tai_compare(&out->cosignatures[i - 1].cosigner_id,
                                 &out->cosignatures[i].cosigner_id) >= 0)
            return cut_short(&list, "the cosigners are not in order [MTC 6.2]", err);
        out->cosignature_count++;
    }
    return STATUS_OK;
}

static enum status read_subtree(struct reader *r, struct subtree expected,
                                struct cosigned_subtree *out, struct error *err)
{
    if (!reader_u64(r, &out->subtree.start) || !reader_u64(r, &out->subtree.end) ||
        !reader_copy(r, out->hash, HASH_SIZE))
        return cut_short(r, "a subtree is cut short", err);
    if (!subtree_equal(out->subtree, expected))
        return cut_short(r, "a subtree is not one that covers the batch [MTC 4.5.1]", err);
    return read_cosignatures(r, out, err);
}

enum status batch_object_parse(struct bytes input, struct batch_object *out, struct error *err)
{
    struct reader r;
    struct bytes start;
    struct subtree cover[2];
    reader_init(&r, input);
    if (!reader_bytes(&r, sizeof label, &start) || !bytes_equal(start, BYTES_OF(label)))
        return cut_short(&r, "wrong label", err);
    if (!reader_u64(&r, &out->number) || !reader_u64(&r, &out->start) || !reader_u64(&r, &out->end))
        return cut_short(&r, "the header is cut short", err);
    if (out->number == 0 || out->start >= out->end || out->end > LOG_SIZE_MAX)
        return cut_short(&r, "a number is out of range", err);
    out->subtree_count = batch_object_cover(out->start, out->end, cover);
    for (size_t i = 0; i < out->subtree_count; i++) {
        enum status status = read_subtree(&r, cover[i], &out->subtrees[i], err);
        if (status != STATUS_OK)
            return status;
    }
    if (!reader_is_at_end(&r))
        return cut_short(&r, "bytes after the last subtree", err);
    return STATUS_OK;
}

static void write_subtree(const struct cosigned_subtree *s, struct builder *out)
{
    builder_u64(out, s->subtree.start);
    builder_u64(out, s->subtree.end);
    builder_bytes(out, BYTES_OF(s->hash));
    size_t list = builder_open_vector(out, 3);
    for (size_t i = 0; i < s->cosignature_count; i++) {
        size_t id = builder_open_vector(out, 1);
        builder_bytes(out, tai_bytes(&s->cosignatures[i].cosigner_id));
        builder_close_vector(out, id, 1);
        size_t signature = builder_open_vector(out, 2);
        builder_bytes(out, s->cosignatures[i].signature);
        builder_close_vector(out, signature, 2);
    }
    builder_close_vector(out, list, 3);
}

enum status batch_object_write(const struct batch_object *object, struct builder *out,
                               struct error *err)
{
    builder_bytes(out, BYTES_OF(label));
    builder_u64(out, object->number);
    builder_u64(out, object->start);
    builder_u64(out, object->end);
    for (size_t i = 0; i < object->subtree_count; i++)
        write_subtree(&object->subtrees[i], out);
    return builder_status(out, "batch object", err);
}
