#include <stdlib.h>

#include "base/text.h"
#include "ct_json/ct_json.h"
#include "ct_json/ct_json_blobs.h"

/* An index of an issuance log has 48 bits [MTC 5.2]. */
#define INDEX_MAX ((UINT64_C(1) << 48) - 1)
/* The checkpoint, and two for each entry. */
#define BLOBS_MAX (1 + 2 * CT_JSON_MTC_ENTRIES_MAX)

static enum status take_entry(const json_t *object, struct ct_json_blobs *blobs, uint64_t *index, struct error *err)
{
    static const char *const names[] = {"index", "entry", "proof", NULL};
    enum status s = json_value_only(object, "entry", names, err);
    if (s == STATUS_OK)
        s = json_value_number(object, "entry", "index", index, err);
    if (s == STATUS_OK && *index > INDEX_MAX)
        s = error_set(err, STATUS_MALFORMED, "entry: \"index\" has more than 48 bits");
    if (s == STATUS_OK)
        s = ct_json_blobs_take(blobs, json_object_get(object, "entry"), "entry", "entry", err);
    size_t start = blobs->memory.len;
    if (s == STATUS_OK)
        s = ct_json_blobs_read_hashes(object, "entry", "proof", &blobs->memory, err);
    if (s == STATUS_OK)
        ct_json_blobs_mark(blobs, start);
    return s;
}

static enum status take_checkpoint(const json_t *root, struct ct_json_blobs *blobs, struct error *err)
{
    struct bytes text;
    enum status s = json_value_string(root, "submission", "checkpoint", &text, err);
    if (s != STATUS_OK)
        return s;
    size_t start = blobs->memory.len;
    builder_bytes(&blobs->memory, text);
    ct_json_blobs_mark(blobs, start);
    return builder_status(&blobs->memory, "submission", err);
}

static enum status take_all(const json_t *root, size_t body_len, struct ct_json_blobs *blobs, uint64_t *indices,
                            struct error *err)
{
    static const char *const names[] = {"checkpoint", "entries", NULL};
    const json_t *list;
    enum status s = json_value_only(root, "submission", names, err);
    if (s == STATUS_OK)
        s = json_value_array(root, "submission", "entries", CT_JSON_MTC_ENTRIES_MAX, &list, err);
    if (s == STATUS_OK && json_array_size(list) == 0)
        s = error_set(err, STATUS_MALFORMED, "submission: \"entries\" is empty");
    if (s == STATUS_OK)
        s = ct_json_blobs_start(blobs, BLOBS_MAX, body_len, err);
    if (s == STATUS_OK)
        s = take_checkpoint(root, blobs, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(list); i++)
        s = error_prefix(err, take_entry(json_array_get(list, i), blobs, &indices[i], err), "submission: %zu", i);
    return s;
}

enum status ct_json_parse_mtc(struct bytes body, struct ct_json_mtc *out, struct error *err)
{
    uint64_t indices[CT_JSON_MTC_ENTRIES_MAX];
    struct ct_json_blobs blobs = {.count = 0};
    json_t *root;
    *out = (struct ct_json_mtc){.count = 0};
    enum status s = json_value_load(body, CT_JSON_MTC_SUBMISSION_MAX, "submission", &root, err);
    if (s == STATUS_OK)
        s = take_all(root, body.len, &blobs, indices, err);
    json_decref(root);
    if (s == STATUS_OK) {
        out->entries = calloc(CT_JSON_MTC_ENTRIES_MAX, sizeof *out->entries);
        if (out->entries == NULL)
            s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    if (s != STATUS_OK) {
        ct_json_blobs_clear(&blobs);
        return s;
    }
    ct_json_blobs_end(&blobs);
    out->checkpoint = blobs.items[0];
    out->count = (blobs.count - 1) / 2;
    for (size_t i = 0; i < out->count; i++)
        out->entries[i] = (struct ct_json_mtc_entry){
            .index = indices[i], .entry = blobs.items[1 + 2 * i], .proof = blobs.items[2 + 2 * i]};
    out->memory = blobs.memory;
    free(blobs.items);
    return STATUS_OK;
}

void ct_json_mtc_clear(struct ct_json_mtc *mtc)
{
    free(mtc->entries);
    builder_clear(&mtc->memory);
    *mtc = (struct ct_json_mtc){.count = 0};
}

/* A JSON string: jansson knows what has to be escaped. */
static enum status write_text(struct builder *out, struct bytes text, struct error *err)
{
    json_t *string = json_stringn((const char *)text.data, text.len);
    if (string == NULL)
        return error_set(err, STATUS_USAGE, "submission: the checkpoint is not UTF-8");
    return json_value_write(string, JSON_ENCODE_ANY, out, "submission", err);
}

enum status ct_json_write_mtc(struct bytes checkpoint, const struct ct_json_mtc_entry *entries, size_t count,
                              struct builder *out, struct error *err)
{
    if (count == 0 || count > CT_JSON_MTC_ENTRIES_MAX)
        return error_set(err, STATUS_LIMIT, "submission: %zu entries, one has 1 to %d", count, CT_JSON_MTC_ENTRIES_MAX);
    builder_text(out, "{\"checkpoint\":");
    enum status s = write_text(out, checkpoint, err);
    builder_text(out, ",\"entries\":[");
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        builder_printf(out, "%s{\"index\":%llu,\"entry\":", i > 0 ? "," : "", (unsigned long long)entries[i].index);
        json_value_write_base64(out, entries[i].entry);
        builder_u8(out, ',');
        s = ct_json_blobs_write_hashes(out, "proof", entries[i].proof, err);
        builder_u8(out, '}');
    }
    builder_text(out, "]}");
    return s == STATUS_OK ? builder_status(out, "submission", err) : s;
}
