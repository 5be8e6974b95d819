#include "ct_json/ct_json.h"

#include <string.h>

#include "base/text.h"
#include "ct_json/ct_json_blobs.h"

/* ---- add-chain ---- */

enum status ct_json_parse_chain(struct bytes body, struct ct_json_blobs *out, struct error *err)
{
    static const char *const names[] = {"chain", NULL};
    json_t *root;
    *out = (struct ct_json_blobs){.count = 0};
    enum status s = json_value_load(body, CT_JSON_SUBMISSION_MAX, "submission", &root, err);
    if (s == STATUS_OK)
        s = json_value_only(root, "submission", names, err);
    if (s == STATUS_OK)
        s = ct_json_blobs_read(root, "submission", "chain", CT_JSON_CHAIN_MAX, body.len, out, err);
    json_decref(root);
    bool has_empty = out->count == 0;
    for (size_t i = 0; i < out->count; i++)
        has_empty = has_empty || out->items[i].len == 0;
    if (s == STATUS_OK && has_empty) {
        ct_json_blobs_clear(out);
        return error_set(err, STATUS_MALFORMED, "submission: \"chain\" has no certificates, or an empty one");
    }
    return s;
}

enum status ct_json_write_chain(const struct bytes *chain, size_t count, struct builder *out, struct error *err)
{
    if (count == 0 || count > CT_JSON_CHAIN_MAX)
        return error_set(err, STATUS_LIMIT, "submission: a chain of %zu certificates", count);
    builder_text(out, "{\"chain\":");
    json_value_write_base64_list(out, chain, count);
    builder_text(out, "}");
    return builder_status(out, "submission", err);
}

/* ---- SCTs ---- */

enum status ct_json_write_sct(const struct sct *sct, struct builder *out, struct error *err)
{
    if (sct->version != SCT_V1 || sct->log_id.len != SCT_LOG_ID_SIZE || sct->timestamp_ms > JSON_VALUE_NUMBER_MAX)
        return error_set(err, STATUS_USAGE, "SCT: not of version 1, or a field is out of range");
    struct builder signature;
    uint8_t memory[DIGITALLY_SIGNED_SIZE_MAX];
    builder_init_fixed(&signature, memory, sizeof memory);
    digitally_signed_write(&(struct digitally_signed){sct->algorithm, sct->signature}, &signature);
    builder_text(out, "{\"sct_version\":0,\"id\":");
    json_value_write_base64(out, sct->log_id);
    builder_printf(out, ",\"timestamp\":%llu,\"extensions\":", (unsigned long long)sct->timestamp_ms);
    json_value_write_base64(out, sct->extensions);
    builder_text(out, ",\"signature\":");
    json_value_write_base64(out, builder_view(&signature));
    builder_text(out, "}");
    enum status s = builder_status(&signature, "signature of an SCT", err);
    return s == STATUS_OK ? builder_status(out, "SCT", err) : s;
}

static enum status read_sct_fields(const json_t *object, uint8_t log_id[SCT_LOG_ID_SIZE], uint64_t *timestamp_ms,
                                   struct builder *extensions, struct builder *signature, struct error *err)
{
    uint64_t version;
    enum status s = json_value_number(object, "SCT", "sct_version", &version, err);
    if (s == STATUS_OK && version != SCT_V1)
        s = error_set(err, STATUS_MALFORMED, "SCT: version %llu is not known", (unsigned long long)version);
    if (s == STATUS_OK)
        s = json_value_hash(object, "SCT", "id", log_id, err);
    if (s == STATUS_OK)
        s = json_value_number(object, "SCT", "timestamp", timestamp_ms, err);
    if (s == STATUS_OK)
        s = json_value_base64(json_object_get(object, "extensions"), "SCT", "extensions", extensions, err);
    if (s == STATUS_OK)
        s = json_value_base64(json_object_get(object, "signature"), "SCT", "signature", signature, err);
    return s;
}

