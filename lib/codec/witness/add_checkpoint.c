#include "codec/witness/add_checkpoint.h"

#include <inttypes.h>

#include "base/text.h"

enum status add_checkpoint_parse(struct bytes body, struct add_checkpoint *out, struct error *err)
{
    struct reader r, line;
    struct bytes word;
    reader_init(&r, body);
    if (!reader_line(&r, &line) || !reader_until(&line, ' ', &word) || !bytes_is_text(word, "old") ||
        !text_parse_u64(reader_rest(&line), PROOF_LINES_SIZE_MAX, &out->old_size))
        return error_at(err, STATUS_MALFORMED, 0, "add-checkpoint: no line \"old SIZE\"");
    enum status status = proof_lines_read(&r, &out->proof, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "add-checkpoint");
    out->note = reader_rest(&r);
    return STATUS_OK;
}

void add_checkpoint_write(const struct add_checkpoint *request, struct builder *out)
{
    builder_printf(out, "old %" PRIu64 "\n", request->old_size);
    proof_lines_write(&request->proof, out);
    builder_bytes(out, request->note);
}
