#include "codec/mtc/log_entry.h"

enum status log_entry_read_extensions(struct reader *r, struct bytes *whole, struct error *err)
{
    struct reader start = *r, list;
    if (!reader_vector_u16(r, &list))
        return error_at(err, STATUS_MALFORMED, reader_offset(r), "log entry: bad extensions");
    *whole = bytes_of(start.at, (size_t)(r->at - start.at));
    int previous = -1;
    while (!reader_is_at_end(&list)) {
        size_t offset = reader_offset(&list);
        uint16_t type;
        struct reader data;
        if (!reader_u16(&list, &type) || !reader_vector_u16(&list, &data))
            return error_at(err, STATUS_MALFORMED, offset, "log entry: bad extension");
        if (type <= previous)
            return error_at(err, STATUS_MALFORMED, offset,
                            "log entry: extension types not in order, or one twice");
        previous = type;
    }
    return STATUS_OK;
}

enum status log_entry_parse(struct bytes input, struct log_entry *out, struct error *err)
{
    if (input.len > LOG_ENTRY_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "log entry: longer than %d bytes", LOG_ENTRY_SIZE_MAX);
    struct reader r;
    reader_init(&r, input);
    enum status s = log_entry_read_extensions(&r, &out->extensions, err);
    if (s != STATUS_OK)
        return s;
    if (!reader_u16(&r, &out->type))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "log entry: no type");
    out->data = reader_rest(&r);
    if (out->type == LOG_ENTRY_NULL && out->data.len > 0)
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "log entry: a null entry with data");
    return STATUS_OK;
}

void log_entry_write_start(struct builder *out, uint16_t type)
{
    builder_u16(out, 0);
    builder_u16(out, type);
}