/* Appends a SerializedSCT. */
static enum status read_sct(const json_t *object, struct builder *out, struct error *err)
{
    uint8_t log_id[SCT_LOG_ID_SIZE];
    struct sct sct = {.version = SCT_V1, .log_id = BYTES_OF(log_id)};
    struct digitally_signed value;
    struct builder extensions, signature;
    builder_init(&extensions, UINT16_MAX);
    builder_init(&signature, 4 + UINT16_MAX);
    enum status s = read_sct_fields(object, log_id, &sct.timestamp_ms, &extensions, &signature, err);
    if (s == STATUS_OK)
        s = error_prefix(err, digitally_signed_parse(builder_view(&signature), &value, err), "SCT");
    if (s == STATUS_OK) {
        sct.extensions = builder_view(&extensions);
        sct.algorithm = value.algorithm;
        sct.signature = value.signature;
        s = sct_write(&sct, out, err);
    }
    builder_clear(&extensions);
    builder_clear(&signature);
    return s;
}

/* The fields of a SerializedSCT: a list of one. */
static enum status split_sct(struct bytes serialized, struct sct *sct, struct error *err)
{
    struct builder b;
    struct sct_list list;
    builder_init(&b, SCT_LIST_SIZE_MAX);
    enum status s = sct_list_write(&(struct sct){.serialized = serialized}, 1, &b, err);
    if (s == STATUS_OK)
        s = sct_list_parse(builder_view(&b), &list, err);
    if (s == STATUS_OK) {
        /* The same bytes stand in `serialized`: the fields are to point there. */
        const uint8_t *from = list.scts[0].serialized.data;
        *sct = list.scts[0];
        sct->serialized = serialized;
        sct->log_id.data = serialized.data + (sct->log_id.data - from);
        sct->extensions.data = serialized.data + (sct->extensions.data - from);
        sct->signature.data = serialized.data + (sct->signature.data - from);
    }
    builder_clear(&b);
    return s;
}

enum status ct_json_parse_sct(struct bytes body, struct builder *out, struct sct *sct, struct error *err)
{
    json_t *root;
    builder_reset(out);
    enum status s = json_value_load(body, CT_JSON_ANSWER_MAX, "SCT", &root, err);
    if (s == STATUS_OK)
        s = read_sct(root, out, err);
    json_decref(root);
    return s == STATUS_OK ? split_sct(builder_view(out), sct, err) : s;
}

enum status ct_json_write_scts(const struct sct *scts, size_t count, struct builder *out, struct error *err)
{
    builder_text(out, "{\"scts\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            builder_u8(out, ',');
        enum status s = ct_json_write_sct(&scts[i], out, err);
        if (s != STATUS_OK)
            return s;
    }
    builder_text(out, "]}");
    return builder_status(out, "SCTs", err);
}

static enum status read_scts(const json_t *root, size_t body_len, struct ct_json_blobs *out, struct error *err)
{
    const json_t *list;
    enum status s = json_value_array(root, "SCTs", "scts", CT_JSON_MTC_ENTRIES_MAX, &list, err);
    if (s != STATUS_OK)
        return s;
    s = ct_json_blobs_start(out, json_array_size(list), body_len, err);
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(list); i++) {
        size_t start = out->memory.len;
        s = read_sct(json_array_get(list, i), &out->memory, err);
        if (s == STATUS_OK)
            ct_json_blobs_mark(out, start);
    }
    return s;
}

enum status ct_json_parse_scts(struct bytes body, struct ct_json_blobs *out, struct error *err)
{
    json_t *root;
    *out = (struct ct_json_blobs){.count = 0};
    enum status s = json_value_load(body, CT_JSON_ANSWER_MAX, "SCTs", &root, err);
    if (s == STATUS_OK)
        s = read_scts(root, body.len, out, err);
    json_decref(root);
    if (s == STATUS_OK)
        ct_json_blobs_end(out);
    else
        ct_json_blobs_clear(out);
    return s;
}

/* ---- tree heads and proofs ---- */

