#include "codec/tiles/entry_bundle.h"

#include "base/reader.h"

bool entry_bundle_next(struct reader *r, struct bytes *entry)
{
    struct reader inside;
    if (!reader_vector_u16(r, &inside))
        return false;
    *entry = reader_rest(&inside);
    return true;
}

enum status entry_bundle_parse(struct bytes input, unsigned expected_count,
                               struct entry_bundle *out, struct error *err)
{
    if (expected_count == 0 || expected_count > TILE_WIDTH)
        return error_set(err, STATUS_USAGE, "entry bundle of %u entries: 1 to %d are allowed",
                         expected_count, TILE_WIDTH);
    struct reader r;
    reader_init(&r, input);
    for (unsigned i = 0; i < expected_count; i++)
        if (!entry_bundle_next(&r, &out->entries[i]))
            return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                            "entry bundle ends in entry %u of %u", i, expected_count);
    if (!reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "entry bundle goes on after %u entries", expected_count);
    out->count = expected_count;
    return STATUS_OK;
}

void entry_bundle_append(struct builder *out, struct bytes entry)
{
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, entry);
    builder_close_vector(out, mark, 2);
}
