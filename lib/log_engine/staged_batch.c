#include "log_engine/staged_batch.h"

#include "base/reader.h"

static const uint8_t label[17] = "cathaya/staged/1\n";

enum status staged_batch_parse(struct bytes input, struct staged_batch *out, struct error *err)
{
    struct reader r;
    struct bytes start;
    reader_init(&r, input);
    if (!reader_bytes(&r, sizeof label, &start) || !bytes_equal(start, BYTES_OF(label)))
        return error_at(err, STATUS_MALFORMED, 0, "staged batch: wrong label");
    if (!reader_u64(&r, &out->number) || !reader_u64(&r, &out->old_size) ||
        !reader_u64(&r, &out->new_size) || !reader_copy(&r, out->new_root, HASH_SIZE) ||
        !reader_u64(&r, &out->max_not_after_s))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "staged batch: cut short");
    if (out->number == 0 || out->new_size > LOG_SIZE_MAX || out->old_size >= out->new_size ||
        out->new_size - out->old_size > LOG_BATCH_ENTRIES_MAX || out->max_not_after_s > INT64_MAX)
        return error_at(err, STATUS_MALFORMED, sizeof label, "staged batch: number out of range");
    out->entries = reader_rest(&r);
    if (out->entries.len > LOG_BATCH_BYTES_MAX)
        return error_set(err, STATUS_LIMIT, "staged batch: more than %zu bytes of entries",
                         LOG_BATCH_BYTES_MAX);
    return STATUS_OK;
}

void staged_batch_write_header(const struct staged_batch *batch, struct builder *out)
{
    builder_bytes(out, BYTES_OF(label));
    builder_u64(out, batch->number);
    builder_u64(out, batch->old_size);
    builder_u64(out, batch->new_size);
    builder_bytes(out, BYTES_OF(batch->new_root));
    builder_u64(out, batch->max_not_after_s);
}
