#include "codec/ct/sct_list.h"

#define EXTENSION_LEAF_INDEX 0
#define LEAF_INDEX_SIZE 5
/* The types of extensions are one byte. */
#define EXTENSION_TYPE_COUNT 256

static bool read_v1(struct reader *r, struct sct *out)
{
    struct reader extensions, signature;
    if (!reader_bytes(r, SCT_LOG_ID_SIZE, &out->log_id) || !reader_u64(r, &out->timestamp_ms) ||
        !reader_vector_u16(r, &extensions) || !reader_u16(r, &out->algorithm) ||
        !reader_vector_u16(r, &signature) || !reader_is_at_end(r))
        return false;
    out->extensions = reader_rest(&extensions);
    out->signature = reader_rest(&signature);
    return true;
}

static enum status read_sct(struct reader *r, struct sct *out, struct error *err)
{
    *out = (struct sct){.serialized = reader_rest(r)};
    size_t offset = reader_offset(r);
    if (!reader_u8(r, &out->version))
        return error_at(err, STATUS_MALFORMED, offset, "SCT: empty");
    if (out->version != SCT_V1)
        return STATUS_OK;
    if (!read_v1(r, out))
        return error_at(err, STATUS_MALFORMED, offset, "SCT: cut short, or bytes after its signature");
    return STATUS_OK;
}

enum status sct_list_parse(struct bytes input, struct sct_list *out, struct error *err)
{
    struct reader r, list, item;
    out->count = 0;
    reader_init(&r, input);
    if (!reader_vector_u16(&r, &list) || !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "SCT list: its length is not that of what holds it");
    if (reader_is_at_end(&list))
        return error_set(err, STATUS_MALFORMED, "SCT list: empty");
    while (!reader_is_at_end(&list)) {
        if (!reader_vector_u16(&list, &item))
            return error_at(err, STATUS_MALFORMED, reader_offset(&list),
                            "SCT list: an SCT is cut short");
        if (out->count == SCT_LIST_MAX)
            return error_set(err, STATUS_LIMIT, "SCT list: more than %d SCTs", SCT_LIST_MAX);
        enum status s = read_sct(&item, &out->scts[out->count], err);
        if (s != STATUS_OK)
            return s;
        out->count++;
    }
    return STATUS_OK;
}

enum status sct_list_write(const struct sct *scts, size_t count, struct builder *out,
                           struct error *err)
{
    if (count == 0)
        return error_set(err, STATUS_USAGE, "SCT list: without SCTs");
    size_t list = builder_open_vector(out, 2);
    for (size_t i = 0; i < count; i++) {
        if (scts[i].serialized.len == 0)
            return error_set(err, STATUS_USAGE, "SCT list: SCT %zu is empty", i);
        size_t item = builder_open_vector(out, 2);
        builder_bytes(out, scts[i].serialized);
        builder_close_vector(out, item, 2);
    }
    builder_close_vector(out, list, 2);
    return builder_status(out, "SCT list", err);
}

enum status sct_write(const struct sct *sct, struct builder *out, struct error *err)
{
    if (sct->version != SCT_V1 || sct->log_id.len != SCT_LOG_ID_SIZE)
        return error_set(err, STATUS_USAGE, "SCT: not of version 1, or a log ID of %zu bytes",
                         sct->log_id.len);
    builder_u8(out, SCT_V1);
    builder_bytes(out, sct->log_id);
    builder_u64(out, sct->timestamp_ms);
    size_t extensions = builder_open_vector(out, 2);
    builder_bytes(out, sct->extensions);
    builder_close_vector(out, extensions, 2);
    builder_u16(out, sct->algorithm);
    size_t signature = builder_open_vector(out, 2);
    builder_bytes(out, sct->signature);
    builder_close_vector(out, signature, 2);
    return builder_status(out, "SCT", err);
}

static enum status read_index(struct reader *data, uint64_t *index, struct error *err)
{
    uint8_t high;
    uint32_t low;
    if (!reader_u8(data, &high) || !reader_u32(data, &low) || !reader_is_at_end(data))
        return error_set(err, STATUS_MALFORMED, "SCT: leaf_index is not %d bytes", LEAF_INDEX_SIZE);
    *index = (uint64_t)high << 32 | low;
    return STATUS_OK;
}

enum status sct_leaf_index(const struct sct *sct, uint64_t *index, struct error *err)
{
    bool seen[EXTENSION_TYPE_COUNT] = {false};
    struct reader r, data;
    uint64_t value = 0;
    reader_init(&r, sct->extensions);
    while (!reader_is_at_end(&r)) {
        uint8_t type;
        if (!reader_u8(&r, &type) || !reader_vector_u16(&r, &data))
            return error_set(err, STATUS_MALFORMED, "SCT: its extensions are no list of extensions");
        if (seen[type])
            return error_set(err, STATUS_MALFORMED, "SCT: extension %u twice", type);
        seen[type] = true;
        if (type != EXTENSION_LEAF_INDEX)
            continue;
        enum status s = read_index(&data, &value, err);
        if (s != STATUS_OK)
            return s;
    }
    if (!seen[EXTENSION_LEAF_INDEX])
        return error_set(err, STATUS_NOT_FOUND, "SCT: no leaf_index");
    *index = value;
    return STATUS_OK;
}

enum status sct_write_leaf_index(uint64_t index, struct builder *out, struct error *err)
{
    if (index > SCT_LEAF_INDEX_MAX)
        return error_set(err, STATUS_USAGE, "SCT: leaf_index of more than 40 bits");
    builder_u8(out, EXTENSION_LEAF_INDEX);
    size_t data = builder_open_vector(out, 2);
    builder_u8(out, (uint8_t)(index >> 32));
    builder_u32(out, (uint32_t)index);
    builder_close_vector(out, data, 2);
    return builder_status(out, "extensions of an SCT", err);
}
