#include "codec/witness/proof_lines.h"

#include <string.h>

#include "base/text.h"

bool proof_lines_set(struct proof_lines *p, struct bytes hashes)
{
    if (hashes.len % HASH_SIZE != 0 || hashes.len > sizeof p->hashes)
        return false;
    p->count = hashes.len / HASH_SIZE;
    if (hashes.len > 0)
        memcpy(p->hashes, hashes.data, hashes.len);
    return true;
}

static bool parse_hash(struct bytes line, uint8_t hash[HASH_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, hash, HASH_SIZE);
    return text_parse_base64(line, &b) && builder_is_good(&b) && b.len == HASH_SIZE;
}

bool proof_lines_read_hash(struct reader *r, uint8_t hash[HASH_SIZE])
{
    struct reader line;
    return reader_line(r, &line) && parse_hash(reader_rest(&line), hash);
}

void proof_lines_write_hash(const uint8_t hash[HASH_SIZE], struct builder *out)
{
    text_write_base64(out, bytes_of(hash, HASH_SIZE));
    builder_u8(out, '\n');
}

enum status proof_lines_read(struct reader *r, struct proof_lines *out, struct error *err)
{
    out->count = 0;
    for (;;) {
        struct reader line;
        size_t at = reader_offset(r);
        if (!reader_line(r, &line))
            return error_at(err, STATUS_MALFORMED, at, "proof: no empty line after it");
        if (reader_is_at_end(&line))
            return STATUS_OK;
        if (out->count == PROOF_LINES_MAX)
            return error_at(err, STATUS_MALFORMED, at, "proof: more than %d hashes",
                            PROOF_LINES_MAX);
        if (!parse_hash(reader_rest(&line), out->hashes[out->count]))
            return error_at(err, STATUS_MALFORMED, at, "proof: not 32 bytes in base64");
        out->count++;
    }
}

void proof_lines_write(const struct proof_lines *p, struct builder *out)
{
    for (size_t i = 0; i < p->count; i++)
        proof_lines_write_hash(p->hashes[i], out);
    builder_u8(out, '\n');
}

enum status proof_lines_parse_size(struct bytes body, uint64_t *size, struct error *err)
{
    struct reader r, line;
    reader_init(&r, body);
    if (!reader_line(&r, &line) || !reader_is_at_end(&r) ||
        !text_parse_u64(reader_rest(&line), PROOF_LINES_SIZE_MAX, size))
        return error_set(err, STATUS_MALFORMED, "size of a tree: not one line with a number");
    return STATUS_OK;
}
