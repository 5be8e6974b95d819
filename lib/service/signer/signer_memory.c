#include "service/signer/signer_memory.h"

#include <inttypes.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"

#define FORMAT_LINE "cathaya-signer-memory v1"

bool signer_memory_is_origin(struct bytes origin)
{
    for (size_t i = 0; i < origin.len; i++)
        if (origin.data[i] <= ' ' || origin.data[i] > '~')
            return false;
    return origin.len > 0 && origin.len <= SIGNER_ORIGIN_MAX;
}

struct signer_tree *signer_memory_find(struct signer_memory *memory, struct bytes origin)
{
    for (size_t i = 0; i < memory->count; i++)
        if (bytes_is_text(origin, memory->trees[i].origin))
            return &memory->trees[i];
    return NULL;
}

static bool read_hash(struct bytes text, uint8_t out[HASH_SIZE])
{
    uint8_t memory[HASH_SIZE];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    if (!text_parse_base64(text, &b) || !builder_is_good(&b) || b.len != HASH_SIZE)
        return false;
    memcpy(out, memory, HASH_SIZE);
    return true;
}

static bool read_tree(struct reader *line, struct signer_memory *out)
{
    struct bytes word, origin, size;
    if (out->count == SIGNER_MEMORY_LOGS_MAX || !reader_until(line, ' ', &word) || !bytes_is_text(word, "tree") ||
        !reader_until(line, ' ', &origin) || !signer_memory_is_origin(origin) ||
        signer_memory_find(out, origin) != NULL || !reader_until(line, ' ', &size))
        return false;
    struct signer_tree *tree = &out->trees[out->count++];
    memcpy(tree->origin, origin.data, origin.len);
    tree->origin[origin.len] = '\0';
    return text_parse_u64(size, UINT64_MAX, &tree->size) && read_hash(reader_rest(line), tree->root);
}

static bool read_all(struct reader *r, struct signer_memory *out)
{
    struct reader line;
    struct bytes word;
    if (!reader_line(r, &line) || !bytes_is_text(reader_rest(&line), FORMAT_LINE) || !reader_line(r, &line) ||
        !reader_until(&line, ' ', &word) || !bytes_is_text(word, "key") || !read_hash(reader_rest(&line), out->key))
        return false;
    while (!reader_is_at_end(r))
        if (!reader_line(r, &line) || !read_tree(&line, out))
            return false;
    return true;
}

enum status signer_memory_parse(struct bytes text, struct signer_memory *out, struct error *err)
{
    struct reader r;
    out->count = 0;
    reader_init(&r, text);
    if (read_all(&r, out))
        return STATUS_OK;
    return error_at(err, STATUS_MALFORMED, reader_offset(&r), "the signer's memory is not what a signer writes");
}

void signer_memory_write(const struct signer_memory *memory, struct builder *out)
{
    builder_text(out, FORMAT_LINE "\nkey ");
    text_write_base64(out, BYTES_OF(memory->key));
    builder_text(out, "\n");
    for (size_t i = 0; i < memory->count; i++) {
        builder_printf(out, "tree %s %" PRIu64 " ", memory->trees[i].origin, memory->trees[i].size);
        text_write_base64(out, BYTES_OF(memory->trees[i].root));
        builder_text(out, "\n");
    }
}
