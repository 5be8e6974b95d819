#include "ct_json/json_value.h"

#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"

static enum status wrong(struct error *err, const char *what, const char *name, const char *wanted)
{
    return error_set(err, STATUS_MALFORMED, "%s: \"%s\" is missing, or not %s", what, name, wanted);
}

enum status json_value_load(struct bytes text, size_t max, const char *what, json_t **root, struct error *err)
{
    json_error_t reason;
    *root = NULL;
    if (text.len > max)
        return error_set(err, STATUS_LIMIT, "%s: of more than %zu bytes", what, max);
    *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &reason);
    if (*root == NULL)
        return error_set(err, STATUS_MALFORMED, "%s: no JSON: line %d: %s", what, reason.line, reason.text);
    if (!json_is_object(*root)) {
        json_decref(*root);
        *root = NULL;
        return error_set(err, STATUS_MALFORMED, "%s: no JSON object", what);
    }
    return STATUS_OK;
}

enum status json_value_string(const json_t *object, const char *what, const char *name, struct bytes *out,
                              struct error *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return wrong(err, what, name, "a string");
    *out = bytes_of(json_string_value(value), json_string_length(value));
    return STATUS_OK;
}

enum status json_value_number(const json_t *object, const char *what, const char *name, uint64_t *out,
                              struct error *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return wrong(err, what, name, "a whole number from 0 on");
    *out = (uint64_t)json_integer_value(value);
    return STATUS_OK;
}

enum status json_value_array(const json_t *object, const char *what, const char *name, size_t max,
                             const json_t **out, struct error *err)
{
    *out = json_object_get(object, name);
    if (!json_is_array(*out))
        return wrong(err, what, name, "a list");
    if (json_array_size(*out) > max)
        return error_set(err, STATUS_LIMIT, "%s: \"%s\" has %zu items, at most %zu are read", what, name,
                         json_array_size(*out), max);
    return STATUS_OK;
}

enum status json_value_base64(const json_t *string, const char *what, const char *name, struct builder *out,
                              struct error *err)
{
    if (!json_is_string(string) ||
        !text_parse_base64(bytes_of(json_string_value(string), json_string_length(string)), out))
        return builder_is_good(out) ? wrong(err, what, name, "base64") : builder_status(out, what, err);
    return builder_status(out, what, err);
}

enum status json_value_hash(const json_t *object, const char *what, const char *name, uint8_t *out, struct error *err)
{
    struct builder b;
    builder_init_fixed(&b, out, HASH_SIZE);
    if (json_value_base64(json_object_get(object, name), what, name, &b, err) != STATUS_OK || b.len != HASH_SIZE)
        return wrong(err, what, name, "the base64 of 32 bytes");
    return STATUS_OK;
}

enum status json_value_only(const json_t *object, const char *what, const char *const *names, struct error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        size_t i = 0;
        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL)
            return error_set(err, STATUS_MALFORMED, "%s: \"%.40s\" does not belong here", what, key);
    }
    return STATUS_OK;
}

static int append(const char *text, size_t len, void *out)
{
    struct builder *b = out;
    builder_bytes(b, bytes_of(text, len));
    return builder_is_good(b) ? 0 : -1;
}

enum status json_value_write(json_t *root, size_t flags, struct builder *out, const char *what, struct error *err)
{
    if (root == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    int failed = json_dump_callback(root, append, out, flags);
    json_decref(root);
    enum status s = builder_status(out, what, err);
    return s == STATUS_OK && failed != 0 ? error_set(err, STATUS_NO_MEMORY, "out of memory") : s;
}

void json_value_write_base64(struct builder *out, struct bytes value)
{
    builder_u8(out, '"');
    text_write_base64(out, value);
    builder_u8(out, '"');
}

void json_value_write_base64_list(struct builder *out, const struct bytes *values, size_t count)
{
    builder_u8(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            builder_u8(out, ',');
        json_value_write_base64(out, values[i]);
    }
    builder_u8(out, ']');
}
