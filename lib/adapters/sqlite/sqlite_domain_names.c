#include "adapters/sqlite/sqlite_domain_names.h"

#include <string.h>

/* Only digits and dots, or any colon. */
static bool is_address(struct bytes name)
{
    if (memchr(name.data, ':', name.len) != NULL)
        return true;
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] != '.' && (name.data[i] < '0' || name.data[i] > '9'))
            return false;
    return true;
}

static void append_lower(struct bytes part, struct builder *out)
{
    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.data[i];
        builder_u8(out, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
}

static void append_reversed(struct bytes name, struct builder *out)
{
    size_t end = name.len;
    while (true) {
        size_t at = end;
        while (at > 0 && name.data[at - 1] != '.')
            at--;
        append_lower(bytes_of(name.data + at, end - at), out);
        if (at == 0)
            return;
        builder_u8(out, '.');
        end = at - 1;
    }
}

void sqlite_domain_names_key(struct bytes name, struct builder *out)
{
    while (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    if (name.len > DOMAIN_INDEX_NAME_MAX)
        name = bytes_of(name.data + (name.len - DOMAIN_INDEX_NAME_MAX), DOMAIN_INDEX_NAME_MAX);
    if (name.len == 0)
        return;
    if (is_address(name))
        append_lower(name, out);
    else
        append_reversed(name, out);
}

void sqlite_domain_names_from_key(struct bytes key, struct builder *out)
{
    if (key.len == 0)
        return;
    if (is_address(key))
        builder_bytes(out, key);
    else
        append_reversed(key, out);
}
