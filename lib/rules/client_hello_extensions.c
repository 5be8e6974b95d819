/* The part of client_hello.h that reads single extensions. */
#include "rules/client_hello.h"

#define VERSION_TLS12 0x0303
#define VERSION_TLS13 0x0304
#define NAME_TYPE_HOST 0

static enum status malformed(struct error *err, const char *what)
{
    return error_set(err, STATUS_MALFORMED, "%s", what);
}

static void keep(struct client_hello_codes *list, uint16_t code)
{
    if (list->count < CLIENT_HELLO_CODES_MAX)
        list->codes[list->count++] = code;
    else
        list->left_out_count++;
}

/* Pairs of bytes to the end, at least one pair. */
static bool read_pairs(struct reader *r, struct client_hello_codes *out)
{
    uint16_t code;
    out->count = 0;
    out->left_out_count = 0;
    if (reader_is_at_end(r) || reader_left(r) % 2 != 0)
        return false;
    while (reader_u16(r, &code))
        keep(out, code);
    return true;
}

enum status client_hello_read_suites(struct bytes suites, struct client_hello_codes *out,
                                     struct error *err)
{
    struct reader r;
    reader_init(&r, suites);
    if (!read_pairs(&r, out))
        return malformed(err, "cipher_suites: empty, or half a suite");
    return STATUS_OK;
}

enum status client_hello_read_codes(struct bytes extension, struct client_hello_codes *out,
                                    struct error *err)
{
    struct reader r, list;
    reader_init(&r, extension);
    if (!reader_vector_u16(&r, &list) || !reader_is_at_end(&r) || !read_pairs(&list, out))
        return malformed(err, "a list of groups or signature schemes is empty or of a wrong length");
    return STATUS_OK;
}

enum status client_hello_read_key_shares(struct bytes extension, struct client_hello_codes *out,
                                         struct error *err)
{
    struct reader r, list, key;
    uint16_t group;
    out->count = 0;
    out->left_out_count = 0;
    reader_init(&r, extension);
    if (!reader_vector_u16(&r, &list) || !reader_is_at_end(&r))
        return malformed(err, "key_share: the list's length is not that of the extension");
    while (!reader_is_at_end(&list)) {
        if (!reader_u16(&list, &group) || !reader_vector_u16(&list, &key) || reader_is_at_end(&key))
            return malformed(err, "key_share: an entry is cut short or has no key");
        if (out->count < CLIENT_HELLO_CODES_MAX &&
            tls_codes_contain(client_hello_codes_view(out), group))
            return malformed(err, "key_share: a group twice");
        keep(out, group);
    }
    return STATUS_OK;
}

enum status client_hello_read_versions(struct bytes extension, bool *has_tls13, bool *has_tls12,
                                       struct error *err)
{
    struct reader r, list;
    uint16_t version;
    *has_tls13 = *has_tls12 = false;
    reader_init(&r, extension);
    if (!reader_vector_u8(&r, &list) || !reader_is_at_end(&r) || reader_is_at_end(&list) ||
        reader_left(&list) % 2 != 0)
        return malformed(err, "supported_versions: empty or of a wrong length");
    while (reader_u16(&list, &version)) {
        *has_tls13 = *has_tls13 || version == VERSION_TLS13;
        *has_tls12 = *has_tls12 || version == VERSION_TLS12;
    }
    return STATUS_OK;
}

static bool is_visible_ascii(struct bytes name)
{
    struct reader r;
    uint8_t c;
    reader_init(&r, name);
    while (reader_u8(&r, &c))
        if (c <= ' ' || c > '~')
            return false;
    return true;
}

enum status client_hello_read_server_name(struct bytes extension, struct bytes *name,
                                          struct error *err)
{
    struct reader r, list, item;
    uint8_t type;
    *name = bytes_of(NULL, 0);
    reader_init(&r, extension);
    if (!reader_vector_u16(&r, &list) || !reader_is_at_end(&r) || reader_is_at_end(&list))
        return malformed(err, "server_name: empty or of a wrong length");
    /* Other types have the same form, so that they can be stepped over [RFC6066 3]. */
    while (!reader_is_at_end(&list)) {
        if (!reader_u8(&list, &type) || !reader_vector_u16(&list, &item))
            return malformed(err, "server_name: a name is cut short");
        if (type != NAME_TYPE_HOST)
            continue;
        if (name->len != 0)
            return malformed(err, "server_name: two host names");
        *name = reader_rest(&item);
        if (name->len == 0 || name->len > CLIENT_HELLO_NAME_MAX || !is_visible_ascii(*name))
            return malformed(err, "server_name: a host name that is empty, too long or not ASCII");
    }
    return STATUS_OK;
}

enum status client_hello_read_alpn(struct bytes extension, struct client_hello_alpn *out,
                                   struct error *err)
{
    struct reader r, list, item;
    out->count = 0;
    reader_init(&r, extension);
    if (!reader_vector_u16(&r, &list) || !reader_is_at_end(&r) || reader_is_at_end(&list))
        return malformed(err, "ALPN: empty or of a wrong length");
    while (!reader_is_at_end(&list)) {
        if (!reader_vector_u8(&list, &item) || reader_is_at_end(&item))
            return malformed(err, "ALPN: a protocol that is cut short or empty");
        if (out->count < CLIENT_HELLO_ALPN_MAX)
            out->protocols[out->count++] = reader_rest(&item);
    }
    return STATUS_OK;
}
