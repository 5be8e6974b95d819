#include "ct_json/ct_json_blobs.h"

#include <stdlib.h>

void ct_json_blobs_clear(struct ct_json_blobs *blobs)
{
    free(blobs->items);
    builder_clear(&blobs->memory);
    *blobs = (struct ct_json_blobs){.count = 0};
}

enum status ct_json_blobs_start(struct ct_json_blobs *blobs, size_t count, size_t body_len, struct error *err)
{
    *blobs = (struct ct_json_blobs){.items = calloc(count > 0 ? count : 1, sizeof(struct bytes))};
    builder_init(&blobs->memory, body_len);
    return blobs->items != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
}

void ct_json_blobs_mark(struct ct_json_blobs *blobs, size_t start)
{
    blobs->items[blobs->count++].len = blobs->memory.len - start;
}

enum status ct_json_blobs_take(struct ct_json_blobs *blobs, const json_t *string, const char *what, const char *name,
                               struct error *err)
{
    size_t start = blobs->memory.len;
    enum status s = json_value_base64(string, what, name, &blobs->memory, err);
    if (s == STATUS_OK)
        ct_json_blobs_mark(blobs, start);
    return s;
}

void ct_json_blobs_end(struct ct_json_blobs *blobs)
{
    const uint8_t *at = blobs->memory.data;
    for (size_t i = 0; i < blobs->count; i++) {
        blobs->items[i].data = at;
        if (blobs->items[i].len > 0)
            at += blobs->items[i].len;
    }
}

enum status ct_json_blobs_read(const json_t *object, const char *what, const char *name, size_t max, size_t body_len,
                               struct ct_json_blobs *out, struct error *err)
{
    const json_t *list;
    *out = (struct ct_json_blobs){.count = 0};
    enum status s = json_value_array(object, what, name, max, &list, err);
    if (s != STATUS_OK)
        return s;
    s = ct_json_blobs_start(out, json_array_size(list), body_len, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(list); i++)
        s = ct_json_blobs_take(out, json_array_get(list, i), what, name, err);
    if (s == STATUS_OK)
        ct_json_blobs_end(out);
    else
        ct_json_blobs_clear(out);
    return s;
}

enum status ct_json_blobs_read_hashes(const json_t *object, const char *what, const char *name, struct builder *out,
                                      struct error *err)
{
    const json_t *list;
    enum status s = json_value_array(object, what, name, CT_JSON_PROOF_MAX, &list, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(list); i++) {
        size_t start = out->len;
        s = json_value_base64(json_array_get(list, i), what, name, out, err);
        if (s == STATUS_OK && out->len - start != HASH_SIZE)
            s = error_set(err, STATUS_MALFORMED, "%s: \"%s\" has a hash of %zu bytes", what, name, out->len - start);
    }
    return s;
}

enum status ct_json_blobs_write_hashes(struct builder *out, const char *name, struct bytes run, struct error *err)
{
    if (run.len % HASH_SIZE != 0)
        return error_set(err, STATUS_USAGE, "%s: no run of hashes", name);
    if (run.len / HASH_SIZE > CT_JSON_PROOF_MAX)
        return error_set(err, STATUS_LIMIT, "%s: of more than %d hashes", name, CT_JSON_PROOF_MAX);
    struct bytes hashes[CT_JSON_PROOF_MAX];
    size_t count = run.len / HASH_SIZE;
    for (size_t i = 0; i < count; i++)
        hashes[i] = bytes_of(run.data + i * HASH_SIZE, HASH_SIZE);
    builder_printf(out, "\"%s\":", name);
    json_value_write_base64_list(out, hashes, count);
    return builder_status(out, name, err);
}
