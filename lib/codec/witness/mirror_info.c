#include "codec/witness/mirror_info.h"

#include <inttypes.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/witness/proof_lines.h"

static bool read_number(struct reader *r, uint64_t *value)
{
    struct reader line;
    return reader_line(r, &line) && text_parse_u64(reader_rest(&line), PROOF_LINES_SIZE_MAX, value);
}

enum status mirror_info_parse(struct bytes body, struct builder *memory, struct mirror_info *out,
                              struct error *err)
{
    struct reader r, line;
    size_t before = memory->len;
    reader_init(&r, body);
    if (!read_number(&r, &out->tree_size) || !read_number(&r, &out->next_entry) ||
        !reader_line(&r, &line) || !reader_is_at_end(&r) ||
        !text_parse_base64(reader_rest(&line), memory))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "mirror-info: not a size, a next entry and a ticket in base64");
    if (memory->len - before > MIRROR_INFO_TICKET_MAX)
        return error_set(err, STATUS_MALFORMED, "mirror-info: ticket too long");
    out->ticket = bytes_of(memory->data == NULL ? NULL : memory->data + before, memory->len - before);
    return builder_status(memory, "mirror-info", err);
}

void mirror_info_write(const struct mirror_info *info, struct builder *out)
{
    builder_printf(out, "%" PRIu64 "\n%" PRIu64 "\n", info->tree_size, info->next_entry);
    text_write_base64(out, info->ticket);
    builder_u8(out, '\n');
}
