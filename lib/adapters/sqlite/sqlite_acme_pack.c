#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"

enum status sqlite_acme_pack_damaged(const struct sqlite_acme_store *s, const char *what,
                                     acme_id id, struct error *err)
{
    return error_set(err, STATUS_IO, "%s: %s %llu is damaged: stop the service, and restore it from a backup",
                     s->db->path, what, (unsigned long long)id);
}

void sqlite_acme_pack_bytes(struct builder *b, struct bytes value)
{
    builder_base128(b, value.len);
    builder_bytes(b, value);
}

bool sqlite_acme_pack_read_number(struct reader *r, uint64_t *out)
{
    uint8_t byte = 0x80;
    uint64_t value = 0;
    while ((byte & 0x80) != 0) {
        if (value > UINT64_MAX >> 7 || !reader_u8(r, &byte))
            return false;
        value = value << 7 | (byte & 0x7f);
    }
    *out = value;
    return true;
}

bool sqlite_acme_pack_read_bytes(struct reader *r, struct bytes *out)
{
    uint64_t len;
    return sqlite_acme_pack_read_number(r, &len) && len <= reader_left(r) && reader_bytes(r, (size_t)len, out);
}

bool sqlite_acme_pack_read_time(struct reader *r, int64_t *out)
{
    uint64_t value;
    if (!reader_u48(r, &value))
        return false;
    *out = (int64_t)value;
    return true;
}

void sqlite_acme_pack_identifier(struct builder *b, const struct acme_identifier *identifier)
{
    size_t len = strnlen(identifier->value, sizeof identifier->value);
    builder_u8(b, (uint8_t)identifier->type);
    /* At most 255, as ACME_IDENTIFIER_SIZE says. */
    if (len == sizeof identifier->value)
        b->failure = STATUS_LIMIT;
    builder_u8(b, (uint8_t)len);
    builder_bytes(b, bytes_of(identifier->value, len));
}

bool sqlite_acme_pack_read_identifier(struct reader *r, struct acme_identifier *out)
{
    uint8_t type, len;
    if (!reader_u8(r, &type) || (type != ACME_DNS && type != ACME_IP) || !reader_u8(r, &len) ||
        !reader_copy(r, out->value, len))
        return false;
    out->type = (enum acme_identifier_type)type;
    out->value[len] = '\0';
    return true;
}

enum status sqlite_acme_pack_reserve(struct builder *memory, size_t len, struct error *err)
{
    builder_reset(memory);
    if (len > 0 && builder_space(memory, len) == NULL)
        return builder_status(memory, "the memory for a record", err);
    memory->len = 0;
    return STATUS_OK;
}

struct bytes sqlite_acme_pack_keep(struct builder *memory, struct bytes value)
{
    size_t before = memory->len;
    builder_bytes(memory, value);
    return builder_is_good(memory) && value.len > 0 ? bytes_of(memory->data + before, value.len) : (struct bytes){NULL, 0};
}
