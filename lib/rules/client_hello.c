#include "rules/client_hello.h"

#define RECORD_HANDSHAKE 0x16
/* A record's version is 3.x, and x means nothing [RFC8446 5.1]. */
#define RECORD_VERSION_MAJOR 3
#define RECORD_PLAIN_MAX 16384
#define HANDSHAKE_CLIENT_HELLO 0x01
#define HANDSHAKE_HEADER_SIZE 4
#define VERSION_TLS12 0x0303
#define SESSION_ID_MAX 32

enum {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_SUPPORTED_GROUPS = 10,
    EXTENSION_SIGNATURE_ALGORITHMS = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_PRE_SHARED_KEY = 41,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    EXTENSION_SIGNATURE_ALGORITHMS_CERT = 50,
    EXTENSION_KEY_SHARE = 51
};

/* ---- the message ---- */

struct seen {
    uint8_t types[65536 / 8];
    bool has_groups, has_key_shares, has_versions;
};

static void clear(struct client_hello *out)
{
    struct client_hello_codes *const lists[] = {&out->suites, &out->groups, &out->key_shares,
                                                &out->schemes, &out->cert_schemes};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        lists[i]->count = lists[i]->left_out_count = 0;
    out->has_tls13 = out->has_tls12 = false;
    out->server_name = bytes_of(NULL, 0);
    out->has_cert_schemes = out->has_trust_anchors = false;
    trust_anchor_list_clear(&out->trust_anchors);
    out->alpn.count = 0;
}

static enum status read_one(uint16_t type, struct bytes data, struct seen *seen,
                            struct client_hello *out, struct error *err)
{
    switch (type) {
    case EXTENSION_SERVER_NAME:
        return client_hello_read_server_name(data, &out->server_name, err);
    case EXTENSION_SUPPORTED_GROUPS:
        seen->has_groups = true;
        return client_hello_read_codes(data, &out->groups, err);
    case EXTENSION_SIGNATURE_ALGORITHMS:
        return client_hello_read_codes(data, &out->schemes, err);
    case EXTENSION_ALPN:
        return client_hello_read_alpn(data, &out->alpn, err);
    case EXTENSION_SUPPORTED_VERSIONS:
        seen->has_versions = true;
        return client_hello_read_versions(data, &out->has_tls13, &out->has_tls12, err);
    case EXTENSION_SIGNATURE_ALGORITHMS_CERT:
        out->has_cert_schemes = true;
        return client_hello_read_codes(data, &out->cert_schemes, err);
    case EXTENSION_KEY_SHARE:
        seen->has_key_shares = true;
        return client_hello_read_key_shares(data, &out->key_shares, err);
    default:
        return STATUS_OK;
    }
}

static enum status read_extension(struct reader *list, uint16_t trust_anchors_code_point,
                                  struct seen *seen, struct client_hello *out, struct error *err)
{
    size_t offset = reader_offset(list);
    struct reader data;
    uint16_t type;
    if (!reader_u16(list, &type) || !reader_vector_u16(list, &data))
        return error_at(err, STATUS_MALFORMED, offset, "ClientHello: an extension is cut short");
    uint8_t bit = (uint8_t)(1 << (type % 8));
    if ((seen->types[type / 8] & bit) != 0)
        return error_at(err, STATUS_MALFORMED, offset, "ClientHello: extension %u twice", type);
    seen->types[type / 8] |= bit;
    if (type == EXTENSION_PRE_SHARED_KEY && !reader_is_at_end(list))
        return error_at(err, STATUS_MALFORMED, offset,
                        "ClientHello: pre_shared_key is not the last extension");
    if (type == trust_anchors_code_point) {
        out->has_trust_anchors = true;
        return trust_anchor_list_parse(reader_rest(&data), TRUST_ANCHOR_REQUESTED,
                                       &out->trust_anchors, err);
    }
    enum status s = read_one(type, reader_rest(&data), seen, out, err);
    return error_prefix(err, s, "ClientHello, extension %u at %zu", type, offset);
}

static enum status read_extensions(struct reader *r, uint16_t trust_anchors_code_point,
                                   struct client_hello *out, struct error *err)
{
    struct seen seen = {.has_groups = false};
    struct reader list;
    if (!reader_is_at_end(r)) {
        if (!reader_vector_u16(r, &list) || !reader_is_at_end(r))
            return error_at(err, STATUS_MALFORMED, reader_offset(r),
                            "ClientHello: the length of the extensions is wrong");
        while (!reader_is_at_end(&list)) {
            enum status s = read_extension(&list, trust_anchors_code_point, &seen, out, err);
            if (s != STATUS_OK)
                return s;
        }
    }
    if (!seen.has_versions)
        out->has_tls12 = out->legacy_version >= VERSION_TLS12;
    if (out->has_tls13 && seen.has_groups != seen.has_key_shares)
        return error_set(err, STATUS_MALFORMED,
                         "ClientHello: supported_groups and key_share go together [RFC8446 9.2]");
    return STATUS_OK;
}

static bool read_fixed_part(struct reader *r, struct client_hello *out, struct reader *suites)
{
    struct reader session_id, compressions;
    return reader_u16(r, &out->legacy_version) && reader_skip(r, 32) &&
           reader_vector_u8(r, &session_id) && reader_left(&session_id) <= SESSION_ID_MAX &&
           reader_vector_u16(r, suites) && reader_vector_u8(r, &compressions) &&
           !reader_is_at_end(&compressions);
}

