#include <stdlib.h>

#include "base/text.h"
#include "ct_json/ct_json.h"
#include "ct_json/ct_json_blobs.h"

/* ---- get-entries ---- */

void ct_json_open_entries(struct builder *out)
{
    builder_text(out, "{\"entries\":[");
}

void ct_json_add_entry(struct builder *out, bool is_first, struct bytes leaf_input, struct bytes extra_data)
{
    builder_text(out, is_first ? "{\"leaf_input\":" : ",{\"leaf_input\":");
    json_value_write_base64(out, leaf_input);
    builder_text(out, ",\"extra_data\":");
    json_value_write_base64(out, extra_data);
    builder_u8(out, '}');
}

void ct_json_close_entries(struct builder *out)
{
    builder_text(out, "]}");
}

/* Both halves of one entry, as two blobs. */
static enum status take_entry(const json_t *object, struct ct_json_blobs *out, struct error *err)
{
    enum status s = ct_json_blobs_take(out, json_object_get(object, "leaf_input"), "entry", "leaf_input", err);
    if (s == STATUS_OK)
        s = ct_json_blobs_take(out, json_object_get(object, "extra_data"), "entry", "extra_data", err);
    return s;
}

static enum status take_entries(const json_t *root, size_t body_len, struct ct_json_blobs *out, struct error *err)
{
    const json_t *list;
    enum status s = json_value_array(root, "entries", "entries", CT_JSON_ENTRY_COUNT_MAX, &list, err);
    if (s == STATUS_OK && json_array_size(list) == 0)
        s = error_set(err, STATUS_MALFORMED, "entries: an answer without entries");
    if (s != STATUS_OK)
        return s;
    s = ct_json_blobs_start(out, 2 * json_array_size(list), body_len, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(list); i++)
        s = error_prefix(err, take_entry(json_array_get(list, i), out, err), "entry %zu", i);
    return s;
}

enum status ct_json_parse_entries(struct bytes body, struct ct_json_entries *out, struct error *err)
{
    json_t *root;
    struct ct_json_blobs blobs = {.count = 0};
    *out = (struct ct_json_entries){.count = 0};
    enum status s = json_value_load(body, CT_JSON_ENTRIES_MAX, "entries", &root, err);
    if (s == STATUS_OK)
        s = take_entries(root, body.len, &blobs, err);
    json_decref(root);
    if (s == STATUS_OK) {
        out->items = calloc(blobs.count / 2, sizeof *out->items);
        if (out->items == NULL)
            s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    if (s != STATUS_OK) {
        ct_json_blobs_clear(&blobs);
        return s;
    }
    ct_json_blobs_end(&blobs);
    out->count = blobs.count / 2;
    for (size_t i = 0; i < out->count; i++)
        out->items[i] = (struct ct_json_entry){blobs.items[2 * i], blobs.items[2 * i + 1]};
    out->memory = blobs.memory;
    free(blobs.items);
    return STATUS_OK;
}

void ct_json_entries_clear(struct ct_json_entries *entries)
{
    free(entries->items);
    builder_clear(&entries->memory);
    *entries = (struct ct_json_entries){.count = 0};
}

enum status ct_json_write_entry_and_proof(struct bytes leaf_input, struct bytes extra_data, struct bytes proof,
                                          struct builder *out, struct error *err)
{
    builder_text(out, "{\"leaf_input\":");
    json_value_write_base64(out, leaf_input);
    builder_text(out, ",\"extra_data\":");
    json_value_write_base64(out, extra_data);
    builder_u8(out, ',');
    enum status s = ct_json_blobs_write_hashes(out, "audit_path", proof, err);
    builder_u8(out, '}');
    return s == STATUS_OK ? builder_status(out, "entry and proof", err) : s;
}

static enum status take_entry_and_proof(const json_t *root, size_t body_len, struct ct_json_blobs *out, struct error *err)
{
    enum status s = ct_json_blobs_start(out, 3, body_len, err);
    if (s == STATUS_OK)
        s = take_entry(root, out, err);
    size_t start = out->memory.len;
    if (s == STATUS_OK)
        s = ct_json_blobs_read_hashes(root, "entry and proof", "audit_path", &out->memory, err);
    if (s == STATUS_OK)
        ct_json_blobs_mark(out, start);
    return s;
}

enum status ct_json_parse_entry_and_proof(struct bytes body, struct ct_json_blobs *out, struct error *err)
{
    json_t *root;
    *out = (struct ct_json_blobs){.count = 0};
    enum status s = json_value_load(body, CT_JSON_SUBMISSION_MAX * 2, "entry and proof", &root, err);
    if (s == STATUS_OK)
        s = take_entry_and_proof(root, body.len, out, err);
    json_decref(root);
    if (s == STATUS_OK)
        ct_json_blobs_end(out);
    else
        ct_json_blobs_clear(out);
    return s;
}

/* ---- roots and refusals ---- */

enum status ct_json_write_roots(const struct bytes *roots, size_t count, struct builder *out, struct error *err)
{
    builder_text(out, "{\"certificates\":");
    json_value_write_base64_list(out, roots, count);
    builder_u8(out, '}');
    return builder_status(out, "roots", err);
}

enum status ct_json_parse_roots(struct bytes body, struct ct_json_blobs *out, struct error *err)
{
    json_t *root;
    *out = (struct ct_json_blobs){.count = 0};
    enum status s = json_value_load(body, CT_JSON_ROOTS_MAX, "roots", &root, err);
    if (s == STATUS_OK)
        s = ct_json_blobs_read(root, "roots", "certificates", CT_JSON_ROOT_COUNT_MAX, body.len, out, err);
    json_decref(root);
    return s;
}

void ct_json_write_error(const char *text, struct builder *out)
{
    struct error err;
    /* A text that is no UTF-8 gives no object: an answer needs none. */
    json_t *root = json_pack("{s:s}", "error_message", text);
    if (root == NULL)
        builder_text(out, "{}");
    else if (json_value_write(root, JSON_COMPACT | JSON_ENSURE_ASCII, out, "refusal", &err) != STATUS_OK)
        return;
}
