/* Parameters of the reads, as they stand in a URL. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "service/ct_log/ct_log_read.h"

/* A hash in base64, each character escaped, is 3 * 44. */
#define VALUE_MAX 160

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* '+' stays what it is: base64 has it, and nobody sends blanks. */
static bool unescape(struct bytes in, char out[VALUE_MAX], struct bytes *value)
{
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (len == VALUE_MAX)
            return false;
        if (in.data[i] != '%') {
            out[len++] = (char)in.data[i];
            continue;
        }
        if (in.len - i < 3 || hex_digit(in.data[i + 1]) < 0 || hex_digit(in.data[i + 2]) < 0)
            return false;
        out[len++] = (char)(hex_digit(in.data[i + 1]) << 4 | hex_digit(in.data[i + 2]));
        i += 2;
    }
    *value = bytes_of(out, len);
    return true;
}

/* The one parameter of that name. */
static enum status find(struct bytes query, const char *name, char memory[VALUE_MAX], struct bytes *value,
                        struct error *err)
{
    size_t name_len = strlen(name), count = 0;
    struct bytes rest = query, found = {0};
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '&', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
        if (len > name_len && memcmp(rest.data, name, name_len) == 0 && rest.data[name_len] == '=') {
            found = bytes_of(rest.data + name_len + 1, len - name_len - 1);
            count++;
        }
        rest = end != NULL ? bytes_of(end + 1, rest.len - len - 1) : (struct bytes){0};
    }
    if (count != 1)
        return error_set(err, STATUS_MALFORMED, count == 0 ? "parameter %s is missing" : "parameter %s is there twice", name);
    if (!unescape(found, memory, value))
        return error_set(err, STATUS_MALFORMED, "parameter %s cannot be read", name);
    return STATUS_OK;
}

static enum status find_number(struct bytes query, const char *name, uint64_t *out, struct error *err)
{
    char memory[VALUE_MAX];
    struct bytes value;
    enum status status = find(query, name, memory, &value, err);
    if (status == STATUS_OK && !text_parse_u64(value, LOG_SIZE_MAX, out))
        return error_set(err, STATUS_MALFORMED, "parameter %s is not a number below 2^48", name);
    return status;
}

static enum status find_hash(struct bytes query, const char *name, uint8_t out[HASH_SIZE], struct error *err)
{
    char memory[VALUE_MAX];
    uint8_t bytes[HASH_SIZE + 2];
    struct bytes value;
    struct builder hash;
    enum status status = find(query, name, memory, &value, err);
    if (status != STATUS_OK)
        return status;
    builder_init_fixed(&hash, bytes, sizeof bytes);
    if (!text_parse_base64(value, &hash) || !builder_is_good(&hash) || hash.len != HASH_SIZE)
        return error_set(err, STATUS_MALFORMED, "parameter %s is not the base64 of %d bytes", name, HASH_SIZE);
    memcpy(out, bytes, HASH_SIZE);
    return STATUS_OK;
}

static enum status find_two(struct bytes query, const char *first, const char *second, struct ct_log_query *out,
                            struct error *err)
{
    enum status status = find_number(query, first, &out->first, err);
    return status == STATUS_OK ? find_number(query, second, &out->second, err) : status;
}

enum status ct_log_query_parse(struct bytes query, enum ct_log_read_kind kind, struct ct_log_query *out,
                               struct error *err)
{
    enum status status = STATUS_OK;
    out->kind = kind;
    switch (kind) {
    case CT_LOG_GET_STH:
    case CT_LOG_GET_ROOTS:
        return STATUS_OK;
    case CT_LOG_GET_CONSISTENCY:
        status = find_two(query, "first", "second", out, err);
        break;
    case CT_LOG_GET_PROOF:
        status = find_hash(query, "hash", out->hash, err);
        return status == STATUS_OK ? find_number(query, "tree_size", &out->second, err) : status;
    case CT_LOG_GET_ENTRIES:
        status = find_two(query, "start", "end", out, err);
        break;
    case CT_LOG_GET_ENTRY_AND_PROOF:
        status = find_two(query, "leaf_index", "tree_size", out, err);
        if (status == STATUS_OK && out->first >= out->second)
            return error_set(err, STATUS_MALFORMED, "leaf_index %" PRIu64 " is not in a tree of %" PRIu64 " entries",
                             out->first, out->second);
        return status;
    }
    if (status == STATUS_OK && out->first > out->second)
        return error_set(err, STATUS_MALFORMED, "%" PRIu64 " is more than %" PRIu64, out->first, out->second);
    return status;
}
