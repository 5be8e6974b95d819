#include "service/monitor/gossip_message.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- reading ---- */

static bool read_base64(const json_t *value, size_t max, struct builder *memory, size_t *at, size_t *len)
{
    if (!json_is_string(value) || json_string_length(value) > max * 4 / 3 + 4)
        return false;
    *at = memory->len;
    if (!text_parse_base64(bytes_of(json_string_value(value), json_string_length(value)), memory))
        return false;
    *len = memory->len - *at;
    return *len > 0;
}

static bool read_number(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

/* While memory grows a signature is its place in it. */
static bool read_sth(const json_t *object, struct builder *memory, struct gossip_head *out, size_t *at)
{
    size_t root_at, root_len = 0, len = 0;
    if (!read_number(json_object_get(object, "tree_size"), &out->head.size) ||
        !read_number(json_object_get(object, "timestamp"), &out->head.timestamp_ms) ||
        !read_base64(json_object_get(object, "root_hash"), HASH_SIZE, memory, &root_at, &root_len) || root_len != HASH_SIZE)
        return false;
    memcpy(out->head.root, memory->data + root_at, HASH_SIZE);
    if (!read_base64(json_object_get(object, "signature"), GOSSIP_SIGNATURE_MAX, memory, at, &len))
        return false;
    out->head.signature.len = len;
    return true;
}

static bool read_checkpoint(const json_t *value, struct builder *memory, struct gossip_head *out, size_t *at)
{
    size_t len = json_string_length(value);
    if (len == 0 || len > GOSSIP_CHECKPOINT_MAX)
        return false;
    *at = memory->len;
    builder_bytes(memory, bytes_of(json_string_value(value), len));
    out->is_checkpoint = true;
    out->head.signature.len = len;
    return true;
}

static bool read_head(const json_t *object, struct builder *memory, struct gossip_head *out, size_t *at)
{
    const json_t *log = json_object_get(object, "log"), *checkpoint = json_object_get(object, "checkpoint");
    struct bytes name = json_is_string(log) ? bytes_of(json_string_value(log), json_string_length(log)) : bytes_of(NULL, 0);
    *out = (struct gossip_head){.is_checkpoint = false};
    if (name.len == 0 || name.len > GOSSIP_LOG_MAX || !text_is_printable_utf8(name))
        return false;
    memcpy(out->log, name.data, name.len);
    bool is_good = json_is_string(checkpoint) ? read_checkpoint(checkpoint, memory, out, at)
                                              : read_sth(object, memory, out, at);
    return is_good && builder_is_good(memory);
}

static enum status read_heads(const json_t *list, struct array *heads, struct builder *memory, struct error *err)
{
    size_t count = json_array_size(list), *places = calloc(count + 1, sizeof *places);
    enum status s = places == NULL ? error_set(err, STATUS_NO_MEMORY, "no memory for gossip") : STATUS_OK;
    for (size_t i = 0; i < count && s == STATUS_OK; i++) {
        struct gossip_head head;
        size_t at = 0;
        if (!read_head(json_array_get(list, i), memory, &head, &at))
            continue;
        places[heads->count] = at;
        s = array_insert(heads, heads->count, &head, "tree heads", err);
    }
    for (size_t i = 0; i < heads->count && s == STATUS_OK; i++) {
        struct gossip_head *head = array_at(heads, i);
        head->head.signature.data = memory->data + places[i];
    }
    free(places);
    return s;
}

enum status gossip_message_parse(struct bytes text, struct array *heads, struct builder *memory, struct error *err)
{
    json_error_t reason;
    if (text.len > GOSSIP_MESSAGE_MAX)
        return error_set(err, STATUS_LIMIT, "more than %zu bytes", GOSSIP_MESSAGE_MAX);
    json_t *message = json_loadb(text.data != NULL ? (const char *)text.data : "", text.len, JSON_REJECT_DUPLICATES, &reason);
    const json_t *list = json_object_get(message, "tree_heads");
    enum status s = STATUS_OK;
    if (message == NULL)
        s = error_set(err, STATUS_MALFORMED, "no JSON: %s", reason.text);
    else if (!json_is_array(list))
        s = error_set(err, STATUS_MALFORMED, "no list tree_heads");
    else if (json_array_size(list) > GOSSIP_HEADS_MAX)
        s = error_set(err, STATUS_LIMIT, "more than %d tree heads", GOSSIP_HEADS_MAX);
    else
        s = read_heads(list, heads, memory, err);
    json_decref(message);
    return s;
}

/* ---- writing ---- */

static void set_base64(json_t *object, const char *name, struct bytes value)
{
    struct builder text;
    builder_init(&text, GOSSIP_SIGNATURE_MAX * 2);
    text_write_base64(&text, value);
    if (builder_is_good(&text) && text.len > 0)
        (void)json_object_set_new(object, name, json_stringn((const char *)text.data, text.len));
    builder_clear(&text);
}

static json_t *head_json(const struct gossip_head *head)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, "log", json_string(head->log));
    if (head->is_checkpoint) {
        (void)json_object_set_new(object, "checkpoint",
                                  json_stringn((const char *)head->head.signature.data, head->head.signature.len));
        return object;
    }
    (void)json_object_set_new(object, "tree_size", json_integer((json_int_t)head->head.size));
    (void)json_object_set_new(object, "timestamp", json_integer((json_int_t)head->head.timestamp_ms));
    set_base64(object, "root_hash", BYTES_OF(head->head.root));
    set_base64(object, "signature", head->head.signature);
    return object;
}

enum status gossip_message_write(const struct gossip_head *heads, size_t count, struct builder *out, struct error *err)
{
    json_t *message = json_object(), *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, head_json(&heads[i]));
    (void)json_object_set_new(message, "tree_heads", list);
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    if (text == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for gossip");
    builder_text(out, text);
    free(text);
    return builder_status(out, "gossip", err);
}
