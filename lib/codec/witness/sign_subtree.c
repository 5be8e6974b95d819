#include "codec/witness/sign_subtree.h"

#include <inttypes.h>

#include "base/text.h"

static bool read_range(struct reader *r, struct subtree *s)
{
    struct reader line;
    struct bytes word, start;
    return reader_line(r, &line) && reader_until(&line, ' ', &word) &&
           bytes_is_text(word, "subtree") && reader_until(&line, ' ', &start) &&
           text_parse_u64(start, PROOF_LINES_SIZE_MAX, &s->start) &&
           text_parse_u64(reader_rest(&line), PROOF_LINES_SIZE_MAX, &s->end);
}

enum status sign_subtree_parse(struct bytes body, struct sign_subtree *out, struct error *err)
{
    struct reader r;
    reader_init(&r, body);
    if (!read_range(&r, &out->subtree))
        return error_at(err, STATUS_MALFORMED, 0, "sign-subtree: no line \"subtree START END\"");
    if (!subtree_is_valid(out->subtree))
        return error_at(err, STATUS_MALFORMED, 0,
                        "sign-subtree: [%" PRIu64 ", %" PRIu64 ") is no subtree", out->subtree.start,
                        out->subtree.end);
    if (!proof_lines_read_hash(&r, out->hash))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "sign-subtree: no hash line");
    enum status status = proof_lines_read(&r, &out->proof, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "sign-subtree");
    out->note = reader_rest(&r);
    return STATUS_OK;
}

void sign_subtree_write(const struct sign_subtree *request, struct builder *out)
{
    builder_printf(out, "subtree %" PRIu64 " %" PRIu64 "\n", request->subtree.start,
                   request->subtree.end);
    proof_lines_write_hash(request->hash, out);
    proof_lines_write(&request->proof, out);
    builder_bytes(out, request->note);
}