enum status client_hello_parse(struct bytes message, uint16_t trust_anchors_code_point,
                               struct client_hello *out, struct error *err)
{
    struct reader r, body, suites;
    uint8_t type;
    clear(out);
    if (message.len > CLIENT_HELLO_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "ClientHello of %zu bytes", message.len);
    reader_init(&r, message);
    if (!reader_u8(&r, &type) || type != HANDSHAKE_CLIENT_HELLO || !reader_vector_u24(&r, &body) ||
        !reader_is_at_end(&r))
        return error_set(err, STATUS_MALFORMED, "no ClientHello, or its length is wrong");
    if (!read_fixed_part(&body, out, &suites))
        return error_at(err, STATUS_MALFORMED, reader_offset(&body),
                        "ClientHello: cut short, or session ID or compression methods of a wrong length");
    enum status s = client_hello_read_suites(reader_rest(&suites), &out->suites, err);
    if (s != STATUS_OK)
        return s;
    return read_extensions(&body, trust_anchors_code_point, out, err);
}

/* ---- records ---- */

static enum status no_tls(struct error *err, size_t offset)
{
    return error_at(err, STATUS_MALFORMED, offset, "no TLS ClientHello");
}

/* The fragment of the next record, as much of it as is there. */
static enum status read_record(struct reader *r, struct bytes *fragment, bool *is_whole,
                               struct error *err)
{
    uint8_t type = 0, major = 0, minor;
    uint16_t length;
    size_t offset = reader_offset(r);
    *is_whole = false;
    *fragment = bytes_of(NULL, 0);
    if (!reader_u8(r, &type))
        return STATUS_OK;
    if (type != RECORD_HANDSHAKE)
        return no_tls(err, offset);
    if (!reader_u8(r, &major))
        return STATUS_OK;
    if (major != RECORD_VERSION_MAJOR)
        return no_tls(err, offset);
    if (!reader_u8(r, &minor) || !reader_u16(r, &length))
        return STATUS_OK;
    if (length == 0 || length > RECORD_PLAIN_MAX)
        return no_tls(err, offset);
    *is_whole = reader_left(r) >= length;
    return reader_bytes(r, *is_whole ? length : reader_left(r), fragment) ? STATUS_OK : STATUS_AGAIN;
}

/* How long the message is that begins here; 0 while that is not known. */
static enum status message_length(struct bytes message, size_t *length, struct error *err)
{
    struct reader r;
    uint8_t type;
    uint32_t body;
    reader_init(&r, message);
    *length = 0;
    if (!reader_u8(&r, &type))
        return STATUS_OK;
    if (type != HANDSHAKE_CLIENT_HELLO)
        return no_tls(err, 0);
    if (!reader_u24(&r, &body))
        return STATUS_OK;
    *length = HANDSHAKE_HEADER_SIZE + (size_t)body;
    if (*length > CLIENT_HELLO_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "ClientHello of %zu bytes", *length);
    return STATUS_OK;
}

enum status client_hello_gather(struct bytes sent, struct builder *out, struct error *err)
{
    struct reader r;
    reader_init(&r, sent);
    bool is_whole = true;
    while (is_whole) {
        struct bytes fragment;
        size_t length;
        enum status s = read_record(&r, &fragment, &is_whole, err);
        if (s == STATUS_OK) {
            builder_bytes(out, fragment);
            s = builder_status(out, "ClientHello", err);
        }
        if (s == STATUS_OK)
            s = message_length(builder_view(out), &length, err);
        if (s != STATUS_OK)
            return s;
        if (length != 0 && out->len > length)
            return error_set(err, STATUS_MALFORMED, "bytes after the ClientHello in its record");
        if (length != 0 && out->len == length && is_whole)
            return STATUS_OK;
    }
    return error_set(err, STATUS_AGAIN, "the ClientHello is not whole");
}

enum status client_hello_load(struct bytes input, uint16_t trust_anchors_code_point,
                              struct builder *memory, struct client_hello *out, struct error *err)
{
    struct reader r;
    uint8_t first;
    reader_init(&r, input);
    if (!reader_peek_u8(&r, &first) || first != RECORD_HANDSHAKE)
        return client_hello_parse(input, trust_anchors_code_point, out, err);
    enum status s = client_hello_gather(input, memory, err);
    if (s == STATUS_AGAIN)
        return error_set(err, STATUS_MALFORMED, "the ClientHello is not whole");
    if (s != STATUS_OK)
        return s;
    return client_hello_parse(builder_view(memory), trust_anchors_code_point, out, err);
}

struct choice_client client_hello_offer(const struct client_hello *hello)
{
    return (struct choice_client){
        .server_name = hello->server_name,
        .has_tls13 = hello->has_tls13,
        .has_tls12 = hello->has_tls12,
        .suites = client_hello_codes_view(&hello->suites),
        .groups = client_hello_codes_view(&hello->groups),
        .key_shares = client_hello_codes_view(&hello->key_shares),
        .schemes = client_hello_codes_view(&hello->schemes),
        .has_cert_schemes = hello->has_cert_schemes,
        .cert_schemes = client_hello_codes_view(&hello->cert_schemes),
        .has_trust_anchors = hello->has_trust_anchors,
        .trust_anchors = hello->trust_anchors.ids,
        .trust_anchor_count = hello->trust_anchors.count,
    };
}
