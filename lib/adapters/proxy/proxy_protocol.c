#include "adapters/proxy/proxy_protocol.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

/* [2.2] */
#define COMMAND_LOCAL 0x20
#define COMMAND_PROXY 0x21
#define FAMILY_UNSPEC 0x00
#define FAMILY_TCP4 0x11
#define FAMILY_TCP6 0x21
#define FAMILY_UNIX 0x31
#define UNIX_PATH_LEN 108

#define TLV_ALPN 0x01
#define TLV_AUTHORITY 0x02
#define TLV_SSL 0x20
#define TLV_SSL_VERSION 0x21
#define TLV_SSL_CIPHER 0x23
#define SSL_CLIENT_USES_SSL 0x01

static const uint8_t signature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* One side as 16 bytes of IPv6, and whether IPv4 would do. */
struct side {
    uint8_t address[16];
    uint16_t port;
    bool is_v4;
};

static bool read_side(const struct sockaddr_storage *from, struct side *out)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    if (from->ss_family == AF_INET) {
        memcpy(out->address, mapped, sizeof mapped);
        memcpy(out->address + sizeof mapped, &v4->sin_addr, 4);
        out->port = ntohs(v4->sin_port);
        out->is_v4 = true;
        return true;
    }
    if (from->ss_family != AF_INET6)
        return false;
    memcpy(out->address, &v6->sin6_addr, sizeof out->address);
    out->port = ntohs(v6->sin6_port);
    out->is_v4 = memcmp(out->address, mapped, sizeof mapped) == 0;
    return true;
}

static void write_unix_path(struct builder *b, const struct sockaddr_storage *from)
{
    const struct sockaddr_un *name = (const void *)from;
    uint8_t *space = builder_space(b, UNIX_PATH_LEN);
    _Static_assert(sizeof name->sun_path == UNIX_PATH_LEN, "the path fits as it is");
    if (space != NULL)
        memcpy(space, name->sun_path, UNIX_PATH_LEN);
}

/* The byte of the family and, within the length that is open already, the addresses. */
static void write_addresses(struct builder *b, const struct proxy_protocol *about, uint8_t *family)
{
    struct side source, destination;
    if (about->source->ss_family == AF_UNIX) {
        *family = FAMILY_UNIX;
        write_unix_path(b, about->source);
        write_unix_path(b, about->destination);
        return;
    }
    if (!read_side(about->source, &source) || !read_side(about->destination, &destination))
        return;
    size_t skip = source.is_v4 && destination.is_v4 ? 12 : 0;
    *family = skip > 0 ? FAMILY_TCP4 : FAMILY_TCP6;
    builder_bytes(b, bytes_of(source.address + skip, sizeof source.address - skip));
    builder_bytes(b, bytes_of(destination.address + skip, sizeof destination.address - skip));
    builder_u16(b, source.port);
    builder_u16(b, destination.port);
}

static void write_tlv(struct builder *b, uint8_t type, struct bytes value)
{
    if (value.len == 0)
        return;
    builder_u8(b, type);
    size_t mark = builder_open_vector(b, 2);
    builder_bytes(b, value);
    builder_close_vector(b, mark, 2);
}

static void write_tlvs(struct builder *b, const struct proxy_protocol *about)
{
    write_tlv(b, TLV_ALPN, about->alpn);
    write_tlv(b, TLV_AUTHORITY, about->authority);
    if (!about->is_tls)
        return;
    builder_u8(b, TLV_SSL);
    size_t mark = builder_open_vector(b, 2);
    builder_u8(b, SSL_CLIENT_USES_SSL);
    builder_u32(b, 1); /* no certificate of the client was verified */
    write_tlv(b, TLV_SSL_VERSION, about->tls_version);
    write_tlv(b, TLV_SSL_CIPHER, about->tls_cipher);
    builder_close_vector(b, mark, 2);
}

static bool has_form(const struct proxy_protocol *about)
{
    struct side side;
    if (about->source == NULL || about->destination == NULL)
        return false;
    if (about->source->ss_family == AF_UNIX)
        return about->destination->ss_family == AF_UNIX;
    return read_side(about->source, &side) && read_side(about->destination, &side);
}

enum status proxy_protocol_write(struct builder *out, const struct proxy_protocol *about, struct error *err)
{
    size_t before = out->len;
    bool is_proxied = has_form(about);
    uint8_t family = FAMILY_UNSPEC;
    builder_bytes(out, BYTES_OF(signature));
    builder_u8(out, is_proxied ? COMMAND_PROXY : COMMAND_LOCAL);
    size_t family_at = out->len;
    builder_u8(out, family);
    size_t mark = builder_open_vector(out, 2);
    if (is_proxied) {
        write_addresses(out, about, &family);
        write_tlvs(out, about);
    }
    builder_close_vector(out, mark, 2);
    if (builder_is_good(out))
        out->data[family_at] = family;
    if (builder_is_good(out) && out->len - before > PROXY_PROTOCOL_MAX)
        return error_set(err, STATUS_LIMIT, "PROXY protocol: more than %d bytes", PROXY_PROTOCOL_MAX);
    return builder_status(out, "PROXY protocol", err);
}