enum status ct_json_write_sth(const struct ct_suite *suite, const struct tree_head *head, struct bytes signature,
                              struct builder *out, struct error *err)
{
    if (head->timestamp_ms > JSON_VALUE_NUMBER_MAX || head->size > JSON_VALUE_NUMBER_MAX)
        return error_set(err, STATUS_USAGE, "tree head: a number of more than 63 bits");
    builder_printf(out, "{\"tree_size\":%llu,\"timestamp\":%llu,\"%s\":", (unsigned long long)head->size,
                   (unsigned long long)head->timestamp_ms, suite->root_member);
    json_value_write_base64(out, BYTES_OF(head->root));
    builder_text(out, ",\"tree_head_signature\":");
    json_value_write_base64(out, signature);
    builder_text(out, "}");
    return builder_status(out, "tree head", err);
}

static enum status read_sth(const struct ct_suite *suite, const json_t *root, struct tree_head *out,
                            struct builder *signature, struct error *err)
{
    struct digitally_signed value;
    size_t start = signature->len;
    enum status s = json_value_number(root, "tree head", "tree_size", &out->size, err);
    if (s == STATUS_OK)
        s = json_value_number(root, "tree head", "timestamp", &out->timestamp_ms, err);
    if (s == STATUS_OK)
        s = json_value_hash(root, "tree head", suite->root_member, out->root, err);
    if (s == STATUS_OK)
        s = json_value_base64(json_object_get(root, "tree_head_signature"), "tree head", "tree_head_signature", signature,
                              err);
    if (s != STATUS_OK)
        return s;
    struct bytes written = bytes_of(signature->data + start, signature->len - start);
    return error_prefix(err, digitally_signed_parse(written, &value, err), "tree head");
}

enum status ct_json_parse_sth(const struct ct_suite *suite, struct bytes body, struct tree_head *out,
                              struct builder *signature, struct error *err)
{
    json_t *root;
    enum status s = json_value_load(body, CT_JSON_ANSWER_MAX, "tree head", &root, err);
    if (s == STATUS_OK)
        s = read_sth(suite, root, out, signature, err);
    json_decref(root);
    return s;
}

enum status ct_json_write_consistency(struct bytes proof, struct builder *out, struct error *err)
{
    builder_u8(out, '{');
    enum status s = ct_json_blobs_write_hashes(out, "consistency", proof, err);
    builder_u8(out, '}');
    return s == STATUS_OK ? builder_status(out, "consistency proof", err) : s;
}

enum status ct_json_parse_consistency(struct bytes body, struct builder *out, struct error *err)
{
    json_t *root;
    enum status s = json_value_load(body, CT_JSON_ANSWER_MAX, "consistency proof", &root, err);
    if (s == STATUS_OK)
        s = ct_json_blobs_read_hashes(root, "consistency proof", "consistency", out, err);
    json_decref(root);
    return s;
}

enum status ct_json_write_inclusion(uint64_t leaf_index, struct bytes proof, struct builder *out, struct error *err)
{
    if (leaf_index > JSON_VALUE_NUMBER_MAX)
        return error_set(err, STATUS_USAGE, "inclusion proof: an index of more than 63 bits");
    builder_printf(out, "{\"leaf_index\":%llu,", (unsigned long long)leaf_index);
    enum status s = ct_json_blobs_write_hashes(out, "audit_path", proof, err);
    builder_u8(out, '}');
    return s == STATUS_OK ? builder_status(out, "inclusion proof", err) : s;
}

enum status ct_json_parse_inclusion(struct bytes body, uint64_t *leaf_index, struct builder *out, struct error *err)
{
    json_t *root;
    enum status s = json_value_load(body, CT_JSON_ANSWER_MAX, "inclusion proof", &root, err);
    if (s == STATUS_OK)
        s = json_value_number(root, "inclusion proof", "leaf_index", leaf_index, err);
    if (s == STATUS_OK)
        s = ct_json_blobs_read_hashes(root, "inclusion proof", "audit_path", out, err);
    json_decref(root);
    return s;
}
